/* SPDX-License-Identifier: MIT */
/*
 * T06: pointers. Each hypercall and sub-operation gets addresses of the hole,
 * of the hypervisor, at edges, and counts whose sums wrap. The answer is an
 * error or, where there was nothing to do, 0; what is read-only stays so
 * (UA-1..9, TL-8, HC-1; XSA-4, 29, 84, 212, 279, 444).
 */
#include "attack.h"

#include <public/callback.h>
#include <public/event_channel.h>
#include <public/grant_table.h>
#include <public/memory.h>
#include <public/physdev.h>
#include <public/sched.h>
#include <public/vcpu.h>
#include <public/version.h>

static const uint64_t addresses[] = {
	0,
	8,
	HOLE - 1,
	HOLE - 8,
	HOLE,
	HYPERVISOR_START - 8,
	HYPERVISOR_START,
	0xffff808000000000, /* our copy of the M2P */
	0xffff818000000000, /* per-CPU data and stacks */
	0xffff818020000000, /* descriptor tables */
	0xffff818040000000, /* text */
	0xffff830000200000, /* direct map */
	HYPERVISOR_END - 8,
	HYPERVISOR_END - 1,
	HYPERVISOR_END,
	~7UL,
	~0UL,
};

static const uint64_t counts[] = { 1,          2,          0x7fffffff,
				   0x80000000, 0xffffffff, 1UL << 60,
				   1UL << 63,  ~0UL };

/* Number, sub-operation, and which argument is the pointer. */
enum shape {
	SUBOP_ARG,
	ARG_COUNT,
	SUBOP_ARG_COUNT,
	COUNT_ARG
};

static const struct {
	unsigned int call;
	enum shape shape;
	unsigned int first, last; /* sub-operations */
} calls[] = {
	{ __HYPERVISOR_mmu_update, ARG_COUNT, 0, 0 },
	{ __HYPERVISOR_set_gdt, ARG_COUNT, 0, 0 },
	{ __HYPERVISOR_mmuext_op, ARG_COUNT, 0, 0 },
	{ __HYPERVISOR_multicall, ARG_COUNT, 0, 0 },
	{ __HYPERVISOR_memory_op, SUBOP_ARG, 0, 40 },
	{ __HYPERVISOR_xen_version, SUBOP_ARG, XENVER_extraversion, 14 },
	{ __HYPERVISOR_console_io, COUNT_ARG, 0, 3 },
	{ __HYPERVISOR_grant_table_op, SUBOP_ARG_COUNT, 0, 14 },
	{ __HYPERVISOR_callback_op, SUBOP_ARG, 0, 3 },
	{ __HYPERVISOR_event_channel_op, SUBOP_ARG, 0, 16 },
	{ __HYPERVISOR_physdev_op, SUBOP_ARG, 0, 40 },
	{ __HYPERVISOR_nmi_op, SUBOP_ARG, 0, 0 },
	{ __HYPERVISOR_sched_op, SUBOP_ARG, SCHEDOP_shutdown, 7 },
};

static long issue(unsigned int i, unsigned int sub, uint64_t at, uint64_t n)
{
	unsigned int call = calls[i].call;

	switch (calls[i].shape) {
	case SUBOP_ARG:
		return pv_hypercall2(call, sub, at);
	case ARG_COUNT:
		return pv_hypercall4(call, at, n, 0, DOMID_SELF);
	case SUBOP_ARG_COUNT:
		return pv_hypercall3(call, sub, at, n);
	default:
		return pv_hypercall3(call, sub, n, at);
	}
}

static unsigned int sweep_at(unsigned int i, unsigned int sub, uint64_t at)
{
	bool counted = calls[i].shape != SUBOP_ARG;
	unsigned int wrong = 0;
	long rc;

	for (unsigned int k = 0; k < (counted ? COUNT(counts) : 1); k++) {
		rc = issue(i, sub, at, counts[k]);
		/* Small counts are truncated ones: nothing to do. */
		if (rc > 0 || (rc == 0 && k < 2))
			pv_printf("call %u.%u at %lx, %lx: %ld\n",
				  calls[i].call, sub, at, counts[k], rc);
		wrong += rc > 0 || (rc == 0 && k < 2);
	}
	return wrong;
}

