/* SPDX-License-Identifier: MIT */
/*
 * Time as guests see it: the per-vCPU time record (pvclock), wall-clock time,
 * the account of run states, and the timers behind VIRQ_TIMER.
 *
 * Owns: v->singleshot, v->periodic, v->poll_timer, v->runstate and what is
 * derived from them. All CPUs share one scale, so a record stays right for as
 * long as its vCPU stays on the CPU whose TSC it names.
 * Versions of shared records count in private memory: guests may write theirs
 * (HC-11).
 * Context: see each function.
 */
#include "core/services.h"
#include "x86/machine.h"
#include "x86/uaccess.h"

#define SECOND 1000000000ull

/* Orders stores of a record against those of its version, for a guest's CPU. */
#define record_barrier() __atomic_thread_fence(__ATOMIC_RELEASE)

/* UTC at system time 0, in ns. */
static uint64_t wallclock_base;
static uint32_t wallclock_version; /* atomic, even */

/* ---- pvclock ---- */

static void record_make(struct vcpu *v, struct vcpu_time_info *r)
{
	uint64_t flags = irq_save();

	clock_read(&r->tsc_timestamp, &r->system_time);
	v->time_cpu = this_cpu()->id;
	irq_restore(flags);
	r->tsc_to_system_mul = clock_mul;
	r->tsc_shift = CLOCK_SHIFT;
	v->time_version += 2;
	r->version = v->time_version;
}

/* v runs on this CPU, or runs nowhere. */
void time_update_vcpu(struct vcpu *v)
{
	struct vcpu_time_info r = { 0 }, *shared = &v->info->time;

	record_make(v, &r);
	r.version |= 1;
	write_once(shared->version, r.version);
	record_barrier();
	memcpy(shared, &r, sizeof(r));
	record_barrier();
	write_once(shared->version, r.version - 1);
}

/* ---- run states ---- */

/* Lock: the queue of v (core/sched.c). */
void runstate_change(struct vcpu *v, int state, uint64_t t)
{
	struct vcpu_runstate_info *r = &v->runstate;

	/* t was read before the lock was: never count backwards. */
	if (t > r->state_entry_time) {
		r->time[r->state & 3] += t - r->state_entry_time;
		write_once(r->state_entry_time, t);
	}
	write_once(r->state, state);
}

void runstate_read(const struct vcpu *v, struct vcpu_runstate_info *info)
{
	uint64_t t;

	do {
		memcpy(info, &v->runstate, sizeof(*info));
		barrier();
	} while (read_once(v->runstate.state_entry_time) !=
		 info->state_entry_time);
	t = now();
	if (t > info->state_entry_time)
		info->time[info->state & 3] += t - info->state_entry_time;
}

/* ---- areas in guest memory ---- */

/*
 * Write a record to the guest's va. Until all of it is there, its word says
 * `busy`. A guest that has not mapped the area goes without.
 */
static void area_write(uint64_t va, void *record, size_t size, uint64_t *word,
		       uint64_t busy)
{
	guest_ptr_t word_at =
		guest_ptr(va + (uint64_t)((char *)word - (char *)record));
	uint64_t done = *word;

	*word = busy;
	if (copy_to_guest(word_at, word, sizeof(*word)))
		return;
	record_barrier();
	if (copy_to_guest(guest_ptr(va), record, size))
		return;
	record_barrier();
	(void)!copy_to_guest(word_at, &done, sizeof(done));
}

static void runstate_area_write(const struct vcpu *v)
{
	struct vcpu_runstate_info r = v->runstate;
	uint64_t *entry = &r.state_entry_time;
	bool flag = test_bit(&v->domain->vm_assist,
			     VMASST_TYPE_runstate_update_flag);

	area_write(v->runstate_va, &r, sizeof(r), entry,
		   *entry | (flag ? XEN_RUNSTATE_UPDATE : 0));
}

static void time_area_write(struct vcpu *v)
{
	struct vcpu_time_info r = { 0 };
	/* The version, and padding. */
	uint64_t *word = (uint64_t *)(void *)&r;

	record_make(v, &r);
	area_write(v->time_va, &r, sizeof(r), word, *word | 1);
}

void time_write_areas(struct vcpu *v)
{
	if (!v->runstate_va && !v->time_va)
		return;
	/* Addresses of the kernel's may not be mapped for its user (T51). */
	v->areas_stale = !v->in_kernel;
	if (v->areas_stale)
		return;
	if (v->runstate_va)
		runstate_area_write(v);
	if (v->time_va)
		time_area_write(v);
}

/* ---- wall clock ---- */

void time_update_wallclock(struct domain *d)
{
	struct shared_info *s = d->shared_info;
	uint64_t base = read_once(wallclock_base);
	uint64_t seconds = base / SECOND + (uint64_t)d->time_offset_s;
	uint32_t version =
		__atomic_add_fetch(&wallclock_version, 2, __ATOMIC_RELAXED);

	write_once(s->wc_version, version - 1);
	record_barrier();
	s->wc_sec = (uint32_t)seconds;
	s->wc_sec_hi = (uint32_t)(seconds >> 32);
	s->wc_nsec = (uint32_t)(base % SECOND);
	record_barrier();
	write_once(s->wc_version, version);
}

void time_set_wallclock(uint64_t secs, uint32_t nsecs, uint64_t at)
{
	struct domain *d;
	domid_t next = 0;

	write_once(wallclock_base, secs * SECOND + nsecs - at);
	while ((d = domain_get_next(next)) != NULL) {
		next = (domid_t)(d->id + 1);
		time_update_wallclock(d);
		domain_put(d);
	}
}

/* ---- timers ---- */

static void singleshot_expired(void *data)
{
	evtchn_send_virq(data, VIRQ_TIMER);
}

static void periodic_expired(void *data)
{
	struct vcpu *v = data;
	uint64_t period = read_once(v->periodic_ns);
	uint64_t t = now(), deadline = v->periodic.node.key;

	evtchn_send_virq(v, VIRQ_TIMER);
	if (!period)
		return;
	/* Ticks that were missed are gone (SC-2). */
	if (deadline <= t)
		deadline += ((t - deadline) / period + 1) * period;
	timer_set(&v->periodic, deadline);
}

static void poll_expired(void *data)
{
	if (evtchn_poll_leave(data))
		vcpu_wake(data);
}

void time_vcpu_init(struct vcpu *v)
{
	timer_init(&v->singleshot, singleshot_expired, v);
	timer_init(&v->periodic, periodic_expired, v);
	timer_init(&v->poll_timer, poll_expired, v);
}
