/* SPDX-License-Identifier: MIT */
/*
 * Where and how the guest kernel is entered and left: trap table, callbacks,
 * kernel stack, IRET, segment bases, CR0.TS.
 *
 * Owns: the entry points in struct vcpu. Every address that gets there has
 * passed is_guest_va() (BF-4).
 * Context: hypercall of the vCPU concerned.
 */
#include "public/nmi.h"
#include "pv/pv.h"

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
		if (!is_guest_va(t.address))
			return -XEN_EINVAL;
		v->trap[t.vector] = t;
	}
	return 0;
}

/* As if in the trap table; or, with address 0, out of it. Masks events. */
static void set_nmi_handler(struct vcpu *v, uint64_t address)
{
	v->trap[TRAP_NMI] = (struct trap_info){ .vector = TRAP_NMI,
						.cs = GUEST_CS64,
						.address = address };
	TI_SET_IF(&v->trap[TRAP_NMI], 1);
}

/* Types that can be registered. SYSENTER is off in hardware (BF-8). */
#define CALLBACKS                                                              \
	(1u << CALLBACKTYPE_event | 1u << CALLBACKTYPE_failsafe |              \
	 1u << CALLBACKTYPE_syscall | 1u << CALLBACKTYPE_syscall32 |           \
	 1u << CALLBACKTYPE_nmi)

long hc_callback_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4)
{
	struct vcpu *v = current_vcpu();
	struct callback_register r = { 0 };
	/* To unregister is the same without flags and address. */
	size_t size = cmd == CALLBACKOP_register ? sizeof(r) : sizeof(r.type);
	uint8_t bit;

	if (cmd != CALLBACKOP_register && cmd != CALLBACKOP_unregister)
		return -XEN_ENOSYS;
	if (copy_from_guest(&r, guest_ptr(arg), size))
		return -XEN_EFAULT;
	bit = (uint8_t)(r.type < 8 ? 1u << r.type : 0);
	if (!is_canonical(r.address) || r.type == CALLBACKTYPE_sysenter)
		return -XEN_EINVAL;
	if (!(bit & CALLBACKS))
		return -XEN_ENOSYS;
	if (cmd == CALLBACKOP_register ? !is_guest_va(r.address)
				       : r.type != CALLBACKTYPE_nmi)
		return -XEN_EINVAL;
	if (r.type == CALLBACKTYPE_nmi) {
		set_nmi_handler(v, r.address);
		return 0;
	}
	v->callback[index_clamp(r.type, ARRAY_SIZE(v->callback))] = r.address;
	v->callback_flags &= (uint8_t)~bit;
	if ((r.flags & CALLBACKF_mask_events) || r.type == CALLBACKTYPE_event)
		v->callback_flags |= bit;
	return 0;
}

long hc_set_callbacks(uint64_t event, uint64_t failsafe, uint64_t syscall,
		      uint64_t a4)
{
	struct vcpu *v = current_vcpu();

	if (!is_guest_va(event) || !is_guest_va(failsafe) ||
	    !is_guest_va(syscall))
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

	if (cmd == XENNMI_register_callback) {
		if (copy_from_guest(&cb, guest_ptr(arg), sizeof(cb)))
			return -XEN_EFAULT;
		if (v->id || !is_guest_va(cb.handler_address))
			return -XEN_EINVAL;
	} else if (cmd != XENNMI_unregister_callback) {
		return -XEN_ENOSYS;
	}
	set_nmi_handler(v, cb.handler_address);
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
	context_set_ts(current_vcpu(), set ? CR0_TS : 0);
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
