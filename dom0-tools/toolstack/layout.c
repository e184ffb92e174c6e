/* SPDX-License-Identifier: MIT */
/*
 * Places the parts of a new PV domain; see layout.h for the picture.
 *
 * All sums are on page numbers of requests that check_request() has bounded,
 * so nothing here can overflow.
 */
#include "layout.h"

#include <inttypes.h>
#include <string.h>

#define ALIGN_MAPPING (4ul << 20) /* the first mapping ends on this */
#define SLACK_PAGES   ((512ul << 10) / TK_PAGE_SIZE)

/* Present, writable, accessed; a page table is mapped without writable. */
#define L1_FLAGS         0x23ul
#define L1_FLAG_WRITABLE 0x02ul
/* Present, writable, user, accessed, dirty. */
#define TABLE_FLAGS 0x67ul

#define L1_SHIFT 12
#define L2_SHIFT 21
#define L3_SHIFT 30
#define L4_SHIFT 39

/* The hypervisor's own part of the top-level table. */
#define HYPERVISOR_FIRST_SLOT 256u
#define HYPERVISOR_LAST_SLOT  271u

/* 64 TiB: more than p2m addresses reach, and small enough to add up. */
#define MEMORY_PAGES_MAX (1ull << 34)

static uint64_t pages_of(uint64_t bytes)
{
	return (bytes >> TK_PAGE_SHIFT) + !!(bytes & (TK_PAGE_SIZE - 1));
}

static uint64_t mib_of_pages(uint64_t pages)
{
	return (pages + 255) / 256;
}

static bool is_canonical(uint64_t address)
{
	return (uint64_t)((int64_t)(address << 16) >> 16) == address;
}

static unsigned int slot(uint64_t address, unsigned int shift)
{
	return (unsigned int)(address >> shift) % TK_PTES_PER_TABLE;
}

/* How many entries of size 1 << shift the addresses [start, end) touch. */
static uint64_t entries(uint64_t start, uint64_t end, unsigned int shift)
{
	return ((end - 1) >> shift) - (start >> shift) + 1;
}

static void span_count_tables(struct tk_table_span *span)
{
	span->n_l3 = entries(span->start, span->end, L4_SHIFT);
	span->n_l2 = entries(span->start, span->end, L3_SHIFT);
	span->n_l1 = entries(span->start, span->end, L2_SHIFT);
}

static uint64_t span_tables(const struct tk_table_span *span)
{
	return span->n_l3 + span->n_l2 + span->n_l1;
}

static int check_request(const struct tk_layout_request *request,
			 struct tk_error *err)
{
	uint64_t base = request->virt_base;

	if (!is_canonical(base) || base & (TK_PAGE_SIZE - 1))
		return tk_fail(err,
			       "kernel: virtual base %#" PRIx64
			       " is not a page of the address space",
			       base);
	if (request->memory_pages > MEMORY_PAGES_MAX)
		return tk_fail(err, "memory: %" PRIu64 " MiB is too much",
			       request->memory_pages / 256);
	if (request->kernel_start < base ||
	    request->kernel_end <= request->kernel_start ||
	    !is_canonical(request->kernel_end - 1))
		return tk_fail(err,
			       "kernel: addresses %#" PRIx64 "-%#" PRIx64
			       " do not lie above the virtual base %#" PRIx64,
			       request->kernel_start, request->kernel_end,
			       base);
	if (pages_of(request->kernel_end - base) > request->memory_pages ||
	    pages_of(request->ramdisk_size) > request->memory_pages)
		return tk_fail(
			err,
			"memory: %" PRIu64 " MiB is too little, kernel"
			" and ramdisk alone need %" PRIu64 " MiB",
			request->memory_pages / 256,
			mib_of_pages(pages_of(request->kernel_end - base)) +
				mib_of_pages(pages_of(request->ramdisk_size)));
	return 0;
}

/*
 * A p2m at an address of the kernel's choice must not share page tables with
 * the kernel: it gets the whole slot of the top-level table. A kernel that
 * asks for something else gets its p2m behind the kernel, as it would from a
 * loader that does not know the note.
 */
static bool init_p2m_usable(const struct tk_layout_request *request)
{
	uint64_t end = request->init_p2m + request->memory_pages * 8;
	unsigned int first = slot(request->init_p2m, L4_SHIFT);
	unsigned int last = slot(end - 1, L4_SHIFT);

	return request->has_init_p2m &&
	       !(request->init_p2m & (TK_PAGE_SIZE - 1)) &&
	       end > request->init_p2m && end <= request->virt_base &&
	       is_canonical(request->init_p2m) && is_canonical(end - 1) &&
	       last < slot(request->virt_base, L4_SHIFT) &&
	       (last < HYPERVISOR_FIRST_SLOT || first > HYPERVISOR_LAST_SLOT);
}

