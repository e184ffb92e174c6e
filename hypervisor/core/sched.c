/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: which vCPU runs on which CPU.
 *
 * Proportional share: each vCPU has a virtual run time, real time scaled by
 * 256/weight; a CPU runs the runnable vCPU that has had least. A vCPU that
 * slept is put at most SLEEP_BONUS behind the queue, so that it preempts soon
 * but cannot save up time. An idle CPU steals from queues of busy ones.
 * Without competition there is no timer at all.
 *
 * Owns: a queue per CPU and v->sched. A vCPU belongs to the queue of v->cpu:
 * it waits there, or is chosen there (queue.running), or cannot run. Apart
 * from that v->running says that its registers are on some CPU's stack: it is
 * cleared only after the next context is loaded, so whoever has waited for it
 * may free page tables; until then nobody else may choose the vCPU.
 * Locks: the queue's lock (irqsave) for all of that. Who holds it may give a
 * vCPU to another queue by writing v->cpu, and leaves it alone from then on.
 * Context: any; schedule() in softirq context, interrupts on.
 */
#include "core/sched.h"

#include "core/evtchn.h"
#include "core/services.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "public/errno.h"
#include "x86/processor.h"

#define MICROSECONDS 1000ull
#define GRANULARITY  (3000 * MICROSECONDS) /* lead that ends a turn */
#define SLEEP_BONUS  (6000 * MICROSECONDS)
#define MIN_RUN      (200 * MICROSECONDS)
#define MAX_SLICE    (20000 * MICROSECONDS)

static void slice_expired(void *data)
{
	softirq_raise(this_cpu()->id, SOFTIRQ_SCHEDULE);
}

static struct queue {
	struct spinlock lock;  /* RANK_SCHED */
	struct heap ready;     /* who waits, by virtual run time */
	struct vcpu *running;  /* chosen; NULL while idle */
	uint64_t min_vruntime; /* of all of them, but never goes back */
	struct timer slice;
} queues[MAX_CPUS] = {
	[0 ... MAX_CPUS - 1] = { .lock = SPINLOCK_INIT(RANK_SCHED),
				 .slice = { .handler = slice_expired } },
};

static unsigned int cpu_of(const struct queue *q)
{
	return (unsigned int)(q - queues);
}

static bool runnable(const struct vcpu *v)
{
	return !read_once(v->pause_count) && !read_once(v->down) &&
	       !read_once(v->blocked);
}

/* A CPU of the mask, from `from` on; MAX_CPUS: none. */
static unsigned int choose_home(const uint64_t *mask, unsigned int from)
{
	for (unsigned int i = 0; i < cpu_count; i++) {
		unsigned int cpu = (from + i) % cpu_count;

		if (mask[cpu / 64] >> (cpu % 64) & 1)
			return cpu;
	}
	return MAX_CPUS;
}

static bool allowed(const struct vcpu *v, unsigned int cpu)
{
	return v->sched.affinity[cpu / 64] >> (cpu % 64) & 1;
}

/* ---- with a queue locked ---- */

/* Lock the queue that v belongs to. */
static struct queue *queue_lock(const struct vcpu *v, uint64_t *flags)
{
	for (;;) {
		unsigned int cpu = read_once(v->cpu);
		struct queue *q = &queues[cpu];

		*flags = spin_lock_irqsave(&q->lock);
		if (__atomic_load_n(&v->cpu, __ATOMIC_ACQUIRE) == cpu)
			return q;
		spin_unlock_irqrestore(&q->lock, *flags);
	}
}

static void runstate_update_locked(const struct queue *q, struct vcpu *v,
				   uint64_t t)
{
	int state = RUNSTATE_runnable;

	if (q->running == v)
		state = RUNSTATE_running;
	else if (read_once(v->pause_count) || read_once(v->down))
		state = RUNSTATE_offline;
	else if (read_once(v->blocked))
		state = RUNSTATE_blocked;
	if (v->runstate.state != state)
		runstate_change(v, state, t);
}

