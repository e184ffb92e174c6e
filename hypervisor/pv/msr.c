/* SPDX-License-Identifier: MIT */
/*
 * MSRs that a guest may read or write: one row each, with the reason. All
 * others answer #GP (EM-6).
 *
 * Context: v is current, in kernel mode, interrupts on.
 */
#include "pv/pv.h"

enum msr_kind {
	ADDRESS,    /* as SHOWN; canonical values may be written */
	SHOWN,      /* bits `value` of the processor's; writes are dropped */
	FIXED,      /* reads `value`; writes are dropped */
	FIXED_SAME, /* reads `value`; writing another is #GP */
	FIXED_RO,   /* reads `value`; writes are #GP */
	HYPERCALLS, /* reads 0; writes make a page of entry points */
};

struct msr_row {
	uint32_t first, last;
	enum msr_kind kind;
	uint64_t value;
};

static const struct msr_row msr_rows[] = {
	/*
	 * Segment bases: what PV kernels write first of all. The active GS
	 * base is the kernel's here.
	 */
	{ MSR_FS_BASE, MSR_KERNEL_GS_BASE, ADDRESS, ~0ul },
	/* Kernels look for NX and long mode here. */
	{ MSR_EFER, MSR_EFER, SHOWN,
	  EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE },
	{ MSR_TSC, MSR_TSC, SHOWN, ~0ul },
	/* Kernels ask whether there is a local APIC, and ignore it. */
	{ MSR_APIC_BASE, MSR_APIC_BASE, FIXED, 0xfee00800 },
	/* The PAT is the ABI's; kernels adopt it. */
	{ MSR_PAT, MSR_PAT, FIXED_SAME, PAT_ABI_VALUE },
	/* Microcode revision: shown as unknown. */
	{ 0x8b, 0x8b, FIXED, 0 },
	/* AMD HWCR: kernels write back what they read with a bit changed. */
	{ 0xc0010015, 0xc0010015, FIXED, 0 },
	/* AMD DE_CFG: LFENCE serialises; kernels try to set the bit else. */
	{ 0xc0011029, 0xc0011029, FIXED, 2 },
	/* AMD performance counters: reading back 0 says there are none. */
	{ 0xc0010000, 0xc0010007, FIXED, 0 },
	/* Intel FEATURE_CONTROL: locked with everything off. */
	{ 0x3a, 0x3a, FIXED_RO, 1 },
	/* Named by CPUID, for kernels without a note in their image. */
	{ 0x40000000, 0x40000000, HYPERCALLS, 0 },
};

static const struct msr_row *msr_find(uint32_t msr)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(msr_rows); i++)
		if (msr >= msr_rows[i].first && msr <= msr_rows[i].last)
			return &msr_rows[i];
	return NULL;
}

bool pv_msr_read(struct vcpu *v, uint32_t msr, uint64_t *value)
{
	const struct msr_row *row = msr_find(msr);

	*value = 0;
	if (!row)
		return false;
	*value = row->value;
	if (row->kind <= SHOWN)
		*value &= rdmsr(msr);
	if (msr == MSR_APIC_BASE && !v->id)
		*value |= 0x100; /* the boot processor */
	return true;
}

bool pv_msr_write(uint32_t msr, uint64_t value)
{
	const struct msr_row *row = msr_find(msr);

	if (!row || row->kind == FIXED_RO ||
	    (row->kind == FIXED_SAME && value != row->value) ||
	    (row->kind == ADDRESS && !is_canonical(value)))
		return false;
	if (row->kind == HYPERCALLS)
		return !(value & ~PAGE_MASK) &&
		       hypercall_page_install(current_vcpu()->domain,
					      mfn_of(value >> PAGE_SHIFT));
	if (row->kind == ADDRESS)
		wrmsr(msr, value);
	return true;
}
