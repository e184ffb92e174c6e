/* SPDX-License-Identifier: MIT */
/*
 * Exceptions. Of guest code: read what the next exception would overwrite
 * (CR2, DR6), allow interrupts, call pv/. Of the hypervisor: continue at the
 * fix-up of uaccess.S, reflect a failed IRET to the guest it was for, or
 * panic.
 *
 * Context: NMI, #MC, #DB and #DF of hypervisor code run on stacks of their
 * own and may interrupt anything: they take no locks and touch no guest
 * memory (BF-19).
 */
#include "core/domain.h"
#include "core/services.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "pv/pv.h"
#include "x86/backtrace.h"
#include "x86/entry.h"
#include "x86/features.h"
#include "x86/fixup.h"
#include "x86/processor.h"
#include "x86/segments.h"
#include "x86/smp.h"

bool smap_active;

extern const uint8_t syscall_stub_template[], syscall_stub_end[],
	syscall32_stub_end[], syscall_entry[], syscall32_entry[];

/* The last 4 bytes before `end` become the jump's displacement. */
static void stub_set_target(uint8_t *alias, uint64_t va, const uint8_t *end,
			    const uint8_t *target)
{
	uint64_t offset = (uint64_t)(end - syscall_stub_template);
	int32_t displacement = (int32_t)((uint64_t)target - (va + offset));

	memcpy(alias + offset - 4, &displacement, 4);
}

void entry_init_cpu(void *alias)
{
	uint64_t va = (uint64_t)this_cpu() + CPU_BLOCK_STUB;

	memset(alias, 0xcc, PAGE_SIZE);
	memcpy(alias, syscall_stub_template,
	       (size_t)(syscall32_stub_end - syscall_stub_template));
	stub_set_target(alias, va, syscall_stub_end, syscall_entry);
	stub_set_target(alias, va, syscall32_stub_end, syscall32_entry);
	wrmsr(MSR_STAR, STAR_VALUE);
	wrmsr(MSR_LSTAR, va);
	wrmsr(MSR_CSTAR, va + 64);
	wrmsr(MSR_SYSCALL_MASK, RFLAGS_SYSCALL_MASK);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
	smap_active = cpu_features.smap;
}

static void handle_nmi(void)
{
	smp_check_stop();
}

static void handle_machine_check(const struct cpu_regs *regs)
{
	panic_with(regs, "machine check");
}

void handle_guest_exception(struct cpu_regs *regs)
{
	struct vcpu *v = current_vcpu();
	uint64_t extra = 0;

	switch (regs->vector) {
	case TRAP_NMI:
		handle_nmi();
		return;
	case TRAP_MC:
		handle_machine_check(regs);
		return;
	case TRAP_PF:
		extra = read_cr2();
		break;
	case TRAP_DB:
		extra = read_dr6();
		write_dr6(DR6_FIXED);
		break;
	}
	irq_enable();
	switch (regs->vector) {
	case TRAP_PF:
		pv_page_fault(v, regs, extra);
		break;
	case TRAP_GP:
		pv_general_protection(v, regs);
		break;
	case TRAP_UD:
		pv_invalid_opcode(v, regs);
		break;
	case TRAP_NM:
		pv_device_not_available(v);
		break;
	case TRAP_DB:
		pv_debug(v, extra);
		break;
	default:
		pv_inject(v, regs->vector, regs->error_code);
	}
}

/* Continue after a fault that uaccess.S expects; false: it does not. */
static bool apply_fixup(struct cpu_regs *regs)
{
	const struct fault_fixup *f;

	for (f = fault_fixups; f < fault_fixups_end; f++) {
		if (f->fault == regs->rip) {
			regs->rip = f->resume;
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

	memcpy(guest, &fault, offsetof(struct cpu_regs, error_code));
	irq_enable();
	if (fault.vector == TRAP_PF && pv_ldt_fault(v, cr2))
		guest_resume();
	if (fault.vector == TRAP_PF) { /* only the LDT can be missing */
		fault.vector = TRAP_GP;
		fault.error_code = 0;
	}
	guest->vector = fault.vector;
	guest->error_code = fault.error_code;
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
	write_dr7(0x400);
	regs->rflags &= ~RFLAGS_TF;
}

void handle_hypervisor_exception(struct cpu_regs *regs)
{
	struct vcpu *v = current_vcpu();

	switch (regs->vector) {
	case TRAP_NMI:
		handle_nmi();
		return;
	case TRAP_MC:
		handle_machine_check(regs);
		return;
	case TRAP_DB:
		hypervisor_debug(regs);
		return;
	}
	if (regs->rip == (uint64_t)exit_iretq)
		reflect_failed_iret(regs);
	/* A selector of the LDT, whose page is not mapped yet. */
	if (regs->vector == TRAP_PF && v && (regs->rflags & RFLAGS_IF)) {
		uint64_t cr2 = read_cr2();

		irq_enable();
		if (pv_ldt_fault(v, cr2))
			return;
		irq_disable();
	}
	if (apply_fixup(regs))
		return;
	panic_with(regs, "exception %u at %lx, error code %x", regs->vector,
		   regs->rip, regs->error_code);
}
