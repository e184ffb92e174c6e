/* SPDX-License-Identifier: MIT */
/*
 * The state of a vCPU as VCPUOP_initialise and the control domain set and
 * get it: validated whole before any of it takes effect (BF-14).
 *
 * Context: hypercall; v does not run. set refuses a vCPU that has run before
 * unless the caller is the control domain (its handler sees to that).
 */
#include "core/services.h"
#include "lib/string.h"
#include "public/callback.h"
#include "public/errno.h"
#include "pv/pv.h"
#include "x86/context.h"
#include "x86/processor.h"
#include "x86/segments.h"
#include "x86/uaccess.h"

#define IOPL_SHIFT 12
#define START_FLAGS                                                            \
	(RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF |           \
	 RFLAGS_TF | RFLAGS_DF | RFLAGS_OF | RFLAGS_RF | RFLAGS_AC |           \
	 RFLAGS_ID)

static bool handler_or_none(uint64_t address)
{
	return !address || pv_handler_ok(address);
}

static bool addresses_ok(const struct vcpu_guest_context *c)
{
	for (unsigned int i = 0; i < 256; i++)
		if (!handler_or_none(c->trap_ctxt[i].address))
			return false;
	return is_canonical(c->user_regs.rip) &&
	       is_canonical(c->user_regs.rsp) && is_canonical(c->kernel_sp) &&
	       is_canonical(c->fs_base) && is_canonical(c->gs_base_kernel) &&
	       is_canonical(c->gs_base_user) &&
	       handler_or_none(c->event_callback_eip) &&
	       handler_or_none(c->failsafe_callback_eip) &&
	       handler_or_none(c->syscall_callback_eip);
}

static bool tables_ok(const struct vcpu_guest_context *c)
{
	if (c->gdt_ents > FIRST_RESERVED_GDT_ENTRY || c->ldt_ents > 8192)
		return false;
	return !c->ldt_ents || (!(c->ldt_base & ~PAGE_MASK) &&
				guest_range_ok(c->ldt_base, c->ldt_ents * 8));
}

/* On copies, so that a refusal changes nothing. */
static int debugregs_check(const struct vcpu *v,
			   const struct vcpu_guest_context *c,
			   uint64_t checked[8])
{
	static const uint8_t regs[] = { 0, 1, 2, 3, 6, 7 };
	uint64_t saved[8];
	struct vcpu *w = (struct vcpu *)v;
	int rc = 0;

	memcpy(saved, v->debugreg, sizeof(saved));
	for (unsigned int i = 0; !rc && i < ARRAY_SIZE(regs); i++)
		rc = pv_debugreg_set(w, regs[i], c->debugreg[regs[i]]);
	memcpy(checked, v->debugreg, sizeof(saved));
	memcpy(w->debugreg, saved, sizeof(saved));
	return rc;
}

static void set_registers(struct vcpu *v, const struct vcpu_guest_context *c)
{
	const struct cpu_user_regs *u = &c->user_regs;
	struct cpu_regs *r = &v->regs;

	*r = (struct cpu_regs){
		.r15 = u->r15,
		.r14 = u->r14,
		.r13 = u->r13,
		.r12 = u->r12,
		.rbp = u->rbp,
		.rbx = u->rbx,
		.r11 = u->r11,
		.r10 = u->r10,
		.r9 = u->r9,
		.r8 = u->r8,
		.rax = u->rax,
		.rcx = u->rcx,
		.rdx = u->rdx,
		.rsi = u->rsi,
		.rdi = u->rdi,
		.rip = u->rip,
		.rsp = u->rsp,
		.cs = u->cs | 3u,
		.ss = u->ss | 3u,
		.rflags = (u->rflags & START_FLAGS) | RFLAGS_IF | RFLAGS_FIXED,
	};
	v->ds = u->ds;
	v->es = u->es;
	v->fs = u->fs;
	v->gs = u->gs;
	v->fs_base = c->fs_base;
	v->gs_base_kernel = c->gs_base_kernel;
	v->gs_base_user = c->gs_base_user;
	v->iopl = u->rflags >> IOPL_SHIFT & 3;
	v->in_kernel = c->flags & VGCF_in_kernel;
}

static void set_callbacks(struct vcpu *v, const struct vcpu_guest_context *c)
{
	memcpy(v->trap, c->trap_ctxt, sizeof(v->trap));
	for (unsigned int i = 0; i < 256; i++)
		v->trap[i].vector = (uint8_t)i;
	v->event_callback = c->event_callback_eip;
	v->failsafe_callback = c->failsafe_callback_eip;
	v->syscall_callback = c->syscall_callback_eip;
	v->callback_flags = 1 << CALLBACKTYPE_event;
	if (c->flags & VGCF_failsafe_disables_events)
		v->callback_flags |= 1 << CALLBACKTYPE_failsafe;
	if (c->flags & VGCF_syscall_disables_events)
		v->callback_flags |= 1 << CALLBACKTYPE_syscall;
	v->kernel_sp = c->kernel_sp;
	v->kernel_ss = (uint16_t)(c->kernel_ss | 3);
}

