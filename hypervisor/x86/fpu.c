/* SPDX-License-Identifier: MIT */
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

#include "core/services.h"

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

int fpu_init(struct vcpu *v)
{
	v->fpu = heap_alloc(area_size());
	if (!v->fpu)
		return -XEN_ENOMEM;
	v->xcr0 = XCR0_X87;
	fpu_reset(v);
	return 0;
}

int fpu_set_image(struct vcpu *v, const void *fxsave)
{
	const struct fpu_area *image = fxsave;

	if (image->mxcsr & ~cpu_features.fxsave_mxcsr_mask)
		return -XEN_EINVAL;
	memcpy(area_clear(v), image, offsetof(struct fpu_area, software));
	return 0;
}

/*
 * AMD processors save the x87 pointers only while an exception is pending,
 * so those of the previous vCPU would shine through [APM2 "FXSAVE"]: an
 * FLD from our own memory overwrites them (FP-3).
 */
static void clear_x87_pointers(void)
{
	static const uint32_t zero;

	__asm__ volatile("fnclex; ffree %%st(7); flds %0" : : "m"(zero));
}

void fpu_save(struct vcpu *v)
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

void fpu_load(struct vcpu *v)
{
	if (!cpu_features.intel)
		clear_x87_pointers();
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
