/* SPDX-License-Identifier: MIT */
/*
 * CPUID as guest kernels see it through the forced prefix: what works in PV,
 * as masks over what the processor has (EM-10). A leaf without a row is zero.
 *
 * Large pages, PCID, PGE, virtualisation, MONITOR, SMEP and the like are absent
 * because their instructions or control bits do not exist for ring 3;
 * compacted and supervisor XSAVE forms, PKU and AMX because x86/fpu.c does not
 * switch their state.
 */
#include "core/services.h"
#include "lib/string.h"
#include "pv/pv.h"
#include "x86/clock.h"
#include "x86/context.h"
#include "x86/features.h"
#include "x86/processor.h"

#define BIT(n) (1u << (n))

#define MAX_BASIC       0xdu
#define MAX_EXTENDED    0x80000008u
#define HYPERVISOR_LEAF 0x40000000u

/* 1.ecx: SSE3 PCLMUL SSSE3 CX16 SSE4.1 SSE4.2 MOVBE POPCNT AES RDRAND. */
#define LEAF1_C                                                                \
	(BIT(0) | BIT(1) | BIT(9) | BIT(13) | BIT(19) | BIT(20) | BIT(22) |    \
	 BIT(23) | BIT(25) | BIT(30))
#define LEAF1_C_HYPERVISOR BIT(31)
/* With XSAVE: FMA, XSAVE, AVX, F16C. */
#define LEAF1_C_XSAVE   (BIT(12) | BIT(26) | BIT(28) | BIT(29))
#define LEAF1_C_OSXSAVE BIT(27)
/* FPU DE TSC MSR PAE CX8 APIC MCA CMOV PAT CLFLUSH MMX FXSR SSE SSE2. */
#define LEAF1_D                                                                \
	(BIT(0) | BIT(2) | BIT(4) | BIT(5) | BIT(6) | BIT(8) | BIT(9) |        \
	 BIT(15) | BIT(16) | BIT(19) | BIT(23) | BIT(24) | BIT(25) | BIT(26))
#define LEAF1_D_MTRR BIT(12) /* control domain: for its memory types */
/* BMI1 BMI2 ERMS RDSEED ADX CLFLUSHOPT CLWB SHA. */
#define LEAF7_B                                                                \
	(BIT(3) | BIT(8) | BIT(9) | BIT(18) | BIT(19) | BIT(23) | BIT(24) |    \
	 BIT(29))
#define LEAF7_D BIT(4) /* FSRM */
/* With AVX: AVX2; VAES VPCLMULQDQ GFNI. With AVX-512: its parts. */
#define LEAF7_B_AVX BIT(5)
#define LEAF7_C_AVX (BIT(8) | BIT(9) | BIT(10))
#define LEAF7_B_AVX512                                                         \
	(BIT(16) | BIT(17) | BIT(21) | BIT(28) | BIT(30) | BIT(31))
#define LEAF7_C_AVX512 (BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14))
/* LAHF CMP_LEGACY LZCNT SSE4A MISALIGN PREFETCHW. */
#define LEAF81_C (BIT(0) | BIT(1) | BIT(5) | BIT(6) | BIT(7) | BIT(8))
/* The AMD copies of 1.edx, SYSCALL NX MMXEXT FFXSR LM 3DNOW. */
#define LEAF81_D                                                               \
	((LEAF1_D & 0x0183f3ff) | BIT(11) | BIT(20) | BIT(22) | BIT(25) |      \
	 BIT(29) | BIT(30) | BIT(31))

static struct cpuid_result leaf_1(const struct vcpu *v)
{
	struct cpuid_result r = cpuid(1, 0);

	/* APIC id 2 * vCPU; CLFLUSH size kept; one logical processor. */
	r.b = (r.b & 0xff00) | BIT(16) | (v->id & 0x7f) << 25;
	r.c &= LEAF1_C | (cpu_features.xsave ? LEAF1_C_XSAVE : 0);
	/* Kernels want to see OSXSAVE before they have set it. */
	if (cpu_features.xsave)
		r.c |= LEAF1_C_OSXSAVE;
	r.c |= LEAF1_C_HYPERVISOR;
	r.d &= LEAF1_D | (domain_is_control(v->domain) ? LEAF1_D_MTRR : 0);
	return r;
}

static struct cpuid_result leaf_7(void)
{
	struct cpuid_result r = cpuid(7, 0);

	uint64_t xcr0 = cpu_features.xcr0;
	uint32_t b = LEAF7_B, c = 0;

