/* SPDX-License-Identifier: MIT */
/*
 * T22: the reservation. Frames that cannot be given back (tables, pinned,
 * loaded roots, shared, of others, of nobody, twice in a list), orders and
 * counts of every size, other domains; and an M2P full of nonsense, which
 * nothing may rely on (MO-1..7, PG-3..6, PT-16; XSA-31, 158, 159, 214, 251,
 * 252, 287).
 */
#include "attack.h"

#include <public/memory.h>

static const unsigned int commands[] = { XENMEM_increase_reservation,
					 XENMEM_decrease_reservation,
					 XENMEM_populate_physmap };

static long pages_now(void)
{
	struct xen_memory_domain op = { .domid = DOMID_SELF };

	return pv_hypercall2(__HYPERVISOR_memory_op, XENMEM_current_reservation,
			     PV_ARG(&op));
}

/* What is had is a block of our own, empty, and can be given back. */
static unsigned int one_size(unsigned int command, unsigned int order,
			     unsigned int flags)
{
	uint64_t list[2] = { 1, 2 };

	if (reservation(command, DOMID_SELF, list, 1, order, flags) <= 0)
		return 0;
	return order > 9 || reservation(XENMEM_decrease_reservation, DOMID_SELF,
					list, 1, order, 0) != 1;
}

static void test_sizes(void)
{
	struct xen_memory_domain op = { .domid = DOMID_SELF };
	long before = pages_now();
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < COUNT(commands); i += 2) {
		for (unsigned int order = 1; order < 64; order++)
			wrong += one_size(commands[i], order, 0);
		for (unsigned int bit = 0; bit < 32; bit++)
			wrong += one_size(commands[i], 0, 1u << bit);
	}
	check("orders and flags", wrong == 0 && pages_now() == before, wrong);
	check("never more than the quota",
	      pv_hypercall2(__HYPERVISOR_memory_op, XENMEM_maximum_reservation,
			    PV_ARG(&op)) >= before,
	      before);
}

static void test_others(void)
{
	static const uint16_t ids[] = {
		0, 1, 99, 0x7ff1, 0x7ff2, 0x7ff4, 0x7fff
	};
	uint64_t list[1] = { 0x1000 };
	unsigned int wrong = 0;

	for (unsigned int k = 0; k < COUNT(ids); k++)
		for (unsigned int i = 0; i < COUNT(commands); i++)
			wrong += reservation(commands[i], ids[k], list, 1, 0,
					     0) > 0;
	check("other domains", wrong == 0, wrong);
}

/* Frames that are nobody's, the hypervisor's or shared with it. */
static void test_frames(void)
{
	uint64_t frames[] = { 0,
			      0x200, /* the hypervisor */
			      0xfee00,
			      1UL << 38,
			      1UL << 52,
			      ~0UL,
			      pv_start_info->shared_info >> PV_PAGE_SHIFT };
	long before = pages_now();
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < COUNT(frames); i++)
		for (unsigned int order = 0; order < 12; order += 3)
			wrong += reservation(XENMEM_decrease_reservation,
					     DOMID_SELF, &frames[i], 1, order,
					     0) > 0;
	check("frames that are not ours to give", wrong == 0, wrong);
	check("as many pages", pages_now() == before, pages_now());
}

/* Whether the frame is among those that are to be had now. */
static bool comes_back(uint64_t frame)
{
	uint64_t list[16];
	long n = 0;
	bool found = false;

	while (n < (long)COUNT(list) &&
	       reservation(XENMEM_increase_reservation, DOMID_SELF, &list[n], 1,
			   0, 0) == 1)
		found |= list[n++] == frame;
	if (n > 0)
		(void)reservation(XENMEM_decrease_reservation, DOMID_SELF, list,
				  (uint64_t)n, 0, 0);
	return found;
}

/* In use as a table it may be given up, and lives on as long as it is one. */
static void test_in_use(void)
{
	uint64_t *table = table_page(), frame = pv_va_to_mfn(table);
	uint64_t twice[2] = { frame, frame }, pfn = pv_va_to_pfn(table);
	unsigned int wrong = 0;
	long rc;

	wrong += pin(1, table) != 0;
	rc = reservation(XENMEM_decrease_reservation, DOMID_SELF, twice, 2, 0,
			 0);
	check("the same page twice", rc == 2, rc);
	wrong += table[0] != 0;
	wrong += store_va(table, frame << PV_PAGE_SHIFT | RW_PAGE) == 0;
	wrong += unpin(table) != 0;
	wrong += unpin(table) == 0;
	check("nobody has it while it is mapped", !comes_back(frame), 0);
	(void)store_va(table, 0);
	wrong += store_va(table, frame << PV_PAGE_SHIFT | RW_PAGE) == 0;
	check("a table that was given back", wrong == 0, wrong);
	rc = reservation(XENMEM_populate_physmap, DOMID_SELF, &pfn, 1, 0, 0);
	check("a page in its place", rc == 1, rc);
	((uint64_t *)pv_start_info->mfn_list)[pv_va_to_pfn(table)] = pfn;
	check("which is mapped and empty",
	      store_va(table, pfn << PV_PAGE_SHIFT | RW_PAGE) == 0 &&
		      *table == 0,
	      0);
	pv_page_free(table);
}

static void set_m2p(const void *page, uint64_t value)
{
	struct mmu_update op = { maddr_of(page) | MMU_MACHPHYS_UPDATE, value };

	(void)pv_hypercall4(__HYPERVISOR_mmu_update, PV_ARG(&op), 1, 0,
			    DOMID_SELF);
}

static void test_m2p(void)
{
	static const uint64_t patterns[] = { 0,         1,
					     ~0UL,      ~0UL >> 1,
					     1UL << 63, 0x5555555555555555 };
	uint64_t *table = table_page();
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < COUNT(patterns); i++) {
		set_m2p(table, patterns[i]);
		wrong += pin(1, table) != 0 || unpin(table) != 0;
		wrong += pin(3, table) != 0 || unpin(table) != 0;
		wrong += pv_page_set_writable(table, true) != 0 ||
			 pv_page_set_writable(table, false) != 0;
	}
	set_m2p(table, pv_va_to_pfn(table));
	check("nonsense in the M2P", wrong == 0, wrong);
	table_free(table);
}

void attack_T22(void)
{
	test_sizes();
	test_others();
	test_frames();
	test_in_use();
	test_m2p();
}