/* Charge the time since the last call to the vCPU that q runs. */
static void account_locked(struct queue *q, uint64_t t)
{
	const struct heap_node *first = heap_first(&q->ready);
	struct vcpu *v = q->running;
	uint64_t least;

	ASSERT(spin_held(&q->lock));
	/* Another CPU's clock may be a little behind. */
	if (!v || heap_before(t, v->sched.accounted))
		return;
	v->sched.ready.key += (t - v->sched.accounted) * SCHED_WEIGHT_DEFAULT /
			      read_once(v->domain->weight);
	v->sched.accounted = t;
	least = v->sched.ready.key;
	if (first && heap_before(first->key, least))
		least = first->key;
	if (heap_before(q->min_vruntime, least))
		q->min_vruntime = least;
}

/* Give v to another CPU's queue. It does not wait there yet. */
static void move_locked(const struct queue *q, struct vcpu *v, unsigned int cpu)
{
	ASSERT(spin_held(&q->lock));
	if (heap_holds(&v->sched.ready))
		heap_remove(&v->sched.ready);
	v->sched.ready.key +=
		read_once(queues[cpu].min_vruntime) - q->min_vruntime;
	__atomic_store_n(&v->cpu, cpu, __ATOMIC_RELEASE);
}

/* Who has had least of those that wait in q and may run on cpu. */
static struct vcpu *find_ready_locked(const struct queue *q, unsigned int cpu)
{
	struct heap_node *n;

	for (n = heap_first(&q->ready); n; n = heap_next(n)) {
		struct vcpu *v = container_of(n, struct vcpu, sched.ready);

		if (allowed(v, cpu) && !read_once(v->running))
			return v;
	}
	return NULL;
}

/* An idle CPU for v, which would steal it; MAX_CPUS: none. */
static unsigned int find_idle(const struct vcpu *v)
{
	for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
		if (allowed(v, cpu) && !read_once(queues[cpu].running) &&
		    !heap_first(&queues[cpu].ready))
			return cpu;
	return MAX_CPUS;
}

/* v has become runnable: queue it and have its CPU look. */
static void enqueue_locked(struct queue *q, struct vcpu *v, uint64_t t)
{
	uint64_t floor;

	/* Who ran alone was not charged for long: bring the clock up. */
	account_locked(q, t);
	floor = q->min_vruntime - SLEEP_BONUS;
	if (heap_before(v->sched.ready.key, floor))
		v->sched.ready.key = floor;
	heap_insert(&q->ready, &v->sched.ready);
	/* The owner decides, and starts the clock for competitors. */
	softirq_raise(cpu_of(q), SOFTIRQ_SCHEDULE);
	if (q->running)
		softirq_raise(find_idle(v), SOFTIRQ_SCHEDULE);
}

/* ---- changes of what v may do ---- */

void sched_update(struct vcpu *v)
{
	uint64_t flags;
	struct queue *q = queue_lock(v, &flags);
	bool ready = runnable(v);
	uint64_t t = now();

	if (q->running == v) {
		/* decide() looks again before it lets go of v. */
		if (!ready)
			softirq_raise(cpu_of(q), SOFTIRQ_SCHEDULE);
	} else {
		if (ready && !heap_holds(&v->sched.ready))
			enqueue_locked(q, v, t);
		else if (!ready && heap_holds(&v->sched.ready))
			heap_remove(&v->sched.ready);
		runstate_update_locked(q, v, t);
	}
	spin_unlock_irqrestore(&q->lock, flags);
}

void vcpu_wake(struct vcpu *v)
{
	__atomic_store_n(&v->blocked, false, __ATOMIC_SEQ_CST);
	sched_update(v);
}

void vcpu_kick(struct vcpu *v)
{
	if (__atomic_load_n(&v->blocked, __ATOMIC_SEQ_CST)) {
		(void)evtchn_poll_leave(v);
		vcpu_wake(v);
	} else if (read_once(v->running) &&
		   read_once(v->cpu) != this_cpu()->id) {
		/* Its way back to the guest delivers the event. */
		softirq_raise(read_once(v->cpu), SOFTIRQ_SCHEDULE);
	}
}

