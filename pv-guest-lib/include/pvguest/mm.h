/* SPDX-License-Identifier: MIT */
/*
 * Memory. At start the library maps all memory of the domain: pseudo-physical
 * frame `pfn` is at address pfn * 4096, so the kernel, its tables and the
 * pages that it allocates are all in one linear range. A second range, far
 * above, takes mappings of other domains' frames.
 *
 * A pfn is the domain's own number of a page, an mfn the machine's.
 *
 *	0                page 0, not mapped: catches null pointers
 *	4 KiB            the kernel, start_info, initial page tables
 *	                 the heap, growing upwards
 *	                 single pages, growing downwards
 *	pv_pfn_count()   end
 *	PV_MAP_BASE      windows on foreign frames, grants and devices;
 *	                 memory of pv_dma_alloc()
 *
 * Context: not from trap handlers.
 */
#ifndef PVGUEST_MM_H
#define PVGUEST_MM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PV_PAGE_SHIFT 12
#define PV_PAGE_SIZE  4096UL
#define PV_NO_MFN     UINT64_MAX

uint64_t pv_pfn_count(void);

/* The address of a page of ours, and back. */
static inline void *pv_pfn_to_va(uint64_t pfn)
{
	return (void *)(pfn << PV_PAGE_SHIFT);
}

static inline uint64_t pv_va_to_pfn(const void *va)
{
	return (uint64_t)va >> PV_PAGE_SHIFT;
}

/* PV_NO_MFN when there is no such page. */
uint64_t pv_pfn_to_mfn(uint64_t pfn);
uint64_t pv_va_to_mfn(const void *va);

/* PV_NO_MFN when the frame is not ours. */
uint64_t pv_mfn_to_pfn(uint64_t mfn);

/* One page, zeroed; NULL when memory is used up. The caller owns it. */
void *pv_page_alloc(void);
void pv_page_free(void *page);

/*
 * Pages that pv_page_alloc() has given and nobody has given back; without page
 * tables, which the library makes as they are needed and keeps.
 */
uint64_t pv_pages_allocated(void);

/* Pages left for pv_page_alloc() and pv_heap_grow() together. */
uint64_t pv_pages_free(void);

/*
 * Moves the end of the heap by `change` bytes and returns where it was, NULL
 * when there is not enough memory. This is sbrk(); with newlib, use malloc().
 */
void *pv_heap_grow(ptrdiff_t change);

/*
 * Changes whether the mapped page at `va` may be written. 0 or a negative
 * errno of the hypervisor.
 */
int pv_page_set_writable(void *va, bool writable);

/*
 * Reserves addresses for `count` pages with page tables below them, nothing
 * mapped: room for grants. NULL when addresses or memory are used up.
 */
void *pv_map_reserve(size_t count);
void pv_map_release(void *va, size_t count);

/*
 * Maps frames of another domain (or DOMID_SELF, DOMID_IO, DOMID_XEN) side by
 * side. All are tried: errors[i] becomes 0 or the hypervisor's negative errno
 * for frame i, and the pages that failed stay unmapped. Returns NULL only
 * when addresses or memory ran out. pv_unmap_frames() takes it all away.
 */
void *pv_map_frames(uint16_t domid, const uint64_t *mfns, size_t count,
		    bool writable, int *errors);
void pv_unmap_frames(void *va, size_t count);

/*
 * Registers of a device at a machine address of any alignment, uncached; NULL
 * when the hypervisor refuses or memory ran out.
 */
volatile void *pv_map_device(uint64_t maddr, size_t size);
void pv_unmap_device(volatile void *va, size_t size);

/*
 * Memory for a device: `count` pages (at most 512), zeroed, side by side in
 * machine memory from *maddr on, which is aligned to the next power of two,
 * and below 1 << address_bits when that is not 0. NULL: there is none. It
 * cannot be given back: drivers take it once. Any other page serves as well
 * where a page at a time is enough: its address is pv_va_to_mfn().
 */
void *pv_dma_alloc(size_t count, unsigned int address_bits, uint64_t *maddr);

#endif /* PVGUEST_MM_H */
