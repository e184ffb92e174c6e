/* SPDX-License-Identifier: MIT */
/*
 * The state of a vCPU as VCPUOP_initialise and the control domain set and
 * get it: validated whole before any of it takes effect (BF-14).
 *
 * Context: hypercall; v does not run. set refuses a vCPU that has run before
 * unless the caller is the control domain (its handler sees to that).
 */
#include "pv/pv.h"

#define IOPL_SHIFT 12

/* Flags of a context that are flags of callbacks: both types are beside. */
#define MASKING       (VGCF_failsafe_disables_events | VGCF_syscall_disables_events)
#define MASKING_SHIFT (_VGCF_failsafe_disables_events - CALLBACKTYPE_failsafe)
_Static_assert(MASKING_SHIFT ==
		       _VGCF_syscall_disables_events - CALLBACKTYPE_syscall,
	       "one shift for both");

/* The general registers come first, and in the same order. */
#define GENERAL_BYTES offsetof(struct cpu_regs, error_code)
#define SAME_PLACE(reg)                                                        \
	(offsetof(struct cpu_user_regs, reg) == offsetof(struct cpu_regs, reg))
_Static_assert(SAME_PLACE(r8) && SAME_PLACE(rdi) && SAME_PLACE(error_code),
	       "order of the general registers");

/* Addresses, in both structures; all must be canonical (FP-6). */
static const struct {
	uint16_t in_vcpu, in_context;
	bool handler; /* where the guest is entered, or 0 */
} addresses[] = {
#define ADDRESS(v, c, handler)                                                 \
	{                                                                      \
		offsetof(struct vcpu, v),                                      \
			offsetof(struct vcpu_guest_context, c), handler        \
	}
	ADDRESS(regs.rip, user_regs.rip, false),
	ADDRESS(regs.rsp, user_regs.rsp, false),
	ADDRESS(kernel_sp, kernel_sp, false),
	ADDRESS(fs_base, fs_base, false),
	ADDRESS(gs_base[true], gs_base_kernel, false),
	ADDRESS(gs_base[false], gs_base_user, false),
	ADDRESS(callback[CALLBACKTYPE_event], event_callback_eip, true),
	ADDRESS(callback[CALLBACKTYPE_failsafe], failsafe_callback_eip, true),
	ADDRESS(callback[CALLBACKTYPE_syscall], syscall_callback_eip, true),
#undef ADDRESS
};

static uint64_t *word_at(const void *base, size_t offset)
{
	return (uint64_t *)((char *)base + offset);
}

static bool addresses_ok(const struct vcpu_guest_context *c)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(addresses); i++) {
		uint64_t va = *word_at(c, addresses[i].in_context);

		if (!is_canonical(va) ||
		    (addresses[i].handler && va && !is_guest_va(va)))
			return false;
	}
	for (unsigned int i = 0; i < 256; i++)
		if (c->trap_ctxt[i].address &&
		    !is_guest_va(c->trap_ctxt[i].address))
			return false;
	return true;
}

static void set_registers(struct vcpu *v, const struct vcpu_guest_context *c)
{
	const struct cpu_user_regs *u = &c->user_regs;

	v->regs = (struct cpu_regs){
		.cs = u->cs | 3u,
		.ss = u->ss | 3u,
		.rflags = (u->rflags & RFLAGS_GUEST) | RFLAGS_IF | RFLAGS_FIXED,
	};
	memcpy(&v->regs, u, GENERAL_BYTES);
	v->ds = u->ds;
	v->es = u->es;
	v->fs = u->fs;
	v->gs = u->gs;
	v->iopl = u->rflags >> IOPL_SHIFT & 3;
	for (unsigned int i = 0; i < ARRAY_SIZE(addresses); i++)
		*word_at(v, addresses[i].in_vcpu) =
			*word_at(c, addresses[i].in_context);
	memcpy(v->trap, c->trap_ctxt, sizeof(v->trap));
	v->callback_flags = (uint8_t)(1 << CALLBACKTYPE_event |
				      (c->flags & MASKING) >> MASKING_SHIFT);
}