void vcpu_pause_nosync(struct vcpu *v)
{
	__atomic_add_fetch(&v->pause_count, 1, __ATOMIC_SEQ_CST);
	sched_update(v);
}

void vcpu_pause(struct vcpu *v)
{
	vcpu_pause_nosync(v);
	if (v == current_vcpu())
		return;
	while (__atomic_load_n(&v->running, __ATOMIC_ACQUIRE))
		cpu_relax();
}

void vcpu_unpause(struct vcpu *v)
{
	if (__atomic_sub_fetch(&v->pause_count, 1, __ATOMIC_SEQ_CST) == 0)
		sched_update(v);
}

void vcpu_block_current(void)
{
	struct vcpu *v = current_vcpu();

	__atomic_store_n(&v->blocked, true, __ATOMIC_SEQ_CST);
	/* An event either finds blocked set, or is found here (T4). */
	if (vcpu_event_pending(v))
		__atomic_store_n(&v->blocked, false, __ATOMIC_SEQ_CST);
	else
		softirq_raise(this_cpu()->id, SOFTIRQ_SCHEDULE);
}

void sched_yield_current(void)
{
	unsigned int cpu = this_cpu()->id;

	/* Who comes after this look has the CPU decide anyway. */
	if (!heap_first(&queues[cpu].ready))
		return;
	current_vcpu()->sched.yielding = true;
	softirq_raise(cpu, SOFTIRQ_SCHEDULE);
}

int sched_set_affinity(struct vcpu *v, const uint64_t mask[MAX_CPUS / 64])
{
	unsigned int home = choose_home(mask, read_once(v->cpu));
	uint64_t flags;
	struct queue *q;

	if (home == MAX_CPUS)
		return -XEN_EINVAL;
	q = queue_lock(v, &flags);
	memmove(v->sched.affinity, mask, sizeof(v->sched.affinity));
	if (q->running == v)
		softirq_raise(cpu_of(q), SOFTIRQ_SCHEDULE);
	else if (home != cpu_of(q))
		move_locked(q, v, home);
	spin_unlock_irqrestore(&q->lock, flags);
	sched_update(v);
	return 0;
}

/* ---- choosing ---- */

/* Has v, which runs, had its turn, now that first waits (or nobody)? */
static bool turn_is_over(const struct vcpu *v, const struct vcpu *first)
{
	if (!runnable(v) || !allowed(v, v->cpu))
		return true;
	if (!first)
		return false;
	return v->sched.yielding ||
	       heap_before(first->sched.ready.key + GRANULARITY,
			   v->sched.ready.key);
}

/* With competitors, look again when the turn of who runs would be over. */
static void slice_arm_locked(struct queue *q, uint64_t t)
{
	const struct heap_node *first = heap_first(&q->ready);
	const struct vcpu *v = q->running;
	uint64_t lead, ns = 0;

	if (!first || !v)
		return;
	lead = first->key + GRANULARITY - v->sched.ready.key;
	if ((int64_t)lead > 0)
		ns = min_u64(lead, MAX_SLICE) * read_once(v->domain->weight) /
		     SCHED_WEIGHT_DEFAULT;
	timer_set(&q->slice, t + max_u64(MIN_RUN, min_u64(ns, MAX_SLICE)));
}

/* Whom to run; NULL: idle. The one before still is `running`, too. */
static struct vcpu *decide(struct queue *q)
{
	uint64_t flags = spin_lock_irqsave(&q->lock), t = now();
	struct vcpu *prev = q->running, *next;

	account_locked(q, t);
	next = find_ready_locked(q, cpu_of(q));
	if (prev && !turn_is_over(prev, next))
		next = prev;
	if (prev)
		prev->sched.yielding = false;
	if (next != prev) {
		write_once(q->running, next);
		if (prev) {
			runstate_update_locked(q, prev, t);
			if (runnable(prev) && allowed(prev, cpu_of(q)))
				heap_insert(&q->ready, &prev->sched.ready);
		}
		if (next) {
			heap_remove(&next->sched.ready);
			write_once(next->running, true);
			next->sched.accounted = t;
			runstate_update_locked(q, next, t);
		}
	}
	slice_arm_locked(q, t);
	spin_unlock_irqrestore(&q->lock, flags);
	return next;
}