/* Those whose answer does not need the pointer, at any address. */
static bool answers_anyway(unsigned int call, unsigned int sub)
{
	return (call == __HYPERVISOR_memory_op &&
		sub == XENMEM_maximum_ram_page) ||
	       (call == __HYPERVISOR_nmi_op && sub == 1) ||
	       (call == __HYPERVISOR_xen_version &&
		(sub == XENVER_pagesize || sub == XENVER_build_id));
}

static void test_sweep(void)
{
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < COUNT(calls); i++)
		for (unsigned int sub = calls[i].first; sub <= calls[i].last;
		     sub++)
			for (unsigned int k = 0;
			     k < COUNT(addresses) &&
			     !answers_anyway(calls[i].call, sub);
			     k++)
				if (addresses[k] || calls[i].shape == SUBOP_ARG)
					wrong += sweep_at(i, sub, addresses[k]);
	check("every pointer is checked", wrong == 0, wrong);
}

/* Results into pages that we may not write: code, a table, read-only. */
static void test_read_only(void)
{
	uint64_t *page = table_page(), before = page[0];
	struct xen_memory_reservation *in_table = (void *)page;
	unsigned int wrong = 0;

	wrong += pv_hypercall2(__HYPERVISOR_xen_version, XENVER_extraversion,
			       PV_ARG(page)) != EFAULT;
	wrong += pv_hypercall2(__HYPERVISOR_xen_version, XENVER_capabilities,
			       PV_ARG(attack_T06)) != EFAULT;
	wrong += pv_hypercall2(__HYPERVISOR_xen_version, XENVER_extraversion,
			       PV_ARG(page) + PV_PAGE_SIZE - 4) == 0;
	wrong += pin(1, page) != 0;
	wrong += pv_hypercall2(__HYPERVISOR_memory_op, XENMEM_machphys_mapping,
			       PV_ARG(in_table)) != EFAULT;
	wrong += pv_hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info,
			       0, PV_ARG(page)) != EFAULT;
	wrong += unpin(page) != 0;
	check("no result into read-only memory",
	      wrong == 0 && page[0] == before, wrong);
	table_free(page);
}

/* Addresses that are not for reading or writing. */
static void test_linear(void)
{
	unsigned int wrong = 0;

	for (unsigned int i = 2; i < COUNT(addresses); i++) {
		uint64_t at = addresses[i];

		(void)mmuext(MMUEXT_INVLPG_LOCAL, at, 0);
		wrong += pv_hypercall3(__HYPERVISOR_update_va_mapping, at, 0,
				       UVMF_INVLPG) == 0;
		wrong += pv_hypercall3(__HYPERVISOR_update_va_mapping, 0, 0,
				       (at & ~7UL) | UVMF_TLB_FLUSH) == 0;
	}
	check("addresses that are flushed or mapped", wrong == 0, wrong);
}

/* Areas that the hypervisor writes to later: refused, or harmless. */
static void test_areas(void)
{
	unsigned int taken = 0;

	for (unsigned int i = 2; i < COUNT(addresses); i++) {
		uint64_t at = addresses[i];

		taken += pv_hypercall3(__HYPERVISOR_vcpu_op,
				       VCPUOP_register_runstate_memory_area, 0,
				       PV_ARG(&at)) == 0 &&
			 at >= HYPERVISOR_START && at < HYPERVISOR_END;
		taken += pv_hypercall3(__HYPERVISOR_vcpu_op,
				       VCPUOP_register_vcpu_time_memory_area, 0,
				       PV_ARG(&at)) == 0 &&
			 at >= HYPERVISOR_START && at < HYPERVISOR_END;
		pv_hypercall2(__HYPERVISOR_sched_op, SCHEDOP_yield, 0);
	}
	for (uint64_t none = 0, i = 0; i < 2; i++)
		(void)pv_hypercall3(__HYPERVISOR_vcpu_op,
				    i ? VCPUOP_register_runstate_memory_area
				      : VCPUOP_register_vcpu_time_memory_area,
				    0, PV_ARG(&none));
	check("no area in the hypervisor", taken == 0, taken);
}

void attack_T06(void)
{
	test_sweep();
	test_read_only();
	test_linear();
	test_areas();
}
