/* SPDX-License-Identifier: MIT */
/*
 * XEN_SYSCTL_perfc_op: all counters that the hypervisor keeps come at once,
 * names first, and their values in the same order.
 */
#include "perf_counters.h"

#define __XEN_TOOLS__ 1
#include <public/errno.h>
#include <public/sysctl.h>

#include <stdlib.h>
#include <string.h>

#include "hypercalls.h"

/* More than any hypervisor has. */
#define VALUES_MAX 65536u

struct counters {
	struct xen_sysctl_perfc_desc *names;
	uint32_t *values;
	uint32_t n_names, n_values;
};

static int query(struct counters *all)
{
	struct xen_sysctl op = { .u.perfc_op.cmd = XEN_SYSCTL_PERFCOP_query };
	int rc;

	set_xen_guest_handle(op.u.perfc_op.desc, all->names);
	set_xen_guest_handle(op.u.perfc_op.val, all->values);
	rc = tk_sysctl(&op, XEN_SYSCTL_perfc_op);
	all->n_names = op.u.perfc_op.nr_counters;
	all->n_values = op.u.perfc_op.nr_vals;
	return rc;
}

/* The values of that name, of which there are *count; NULL: no such. */
static const uint32_t *find(const struct counters *all, const char *name,
			    uint32_t *count)
{
	uint32_t i, at = 0;

	for (i = 0; i < all->n_names; i++) {
		*count = all->names[i].nr_vals;
		if (*count > all->n_values - at)
			break;
		if (!strncmp(all->names[i].name, name,
			     sizeof(all->names[i].name)))
			return all->values + at;
		at += *count;
	}
	return NULL;
}

static int take_hypercalls(const struct counters *all,
			   uint64_t counts[TK_HYPERCALLS])
{
	uint32_t i, n, n_upper;
	const uint32_t *lower = find(all, "hypercalls", &n);
	const uint32_t *upper =
		find(all, "hypercalls, upper 32 bits", &n_upper);

	if (!lower)
		return -XEN_ENOENT;
	for (i = 0; i < TK_HYPERCALLS; i++) {
		counts[i] = i < n ? lower[i] : 0;
		if (upper && i < n_upper)
			counts[i] |= (uint64_t)upper[i] << 32;
	}
	return 0;
}

int tk_host_hypercalls(uint64_t counts[TK_HYPERCALLS])
{
	struct counters all = { 0 };
	int rc = query(&all);

	if (rc)
		return rc;
	if (all.n_names > VALUES_MAX || all.n_values > VALUES_MAX)
		return -XEN_E2BIG;
	all.names = calloc(all.n_names + 1, sizeof(*all.names));
	all.values = calloc(all.n_values + 1, sizeof(*all.values));
	rc = all.names && all.values ? query(&all) : -XEN_ENOMEM;
	if (!rc)
		rc = take_hypercalls(&all, counts);
	free(all.names);
	free(all.values);
	return rc;
}
