/* SPDX-License-Identifier: MIT */
/* Grants that the domain gives itself: the same work as between two. */
#include "bench.h"

#include <public/grant_table.h>
#include <pvguest/grant.h>
#include <pvguest/hypercall.h>
#include <pvguest/mm.h>

#define BATCH 16

static struct gnttab_map_grant_ref mapping;
static struct gnttab_copy copies[BATCH];
static unsigned int copy_count;

static long grant_op(unsigned int command, void *op, unsigned int count)
{
	return pv_hypercall3(__HYPERVISOR_grant_table_op, command, PV_ARG(op),
			     count);
}

static void map(void)
{
	grant_op(GNTTABOP_map_grant_ref, &mapping, 1);
}

static void unmap(void)
{
	struct gnttab_unmap_grant_ref op = {
		.host_addr = mapping.host_addr,
		.handle = mapping.handle,
	};

	grant_op(GNTTABOP_unmap_grant_ref, &op, 1);
}

static void bench_map(uint16_t domid, int ref)
{
	mapping.host_addr = PV_ARG(pv_map_reserve(1));
	mapping.flags = GNTMAP_host_map;
	mapping.ref = (uint32_t)ref;
	mapping.dom = domid;
	map();
	bench_must(mapping.status, "map a grant");
	unmap();
	bench_report("gnt_map", bench_run(map, unmap), 1);
	map();
	bench_report("gnt_unmap", bench_run(unmap, map), 1);
}

static void copy(void)
{
	grant_op(GNTTABOP_copy, copies, copy_count);
}

static void bench_copy(const char *one, const char *many, uint16_t bytes)
{
	unsigned int i;

	for (i = 0; i < BATCH; i++)
		copies[i].len = bytes;
	copy_count = 1;
	copy();
	bench_must(copies[0].status, "copy from a grant");
	bench_path(one, copy);
	copy_count = BATCH;
	bench_report(many, bench_run(copy, 0), BATCH);
}

void bench_grants(void)
{
	/* The first domain. */
	const uint16_t domid = 0;
	char *page = pv_page_alloc(), *target = pv_page_alloc();
	int ref = pv_grant_access(domid, page, true);
	unsigned int i;

	bench_must(ref < 0 ? ref : 0, "grant a page");
	bench_map(domid, ref);
	unmap();
	for (i = 0; i < BATCH; i++) {
		copies[i].flags = GNTCOPY_source_gref;
		copies[i].source.u.ref = (uint32_t)ref;
		copies[i].source.domid = domid;
		copies[i].dest.u.gmfn = pv_va_to_mfn(target);
		copies[i].dest.domid = DOMID_SELF;
	}
	bench_copy("gnt_copy64", "gnt_copy64_x16", 64);
	bench_copy("gnt_copy1500", "gnt_copy1500_x16", 1500);
	bench_copy("gnt_copy4096", "gnt_copy4096_x16", 4096);
}
