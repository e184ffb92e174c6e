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
	for (unsigned int i = 0; i < b->extra_words; i++)
		words[n++] = b->extra[i];
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
	pv_set_mode(v, true);
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

void pv_inject(struct vcpu *v, unsigned int vector, uint32_t error)
{
	const struct trap_info *t = &v->trap[vector & 0xff];
	uint64_t code = error;
	struct bounce b = { t->address, TI_GET_IF(t), 0, &code };

	if (vector < 32)
		b.extra_words = TRAPS_WITH_ERROR_CODE >> vector & 1;
	if (b.handler)
		bounce(v, &b);
	else
		domain_crash(v->domain,
			     "no handler: vector %u error %x rip %lx cr2 %lx",
			     vector, error, guest_regs()->rip,
			     (unsigned long)v->info->arch.cr2);
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

/* The event callback masks events whatever it was registered with. */
static void deliver_callback(struct vcpu *v, unsigned int type,
			     unsigned int extra_words, const uint64_t *extra)
{
	bool mask =
		type == CALLBACKTYPE_event || (v->callback_flags >> type & 1);
	struct bounce b = { v->callback[type], mask, extra_words, extra };

	if (b.handler)
		bounce(v, &b);
	else
		domain_crash(v->domain, "no callback of type %u, at rip %lx",
			     type, guest_regs()->rip);
}

void pv_deliver_event(struct vcpu *v)
{
	deliver_callback(v, CALLBACKTYPE_event, 0, NULL);
}

void pv_deliver_nmi(struct vcpu *v)
{
	bool by_callback = v->callback[CALLBACKTYPE_nmi];

	v->nmi_pending = false;
	if (!by_callback && !v->trap[TRAP_NMI].address)
		return; /* as on a machine where nobody listens */
	v->nmi_masked = true;
	if (by_callback)
		deliver_callback(v, CALLBACKTYPE_nmi, 0, NULL);
	else
		pv_inject(v, TRAP_NMI, 0);
}

/* SYSCALL from guest-user mode; in compatibility mode also from the kernel. */
void handle_guest_syscall(void)
{
	struct vcpu *v = current_vcpu();
	struct cpu_regs *r = guest_regs();
	unsigned int type = r->vector == VECTOR_SYSCALL32
				    ? CALLBACKTYPE_syscall32
				    : CALLBACKTYPE_syscall;

	if (!v->callback[type]) {
		r->rip -= 2; /* the two bytes of SYSCALL */
		pv_inject(v, TRAP_UD, 0);
		return;
	}
	deliver_callback(v, type, 0, NULL);
	r->rflags &= ~RFLAGS_DF;
	r->r11 = r->rflags;
}

void pv_deliver_failsafe(struct vcpu *v, const uint64_t sel[4])
{
	/* Optional (BF-17): the registers hold null selectors already. */
	if (v->callback[CALLBACKTYPE_failsafe])
		deliver_callback(v, CALLBACKTYPE_failsafe, 4, sel);
}
