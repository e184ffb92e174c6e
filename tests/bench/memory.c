/* SPDX-License-Identifier: MIT */
/* Page tables: single entries, batches, whole tables, flushes. */
#include "bench.h"

#include <public/xen.h>
#include <pvguest/hypercall.h>
#include <pvguest/mm.h>
#include <pvguest/start.h>

#define ENTRIES  512
#define BATCH    32
#define READONLY 0x65UL /* present, user, accessed, dirty */
#define WRITABLE 0x67UL

static char *page;               /* whose mapping changes */
static volatile uint64_t *entry; /* its level-1 entry, read-only to us */
static uint64_t entry_address;   /* machine address of that */
static uint64_t read_only, writable;
static struct mmu_update updates[BATCH];
static bool flip;

static uint64_t *table_of(uint64_t pte)
{
	return pv_pfn_to_va(pv_mfn_to_pfn(pte << 12 >> 24));
}

static volatile uint64_t *level1_entry(const void *va)
{
	uint64_t *table = (uint64_t *)pv_start_info->pt_base;
	int shift;

	for (shift = 39; shift > 12; shift -= 9)
		table = table_of(table[(uint64_t)va >> shift & 511]);
	return &table[(uint64_t)va >> 12 & 511];
}

static uint64_t next_value(void)
{
	flip = !flip;
	return flip ? read_only : writable;
}

static void map(uint64_t value, uint64_t flags)
{
	pv_hypercall3(__HYPERVISOR_update_va_mapping, PV_ARG(page), value,
		      flags);
}

static void map_other(void)
{
	map(next_value(), UVMF_NONE);
}

static void map_same(void)
{
	map(writable, UVMF_INVLPG | UVMF_LOCAL);
}

static void update(unsigned int count)
{
	pv_hypercall4(__HYPERVISOR_mmu_update, PV_ARG(updates), count, 0,
		      DOMID_SELF);
}

static void update_one(void)
{
	update(1);
}

static void update_batch(void)
{
	update(BATCH);
}

static void fill_updates(void)
{
	unsigned int i;

	for (i = 0; i < BATCH; i++) {
		updates[i].ptr = entry_address | MMU_NORMAL_PT_UPDATE;
		updates[i].val = next_value();
	}
}

static void store(void)
{
	*entry = flip ? read_only : writable;
}

static void next_store(void)
{
	flip = !flip;
}

static void extended(unsigned int command, uint64_t argument)
{
	struct mmuext_op op = { .cmd = command };

	op.arg1.linear_addr = argument;
	pv_hypercall4(__HYPERVISOR_mmuext_op, PV_ARG(&op), 1, 0, DOMID_SELF);
}

static void flush(void)
{
	extended(MMUEXT_TLB_FLUSH_LOCAL, 0);
}

static void invalidate(void)
{
	extended(MMUEXT_INVLPG_LOCAL, PV_ARG(page));
}

static void same_base(void)
{
	extended(MMUEXT_NEW_BASEPTR,
		 pv_va_to_mfn((void *)pv_start_info->pt_base));
}

static uint64_t table_mfn;

static void pin(void)
{
	extended(MMUEXT_PIN_L1_TABLE, table_mfn);
}

static void unpin(void)
{
	extended(MMUEXT_UNPIN_TABLE, table_mfn);
}

/* A level-1 table with the first `present` entries mapping pages of ours. */
static void bench_pin(const char *pin_name, const char *unpin_name,
		      unsigned int present)
{
	uint64_t *table = pv_page_alloc();
	unsigned int i;

	for (i = 0; i < present; i++)
		table[i] = pv_pfn_to_mfn(pv_pages_free() / 2 + 512 + i)
				   << PV_PAGE_SHIFT |
			   READONLY;
	table_mfn = pv_va_to_mfn(table);
	bench_must(pv_page_set_writable(table, false), "protect a table");
	pin();
	unpin();
	bench_report(pin_name, bench_run(pin, unpin), 1);
	pin();
	bench_report(unpin_name, bench_run(unpin, pin), 1);
	bench_must(pv_page_set_writable(table, true), "free a table");
	pv_page_free(table);
}

void bench_memory(void)
{
	page = pv_page_alloc();
	entry = level1_entry(page);
	entry_address = pv_va_to_mfn((void *)((uint64_t)entry & ~4095UL))
				<< PV_PAGE_SHIFT |
			((uint64_t)entry & 4095);
	read_only = pv_va_to_mfn(page) << PV_PAGE_SHIFT | READONLY;
	writable = pv_va_to_mfn(page) << PV_PAGE_SHIFT | WRITABLE;
	bench_path("mm_uvm", map_other);
	map(writable, UVMF_INVLPG | UVMF_LOCAL);
	bench_path("mm_uvm_same_invlpg", map_same);
	bench_report("mm_update1", bench_run(update_one, fill_updates), 1);
	bench_report("mm_batch32", bench_run(update_batch, fill_updates),
		     BATCH);
	pv_hypercall2(__HYPERVISOR_vm_assist, VMASST_CMD_enable,
		      VMASST_TYPE_writable_pagetables);
	bench_report("mm_ptwr", bench_run(store, next_store), 1);
	map(writable, UVMF_INVLPG | UVMF_LOCAL);
	bench_pin("mm_pin512", "mm_unpin512", ENTRIES);
	bench_pin("mm_pin0", "mm_unpin0", 0);
	bench_path("mm_flush", flush);
	bench_path("mm_invlpg", invalidate);
	bench_path("mm_baseptr", same_base);
}