int vcpu_context_set(struct vcpu *v, const struct vcpu_guest_context *c)
{
	/* Frame 0 is never a guest's: none. */
	uint64_t user = xen_cr3_to_pfn(c->ctrlreg[1]);
	uint64_t debugregs[8] = { 0 };
	int rc;

	if (!addresses_ok(c) || !pv_ldt_ok(c->ldt_base, c->ldt_ents) ||
	    (!(c->flags & VGCF_in_kernel) && !user))
		return -XEN_EINVAL;
	for (unsigned int i = 0; i < 8; i++) {
		if (i == 4 || i == 5) /* do not exist */
			continue;
		debugregs[i] = c->debugreg[i];
		if (pv_debugreg_fix(v, i, &debugregs[i]))
			return -XEN_EINVAL;
	}
	rc = pv_set_gdt(v, c->gdt_frames, c->gdt_ents);
	if (rc)
		return rc;
	rc = mm_set_root(v, &v->kernel_root,
			 mfn_of(xen_cr3_to_pfn(c->ctrlreg[3])));
	if (rc)
		goto drop;
	rc = mm_set_root(v, &v->user_root, user ? mfn_of(user) : INVALID_MFN);
	if (rc)
		goto drop;
	if (c->flags & VGCF_i387_valid)
		rc = fpu_set_image(v, c->fpu_ctxt.x);
	else
		fpu_reset(v);
	if (rc)
		goto drop;

	/* Commit: nothing below can fail. */
	set_registers(v, c);
	v->in_kernel = c->flags & VGCF_in_kernel;
	v->kernel_ss = (uint16_t)(c->kernel_ss | 3);
	memcpy(v->debugreg, debugregs, sizeof(v->debugreg));
	rc = pv_set_ldt(v, c->ldt_base, c->ldt_ents);
	v->cr0_ts = c->ctrlreg[0] & CR0_TS;
	pv_store_cr4(v, c->ctrlreg[4]);
	/* Who builds a domain clears its shared page: write the time again. */
	v->time_cpu = ~0u;
	time_update_wallclock(v->domain);
	v->initialised = true;
	return rc;

drop:
	/* What there is already is not to be done again. */
	if (rc == -XEN_ERESTART)
		return rc;
	mm_drop_roots(v);
	pv_drop_descriptors(v);
	return rc;
}

static void get_registers(const struct vcpu *v, struct vcpu_guest_context *c)
{
	const struct cpu_regs *r = &v->regs;
	bool masked = read_once(v->info->evtchn_upcall_mask) & 1;

	c->user_regs = (struct cpu_user_regs){
		.cs = (uint16_t)r->cs,
		.ss = (uint16_t)r->ss,
		.rflags = (r->rflags & ~(RFLAGS_IF | RFLAGS_IOPL)) |
			  (uint64_t)v->iopl << IOPL_SHIFT |
			  (masked ? 0 : RFLAGS_IF),
		.saved_upcall_mask = masked,
		.ds = v->ds,
		.es = v->es,
		.fs = v->fs,
		.gs = v->gs,
	};
	memcpy(&c->user_regs, r, GENERAL_BYTES);
	for (unsigned int i = 0; i < ARRAY_SIZE(addresses); i++)
		*word_at(c, addresses[i].in_context) =
			*word_at(v, addresses[i].in_vcpu);
}

int vcpu_context_get(struct vcpu *v, struct vcpu_guest_context *c)
{
	memset(c, 0, sizeof(*c));
	get_registers(v, c);
	memcpy(c->fpu_ctxt.x, v->fpu, sizeof(c->fpu_ctxt.x));
	c->flags = VGCF_i387_valid | (v->in_kernel ? VGCF_in_kernel : 0) |
		   (v->down ? 0 : VGCF_online);
	c->flags |= (uint64_t)v->callback_flags << MASKING_SHIFT & MASKING;
	memcpy(c->trap_ctxt, v->trap, sizeof(v->trap));
	c->ldt_base = v->ldt_base;
	c->ldt_ents = v->ldt_entries;
	for (unsigned int i = 0; i < FIRST_RESERVED_GDT_PAGE; i++)
		if (v->descriptor_frames[i])
			c->gdt_frames[i] =
				frame_to_mfn(v->descriptor_frames[i]).n;
	c->gdt_ents = v->gdt_entries;
	c->kernel_ss = v->kernel_ss;
	c->ctrlreg[0] = CR0_HYPERVISOR | v->cr0_ts;
	if (!mfn_eq(v->user_root, INVALID_MFN))
		c->ctrlreg[1] = xen_pfn_to_cr3(v->user_root.n);
	if (!mfn_eq(v->kernel_root, INVALID_MFN))
		c->ctrlreg[3] = xen_pfn_to_cr3(v->kernel_root.n);
	c->ctrlreg[4] = v->cr4;
	memcpy(c->debugreg, v->debugreg, sizeof(c->debugreg));
	c->vm_assist = v->domain->vm_assist;
	return 0;
}
