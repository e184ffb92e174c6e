/* SPDX-License-Identifier: MIT */
/*
 * Where and how the guest kernel is entered and left: trap table, callbacks,
 * kernel stack, IRET, segment bases, CR0.TS.
 *
 * Owns: the entry points in struct vcpu. Every address that gets there has
 * passed pv_handler_ok() (BF-4).
 * Context: hypercall of the vCPU concerned.
 */
#include "public/nmi.h"
#include "pv/pv.h"

bool pv_handler_ok(uint64_t address)
{
	return is_guest_va(address);
}

long hc_set_trap_table(uint64_t table, uint64_t a2, uint64_t a3, uint64_t a4)
{
	struct vcpu *v = current_vcpu();
	struct trap_info t;

	if (!table) {
		memset(v->trap, 0, sizeof(v->trap));
		return 0;
	}
	/* At most 257 rows: each vector and the end. */
	for (unsigned int i = 0; i <= 256; i++) {
		if (copy_array_from_guest(&t, guest_ptr(table), i, 1,
					  sizeof(t)))
			return -XEN_EFAULT;
		if (!t.address)
			return 0;
		if (!pv_handler_ok(t.address))
			return -XEN_EINVAL;
		v->trap[t.vector] = t;
	}
	return 0;
}

/* Types that can be registered. SYSENTER is off in hardware (BF-8). */
static uint64_t *callback_slot(struct vcpu *v, unsigned int type)
{
	const unsigned int known =
		1 << CALLBACKTYPE_event | 1 << CALLBACKTYPE_failsafe |
		1 << CALLBACKTYPE_syscall | 1 << CALLBACKTYPE_syscall32 |
		1 << CALLBACKTYPE_nmi;

	if (type >= ARRAY_SIZE(v->callback) || !(known >> type & 1))
		return NULL;
	return &v->callback[index_clamp(type, ARRAY_SIZE(v->callback))];
}

long hc_callback_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4)
{
	struct vcpu *v = current_vcpu();
	struct callback_register r = { 0 };
	size_t size;
	uint64_t *slot;

	switch (cmd) {
	case CALLBACKOP_register:
		size = sizeof(r);
		break;
	case CALLBACKOP_unregister: /* the same without flags and address */
		size = sizeof(r.type);
		break;
	default:
		return -XEN_ENOSYS;
	}
	if (copy_from_guest(&r, guest_ptr(arg), size))
		return -XEN_EFAULT;
	if (!is_canonical(r.address))
		return -XEN_EINVAL;
	slot = callback_slot(v, r.type);
	if (!slot)
		return r.type == CALLBACKTYPE_sysenter ? -XEN_EINVAL
						       : -XEN_ENOSYS;
	if (cmd == CALLBACKOP_register ? !pv_handler_ok(r.address)
				       : r.type != CALLBACKTYPE_nmi)
		return -XEN_EINVAL;
	*slot = r.address;
	if (!r.address && r.type == CALLBACKTYPE_nmi)
		v->trap[TRAP_NMI].address = 0;
	v->callback_flags &= (uint8_t) ~(1u << r.type);
	if ((r.flags & CALLBACKF_mask_events) || r.type == CALLBACKTYPE_event)
		v->callback_flags |= (uint8_t)(1u << r.type);
	return 0;
}

long hc_set_callbacks(uint64_t event, uint64_t failsafe, uint64_t syscall,
		      uint64_t a4)
{
	struct vcpu *v = current_vcpu();

	if (!pv_handler_ok(event) || !pv_handler_ok(failsafe) ||
	    !pv_handler_ok(syscall))
		return -XEN_EINVAL;
	v->callback[CALLBACKTYPE_event] = event;
	v->callback[CALLBACKTYPE_failsafe] = failsafe;
	v->callback[CALLBACKTYPE_syscall] = syscall;
	return 0;
}

long hc_nmi_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4)
{
	struct vcpu *v = current_vcpu();
	struct xennmi_callback cb = { 0 };

	switch (cmd) {
	case XENNMI_register_callback:
		if (copy_from_guest(&cb, guest_ptr(arg), sizeof(cb)))
			return -XEN_EFAULT;
		if (v->id || !pv_handler_ok(cb.handler_address))
			return -XEN_EINVAL;
		break;
	case XENNMI_unregister_callback:
		break;
	default:
		return -XEN_ENOSYS;
	}
	v->callback[CALLBACKTYPE_nmi] = cb.handler_address;
	if (!cb.handler_address)
		v->trap[TRAP_NMI].address = 0;
	return 0;
}

long hc_stack_switch(uint64_t ss, uint64_t sp, uint64_t a3, uint64_t a4)
{
	struct vcpu *v = current_vcpu();

	v->kernel_ss = (uint16_t)(ss | 3);
	v->kernel_sp = sp; /* checked when it is written to */
	return 0;
}

long hc_fpu_taskswitch(uint64_t set, uint64_t a2, uint64_t a3, uint64_t a4)
{
	struct vcpu *v = current_vcpu();

	v->cr0_ts = set ? 1 : 0;
	context_load_ts(v);
	return 0;
}

long hc_set_segment_base(uint64_t which, uint64_t base, uint64_t a3,
			 uint64_t a4)
{
	static const uint32_t msrs[] = {
		[SEGBASE_FS] = MSR_FS_BASE,
		[SEGBASE_GS_USER] = MSR_KERNEL_GS_BASE,
		[SEGBASE_GS_KERNEL] = MSR_GS_BASE,
	};

	if (which == SEGBASE_GS_USER_SEL) {
		load_user_gs((uint16_t)base);
		return 0;
	}
	if (which >= ARRAY_SIZE(msrs) || !is_canonical(base))
		return -XEN_EINVAL;
	wrmsr(msrs[index_clamp(which, ARRAY_SIZE(msrs))], base);
	return 0;
}

/* The return from a guest handler. Sets every register itself. */
long hc_iret(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
	struct vcpu *v = current_vcpu();
	struct cpu_regs *r = guest_regs();
	uninitialized_buf struct iret_context f;

	if (copy_small_from_guest(&f, guest_ptr(r->rsp), sizeof(f))) {
		domain_crash(v->domain, "no iret frame at rsp %lx", r->rsp);
		return 0;
	}
	r->rip = f.rip;
	r->cs = (f.cs & 0xffff) | 3;
	r->ss = (f.ss & 0xffff) | 3;
	r->rsp = f.rsp;
	r->rflags = (f.rflags & RFLAGS_GUEST) | RFLAGS_IF | RFLAGS_FIXED;
	r->rax = f.rax;
	r->rcx = f.rcx;
	r->r11 = f.r11;
	r->vector = VECTOR_IRET;
	if (f.flags & VGCF_in_syscall) {
		r->rcx = r->rip;
		r->r11 = r->rflags;
		if (likely(r->cs == GUEST_CS64 && r->ss == GUEST_DS))
			r->vector = VECTOR_SYSCALL;
	}
	v->nmi_masked = false;
	write_once(v->info->evtchn_upcall_mask,
		   (uint8_t) !(f.rflags & RFLAGS_IF));
	if ((f.cs & 3) != 3)
		return HYPERCALL_NO_RESULT;
	if (mfn_eq(v->user_root, INVALID_MFN))
		domain_crash(v->domain,
			     "iret to user mode without page tables");
	else
		pv_set_mode(v, false);
	return HYPERCALL_NO_RESULT;
}
