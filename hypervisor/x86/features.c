/* SPDX-License-Identifier: MIT */
/*
 * Processor features: found once on the boot CPU, switched on alike on all.
 * What guests see of them is pv/cpuid.c's business.
 */

#include "lib/string.h"
#include "x86/cpu.h"

struct cpu_features cpu_features;

/* Every STAC and CLAC: three bytes each. */
extern uint8_t *const smap_sites[], *const smap_sites_end[];

void features_init(void)
{
	struct cpu_features *f = &cpu_features;
	struct cpuid_result vendor = cpuid(0, 0), basic = cpuid(1, 0);
	struct cpuid_result more = { 0 };
	uint32_t extended = cpuid(0x80000000, 0).a;
	uint32_t states = cpuid(0xd, 0).a; /* means nothing without XSAVE */
	const uint32_t avx512 = XCR0_AVX | XCR0_AVX512;
	static const uint8_t nop[3] = { 0x0f, 0x1f, 0x00 };

	if (vendor.a >= 7)
		more = cpuid(7, 0);
	f->intel = vendor.b == 0x756e6547; /* "Genu" */
	f->x2apic = basic.c >> 21 & 1;
	f->tsc_deadline = basic.c >> 24 & 1;
	f->xsave = basic.c >> 26 & 1;
	f->smap = more.b >> 20 & 1;
	f->rdtscp = cpuid(0x80000001, 0).d >> 27 & 1;
	f->invariant_tsc =
		extended >= 0x80000007 && (cpuid(0x80000007, 0).d >> 8 & 1);
	f->address_bits =
		extended >= 0x80000008 ? cpuid(0x80000008, 0).a & 0xff : 36;
	f->cr4 = CR4_HYPERVISOR | (f->xsave ? CR4_OSXSAVE : 0) |
		 (more.b & 1 ? CR4_FSGSBASE : 0) |
		 (more.b >> 7 & 1 ? CR4_SMEP : 0) | (f->smap ? CR4_SMAP : 0);
	f->efer = EFER_LME | EFER_LMA | EFER_NXE | EFER_SCE;
	/* The image is still writable. */
	for (uint8_t *const *s = smap_sites; !f->smap && s < smap_sites_end;
	     s++)
		memcpy(*s, nop, sizeof(nop));
	if (f->xsave)
		f->xcr0 = XCR0_X87 | XCR0_SSE | (states & XCR0_AVX);
	if (f->xsave && (states & avx512) == avx512)
		f->xcr0 |= XCR0_AVX512;
}

/* Bits of MXCSR that exist; zero in the image means the default. */
static uint32_t read_mxcsr_mask(void)
{
	static uint8_t area[512] __attribute__((aligned(16)));
	uint32_t mask;

	__asm__ volatile("fxsave %0" : "=m"(area));
	memcpy(&mask, area + 28, sizeof(mask));
	return mask ? mask : 0xffbf;
}

void features_init_cpu(void)
{
	struct cpu_features *f = &cpu_features;

	write_cr0(CR0_HYPERVISOR);
	write_cr4(f->cr4);
	wrmsr(MSR_EFER, f->efer);
	wrmsr(MSR_PAT, PAT_ABI_VALUE);
	if (f->xsave) {
		xsetbv(0, f->xcr0);
		f->xsave_size = cpuid(0xd, 0).b;
	}
	if (!f->fxsave_mxcsr_mask)
		f->fxsave_mxcsr_mask = read_mxcsr_mask();
	speculation_init_cpu();
}