/*
 * Of a small domain the mapping ends with its memory, if nothing has to come
 * behind. That may save tables, never add any.
 */
static void cut_main_span(struct tk_layout *layout)
{
	struct tk_table_span *span = &layout->main_span;
	uint64_t end = tk_layout_virt(layout, layout->memory_pages);

	if (layout->ramdisk_unmapped || layout->p2m_own_span ||
	    span->end - span->start <= end - span->start)
		return;
	span->end = end;
	span_count_tables(span);
}

/*
 * The page tables are part of what they map: count, see whether the mapping
 * grew by that, until it fits. Grows in every round, by at most the next
 * 4 MiB, so it ends.
 */
static int close_main_span(struct tk_layout *layout, uint64_t next_pfn,
			   struct tk_error *err)
{
	struct tk_table_span *span = &layout->main_span;
	uint64_t pages = SLACK_PAGES + 1, room;

	span->start = layout->virt_base;
	span->first_pfn = 0;
	span->tables_pfn = next_pfn;
	do {
		uint64_t end = tk_layout_virt(layout, next_pfn + pages);

		/* The topmost 4 MiB stay free: no end may wrap to 0. */
		if (end < layout->virt_base || end > UINT64_MAX - ALIGN_MAPPING)
			return tk_fail(
				err,
				"kernel: its mapping from %#" PRIx64
				" runs over the end of the address space",
				layout->virt_base);
		span->end = (end + ALIGN_MAPPING - 1) & ~(ALIGN_MAPPING - 1);
		span_count_tables(span);
		pages = SLACK_PAGES + 1 + 1 + span_tables(span);
		room = (span->end - tk_layout_virt(layout, next_pfn)) /
		       TK_PAGE_SIZE;
	} while (room < pages);

	if (!is_canonical(span->end - 1) ||
	    (slot(span->start, L4_SHIFT) <= HYPERVISOR_LAST_SLOT &&
	     slot(span->end - 1, L4_SHIFT) >= HYPERVISOR_FIRST_SLOT))
		return tk_fail(err,
			       "kernel: its mapping %#" PRIx64 "-%#" PRIx64
			       " collides with the hypervisor's addresses",
			       span->start, span->end);
	cut_main_span(layout);
	layout->l4_pfn = next_pfn;
	layout->n_tables = 1 + span_tables(span);
	layout->stack_pfn = next_pfn + layout->n_tables;
	layout->mapped_end_pfn = (span->end - span->start) / TK_PAGE_SIZE;
	return 0;
}

static uint64_t place(uint64_t *next_pfn, uint64_t pages)
{
	uint64_t pfn = *next_pfn;

	*next_pfn += pages;
	return pfn;
}

/* Everything inside the first mapping. */
static int place_mapped(struct tk_layout *layout,
			const struct tk_layout_request *request,
			struct tk_error *err)
{
	uint64_t base = layout->virt_base;
	uint64_t next = pages_of(request->kernel_end - base);

	layout->kernel_pfn = (request->kernel_start - base) >> TK_PAGE_SHIFT;
	layout->kernel_pages = next - layout->kernel_pfn;
	if (!layout->ramdisk_unmapped)
		layout->ramdisk_pfn = place(&next, layout->ramdisk_pages);
	if (!layout->p2m_own_span) {
		layout->p2m_pfn = place(&next, layout->p2m_pages);
		layout->p2m_virt = tk_layout_virt(layout, layout->p2m_pfn);
	}
	layout->start_info_pfn = place(&next, 1);
	layout->store_pfn = place(&next, 1);
	layout->console_pfn = place(&next, 1);
	return close_main_span(layout, next, err);
}

/* What the first mapping does not cover. */
static void place_unmapped(struct tk_layout *layout,
			   const struct tk_layout_request *request)
{
	uint64_t next = layout->mapped_end_pfn;
	struct tk_table_span *span = &layout->p2m_span;

	if (layout->ramdisk_unmapped)
		layout->ramdisk_pfn = place(&next, layout->ramdisk_pages);
	if (layout->p2m_own_span) {
		layout->p2m_virt = request->init_p2m;
		layout->p2m_pfn = place(&next, layout->p2m_pages);
		span->start = layout->p2m_virt;
		span->end = span->start + layout->p2m_pages * TK_PAGE_SIZE;
		span->first_pfn = layout->p2m_pfn;
		span_count_tables(span);
		layout->n_p2m_tables = span_tables(span);
		span->tables_pfn = place(&next, layout->n_p2m_tables);
	}
	layout->used_end_pfn = next;
}

