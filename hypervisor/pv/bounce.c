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
#include "pv/bounce.h"

#include "core/services.h"
#include "public/callback.h"
#include "pv/pv.h"
#include "x86/processor.h"
#include "x86/segments.h"
#include "x86/uaccess.h"

#define SAVED_MASK_SHIFT 32 /* in the word of cs */
#define ENTRY_CLEARS                                                           \
	(RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM | RFLAGS_AC |           \
	 RFLAGS_IOPL)

unsigned int bounce_frame(uint64_t words[BOUNCE_MAX_WORDS],
			  const struct cpu_regs *r, bool from_kernel,
			  bool masked, const struct bounce *b)
{
	uint64_t cs = r->cs & 0xffff;
	unsigned int n = 0;

	if (from_kernel)
		cs &= ~3ul; /* what kernels take for ring 0 */
	words[n++] = r->rcx;
	words[n++] = r->r11;
	if (b->selectors)
		for (unsigned int i = 0; i < 4; i++)
			words[n++] = b->selectors[i];
	if (b->has_error)
		words[n++] = b->error;
	words[n++] = r->rip;
	words[n++] = cs | (uint64_t)masked << SAVED_MASK_SHIFT;
	words[n++] = (r->rflags & ~(RFLAGS_IF | RFLAGS_IOPL)) |
		     (masked ? 0 : RFLAGS_IF);
	words[n++] = r->rsp;
	words[n++] = r->ss & 0xffff;
	return n;
}

static void bounce(struct vcpu *v, const struct bounce *b)
{
	struct cpu_regs *r = guest_regs();
	bool masked = read_once(v->info->evtchn_upcall_mask) & 1;
	uint64_t words[BOUNCE_MAX_WORDS], sp;
	unsigned int n = bounce_frame(words, r, v->in_kernel, masked, b);

	sp = ((v->in_kernel ? r->rsp : v->kernel_sp) & ~15ul) - n * 8;
	pv_enter_kernel(v);
	if (copy_to_guest(guest_ptr(sp), words, n * 8)) {
		domain_crash(v->domain,
			     "kernel stack %lx not writable, at rip %lx", sp,
			     r->rip);
		return;
	}
	if (b->mask_events)
		write_once(v->info->evtchn_upcall_mask, 1);
	r->rip = b->handler;
	r->cs = GUEST_CS64;
	r->ss = GUEST_DS;
	r->rsp = sp;
	r->rflags = (r->rflags & ~ENTRY_CLEARS) | RFLAGS_IF | RFLAGS_FIXED;
	/* Both are in the frame, and this allows SYSRET (BF-1). */
	r->rcx = r->rip;
	r->r11 = r->rflags;
}

static bool has_error_code(unsigned int vector)
{
	return vector < 32 && (TRAPS_WITH_ERROR_CODE >> vector & 1);
}

void pv_inject(struct vcpu *v, unsigned int vector, uint32_t error)
{
	const struct trap_info *t = &v->trap[vector & 0xff];
	struct bounce b = { .handler = t->address,
			    .mask_events = TI_GET_IF(t),
			    .has_error = has_error_code(vector),
			    .error = error };
	const struct cpu_regs *r = guest_regs();

	if (!t->address) {
		domain_crash(v->domain,
			     "no handler: vector %u error %x rip %lx cr2 %lx",
			     vector, error, r->rip,
			     (unsigned long)v->info->arch.cr2);
		return;
	}
	bounce(v, &b);
}

void pv_inject_page_fault(struct vcpu *v, uint64_t cr2, uint32_t error)
{
	v->cr2 = cr2;
	write_once(v->info->arch.cr2, cr2);
	error &= ~PF_USER;
	if (!v->in_kernel)
		error |= PF_USER;
	pv_inject(v, TRAP_PF, error);
}

static void bounce_or_crash(struct vcpu *v, const struct bounce *b,
			    const char *what)
{
	if (b->handler)
		bounce(v, b);
	else
		domain_crash(v->domain, "no %s callback, at rip %lx", what,
			     guest_regs()->rip);
}

void pv_deliver_event(struct vcpu *v)
{
	struct bounce b = { .handler = v->event_callback, .mask_events = true };

	bounce_or_crash(v, &b, "event");
}

void pv_deliver_nmi(struct vcpu *v)
{
	const struct trap_info *t = &v->trap[TRAP_NMI];
	struct bounce b = { .handler = t->address,
			    .mask_events = TI_GET_IF(t) };

	v->nmi_pending = false;
	if (v->nmi_callback) {
		b.handler = v->nmi_callback;
		b.mask_events = v->callback_flags & (1 << CALLBACKTYPE_nmi);
	}
	if (!b.handler)
		return; /* as on a machine where nobody listens */
	v->nmi_masked = true;
	bounce(v, &b);
}

void pv_deliver_syscall(struct vcpu *v, uint64_t handler, bool mask)
{
	struct bounce b = { .handler = handler, .mask_events = mask };

	bounce_or_crash(v, &b, "syscall");
	guest_regs()->rflags &= ~RFLAGS_DF;
	guest_regs()->r11 = guest_regs()->rflags;
}

void pv_deliver_failsafe(struct vcpu *v, const uint16_t sel[4])
{
	struct bounce b = { .handler = v->failsafe_callback,
			    .mask_events = v->callback_flags &
					   (1 << CALLBACKTYPE_failsafe),
			    .selectors = sel };

	bounce_or_crash(v, &b, "failsafe");
}
