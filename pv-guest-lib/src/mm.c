/* SPDX-License-Identifier: MIT */
/*
 * Page tables: the linear mapping of all memory, and tables for any other
 * address on demand.
 *
 * The builder maps the kernel and a bit more. Every table page comes from
 * memory that is mapped already: it is filled as ordinary memory, its mapping
 * becomes read-only, and only then the hypervisor is asked to hook it in; a
 * table with a writable mapping left would be refused. Each level-1 table
 * adds 512 pages, some of which become the next tables.
 *
 * Owns: all page tables. They are only read through the linear mapping, and
 * written by mmu_update. Nothing here is undone: tables stay.
 * Next: pages.c (who uses the memory), map.c (foreign frames).
 */
#include <pvguest/hypercall.h>
#include <pvguest/mm.h>
#include <pvguest/start.h>
#include <pvguest/trap.h>

#include "internal.h"

#define PTE_PRESENT 0x1UL
#define PTE_ADDRESS 0x000ffffffffff000UL
#define PTE_TABLE   0x67UL /* present, writable, user, accessed, dirty */
#define PTE_PAGE    0x67UL
#define PTE_PAGE_RO 0x65UL
#define ENTRIES     512

#define BATCH 256

/* Before the memory is handed to pages.c: tables come from here. */
static struct {
	uint64_t next;   /* first page frame not taken */
	uint64_t mapped; /* first page frame not mapped */
	bool done;
} early;

static struct mmu_update batch[BATCH];
static unsigned int batched;

extern char pv_stack_guard[];
extern char _text[], _text_end[]; /* page-aligned */

uint64_t pv_pfn_count(void)
{
	return pv_start_info->nr_pages;
}

uint64_t pv_pfn_to_mfn(uint64_t pfn)
{
	const uint64_t *p2m = (const uint64_t *)pv_start_info->mfn_list;

	return pfn < pv_pfn_count() ? p2m[pfn] : PV_NO_MFN;
}

uint64_t pv_va_to_mfn(const void *va)
{
	return pv_pfn_to_mfn(pv_va_to_pfn(va));
}

/* The hypervisor's table has holes, and entries of others' frames. */
uint64_t pv_mfn_to_pfn(uint64_t mfn)
{
	const uint64_t *m2p = (const uint64_t *)MACH2PHYS_VIRT_START;
	uint64_t pfn;

	if (mfn >= MACH2PHYS_NR_ENTRIES || !pv_probe_read(&m2p[mfn], &pfn))
		return PV_NO_MFN;
	return pv_pfn_to_mfn(pfn) == mfn ? pfn : PV_NO_MFN;
}

static unsigned int table_index(uint64_t va, unsigned int level)
{
	return (va >> (PV_PAGE_SHIFT + 9 * (level - 1))) & (ENTRIES - 1);
}

static uint64_t *table_of(uint64_t entry)
{
	uint64_t pfn = pv_mfn_to_pfn((entry & PTE_ADDRESS) >> PV_PAGE_SHIFT);

	if (pfn == PV_NO_MFN)
		pv_panic("page table %lx is not ours", entry);
	return pv_pfn_to_va(pfn);
}

/*
 * Descends towards `va` as far as there are tables, at most to `level`: the
 * entry reached there, and its level in *level.
 */
static uint64_t *descend(uint64_t va, unsigned int *level)
{
	uint64_t *table = (uint64_t *)pv_start_info->pt_base;
	unsigned int l;

	for (l = 4; l > *level; l--) {
		uint64_t entry = table[table_index(va, l)];

		if (!(entry & PTE_PRESENT))
			break;
		table = table_of(entry);
	}
	*level = l;
	return &table[table_index(va, l)];
}

uint64_t *pv_pte_find(uint64_t va)
{
	unsigned int level = 1;
	uint64_t *entry = descend(va, &level);

	return level == 1 ? entry : NULL;
}

