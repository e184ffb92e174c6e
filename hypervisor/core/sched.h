/* SPDX-License-Identifier: MIT */
/* Timers; the scheduler's part of a vCPU, and its interface to management. */
#pragma once

#include "lib/heap.h"
#include "lib/spinlock.h"
#include "x86/layout.h"

#define SCHED_WEIGHT_DEFAULT 256
#define TIMER_NEVER          (~0ull)

struct domain;
struct vcpu;
struct xen_domctl;
struct xen_sysctl;

/* timer.c. Times are absolute, in ns of now(). */
struct timer {
	struct heap_node node; /* key: the deadline */
	void (*handler)(void *data);
	void *data;
	struct timer_heap *heap; /* which it is in, or was last */
	unsigned int running;    /* atomic: CPUs that are in the handler */
};

/* Handlers run in softirq context, on the CPU that set the timer. */
void timer_init(struct timer *t, void (*handler)(void *), void *data);
void timer_set(struct timer *t, uint64_t deadline); /* past: fires at once */
/* Waits for a handler that runs; not to be called by one. */
void timer_stop(struct timer *t);
void timer_softirq(void);

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
 * Bitmaps of CPUs that v may run on, and of those that it should. -EINVAL when
 * there is no CPU of the first.
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
