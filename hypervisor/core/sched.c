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
 * Owns: struct sched_cpu (a queue per CPU) and struct sched_vcpu. A vCPU is
 * queued at v->cpu, or its registers are on v->cpu's stack (v->running), or
 * it is neither; never both. `running` is cleared only after the next
 * context is loaded, so whoever has waited for it may free page tables.
 * Locks: the queue's lock (irqsave) for all of that; v->cpu changes only with
 * the locks of both queues.
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

struct sched_vcpu {
	struct vcpu *vcpu;
	struct list link; /* in ready */
	bool queued;
	bool yielding;
	unsigned int weight;
	uint64_t vruntime;
	uint64_t accounted; /* while running: time charged up to here */
	uint64_t affinity[MAX_CPUS / 64];
};

struct sched_cpu {
	struct spinlock lock; /* RANK_SCHED */
	struct list ready;    /* by vruntime */
	unsigned int nr_ready;
	struct vcpu *running; /* chosen; NULL while idle */
	uint64_t min_vruntime;
	struct timer slice;
	bool idling; /* owner CPU: in the idle loop */
	uint64_t idle_since, idle_time;
	unsigned int id;
};

static unsigned int next_home; /* atomic: round robin for new vCPUs */

static struct sched_cpu *queue_of(unsigned int cpu)
{
	struct cpu *c = cpu_get(cpu);

	return c ? c->sched : NULL;
}

static bool runnable(const struct vcpu *v)
{
	return !read_once(v->pause_count) && !read_once(v->down) &&
	       !read_once(v->blocked);
}

static bool allowed(const struct sched_vcpu *s, unsigned int cpu)
{
	return s->affinity[cpu / 64] >> (cpu % 64) & 1;
}

/* Lock the queue that v belongs to. */
static struct sched_cpu *queue_lock(const struct vcpu *v, uint64_t *flags)
{
	for (;;) {
		unsigned int cpu = read_once(v->cpu);
		struct sched_cpu *q = queue_of(cpu);

		*flags = spin_lock_irqsave(&q->lock);
		if (read_once(v->cpu) == cpu)
			return q;
		spin_unlock_irqrestore(&q->lock, *flags);
	}
}

static void runstate_update_locked(struct vcpu *v, uint64_t t)
{
	int state = RUNSTATE_runnable;

	if (v->running)
		state = RUNSTATE_running;
	else if (read_once(v->pause_count) || read_once(v->down))
		state = RUNSTATE_offline;
	else if (read_once(v->blocked))
		state = RUNSTATE_blocked;
	if (v->runstate.state != state)
		runstate_change(v, state, t);
}

/* a is before b; right also after a wrap. */
static bool vtime_before(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) < 0;
}

static struct sched_vcpu *queue_first(const struct sched_cpu *q)
{
	if (list_empty(&q->ready))
		return NULL;
	return list_entry(q->ready.next, struct sched_vcpu, link);
}

static void queue_insert_locked(struct sched_cpu *q, struct sched_vcpu *s)
{
	struct list *node;

	ASSERT(spin_held(&q->lock));
	list_for_each(
		node,
		&q->ready) if (vtime_before(s->vruntime,
					    list_entry(node, struct sched_vcpu,
						       link)
						    ->vruntime)) break;
	list_add_tail(node, &s->link);
	s->queued = true;
	write_once(q->nr_ready, q->nr_ready + 1);
}

static void queue_remove_locked(struct sched_cpu *q, struct sched_vcpu *s)
{
	ASSERT(spin_held(&q->lock));
	list_remove(&s->link);
	s->queued = false;
	write_once(q->nr_ready, q->nr_ready - 1);
}

/* The queue's clock follows who has had least, and never goes back. */
static void min_update_locked(struct sched_cpu *q)
{
	const struct sched_vcpu *first = queue_first(q);
	const struct sched_vcpu *run = q->running ? q->running->sched : NULL;
	const struct sched_vcpu *least = run ? run : first;

	if (run && first && vtime_before(first->vruntime, run->vruntime))
		least = first;
	if (least && vtime_before(q->min_vruntime, least->vruntime))
		q->min_vruntime = least->vruntime;
}

