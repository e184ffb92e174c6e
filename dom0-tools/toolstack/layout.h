/* SPDX-License-Identifier: MIT */
/*
 * Where everything of a new PV domain goes: which guest frame holds the
 * kernel, the ramdisk, the p2m, start_info, the rings, the first page tables
 * and the boot stack, and which of these the first page tables map.
 * Calculation only: no hypercall, no allocation, so the host tests cover it.
 *
 *   pfn 0            memory below the kernel, mapped
 *       kernel_pfn   kernel image
 *       ramdisk_pfn  ramdisk, unless the kernel takes it unmapped
 *       p2m_pfn      p2m, unless the kernel names an address for it
 *       start_info_pfn, store_pfn, console_pfn      one page each
 *       tables_pfn   page tables: L4, then all L3, L2, L1
 *       stack_pfn    boot stack, one page
 *                    free, at least 512 KiB
 *       mapped_end   end of the first mapping: 4 MiB aligned virtual address,
 *                    or where memory ends if nothing comes behind
 *       ramdisk_pfn  ramdisk of a kernel that takes it unmapped
 *       p2m_pfn      p2m of a kernel that names its address, then the page
 *                    tables that map it there
 *       used_end
 *
 * Background: docs/architecture.md; xen.h tells the same order to guests.
 */
#ifndef TOOLSTACK_LAYOUT_H
#define TOOLSTACK_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

#define TK_PAGE_SHIFT     12
#define TK_PAGE_SIZE      4096ul
#define TK_PTES_PER_TABLE 512u
#define TK_INVALID_MFN    UINT64_MAX

/* What the kernel image and the configuration ask for. */
struct tk_layout_request {
	uint64_t virt_base;    /* virtual address of pfn 0 */
	uint64_t kernel_start; /* virtual, of the lowest segment */
	uint64_t kernel_end;   /* virtual, first byte past the last segment */
	uint64_t ramdisk_size; /* bytes, 0 without one */
	uint64_t memory_pages; /* of the whole domain */
	bool ramdisk_unmapped; /* note MOD_START_PFN */
	bool has_init_p2m;     /* note INIT_P2M ... */
	uint64_t init_p2m;     /* ... and its virtual address */
};

/* Page tables for one stretch of virtual addresses, [start, end). */
struct tk_table_span {
	uint64_t start;
	uint64_t end;
	uint64_t first_pfn;  /* guest frame that `start` maps */
	uint64_t tables_pfn; /* L4 (if this span brings it), L3s, L2s, L1s */
	uint64_t n_l3;
	uint64_t n_l2;
	uint64_t n_l1;
};

struct tk_layout {
	uint64_t virt_base;
	uint64_t memory_pages;
	uint64_t kernel_pfn;
	uint64_t kernel_pages;
	uint64_t ramdisk_pfn;
	uint64_t ramdisk_pages;
	bool ramdisk_unmapped;
	uint64_t p2m_pfn;
	uint64_t p2m_pages;
	uint64_t p2m_virt;
	bool p2m_own_span; /* at init_p2m, with tables of its own */
	uint64_t start_info_pfn;
	uint64_t store_pfn;
	uint64_t console_pfn;
	uint64_t stack_pfn;
	uint64_t l4_pfn;
	uint64_t n_tables;     /* contiguous from l4_pfn, mapped read-only */
	uint64_t n_p2m_tables; /* contiguous after the p2m's pages */
	uint64_t mapped_end_pfn;
	uint64_t used_end_pfn;
	struct tk_table_span main_span;
	struct tk_table_span p2m_span; /* when p2m_own_span */
};

/*
 * Fails when addresses make no sense or when the memory is too small; then
 * the error says how much would do.
 */
tk_must_check int tk_layout(struct tk_layout *layout,
			    const struct tk_layout_request *request,
			    struct tk_error *err);

/* Virtual address of a guest frame that the main span maps. */
static inline uint64_t tk_layout_virt(const struct tk_layout *layout,
				      uint64_t pfn)
{
	return layout->virt_base + (pfn << TK_PAGE_SHIFT);
}

/*
 * Writes one page table into `table`, which is all zeros: the one that will be
 * guest frame `pfn`, of the n_tables from l4_pfn or of the n_p2m_tables from
 * p2m_span.tables_pfn. `p2m` gives the machine frame of every pfn.
 */
void tk_layout_fill_table(const struct tk_layout *layout, const uint64_t *p2m,
			  uint64_t pfn, uint64_t table[TK_PTES_PER_TABLE]);

#endif /* TOOLSTACK_LAYOUT_H */
