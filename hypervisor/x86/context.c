/* SPDX-License-Identifier: MIT */
/*
 * The state of a vCPU that lives in the processor while it runs, in one
 * place: what save stores, load restores (FP-6). The general registers move
 * between struct vcpu and the frame at the stack top.
 *
 * GS: the hardware GS base is the one of the current mode, KERNEL_GS_BASE
 * holds the other (pv/bounce.c swaps them).
 *
 * Context: the CPU that runs or is going to run v, interrupts on, from
 * schedule(); set and get: v does not run.
 */

#include "pv/pv.h"

#define READ_SELECTOR(seg)                                                     \
	({                                                                     \
		uint16_t s_;                                                   \
		__asm__ volatile("mov %%" #seg ", %0" : "=r"(s_));             \
		s_;                                                            \
	})

void context_load_cr4(const struct vcpu *v)
{
	uint64_t changeable = CR4_TSD | CR4_DE | CR4_FSGSBASE | CR4_OSXSAVE;
	uint64_t cr4 = (cpu_features.cr4 & ~changeable) |
		       (v->cr4 & pv_cr4_changeable());
	uint64_t old = read_cr4();

	if (cr4 == old)
		return;
	write_cr4(cr4);
	if (cr4 & ~old & CR4_OSXSAVE)
		fpu_load_xcr0(v);
}

void context_set_ts(struct vcpu *v, uint64_t ts)
{
	uint64_t old = read_cr0(), cr0 = (old & ~CR0_TS) | ts;

	v->cr0_ts = ts;
	if (cr0 != old)
		write_cr0(cr0);
}

void context_load_debug(const struct vcpu *v)
{
	/* Reading is cheaper than writing here. */
	if (read_dr7() & 0xff)
		write_dr7(DR7_OFF);
	if (!(v->debugreg[7] & 0xff))
		return;
	write_dr0(v->debugreg[0]);
	write_dr1(v->debugreg[1]);
	write_dr2(v->debugreg[2]);
	write_dr3(v->debugreg[3]);
	write_dr6(DR6_FIXED);
	write_dr7(v->debugreg[7]);
}

static void save_segments(struct vcpu *v)
{
	v->ds = READ_SELECTOR(ds);
	v->es = READ_SELECTOR(es);
	v->fs = READ_SELECTOR(fs);
	v->gs = READ_SELECTOR(gs);
	v->fs_base = rdmsr(MSR_FS_BASE);
	v->gs_base[v->in_kernel] = rdmsr(MSR_GS_BASE);
	v->gs_base[!v->in_kernel] = rdmsr(MSR_KERNEL_GS_BASE);
}

/*
 * Selectors first, since loading one sets the base; a base that belongs to a
 * selector is the descriptor's, but writing the saved value of it again is
 * right too. A selector that cannot be loaded is the guest's to hear of.
 */
static void load_segments(struct vcpu *v)
{
	uint64_t want[4] = { v->ds, v->es, v->fs, v->gs };
	bool ok = true;

	if (v->ds | v->es | v->fs | v->gs | READ_SELECTOR(ds) |
	    READ_SELECTOR(es) | READ_SELECTOR(fs) | READ_SELECTOR(gs))
		ok = load_selectors(v->ds, v->es, v->fs, v->gs);
	wrmsr(MSR_FS_BASE, v->fs_base);
	wrmsr(MSR_GS_BASE, v->gs_base[v->in_kernel]);
	wrmsr(MSR_KERNEL_GS_BASE, v->gs_base[!v->in_kernel]);
	if (!ok)
		pv_deliver_failsafe(v, want);
}

void vcpu_context_save(struct vcpu *v)
{
	v->regs = *guest_regs();
	save_segments(v);
	fpu_save(v);
	if (v->debugreg[7] & 0xff)
		write_dr7(DR7_OFF);
}

void vcpu_context_load(struct vcpu *v)
{
	*guest_regs() = v->regs;
	mm_load_root(v);
	pv_load_windows(v);
	fpu_load(v);
	context_load_cr4(v);
	context_set_ts(v, v->cr0_ts);
	context_load_debug(v);
	if (cpu_features.rdtscp)
		wrmsr(MSR_TSC_AUX, v->tsc_aux);
	load_segments(v);
}

/* No guest's root, tables or selectors: all of it may be freed from now on. */
void vcpu_context_load_idle(void)
{
	(void)load_selectors(0, 0, 0, 0);
	gdt_load_ldt(0);
	mm_load_idle_root();
}

int vcpu_context_init(struct vcpu *v)
{
	v->kernel_root = v->user_root = INVALID_MFN;
	v->in_kernel = true;
	v->callback_flags = 1 << CALLBACKTYPE_event;
	v->regs.rflags = RFLAGS_FIXED | RFLAGS_IF;
	v->regs.cs = GUEST_CS64;
	v->regs.ss = GUEST_DS;
	v->cr4 = PV_CR4_BASE;
	v->debugreg[6] = DR6_FIXED;
	v->debugreg[7] = DR7_OFF;
	return fpu_init(v);
}

void vcpu_context_destroy(struct vcpu *v)
{
	pv_drop_descriptors(v);
	mm_drop_roots(v);
	heap_free(v->fpu);
}
