/* SPDX-License-Identifier: MIT */
/*
 * T17: descriptor tables. What a GDT or LDT page holds decides what selectors
 * do: pages that are writable, with gates or system descriptors, or page
 * tables are refused; a registered page stays read-only; user mode gets no
 * privilege by any descriptor (BF-18, PG-6; XSA-214, 298).
 */
#include "attack.h"

/* Present, and no code or data for ring 3: gates, TSS, LDT, of each DPL. */
static unsigned int system_descriptors(uint64_t *page)
{
	unsigned int accepted = 0;
	uint64_t mfn = pv_va_to_mfn(page);

	for (uint64_t access = 0x80; access <= 0xff; access++) {
		if (access & 0x10)
			continue;
		(void)store(page + 3, access << 40 | 0xffff);
		accepted += pv_hypercall2(__HYPERVISOR_set_gdt, PV_ARG(&mfn),
					  8) == 0;
		accepted += pv_hypercall2(__HYPERVISOR_update_descriptor,
					  maddr_of(page) + 16,
					  access << 40 | 0xffff) == 0;
	}
	(void)store(page + 3, 0);
	return accepted;
}

/* Code and data of any kind, conforming or not: ring 3 when it is in. */
static unsigned int segments(uint64_t *page)
{
	uint64_t mfn = pv_va_to_mfn(page);
	unsigned int wrong = 0;

	for (uint64_t access = 0x90; access <= 0xff; access++) {
		if (!(access & 0x10))
			continue;
		(void)store(page + 3, 0xcf00000000ffffUL | access << 40);
		wrong += pv_hypercall2(__HYPERVISOR_set_gdt, PV_ARG(&mfn), 8) !=
			 0;
		wrong += (page[3] >> 45 & 3) != 3;
		wrong += pv_page_set_writable(page, true) == 0;
		wrong += store(page + 3, 0) == 0;
		wrong += pin(1, page) == 0;
		wrong += pv_hypercall2(__HYPERVISOR_set_gdt, 0, 0) != 0;
	}
	return wrong;
}

static uint32_t selector;

static void load_all(void)
{
	__asm__ volatile("mov %0, %%es; mov %0, %%fs; mov %0, %%ds\n\t"
			 "mov %1, %%es; mov %1, %%fs; mov %1, %%ds"
			 :
			 : "r"(selector), "r"(0));
}

static void far_return(void)
{
	__asm__ volatile("pushq %0\n\tleaq 1f(%%rip), %%rax\n\tpushq %%rax\n\t"
			 "lretq\n1:\tud2"
			 :
			 : "r"((uint64_t)selector)
			 : "rax", "memory");
}

static void test_selectors(void)
{
	unsigned int wrong = 0, vector;

	for (unsigned int s = 0xe000; s < 0xf100; s += 8) {
		selector = s;
		vector = user_fault_of(far_return);
		wrong += vector == NO_FAULT ||
			 (vector == 6 && s != (FLAT_USER_CS64 & ~7u));
		selector = s | 3;
		(void)fault_of(load_all);
	}
	check("no selector gives privilege", wrong == 0, wrong);
}

static void test_ldt(uint64_t *page)
{
	unsigned int wrong = 0;

	wrong += mmuext(MMUEXT_SET_LDT, (uint64_t)page, 8193) == 0;
	wrong += mmuext(MMUEXT_SET_LDT, (uint64_t)page + 8, 8) == 0;
	wrong += mmuext(MMUEXT_SET_LDT, HOLE - PV_PAGE_SIZE, 1024) == 0;
	wrong += mmuext(MMUEXT_SET_LDT, HYPERVISOR_START, 8) == 0;
	selector = 7;
	wrong += fault_of(load_all) != 13;
	wrong += mmuext(MMUEXT_SET_LDT, (uint64_t)page, 1) != 0;
	selector = 0xf;
	wrong += fault_of(load_all) != 13;
	(void)mmuext(MMUEXT_SET_LDT, 0, 0);
	check("LDTs", wrong == 0, wrong);
}

void attack_T17(void)
{
	uint64_t *page = pv_page_alloc(), mfn = pv_va_to_mfn(page);
	unsigned int wrong;

	check("a writable GDT",
	      pv_hypercall2(__HYPERVISOR_set_gdt, PV_ARG(&mfn), 8) != 0, 0);
	(void)pv_page_set_writable(page, false);
	(void)pin(1, page);
	check("a page table as GDT",
	      pv_hypercall2(__HYPERVISOR_set_gdt, PV_ARG(&mfn), 8) != 0, 0);
	(void)unpin(page);
	wrong = system_descriptors(page);
	check("no gate and no system segment", wrong == 0, wrong);
	wrong = segments(page);
	check("segments lose their privilege", wrong == 0, wrong);
	test_selectors();
	test_ldt(page);
	table_free(page);
}
