/* SPDX-License-Identifier: MIT */
/* What a domain costs: to make, to fill with memory, to have, to destroy. */
#include "bench.h"

#include <public/domctl.h>
#include <public/memory.h>
#include <public/sysctl.h>
#include <pvguest/hypercall.h>
#include <pvguest/mm.h>

#define PAGES   2048
#define EXTENTS 64

static uint16_t domid;
static xen_pfn_t extents[EXTENTS];

static long domctl(struct xen_domctl *op, uint32_t command)
{
	op->cmd = command;
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	return pv_hypercall1(__HYPERVISOR_domctl, PV_ARG(op));
}

static void create(void)
{
	struct xen_domctl op = { 0 };

	op.u.createdomain.max_vcpus = 1;
	op.u.createdomain.max_evtchn_port = 1023;
	op.u.createdomain.max_grant_frames = -1;
	op.u.createdomain.max_maptrack_frames = -1;
	op.u.createdomain.grant_opts = 1;
	bench_must(domctl(&op, XEN_DOMCTL_createdomain), "createdomain");
	domid = (uint16_t)op.domain;
	op.u.max_vcpus.max = 1;
	bench_must(domctl(&op, XEN_DOMCTL_max_vcpus), "max_vcpus");
}

static void destroy(void)
{
	struct xen_domctl op = { .domain = domid };

	bench_must(domctl(&op, XEN_DOMCTL_destroydomain), "destroydomain");
}

static void set_max_memory(void)
{
	struct xen_domctl op = { .domain = domid };

	op.u.max_mem.max_memkb = PAGES * 4;
	bench_must(domctl(&op, XEN_DOMCTL_max_mem), "max_mem");
}

static void populate(void)
{
	struct xen_memory_reservation op = { .nr_extents = EXTENTS,
					     .domid = domid };
	unsigned int i;

	for (i = 0; i < EXTENTS; i++)
		extents[i] = i;
	set_xen_guest_handle(op.extent_start, extents);
	bench_must(pv_hypercall2(__HYPERVISOR_memory_op,
				 XENMEM_populate_physmap, PV_ARG(&op)) -
			   EXTENTS,
		   "populate_physmap");
}

static uint64_t free_pages(void)
{
	struct xen_sysctl op = {
		.cmd = XEN_SYSCTL_physinfo,
		.interface_version = XEN_SYSCTL_INTERFACE_VERSION,
	};

	bench_must(pv_hypercall1(__HYPERVISOR_sysctl, PV_ARG(&op)), "physinfo");
	return op.u.physinfo.free_pages;
}

/* Everything that is still to be given back, given back. */
static void settle(void)
{
	uint64_t last = 0, now;

	while ((now = free_pages()) != last) {
		last = now;
		pv_hypercall2(__HYPERVISOR_sched_op, 0, 0);
	}
}

static void end_of_last(void)
{
	destroy();
	settle();
}

/* Fewest instructions of `count` extents, without what a domain costs. */
static uint64_t best_populate(void)
{
	uint64_t best = UINT64_MAX, start, took;
	unsigned int i;

	for (i = 0; i < PAGES / EXTENTS; i++) {
		start = bench_ticks();
		populate();
		took = bench_ticks() - start;
		if (took < best)
			best = took;
	}
	return best;
}

static void one_life(const char *populate_name, const char *destroy_name)
{
	uint64_t start;

	create();
	set_max_memory();
	bench_report(populate_name, best_populate(), EXTENTS);
	start = bench_ticks();
	destroy();
	if (destroy_name)
		bench_report(destroy_name, bench_ticks() - start, PAGES);
	settle();
}

void bench_domains(void)
{
	uint64_t before;

	create();
	destroy();
	settle();
	before = free_pages();
	create();
	bench_report("dens_bytes", (before - free_pages()) * 4096, 1);
	bench_report("dom_new", bench_run(create, end_of_last), 1);
	end_of_last();
	one_life("dom_populate", "dom_destroy");
	one_life("dom_populate_recycled", 0);
}
