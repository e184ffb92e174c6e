/* SPDX-License-Identifier: MIT */
/* What a vCPU asks for: the hypercalls themselves wherever there is one. */
#include <stdio.h>

#include "core/hypercall.h"
#include "model.h"
#include "public/errno.h"
#include "public/memory.h"

static hypercall_fn *const calls[64] = {
	[__HYPERVISOR_mmu_update] = hc_mmu_update,
	[__HYPERVISOR_update_va_mapping] = hc_update_va_mapping,
	[__HYPERVISOR_mmuext_op] = hc_mmuext_op,
	[__HYPERVISOR_memory_op] = hc_memory_op,
};

/* To its end, through continuations, unless the guest thinks better of it. */
static long call(unsigned int number, uint64_t a1, uint64_t a2, uint64_t a3,
		 uint64_t a4)
{
	struct actor *a = self();
	long rc;

	a->continued = false;
	rc = calls[number](a1, a2, a3, a4);
	while (a->continued) {
		a->continued = false;
		if (ask("given up", 0))
			return -XEN_EAGAIN;
		rc = calls[number](a->args[0], a->args[1], a->args[2],
				   a->args[3]);
	}
	return rc;
}

static void update(const struct op *op)
{
	struct mmu_update u = {
		.ptr = (uint64_t)op->frame << PAGE_SHIFT | op->arg * 8,
		.val = op->value,
	};

	call(__HYPERVISOR_mmu_update, (uint64_t)&u, 1, 0, DOMID_SELF);
}

static void extended(unsigned int cmd, const struct op *op)
{
	struct mmuext_op e = { .cmd = cmd, .arg1.mfn = op->frame };

	call(__HYPERVISOR_mmuext_op, (uint64_t)&e, 1, 0, DOMID_SELF);
}

static void reserve(unsigned int cmd, const struct op *op)
{
	xen_pfn_t extent = op->frame;
	struct xen_memory_reservation r = { .extent_start.p = &extent,
					    .nr_extents = 1,
					    .domid = op->arg ? 1 : DOMID_SELF };
	long rc = call(__HYPERVISOR_memory_op, cmd, (uint64_t)&r, 0, 0);

	if (cmd == XENMEM_populate_physmap && rc == 1 &&
	    (slots_of((unsigned int)extent)[0] ||
	     slots_of((unsigned int)extent)[1]))
		violated("gives a frame with what was in it");
}

static void exchange(const struct op *op)
{
	xen_pfn_t in = op->frame, out = 0;
	struct xen_memory_exchange x = {
		.in = { { &in }, 1, 0, 0, DOMID_SELF },
		.out = { { &out }, 1, 0, 0, DOMID_SELF },
	};

	call(__HYPERVISOR_memory_op, XENMEM_exchange, (uint64_t)&x, 0, 0);
}

static uint64_t becomes(uint64_t old, void *ctx)
{
	return *(uint64_t *)ctx;
}

static void ptwr(const struct op *op)
{
	uint64_t value = op->value;

	/* A refused one is a fault, and the guest runs on. */
	if (mm_emulate_pte_write(current_vcpu(), va_of(op->frame) + op->arg * 8,
				 becomes, &value))
		return;
}

static void hold(const struct op *op)
{
	struct frame *f = frame_get_writable(&domain_a, mfn_of(op->frame));

	if (!f)
		return;
	self()->held = f;
	model_point(NULL, "copy", 0);
	slots_of(op->frame)[op->arg] = op->value;
	model_point(NULL, "copied", 0);
	self()->held = NULL;
	frame_put_writable(f);
}

static void map(const struct op *op)
{
	struct frame *f = frame_get_by_mfn(mfn_of(op->frame), &domain_a);
	uint64_t flags = PTE_PRESENT | (op->arg ? PTE_WRITE : 0);
	bool typed = false;
	int rc;

	if (!f)
		return;
	rc = op->arg ? frame_get_type(f, TYPE_WRITABLE) : 0;
	typed = !rc && op->arg;
	if (!rc)
		rc = mm_map_frame(current_vcpu(), false, va_of(0), f, flags);
	if (!rc)
		return; /* the references are the entry's */
	if (typed)
		frame_put_type(f);
	frame_put(f);
}

static void unmap(const struct op *op)
{
	struct frame *f = frame_get_by_mfn(mfn_of(op->frame), &domain_a);

	if (!f)
		return;
	if (!mm_unmap_frame(current_vcpu(), false, va_of(0), f))
		tlb_flush_domain(&domain_b);
	frame_put(f);
}

static void idle(void)
{
	this_cpu()->current = NULL;
	mm_load_idle_root();
}

static void go_on(void)
{
	this_cpu()->current = vcpus[world.me];
	mm_load_root(vcpus[world.me]);
}

void op_run(const struct op *op)
{
	switch (op->kind) {
	case OP_UPDATE:
		return update(op);
	case OP_PIN:
		return extended(MMUEXT_PIN_L1_TABLE + op->arg - 1, op);
	case OP_UNPIN:
		return extended(MMUEXT_UNPIN_TABLE, op);
	case OP_ROOT:
		return extended(MMUEXT_NEW_BASEPTR, op);
	case OP_FREE:
		return reserve(XENMEM_decrease_reservation, op);
	case OP_POPULATE:
		return reserve(XENMEM_populate_physmap, op);
	case OP_EXCHANGE:
		return exchange(op);
	case OP_VA:
		call(__HYPERVISOR_update_va_mapping, va_of(op->arg), op->value,
		     UVMF_NONE, 0);
		return;
	case OP_PTWR:
		return ptwr(op);
	case OP_HOLD:
		return hold(op);
	case OP_MAP:
		return map(op);
	case OP_UNMAP:
		return unmap(op);
	case OP_IDLE:
		return idle();
	case OP_RUN:
		return go_on();
	default:
		violated("is asked for something unknown");
	}
}

void op_print(const struct op *op)
{
	static const char *const names[] = {
		[OP_UPDATE] = "mmu_update",   [OP_PIN] = "pin",
		[OP_UNPIN] = "unpin",         [OP_ROOT] = "load root",
		[OP_FREE] = "give back",      [OP_POPULATE] = "populate",
		[OP_EXCHANGE] = "exchange",   [OP_VA] = "update_va_mapping",
		[OP_PTWR] = "emulated store", [OP_HOLD] = "copy to",
		[OP_MAP] = "grant map",       [OP_UNMAP] = "grant unmap",
		[OP_IDLE] = "idle",           [OP_RUN] = "run again",
		[OP_FLUSHED] = "interrupt",
	};

	printf("%s frame %u, %u: %#lx", names[op->kind], op->frame, op->arg,
	       op->value);
}
