/* SPDX-License-Identifier: MIT */
/*
 * Memory that is contiguous for devices: pages of ours are traded for a block
 * by XENMEM_exchange, as other kernels of this ABI do it. Their places in the
 * linear range stay empty, and the block is mapped in the windows (map.c).
 */
#include <public/memory.h>
#include <pvguest/hypercall.h>
#include <pvguest/mm.h>
#include <pvguest/start.h>
#include <pvguest/trap.h>

#include "internal.h"

#define PAGES_MAX 512

static uint64_t pfns[PAGES_MAX], mfns[PAGES_MAX];

static bool take_pages(size_t count)
{
	size_t i;

	if (pv_pages_free() < count)
		return false;
	for (i = 0; i < count; i++) {
		const void *page = pv_page_alloc();

		pfns[i] = pv_va_to_pfn(page);
		mfns[i] = pv_va_to_mfn(page);
	}
	return true;
}

/* The linear range's entries: nothing, or the pages that are ours again. */
static void set_mapped(size_t count, bool mapped)
{
	size_t i;

	for (i = 0; i < count; i++) {
		uint64_t entry = mapped ? (mfns[i] << PV_PAGE_SHIFT) | 0x67 : 0;

		if (pv_hypercall3(__HYPERVISOR_update_va_mapping,
				  PV_ARG(pv_pfn_to_va(pfns[i])), entry,
				  UVMF_INVLPG | UVMF_LOCAL) != 0)
			pv_panic("page %lx cannot be remapped", pfns[i]);
	}
}

/* Returns the block's first frame; PV_NO_MFN: the pages are still ours. */
static uint64_t exchange(size_t count, unsigned int order,
			 unsigned int address_bits)
{
	/* In: the block's number for us, which nothing looks up. Out: mfn. */
	uint64_t block = pv_pfn_count();
	struct xen_memory_exchange op = {
		.in = { .nr_extents = count, .domid = DOMID_SELF },
		.out = { .nr_extents = 1,
			 .extent_order = order,
			 .mem_flags = XENMEMF_address_bits(address_bits),
			 .domid = DOMID_SELF },
	};

	set_xen_guest_handle(op.in.extent_start, mfns);
	set_xen_guest_handle(op.out.extent_start, &block);
	pv_hypercall2(__HYPERVISOR_memory_op, XENMEM_exchange, PV_ARG(&op));
	return op.nr_exchanged == count ? block : PV_NO_MFN;
}

static void give_pages_back(size_t count)
{
	set_mapped(count, true);
	while (count-- > 0)
		pv_page_free(pv_pfn_to_va(pfns[count]));
}

static void forget_pages(size_t count)
{
	uint64_t *p2m = (uint64_t *)pv_start_info->mfn_list;
	size_t i;

	for (i = 0; i < count; i++)
		p2m[pfns[i]] = PV_NO_MFN;
}

static void *map_block(uint64_t mfn, size_t count)
{
	static int errors[PAGES_MAX];
	void *va;
	size_t i;

	for (i = 0; i < count; i++)
		mfns[i] = mfn + i;
	va = pv_map_frames(DOMID_SELF, mfns, count, true, errors);
	for (i = 0; va && i < count; i++) {
		if (errors[i] != 0)
			pv_panic("frame %lx cannot be mapped: %d", mfns[i],
				 errors[i]);
	}
	if (va)
		memset(va, 0, count * PV_PAGE_SIZE);
	return va;
}

void *pv_dma_alloc(size_t count, unsigned int address_bits, uint64_t *maddr)
{
	unsigned int order = 0;
	uint64_t block;

	while (order < 9 && (1UL << order) < count)
		order++;
	if (count == 0 || count > 1UL << order || !take_pages(1UL << order))
		return NULL;
	count = 1UL << order;
	set_mapped(count, false);
	block = exchange(count, order, address_bits);
	if (block == PV_NO_MFN) {
		give_pages_back(count);
		return NULL;
	}
	forget_pages(count);
	*maddr = block << PV_PAGE_SHIFT;
	return map_block(block, count);
}
