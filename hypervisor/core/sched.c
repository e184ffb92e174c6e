/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: which vCPU runs on which CPU.
 *
 * Proportional share: each vCPU has a virtual run time, real time scaled by
 * 256/weight; a CPU runs the runnable vCPU that has had least. A vCPU that
 * slept is put at most SLEEP_BONUS behind the queue, so that it preempts soon
 * but cannot save up time. An idle CPU steals from queues of busy ones, first
 * what would rather run there. Without competition there is no timer at all.
 *
 * Owns: a queue per CPU and v->sched. A vCPU belongs to the queue of v->cpu:
 * it waits there, or is chosen there (queue.running), or cannot run. Apart
 * from that v->running says that its registers are on some CPU's stack: it is
 * cleared only after the next context is loaded, so whoever has waited for it
 * may free page tables; until then nobody else may choose the vCPU.
 * Locks: the queue's lock (irqsave) for all of that. Who holds it may give a
 * vCPU to another queue by writing v->cpu, and leaves it alone from then on.
 * Within it a domain's cap.lock, see sched_ctl.c.
 * Context: any; schedule() in softirq context, interrupts on.
 */
#include "core/services.h"

#define MICROSECONDS 1000ull
#define GRANULARITY  (3000 * MICROSECONDS) /* lead that ends a turn */
#define SLEEP_BONUS  (6000 * MICROSECONDS)
#define MIN_RUN      (200 * MICROSECONDS)
#define MAX_SLICE    (20000 * MICROSECONDS)

uint64_t sched_ratelimit;

static struct queue {
	struct spinlock lock;  /* RANK_SCHED */
	struct heap ready;     /* who waits, by virtual run time */
	struct vcpu *running;  /* chosen; NULL while idle */
	bool misplaced;        /* a hint: running would rather be elsewhere */
	uint64_t min_vruntime; /* of all of them, but never goes back */
	uint64_t idle, idle_since; /* ns before, and since when now */
	struct timer slice;
} queues[MAX_CPUS] = {
	[0 ... MAX_CPUS - 1] = { .lock = SPINLOCK_INIT(RANK_SCHED) },
};

static unsigned int cpu_of(const struct queue *q)
{
	return (unsigned int)(q - queues);
}

/* RUNSTATE_*: what v is while it does not run. */
static int waiting_state(const struct vcpu *v)
{
	if (read_once(v->pause_count) || read_once(v->down) ||
	    read_once(v->domain->cap.spent))
		return RUNSTATE_offline;
	return read_once(v->blocked) ? RUNSTATE_blocked : RUNSTATE_runnable;
}

static bool runnable(const struct vcpu *v)
{
	return waiting_state(v) == RUNSTATE_runnable;
}

static bool allowed(const struct vcpu *v, unsigned int cpu)
{
	return test_bit(v->sched.hard, cpu);
}

static bool prefers(const struct vcpu *v, unsigned int cpu)
{
	return allowed(v, cpu) && test_bit(v->sched.soft, cpu);
}

/*
 * A CPU for v, the first from `from` on: one that it prefers, else where it
 * may run; MAX_CPUS: none. `idle`: of those that would steal it.
 */
static unsigned int choose_cpu(const struct vcpu *v, unsigned int from,
			       bool idle)
{
	unsigned int found = MAX_CPUS;

	for (unsigned int i = 0; i < cpu_count; i++) {
		unsigned int cpu = (from + i) % cpu_count;
		const struct queue *q = &queues[cpu];

		if (!allowed(v, cpu) ||
		    (idle && (read_once(q->running) || heap_first(&q->ready))))
			continue;
		if (prefers(v, cpu))
			return cpu;
		if (found == MAX_CPUS)
			found = cpu;
	}
	return found;
}

/* ---- with a queue locked ---- */

/* Lock the queue that v belongs to. */
static struct queue *queue_lock(const struct vcpu *v, uint64_t *flags)
{
	for (;;) {
		unsigned int cpu = read_once(v->cpu);
		struct queue *q = &queues[cpu];

		*flags = spin_lock_irqsave(&q->lock);
		if (load_acquire(v->cpu) == cpu)
			return q;
		spin_unlock_irqrestore(&q->lock, *flags);
	}
}

static void runstate_update_locked(const struct queue *q, struct vcpu *v,
				   uint64_t t)
{
	int state = q->running == v ? RUNSTATE_running : waiting_state(v);

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
	sched_charge(v->domain, v->sched.accounted, t);
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
	v->sched.home = cpu;
	store_release(v->cpu, cpu);
}

/*
 * Who has had least of those that wait in q and fit cpu: may run there, or
 * prefer to.
 */
static struct vcpu *find_ready_locked(const struct queue *q, unsigned int cpu,
				      bool (*fits)(const struct vcpu *v,
						   unsigned int cpu))
{
	struct heap_node *n;

	for (n = heap_first(&q->ready); n; n = heap_next(n)) {
		struct vcpu *v = container_of(n, struct vcpu, sched.ready);

		if (fits(v, cpu) && !read_once(v->running))
			return v;
	}
	return NULL;
}

