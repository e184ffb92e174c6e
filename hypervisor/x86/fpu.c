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
#include "x86/fpu.h"

#include "core/services.h"
#include "lib/string.h"
#include "public/errno.h"
#include "x86/features.h"
#include "x86/fixup.h"
#include "x86/processor.h"

/* Offsets in the area [SDM1 "XSAVE-Managed State"]. */
#define FX_FCW           0
#define FX_MXCSR         24
#define FX_RESERVED      464 /* of the FXSAVE part, to its end: software's */
#define XSAVE_BV         512 /* header: components that are not initial */
#define FX_DEFAULT_FCW   0x37f
#define FX_DEFAULT_MXCSR 0x1f80

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

/* x87 and SSE from the FXSAVE part, all else initial. */
static void set_header(struct vcpu *v)
{
	uint64_t components = XCR0_X87 | XCR0_SSE;
	uint8_t *area = v->fpu;

	if (!cpu_features.xsave)
		return;
	memset(area + XSAVE_BV, 0, area_size() - XSAVE_BV);
	memcpy(area + XSAVE_BV, &components, sizeof(components));
}

void fpu_reset(struct vcpu *v)
{
	uint8_t *area = v->fpu;
	uint16_t fcw = FX_DEFAULT_FCW;
	uint32_t mxcsr = FX_DEFAULT_MXCSR;

	memset(area, 0, FXSAVE_SIZE);
	memcpy(area + FX_FCW, &fcw, sizeof(fcw));
	memcpy(area + FX_MXCSR, &mxcsr, sizeof(mxcsr));
	set_header(v);
}

int fpu_init(struct vcpu *v)
{
	v->fpu = heap_alloc(area_size()); /* aligned to 64 bytes */
	if (!v->fpu)
		return -XEN_ENOMEM;
	v->xcr0 = XCR0_X87;
	fpu_reset(v);
	return 0;
}

void fpu_destroy(struct vcpu *v)
{
	heap_free(v->fpu);
	v->fpu = NULL;
}

int fpu_set_image(struct vcpu *v, const void *fxsave)
{
	uint32_t mxcsr;

	memcpy(&mxcsr, (const uint8_t *)fxsave + FX_MXCSR, sizeof(mxcsr));
	if (mxcsr & ~cpu_features.fxsave_mxcsr_mask)
		return -XEN_EINVAL;
	memcpy(v->fpu, fxsave, FX_RESERVED);
	memset((uint8_t *)v->fpu + FX_RESERVED, 0, FXSAVE_SIZE - FX_RESERVED);
	set_header(v);
	return 0;
}

void fpu_get_image(const struct vcpu *v, void *fxsave)
{
	memcpy(fxsave, v->fpu, FXSAVE_SIZE);
}

#ifndef TENON_HOSTED

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
			 : "r"(v->fpu), "a"((uint32_t)cpu_features.xcr0),
			   "d"((uint32_t)(cpu_features.xcr0 >> 32))
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

#endif
