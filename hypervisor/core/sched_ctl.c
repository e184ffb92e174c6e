/* SPDX-License-Identifier: MIT */
/*
 * Caps, and the operations of domctl and sysctl on the scheduler's parameters.
 * Toolstacks know it as credit2, with weight, cap and a rate limit.
 *
 * A domain with a cap has a budget that grows with time, up to CAP_PERIOD's
 * worth. Its vCPUs use it up together; when it is spent, none of them is
 * runnable until it is whole again. What was used beyond it is a debt.
 *
 * Owns: struct sched_cap. Locks: cap.lock (irqsave), within a queue's.
 * Context: hypercall of the control domain, those of domctl under its lock;
 * charging: any.
 * Contract: include/public/domctl.h, sysctl.h.
 */
#include "core/hypercall.h"
#include "public/sysctl.h"

#define MASK_BYTES (MAX_CPUS / 8)
#define KEEP_CAP   0xffff      /* scheduler_op: leave it as it is */
#define CAP_PERIOD 10000000ull /* ns */

/* ---- caps ---- */

static void cap_fill_locked(struct sched_cap *cap, uint64_t t)
{
	int64_t full = (int64_t)(cap->percent * CAP_PERIOD / 100);
	uint64_t ns = min_u64(t - cap->filled, 1ull << 40);

	/* Another CPU's clock may be a little behind. */
	if (heap_before(t, cap->filled))
		return;
	cap->budget += (int64_t)(ns * cap->percent / 100);
	if (cap->budget > full)
		cap->budget = full;
	cap->filled = t;
}

/* A vCPU of d, which runs, has run from then to t. */
void sched_charge(struct domain *d, uint64_t from, uint64_t t)
{
	struct sched_cap *cap = &d->cap;
	uint64_t debt;

	if (!read_once(cap->percent))
		return;
	spin_lock(&cap->lock);
	cap->budget -= (int64_t)(t - min_u64(t, max_u64(from, cap->since)));
	cap_fill_locked(cap, t);
	if (cap->percent && cap->budget <= 0 && !cap->spent) {
		debt = (uint64_t)-cap->budget;
		timer_set(&cap->refill,
			  t + CAP_PERIOD + debt * 100 / cap->percent);
		cap->untold = true;
		write_once(cap->spent, true);
	}
	spin_unlock(&cap->lock);
}

static void cap_refilled(void *data)
{
	struct domain *d = data;
	uint64_t flags = spin_lock_irqsave(&d->cap.lock);

	cap_fill_locked(&d->cap, now());
	write_once(d->cap.spent, false);
	spin_unlock_irqrestore(&d->cap.lock, flags);
	domain_each_vcpu(d, sched_update);
}

static void set_cap(struct domain *d, unsigned int percent)
{
	struct sched_cap *cap = &d->cap;
	uint64_t flags = spin_lock_irqsave(&cap->lock);

	write_once(cap->percent, percent);
	cap->budget = (int64_t)(percent * CAP_PERIOD / 100);
	cap->filled = cap->since = now();
	spin_unlock_irqrestore(&cap->lock, flags);
	cap_refilled(d);
}

void sched_domain_init(struct domain *d)
{
	d->weight = SCHED_WEIGHT_DEFAULT;
	spin_init(&d->cap.lock, RANK_CAP);
	timer_init(&d->cap.refill, cap_refilled, d);
}

/* ---- affinity ---- */

/* How much of a mask a guest's bitmap holds. */
static uint64_t map_bytes(const struct xenctl_bitmap *map)
{
	return min_u64(MASK_BYTES, (map->nr_bits + 7ull) / 8);
}

static void mask_clip(uint64_t *mask, uint64_t bits)
{
	for (uint64_t i = bits; i < MAX_CPUS; i++)
		mask[i / 64] &= ~(1ull << (i % 64));
}

static int mask_get(uint64_t *mask, const struct xenctl_bitmap *map)
{
	memset(mask, 0, MASK_BYTES);
	if (copy_from_guest(mask, guest_handle(map->bitmap), map_bytes(map)))
		return -XEN_EFAULT;
	mask_clip(mask, map->nr_bits);
	return 0;
}

