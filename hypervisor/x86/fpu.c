/* SPDX-License-Identifier: MIT */
/*
 * x87 and SSE state, saved and restored eagerly at every switch of vCPUs
 * (FP-1). CR0.TS in hardware only mirrors the guest's virtual bit.
 *
 * XSAVE and what depends on it is hidden from guests: CPUID does not show it
 * and CR4.OSXSAVE is off while a guest runs, so that no program finds AVX
 * (FP-5). The FXSAVE image therefore is all the state there is.
 */
#include "x86/fpu.h"

#include "core/services.h"
#include "lib/string.h"
#include "public/errno.h"
#include "x86/features.h"
#include "x86/fixup.h"
#include "x86/processor.h"

/* Offsets in an FXSAVE image [SDM2 "FXSAVE"]. */
#define FX_FCW             0
#define FX_MXCSR           24
#define FX_RESERVED        464 /* to the end: for software */
#define MXCSR_DEFAULT_MASK 0xffbfu

void fpu_reset(struct vcpu *v)
{
	uint8_t *image = v->fpu;
	uint16_t fcw = 0x37f;
	uint32_t mxcsr = 0x1f80;

	memset(image, 0, FXSAVE_SIZE);
	memcpy(image + FX_FCW, &fcw, sizeof(fcw));
	memcpy(image + FX_MXCSR, &mxcsr, sizeof(mxcsr));
}

int fpu_init(struct vcpu *v)
{
	v->fpu = heap_alloc(FXSAVE_SIZE);
	if (!v->fpu)
		return -XEN_ENOMEM;
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
	uint32_t allowed = cpu_features.fxsave_mxcsr_mask;
	uint32_t mxcsr;

	memcpy(&mxcsr, (const uint8_t *)fxsave + FX_MXCSR, sizeof(mxcsr));
	if (mxcsr & ~(allowed ? allowed : MXCSR_DEFAULT_MASK))
		return -XEN_EINVAL;
	memcpy(v->fpu, fxsave, FX_RESERVED);
	memset((uint8_t *)v->fpu + FX_RESERVED, 0, FXSAVE_SIZE - FX_RESERVED);
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
	write_cr0(read_cr0() & ~CR0_TS);
	__asm__ volatile("fxsave64 (%0)" : : "r"(v->fpu) : "memory");
}

void fpu_load(struct vcpu *v)
{
	if (!cpu_features.intel)
		clear_x87_pointers();
	if (fxrstor_safe(v->fpu))
		return;
	/* fpu_set_image() has checked it; never leave another's state. */
	fpu_reset(v);
	if (!fxrstor_safe(v->fpu))
		domain_crash(v->domain, "FPU state cannot be loaded");
}

#endif
