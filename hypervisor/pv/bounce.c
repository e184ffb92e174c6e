/* SPDX-License-Identifier: MIT */
/*
 * Entering the guest kernel for an exception, an event, an NMI, a system call
 * or the failsafe callback: build the frame, write it to the kernel's stack
 * in one copy, point the registers at the handler.
 *
 *   higher  ss rsp rflags cs+mask rip [error] [gs fs es ds] r11 rcx  lower
 *
 * A guest without a handler, or with a stack that cannot be written, cannot
 * go on: it crashes, with the reason (BF-4, BF-5).
 */
#include "pv/pv.h"

#define SAVED_MASK_SHIFT 32 /* in the word of cs */
#define IF_SHIFT         9
#define ENTRY_CLEARS                                                           \
	(RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM | RFLAGS_AC |           \
	 RFLAGS_IOPL)

static __attribute__((noinline)) void stack_crash(struct vcpu *v, uint64_t sp)
{
	domain_crash(v->domain, "kernel stack %lx not writable, at rip %lx", sp,
		     guest_regs()->rip);
}

/* Inline, so that the size of the frame is constant. False: a crash. */
static force_inline bool bounce(struct vcpu *v, uint64_t handler,
				bool mask_events, uint64_t clears,
				const bool has_code, uint64_t code)
{
	struct cpu_regs *r = guest_regs();
	const unsigned int words = has_code ? 8 : 7;
	uint64_t masked, flags, sp = r->rsp, cs = 0xfffc, ss;

	if (!v->in_kernel) {
		sp = v->kernel_sp;
		cs = 0xffff; /* else what kernels take for ring 0 */
		pv_set_mode(v, true);
	}
	masked = read_once(v->info->evtchn_upcall_mask) & 1;
	if (mask_events)
		write_once(v->info->evtchn_upcall_mask, 1);
	flags = ((r->rflags | RFLAGS_IF) & ~RFLAGS_IOPL) ^ masked << IF_SHIFT;
	cs &= r->cs;
	ss = (uint16_t)r->ss;
	cs |= masked << SAVED_MASK_SHIFT;
	sp = (sp & ~15ul) - words * sizeof(uint64_t);
	if (put_words(guest_ptr(sp),
		      has_code ? (struct guest_words){ { r->rcx, r->r11, code,
							 r->rip, cs, flags,
							 r->rsp, ss } }
			       : (struct guest_words){ { r->rcx, r->r11, r->rip,
							 cs, flags, r->rsp,
							 ss } },
		      words)) {
		stack_crash(v, sp);
		return false;
	}
	r->rip = handler;
	r->rflags = (r->rflags & ~clears) | RFLAGS_IF | RFLAGS_FIXED;
	r->cs = GUEST_CS64;
	r->ss = GUEST_DS;
	r->rsp = sp;
	r->vector = VECTOR_SYSCALL; /* rcx and r11 are in the guest's frame */
	return true;
}

void pv_inject(struct vcpu *v, unsigned int vector, uint32_t error)
{
	const struct trap_info *t = &v->trap[vector & 0xff];

	if (likely(t->address && vector < 32 &&
		   (TRAPS_WITH_ERROR_CODE >> vector & 1)))
		bounce(v, t->address, TI_GET_IF(t), ENTRY_CLEARS, true, error);
	else if (likely(t->address))
		bounce(v, t->address, TI_GET_IF(t), ENTRY_CLEARS, false, 0);
	else
		domain_crash(v->domain,
			     "no handler: vector %u error %x rip %lx cr2 %lx",
			     vector, error, guest_regs()->rip,
			     (unsigned long)v->info->arch.cr2);
}

void pv_inject_page_fault(struct vcpu *v, uint64_t cr2, uint32_t error)
{
	write_once(v->info->arch.cr2, cr2);
	error &= ~PF_USER;
	if (!v->in_kernel)
		error |= PF_USER;
	pv_inject(v, TRAP_PF, error);
}

static force_inline bool deliver_callback(struct vcpu *v, unsigned int type,
					  uint64_t clears)
{
	if (v->callback[type])
		return bounce(v, v->callback[type],
			      v->callback_flags >> type & 1, clears, false, 0);
	domain_crash(v->domain, "no callback of type %u, at rip %lx", type,
		     guest_regs()->rip);
	return false;
}

void pv_deliver_event(struct vcpu *v)
{
	deliver_callback(v, CALLBACKTYPE_event, ENTRY_CLEARS);
}

void pv_deliver_nmi(struct vcpu *v)
{
	v->nmi_pending = false;
	if (!v->trap[TRAP_NMI].address)
		return; /* as on a machine where nobody listens */
	pv_inject(v, TRAP_NMI, 0);
	v->nmi_masked = true;
}

/* SYSCALL from guest-user mode; in compatibility mode also from the kernel. */
void handle_guest_syscall(unsigned int type)
{
	struct vcpu *v = current_vcpu();

	if (likely(v->callback[type])) {
		deliver_callback(v, type, ENTRY_CLEARS | RFLAGS_DF);
	} else {
		guest_regs()->rip -= 2; /* the two bytes of SYSCALL */
		pv_inject(v, TRAP_UD, 0);
	}
}

void pv_deliver_failsafe(struct vcpu *v, const uint64_t sel[4])
{
	struct cpu_regs *r = guest_regs();
	uint64_t words[6] = { r->rcx, r->r11, sel[0], sel[1], sel[2], sel[3] };

	/* Optional (BF-17): the registers hold null selectors already. */
	if (!v->callback[CALLBACKTYPE_failsafe] ||
	    !deliver_callback(v, CALLBACKTYPE_failsafe, ENTRY_CLEARS))
		return;
	/* Below rip where there were rcx and r11 */
	r->rsp -= 4 * sizeof(words[0]);
	if (copy_to_guest(guest_ptr(r->rsp), words, sizeof(words)))
		stack_crash(v, r->rsp);
}
