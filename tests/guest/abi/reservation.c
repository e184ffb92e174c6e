/* SPDX-License-Identifier: MIT */
/*
 * Memory given back, taken and exchanged.
 */
#include "abi.h"

#include <public/memory.h>

static long reserve(unsigned int command, xen_pfn_t *list, unsigned long count,
		    unsigned int order)
{
	struct xen_memory_reservation r = { .nr_extents = count,
					    .extent_order = order,
					    .domid = DOMID_SELF };

	set_xen_guest_handle(r.extent_start, list);
	return memory_op(command, &r);
}

static long pages_now(void)
{
	struct xen_memory_domain d = { .domid = DOMID_SELF };

	return memory_op(XENMEM_current_reservation, &d);
}

static uint64_t m2p(uint64_t mfn)
{
	uint64_t pfn = 0;

	(void)pv_probe_read((uint64_t *)HYPERVISOR_START + mfn, &pfn);
	return pfn;
}

/* The frame of a page that is not mapped any more. */
static uint64_t take_out(void *page)
{
	uint64_t mfn = pv_va_to_mfn(page);

	(void)store_va(page, 0);
	return mfn;
}

/* Whatever frame is at `mfn` becomes the page again. */
static long put_in(void *page, uint64_t mfn)
{
	struct mmu_update op = { mfn << PV_PAGE_SHIFT | MMU_MACHPHYS_UPDATE,
				 pv_va_to_pfn(page) };
	uint64_t *p2m = (uint64_t *)pv_start_info->mfn_list;
	long rc = pv_hypercall4(__HYPERVISOR_mmu_update, PV_ARG(&op), 1, 0,
				DOMID_SELF);

	p2m[pv_va_to_pfn(page)] = mfn;
	return rc ? rc : store_va(page, mfn << PV_PAGE_SHIFT | RW_PAGE);
}

void property_balloon(void)
{
	void *page = pv_page_alloc();
	xen_pfn_t list[2];
	long before = pages_now();

	list[0] = take_out(page);
	show("decrease", reserve(XENMEM_decrease_reservation, list, 1, 0));
	show("pages less", before - pages_now());
	show("a frame of nobody", store_va(page, list[0] << 12 | RW_PAGE));
	show("once more", reserve(XENMEM_decrease_reservation, list, 1, 0));
	list[0] = pv_va_to_pfn(page);
	show("populate", reserve(XENMEM_populate_physmap, list, 1, 0));
	show("frame reported", list[0] != pv_va_to_pfn(page));
	show("M2P is set", m2p(list[0]) == pv_va_to_pfn(page));
	show("map it", put_in(page, list[0]));
	show("pages as before", before == pages_now());
	pv_page_free(page);
}

/* A frame that is mapped still leaves the domain, when it is unmapped. */
void property_decrease_mapped(void)
{
	uint64_t *page = pv_page_alloc();
	xen_pfn_t mfn = pv_va_to_mfn(page), list[1] = { mfn };
	long before = pages_now();

	*page = 77;
	show("decrease", reserve(XENMEM_decrease_reservation, list, 1, 0));
	show("pages less", before - pages_now());
	show("still there", (long)*page);
	show("again", reserve(XENMEM_decrease_reservation, list, 1, 0));
	show("unmap", store_va(page, 0));
	show("pages less", before - pages_now());
	show("map it again", store_va(page, mfn << 12 | RW_PAGE));
	list[0] = pv_va_to_pfn(page);
	show("populate", reserve(XENMEM_populate_physmap, list, 1, 0));
	show("map", put_in(page, list[0]));
	pv_page_free(page);
}

void property_decrease_errors(void)
{
	xen_pfn_t list[4] = { 0 };
	uint64_t *table = table_page();
	long before = pages_now();

	show("nothing", reserve(XENMEM_decrease_reservation, list, 0, 0));
	list[0] = 1UL << 38;
	show("no frame", reserve(XENMEM_decrease_reservation, list, 1, 0));
	(void)pin(1, table);
	list[0] = pv_va_to_mfn(table);
	show("pinned table", reserve(XENMEM_decrease_reservation, list, 1, 0));
	show("pages less", before - pages_now());
	show("unpin", unpin(table));
	show("unmap", store_va(table, 0));
	show("pages less", before - pages_now());
	list[0] = pv_va_to_pfn(table);
	show("populate", reserve(XENMEM_populate_physmap, list, 1, 0));
	show("map", put_in(table, list[0]));
	show("list nowhere",
	     reserve(XENMEM_decrease_reservation, NOWHERE, 1, 0));
	list[0] = 1UL << 38;
	show("order 10", reserve(XENMEM_decrease_reservation, list, 1, 10));
	show("order 64", reserve(XENMEM_decrease_reservation, list, 1, 64));
	show("unchanged", before == pages_now());
	pv_page_free(table);
}

