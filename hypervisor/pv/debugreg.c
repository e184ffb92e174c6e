/* SPDX-License-Identifier: MIT */
/*
 * Debug registers of a vCPU: stored values, loaded while it runs if any
 * breakpoint is on (BF-12).
 */
#include "pv/pv.h"

#define DR6_GUEST  0xe00ful /* B0-3, BD, BS, BT */
#define DR7_ALWAYS 0x400ul
#define DR7_GD     0x2000ul
#define DR7_KEPT   0xffff24fful /* neither reserved nor LE, GE [SDM3 "DR7"] */
/* An address mask MSR can widen a breakpoint to 4 GiB. */
#define BREAKPOINT_MARGIN (1ul << 32)

static bool breakpoint_address_ok(uint64_t va)
{
	if (va < GUEST_LOW_END)
		return va < GUEST_LOW_END - BREAKPOINT_MARGIN;
	return va >= HYPERVISOR_END + BREAKPOINT_MARGIN;
}

/*
 * I/O breakpoints would only ever watch the hypervisor's own accesses: they
 * exist with CR4.DE only, and an enabled one is stored as disabled.
 */
static bool dr7_fix(const struct vcpu *v, uint64_t *value)
{
	uint64_t fixed = (*value & DR7_KEPT) | DR7_ALWAYS;

	if (*value >> 32 || (*value & DR7_GD))
		return false;
	for (unsigned int i = 0; i < 4; i++) {
		uint64_t enabled = 3ul << (2 * i);

		if ((*value >> (16 + 4 * i) & 3) != 2)
			continue;
		if ((*value & enabled) && !(v->cr4 & CR4_DE))
			return false;
		fixed &= ~enabled;
	}
	*value = fixed;
	return true;
}

int pv_debugreg_fix(const struct vcpu *v, unsigned int reg, uint64_t *value)
{
	bool ok;

	if (reg < 4) {
		ok = breakpoint_address_ok(*value);
	} else if (reg == 6) {
		ok = !(*value >> 32);
		*value = (*value & DR6_GUEST) | DR6_FIXED;
	} else if (reg == 7) {
		ok = dr7_fix(v, value);
	} else {
		return -XEN_ENODEV;
	}
	return ok ? 0 : -XEN_EPERM;
}

int pv_debugreg_set(struct vcpu *v, unsigned int reg, uint64_t value)
{
	int rc = pv_debugreg_fix(v, reg, &value);

	if (rc)
		return rc;
	v->debugreg[reg] = value;
	context_load_debug(v);
	return 0;
}

long hc_set_debugreg(uint64_t reg, uint64_t value, uint64_t a3, uint64_t a4)
{
	if (reg >= 8)
		return -XEN_EINVAL;
	return pv_debugreg_set(current_vcpu(), (unsigned int)reg, value);
}

long hc_get_debugreg(uint64_t reg, uint64_t a2, uint64_t a3, uint64_t a4)
{
	if (reg >= 8 || reg == 4 || reg == 5)
		return -XEN_EINVAL;
	return (long)current_vcpu()->debugreg[reg];
}
