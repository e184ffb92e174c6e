/* SPDX-License-Identifier: MIT */
/*
 * Interrupt dispatch and softirqs. Handlers run with interrupts off and do
 * little: set a softirq, flush a TLB, send an event.
 *
 * Owns: the handler table, written at boot or under the caller's lock, and
 * read without one; a stale handler may run once after it was removed.
 */
#include "x86/machine.h"

#include "core/console.h"
#include "core/services.h"
#include "x86/entry.h"

static irq_handler_fn *handlers[256];

void irq_set_handler(unsigned int vector, irq_handler_fn *handler)
{
	write_once(handlers[vector], handler);
}

void handle_interrupt(struct cpu_regs *regs)
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