/* Of the CPUs that there are. */
static int mask_put(const struct xenctl_bitmap *map, uint64_t *mask)
{
	mask_clip(mask, min_u64(cpu_count, map->nr_bits));
	return copy_to_guest(guest_handle(map->bitmap), mask, map_bytes(map));
}

long sched_ctl_affinity(struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	bool set = op->cmd == XEN_DOMCTL_setvcpuaffinity;
	bool with_hard = a->flags & XEN_VCPUAFFINITY_HARD;
	bool with_soft = a->flags & XEN_VCPUAFFINITY_SOFT;
	uint64_t hard[MAX_CPUS / 64], soft[MAX_CPUS / 64];
	struct vcpu *v = domain_vcpu(d, a->vcpu);
	int rc = 0;

	if (!v || !(with_hard || with_soft) || a->flags > 7)
		return -XEN_EINVAL;
	memcpy(hard, v->sched.hard, sizeof(hard));
	memcpy(soft, v->sched.soft, sizeof(soft));
	if (set) {
		if ((with_hard && mask_get(hard, &a->cpumap_hard)) ||
		    (with_soft && mask_get(soft, &a->cpumap_soft)))
			return -XEN_EFAULT;
		rc = sched_set_affinity(v, hard, soft);
		/* What came of it: only CPUs where v can run now count. */
		for (unsigned int i = 0; i < ARRAY_SIZE(soft); i++)
			soft[i] &= hard[i];
	}
	if (!rc && with_hard)
		rc = mask_put(&a->cpumap_hard, hard);
	if (!rc && with_soft)
		rc = mask_put(&a->cpumap_soft, soft);
	return rc;
}

/* ---- parameters ---- */

long sched_ctl_params(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_sched_credit2 *c = &op->u.scheduler_op.u.credit2;

	if (op->u.scheduler_op.sched_id != XEN_SCHEDULER_CREDIT2 ||
	    op->u.scheduler_op.cmd > XEN_DOMCTL_SCHEDOP_getinfo)
		return -XEN_EINVAL;
	if (op->u.scheduler_op.cmd == XEN_DOMCTL_SCHEDOP_putinfo) {
		if (c->weight)
			write_once(d->weight, c->weight);
		if (c->cap != KEEP_CAP)
			set_cap(d, c->cap);
	} else {
		c->weight = (uint16_t)d->weight;
		c->cap = (uint16_t)d->cap.percent;
	}
	return 0;
}

long sched_sys_params(struct xen_sysctl *op)
{
	uint32_t *us = &op->u.scheduler_op.u.sched_credit2.ratelimit_us;

	if (op->u.scheduler_op.cpupool_id)
		return -XEN_ESRCH;
	if (op->u.scheduler_op.sched_id != XEN_SCHEDULER_CREDIT2 ||
	    op->u.scheduler_op.cmd > XEN_SYSCTL_SCHEDOP_getinfo)
		return -XEN_EINVAL;
	if (op->u.scheduler_op.cmd == XEN_SYSCTL_SCHEDOP_putinfo) {
		if (*us && (*us < XEN_SYSCTL_SCHED_RATELIMIT_MIN ||
			    *us > XEN_SYSCTL_SCHED_RATELIMIT_MAX))
			return -XEN_EINVAL;
		write_once(sched_ratelimit, *us * 1000ull);
	}
	*us = (uint32_t)(sched_ratelimit / 1000);
	return 0;
}

long sched_sys_cpu_info(struct xen_sysctl *op)
{
	struct xen_sysctl_getcpuinfo *c = &op->u.getcpuinfo;
	uint32_t n = (uint32_t)min_u64(c->max_cpus, cpu_count);

	for (uint32_t i = 0; i < n; i++) {
		struct xen_sysctl_cpuinfo one = { sched_idle_time(i) };

		if (copy_array_to_guest(guest_handle(c->info), i, 1, &one,
					sizeof(one)))
			return -XEN_EFAULT;
	}
	c->nr_cpus = n;
	return 0;
}