/* Where to queue v: elsewhere if that brings it to a CPU that it prefers. */
static unsigned int wake_cpu(const struct vcpu *v)
{
	unsigned int idle;

	if (prefers(v, v->cpu) || read_once(v->running))
		return v->cpu;
	idle = choose_cpu(v, v->cpu, true);
	if (idle < MAX_CPUS)
		return prefers(v, idle) ? idle : v->cpu;
	return choose_cpu(v, v->cpu, false);
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
		softirq_raise(choose_cpu(v, v->cpu, true), SOFTIRQ_SCHEDULE);
}

/* ---- changes of what v may do ---- */

/* False: v belongs to another queue now, and is to be looked at again. */
static bool update_locked(struct queue *q, struct vcpu *v)
{
	bool ready = runnable(v), queued = heap_holds(&v->sched.ready);
	uint64_t t = now();
	unsigned int cpu;

	if (q->running == v) {
		/* decide() looks again before it lets go of v. */
		if (!ready || read_once(v->domain->cap.percent) ||
		    v->sched.home != cpu_of(q))
			softirq_raise(cpu_of(q), SOFTIRQ_SCHEDULE);
		return true;
	}
	cpu = v->sched.home;
	if (ready && !queued && cpu == cpu_of(q))
		cpu = wake_cpu(v);
	if (cpu != cpu_of(q)) {
		move_locked(q, v, cpu);
		return false;
	}
	if (ready && !queued)
		enqueue_locked(q, v, t);
	else if (!ready && queued)
		heap_remove(&v->sched.ready);
	runstate_update_locked(q, v, t);
	return true;
}

void sched_update(struct vcpu *v)
{
	uint64_t flags;
	struct queue *q;
	bool done;

	do {
		q = queue_lock(v, &flags);
		done = update_locked(q, v);
		spin_unlock_irqrestore(&q->lock, flags);
	} while (!done);
}