/* prev has left the CPU for good: others may have it now. */
static void release(struct queue *q, struct vcpu *prev)
{
	unsigned int cpu = cpu_of(q), look = MAX_CPUS;
	uint64_t flags;

	if (!allowed(prev, cpu))
		(void)sched_set_affinity(prev, prev->sched.affinity);
	flags = spin_lock_irqsave(&q->lock);
	/* Who has looked for it until now could not have it. */
	if (prev->cpu != cpu)
		look = prev->cpu;
	else if (heap_holds(&prev->sched.ready))
		look = find_idle(prev);
	__atomic_store_n(&prev->running, false, __ATOMIC_RELEASE);
	/* Who has waited for that may have freed it. */
	spin_unlock_irqrestore(&q->lock, flags);
	softirq_raise(look, SOFTIRQ_SCHEDULE);
}

/* Put next's context in the place of prev's; either may be NULL. */
static void switch_context(struct queue *q, struct vcpu *prev,
			   struct vcpu *next)
{
	uint64_t flags = irq_save();

	if (prev)
		vcpu_context_save(prev);
	this_cpu()->current = next;
	if (next)
		vcpu_context_load(next);
	else
		vcpu_context_load_idle();
	irq_restore(flags);
	if (prev)
		release(q, prev);
	if (!next)
		return;
	if (next->time_cpu != cpu_of(q))
		time_update_vcpu(next);
	time_write_areas(next);
}

/* ---- idle CPUs ---- */

/* Have a vCPU wait for this CPU that waited for a busy one. */
static bool steal(struct queue *q)
{
	struct vcpu *v = NULL;

	for (unsigned int i = 1; i < cpu_count && !v; i++) {
		struct queue *o = &queues[(cpu_of(q) + i) % cpu_count];
		uint64_t flags;

		if (!heap_first(&o->ready))
			continue;
		flags = irq_save();
		spin_lock_pair(&q->lock, &o->lock);
		/* An idle owner is about to take its own. */
		if (o->running)
			v = find_ready_locked(o, cpu_of(q));
		if (v) {
			move_locked(o, v, cpu_of(q));
			heap_insert(&q->ready, &v->sched.ready);
		}
		spin_unlock_pair(&q->lock, &o->lock);
		irq_restore(flags);
	}
	return v;
}

static struct vcpu *idle_loop(struct queue *q)
{
	struct vcpu *next;

	while (!(next = decide(q))) {
		if (steal(q))
			continue;
		irq_disable();
		if (read_once(this_cpu()->softirq_pending))
			irq_enable();
		else
			irq_enable_and_halt();
		softirq_run();
	}
	return next;
}

void schedule(void)
{
	struct queue *q = &queues[this_cpu()->id];
	struct vcpu *prev = current_vcpu(), *next;

	/* The idle loop decides by itself after every softirq. */
	if (!prev)
		return;
	next = decide(q);
	if (next == prev)
		return;
	if (!next) {
		switch_context(q, prev, NULL);
		prev = NULL;
		next = idle_loop(q);
	}
	switch_context(q, prev, next);
}

void sched_start(void)
{
	struct queue *q = &queues[this_cpu()->id];

	switch_context(q, NULL, idle_loop(q));
	irq_disable();
	guest_resume();
}

void sched_vcpu_init(struct vcpu *v)
{
	memset(v->sched.affinity, 0xff, sizeof(v->sched.affinity));
	v->cpu = (v->domain->id + v->id) % cpu_count;
	v->sched.ready.key = read_once(queues[v->cpu].min_vruntime);
	v->runstate.state = RUNSTATE_offline;
	v->runstate.state_entry_time = now();
}
