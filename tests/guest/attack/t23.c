/* SPDX-License-Identifier: MIT */
/*
 * T23: what a guest can ask for at once, as much of it as there can be. Each
 * call gives way when somebody else has to run, which the victim measures
 * (`latency` on its command line): large trees, long lists, many ports, storms
 * of timers and of events (HC-13, PT-14; XSA-20, 24, 31, 45, 118, 290, 344).
 */
#include "attack.h"

#include <public/event_channel.h>
#include <public/grant_table.h>
#include <public/memory.h>
#include <public/sched.h>
#include <public/vcpu.h>
#include <pvguest/event.h>

#define LIST 20000

static void *list; /* of any structure */

/* Every entry of each level leads to the same table below. */
static void test_tree(void)
{
	uint64_t *table[5], *page = pv_page_alloc();
	unsigned int wrong = 0;

	for (unsigned int level = 1; level <= 4; level++) {
		uint64_t below = level == 1
					 ? maddr_of(page) | RO_PAGE
					 : maddr_of(table[level - 1]) | TABLE;

		table[level] = pv_page_alloc();
		for (unsigned int i = 0; i < (level == 4 ? 256 : 512); i++)
			table[level][i] = below;
		(void)pv_page_set_writable(table[level], false);
	}
	for (unsigned int i = 0; i < 20; i++)
		wrong += pin(4, table[4]) != 0 || unpin(table[4]) != 0;
	for (unsigned int level = 1; level <= 4; level++) {
		(void)pv_page_set_writable(table[level], true);
		pv_page_free(table[level]);
	}
	pv_page_free(page);
	check("trees", wrong == 0, wrong);
}

/* A page for each table of level 1, all of them in one root. */
static void test_wide_tree(void)
{
	static uint64_t *tables[512];
	uint64_t *l2 = table_page();
	unsigned int n = 0, wrong = 0;

	for (; n < COUNT(tables) && pv_pages_free() > 64; n++) {
		tables[n] = table_page();
		(void)store(l2 + n, maddr_of(tables[n]) | TABLE);
	}
	for (unsigned int i = 0; i < 10; i++)
		wrong += pin(2, l2) != 0 || unpin(l2) != 0;
	for (unsigned int i = 0; i < n; i++) {
		(void)store(l2 + i, 0);
		table_free(tables[i]);
	}
	table_free(l2);
	check("a wide tree", wrong == 0 && n > 100, wrong);
}

static void test_lists(void)
{
	struct mmu_update *updates = list;
	struct multicall_entry *calls = list;
	struct gnttab_copy *copies = list;
	uint64_t *page = pv_page_alloc(), *at = pv_map_reserve(1);
	long rc;

	for (unsigned int i = 0; i < LIST; i++)
		updates[i] = (struct mmu_update){
			pv_pte_maddr(entry_at((uint64_t)at, 1)),
			i & 1 ? 0 : maddr_of(page) | RW_PAGE
		};
	rc = pv_hypercall4(__HYPERVISOR_mmu_update, PV_ARG(updates), LIST, 0,
			   DOMID_SELF);
	check("updates", rc == 0, rc);
	for (unsigned int i = 0; i < LIST; i++)
		calls[i] = (struct multicall_entry){
			.op = __HYPERVISOR_update_va_mapping,
			.args = { (uint64_t)at, 0, UVMF_TLB_FLUSH | UVMF_ALL }
		};
	rc = pv_hypercall2(__HYPERVISOR_multicall, PV_ARG(calls), LIST);
	check("multicall", rc == 0, rc);
	for (unsigned int i = 0; i < LIST; i++) {
		copies[i] = (struct gnttab_copy){ .len = 4096 };
		copies[i].source.u.gmfn = copies[i].dest.u.gmfn =
			pv_va_to_mfn(page);
		copies[i].source.domid = copies[i].dest.domid = DOMID_SELF;
	}
	rc = pv_hypercall3(__HYPERVISOR_grant_table_op, GNTTABOP_copy,
			   PV_ARG(copies), LIST);
	check("copies", rc == 0, rc);
	pv_map_release(at, 1);
	pv_page_free(page);
}

/* Timers in the past, events to itself, sleeps that end at once. */
static void test_storms(void)
{
	struct evtchn_bind_ipi ipi = { .vcpu = 0 };
	struct evtchn_close end;
	struct sched_poll poll = { .timeout = 1 };
	struct vcpu_set_periodic_timer often = { .period_ns = 1000000 };

	(void)event_op(EVTCHNOP_bind_ipi, &ipi);
	(void)pv_hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_set_periodic_timer, 0,
			    PV_ARG(&often));
	for (unsigned int i = 0; i < LIST; i++) {
		struct evtchn_send send = { .port = ipi.port };

		(void)pv_hypercall1(__HYPERVISOR_set_timer_op,
				    i & 1 ? 1 : ~0UL);
		(void)event_op(EVTCHNOP_send, &send);
		(void)pv_hypercall2(__HYPERVISOR_sched_op, SCHEDOP_poll,
				    PV_ARG(&poll));
		(void)pv_hypercall2(__HYPERVISOR_sched_op, SCHEDOP_yield, 0);
		pv_event_mask(ipi.port);
	}
	(void)pv_hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_stop_periodic_timer, 0,
			    0);
	(void)pv_hypercall1(__HYPERVISOR_set_timer_op, 0);
	end.port = ipi.port;
	check("storms", event_op(EVTCHNOP_close, &end) == 0, 0);
}

static void test_memory(void)
{
	struct xen_memory_reservation r = { .nr_extents = 1UL << 31,
					    .extent_order = 0,
					    .domid = DOMID_SELF };
	long rc;

	/* Frames of nobody: each is looked at, the first ends it. */
	memset(list, 0xff, LIST * sizeof(uint64_t));
	set_xen_guest_handle(r.extent_start, list);
	rc = pv_hypercall2(__HYPERVISOR_memory_op, XENMEM_decrease_reservation,
			   PV_ARG(&r));
	check("a list of nothing", rc == 0, rc);
}

void attack_T23(void)
{
	list = pv_heap_grow(LIST * sizeof(struct multicall_entry));
	if (!list) {
		check("memory for lists", false, 0);
		return;
	}
	test_tree();
	test_wide_tree();
	test_lists();
	test_storms();
	test_memory();
	(void)pv_heap_grow(-(ptrdiff_t)(LIST * sizeof(struct multicall_entry)));
}
