/* SPDX-License-Identifier: MIT */
/*
 * CPUID as guest kernels see it through the forced prefix: what works in PV,
 * as masks over what the processor has (EM-10). A leaf without a row is zero.
 *
 * Large pages, PCID, PGE, virtualisation, MONITOR, SMEP and the like are absent
 * because their instructions or control bits do not exist for ring 3;
 * compacted and supervisor XSAVE forms, PKU and AMX because x86/context.c does
 * not switch their state.
 */
#include "pv/pv.h"
#include "x86/machine.h"

#define BIT(n) (1u << (n))
#define ALL    0xffffffffu

#define MAX_BASIC       0xdu
#define MAX_EXTENDED    0x80000008u
#define HYPERVISOR_LEAF 0x40000000u

/* SSE3 PCLMUL SSSE3 CX16 SSE4.1 SSE4.2 MOVBE POPCNT AES RDRAND. */
#define LEAF1_C                                                                \
	(BIT(0) | BIT(1) | BIT(9) | BIT(13) | BIT(19) | BIT(20) | BIT(22) |    \
	 BIT(23) | BIT(25) | BIT(30))
/* FMA XSAVE AVX F16C. */
#define LEAF1_C_AVX (BIT(12) | BIT(26) | BIT(28) | BIT(29))
/* FPU DE TSC MSR PAE MCE CX8 APIC MCA CMOV PAT MMX FXSR: also in AMD's copy. */
#define COMMON_D                                                               \
	(BIT(0) | BIT(2) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(8) |        \
	 BIT(9) | BIT(14) | BIT(15) | BIT(16) | BIT(23) | BIT(24))
/* CLFLUSH SSE SSE2. */
#define LEAF1_D (COMMON_D | BIT(19) | BIT(25) | BIT(26))
/* BMI1 BMI2 ERMS RDSEED ADX CLFLUSHOPT CLWB SHA. */
#define LEAF7_B                                                                \
	(BIT(3) | BIT(8) | BIT(9) | BIT(18) | BIT(19) | BIT(23) | BIT(24) |    \
	 BIT(29))
/* GFNI VAES VPCLMULQDQ. */
#define LEAF7_C_AVX (BIT(8) | BIT(9) | BIT(10))
/* The parts of AVX-512. */
#define LEAF7_B_AVX512                                                         \
	(BIT(16) | BIT(17) | BIT(21) | BIT(28) | BIT(30) | BIT(31))
#define LEAF7_C_AVX512 (BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14))
/* LAHF LZCNT SSE4A MISALIGNSSE PREFETCHW. */
#define LEAF81_C (BIT(0) | BIT(5) | BIT(6) | BIT(7) | BIT(8))
/* SYSCALL NX MMXEXT FFXSR LM 3DNOW. */
#define LEAF81_D                                                               \
	(COMMON_D | BIT(11) | BIT(20) | BIT(22) | BIT(25) | BIT(29) |          \
	 BIT(30) | BIT(31))

#define CONTROL_ONLY BIT(31) /* no component of XCR0 */

/*
 * Bits of eax .. edx that pass if the processor has them. A row counts if the
 * guest has all that it needs: components of XCR0, or CONTROL_ONLY.
 */
static const struct {
	uint32_t first, last; /* leaves */
	uint32_t needs, a, b, c, d;
} rows[] = {
	{ 0, 0, 0, ALL, ALL, ALL, ALL }, /* vendor */
	/* Model; size of CLFLUSH. */
	{ 1, 1, 0, ALL, 0xff00, LEAF1_C, LEAF1_D },
	{ 1, 1, XCR0_X87, 0, 0, LEAF1_C_AVX, 0 },
	/* MTRR, for memory types of devices. */
	{ 1, 1, CONTROL_ONLY, 0, 0, 0, BIT(12) },
	{ 2, 2, 0, ALL, ALL, ALL, ALL },   /* caches and TLBs */
	{ 4, 4, 0, 0x3ff, ALL, ALL, ALL }, /* caches, as with one core */
	/* FSRM. */
	{ 7, 7, 0, 0, LEAF7_B, 0, BIT(4) },
	/* AVX2. */
	{ 7, 7, XCR0_AVX, 0, BIT(5), LEAF7_C_AVX, 0 },
	{ 7, 7, XCR0_AVX512, 0, LEAF7_B_AVX512, LEAF7_C_AVX512, 0 },
	{ 0x80000000, 0x80000000, 0, ALL, ALL, ALL, ALL },
	{ 0x80000001, 0x80000001, 0, ALL, ALL, LEAF81_C, LEAF81_D },
	/* Name; AMD's caches and TLBs. */
	{ 0x80000002, 0x80000006, 0, ALL, ALL, ALL, ALL },
	{ 0x80000007, 0x80000007, 0, 0, 0, 0, BIT(8) }, /* invariant TSC */
	/* Widths of addresses. */
	{ 0x80000008, 0x80000008, 0, 0xffff, 0, 0, 0 },
};

