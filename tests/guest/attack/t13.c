/* SPDX-License-Identifier: MIT */
/*
 * T13: the context of a vCPU with one impossible field at a time. Refused, and
 * the vCPU can still be initialised with a good one, once; an interrupted
 * initialisation of tables that were no tables before says the same (BF-14,
 * FP-4, TL-6; XSA-1, 12, 53, 193, 296). On vCPU 4, which never runs.
 */
#include "attack.h"

#include <public/vcpu.h>

#define VCPU 4

static struct vcpu_guest_context context;

static void nowhere(uint64_t id)
{
	(void)id;
}

static long initialise(void)
{
	return pv_hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_initialise, VCPU,
			     PV_ARG(&context));
}

#define FIELDS                                                                 \
	FIELD(fs_base)                                                         \
	FIELD(gs_base_kernel)                                                  \
	FIELD(gs_base_user)                                                    \
	FIELD(user_regs.rip)                                                   \
	FIELD(event_callback_eip)                                              \
	FIELD(failsafe_callback_eip)                                           \
	FIELD(syscall_callback_eip)                                            \
	FIELD(trap_ctxt[255].address)

/* None of these may be in the hole. */
static unsigned int bad_addresses(void)
{
	unsigned int accepted = 0;

#define FIELD(name)                                                            \
	cpu_context(&context, VCPU, nowhere);                                  \
	context.name = HOLE;                                                   \
	accepted += initialise() == 0;
	FIELDS
#undef FIELD
	return accepted;
}

static unsigned int bad_roots(uint64_t *writable, uint64_t *bad_entry)
{
	uint64_t roots[] = { 0,
			     1,
			     pv_va_to_mfn(writable),
			     pv_va_to_mfn(bad_entry),
			     1UL << 38,
			     ~0UL >> 12 };
	unsigned int accepted = 0;

	for (unsigned int i = 0; i < COUNT(roots); i++)
		for (unsigned int user = 0; user < 2; user++) {
			cpu_context(&context, VCPU, nowhere);
			if (user && roots[i] == 0) /* none, which is fine */
				continue;
			context.ctrlreg[user ? 1 : 3] =
				xen_pfn_to_cr3(roots[i]);
			accepted += initialise() == 0;
		}
	return accepted;
}

static unsigned int bad_tables(void *writable)
{
	unsigned int accepted = 0;

	cpu_context(&context, VCPU, nowhere);
	context.gdt_ents = 512;
	context.gdt_frames[0] = pv_va_to_mfn(writable);
	accepted += initialise() == 0;
	context.gdt_frames[0] = 1UL << 38;
	accepted += initialise() == 0;
	context.gdt_ents = 1UL << 60;
	accepted += initialise() == 0;
	cpu_context(&context, VCPU, nowhere);
	context.ldt_ents = 8193;
	accepted += initialise() == 0;
	context.ldt_ents = 1;
	context.ldt_base = HYPERVISOR_START;
	accepted += initialise() == 0;
	context.ldt_base = 0x1001;
	accepted += initialise() == 0;
	cpu_context(&context, VCPU, nowhere);
	context.flags = 0; /* user mode without a root of its own */
	accepted += initialise() == 0;
	cpu_context(&context, VCPU, nowhere);
	context.debugreg[0] = 0xffff818040000000;
	accepted += initialise() == 0;
	return accepted;
}

void attack_T13(void)
{
	uint64_t *root = table_page(), *bad = table_page();
	uint64_t *writable = pv_page_alloc(), *tree[3];
	unsigned int accepted = 0;
	long rc = initialise();

	if (rc == ENOENT) {
		check("one vCPU only", true, 0);
		goto out;
	}
	(void)store(bad + 1, 0x3fffffff000UL | TABLE);
	accepted += bad_addresses();
	accepted += bad_roots(writable, bad);
	accepted += bad_tables(writable);
	check("no impossible context", accepted == 0, accepted);
	check("it cannot be brought up",
	      pv_hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_up, VCPU, 0) == EINVAL,
	      0);
	check("nothing of it is kept",
	      pv_page_set_writable(bad, true) == 0 &&
		      pv_page_set_writable(bad, false) == 0,
	      0);
	/* A tree that is plain memory until now, and an event pending. */
	(void)store(bad + 1, 0);
	for (unsigned int i = 0; i < COUNT(tree); i++) {
		tree[i] = table_page();
		(void)store(i ? tree[i - 1] : root, maddr_of(tree[i]) | TABLE);
	}
	cpu_context(&context, VCPU, nowhere);
	context.ctrlreg[3] = xen_pfn_to_cr3(pv_va_to_mfn(root));
	context.ctrlreg[1] = xen_pfn_to_cr3(pv_va_to_mfn(bad));
	context.user_regs.rflags = ~0UL;
	pend();
	rc = initialise();
	check("at last a good one", rc == 0, rc);
	check("but once", initialise() == EEXIST, 0);
	/* Its tables are the vCPU's for as long as the domain lives. */
	pv_page_free(writable);
	return;
out:
	table_free(root);
	table_free(bad);
	pv_page_free(writable);
}
