/* SPDX-License-Identifier: MIT */
/* The scheduler's part of a vCPU, and its interface to management. */
#pragma once

#include "core/timer.h"
#include "lib/spinlock.h"
#include "x86/layout.h"

#define SCHED_WEIGHT_DEFAULT 256

struct domain;
struct vcpu;
struct xen_domctl;
struct xen_sysctl;

struct sched_vcpu {
	struct heap_node ready; /* key: virtual run time */
	uint64_t started;       /* while it runs: since when */
	uint64_t accounted;     /* while it runs: charged up to here */
	uint64_t hard[MAX_CPUS / 64], soft[MAX_CPUS / 64];
	unsigned int home; /* not its CPU: where it goes from there */
	bool yielding;
};

/* What the vCPUs of a domain may use together. */
struct sched_cap {
	struct spinlock lock; /* RANK_CAP */
	unsigned int percent; /* of one CPU; 0: no limit */
	int64_t budget;       /* ns */
	uint64_t filled;      /* when it last grew */
	uint64_t since;       /* what was used before does not count */
	struct timer refill;  /* ends `spent` */
	bool spent;           /* none of them is runnable */
	bool untold;          /* and not all of them know */
};

/* ns that a vCPU runs before one that wakes may preempt it. */
extern uint64_t sched_ratelimit;

/* After a change of down, blocked or pause_count, from any CPU. */
void sched_update(struct vcpu *v);
/*
 * Bitmaps of CPUs that v may run on, and of those that it should; NULL: as
 * before. -EINVAL when there is no CPU of the first.
 */
int sched_set_affinity(struct vcpu *v, const uint64_t *hard,
		       const uint64_t *soft);
uint64_t sched_idle_time(unsigned int cpu); /* ns since boot */

/* core/sched_ctl.c: a vCPU of d, which runs, has run from then to t; and rows
 * of domctl and sysctl. */
void sched_domain_init(struct domain *d);
void sched_charge(struct domain *d, uint64_t from, uint64_t t);
long sched_ctl_affinity(struct domain *d, struct xen_domctl *op);
long sched_ctl_params(struct domain *d, struct xen_domctl *op);
long sched_sys_params(struct xen_sysctl *op);
long sched_sys_cpu_info(struct xen_sysctl *op);