static struct cpuid_result filter(const struct vcpu *v, uint32_t leaf,
				  struct cpuid_result r)
{
	uint32_t a = 0, b = 0, c = 0, d = 0;
	uint32_t have = (uint32_t)cpu_features.xcr0 |
			(domain_is_control(v->domain) ? CONTROL_ONLY : 0);

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		if (leaf < rows[i].first || leaf > rows[i].last ||
		    (rows[i].needs & ~have))
			continue;
		a |= rows[i].a;
		b |= rows[i].b;
		c |= rows[i].c;
		d |= rows[i].d;
	}
	return (struct cpuid_result){ r.a & a, r.b & b, r.c & c, r.d & d };
}

/* The processor has the guest's XCR0 loaded, once it has set CR4.OSXSAVE. */
static struct cpuid_result leaf_xsave(const struct vcpu *v, uint32_t subleaf)
{
	struct cpuid_result r = { 0, 0, 0, 0 };
	uint64_t xcr0 = cpu_features.xcr0;

	if (!xcr0)
		return r;
	if (subleaf == 0) {
		r.a = (uint32_t)xcr0;
		r.b = FXSAVE_SIZE + 64; /* and the header */
		if (v->cr4 & CR4_OSXSAVE)
			r.b = cpuid(0xd, 0).b;
		r.c = cpu_features.xsave_size;
	} else if (subleaf == 1) {
		r.a = cpuid(0xd, 1).a & BIT(0); /* XSAVEOPT */
	} else if (subleaf < 63 && (xcr0 >> subleaf & 1)) {
		r = cpuid(0xd, subleaf);
		r.c = r.d = 0;
	}
	return r;
}

static struct cpuid_result leaf_hypervisor(const struct vcpu *v, uint32_t i,
					   uint32_t subleaf)
{
	const struct vcpu_time_info *t = &v->info->time;
	const struct cpuid_result leaves[] = {
		/* The last leaf, and the signature that guests look for. */
		{ HYPERVISOR_LEAF + 5, 0x566e6558, 0x65584d4d, 0x4d4d566e },
		/* Version of the ABI: 4.17. */
		{ 4 << 16 | 17, 0, 0, 0 },
		/* Hypercall pages: their MSR; PRESERVE_AD exists. */
		{ 1, 0x40000000, 1, 0 },
		/* TSC: native. */
		{ cpu_features.invariant_tsc ? BIT(1) : 0, 0, (uint32_t)tsc_khz,
		  0 },
		{ 0, 0, 0, 0 },
		/* Width of machine addresses: grants are v1. */
		{ 0, (uint32_t)min_u64(cpu_features.address_bits, 44), 0, 0 },
		/* From TSC to ns; this and the next are subleaves of 3. */
		{ 0, 0, t->tsc_to_system_mul, (uint8_t)t->tsc_shift },
		{ (uint32_t)tsc_khz, 0, 0, 0 },
	};

	if (i == 3 && subleaf)
		i = (uint32_t)min_u64(subleaf + 5ul, ARRAY_SIZE(leaves));
	else if (i > 5)
		i = ARRAY_SIZE(leaves);
	return i < ARRAY_SIZE(leaves)
		       ? leaves[index_clamp(i, ARRAY_SIZE(leaves))]
		       : (struct cpuid_result){ 0, 0, 0, 0 };
}

struct cpuid_result pv_cpuid(const struct vcpu *v, uint32_t leaf,
			     uint32_t subleaf)
{
	struct cpuid_result r = { 0, 0, 0, 0 };

	if (leaf - HYPERVISOR_LEAF < 0x100)
		return leaf_hypervisor(v, leaf - HYPERVISOR_LEAF, subleaf);
	if (leaf == 0xd)
		return leaf_xsave(v, subleaf);
	if (leaf == 7 && subleaf)
		return r;
	r = filter(v, leaf, cpuid(leaf, subleaf));
	if (leaf == 0)
		r.a = (uint32_t)min_u64(r.a, MAX_BASIC);
	if (leaf == 0x80000000)
		r.a = (uint32_t)min_u64(r.a, MAX_EXTENDED);
	if (leaf == 1) {
		/* One logical processor, APIC id 2 * vCPU; hypervisor. */
		r.b |= BIT(16) | (v->id & 0x7f) << 25;
		r.c |= BIT(31);
		/* Kernels want to see OSXSAVE before they have set it. */
		r.c |= cpu_features.xsave ? BIT(27) : 0;
	}
	return r;
}

uint64_t pv_cr4_changeable(void)
{
	/* Hidden features have no CR4 bit either: FSGSBASE. */
	return CR4_TSD | CR4_DE | (cpu_features.xsave ? CR4_OSXSAVE : 0);
}

void pv_store_cr4(struct vcpu *v, uint64_t value)
{
	v->cr4 =
		(v->cr4 & ~pv_cr4_changeable()) | (value & pv_cr4_changeable());
}