int vcpu_context_set(struct vcpu *v, const struct vcpu_guest_context *c)
{
	uint64_t user = c->ctrlreg[1], debugregs[8];
	mfn_t frames[14];
	int rc;

	user = xen_cr3_to_pfn(user); /* frame 0 is never a guest's: none */
	if (!addresses_ok(c) || !tables_ok(c))
		return -XEN_EINVAL;
	if (!(c->flags & VGCF_in_kernel) && !user)
		return -XEN_EINVAL;
	rc = debugregs_check(v, c, debugregs);
	if (rc)
		return -XEN_EINVAL;
	for (unsigned int i = 0; i < ARRAY_SIZE(frames); i++)
		frames[i] = mfn_of(c->gdt_frames[i]);
	rc = pv_set_gdt(v, frames, (unsigned int)c->gdt_ents);
	if (rc)
		return rc;
	rc = mm_set_kernel_root(v, mfn_of(xen_cr3_to_pfn(c->ctrlreg[3])));
	if (rc)
		goto drop;
	rc = mm_set_user_root(v, user ? mfn_of(user) : INVALID_MFN);
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
	set_callbacks(v, c);
	memcpy(v->debugreg, debugregs, sizeof(v->debugreg));
	rc = pv_set_ldt(v, c->ldt_base, c->ldt_ents);
	v->cr0_ts = c->ctrlreg[0] >> 3 & 1;
	v->cr4 = (v->cr4 & ~pv_cr4_changeable()) |
		 (c->ctrlreg[4] & pv_cr4_changeable());
	/* Who builds a domain clears its shared page: write the time again. */
	v->time_cpu = ~0u;
	time_update_wallclock(v->domain);
	v->initialised = true;
	return rc;

drop:
	mm_drop_roots(v);
	pv_drop_descriptors(v);
	return rc;
}

static void get_registers(const struct vcpu *v, struct vcpu_guest_context *c)
{
	const struct cpu_regs *r = &v->regs;
	bool masked = read_once(v->info->evtchn_upcall_mask) & 1;
	uint64_t flags = (r->rflags & ~(RFLAGS_IF | RFLAGS_IOPL)) |
			 (uint64_t)v->iopl << IOPL_SHIFT |
			 (masked ? 0 : RFLAGS_IF);

	c->user_regs = (struct cpu_user_regs){
		.r15 = r->r15,
		.r14 = r->r14,
		.r13 = r->r13,
		.r12 = r->r12,
		.rbp = r->rbp,
		.rbx = r->rbx,
		.r11 = r->r11,
		.r10 = r->r10,
		.r9 = r->r9,
		.r8 = r->r8,
		.rax = r->rax,
		.rcx = r->rcx,
		.rdx = r->rdx,
		.rsi = r->rsi,
		.rdi = r->rdi,
		.rip = r->rip,
		.rsp = r->rsp,
		.cs = (uint16_t)r->cs,
		.ss = (uint16_t)r->ss,
		.rflags = flags,
		.saved_upcall_mask = masked,
		.ds = v->ds,
		.es = v->es,
		.fs = v->fs,
		.gs = v->gs,
	};
	c->fs_base = v->fs_base;
	c->gs_base_kernel = v->gs_base_kernel;
	c->gs_base_user = v->gs_base_user;
}

int vcpu_context_get(struct vcpu *v, struct vcpu_guest_context *c)
{
	memset(c, 0, sizeof(*c));
	get_registers(v, c);
	memcpy(c->fpu_ctxt.x, v->fpu, sizeof(c->fpu_ctxt.x));
	c->flags = VGCF_i387_valid | (v->in_kernel ? VGCF_in_kernel : 0) |
		   (v->down ? 0 : VGCF_online);
	if (v->callback_flags & (1 << CALLBACKTYPE_failsafe))
		c->flags |= VGCF_failsafe_disables_events;
	if (v->callback_flags & (1 << CALLBACKTYPE_syscall))
		c->flags |= VGCF_syscall_disables_events;
	memcpy(c->trap_ctxt, v->trap, sizeof(v->trap));
	c->ldt_base = v->ldt_base;
	c->ldt_ents = v->ldt_entries;
	for (unsigned int i = 0; i < ARRAY_SIZE(v->gdt_frames); i++)
		if (!mfn_eq(v->gdt_frames[i], INVALID_MFN))
			c->gdt_frames[i] = v->gdt_frames[i].n;
	c->gdt_ents = v->gdt_entries;
	c->kernel_ss = v->kernel_ss;
	c->kernel_sp = v->kernel_sp;
	c->ctrlreg[0] = 0x80050033 | (v->cr0_ts ? 8 : 0);
	if (!mfn_eq(v->user_root, INVALID_MFN))
		c->ctrlreg[1] = xen_pfn_to_cr3(v->user_root.n);
	if (!mfn_eq(v->kernel_root, INVALID_MFN))
		c->ctrlreg[3] = xen_pfn_to_cr3(v->kernel_root.n);
	c->ctrlreg[4] = v->cr4;
	memcpy(c->debugreg, v->debugreg, sizeof(c->debugreg));
	c->event_callback_eip = v->event_callback;
	c->failsafe_callback_eip = v->failsafe_callback;
	c->syscall_callback_eip = v->syscall_callback;
	c->vm_assist = v->domain->vm_assist;
	return 0;
}
