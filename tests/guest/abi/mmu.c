/* SPDX-License-Identifier: MIT */
/*
 * Page-table entries: update_va_mapping and mmu_update.
 */
#include "abi.h"

static void *window; /* an address with tables below it, nothing mapped */

static long update_va(const void *va, uint64_t value, uint64_t flags)
{
	return pv_hypercall3(__HYPERVISOR_update_va_mapping, PV_ARG(va), value,
			     flags);
}

static long mmu_update(struct mmu_update *list, unsigned int count,
		       unsigned int *done, uint64_t foreign)
{
	return pv_hypercall4(__HYPERVISOR_mmu_update, PV_ARG(list), count,
			     PV_ARG(done), foreign);
}

/* What to flush, and where. */
void property_update_va_flags(void)
{
	void *page = pv_page_alloc();
	uint64_t value = maddr_of(page) | RW_PAGE;
	uint64_t cpus[2] = { 1, 0 };

	window = pv_map_reserve(1);
	for (uint64_t flags = 0; flags < 8; flags++) {
		pv_printf("flags %lu ", flags);
		show("map", update_va(window, value, flags));
	}
	show("of vCPU 0",
	     update_va(window, value, UVMF_TLB_FLUSH | PV_ARG(cpus)));
	show("page of vCPU 0",
	     update_va(window, value, UVMF_INVLPG | PV_ARG(cpus)));
	cpus[0] = ~0UL;
	show("of all", update_va(window, value, UVMF_INVLPG | PV_ARG(cpus)));
	show("mask nowhere",
	     update_va(window, value, UVMF_INVLPG | PV_ARG(NOWHERE)));
	show("mask and no flush", update_va(window, value, PV_ARG(NOWHERE)));
	(void)store_va(window, 0);
	pv_map_release(window, 1);
	pv_page_free(page);
}

void property_update_va_errors(void)
{
	uint64_t *page = pv_page_alloc(), *table = table_page();
	uint64_t value = maddr_of(page) | RW_PAGE;

	window = pv_map_reserve(1);
	show("no tables", update_va(NOWHERE, value, UVMF_INVLPG));
	show("no tables, nothing", update_va(NOWHERE, 0, UVMF_INVLPG));
	show("no address", update_va((void *)HOLE, value, UVMF_INVLPG));
	show("hypervisor's", update_va((void *)0xffff830000000000, value, 0));
	show("M2P", update_va((void *)HYPERVISOR_START, value, 0));
	show("unaligned", update_va((char *)window + 8, value, UVMF_INVLPG));
	*(volatile uint64_t *)window = 5;
	show("mapped", (long)page[0]);
	show("no frame", update_va(window, 1UL << 50 | RW_PAGE, 0));
	show("frame of others", update_va(window, 0x100000 | RW_PAGE, 0));
	(void)pin(1, table);
	show("table writable", update_va(window, maddr_of(table) | RW_PAGE, 0));
	show("table", update_va(window, maddr_of(table) | RO_PAGE, 0));
	show("nothing", update_va(window, 0, UVMF_INVLPG));
	(void)unpin(table);
	table_free(table);
	pv_map_release(window, 1);
	pv_page_free(page);
}

/* Stops at the first error, and tells how far it came. */
void property_mmu_update_list(void)
{
	void *page = pv_page_alloc();
	const uint64_t *entry;
	struct mmu_update list[3];
	unsigned int done = 99;

	window = pv_map_reserve(1);
	entry = entry_at((uint64_t)window, 1);
	for (unsigned int i = 0; i < 3; i++)
		list[i] = (struct mmu_update){ pv_pte_maddr(entry),
					       maddr_of(page) | RW_PAGE };
	show("three", mmu_update(list, 3, &done, DOMID_SELF));
	show("done", done);
	list[1].val = 1UL << 50 | RW_PAGE;
	show("second is bad", mmu_update(list, 3, &done, DOMID_SELF));
	show("done", done);
	show("none", mmu_update(list, 0, &done, DOMID_SELF));
	show("done", done);
	show("no count wanted", mmu_update(list, 1, NULL, DOMID_SELF));
	show("count to nowhere", mmu_update(list, 1, NOWHERE, DOMID_SELF));
	show("list nowhere", mmu_update(NOWHERE, 1, &done, DOMID_SELF));
	show("done", done);
	show("list nowhere, none", mmu_update(NOWHERE, 0, &done, DOMID_SELF));
	list[0].ptr |= 3;
	show("not translated", mmu_update(list, 1, &done, DOMID_SELF));
	list[0].ptr += 4 - 3;
	show("unaligned", mmu_update(list, 1, &done, DOMID_SELF));
	list[0].ptr = 1UL << 50;
	show("no frame", mmu_update(list, 1, &done, DOMID_SELF));
	list[0].ptr = 0x100000;
	show("frame of others", mmu_update(list, 1, &done, DOMID_SELF));
	(void)store_va(window, 0);
	pv_map_release(window, 1);
	pv_page_free(page);
}

