/* SPDX-License-Identifier: MIT */
/*
 * Operations of domctl and sysctl on the scheduler's parameters. Toolstacks
 * know it as credit2, whose parameters are weight, cap and a rate limit.
 *
 * Context: hypercall of the control domain; those of domctl under its lock.
 * Contract: include/public/domctl.h, sysctl.h.
 */
#include "core/evtchn.h"
#include "core/hypercall.h"
#include "public/sysctl.h"

#define MASK_BYTES (MAX_CPUS / 8)
#define KEEP_CAP   0xffff /* scheduler_op: leave it as it is */

/* CPUs that there are, of those in a mask. */
static void mask_clip(uint64_t *mask, unsigned int bits)
{
	for (unsigned int i = bits; i < MAX_CPUS; i++)
		mask[i / 64] &= ~(1ull << (i % 64));
}

static long mask_get(uint64_t *mask, const struct xenctl_bitmap *map)
{
	memset(mask, 0, MASK_BYTES);
	if (copy_from_guest(mask, guest_ptr((uint64_t)map->bitmap.p),
			    min_u64(MASK_BYTES, (map->nr_bits + 7ull) / 8)))
		return -XEN_EFAULT;
	mask_clip(mask, map->nr_bits);
	return 0;
}

/* The CPUs in both masks; zeros follow, up to a page of them. */
static long mask_put(const struct xenctl_bitmap *map, const uint64_t *a,
		     const uint64_t *b)
{
	uint64_t size = min_u64(PAGE_SIZE, (map->nr_bits + 7ull) / 8), n;
	uint64_t mask[MAX_CPUS / 64];

	for (unsigned int i = 0; i < ARRAY_SIZE(mask); i++)
		mask[i] = a[i] & b[i];
	mask_clip(mask, (unsigned int)min_u64(cpu_count, map->nr_bits));
	for (uint64_t at = 0; at < size; at += n) {
		n = min_u64(size - at, sizeof(mask));
		if (copy_array_to_guest(guest_ptr((uint64_t)map->bitmap.p), at,
					n, mask, 1))
			return -XEN_EFAULT;
		memset(mask, 0, sizeof(mask));
	}
	return 0;
}

static long affinity_set(struct vcpu *v,
			 const struct xen_domctl_vcpuaffinity *a)
{
	uint64_t hard[MAX_CPUS / 64], soft[MAX_CPUS / 64];
	bool has_hard = a->flags & XEN_VCPUAFFINITY_HARD;
	bool has_soft = a->flags & XEN_VCPUAFFINITY_SOFT;

	if ((has_hard && mask_get(hard, &a->cpumap_hard)) ||
	    (has_soft && mask_get(soft, &a->cpumap_soft)))
		return -XEN_EFAULT;
	return sched_set_affinity(v, has_hard ? hard : NULL,
				  has_soft ? soft : NULL);
}

/* Set reports what came of it: only CPUs where v can run now count. */
long sched_ctl_affinity(struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	const uint32_t known = XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT;
	bool set = op->cmd == XEN_DOMCTL_setvcpuaffinity;
	struct vcpu *v = domain_vcpu(d, a->vcpu);
	const struct sched_vcpu *s;
	long rc = 0;

	if (!v || !(a->flags & known) ||
	    (a->flags & ~(known | XEN_VCPUAFFINITY_FORCE)))
		return -XEN_EINVAL;
	s = &v->sched;
	if (set)
		rc = affinity_set(v, a);
	if (!rc && (a->flags & XEN_VCPUAFFINITY_HARD))
		rc = mask_put(&a->cpumap_hard, s->hard, s->hard);
	if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT))
		rc = mask_put(&a->cpumap_soft, s->soft,
			      set ? s->hard : s->soft);
	return rc;
}

long sched_ctl_params(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_sched_credit2 *c = &op->u.scheduler_op.u.credit2;

	if (op->u.scheduler_op.sched_id != XEN_SCHEDULER_CREDIT2)
		return -XEN_EINVAL;
	switch (op->u.scheduler_op.cmd) {
	case XEN_DOMCTL_SCHEDOP_putinfo:
		if (c->weight)
			write_once(d->weight, c->weight);
		if (c->cap != KEEP_CAP)
			sched_set_cap(d, c->cap);
		return 0;
	case XEN_DOMCTL_SCHEDOP_getinfo:
		c->weight = (uint16_t)d->weight;
		c->cap = (uint16_t)d->cap.percent;
		return 0;
	default:
		return -XEN_EINVAL;
	}
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

		if (copy_array_to_guest(guest_ptr((uint64_t)c->info.p), i, 1,
					&one, sizeof(one)))
			return -XEN_EFAULT;
	}
	c->nr_cpus = n;
	return 0;
}
