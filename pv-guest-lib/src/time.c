/* SPDX-License-Identifier: MIT */
/*
 * Clocks from the structures that the hypervisor keeps current for us, and
 * the one-shot timer behind pv_wait().
 *
 * Each structure has a version, odd while it changes: read it before and
 * after, and again when they differ.
 */
#include <public/vcpu.h>
#include <pvguest/event.h>
#include <pvguest/hypercall.h>
#include <pvguest/start.h>
#include <pvguest/time.h>
#include <pvguest/trap.h>

#include "internal.h"

#define NS_PER_SECOND 1000000000UL

static uint64_t last_time;

static uint64_t read_tsc(void)
{
	uint32_t low, high;

	/* lfence: not before the version was read */
	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return ((uint64_t)high << 32) | low;
}

static uint64_t scale(uint64_t ticks, uint32_t factor, int8_t shift)
{
	if (shift >= 0)
		ticks <<= shift;
	else
		ticks >>= -shift;
	return (uint64_t)(((unsigned __int128)ticks * factor) >> 32);
}

uint64_t pv_time_ns(void)
{
	const volatile struct vcpu_time_info *t = &pv_vcpu_info()->time;
	uint64_t now, ticks;
	uint32_t version;

	do {
		version = t->version & ~1U;
		PV_BARRIER();
		ticks = read_tsc() - t->tsc_timestamp;
		now = t->system_time +
		      scale(ticks, t->tsc_to_system_mul, t->tsc_shift);
		PV_BARRIER();
	} while (version != t->version);
	/* A recalibration may step back by a little; callers never see it. */
	if (now < last_time)
		now = last_time;
	last_time = now;
	return now;
}

uint64_t pv_wallclock_ns(void)
{
	const volatile struct shared_info *s = pv_shared_info;
	uint64_t seconds, ns;
	uint32_t version;

	do {
		version = s->wc_version & ~1U;
		PV_BARRIER();
		seconds = s->wc_sec | ((uint64_t)s->wc_sec_hi << 32);
		ns = s->wc_nsec;
		PV_BARRIER();
	} while (version != s->wc_version);
	return seconds * NS_PER_SECOND + ns + pv_time_ns();
}

/*
 * A timer that is set for an earlier time serves too: who waits looks at the
 * clock and waits again. So a deadline that keeps moving away, as those of
 * devices do, costs no hypercall each time.
 */
void pv_timer_set(uint64_t deadline)
{
	static uint64_t armed;
	struct vcpu_set_singleshot_timer op = { .timeout_abs_ns = deadline,
						.flags = 0 };
	long rc;

	if (armed <= deadline && armed > pv_time_ns())
		return;
	armed = deadline;
	rc = pv_hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0,
			   PV_ARG(&op));
	if (rc != 0)
		pv_panic("timer was refused: %ld", rc);
}

void pv_sleep_ns(uint64_t duration)
{
	uint64_t deadline = pv_time_ns() + duration;

	while (pv_time_ns() < deadline)
		pv_wait(deadline);
}

void pv_time_init(void)
{
	int port;

	pv_hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_stop_periodic_timer, 0, 0);
	/* No handler: the event has done its work when the sleep ends. */
	port = pv_event_bind_virq(VIRQ_TIMER, NULL, NULL);
	if (port < 0)
		pv_panic("no timer: %d", port);
}
