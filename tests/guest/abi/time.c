/* SPDX-License-Identifier: MIT */
/*
 * The clock, and the timers of vCPU 0, whose port the library has bound.
 */
#include "abi.h"

#include <public/event_channel.h>
#include <public/vcpu.h>
#include <pvguest/time.h>

#define MS 1000000UL

static uint32_t timer_port(void)
{
	struct evtchn_status s = { .dom = DOMID_SELF };

	for (s.port = 1; s.port < 100; s.port++)
		if (evtchn_op(EVTCHNOP_status, &s) == 0 &&
		    s.status == EVTCHNSTAT_virq && s.u.virq == VIRQ_TIMER &&
		    s.vcpu == 0)
			return s.port;
	return 0;
}

static long set_timer(uint64_t at)
{
	return pv_hypercall1(__HYPERVISOR_set_timer_op, at);
}

void property_set_timer_op(void)
{
	uint32_t port = timer_port();

	event_clear(port);
	show("past", set_timer(1));
	show("fires", event_arrives(port, 2000 * MS));
	show("soon", set_timer(pv_time_ns() + 3 * MS));
	show("fires", event_arrives(port, 2000 * MS));
	show("later", set_timer(pv_time_ns() + 20 * MS));
	show("never", set_timer(0));
	show("does not fire", !event_arrives(port, 60 * MS));
	show("far", set_timer(~0UL >> 1));
	(void)set_timer(0);
	event_clear(port);
}

void property_singleshot(void)
{
	struct vcpu_set_singleshot_timer t = { 0 };
	uint32_t port = timer_port();

	event_clear(port);
	t.timeout_abs_ns = pv_time_ns() + 3 * MS;
	show("soon", vcpu_op(VCPUOP_set_singleshot_timer, 0, &t));
	show("fires", event_arrives(port, 2000 * MS));
	t.timeout_abs_ns = 1;
	show("past", vcpu_op(VCPUOP_set_singleshot_timer, 0, &t));
	show("fires", event_arrives(port, 2000 * MS));
	t.flags = VCPU_SSHOTTMR_future;
	show("past, not wanted", vcpu_op(VCPUOP_set_singleshot_timer, 0, &t));
	show("does not fire", !event_arrives(port, 20 * MS));
	t.flags = 0;
	t.timeout_abs_ns = pv_time_ns() + 20 * MS;
	(void)vcpu_op(VCPUOP_set_singleshot_timer, 0, &t);
	show("stop", vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL));
	show("does not fire", !event_arrives(port, 60 * MS));
	show("of another", vcpu_op(VCPUOP_set_singleshot_timer, 1, &t));
	show("stop another's", vcpu_op(VCPUOP_stop_singleshot_timer, 1, NULL));
	show("nowhere", vcpu_op(VCPUOP_set_singleshot_timer, 0, NOWHERE));
	t.flags = ~1U;
	show("other flags", vcpu_op(VCPUOP_set_singleshot_timer, 0, &t));
	(void)vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL);
	(void)event_arrives(port, MS);
}

void property_periodic(void)
{
	struct vcpu_set_periodic_timer t = { .period_ns = 2 * MS };
	uint32_t port = timer_port();
	unsigned int ticks = 0;

	event_clear(port);
	show("2 ms", vcpu_op(VCPUOP_set_periodic_timer, 0, &t));
	while (ticks < 5 && event_arrives(port, 2000 * MS))
		ticks++;
	show("ticks", ticks);
	show("stop", vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL));
	(void)event_arrives(port, MS);
	show("silence", !event_arrives(port, 30 * MS));
	t.period_ns = MS - 1;
	show("too fast", vcpu_op(VCPUOP_set_periodic_timer, 0, &t));
	t.period_ns = 0;
	show("0", vcpu_op(VCPUOP_set_periodic_timer, 0, &t));
	t.period_ns = ~0UL;
	show("for ever", vcpu_op(VCPUOP_set_periodic_timer, 0, &t));
	t.period_ns = 1000 * MS;
	show("of another", vcpu_op(VCPUOP_set_periodic_timer, 1, &t));
	show("stop another's", vcpu_op(VCPUOP_stop_periodic_timer, 1, NULL));
	show("nowhere", vcpu_op(VCPUOP_set_periodic_timer, 0, NOWHERE));
	show("no vCPU", vcpu_op(VCPUOP_set_periodic_timer, 99, &t));
	(void)vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
}

void property_clock(void)
{
	const volatile struct vcpu_time_info *t = &pv_vcpu_info()->time;
	uint64_t last = pv_time_ns(), back = 0;

	show("version is even", !(t->version & 1));
	show("version is not 0", t->version != 0);
	show("factor", t->tsc_to_system_mul != 0);
	show_hex("flags", t->flags);
	for (unsigned int i = 0; i < 10000; i++) {
		uint64_t now = pv_time_ns();

		back += now < last;
		last = now;
	}
	show("backwards", (long)back);
	show("wall clock version", (pv_shared_info->wc_version & 1) == 0 &&
					   pv_shared_info->wc_version != 0);
	show("after 2020", pv_wallclock_ns() > 1577836800UL * 1000000000);
}

/* A copy of the clock at an address of our choice. */
void property_time_area(void)
{
	static struct vcpu_time_info copy __attribute__((aligned(64)));
	struct vcpu_register_time_memory_area op = { .addr.p = 0 };

	op.addr.v = &copy;
	show("register",
	     vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &op));
	show("filled", copy.version != 0 &&
			       copy.tsc_to_system_mul ==
				       pv_vcpu_info()->time.tsc_to_system_mul);
	show("version is even", !(copy.version & 1));
	op.addr.p = HYPERVISOR_START;
	show("hypervisor's",
	     vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &op));
	op.addr.p = HOLE;
	show("hole", vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &op));
	op.addr.v = NOWHERE;
	show("not mapped",
	     vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &op));
	show("nowhere",
	     vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, NOWHERE));
	show("no vCPU",
	     vcpu_op(VCPUOP_register_vcpu_time_memory_area, 99, &op));
	op.addr.v = NULL;
	show("none", vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &op));
}