	if (xcr0 & XCR0_AVX) {
		b |= LEAF7_B_AVX;
		c |= LEAF7_C_AVX;
	}
	if (xcr0 & XCR0_AVX512) {
		b |= LEAF7_B_AVX512;
		c |= LEAF7_C_AVX512;
	}
	r.a = 0;
	r.b &= b;
	r.c &= c;
	r.d &= LEAF7_D;
	return r;
}

/* Bytes of an XSAVE area, standard form, for some components. */
static uint32_t xsave_bytes(uint64_t xcr0)
{
	uint32_t size = FXSAVE_SIZE + 64; /* and the header */
	struct cpuid_result r;

	for (unsigned int i = 2; i < 63; i++) {
		if (!(xcr0 >> i & 1))
			continue;
		r = cpuid(0xd, i);
		size = (uint32_t)max_u64(size, (uint64_t)r.a + r.b);
	}
	return size;
}

static struct cpuid_result leaf_xsave(const struct vcpu *v, uint32_t subleaf)
{
	struct cpuid_result r = { 0, 0, 0, 0 };
	uint64_t xcr0 = cpu_features.xcr0;

	if (!cpu_features.xsave)
		return r;
	if (subleaf == 0) {
		r.a = (uint32_t)xcr0;
		r.b = xsave_bytes(v->xcr0);
		r.c = xsave_bytes(xcr0);
		r.d = (uint32_t)(xcr0 >> 32);
	} else if (subleaf == 1) {
		r.a = cpuid(0xd, 1).a & BIT(0); /* XSAVEOPT */
	} else if (subleaf < 63 && (xcr0 >> subleaf & 1)) {
		r = cpuid(0xd, subleaf);
		r.c = r.d = 0;
	}
	return r;
}

static struct cpuid_result leaf_extended(uint32_t leaf)
{
	struct cpuid_result r = cpuid(leaf, 0);

	switch (leaf) {
	case 0x80000000:
		r.a = MAX_EXTENDED;
		break;
	case 0x80000001:
		r.c &= LEAF81_C & ~BIT(1);
		r.d = (r.d & LEAF81_D) | BIT(11); /* SYSCALL, from any mode */
		break;
	case 0x80000007:
		r.a = r.b = r.c = 0;
		r.d &= BIT(8); /* invariant TSC */
		break;
	case 0x80000008:
		r.a &= 0xffff;
		r.b = r.c = r.d = 0;
		break;
	}
	return r;
}

static struct cpuid_result leaf_hypervisor(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_result r = { 0, 0, 0, 0 };

	switch (leaf - HYPERVISOR_LEAF) {
	case 0: /* the last leaf, and the signature guests look for */
		r.a = HYPERVISOR_LEAF + 5;
		r.b = 0x566e6558;
		r.c = 0x65584d4d;
		r.d = 0x4d4d566e;
		break;
	case 1: /* version of the ABI: 4.17 */
		r.a = 4 << 16 | 17;
		break;
	case 2: /* hypercall pages; PRESERVE_AD exists */
		r.a = 1;
		r.b = 0x40000000;
		r.c = 1;
		break;
	case 3: /* TSC: native */
		if (subleaf == 0) {
			r.a = cpu_features.invariant_tsc ? BIT(1) : 0;
			r.c = (uint32_t)tsc_khz;
		} else if (subleaf == 2) {
			r.a = (uint32_t)tsc_khz;
		}
		break;
	case 5: /* width of machine addresses: below 45, so grants are v1 */
		r.b = min_u64(cpu_features.address_bits, 44);
		break;
	}
	return r;
}

struct cpuid_result pv_cpuid(const struct vcpu *v, uint32_t leaf,
			     uint32_t subleaf)
{
	struct cpuid_result r = { 0, 0, 0, 0 };

	if (leaf >= HYPERVISOR_LEAF && leaf < HYPERVISOR_LEAF + 0x100)
		return leaf_hypervisor(leaf, subleaf);
	if (leaf >= 0x80000000u && leaf <= MAX_EXTENDED)
		return leaf_extended(leaf);
	switch (leaf) {
	case 0:
		r = cpuid(0, 0);
		r.a = (uint32_t)min_u64(r.a, MAX_BASIC);
		return r;
	case 1:
		return leaf_1(v);
	case 2: /* caches and TLBs */
		return cpuid(2, 0);
	case 4: /* caches, of a processor with one core */
		r = cpuid(4, subleaf);
		r.a &= 0x3ff;
		return r;
	case 7:
		return subleaf ? r : leaf_7();
	case 0xd:
		return leaf_xsave(v, subleaf);
	default:
		return r;
	}
}

uint64_t pv_cr4_changeable(void)
{
	/* Hidden features have no CR4 bit either: FSGSBASE. */
	return CR4_TSD | CR4_DE | (cpu_features.xsave ? CR4_OSXSAVE : 0);
}
