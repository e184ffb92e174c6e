/* SPDX-License-Identifier: MIT */
/*
 * Timers: one binary heap per CPU, ordered by deadline; the earliest deadline
 * is in the local APIC's one-shot timer.
 *
 * Owns: struct timer_heap. A queued timer is at heap[heap_index] of timer->cpu
 * (index 0 is unused, so that 0 means not queued). A timer moves to another
 * CPU only in timer_set(), after it has left the old heap.
 * Locks: the heap's lock (irqsave). Handlers run without it.
 * Context: any; handlers in softirq context with interrupts on.
 */
#include "core/services.h"
#include "lib/panic.h"
#include "public/errno.h"
#include "x86/apic.h"
#include "x86/processor.h"

/* A page of pointers per CPU: three timers for each of some 170 vCPUs. */
#define HEAP_FIRST_CAPACITY 512
#define HEAP_MAX_CAPACITY   8192
/* Expired timers handled in one softirq pass (SC-3). */
#define TIMER_BATCH 64

struct timer_heap {
	struct spinlock lock; /* RANK_TIMER */
	struct timer **heap;  /* [1..count] */
	unsigned int count, capacity;
	struct timer *running; /* its handler runs now */
	uint64_t armed;        /* owner CPU: what the APIC was told */
};

static struct timer_heap *heap_of(unsigned int cpu)
{
	return cpu_get(cpu)->timers;
}

static void heap_place(struct timer_heap *h, unsigned int i, struct timer *t)
{
	h->heap[i] = t;
	t->heap_index = i;
}

static void heap_up(struct timer_heap *h, unsigned int i, struct timer *t)
{
	while (i > 1 && h->heap[i / 2]->deadline > t->deadline) {
		heap_place(h, i, h->heap[i / 2]);
		i /= 2;
	}
	heap_place(h, i, t);
}

static void heap_down(struct timer_heap *h, unsigned int i, struct timer *t)
{
	while (2 * i <= h->count) {
		unsigned int child = 2 * i;

		if (child < h->count &&
		    h->heap[child + 1]->deadline < h->heap[child]->deadline)
			child++;
		if (h->heap[child]->deadline >= t->deadline)
			break;
		heap_place(h, i, h->heap[child]);
		i = child;
	}
	heap_place(h, i, t);
}

static void heap_insert_locked(struct timer_heap *h, struct timer *t)
{
	ASSERT(spin_held(&h->lock));
	h->count++;
	heap_up(h, h->count, t);
}

static void heap_remove_locked(struct timer_heap *h, struct timer *t)
{
	unsigned int i = t->heap_index;
	struct timer *last = h->heap[h->count];

	ASSERT(spin_held(&h->lock));
	h->count--;
	t->heap_index = 0;
	if (last == t)
		return;
	if (i > 1 && h->heap[i / 2]->deadline > last->deadline)
		heap_up(h, i, last);
	else
		heap_down(h, i, last);
}

static uint64_t first_deadline(const struct timer_heap *h)
{
	return h->count ? h->heap[1]->deadline : TIMER_NEVER;
}

/* Owner CPU, lock held: the APIC fires at the earliest deadline. */
static void heap_arm_locked(struct timer_heap *h)
{
	uint64_t deadline = first_deadline(h);

	if (deadline == h->armed)
		return;
	h->armed = deadline;
	apic_timer_arm(deadline);
}

void timer_init(struct timer *t, void (*handler)(void *), void *data)
{
	*t = (struct timer){ .handler = handler, .data = data };
}

/* Lock the heap that t is in or was last in. */
static struct timer_heap *timer_lock(struct timer *t, uint64_t *flags)
{
	for (;;) {
		unsigned int cpu = read_once(t->cpu);
		struct timer_heap *h = heap_of(cpu);

		*flags = spin_lock_irqsave(&h->lock);
		if (read_once(t->cpu) == cpu)
			return h;
		spin_unlock_irqrestore(&h->lock, *flags);
	}
}

/*
 * Double the heap's room before it is full. The lock cannot be held over an
 * allocation, so the new array is put in place only if nobody was faster.
 */