uint64_t pv_pte_maddr(const uint64_t *pte)
{
	return (pv_va_to_mfn(pte) << PV_PAGE_SHIFT) |
	       ((uint64_t)pte & (PV_PAGE_SIZE - 1));
}

static void flush_batch(void)
{
	uint32_t done = 0;
	long rc;

	if (batched == 0)
		return;
	rc = pv_hypercall4(__HYPERVISOR_mmu_update, PV_ARG(batch), batched,
			   PV_ARG(&done), DOMID_SELF);
	if (rc != 0)
		pv_panic("mmu_update %u of %u (%lx = %lx): %ld", done, batched,
			 batch[done].ptr, batch[done].val, rc);
	batched = 0;
}

static void queue_update(const uint64_t *entry, uint64_t value)
{
	if (batched == BATCH)
		flush_batch();
	batch[batched].ptr = pv_pte_maddr(entry) | MMU_NORMAL_PT_UPDATE;
	batch[batched].val = value;
	batched++;
}

/* Hooks a filled table page below `parent`. */
static void queue_table(const uint64_t *parent, const uint64_t *table)
{
	const uint64_t *mapping = pv_pte_find((uint64_t)table);
	uint64_t address = pv_va_to_mfn(table) << PV_PAGE_SHIFT;

	/* Both in one batch, or the order would be lost at its border. */
	if (batched + 2 > BATCH)
		flush_batch();
	queue_update(mapping, address | PTE_PAGE_RO);
	queue_update(parent, address | PTE_TABLE);
}

int pv_page_set_writable(void *va, bool writable)
{
	uint64_t pte = (pv_va_to_mfn(va) << PV_PAGE_SHIFT) |
		       (writable ? PTE_PAGE : PTE_PAGE_RO);

	return (int)pv_hypercall3(__HYPERVISOR_update_va_mapping, PV_ARG(va),
				  pte, UVMF_INVLPG | UVMF_LOCAL);
}

/* Ramdisk frames ---------------------------------------------------------- */

static uint64_t ramdisk_first(void)
{
	if (pv_start_info->mod_len == 0)
		return UINT64_MAX;
	if (pv_start_info->flags & SIF_MOD_START_PFN)
		return pv_start_info->mod_start;
	return pv_start_info->mod_start >> PV_PAGE_SHIFT;
}

static uint64_t ramdisk_end(void)
{
	if (pv_start_info->mod_len == 0)
		return UINT64_MAX;
	return ramdisk_first() +
	       (pv_start_info->mod_len + PV_PAGE_SIZE - 1) / PV_PAGE_SIZE;
}

/* Table pages while the linear mapping grows ------------------------------ */

static void *early_table(void)
{
	void *page;

	if (early.next == ramdisk_first())
		early.next = ramdisk_end();
	if (early.next >= early.mapped) {
		/* The tables in the batch may map it. */
		flush_batch();
		if (early.next >= early.mapped)
			pv_panic("out of memory for page tables");
	}
	page = pv_pfn_to_va(early.next++);
	memset(page, 0, PV_PAGE_SIZE);
	return page;
}

static uint64_t *new_table(void)
{
	return early.done ? pv_table_alloc() : early_table();
}

/* The entry of `level` for `va`, with all tables above; NULL: no memory. */
static uint64_t *entry_ensure(uint64_t va, unsigned int level)
{
	for (;;) {
		unsigned int reached = level;
		uint64_t *entry = descend(va, &reached);
		uint64_t *table;

		if (reached == level)
			return entry;
		table = new_table();
		if (!table)
			return NULL;
		queue_table(entry, table);
		flush_batch();
	}
}

uint64_t *pv_pte_ensure(uint64_t va)
{
	return entry_ensure(va, 1);
}

static uint64_t linear_entry(uint64_t pfn)
{
	uint64_t mfn = pv_pfn_to_mfn(pfn);

	return mfn == PV_NO_MFN ? 0 : (mfn << PV_PAGE_SHIFT) | PTE_PAGE;
}