/* Charge the time since the last call to the vCPU that q runs. */
static void account_locked(struct sched_cpu *q, uint64_t t)
{
	struct vcpu *v = q->running;
	struct sched_vcpu *s;
	uint64_t ran;

	if (!v)
		return;
	s = v->sched;
	/* Another CPU's clock may be a little behind. */
	if (vtime_before(t, s->accounted))
		return;
	ran = t - s->accounted;
	s->accounted = t;
	s->vruntime += ran * SCHED_WEIGHT_DEFAULT / s->weight;
	__atomic_add_fetch(&v->domain->cpu_time, ran, __ATOMIC_RELAXED);
	min_update_locked(q);
}

/* Have an idle CPU, if there is one for s, look for work: it steals. */
static void wake_idle(const struct sched_vcpu *s)
{
	for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
		const struct sched_cpu *q = queue_of(cpu);

		if (q && allowed(s, cpu) && !read_once(q->running) &&
		    !read_once(q->nr_ready)) {
			softirq_raise(cpu, SOFTIRQ_SCHEDULE);
			return;
		}
	}
}

/* v has become runnable: queue it and have its CPU look. */
static void enqueue_locked(struct sched_cpu *q, struct vcpu *v)
{
	struct sched_vcpu *s = v->sched;
	uint64_t floor;

	/* Who ran alone was not charged for long: bring the clock up. */
	account_locked(q, now());
	floor = q->min_vruntime - SLEEP_BONUS;
	if (vtime_before(s->vruntime, floor))
		s->vruntime = floor;
	queue_insert_locked(q, s);
	/* The owner decides, and starts the clock for competitors. */
	softirq_raise(q->id, SOFTIRQ_SCHEDULE);
	if (q->running)
		wake_idle(s);
}

