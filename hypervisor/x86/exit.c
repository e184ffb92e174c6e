/* SPDX-License-Identifier: MIT */
/*
 * On the way out to a guest: run what is pending, deliver events, decide how
 * to return. The decision is a pure function of the frame.
 *
 * Context: any CPU, on the main stack above nothing but the guest frame.
 */
#include "core/domain.h"
#include "core/services.h"
#include "pv/pv.h"
#include "x86/entry.h"
#include "x86/processor.h"
#include "x86/segments.h"
#include "x86/uaccess.h"

/*
 * SYSRET loads rip from rcx and flags from r11 and selectors from STAR, and
 * faults in ring 0 with the guest's stack on some processors when rip is not
 * canonical [SDM2 "SYSRET"]. So only when the frame says just that. An NMI
 * must end with IRET, or NMIs stay blocked.
 */
enum exit_how exit_plan(const struct cpu_regs *r)
{
	if (unlikely(!is_canonical(r->rip)))
		return EXIT_BAD_RIP;
	if (likely(r->rcx == r->rip && r->r11 == r->rflags &&
		   r->cs == GUEST_CS64 && r->ss == GUEST_DS &&
		   r->vector != TRAP_NMI &&
		   !(r->rflags & (RFLAGS_RF | RFLAGS_VM | RFLAGS_TF))))
		return EXIT_SYSRET;
	return EXIT_IRET;
}

/* Work that needs interrupts on. True: look again. */
static bool exit_work(void)
{
	struct vcpu *v;

	if (unlikely(read_once(this_cpu()->softirq_pending))) {
		irq_enable();
		softirq_run();
		return true;
	}
	v = current_vcpu();
	if (unlikely(v->nmi_pending && !v->nmi_masked)) {
		irq_enable();
		pv_deliver_nmi(v);
		return true;
	}
	if (unlikely(vcpu_event_pending(v))) {
		irq_enable();
		pv_deliver_event(v);
		return true;
	}
	return false;
}

bool exit_to_guest(void)
{
	enum exit_how how;

	for (;;) {
		irq_disable();
		if (exit_work())
			continue;
		how = exit_plan(guest_regs());
		if (likely(how != EXIT_BAD_RIP))
			return how == EXIT_SYSRET;
		irq_enable();
		pv_inject(current_vcpu(), TRAP_GP, 0);
	}
}
