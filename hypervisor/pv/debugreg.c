/* SPDX-License-Identifier: MIT */
/*
 * Debug registers of a vCPU: stored values, loaded while it runs if any
 * breakpoint is on (BF-12).
 */
#include "pv/pv.h"

#define DR6_GUEST  0xe00ful /* B0-3, BD, BS, BT */
#define DR7_ALWAYS 0x400ul
#define DR7_GD     0x2000ul
#define DR7_KEPT   0xffff27fful /* not reserved [SDM3 "DR7"] */
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
static int dr7_fix(const struct vcpu *v, uint64_t *value)
{
	uint64_t fixed = (*value & DR7_KEPT) | DR7_ALWAYS;

	if (*value & DR7_GD)
		return -XEN_EPERM;
	for (unsigned int i = 0; i < 4; i++) {
		uint64_t enabled = 3ul << (2 * i);

		if ((*value >> (16 + 4 * i) & 3) != 2)
			continue;
		if ((*value & enabled) && !(v->cr4 & CR4_DE))
			return -XEN_EPERM;
		fixed &= ~enabled;
	}
	*value = fixed;
	return 0;
}

int pv_debugreg_fix(const struct vcpu *v, unsigned int reg, uint64_t *value)
{
	if (reg < 4)
		return breakpoint_address_ok(*value) ? 0 : -XEN_EPERM;
	if (reg >= 6 && *value >> 32)
		return -XEN_EINVAL;
	if (reg == 7)
		return dr7_fix(v, value);
	if (reg != 6)
		return -XEN_ENODEV;
	*value = (*value & DR6_GUEST) | DR6_FIXED;
	return 0;
}

/* DR4 and DR5 are DR6 and DR7 without CR4.DE [SDM3 "DR4 and DR5"]. */
static unsigned int alias_of(const struct vcpu *v, uint64_t reg)
{
	if ((reg == 4 || reg == 5) && !(v->cr4 & CR4_DE))
		reg += 2;
	return (unsigned int)min_u64(reg, 8);
}

int pv_debugreg_get(const struct vcpu *v, uint64_t reg, uint64_t *value)
{
	unsigned int i = alias_of(v, reg);

	if (i >= 8 || i == 4 || i == 5)
		return -XEN_ENODEV;
	*value = v->debugreg[index_clamp(i, 8)];
	return 0;
}

long hc_set_debugreg(uint64_t reg, uint64_t value, uint64_t a3, uint64_t a4)
{
	struct vcpu *v = current_vcpu();
	unsigned int i = alias_of(v, reg);
	int rc = i < 8 ? pv_debugreg_fix(v, i, &value) : -XEN_ENODEV;

	if (rc)
		return rc;
	v->debugreg[index_clamp(i, 8)] = value;
	context_load_debug(v);
	return 0;
}

long hc_get_debugreg(uint64_t reg, uint64_t a2, uint64_t a3, uint64_t a4)
{
	uint64_t value;
	int rc = pv_debugreg_get(current_vcpu(), reg, &value);

	return rc ? rc : (long)value;
}
