/* SPDX-License-Identifier: MIT */
/*
 * T05: use after free by way of the TLB. (a) A page that is unmapped without a
 * flush, given back and had by others; also one of another's grant. (b) One
 * batch that empties an entry, changes the table above and updates the same
 * address again. (c) A page that is unmapped without a flush, offered in a
 * trade that fails, and made a table. (d) The root that a vCPU runs on is
 * unpinned and its pages given back (TL-1, TL-3, TL-5, TL-6, PT-10, PG-3;
 * XSA-217, 218, 286, 346, 438).
 */
#include "attack.h"

#include <public/errno.h>
#include <public/grant_table.h>
#include <public/memory.h>

#define ROUNDS 20

static uint64_t *window;
static volatile uint64_t foreign; /* values that were not ours */

static void reading(void)
{
	uint64_t value;

	for (unsigned int i = 0; i < 100; i++)
		if (pv_probe_read(window, &value) && value != 0 &&
		    value != 0x1111)
			foreign = value;
}

/* A frame more, which no linear address maps. */
static void test_given_back(void)
{
	uint64_t *entry = entry_at((uint64_t)window, 1);
	bool smp = cpu_start(1, reading);
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		void *room = pv_page_alloc();
		uint64_t own = pv_va_to_mfn(room), frame = 0, value;

		/* Room in the quota: our page goes, another comes. */
		(void)store_va(room, 0);
		wrong += reservation(XENMEM_decrease_reservation, DOMID_SELF,
				     &own, 1, 0, 0) != 1;
		frame = pv_va_to_pfn(room);
		wrong += reservation(XENMEM_populate_physmap, DOMID_SELF,
				     &frame, 1, 0, 0) != 1;
		wrong += store(entry, frame << PV_PAGE_SHIFT | RW_PAGE) != 0;
		wrong += !pv_probe_read(window, &value) || value != 0;
		*window = 0x1111;
		wrong += store(entry, 0) != 0; /* no flush */
		wrong += reservation(XENMEM_decrease_reservation, DOMID_SELF,
				     &frame, 1, 0, 0) != 1;
		if (pv_probe_read(window, &value) && value != 0 &&
		    value != 0x1111)
			foreign = value;
		frame = pv_va_to_pfn(room);
		wrong += reservation(XENMEM_populate_physmap, DOMID_SELF,
				     &frame, 1, 0, 0) != 1;
		((uint64_t *)pv_start_info->mfn_list)[pv_va_to_pfn(room)] =
			frame;
		wrong += store_va(room, frame << PV_PAGE_SHIFT | RW_PAGE) != 0;
		wrong += *(uint64_t *)room != 0;
		pv_page_free(room);
	}
	if (smp)
		cpu_stop(1);
	check("reuse of what was given back", wrong == 0, wrong);
	check("nothing of others is seen", foreign == 0, (long)foreign);
}

/* Two L1 tables, one after the other below the same entry. */
static void test_batch(void)
{
	uint64_t va = (uint64_t)pv_map_reserve(1), value = 0;
	uint64_t *l2_entry = entry_at(va, 2), *old = entry_at(va, 1);
	uint64_t before = *l2_entry, *second = table_page();
	unsigned int slot = va >> PV_PAGE_SHIFT & 511;
	uint64_t *page = pv_page_alloc();
	struct mmu_update batch[] = {
		{ pv_pte_maddr(old), maddr_of(page) | RW_PAGE },
		{ pv_pte_maddr(old), 0 },
		{ pv_pte_maddr(l2_entry), maddr_of(second) | TABLE },
	};
	long rc = pv_hypercall4(__HYPERVISOR_mmu_update, PV_ARG(batch),
				COUNT(batch), 0, DOMID_SELF);

	check("batch", rc == 0, rc);
	rc = store_va((void *)va, maddr_of(page) | RW_PAGE);
	*page = 77;
	check("the new table is changed",
	      rc == 0 && (second[slot] & PTE_P) && !(*old & PTE_P), rc);
	check("and used", pv_probe_read((uint64_t *)va, &value) && value == 77,
	      (long)value);
	check("the table before again",
	      store(l2_entry, before) == 0 &&
		      !pv_probe_read((uint64_t *)va, &value),
	      0);
	(void)store(second + slot, 0);
	table_free(second);
	pv_page_free(page);
	pv_map_release((void *)va, 1);
}

/* The frame comes back from the trade, and with it what TLBs know of it. */
static void test_failed_trade(void)
{
	uint64_t *entry = entry_at((uint64_t)window, 1), value;
	void *room = pv_page_alloc();
	uint64_t frame = pv_va_to_mfn(room), out = 0;
	struct xen_memory_exchange op = {
		.in = { .nr_extents = 1, .domid = DOMID_SELF },
		/* There is no frame below address 4096. */
		.out = { .nr_extents = 1,
			 .mem_flags = XENMEMF_address_bits(PV_PAGE_SHIFT),
			 .domid = DOMID_SELF },
	};
	unsigned int wrong = 0;
	long rc;

	memset(room, 0, PV_PAGE_SIZE);
	wrong += store_va(room, 0) != 0;
	wrong += store(entry, frame << PV_PAGE_SHIFT | RW_PAGE) != 0;
	*window = 0;
	wrong += store(entry, 0) != 0; /* no flush */
	/* Reading keeps in the TLB what may still be there. */
	(void)pv_probe_read(window, &value);
	set_xen_guest_handle(op.in.extent_start, &frame);
	set_xen_guest_handle(op.out.extent_start, &out);
	rc = pv_hypercall2(__HYPERVISOR_memory_op, XENMEM_exchange,
			   PV_ARG(&op));
	check("a trade for nothing", rc == -XEN_ENOMEM, rc);
	(void)pv_probe_read(window, &value);
	wrong += mmuext(MMUEXT_PIN_L1_TABLE, frame, 0) != 0;
	check("a table after a failed trade", wrong == 0, wrong);
	check("what was cached of it is gone", !pv_probe_read(window, &value),
	      0);
	wrong = mmuext(MMUEXT_UNPIN_TABLE, frame, 0) != 0;
	wrong += store_va(room, frame << PV_PAGE_SHIFT | RW_PAGE) != 0;
	check("and a page again", wrong == 0, wrong);
	pv_page_free(room);
}

/* A copy of our root, run on, unpinned and then given up by a switch. */
static void test_root(void)
{
	uint64_t *root = pv_page_alloc();
	uint64_t own = pv_va_to_mfn((void *)pv_start_info->pt_base);
	uint64_t mfn = pv_va_to_mfn(root);
	unsigned int wrong = 0;

	memcpy(root, (void *)pv_start_info->pt_base, PV_PAGE_SIZE);
	(void)pv_page_set_writable(root, false);
	wrong += pin(4, root) != 0;
	wrong += mmuext(MMUEXT_NEW_BASEPTR, mfn, 0) != 0;
	wrong += unpin(root) != 0;
	wrong += pv_page_set_writable(root, true) == 0;
	wrong += pin(1, root) == 0;
	wrong += mmuext(MMUEXT_NEW_BASEPTR, own, 0) != 0;
	check("the loaded root stays one", wrong == 0, wrong);
	table_free(root);
}

void attack_T05(void)
{
	window = pv_map_reserve(1);
	test_given_back();
	test_batch();
	test_failed_trade();
	test_root();
	pv_map_release(window, 1);
}
