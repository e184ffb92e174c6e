/* SPDX-License-Identifier: MIT */
/* The scheduler's interface to management and to vcpu_op: see sched.c. */
#pragma once

#include "core/domain.h"

#define SCHED_WEIGHT_DEFAULT 256
#define SCHED_WEIGHT_MAX     65535

/* After a change of down, blocked or pause_count, from any CPU. */
void sched_update(struct vcpu *v);
/* Share of the CPU, relative to other vCPUs; clamped to 1..MAX. */
void sched_set_weight(struct domain *d, unsigned int weight);
unsigned int sched_get_weight(const struct domain *d);
/* CPUs that v may run on; -EINVAL when none of them exists. */
int sched_set_affinity(struct vcpu *v, const uint64_t mask[MAX_CPUS / 64]);
void sched_get_affinity(const struct vcpu *v, uint64_t mask[MAX_CPUS / 64]);
/* Time of this CPU spent without a vCPU, in ns. */
uint64_t sched_idle_time(unsigned int cpu);