/* Maps `count` pages from `pfn`, all below one level-1 table. */
static void map_linear(uint64_t pfn, uint64_t count)
{
	uint64_t va = pfn << PV_PAGE_SHIFT;
	uint64_t *parent = entry_ensure(va, 2);
	uint64_t *table;
	uint64_t i;

	if (*parent & PTE_PRESENT) {
		table = table_of(*parent) + table_index(va, 1);
		for (i = 0; i < count; i++)
			queue_update(&table[i], linear_entry(pfn + i));
		flush_batch();
		return;
	}
	table = early_table();
	for (i = 0; i < count; i++)
		table[table_index(va, 1) + i] = linear_entry(pfn + i);
	queue_table(parent, table);
	flush_batch();
}

static void map_all_memory(void)
{
	while (early.mapped < pv_pfn_count()) {
		uint64_t end = (early.mapped | (ENTRIES - 1)) + 1;

		if (end > pv_pfn_count())
			end = pv_pfn_count();
		map_linear(early.mapped, end - early.mapped);
		early.mapped = end;
	}
}

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* One past a page that the builder gave us, or 0 for none. */
static uint64_t end_of_mfn(uint64_t mfn)
{
	uint64_t pfn = mfn == 0 ? PV_NO_MFN : pv_mfn_to_pfn(mfn);

	return pfn == PV_NO_MFN ? 0 : pfn + 1;
}

/*
 * The first page frame behind everything that the builder put next to the
 * kernel. The boot stack may be used again: we run on a stack of our own.
 */
static uint64_t first_unused(void)
{
	const struct start_info *info = pv_start_info;
	uint64_t p2m_end = info->mfn_list + info->nr_pages * 8;
	uint64_t first = pv_va_to_pfn(_end); /* aligned */

	first = max(first, (p2m_end + PV_PAGE_SIZE - 1) >> PV_PAGE_SHIFT);
	first = max(first, pv_va_to_pfn(info) + 1);
	first = max(first,
		    (info->pt_base >> PV_PAGE_SHIFT) + info->nr_pt_frames);
	first = max(first, end_of_mfn(info->store_mfn));
	if (!pv_is_initial_domain())
		first = max(first, end_of_mfn(info->console.domU.mfn));
	if (!(info->flags & SIF_MOD_START_PFN) && info->mod_len != 0)
		first = max(first, ramdisk_end());
	return first;
}

static uint64_t first_unmapped(uint64_t pfn)
{
	const uint64_t *pte;

	for (; pfn < pv_pfn_count(); pfn++) {
		pte = pv_pte_find(pfn << PV_PAGE_SHIFT);
		if (!pte || !(*pte & PTE_PRESENT))
			break;
	}
	return pfn;
}

static void unmap_guard(const void *va)
{
	pv_hypercall3(__HYPERVISOR_update_va_mapping, PV_ARG(va), 0,
		      UVMF_INVLPG | UVMF_LOCAL);
}

/* A stray write into code or constants faults where it happens. */
static void protect_code(void)
{
	char *page;

	for (page = _text; page < _text_end; page += PV_PAGE_SIZE) {
		if (pv_page_set_writable(page, false) != 0)
			pv_panic("code at %p cannot be protected", page);
	}
}

static void give_rest_to_allocator(void)
{
	uint64_t first = ramdisk_first();
	uint64_t end = ramdisk_end();
	uint64_t next = early.next;

	early.done = true;
	if (first < next || first >= pv_pfn_count()) {
		pv_pages_add(next, pv_pfn_count() - next);
		return;
	}
	pv_pages_add(next, first - next);
	pv_pages_add(end, pv_pfn_count() - end);
}

void pv_mm_init(void)
{
	early.next = first_unused();
	early.mapped = first_unmapped(early.next);
	map_all_memory();
	unmap_guard(NULL);
	unmap_guard(pv_stack_guard);
	protect_code();
	give_rest_to_allocator();
}
