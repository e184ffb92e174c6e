/* SPDX-License-Identifier: MIT */
/* The scheduler's part of a vCPU, and its interface to management. */
#pragma once

#include "lib/heap.h"
#include "lib/types.h"
#include "x86/layout.h"

#define SCHED_WEIGHT_DEFAULT 256
#define SCHED_WEIGHT_MAX     65535

struct vcpu;

struct sched_vcpu {
	struct heap_node ready; /* key: virtual run time */
	uint64_t accounted;     /* while it runs: charged up to here */
	uint64_t affinity[MAX_CPUS / 64];
	bool yielding;
};

/* After a change of down, blocked or pause_count, from any CPU. */
void sched_update(struct vcpu *v);
/* CPUs that v may run on; -EINVAL when none of them exists. */
int sched_set_affinity(struct vcpu *v, const uint64_t mask[MAX_CPUS / 64]);
