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

/*
 * x87, SSE and AVX state, saved and restored eagerly at every switch of vCPUs
 * (FP-1). CR0.TS in hardware only mirrors the guest's virtual bit.
 *
 * With XSAVE, every component that any guest may use is saved and restored,
 * also those that this guest has not enabled: nothing of another vCPU is
 * there when it enables one (FP-2). CR4.OSXSAVE and XCR0 in hardware are the
 * guest's own while it runs, so that programs find exactly what their kernel
 * has enabled; between save and load they are the hypervisor's.
 */

/*
 * The area that v->fpu points to, aligned to 64 bytes [SDM1 "XSAVE-Managed
 * State"]. Without XSAVE it ends before components.
 */
struct fpu_area {
	uint16_t fcw;
	uint8_t x87[22];
	uint32_t mxcsr;
	uint8_t registers[436];
	uint8_t software[48];
	uint64_t components; /* that are not in their initial state */
};
_Static_assert(offsetof(struct fpu_area, components) == FXSAVE_SIZE, "FXSAVE");

/* Guests set no bit of XCR0 that needs another one that is not set. */
bool fpu_xcr0_ok(uint64_t xcr0)
{
	uint64_t avx512 = xcr0 & XCR0_AVX512;

	if (xcr0 & ~cpu_features.xcr0 || !(xcr0 & XCR0_X87))
		return false;
	if ((xcr0 & XCR0_AVX) && !(xcr0 & XCR0_SSE))
		return false;
	return !avx512 || (avx512 == XCR0_AVX512 && (xcr0 & XCR0_AVX));
}

static size_t area_size(void)
{
	return cpu_features.xsave ? cpu_features.xsave_size : FXSAVE_SIZE;
}

/* All zero; x87 and SSE will come from the FXSAVE part, all else is initial. */
static struct fpu_area *area_clear(struct vcpu *v)
{
	struct fpu_area *area = v->fpu;

	memset(area, 0, area_size());
	if (cpu_features.xsave)
		area->components = XCR0_X87 | XCR0_SSE;
	return area;
}

void fpu_reset(struct vcpu *v)
{
	struct fpu_area *area = area_clear(v);

	area->fcw = 0x37f;
	area->mxcsr = 0x1f80;
}

int fpu_set_image(struct vcpu *v, const void *fxsave)
{
	const struct fpu_area *image = fxsave;

	if (image->mxcsr & ~cpu_features.fxsave_mxcsr_mask)
		return -XEN_EINVAL;
	memcpy(area_clear(v), image, offsetof(struct fpu_area, software));
	return 0;
}

static void fpu_save(struct vcpu *v)
{
	uint64_t cr4 = read_cr4();

	write_cr0(read_cr0() & ~CR0_TS);
	if (!cpu_features.xsave) {
		__asm__ volatile("fxsave64 (%0)" : : "r"(v->fpu) : "memory");
		return;
	}
	if (!(cr4 & CR4_OSXSAVE))
		write_cr4(cr4 | CR4_OSXSAVE);
	xsetbv(0, cpu_features.xcr0);
	__asm__ volatile("xsave64 (%0)"
			 :
			 : "r"(v->fpu), "a"(cpu_features.xcr0), "d"(0)
			 : "memory");
}

static bool restore(const struct vcpu *v)
{
	if (cpu_features.xsave)
		return xrstor_safe(v->fpu, cpu_features.xcr0);
	return fxrstor_safe(v->fpu);
}

static void fpu_load(struct vcpu *v)
{
	static const uint32_t zero;

	/*
	 * AMD processors save the x87 pointers only while an exception is
	 * pending, so those of the previous vCPU would shine through [APM2
	 * "FXSAVE"]: an FLD from our own memory overwrites them (FP-3).
	 */
	if (!cpu_features.intel)
		__asm__ volatile("fnclex; ffree %%st(7); flds %0"
				 :
				 : "m"(zero));
	if (!restore(v)) {
		/* The image was checked; never leave another's state. */
		fpu_reset(v);
		if (!restore(v))
			domain_crash(v->domain, "FPU state cannot be loaded");
	}
	fpu_load_xcr0(v);
}

void fpu_load_xcr0(const struct vcpu *v)
{
	if (cpu_features.xsave && (read_cr4() & CR4_OSXSAVE))
		xsetbv(0, v->xcr0);
}

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
	v->ds = READ_SELECTOR(ds);
	v->es = READ_SELECTOR(es);
	v->fs = READ_SELECTOR(fs);
	v->gs = READ_SELECTOR(gs);
	v->fs_base = rdmsr(MSR_FS_BASE);
	v->gs_base[v->in_kernel] = rdmsr(MSR_GS_BASE);
	v->gs_base[!v->in_kernel] = rdmsr(MSR_KERNEL_GS_BASE);
	fpu_save(v);
	if (v->debugreg[7] & 0xff)
		write_dr7(DR7_OFF);
}

void vcpu_context_load(struct vcpu *v)
{
	*guest_regs() = v->regs;
	speculation_switch();
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
	v->xcr0 = XCR0_X87;
	v->fpu = heap_alloc(area_size());
	if (!v->fpu)
		return -XEN_ENOMEM;
	fpu_reset(v);
	return 0;
}

void vcpu_context_destroy(struct vcpu *v)
{
	pv_drop_descriptors(v);
	mm_drop_roots(v);
	heap_free(v->fpu);
}
