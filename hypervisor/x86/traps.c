/* SPDX-License-Identifier: MIT */
/*
 * Exceptions and interrupts. Of guest code: pv/ reads what the next exception
 * would overwrite (CR2, DR6), and allows interrupts. Of the hypervisor:
 * continue at the fix-up of a guest access, reflect a failed IRET to the guest
 * it was for, or panic.
 *
 * Context: NMI, #MC, #DB and #DF of hypervisor code run on stacks of their
 * own and may interrupt anything: they take no locks and touch no guest
 * memory (BF-19).
 */
#include "core/services.h"
#include "pv/pv.h"
#include "x86/machine.h"

/*
 * Continue after a fault that an access expects, which leaves guest memory
 * closed again (UA-5); false: nobody expects it.
 */
static bool apply_fixup(struct cpu_regs *regs)
{
	const struct fault_fixup *f;

	for (f = fault_fixups; f < fault_fixups_end; f++) {
		if (regs->rip >= f->start && regs->rip < f->end) {
			regs->rip = f->resume;
			regs->rflags &= ~RFLAGS_AC;
			return true;
		}
	}
	return false;
}

/*
 * The IRET to a guest has faulted. rip .. ss of the guest frame are as they
 * were; the processor pushed the exception below them, where the guest's
 * general registers had been, and those are the ones in regs. Put them back
 * and let the guest have the exception at its target (BF-3).
 */
static noreturn_fn void reflect_failed_iret(const struct cpu_regs *regs)
{
	struct cpu_regs *guest = guest_regs();
	struct cpu_regs fault = *regs;
	struct vcpu *v = current_vcpu();
	uint64_t cr2 = read_cr2();

	memcpy(guest, &fault, offsetof(struct cpu_regs, rip));
	irq_enable();
	if (fault.vector == TRAP_PF && pv_ldt_fault(v, cr2))
		guest_resume();
	if (fault.vector == TRAP_PF) { /* only the LDT can be missing */
		fault.vector = TRAP_GP;
		fault.error_code = 0;
	}
	/* Whatever the selectors were, the next attempt must not fail. */
	guest->cs = GUEST_CS64;
	guest->ss = GUEST_DS;
	pv_inject(v, fault.vector, fault.error_code);
	guest_resume();
}

/*
 * A breakpoint that the guest placed where the hypervisor touches memory for
 * it, or MOV SS before an entry (BF-11): the guest learns of it, breakpoints
 * stay off until its context is loaded again.
 */
static void hypervisor_debug(struct cpu_regs *regs)
{
	struct vcpu *v = current_vcpu();

	if (v)
		v->debugreg[6] |= read_dr6() & 0xf;
	write_dr6(DR6_FIXED);
	write_dr7(DR7_OFF);
	regs->rflags &= ~RFLAGS_TF;
}

/* A selector of the LDT, whose page is not mapped yet. */
static bool ldt_fault(const struct cpu_regs *regs)
{
	struct vcpu *v = current_vcpu();
	uint64_t cr2 = read_cr2();

	if (regs->vector != TRAP_PF || !v || !(regs->rflags & RFLAGS_IF))
		return false;
	irq_enable(); /* they were */
	return pv_ldt_fault(v, cr2);
}

/* Not inline: what guests cause needs no stack here. */
static __attribute__((noinline)) void
hypervisor_exception(struct cpu_regs *regs)
{
	if (regs->vector == TRAP_DB)
		hypervisor_debug(regs);
	else if (regs->rip == (uint64_t)exit_iretq)
		reflect_failed_iret(regs);
	else if (!ldt_fault(regs) && !apply_fixup(regs))
		panic_with(regs, "exception %u at %lx, error code %x",
			   regs->vector, regs->rip, regs->error_code);
}

/*
 * Interrupts and softirqs. Handlers run with interrupts off and do little: set
 * a softirq, flush a TLB, send an event. The table is written at boot or under
 * the caller's lock, and read without one; a stale handler may run once after
 * it was removed.
 */

static irq_handler_fn *handlers[256];

void irq_set_handler(unsigned int vector, irq_handler_fn *handler)
{
	write_once(handlers[vector], handler);
}

static void handle_interrupt(struct cpu_regs *regs)
{
	unsigned int vector = regs->vector & 0xff;
	irq_handler_fn *fn = read_once(handlers[vector]);

	/* Spurious ones, also the PICs', want no EOI [SDM3 "Spurious"]. */
	if (vector == VECTOR_SPURIOUS || vector < VECTOR_DEVICE)
		return;
	if (fn)
		fn(vector);
	apic_eoi(); /* a level line is masked by now */
}

void softirq_raise(unsigned int cpu, enum softirq which)
{
	struct cpu *c = cpu_get(cpu);
	uint64_t bit = 1ull << which;

	if (!c)
		return;
	if (__atomic_fetch_or(&c->softirq_pending, bit, __ATOMIC_SEQ_CST) & bit)
		return;
	if (c != this_cpu())
		smp_send_ipi(cpu, VECTOR_RESCHEDULE);
}

void softirq_run(void)
{
	static void (*const actions[])(void) = {
		[SOFTIRQ_TIMER] = timer_softirq,
		[SOFTIRQ_SCHEDULE] = schedule,
		[SOFTIRQ_CONSOLE] = console_softirq,
	};
	struct cpu *c = this_cpu();
	uint64_t pending;

	/*
	 * One at a time and lowest first: schedule() may run for as long as
	 * the CPU idles, and must not sit on bits taken for others.
	 */
	while ((pending = read_once(c->softirq_pending)) != 0) {
		unsigned int which = (unsigned int)__builtin_ctzll(pending);

		__atomic_fetch_and(&c->softirq_pending, ~(1ull << which),
				   __ATOMIC_SEQ_CST);
		actions[which]();
	}
}

/* Of guest code, or whatever the code was. */

static void guest_debug(struct vcpu *v, struct cpu_regs *regs)
{
	uint64_t dr6 = read_dr6();

	write_dr6(DR6_FIXED);
	irq_enable();
	pv_debug(v, dr6);
}

static noreturn_fn void any_machine_check(struct vcpu *v, struct cpu_regs *regs)
{
	panic_with(regs, "machine check");
}

/* Interrupts are off. Without a row: the guest's alone. */
static void (*const exceptions[32])(struct vcpu *v, struct cpu_regs *regs) = {
	[TRAP_DB] = guest_debug,           [TRAP_NMI] = handle_nmi,
	[TRAP_UD] = pv_invalid_opcode,     [TRAP_NM] = pv_device_not_available,
	[TRAP_GP] = pv_general_protection, [TRAP_PF] = pv_page_fault,
	[TRAP_MC] = any_machine_check,
};

void handle_entry(struct cpu_regs *regs)
{
	struct vcpu *v = current_vcpu();
	uint32_t vector = regs->vector;

	if (vector >= ARRAY_SIZE(exceptions)) {
		handle_interrupt(regs);
	} else if (!(regs->cs & 3) && vector != TRAP_NMI && vector != TRAP_MC) {
		hypervisor_exception(regs);
	} else if (exceptions[vector]) {
		exceptions[vector](v, regs);
	} else {
		irq_enable();
		pv_inject(v, vector, regs->error_code);
	}
}
