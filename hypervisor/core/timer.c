/* SPDX-License-Identifier: MIT */
/*
 * Timers: one heap per CPU, ordered by deadline; the local APIC's one-shot
 * timer is armed for the earliest deadline or before it. Before, because a
 * guest that moves its deadline forward again and again need not reach the
 * hardware: an interrupt that comes too early arms for what is there then.
 *
 * Owns: struct timer_heap. A timer is in timer->heap or in none; it moves
 * to another only in timer_set(), after it has left the old one.
 * Locks: the heap's lock (irqsave). Handlers run without it.
 * Context: any; handlers in softirq context with interrupts on.
 */
#include "core/services.h"
#include "x86/machine.h"

/* Expired timers handled in one softirq pass (SC-3). */
#define TIMER_BATCH 64
/* Three centuries. Later ones are never: keys of a heap must not wrap. */
#define TIMER_LAST (TIMER_NEVER / 2)

/* A cache line each. */
static struct timer_heap {
	struct spinlock lock; /* RANK_TIMER */
	struct heap heap;
	uint64_t armed; /* owner CPU: what the APIC was told */
} __attribute__((aligned(64))) heaps[MAX_CPUS] = {
	[0 ... MAX_CPUS - 1] = { .lock = SPINLOCK_INIT(RANK_TIMER),
				 .armed = TIMER_NEVER },
};

void timer_init(struct timer *t, void (*handler)(void *), void *data)
{
	*t = (struct timer){
		.handler = handler,
		.data = data,
		.heap = heaps,
	};
}

/* Lock the heap that t is in or was last in, and take it out. */
static force_inline struct timer_heap *timer_lock_out(struct timer *t)
{
	struct timer_heap *h;

	for (;;) {
		h = read_once(t->heap);
		spin_lock(&h->lock);
		if (likely(h == read_once(t->heap)))
			break;
		spin_unlock(&h->lock);
	}
	if (heap_holds(&t->node))
		heap_remove(&t->node);
	return h;
}

void timer_stop(struct timer *t)
{
	unsigned int running;

	do {
		uint64_t flags = irq_save();
		struct timer_heap *h = timer_lock_out(t);

		/* A handler may set its timer again: then stop that, too. */
		running = load_acquire(t->running);
		spin_unlock_irqrestore(&h->lock, flags);
		cpu_relax();
	} while (running);
}

/* Owner CPU: have the APIC fire no later than a deadline. */
static void heap_arm_locked(struct timer_heap *h, uint64_t deadline)
{
	if (deadline >= h->armed)
		return;
	h->armed = deadline;
	apic_timer_arm(deadline);
}

/*
 * Make t, out of the heap h, which is locked, one of this CPU's heap: locked
 * then. Others may set it too as soon as the lock is free: look again.
 */
static never_inline struct timer_heap *timer_move(struct timer *t,
						  struct timer_heap *h)
{
	struct timer_heap *to = &heaps[this_cpu()->id];

	while (h != to) {
		write_once(t->heap, to);
		spin_unlock(&h->lock);
		h = timer_lock_out(t);
	}
	return h;
}

void timer_set(struct timer *t, uint64_t deadline)
{
	uint64_t flags = irq_save();
	struct timer_heap *h = timer_lock_out(t);

	if (unlikely(h - heaps != this_cpu()->id))
		h = timer_move(t, h);
	t->node.key = deadline;
	if (deadline <= TIMER_LAST) {
		heap_insert(&h->heap, &t->node);
		heap_arm_locked(h, deadline);
	}
	spin_unlock_irqrestore(&h->lock, flags);
}

void timer_softirq(void)
{
	struct timer_heap *h = &heaps[this_cpu()->id];
	uint64_t flags = spin_lock_irqsave(&h->lock);
	struct heap_node *first;

	for (unsigned int n = 0; n < TIMER_BATCH; n++) {
		struct timer *t;

		first = heap_first(&h->heap);
		if (!first || first->key > now())
			break;
		t = container_of(first, struct timer, node);
		__atomic_add_fetch(&t->running, 1, __ATOMIC_RELAXED);
		heap_remove(first);
		spin_unlock_irqrestore(&h->lock, flags);
		t->handler(t->data);
		__atomic_sub_fetch(&t->running, 1, __ATOMIC_RELEASE);
		flags = spin_lock_irqsave(&h->lock);
	}
	/* The interrupt has used up what was armed. */
	h->armed = TIMER_NEVER;
	first = heap_first(&h->heap);
	if (first)
		heap_arm_locked(h, first->key);
	spin_unlock_irqrestore(&h->lock, flags);
}
