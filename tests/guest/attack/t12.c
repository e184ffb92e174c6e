/* SPDX-License-Identifier: MIT */
/*
 * T12: batches that pull the ground away from under themselves, and calls that
 * are interrupted. iret in the middle of a multicall, a multicall in one, an
 * entry that makes the list itself read-only or a table, a switch of the root,
 * results to read-only memory; and with an event pending each long call ends
 * with what it says otherwise (HC-2, HC-3, HC-4; XSA-213, 226, 296, 318).
 */
#include "attack.h"

#include <public/memory.h>
#include <public/vcpu.h>
#include <public/version.h>

static struct multicall_entry *list; /* a page of its own */

static struct multicall_entry entry(unsigned long op, uint64_t a, uint64_t b,
				    uint64_t c, uint64_t d)
{
	return (struct multicall_entry){ .op = op, .args = { a, b, c, d } };
}

static long run(unsigned int count)
{
	return pv_hypercall2(__HYPERVISOR_multicall, PV_ARG(list), count);
}

static struct multicall_entry version(void)
{
	struct multicall_entry e =
		entry(__HYPERVISOR_xen_version, XENVER_version, 0, 0, 0);

	e.result = 0x5555;
	return e;
}

static void iret_in_batch(void)
{
	static struct iret_context target;

	target = (struct iret_context){ .cs = KERNEL_CS, .ss = KERNEL_SS };
	__asm__ volatile("mov %%rsp, %1\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "mov %%rax, %2\n\t"
			 "lea %0, %%rsp\n\t"
			 "mov %3, %%rdi\n\t"
			 "mov $3, %%esi\n\t"
			 "mov %4, %%eax\n\t"
			 "syscall\n\t"
			 "1:"
			 : "+m"(target), "+m"(target.rsp), "+m"(target.rip)
			 : "r"(list), "i"(__HYPERVISOR_multicall)
			 : "rax", "rcx", "rdi", "rsi", "r11", "memory");
}

static void test_iret(void)
{
	list[0] = version();
	list[1] = entry(__HYPERVISOR_iret, 0, 0, 0, 0);
	list[2] = version();
	check("iret in a batch", fault_of(iret_in_batch) == NO_FAULT,
	      fault.vector);
	check("what follows an iret does not run",
	      list[0].result == 0x40011 && list[2].result == 0x5555,
	      (long)list[2].result);
}

static void test_nested(void)
{
	list[0] = entry(__HYPERVISOR_multicall, PV_ARG(list + 4), 1, 0, 0);
	list[1] = version();
	list[4] = version();
	check("multicall in a multicall",
	      run(2) == 0 && (long)list[0].result == EINVAL &&
		      list[1].result == 0x40011 && list[4].result == 0x5555,
	      (long)list[0].result);
	list[0] = entry(63, 0, 0, 0, 0);
	list[1] = entry(~0UL, 0, 0, 0, 0);
	check("no such call in a batch",
	      run(2) == 0 && (long)list[0].result == ENOSYS &&
		      (long)list[1].result == ENOSYS,
	      (long)list[1].result);
}

/* The list's own page loses its writable mapping, then becomes a table. */
static void test_own_page(void)
{
	struct mmuext_op op = { .cmd = MMUEXT_PIN_L1_TABLE };
	uint64_t before;
	long rc;

	memset(list, 0, PV_PAGE_SIZE);
	op.arg1.mfn = pv_va_to_mfn(list);
	list[0] = entry(__HYPERVISOR_update_va_mapping, PV_ARG(list),
			maddr_of(list) | RO_PAGE, UVMF_INVLPG | UVMF_LOCAL, 0);
	list[1] = entry(__HYPERVISOR_mmuext_op, PV_ARG(&op), 1, 0, DOMID_SELF);
	list[1].result = before = 0;
	rc = run(2);
	check("results into what is read-only by then", rc == EFAULT, rc);
	check("no result in a table", list[1].result == before,
	      (long)list[1].result);
	(void)unpin(list);
	check("writable again", pv_page_set_writable(list, true) == 0, 0);
	list[0] = entry(__HYPERVISOR_update_va_mapping, PV_ARG(list), 0,
			UVMF_INVLPG | UVMF_LOCAL, 0);
	rc = run(1);
	check("results into what is gone", rc == EFAULT, rc);
	check("mapped again", pv_page_set_writable(list, true) == 0, 0);
}

static void test_counts(void)
{
	uint64_t far = PV_ARG(pv_map_reserve(1));

	list[0] = version();
	check("a list that ends in nothing",
	      pv_hypercall2(__HYPERVISOR_multicall, far, 0xffffffff) == EFAULT,
	      0);
	check("an empty list", run(0) == 0, 0);
	pv_map_release((void *)far, 1);
}

/* A whole new root is promoted, on the way and in a batch. */
static long initialise(uint64_t root, bool interrupted)
{
	static struct vcpu_guest_context c;

	cpu_context(&c, 1, NULL);
	c.user_regs.rip = 0x1000;
	c.ctrlreg[3] = xen_pfn_to_cr3(root);
	c.ldt_ents = 9000; /* too many: never accepted */
	if (interrupted)
		c.ldt_ents = 0, c.fs_base = HOLE;
	return pv_hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_initialise, 1,
			     PV_ARG(&c));
}

static void test_interrupted(void)
{
	struct xen_memory_reservation r = { .domid = DOMID_SELF };
	uint64_t *table = table_page(), frames[8], pfns[8];
	unsigned int wrong = 0;
	void *pages[8];
	long rc;

	for (unsigned int i = 0; i < 8; i++) {
		pages[i] = pv_page_alloc();
		pfns[i] = pv_va_to_pfn(pages[i]);
		frames[i] = pv_va_to_mfn(pages[i]);
		(void)store_va(pages[i], 0);
	}
	r.nr_extents = 8;
	set_xen_guest_handle(r.extent_start, frames);
	pend();
	rc = pv_hypercall2(__HYPERVISOR_memory_op, XENMEM_decrease_reservation,
			   PV_ARG(&r));
	check("interrupted decrease", rc == 8, rc);
	set_xen_guest_handle(r.extent_start, pfns);
	pend();
	rc = pv_hypercall2(__HYPERVISOR_memory_op, XENMEM_populate_physmap,
			   PV_ARG(&r));
	check("interrupted populate", rc == 8, rc);
	for (unsigned int i = 0; i < 8; i++) {
		uint64_t pfn = pv_va_to_pfn(pages[i]);

		((uint64_t *)pv_start_info->mfn_list)[pfn] = pfns[i];
		wrong += store_va(pages[i],
				  pfns[i] << PV_PAGE_SHIFT | RW_PAGE) != 0;
		pv_page_free(pages[i]);
	}
	check("eight pages came and went", wrong == 0, wrong);
	pend();
	check("interrupted pin", pin(4, table) == 0, 0);
	pend();
	check("interrupted unpin", unpin(table) == 0, 0);
	rc = initialise(pv_va_to_mfn(table), true);
	check("a base in the hole",
	      rc == EINVAL || rc == EEXIST || rc == ENOENT, rc);
	rc = initialise(pv_va_to_mfn(table), false);
	check("too long an LDT", rc == EINVAL || rc == EEXIST || rc == ENOENT,
	      rc);
	table_free(table);
}

void attack_T12(void)
{
	list = pv_page_alloc();
	test_iret();
	test_nested();
	test_own_page();
	test_counts();
	test_interrupted();
	pv_page_free(list);
}