void property_mmu_update_domains(void)
{
	static const uint32_t ids[] = {
		DOMID_SELF,    0,
		700,           DOMID_IO,
		DOMID_XEN,     DOMID_IDLE,
		DOMID_INVALID, 0x8000,
		1U << 16,      701U << 16 | DOMID_SELF,
	};
	void *page = pv_page_alloc();
	struct mmu_update list[1];
	unsigned int done;

	window = pv_map_reserve(1);
	for (unsigned int i = 0; i < COUNT(ids); i++) {
		list[0] = (struct mmu_update){ pv_pte_maddr(entry_at(
						       (uint64_t)window, 1)),
					       maddr_of(page) | RW_PAGE };
		done = 9;
		pv_printf("domain %x ", ids[i]);
		show("map", mmu_update(list, 1, &done, ids[i]));
		show("done", done);
	}
	(void)store_va(window, 0);
	pv_map_release(window, 1);
	pv_page_free(page);
}

/* The number that the M2P has for a frame of ours is ours to say. */
void property_machphys_update(void)
{
	uint64_t *page = pv_page_alloc(), mfn = pv_va_to_mfn(page), value = 0;
	const uint64_t *m2p = (const uint64_t *)HYPERVISOR_START + mfn;
	struct mmu_update op = { mfn << 12 | MMU_MACHPHYS_UPDATE, 123456 };

	show("set", mmu_update(&op, 1, NULL, DOMID_SELF));
	show("read", pv_probe_read(m2p, &value));
	show_hex("value", value);
	op.val = ~0UL >> 1;
	show("set to anything", mmu_update(&op, 1, NULL, DOMID_SELF));
	(void)pv_probe_read(m2p, &value);
	show_hex("value", value);
	op.ptr += 8;
	show("within the page", mmu_update(&op, 1, NULL, DOMID_SELF));
	op.ptr = 0x100000 | MMU_MACHPHYS_UPDATE;
	show("others'", mmu_update(&op, 1, NULL, DOMID_SELF));
	op.ptr = 1UL << 50 | MMU_MACHPHYS_UPDATE;
	show("no frame", mmu_update(&op, 1, NULL, DOMID_SELF));
	op = (struct mmu_update){ mfn << 12 | MMU_MACHPHYS_UPDATE,
				  pv_va_to_pfn(page) };
	show("back", mmu_update(&op, 1, NULL, DOMID_SELF));
	pv_page_free(page);
}

/* Accessed and dirty, as the processor has set them, stay if wanted. */
void property_preserve_ad(void)
{
	void *page = pv_page_alloc();
	uint64_t value = maddr_of(page) | 7, *entry, word;

	window = pv_map_reserve(1);
	entry = entry_at((uint64_t)window, 1);
	(void)store_va(window, value);
	show_hex("fresh", *entry & 0x60);
	(void)pv_probe_read(window, &word);
	show_hex("read", *entry & 0x60);
	*(volatile uint64_t *)window = 1;
	show_hex("written", *entry & 0x60);
	show("preserve", store_with(MMU_PT_UPDATE_PRESERVE_AD, entry, value));
	show_hex("kept", *entry & 0x60);
	show("overwrite", store(entry, value));
	show_hex("gone", *entry & 0x60);
	show("by address", store_va(window, value));
	show_hex("gone", *entry & 0x60);
	(void)store_va(window, 0);
	pv_map_release(window, 1);
	pv_page_free(page);
}

/* A frame that is no table takes the value as it is. */
void property_mmu_update_memory(void)
{
	uint64_t *page = pv_page_alloc(), *readonly = table_page();
	struct mmu_update op = { maddr_of(page) + 16, 0x123456789abcdef };

	show("store", mmu_update(&op, 1, NULL, DOMID_SELF));
	show_hex("value", page[2]);
	op.ptr = maddr_of(readonly) + 16;
	show("nowhere writable", mmu_update(&op, 1, NULL, DOMID_SELF));
	show_hex("value", readonly[2]);
	op.ptr = pv_start_info->shared_info + 0x800;
	show("shared_info", mmu_update(&op, 1, NULL, DOMID_SELF));
	pv_shared_info->evtchn_pending[0] = 0;
	table_free(readonly);
	pv_page_free(page);
}

