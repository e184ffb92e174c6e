/* SPDX-License-Identifier: MIT */
/*
 * XENMEM_exchange that fails: the frame comes back as it was, and what TLBs
 * may still know of it counts when it becomes a table (TL-1).
 */
#include <stdio.h>

#include "machine.h"
#include "mm/pagetype.h"
#include "public/errno.h"
#include "public/memory.h"

static struct domain *d;

static uint64_t new_page(void)
{
	struct frame *f = domain_alloc_frame(d);

	CHECK(f);
	tlb_new_life(f);
	return frame_to_mfn(f).n;
}

static long update(uint64_t table, unsigned int slot, uint64_t entry)
{
	struct mmu_update u = { table << PAGE_SHIFT | slot * 8, entry };

	return machine_hypercall(__HYPERVISOR_mmu_update, (uint64_t)&u, 1, 0,
				 DOMID_SELF);
}

static long extended(unsigned int cmd, uint64_t mfn)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn };

	return machine_hypercall(__HYPERVISOR_mmuext_op, (uint64_t)&op, 1, 0,
				 DOMID_SELF);
}

/* Tables that map page at address 0; the L1. */
static uint64_t address_space(uint64_t page, uint64_t *root)
{
	uint64_t below = page, table = 0, l1 = 0;

	for (unsigned int level = 1; level <= 4; level++) {
		table = new_page();
		CHECK(!update(table, 0,
			      below << PAGE_SHIFT | PTE_PRESENT | PTE_WRITE));
		l1 = level == 1 ? table : l1;
		below = table;
	}
	*root = table;
	return l1;
}

static long failing_trade(uint64_t page)
{
	xen_pfn_t in = page, out = 0;
	struct xen_memory_exchange x = {
		.in = { { &in }, 1, 0, 0, DOMID_SELF },
		/* There is no frame below address 4096. */
		.out = { { &out },
			 1,
			 0,
			 XENMEMF_address_bits(PAGE_SHIFT),
			 DOMID_SELF },
	};

	return machine_hypercall(__HYPERVISOR_memory_op, XENMEM_exchange,
				 (uint64_t)&x, 0, 0);
}

int main(void)
{
	uint64_t page, root, l1;

	machine_init();
	d = machine_domain(0, 2, false);
	machine_be(0);
	machine_run(d->vcpu[0]);
	page = new_page();
	l1 = address_space(page, &root);
	CHECK(!extended(MMUEXT_NEW_BASEPTR, root));
	machine_be(1);
	machine_run(d->vcpu[1]);
	CHECK(!extended(MMUEXT_NEW_BASEPTR, root));
	tlb_walk(0, true);
	machine_be(0);
	CHECK(!update(l1, 0, 0));
	CHECK(failing_trade(page) == -XEN_ENOMEM);
	CHECK(!extended(MMUEXT_PIN_L1_TABLE, page));
	tlb_check();
	printf("ok failing_trade\n");
	return 0;
}