static bool heap_grow(struct timer_heap *h)
{
	unsigned int capacity = read_once(h->capacity);
	struct timer **bigger, **old;
	uint64_t flags;

	if (capacity >= HEAP_MAX_CAPACITY)
		return false;
	bigger = heap_alloc(2 * capacity * sizeof(*bigger));
	if (!bigger)
		return false;
	flags = spin_lock_irqsave(&h->lock);
	old = bigger;
	if (h->capacity == capacity) {
		old = h->heap;
		for (unsigned int i = 1; i <= h->count; i++)
			bigger[i] = old[i];
		h->heap = bigger;
		h->capacity = 2 * capacity;
	}
	spin_unlock_irqrestore(&h->lock, flags);
	heap_free(old);
	return true;
}

int timer_reserve(unsigned int total)
{
	for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
		struct timer_heap *h = heap_of(cpu);

		while (h && read_once(h->capacity) <= total)
			if (!heap_grow(h))
				return -XEN_ENOMEM;
	}
	return 0;
}

void timer_stop(struct timer *t)
{
	const struct timer_heap *own = this_cpu()->timers;
	uint64_t flags;
	struct timer_heap *h = timer_lock(t, &flags);

	if (t->heap_index)
		heap_remove_locked(h, t);
	spin_unlock_irqrestore(&h->lock, flags);
	/* A handler may stop its own timer; it does not wait for itself. */
	while (h != own && read_once(h->running) == t)
		cpu_relax();
}

void timer_set(struct timer *t, uint64_t deadline)
{
	struct timer_heap *own, *h;
	uint64_t flags = irq_save(), inner;

	own = this_cpu()->timers;
	/*
	 * Out of its heap, the timer may change its CPU. Others may set it
	 * too as soon as the lock is free: look again.
	 */
	while ((h = timer_lock(t, &inner)) != own) {
		if (t->heap_index)
			heap_remove_locked(h, t);
		write_once(t->cpu, this_cpu()->id);
		spin_unlock_irqrestore(&h->lock, inner);
	}
	if (t->heap_index)
		heap_remove_locked(own, t);
	t->deadline = deadline;
	if (deadline != TIMER_NEVER) {
		if (own->count + 1 >= own->capacity)
			panic("no room for a timer: timer_reserve() missing");
		heap_insert_locked(own, t);
	}
	heap_arm_locked(own);
	spin_unlock_irqrestore(&own->lock, inner);
	irq_restore(flags);
}

/* Take the earliest timer if it is due, and mark it as running. */
static struct timer *timer_take_due(struct timer_heap *h, uint64_t t)
{
	struct timer *first = NULL;
	uint64_t flags = spin_lock_irqsave(&h->lock);

	h->running = NULL;
	if (h->count && h->heap[1]->deadline <= t) {
		first = h->heap[1];
		heap_remove_locked(h, first);
		h->running = first;
	}
	spin_unlock_irqrestore(&h->lock, flags);
	return first;
}

void timer_softirq(void)
{
	struct timer_heap *h = this_cpu()->timers;
	uint64_t flags;
	struct timer *t;
	unsigned int n;

	for (n = 0; n < TIMER_BATCH; n++) {
		t = timer_take_due(h, now());
		if (!t)
			break;
		t->handler(t->data);
	}
	flags = spin_lock_irqsave(&h->lock);
	h->running = NULL;
	/* The interrupt has used up what was armed. */
	h->armed = TIMER_NEVER;
	heap_arm_locked(h);
	spin_unlock_irqrestore(&h->lock, flags);
}

void timer_init_cpu(void)
{
	struct timer_heap *h = heap_alloc(sizeof(*h));

	if (h)
		h->heap = heap_alloc(HEAP_FIRST_CAPACITY * sizeof(*h->heap));
	if (!h || !h->heap)
		panic("no memory for the timers of CPU %u", this_cpu()->id);
	spin_init(&h->lock, RANK_TIMER);
	h->capacity = HEAP_FIRST_CAPACITY;
	h->armed = TIMER_NEVER;
	this_cpu()->timers = h;
}