/* Of memory: more than is used, where the mapping was cut. */
static uint64_t pages_needed(const struct tk_layout *layout)
{
	uint64_t with_slack = layout->stack_pfn + 1 + SLACK_PAGES;

	return with_slack > layout->used_end_pfn ? with_slack
						 : layout->used_end_pfn;
}

int tk_layout(struct tk_layout *layout, const struct tk_layout_request *request,
	      struct tk_error *err)
{
	memset(layout, 0, sizeof(*layout));
	if (check_request(request, err))
		return -1;

	layout->virt_base = request->virt_base;
	layout->memory_pages = request->memory_pages;
	layout->ramdisk_pages = pages_of(request->ramdisk_size);
	layout->ramdisk_unmapped =
		request->ramdisk_unmapped && layout->ramdisk_pages;
	layout->p2m_pages = pages_of(request->memory_pages * sizeof(uint64_t));
	layout->p2m_own_span = init_p2m_usable(request);
	if (place_mapped(layout, request, err))
		return -1;
	place_unmapped(layout, request);

	if (pages_needed(layout) > layout->memory_pages)
		return tk_fail(err,
			       "memory: %" PRIu64 " MiB is too little, this"
			       " kernel and ramdisk need %" PRIu64 " MiB",
			       layout->memory_pages / 256,
			       mib_of_pages(pages_needed(layout)));
	return 0;
}

/* Page tables ------------------------------------------------------------- */

/*
 * The entries of table number `number` of its level in the span. Each spans
 * 1 << shift; `targets` are the machine frames that those of the whole level
 * lead to, one after the other.
 */
static void fill_entries(const struct tk_table_span *span, uint64_t number,
			 unsigned int shift, const uint64_t *targets,
			 uint64_t flags, uint64_t *table)
{
	uint64_t before = slot(span->start, shift); /* empty, in the first */
	uint64_t n = entries(span->start, span->end, shift);
	uint64_t at = number ? 0 : before;
	uint64_t i = number * TK_PTES_PER_TABLE + at - before;

	for (; at < TK_PTES_PER_TABLE && i < n; at++, i++)
		table[at] = targets[i] << TK_PAGE_SHIFT | flags;
}

/* Page tables, where table number `number` of the main span's L1s maps them. */
static void protect_tables(const struct tk_layout *layout, uint64_t number,
			   uint64_t *table)
{
	uint64_t before = slot(layout->virt_base, L1_SHIFT);
	uint64_t at = before + layout->l4_pfn, end = at + layout->n_tables;
	uint64_t first = number * TK_PTES_PER_TABLE;

	if (at < first)
		at = first;
	if (end > first + TK_PTES_PER_TABLE)
		end = first + TK_PTES_PER_TABLE;
	for (; at < end; at++)
		table[at - first] &= ~L1_FLAG_WRITABLE;
}

/* Number `number` of the span's tables: L3s, L2s, L1s. */
static void fill_span_table(const struct tk_layout *layout,
			    const struct tk_table_span *span, uint64_t l3_pfn,
			    uint64_t number, const uint64_t *p2m,
			    uint64_t *table)
{
	const uint64_t *l2s = p2m + l3_pfn + span->n_l3;
	const uint64_t *l1s = l2s + span->n_l2;

	if (number < span->n_l3) {
		fill_entries(span, number, L3_SHIFT, l2s, TABLE_FLAGS, table);
		return;
	}
	number -= span->n_l3;
	if (number < span->n_l2) {
		fill_entries(span, number, L2_SHIFT, l1s, TABLE_FLAGS, table);
		return;
	}
	number -= span->n_l2;
	fill_entries(span, number, L1_SHIFT, p2m + span->first_pfn, L1_FLAGS,
		     table);
	if (span == &layout->main_span)
		protect_tables(layout, number, table);
}

void tk_layout_fill_table(const struct tk_layout *layout, const uint64_t *p2m,
			  uint64_t pfn, uint64_t table[TK_PTES_PER_TABLE])
{
	const struct tk_table_span *p2m_span = &layout->p2m_span;
	uint64_t l3_pfn = layout->l4_pfn + 1;

	if (pfn == layout->l4_pfn) {
		fill_entries(&layout->main_span, 0, L4_SHIFT, p2m + l3_pfn,
			     TABLE_FLAGS, table);
		if (layout->p2m_own_span)
			fill_entries(p2m_span, 0, L4_SHIFT,
				     p2m + p2m_span->tables_pfn, TABLE_FLAGS,
				     table);
	} else if (pfn < l3_pfn + span_tables(&layout->main_span)) {
		fill_span_table(layout, &layout->main_span, l3_pfn,
				pfn - l3_pfn, p2m, table);
	} else {
		fill_span_table(layout, p2m_span, p2m_span->tables_pfn,
				pfn - p2m_span->tables_pfn, p2m, table);
	}
}