void sched_update(struct vcpu *v)
{
	uint64_t flags;
	struct sched_cpu *q = queue_lock(v, &flags);
	struct sched_vcpu *s = v->sched;

	if (v->running) {
		/* schedule() looks again before it lets go of v. */
		if (!runnable(v))
			softirq_raise(q->id, SOFTIRQ_SCHEDULE);
	} else {
		if (!s->queued && runnable(v))
			enqueue_locked(q, v);
		else if (s->queued && !runnable(v))
			queue_remove_locked(q, s);
		runstate_update_locked(v, now());
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
	current_vcpu()->sched->yielding = true;
	softirq_raise(this_cpu()->id, SOFTIRQ_SCHEDULE);
}

/* Take a vCPU from o's queue to q's CPU, both locked. */
static struct vcpu *take_from_locked(struct sched_cpu *q, struct sched_cpu *o)
{
	struct list *node;

	/* An idle owner is about to take its own. */
	if (!o->running)
		return NULL;
	list_for_each(node, &o->ready)
	{
		struct sched_vcpu *s =
			list_entry(node, struct sched_vcpu, link);

		if (!allowed(s, q->id))
			continue;
		queue_remove_locked(o, s);
		s->vruntime += q->min_vruntime - o->min_vruntime;
		write_once(s->vcpu->cpu, q->id);
		return s->vcpu;
	}
	return NULL;
}

/*
 * Steal for an idle CPU. Two CPUs may try at each other, so nobody waits for
 * a second queue; one that was busy is looked at again.
 */
static struct vcpu *steal_locked(struct sched_cpu *q)
{
	for (unsigned int i = 1; i < cpu_count; i++) {
		struct sched_cpu *o = queue_of((q->id + i) % cpu_count);
		struct vcpu *v;

		if (!o || !read_once(o->nr_ready))
			continue;
		if (!spin_trylock(&o->lock)) {
			softirq_raise(q->id, SOFTIRQ_SCHEDULE);
			continue;
		}
		v = take_from_locked(q, o);
		spin_unlock(&o->lock);
		if (v)
			return v;
	}
	return NULL;
}

/* Whose turn is it, the first of the queue or still the running one? */
static bool turn_is_over(struct sched_vcpu *prev,
			 const struct sched_vcpu *first)
{
	if (!runnable(prev->vcpu) || !allowed(prev, prev->vcpu->cpu))
		return true;
	if (!first)
		return false;
	return prev->yielding ||
	       vtime_before(first->vruntime + GRANULARITY, prev->vruntime);
}

/* Choose; the chosen is off the queue. NULL: idle. */
static struct vcpu *choose_locked(struct sched_cpu *q)
{
	struct sched_vcpu *first = queue_first(q);
	struct sched_vcpu *prev = q->running ? q->running->sched : NULL;

	if (prev && !turn_is_over(prev, first)) {
		prev->yielding = false;
		return prev->vcpu;
	}
	if (prev)
		prev->yielding = false;
	if (!first)
		return steal_locked(q);
	queue_remove_locked(q, first);
	return first->vcpu;
}

/* With competitors, look again when the turn of next would be over. */
static void slice_arm_locked(struct sched_cpu *q, uint64_t t)
{
	const struct sched_vcpu *first = queue_first(q);
	const struct sched_vcpu *s;
	uint64_t lead;

	if (!first || !q->running) {
		if (q->slice.heap_index)
			timer_stop(&q->slice);
		return;
	}
	s = q->running->sched;
	lead = first->vruntime + GRANULARITY - s->vruntime;
	if ((int64_t)lead < 0)
		lead = 0;
	lead = min_u64(lead, MAX_SLICE) * s->weight / SCHED_WEIGHT_DEFAULT;
	timer_set(&q->slice, t + max_u64(MIN_RUN, min_u64(lead, MAX_SLICE)));
}

/* prev has left the CPU for good: others may have it now. */
static void release_prev(struct sched_cpu *q, struct vcpu *prev)
{
	uint64_t flags = spin_lock_irqsave(&q->lock);
	struct sched_vcpu *s = prev->sched;
	bool stray = !allowed(s, q->id);

	__atomic_store_n(&prev->running, false, __ATOMIC_RELEASE);
	if (runnable(prev) && !stray) {
		queue_insert_locked(q, s);
		slice_arm_locked(q, now());
		if (q->running)
			wake_idle(s);
	}
	runstate_update_locked(prev, now());
	spin_unlock_irqrestore(&q->lock, flags);
	if (stray)
		sched_set_affinity(prev, s->affinity);
}

static void queue_charge_idle(struct sched_cpu *q, uint64_t t)
{
	if (!q->running)
		q->idle_time += t - q->idle_since;
	q->idle_since = t;
}

/* Decide under the lock; the result is running, prev still is, too. */
static struct vcpu *decide(struct sched_cpu *q)
{
	uint64_t flags = spin_lock_irqsave(&q->lock);
	uint64_t t = now();
	struct vcpu *prev = q->running, *next;

	account_locked(q, t);
	queue_charge_idle(q, t);
	next = choose_locked(q);
	write_once(q->running, next);
	if (next && next != prev) {
		next->running = true;
		next->sched->accounted = t;
		runstate_update_locked(next, t);
	}
	min_update_locked(q);
	slice_arm_locked(q, t);
	spin_unlock_irqrestore(&q->lock, flags);
	return next;
}

/* Put next's context in the place of prev's; either may be NULL. */
static void switch_context(struct sched_cpu *q, struct vcpu *prev,
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
		release_prev(q, prev);
	if (!next)
		return;
	if (next->time_cpu != q->id)
		time_update_vcpu(next);
	time_write_areas(next);
}

static struct vcpu *idle_loop(struct sched_cpu *q)
{
	struct vcpu *next;

	q->idling = true;
	while (!(next = decide(q))) {
		irq_disable();
		if (read_once(this_cpu()->softirq_pending))
			irq_enable();
		else
			irq_enable_and_halt();
		softirq_run();
	}
	q->idling = false;
	return next;
}

void schedule(void)
{
	struct sched_cpu *q = this_cpu()->sched;
	struct vcpu *prev = this_cpu()->current, *next;

	/* The idle loop below decides by itself after every softirq. */
	if (q->idling)
		return;
	next = decide(q);
	if (next == prev && next)
		return;
	if (!next) {
		if (prev)
			switch_context(q, prev, NULL);
		prev = NULL;
		next = idle_loop(q);
	}
	switch_context(q, prev, next);
}

void sched_start(void)
{
	if ((uint64_t)__builtin_frame_address(0) >= (uint64_t)guest_regs())
		panic("the boot stack reaches into the guest's frame");
	this_cpu()->current = NULL;
	schedule();
	irq_disable();
	guest_resume();
}

static void slice_expired(void *data)
{
	const struct sched_cpu *q = data;

	softirq_raise(q->id, SOFTIRQ_SCHEDULE);
}

void sched_init_cpu(void)
{
	struct sched_cpu *q = heap_alloc(sizeof(*q));

	if (!q)
		panic("no memory for the queue of CPU %u", this_cpu()->id);
	spin_init(&q->lock, RANK_SCHED);
	list_init(&q->ready);
	timer_init(&q->slice, slice_expired, q);
	q->slice.cpu = this_cpu()->id;
	q->id = this_cpu()->id;
	q->idle_since = now();
	/* Others find the queue through the CPU: publish it complete. */
	__atomic_store_n(&this_cpu()->sched, (void *)q, __ATOMIC_RELEASE);
}

void sched_init(void)
{
	next_home = 0;
}

/* ---- vCPUs ---- */

/* A CPU of the mask that has a queue, from `from` on; MAX_CPUS: none. */
static unsigned int choose_home(const uint64_t *mask, unsigned int from)
{
	for (unsigned int i = 0; i < cpu_count; i++) {
		unsigned int cpu = (from + i) % cpu_count;

		if ((mask[cpu / 64] >> (cpu % 64) & 1) && queue_of(cpu))
			return cpu;
	}
	return MAX_CPUS;
}

int sched_vcpu_init(struct vcpu *v)
{
	struct sched_vcpu *s = heap_alloc(sizeof(*s));
	unsigned int home;

	if (!s)
		return -XEN_ENOMEM;
	home = __atomic_fetch_add(&next_home, 1, __ATOMIC_RELAXED);
	memset(s->affinity, 0xff, sizeof(s->affinity));
	s->vcpu = v;
	s->weight = SCHED_WEIGHT_DEFAULT;
	list_init(&s->link);
	v->sched = s;
	v->cpu = choose_home(s->affinity, home % cpu_count);
	s->vruntime = queue_of(v->cpu)->min_vruntime;
	v->runstate.state = RUNSTATE_offline;
	v->runstate.state_entry_time = now();
	return 0;
}

void sched_vcpu_destroy(struct vcpu *v)
{
	heap_free(v->sched);
	v->sched = NULL;
}

/* Move a vCPU that neither runs nor is queued. */
static void move_home(struct vcpu *v, unsigned int home)
{
	struct sched_cpu *from = queue_of(v->cpu), *to = queue_of(home);
	uint64_t flags = irq_save();

	spin_lock_pair(&from->lock, &to->lock);
	v->sched->vruntime += to->min_vruntime - from->min_vruntime;
	write_once(v->cpu, home);
	spin_unlock_pair(&from->lock, &to->lock);
	irq_restore(flags);
}

int sched_set_affinity(struct vcpu *v, const uint64_t mask[MAX_CPUS / 64])
{
	unsigned int home = choose_home(mask, v->cpu);

	if (home == MAX_CPUS)
		return -XEN_EINVAL;
	if (v == current_vcpu()) {
		/* schedule() finds that it may not stay, and comes back. */
		memcpy(v->sched->affinity, mask, sizeof(v->sched->affinity));
		softirq_raise(this_cpu()->id, SOFTIRQ_SCHEDULE);
		return 0;
	}
	vcpu_pause(v);
	memmove(v->sched->affinity, mask, sizeof(v->sched->affinity));
	if (home != v->cpu)
		move_home(v, home);
	vcpu_unpause(v);
	return 0;
}

void sched_get_affinity(const struct vcpu *v, uint64_t mask[MAX_CPUS / 64])
{
	memcpy(mask, v->sched->affinity, sizeof(v->sched->affinity));
}

void sched_set_weight(struct domain *d, unsigned int weight)
{
	if (weight < 1)
		weight = 1;
	if (weight > SCHED_WEIGHT_MAX)
		weight = SCHED_WEIGHT_MAX;
	for (unsigned int i = 0; i < d->max_vcpus; i++)
		if (d->vcpu[i])
			write_once(d->vcpu[i]->sched->weight, weight);
}

unsigned int sched_get_weight(const struct domain *d)
{
	for (unsigned int i = 0; i < d->max_vcpus; i++)
		if (d->vcpu[i])
			return d->vcpu[i]->sched->weight;
	return SCHED_WEIGHT_DEFAULT;
}

uint64_t sched_idle_time(unsigned int cpu)
{
	const struct sched_cpu *q = queue_of(cpu);
	uint64_t time;

	if (!q)
		return 0;
	time = read_once(q->idle_time);
	if (!read_once(q->running))
		time += now() - read_once(q->idle_since);
	return time;
}
