/* SPDX-License-Identifier: MIT */
/*
 * On the way out to a guest: run what is pending, deliver events, decide how
 * to return. The decision is a pure function of the frame.
 *
 * Context: any CPU, on the main stack above nothing but the guest frame.
 */
#include "pv/pv.h"
#include "x86/segments.h"

/*
 * SYSRET takes rip and flags from rcx and r11 and selectors from STAR, and
 * faults in ring 0 with the guest's stack on some processors when rip is not
 * canonical [SDM2 "SYSRET"]. So only for frames that are marked for it.
 */
inline enum exit_how exit_plan(const struct cpu_regs *r)
{
	ASSERT(r->vector != VECTOR_SYSCALL ||
	       (r->cs == GUEST_CS64 && r->ss == GUEST_DS));
	if (unlikely(!is_canonical(r->rip)))
		return EXIT_BAD_RIP;
	if (likely(r->vector == VECTOR_SYSCALL &&
		   !(r->rflags & (RFLAGS_RF | RFLAGS_VM | RFLAGS_TF))))
		return EXIT_SYSRET;
	return EXIT_IRET;
}

/* Interrupts off: can the guest run, or what comes first? */
static inline enum exit_how exit_check(void)
{
	const struct cpu *c = this_cpu();
	const struct vcpu *v = c->current;
	const char *top = (const char *)c + CPU_BLOCK_SIZE;

	if (unlikely(read_once(c->softirq_pending)))
		return EXIT_SOFTIRQ;
	if (unlikely(v->nmi_pending && !v->nmi_masked))
		return EXIT_NMI;
	if (unlikely(vcpu_event_pending(v)))
		return EXIT_EVENT;
	return exit_plan((const struct cpu_regs *)top - 1); /* guest_regs() */
}

/* Not inline, so that the way without work saves no registers. */
static __attribute__((noinline)) enum exit_how exit_work(enum exit_how work)
{
	struct vcpu *v = current_vcpu();
	bool nmi = guest_regs()->vector == TRAP_NMI;

	irq_enable();
	if (work == EXIT_SOFTIRQ)
		softirq_run();
	else if (work == EXIT_NMI)
		pv_deliver_nmi(v);
	else if (work == EXIT_EVENT)
		pv_deliver_event(v);
	else
		pv_inject(v, TRAP_GP, 0);
	irq_disable();
	/* Whoever runs now: it ends with IRET, or NMIs stay blocked. */
	if (nmi)
		guest_regs()->vector = TRAP_NMI;
	return exit_check();
}

bool exit_to_guest(void)
{
	enum exit_how how;

	irq_disable();
	how = exit_check();
	while (unlikely(how > EXIT_SYSRET))
		how = exit_work(how);
	return how == EXIT_SYSRET;
}
