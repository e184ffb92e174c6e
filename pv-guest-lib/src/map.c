/* SPDX-License-Identifier: MIT */
/*
 * Windows on frames that are not ours.
 *
 * Owns: the addresses from PV_MAP_BASE on, one bit per page in used[]. Tables
 * below them are made at first use and stay.
 */
#include <pvguest/hypercall.h>
#include <pvguest/mm.h>

#include "internal.h"

#define PV_MAP_BASE  0x200000000000UL
#define WINDOW_PAGES (1UL << 18)
#define WORD_BITS    64
#define TABLE_SPAN   (512 * PV_PAGE_SIZE)
#define BATCH        128
#define ENOMEM_RC    (-12)
#define PTE_RW       0x67UL
#define PTE_RO       0x65UL
#define PTE_UNCACHED 0x18UL /* index 3 of the PAT, UC */

static uint64_t used[WINDOW_PAGES / WORD_BITS];
static uint64_t search_from;

static bool is_used(uint64_t page)
{
	return used[page / WORD_BITS] & (1UL << (page % WORD_BITS));
}

static void set_used(uint64_t page, uint64_t count, bool value)
{
	for (; count > 0; count--, page++) {
		if (value)
			used[page / WORD_BITS] |= 1UL << (page % WORD_BITS);
		else
			used[page / WORD_BITS] &= ~(1UL << (page % WORD_BITS));
	}
}

/* First run of `count` free pages at or above `from`; WINDOW_PAGES: none. */
static uint64_t find_run(uint64_t from, uint64_t count)
{
	uint64_t run = 0;
	uint64_t page;

	for (page = from; page < WINDOW_PAGES; page++) {
		run = is_used(page) ? 0 : run + 1;
		if (run == count)
			return page + 1 - count;
	}
	return WINDOW_PAGES;
}

static uint64_t page_va(uint64_t page)
{
	return PV_MAP_BASE + (page << PV_PAGE_SHIFT);
}

static bool ensure_tables(uint64_t va, size_t count)
{
	uint64_t end = va + count * PV_PAGE_SIZE;

	for (va &= ~(TABLE_SPAN - 1); va < end; va += TABLE_SPAN) {
		if (!pv_pte_ensure(va))
			return false;
	}
	return true;
}

void *pv_map_reserve(size_t count)
{
	uint64_t page;

	if (count == 0 || count > WINDOW_PAGES)
		return NULL;
	page = find_run(search_from, count);
	if (page == WINDOW_PAGES)
		page = find_run(0, count);
	if (page == WINDOW_PAGES || !ensure_tables(page_va(page), count))
		return NULL;
	set_used(page, count, true);
	search_from = page + count;
	return (void *)page_va(page);
}

void pv_map_release(void *va, size_t count)
{
	uint64_t page = ((uint64_t)va - PV_MAP_BASE) >> PV_PAGE_SHIFT;

	set_used(page, count, false);
	if (page < search_from)
		search_from = page;
}

static void fill_batch(struct mmu_update *batch, uint64_t va,
		       const uint64_t *mfns, size_t count, uint64_t flags)
{
	uint64_t pte = 0; /* its machine address */
	size_t i;

	for (i = 0; i < count; i++) {
		uint64_t at = va + i * PV_PAGE_SIZE;

		/* The next in its table, or the first of another. */
		if (pte && at % TABLE_SPAN)
			pte += sizeof(uint64_t);
		else
			pte = pv_pte_maddr(pv_pte_find(at));
		batch[i].ptr = pte | MMU_NORMAL_PT_UPDATE;
		batch[i].val = mfns ? (mfns[i] << PV_PAGE_SHIFT) | flags : 0;
	}
}

/* The call stops at a frame that it refuses; go on behind it. */
static void update_all(struct mmu_update *batch, size_t count, uint16_t domid,
		       int *errors)
{
	size_t at = 0;

	while (at < count) {
		uint32_t done = 0;
		long rc = pv_hypercall4(__HYPERVISOR_mmu_update,
					PV_ARG(&batch[at]), count - at,
					PV_ARG(&done), domid);

		if (done > count - at)
			done = (uint32_t)(count - at);
		if (errors)
			memset(&errors[at], 0, done * sizeof(*errors));
		at += done;
		if (at == count)
			break;
		if (errors)
			errors[at] = rc < 0 ? (int)rc : ENOMEM_RC;
		at++;
	}
}

static void write_entries(uint64_t va, const uint64_t *mfns, size_t count,
			  uint64_t flags, uint16_t domid, int *errors)
{
	static struct mmu_update batch[BATCH];
	size_t done, n;

	for (done = 0; done < count; done += n) {
		n = count - done < BATCH ? count - done : BATCH;
		fill_batch(batch, va + done * PV_PAGE_SIZE,
			   mfns ? mfns + done : NULL, n, flags);
		update_all(batch, n, domid, errors ? errors + done : NULL);
	}
}

void *pv_map_frames(uint16_t domid, const uint64_t *mfns, size_t count,
		    bool writable, int *errors)
{
	void *va = pv_map_reserve(count);

	if (va)
		write_entries((uint64_t)va, mfns, count,
			      writable ? PTE_RW : PTE_RO, domid, errors);
	return va;
}

void pv_unmap_frames(void *va, size_t count)
{
	struct mmuext_op flush = { .cmd = MMUEXT_TLB_FLUSH_LOCAL };

	write_entries((uint64_t)va, NULL, count, 0, DOMID_SELF, NULL);
	pv_hypercall4(__HYPERVISOR_mmuext_op, PV_ARG(&flush), 1, 0, DOMID_SELF);
	pv_map_release(va, count);
}

/* One chunk of a device's registers, at most BATCH pages. */
static bool map_device_pages(uint64_t va, uint64_t mfn, size_t count)
{
	static uint64_t mfns[BATCH];
	static int errors[BATCH];
	size_t i;

	for (i = 0; i < count; i++)
		mfns[i] = mfn + i;
	write_entries(va, mfns, count, PTE_RW | PTE_UNCACHED, DOMID_IO, errors);
	for (i = 0; i < count; i++) {
		if (errors[i] != 0)
			return false;
	}
	return true;
}

static size_t pages_of(uint64_t address, size_t size)
{
	uint64_t offset = address & (PV_PAGE_SIZE - 1);

	return (offset + size + PV_PAGE_SIZE - 1) >> PV_PAGE_SHIFT;
}

volatile void *pv_map_device(uint64_t maddr, size_t size)
{
	size_t count = pages_of(maddr, size), done, n;
	char *va = pv_map_reserve(count);

	for (done = 0; va && done < count; done += n) {
		n = count - done < BATCH ? count - done : BATCH;
		if (!map_device_pages((uint64_t)va + done * PV_PAGE_SIZE,
				      (maddr >> PV_PAGE_SHIFT) + done, n)) {
			pv_unmap_frames(va, count);
			return NULL;
		}
	}
	return va ? va + (maddr & (PV_PAGE_SIZE - 1)) : NULL;
}

void pv_unmap_device(volatile void *va, size_t size)
{
	uint64_t page = (uint64_t)va & ~(PV_PAGE_SIZE - 1);

	pv_unmap_frames((void *)page, pages_of((uint64_t)va, size));
}
