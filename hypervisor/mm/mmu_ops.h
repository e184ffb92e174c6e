/* SPDX-License-Identifier: MIT */
/* What the page-table hypercalls need of pv/. */
#ifndef TENON_MM_MMU_OPS_H
#define TENON_MM_MMU_OPS_H

#include "core/domain.h"

int pv_set_ldt(struct vcpu *v, uint64_t base, uint64_t entries);

#endif
