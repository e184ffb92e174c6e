/* SPDX-License-Identifier: MIT */
/*
 * What comes before a guest can go on: pending work of the CPU, an NMI, an
 * event, or #GP when its rip is nowhere. Entry.S asks on each way out whether
 * there is any of that, with interrupts off.
 *
 * Context: any CPU, on the main stack above nothing but the guest frame.
 */
#include "pv/pv.h"

void exit_work(void)
{
	struct vcpu *v = current_vcpu();
	bool nmi = guest_regs()->vector == TRAP_NMI;

	irq_enable();
	if (read_once(this_cpu()->softirq_pending))
		softirq_run();
	else if (v->nmi_pending && !v->nmi_masked)
		pv_deliver_nmi(v);
	else if (vcpu_event_pending(v))
		pv_deliver_event(v);
	else if (!is_canonical(guest_regs()->rip))
		pv_inject(v, TRAP_GP, 0);
	irq_disable();
	/* Whoever runs now: it ends with IRET, or NMIs stay blocked. */
	if (nmi)
		guest_regs()->vector = TRAP_NMI;
}