/* Each bit of an entry flipped: those that may be. */
static uint64_t flips(uint64_t *entry)
{
	uint64_t before = *entry, good = 0, kept = 0;

	for (unsigned int bit = 0; bit < 64; bit++) {
		if (store(entry, before ^ 1UL << bit) == 0) {
			good |= 1UL << bit;
			if (*entry == (before ^ 1UL << bit))
				kept |= 1UL << bit;
		}
		(void)store(entry, before);
	}
	show_hex("kept as given", kept & ~PTE_ADDR);
	return good;
}

void property_entry_bits(void)
{
	uint64_t *page = pv_page_alloc(), *tables[5];

	window = pv_map_reserve(1);
	(void)store_va(window, maddr_of(page) | RW_PAGE);
	/* Frame bits lead to frames of others or to none, as it happens. */
	show_hex("level 1", flips(entry_at((uint64_t)window, 1)) & ~PTE_ADDR);
	(void)store_va(window, 0);
	for (unsigned int level = 1; level <= 4; level++)
		tables[level] = table_page();
	(void)pin(4, tables[4]);
	for (unsigned int level = 4; level >= 2; level--) {
		(void)store(tables[level], maddr_of(tables[level - 1]) | TABLE);
		pv_printf("level %u ", level);
		show_hex("table", flips(tables[level]) & ~PTE_ADDR);
		(void)store(tables[level], maddr_of(tables[level - 1]) | TABLE);
	}
	show("unpin", unpin(tables[4]));
	for (unsigned int level = 1; level <= 4; level++)
		table_free(tables[level]);
	pv_map_release(window, 1);
	pv_page_free(page);
}

/* What is not present can hold anything. */
void property_absent_entries(void)
{
	static const uint64_t values[] = { 0x1000, 0x80, ~PTE_P,
					   0x3fffffff000 };
	uint64_t *entry, *tables[5];

	window = pv_map_reserve(1);
	entry = entry_at((uint64_t)window, 1);
	for (unsigned int level = 2; level <= 4; level++)
		tables[level] = table_page();
	(void)pin(4, tables[4]);
	(void)store(tables[4], maddr_of(tables[3]) | TABLE);
	(void)store(tables[3], maddr_of(tables[2]) | TABLE);
	for (unsigned int i = 0; i < COUNT(values); i++) {
		show("level 1", store(entry, values[i]));
		show("same", *entry == values[i]);
		for (unsigned int level = 2; level <= 4; level++) {
			show("table", store(tables[level] + 1, values[i]));
			show("same", tables[level][1] == values[i]);
		}
	}
	(void)store(entry, 0);
	(void)unpin(tables[4]);
	for (unsigned int level = 2; level <= 4; level++)
		table_free(tables[level]);
	pv_map_release(window, 1);
}

/* Tables within tables: which levels may be named where. */
void property_table_levels(void)
{
	uint64_t *tables[5], *page = pv_page_alloc();

	for (unsigned int level = 1; level <= 4; level++)
		tables[level] = table_page();
	for (unsigned int level = 1; level <= 4; level++)
		(void)pin(level, tables[level]);
	for (unsigned int at = 1; at <= 4; at++)
		for (unsigned int of = 1; of <= 4; of++) {
			pv_printf("level %u names level %u: ", at, of);
			show("writable",
			     store(tables[at] + 1, maddr_of(tables[of]) | 7));
			(void)store(tables[at] + 1, 0);
			show("read-only",
			     store(tables[at] + 1, maddr_of(tables[of]) | 5));
			(void)store(tables[at] + 1, 0);
		}
	for (unsigned int at = 2; at <= 4; at++) {
		pv_printf("level %u names writable memory ", at);
		show("is", store(tables[at] + 1, maddr_of(page) | 7));
	}
	for (unsigned int level = 4; level >= 1; level--) {
		show("unpin", unpin(tables[level]));
		table_free(tables[level]);
	}
	pv_page_free(page);
}

/* The hypervisor's part of each root is there and not ours. */
void property_hypervisor_slots(void)
{
	uint64_t *root = table_page();

	show("pin", pin(4, root));
	for (unsigned int slot = 255; slot <= 272; slot++) {
		if (slot > 257 && slot < 270)
			continue;
		pv_printf("slot %u ", slot);
		show("to 0", store(root + slot, 0));
	}
	show("unpin", unpin(root));
	table_free(root);
}
