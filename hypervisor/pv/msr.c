/* SPDX-License-Identifier: MIT */
/*
 * MSRs that a guest may read or write: one row each, with the reason. All
 * others answer #GP (EM-6).
 *
 * Context: v is current, interrupts on.
 */
#include "core/services.h"
#include "pv/pv.h"
#include "x86/features.h"
#include "x86/fixup.h"
#include "x86/processor.h"
#include "x86/uaccess.h"

enum msr_kind {
	MSR_FIXED,      /* reads `value`; writes are dropped */
	MSR_FIXED_SAME, /* reads `value`; writing another is #GP */
	MSR_FIXED_RO,   /* reads `value`; writes are #GP */
	MSR_HANDLED,    /* read() and write() */
};

struct msr_row {
	uint32_t first, last;
	enum msr_kind kind;
	uint64_t value;
	uint64_t (*read)(const struct vcpu *v);
	bool (*write)(struct vcpu *v, uint64_t value); /* NULL: dropped */
};

static uint64_t read_fs_base(const struct vcpu *v)
{
	return rdmsr(MSR_FS_BASE);
}

static bool write_fs_base(struct vcpu *v, uint64_t value)
{
	if (!is_canonical(value))
		return false;
	wrmsr(MSR_FS_BASE, value);
	return true;
}

/* Only kernel mode gets here: the active base is the kernel's. */
static uint64_t read_gs_base(const struct vcpu *v)
{
	return rdmsr(MSR_GS_BASE);
}

static bool write_gs_base(struct vcpu *v, uint64_t value)
{
	if (!is_canonical(value))
		return false;
	wrmsr(MSR_GS_BASE, value);
	return true;
}

static uint64_t read_user_gs_base(const struct vcpu *v)
{
	return rdmsr(MSR_KERNEL_GS_BASE);
}

static bool write_user_gs_base(struct vcpu *v, uint64_t value)
{
	if (!is_canonical(value))
		return false;
	wrmsr(MSR_KERNEL_GS_BASE, value);
	return true;
}

static uint64_t read_efer(const struct vcpu *v)
{
	return rdmsr(MSR_EFER) & (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE);
}

static uint64_t read_apic_base(const struct vcpu *v)
{
	return 0xfee00800 | (v->id ? 0 : 0x100);
}

static uint64_t read_tsc(const struct vcpu *v)
{
	return rdtsc();
}

static const struct msr_row msr_rows[] = {
	/* Segment bases: what PV kernels write first of all. */
	{ MSR_FS_BASE, MSR_FS_BASE, MSR_HANDLED, 0, read_fs_base,
	  write_fs_base },
	{ MSR_GS_BASE, MSR_GS_BASE, MSR_HANDLED, 0, read_gs_base,
	  write_gs_base },
	{ MSR_KERNEL_GS_BASE, MSR_KERNEL_GS_BASE, MSR_HANDLED, 0,
	  read_user_gs_base, write_user_gs_base },
	/* Kernels look for NX and long mode here. */
	{ MSR_EFER, MSR_EFER, MSR_HANDLED, 0, read_efer, NULL },
	/* Kernels ask whether there is a local APIC, and ignore it. */
	{ MSR_APIC_BASE, MSR_APIC_BASE, MSR_HANDLED, 0, read_apic_base, NULL },
	{ MSR_TSC, MSR_TSC, MSR_HANDLED, 0, read_tsc, NULL },
	/* The PAT is the ABI's; kernels adopt it. */
	{ MSR_PAT, MSR_PAT, MSR_FIXED_SAME, PAT_ABI_VALUE, NULL, NULL },
	/* Microcode revision: shown as unknown. */
	{ 0x8b, 0x8b, MSR_FIXED, 0, NULL, NULL },
	/* AMD HWCR: kernels write back what they read with a bit changed. */
	{ 0xc0010015, 0xc0010015, MSR_FIXED, 0, NULL, NULL },
	/* AMD DE_CFG: LFENCE serialises; kernels try to set the bit else. */
	{ 0xc0011029, 0xc0011029, MSR_FIXED, 2, NULL, NULL },
	/* AMD performance counters: reading back 0 says there are none. */
	{ 0xc0010000, 0xc0010007, MSR_FIXED, 0, NULL, NULL },
	/* Intel FEATURE_CONTROL: locked with everything off. */
	{ 0x3a, 0x3a, MSR_FIXED_RO, 1, NULL, NULL },
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
	*value = row->read ? row->read(v) : row->value;
	return true;
}

bool pv_msr_write(struct vcpu *v, uint32_t msr, uint64_t value)
{
	const struct msr_row *row = msr_find(msr);

	if (!row || row->kind == MSR_FIXED_RO)
		return false;
	if (row->kind == MSR_FIXED_SAME)
		return value == row->value;
	return row->write ? row->write(v, value) : true;
}
