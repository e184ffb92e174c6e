/* SPDX-License-Identifier: MIT */
/* Control registers of the running vCPU (x86/context.c). */
#pragma once

#include "core/domain.h"

/* CR4 and CR0.TS of this CPU for v, from what v has stored (EM-7). */
void context_load_cr4(const struct vcpu *v);
void context_load_ts(const struct vcpu *v);
/* DR0..3 and 7 of this CPU. */
void context_load_debug(const struct vcpu *v);