void vcpu_wake(struct vcpu *v)
{
	store_ordered(v->blocked, false);
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
	while (load_acquire(v->running))
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

	store_ordered(v->blocked, true);
	/* An event either finds blocked set, or is found here (T4). */
	if (vcpu_event_pending(v))
		store_ordered(v->blocked, false);
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

int sched_set_affinity(struct vcpu *v, const uint64_t *hard,
		       const uint64_t *soft)
{
	unsigned int cpu = 0;
	struct queue *q;
	uint64_t flags;

	while (cpu < cpu_count && !test_bit(hard, cpu))
		cpu++;
	if (cpu == cpu_count)
		return -XEN_EINVAL;
	q = queue_lock(v, &flags);
	memcpy(v->sched.hard, hard, sizeof(v->sched.hard));
	memcpy(v->sched.soft, soft, sizeof(v->sched.soft));
	v->sched.home = choose_cpu(v, v->cpu, false);
	spin_unlock_irqrestore(&q->lock, flags);
	sched_update(v);
	return 0;
}

/* ---- choosing ---- */

/* Has v, which runs, had its turn, now that first waits (or nobody)? */
static bool turn_is_over(const struct vcpu *v, const struct vcpu *first,
			 uint64_t t)
{
	if (!runnable(v) || v->sched.home != v->cpu)
		return true;
	if (!first)
		return false;
	if (v->sched.yielding)
		return true;
	return t - v->sched.started >= read_once(sched_ratelimit) &&
	       heap_before(first->sched.ready.key + GRANULARITY,
			   v->sched.ready.key);
}

/* Look again when the turn of who runs, or its budget, would be over. */
static void slice_arm_locked(struct queue *q, uint64_t t)
{
	const struct heap_node *first = heap_first(&q->ready);
	const struct vcpu *v = q->running;
	uint64_t lead, ns = TIMER_NEVER;
	int64_t left;

	if (!v)
		return;
	if (first) {
		lead = first->key + GRANULARITY - v->sched.ready.key;
		if ((int64_t)lead < 0)
			lead = 0;
		ns = min_u64(lead, MAX_SLICE) * read_once(v->domain->weight) /
		     SCHED_WEIGHT_DEFAULT;
		ns = min_u64(ns, MAX_SLICE);
	}
	left = read_once(v->domain->cap.budget);
	if (read_once(v->domain->cap.percent))
		ns = min_u64(ns, left > 0 ? (uint64_t)left : 0);
	if (ns != TIMER_NEVER)
		timer_set(&q->slice, t + max_u64(MIN_RUN, ns));
}

/* Give the CPU to next in the place of prev; either may be NULL. */
static void change_locked(struct queue *q, struct vcpu *prev, struct vcpu *next,
			  uint64_t t)
{
	write_once(q->running, next);
	write_once(q->misplaced, next && !prefers(next, cpu_of(q)));
	if (prev) {
		runstate_update_locked(q, prev, t);
		if (runnable(prev) && prev->sched.home == cpu_of(q))
			heap_insert(&q->ready, &prev->sched.ready);
	} else {
		q->idle += t - q->idle_since;
	}
	q->idle_since = t;
	if (!next)
		return;
	heap_remove(&next->sched.ready);
	write_once(next->running, true);
	next->sched.accounted = next->sched.started = t;
	sched_charge(next->domain, t, t); /* brings the budget up to date */
	runstate_update_locked(q, next, t);
}

/* Whom to run; NULL: idle. The one before still is `running`, too. */
static struct vcpu *decide(struct queue *q)
{
	uint64_t flags = spin_lock_irqsave(&q->lock), t = now();
	struct vcpu *prev = q->running, *next;

	account_locked(q, t);
	next = find_ready_locked(q, cpu_of(q), allowed);
	if (prev && !turn_is_over(prev, next, t))
		next = prev;
	if (prev)
		prev->sched.yielding = false;
	if (next != prev)
		change_locked(q, prev, next, t);
	slice_arm_locked(q, t);
	spin_unlock_irqrestore(&q->lock, flags);
	return next;
}

/* prev has left the CPU for good: others may have it now. */
static void release(struct queue *q, struct vcpu *prev)
{
	unsigned int cpu = cpu_of(q), look = MAX_CPUS;
	uint64_t flags;

	/* With the budget spent, the others of its domain stop, too. */
	if (unlikely(__atomic_exchange_n(&prev->domain->cap.untold, false,
					 __ATOMIC_RELAXED)))
		domain_each_vcpu(prev->domain, sched_update);
	if (prev->sched.home != cpu)
		sched_update(prev);
	flags = spin_lock_irqsave(&q->lock);
	/* Who has looked for it until now could not have it. */
	if (prev->cpu != cpu)
		look = prev->cpu;
	else if (heap_holds(&prev->sched.ready))
		look = choose_cpu(prev, cpu, true);
	store_release(prev->running, false);
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

/* Have a vCPU of o wait for q's CPU; or, if `soft`, come to it. */
static struct vcpu *steal_locked(struct queue *q, struct queue *o, bool soft)
{
	struct vcpu *v = o->running;

	/* An idle owner is about to take its own. */
	if (!v)
		return NULL;
	if (soft && prefers(v, cpu_of(q)) && !prefers(v, cpu_of(o))) {
		v->sched.home = cpu_of(q);
		softirq_raise(cpu_of(o), SOFTIRQ_SCHEDULE);
	}
	v = find_ready_locked(o, cpu_of(q), soft ? prefers : allowed);
	if (v) {
		move_locked(o, v, cpu_of(q));
		heap_insert(&q->ready, &v->sched.ready);
	}
	return v;
}

/* Take for this CPU what waits for a busy one. */
static bool steal(struct queue *q, bool soft)
{
	struct vcpu *v = NULL;

	for (unsigned int i = 1; i < cpu_count && !v; i++) {
		struct queue *o = &queues[(cpu_of(q) + i) % cpu_count];
		uint64_t flags;

		if (!heap_first(&o->ready) && !read_once(o->misplaced))
			continue;
		flags = irq_save();
		spin_lock_pair(&q->lock, &o->lock);
		v = steal_locked(q, o, soft);
		spin_unlock_pair(&q->lock, &o->lock);
		irq_restore(flags);
	}
	return v;
}

static struct vcpu *idle_loop(struct queue *q)
{
	struct vcpu *next;

	while (!(next = decide(q))) {
		if (steal(q, true) || steal(q, false))
			continue;
		irq_disable();
		if (read_once(this_cpu()->softirq_pending) ||
		    frames_clear_ahead()) {
			irq_enable();
		} else {
			speculation_idle();
			irq_enable_and_halt();
		}
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

static void slice_expired(void *data)
{
	softirq_raise(this_cpu()->id, SOFTIRQ_SCHEDULE);
}

void sched_start(void)
{
	struct queue *q = &queues[this_cpu()->id];

	timer_init(&q->slice, slice_expired, NULL);
	switch_context(q, NULL, idle_loop(q));
	irq_disable();
	guest_resume();
}

void sched_vcpu_init(struct vcpu *v)
{
	memset(v->sched.hard, 0xff, sizeof(v->sched.hard));
	memset(v->sched.soft, 0xff, sizeof(v->sched.soft));
	v->cpu = v->sched.home = (v->domain->id + v->id) % cpu_count;
	v->sched.ready.key = read_once(queues[v->cpu].min_vruntime);
	v->runstate.state = RUNSTATE_offline;
	v->runstate.state_entry_time = now();
}

uint64_t sched_idle_time(unsigned int cpu)
{
	struct queue *q = &queues[cpu];
	uint64_t flags = spin_lock_irqsave(&q->lock);
	uint64_t ns = q->idle + (q->running ? 0 : now() - q->idle_since);

	spin_unlock_irqrestore(&q->lock, flags);
	return ns;
}
