/* SPDX-License-Identifier: MIT */
/* Placement of struct vcpu_info: see vcpu_info.c. */
#pragma once

#include "core/domain.h"

/* VCPUOP_register_vcpu_info; v is the current vCPU or down. */
long vcpu_info_register(struct vcpu *v,
			const struct vcpu_register_vcpu_info *where);
/* Back into the shared page; v off its CPU, and no sender left. */
void vcpu_info_release(struct vcpu *v);
