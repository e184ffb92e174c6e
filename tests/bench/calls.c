/* SPDX-License-Identifier: MIT */
/* Hypercalls that do little, events, and giving up the CPU. */
#include "bench.h"

#include <public/event_channel.h>
#include <public/sched.h>
#include <public/version.h>
#include <pvguest/event.h>
#include <pvguest/hypercall.h>
#include <pvguest/start.h>
#include <pvguest/time.h>

#define BATCH 16

static struct multicall_entry batch[BATCH];
static uint32_t from_port, to_port;

static void version(void)
{
	pv_hypercall2(__HYPERVISOR_xen_version, XENVER_version, 0);
}

static void multi(unsigned int count)
{
	pv_hypercall2(__HYPERVISOR_multicall, PV_ARG(batch), count);
}

static void multi_all(void)
{
	multi(BATCH);
}

static void multi_one(void)
{
	multi(1);
}

static void bench_multicall(void)
{
	unsigned int i;

	for (i = 0; i < BATCH; i++) {
		batch[i].op = __HYPERVISOR_xen_version;
		batch[i].args[0] = XENVER_version;
	}
	bench_report("hc_multi",
		     bench_run(multi_all, 0) - bench_run(multi_one, 0),
		     BATCH - 1);
}

static void set_timer(void)
{
	pv_hypercall1(__HYPERVISOR_set_timer_op, pv_time_ns() + 1000000000);
}

static void only_clock(void)
{
	pv_time_ns();
}

static void send(void)
{
	struct evtchn_send op = { .port = from_port };

	pv_hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_send,
		      PV_ARG(&op));
}

static void clear_pending(void)
{
	struct vcpu_info *vcpu = pv_vcpu_info();

	pv_shared_info->evtchn_pending[to_port / 64] = 0;
	vcpu->evtchn_pending_sel = 0;
	vcpu->evtchn_upcall_pending = 0;
}

static void bench_events(void)
{
	int to = pv_event_alloc_unbound(DOMID_SELF, 0, 0);
	int from;

	bench_must(to < 0 ? to : 0, "alloc_unbound");
	from = pv_event_bind_interdomain(DOMID_SELF, (uint32_t)to, 0, 0);
	bench_must(from < 0 ? from : 0, "bind_interdomain");
	to_port = (uint32_t)to;
	from_port = (uint32_t)from;
	bench_report("ev_send", bench_run(send, clear_pending), 1);
	bench_path("ev_send_pending", send);
	clear_pending();
	pv_event_close(from_port);
	pv_event_close(to_port);
}

static void yield(void)
{
	pv_hypercall2(__HYPERVISOR_sched_op, SCHEDOP_yield, 0);
}

void bench_calls(void)
{
	bench_path("hc_null", version);
	bench_multicall();
	bench_report("hc_timer",
		     bench_run(set_timer, 0) - bench_run(only_clock, 0), 1);
	pv_hypercall1(__HYPERVISOR_set_timer_op, 0);
	bench_events();
	bench_path("sched_yield", yield);
}
