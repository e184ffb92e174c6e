/* SPDX-License-Identifier: MIT */
/*
 * Debug registers of a vCPU: stored values, loaded while it runs if any
 * breakpoint is on (BF-12).
 */
#include "core/hypercall.h"
#include "public/errno.h"
#include "pv/pv.h"
#include "x86/context.h"
#include "x86/processor.h"

#define DR6_FIXED  0xffff0ff0ul
#define DR6_GUEST  0xe00ful /* B0-3, BD, BS, BT */
#define DR7_ALWAYS 0x400ul
#define DR7_GD     0x2000ul
#define DR7_KNOWN  0xffff27fful /* not reserved [SDM3 "DR7"] */
#define DR7_LE_GE  0x300ul
/* An address mask MSR can widen a breakpoint to 4 GiB. */
#define BREAKPOINT_MARGIN (1ul << 32)

static bool breakpoint_address_ok(uint64_t va)
{
	if (va < GUEST_LOW_END)
		return va < GUEST_LOW_END - BREAKPOINT_MARGIN;
	return va >= HYPERVISOR_END + BREAKPOINT_MARGIN;
}

/* I/O breakpoints would only ever watch the hypervisor's own accesses. */
static bool dr7_ok(const struct vcpu *v, uint64_t value)
{
	if (value >> 32 || (value & DR7_GD))
		return false;
	for (unsigned int i = 0; i < 4; i++) {
		unsigned int enabled = value >> (2 * i) & 3;
		unsigned int rw = value >> (16 + 4 * i) & 3;

		if (enabled && rw == 2 && !(v->cr4 & CR4_DE))
			return false;
	}
	return true;
}

/* An enabled I/O breakpoint is stored but never loaded. */
static uint64_t dr7_value(uint64_t value)
{
	value = (value & DR7_KNOWN & ~DR7_LE_GE) | DR7_ALWAYS;
	for (unsigned int i = 0; i < 4; i++)
		if ((value >> (16 + 4 * i) & 3) == 2)
			value &= ~(3ul << (2 * i));
	return value;
}

int pv_debugreg_set(struct vcpu *v, unsigned int reg, uint64_t value)
{
	switch (reg) {
	case 0 ... 3:
		if (!breakpoint_address_ok(value))
			return -XEN_EPERM;
		v->debugreg[reg] = value;
		return 0;
	case 6:
		if (value >> 32)
			return -XEN_EPERM;
		v->debugreg[6] = (value & DR6_GUEST) | DR6_FIXED;
		return 0;
	case 7:
		if (!dr7_ok(v, value))
			return -XEN_EPERM;
		v->debugreg[7] = dr7_value(value);
		return 0;
	default:
		return -XEN_ENODEV;
	}
}

long hc_set_debugreg(uint64_t reg, uint64_t value, uint64_t a3, uint64_t a4,
		     uint64_t a5)
{
	struct vcpu *v = current_vcpu();
	int rc;

	(void)a3, (void)a4, (void)a5;
	rc = reg < 8 ? pv_debugreg_set(v, (unsigned int)reg, value)
		     : -XEN_EINVAL;
	if (!rc)
		context_load_debug(v);
	return rc;
}

long hc_get_debugreg(uint64_t reg, uint64_t a2, uint64_t a3, uint64_t a4,
		     uint64_t a5)
{
	const struct vcpu *v = current_vcpu();

	(void)a2, (void)a3, (void)a4, (void)a5;
	if (reg >= 8 || reg == 4 || reg == 5)
		return -XEN_EINVAL;
	return (long)v->debugreg[reg];
}
