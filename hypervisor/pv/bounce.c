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
#include "public/callback.h"
#include "pv/pv.h"
#include "x86/segments.h"

#define FRAME_MAX_WORDS 11
#define CS_WORD_MASKED  (1ul << 32) /* events were masked */
#define ENTRY_CLEARS                                                           \
	(RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM | RFLAGS_AC |           \
	 RFLAGS_IOPL)

/*
 * Guest-kernel and guest-user mode are both ring 3 and differ in page tables
 * and GS base, which change where hardware would change rings.
 */
void pv_set_mode(struct vcpu *v, bool kernel)
{
	if (v->in_kernel == kernel)
		return;
	/* A context switch between the two would save the bases crosswise. */
	irq_disable();
	v->in_kernel = kernel;
	swapgs();
	irq_enable();
	mm_load_root(v);
	if (unlikely(kernel && v->areas_stale))
		time_write_areas(v);
}

/* Between r11 and rip lie the extra words, at most 4. */
static void bounce(struct vcpu *v, uint64_t handler, bool mask_events,
		   const uint64_t *extra, unsigned int extra_words)
{
	struct cpu_regs *r = guest_regs();
	bool masked = read_once(v->info->evtchn_upcall_mask) & 1;
	uninitialized_buf uint64_t frame[FRAME_MAX_WORDS];
	uint64_t *w = frame + FRAME_MAX_WORDS;
	uint64_t sp = v->kernel_sp, cs = r->cs & 0xffff;
	size_t bytes = (7 + extra_words) * sizeof(frame[0]);

	if (v->in_kernel) {
		sp = r->rsp;
		cs &= ~3ul; /* what kernels take for ring 0 */
	}
	*--w = r->ss & 0xffff;
	*--w = r->rsp;
	*--w = (r->rflags & ~(RFLAGS_IF | RFLAGS_IOPL)) |
	       (masked ? 0 : RFLAGS_IF);
	*--w = cs | (masked ? CS_WORD_MASKED : 0);
	*--w = r->rip;
	while (extra_words)
		*--w = extra[--extra_words];
	*--w = r->r11;
	*--w = r->rcx;
	pv_set_mode(v, true);
	sp = (sp & ~15ul) - bytes;
	if (copy_to_guest(guest_ptr(sp), w, bytes)) {
		domain_crash(v->domain,
			     "kernel stack %lx not writable, at rip %lx", sp,
			     r->rip);
		return;
	}
	if (mask_events)
		write_once(v->info->evtchn_upcall_mask, 1);
	/* Both are in the frame, and this allows SYSRET (BF-1). */
	r->rcx = r->rip = handler;
	r->r11 = r->rflags =
		(r->rflags & ~ENTRY_CLEARS) | RFLAGS_IF | RFLAGS_FIXED;
	r->cs = GUEST_CS64;
	r->ss = GUEST_DS;
	r->rsp = sp;
}

void pv_inject(struct vcpu *v, unsigned int vector, uint32_t error)
{
	const struct trap_info *t = &v->trap[vector & 0xff];
	bool has_code = vector < 32 && (TRAPS_WITH_ERROR_CODE >> vector & 1);
	uint64_t code = error;

	if (t->address)
		bounce(v, t->address, TI_GET_IF(t), &code, has_code);
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

/* The event callback masks events whatever it was registered with. */
static void deliver_callback(struct vcpu *v, unsigned int type,
			     const uint64_t *extra, unsigned int extra_words)
{
	bool mask =
		type == CALLBACKTYPE_event || (v->callback_flags >> type & 1);

	if (v->callback[type])
		bounce(v, v->callback[type], mask, extra, extra_words);
	else
		domain_crash(v->domain, "no callback of type %u, at rip %lx",
			     type, guest_regs()->rip);
}

void pv_deliver_event(struct vcpu *v)
{
	deliver_callback(v, CALLBACKTYPE_event, NULL, 0);
}

void pv_deliver_nmi(struct vcpu *v)
{
	v->nmi_pending = false;
	if (v->callback[CALLBACKTYPE_nmi])
		deliver_callback(v, CALLBACKTYPE_nmi, NULL, 0);
	else if (v->trap[TRAP_NMI].address)
		pv_inject(v, TRAP_NMI, 0);
	else
		return; /* as on a machine where nobody listens */
	v->nmi_masked = true;
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
	deliver_callback(v, type, NULL, 0);
	r->rflags &= ~RFLAGS_DF;
	r->r11 = r->rflags;
}

void pv_deliver_failsafe(struct vcpu *v, const uint64_t sel[4])
{
	/* Optional (BF-17): the registers hold null selectors already. */
	if (v->callback[CALLBACKTYPE_failsafe])
		deliver_callback(v, CALLBACKTYPE_failsafe, sel, 4);
}