void property_populate_errors(void)
{
	xen_pfn_t list[4] = { 1UL << 50, 0, 0, 0 };
	long before = pages_now();

	show("nothing", reserve(XENMEM_populate_physmap, list, 0, 0));
	show("list nowhere", reserve(XENMEM_populate_physmap, NOWHERE, 1, 0));
	show("order 10", reserve(XENMEM_populate_physmap, list, 1, 10));
	show("order 20", reserve(XENMEM_populate_physmap, list, 1, 20));
	show("order 64", reserve(XENMEM_populate_physmap, list, 1, 64));
	show("order 2^31", reserve(XENMEM_populate_physmap, list, 1, 1U << 31));
	show("count 2^60",
	     reserve(XENMEM_populate_physmap, list, 1UL << 60, 0));
	show("unchanged", before == pages_now());
}

/* A request that cannot be read is none. */
void property_reservation_nowhere(void)
{
	show("increase", memory_op(XENMEM_increase_reservation, NOWHERE));
	show("decrease", memory_op(XENMEM_decrease_reservation, NOWHERE));
	show("populate", memory_op(XENMEM_populate_physmap, NOWHERE));
}

/* Up to the maximum, and not one more. */
void property_reservation_full(void)
{
	static xen_pfn_t list[600];
	struct xen_memory_domain d = { .domid = DOMID_SELF };
	long max = memory_op(XENMEM_maximum_reservation, &d), done;
	long room = max - pages_now();

	show("room is small", room >= 0 && room < 500);
	done = reserve(XENMEM_increase_reservation, list, 600, 0);
	show("all that may be", done == room);
	show("full", max - pages_now());
	show("one more",
	     reserve(XENMEM_increase_reservation, list + done, 1, 0));
	show("give back", reserve(XENMEM_decrease_reservation, list,
				  (unsigned long)done, 0) == done);
	show("as before", room == max - pages_now());
	show("no list", reserve(XENMEM_increase_reservation, NULL, 0, 0));
	show("order 64", reserve(XENMEM_increase_reservation, list, 1, 64));
}

static long exchange(xen_pfn_t *in, unsigned long count_in,
		     unsigned int order_in, xen_pfn_t *out,
		     unsigned long count_out, unsigned int order_out,
		     unsigned long *done)
{
	struct xen_memory_exchange x = {
		.in = { .nr_extents = count_in,
			.extent_order = order_in,
			.domid = DOMID_SELF },
		.out = { .nr_extents = count_out,
			 .extent_order = order_out,
			 .domid = DOMID_SELF },
	};
	long rc;

	set_xen_guest_handle(x.in.extent_start, in);
	set_xen_guest_handle(x.out.extent_start, out);
	rc = memory_op(XENMEM_exchange, &x);
	*done = x.nr_exchanged;
	return rc;
}

/* Two single pages for a pair, and back. */
void property_exchange(void)
{
	void *page[2] = { pv_page_alloc(), pv_page_alloc() };
	xen_pfn_t in[2] = { take_out(page[0]), take_out(page[1]) };
	xen_pfn_t out[2] = { pv_va_to_pfn(page[0]) };
	unsigned long done;
	long before = pages_now();

	show("two for a pair", exchange(in, 2, 0, out, 1, 1, &done));
	show("exchanged", (long)done);
	show("aligned", (out[0] & 1) == 0);
	show("M2P of the first", m2p(out[0]) == pv_va_to_pfn(page[0]));
	show("M2P of the second", m2p(out[0] + 1) == pv_va_to_pfn(page[0]) + 1);
	in[0] = out[0];
	out[0] = pv_va_to_pfn(page[0]);
	out[1] = pv_va_to_pfn(page[1]);
	show("a pair for two", exchange(in, 1, 1, out, 2, 0, &done));
	show("exchanged", (long)done);
	show("pages as before", before == pages_now());
	show("M2P of both", m2p(out[0]) == pv_va_to_pfn(page[0]) &&
				    m2p(out[1]) == pv_va_to_pfn(page[1]));
	for (unsigned int i = 0; i < 2; i++) {
		(void)put_in(page[i], out[i]);
		pv_page_free(page[i]);
	}
}

void property_exchange_errors(void)
{
	void *page = pv_page_alloc();
	xen_pfn_t in[2] = { take_out(page), 1UL << 38 };
	xen_pfn_t out[2] = { pv_va_to_pfn(page), pv_va_to_pfn(page) };
	unsigned long done = 0;
	long before = pages_now();

	show("unequal sizes", exchange(in, 1, 0, out, 1, 1, &done));
	show("order 20", exchange(in, 1, 20, out, 1, 20, &done));
	show("no frame", exchange(in + 1, 1, 0, out, 1, 0, &done));
	show("exchanged", (long)done);
	show("input nowhere", exchange(NOWHERE, 1, 0, out, 1, 0, &done));
	show("exchanged", (long)done);
	show("nothing", exchange(in, 0, 0, out, 0, 0, &done));
	show("argument nowhere", memory_op(XENMEM_exchange, NOWHERE));
	show("pages as before", before == pages_now());
	show("the frame is ours still", put_in(page, in[0]));
	pv_page_free(page);
}
