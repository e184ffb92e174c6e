/* SPDX-License-Identifier: MIT */
/* What the processors can do, and the control registers that say so. */
#pragma once

#include "lib/types.h"

struct cpu_features {
	bool smap, xsave, rdtscp, x2apic, tsc_deadline, invariant_tsc, intel;
	uint64_t xcr0;       /* every state component that we support */
	uint32_t xsave_size; /* bytes of an XSAVE area for xcr0 */
	uint32_t fxsave_mxcsr_mask;
	unsigned int address_bits; /* of machine addresses */
	uint64_t cr4;              /* CR4 of the hypervisor on every CPU */
};

extern struct cpu_features cpu_features;

void features_init(void);     /* boot CPU: fill cpu_features */
void features_init_cpu(void); /* each CPU: CR0, CR4, EFER, PAT, XCR0 */
