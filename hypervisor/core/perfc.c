/* SPDX-License-Identifier: MIT */
/*
 * XEN_SYSCTL_perfc_op: how often each hypercall was made.
 *
 * Each CPU counts those that it runs (hypercall.c), and nobody else writes its
 * counters: a reset remembers the sums, and what follows is told less those.
 * The number of counters never changes, as callers have to say for themselves
 * how much room they have. Values are of 32 bits: the rest is a counter more.
 * Context: any CPU, no lock. Contract: include/public/sysctl.h.
 */
#include "core/hypercall.h"
#include "public/sysctl.h"

static const struct xen_sysctl_perfc_desc counters[] = {
	{ "hypercalls", HYPERCALL_LIMIT },
	{ "hypercalls, upper 32 bits", HYPERCALL_LIMIT },
};

static uint64_t at_reset[HYPERCALL_LIMIT];

static uint64_t hypercall_count(unsigned int number)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < cpu_count; i++)
		sum += read_once(cpu_get(i)->hypercalls[number]);
	return sum;
}

/* A reset tells what there was up to it. */
long sys_perfc(struct xen_sysctl *op)
{
	struct xen_sysctl_perfc_op *p = &op->u.perfc_op;
	guest_ptr_t desc = guest_handle(p->desc), val = guest_handle(p->val);
	uint32_t values[2][HYPERCALL_LIMIT];

	if (p->cmd != XEN_SYSCTL_PERFCOP_reset &&
	    p->cmd != XEN_SYSCTL_PERFCOP_query)
		return -XEN_EINVAL;
	for (unsigned int i = 0; i < HYPERCALL_LIMIT; i++) {
		/* First: another CPU's reset must not be later than the sum. */
		uint64_t before = read_once(at_reset[i]);
		uint64_t sum = hypercall_count(i);

		values[0][i] = (uint32_t)(sum - before);
		values[1][i] = (uint32_t)((sum - before) >> 32);
		if (p->cmd == XEN_SYSCTL_PERFCOP_reset)
			write_once(at_reset[i], sum);
	}
	p->nr_counters = ARRAY_SIZE(counters);
	p->nr_vals = ARRAY_SIZE(values) * HYPERCALL_LIMIT;
	if (desc.va && copy_to_guest(desc, counters, sizeof(counters)))
		return -XEN_EFAULT;
	return val.va ? copy_to_guest(val, values, sizeof(values)) : 0;
}
