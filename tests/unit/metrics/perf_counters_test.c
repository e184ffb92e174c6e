/* SPDX-License-Identifier: MIT */
/*
 * Counts of hypercalls, from hypervisors that count: them and in halves, other
 * things before them, only other things, nothing; and what is left of memory.
 */
#include "toolstack/perf_counters.h"

#define __XEN_TOOLS__ 1
#include <public/errno.h>
#include <public/sysctl.h>
#include <public/xen.h>

#include <string.h>

#include "check.h"
#include "metrics/metrics.h"
#include "toolstack/primitives.h"

#define VALUES_MAX 256u

static struct xen_sysctl_perfc_desc counters[4];
static uint32_t n_counters, n_values;
static uint32_t values[VALUES_MAX];
static uint64_t counts[TK_HYPERCALLS];
static long answer;

/* Value i of all is 1000 + i. */
static void hypervisor_counts(const char *name, uint32_t count)
{
	memset(&counters[n_counters], 0, sizeof(counters[0]));
	memcpy(counters[n_counters].name, name, strlen(name));
	counters[n_counters++].nr_vals = count;
	for (; count; count--, n_values++)
		values[n_values] = 1000 + n_values;
}

static void start(void)
{
	n_counters = n_values = 0;
	answer = 0;
}

long tk_hypercall(unsigned int number, uint64_t a1, uint64_t a2, uint64_t a3,
		  uint64_t a4, uint64_t a5)
{
	struct xen_sysctl *op = (void *)(uintptr_t)a1;
	struct xen_sysctl_perfc_op *perfc = &op->u.perfc_op;

	CHECK(number == __HYPERVISOR_sysctl && !a2 && !a3 && !a4 && !a5);
	CHECK(op->cmd == XEN_SYSCTL_perfc_op);
	CHECK(op->interface_version == XEN_SYSCTL_INTERFACE_VERSION);
	CHECK(perfc->cmd == XEN_SYSCTL_PERFCOP_query);
	if (answer)
		return answer;
	perfc->nr_counters = n_counters;
	perfc->nr_vals = n_values;
	if (perfc->desc.p)
		memcpy(perfc->desc.p, counters, n_counters * sizeof(*counters));
	if (perfc->val.p && n_values <= VALUES_MAX)
		memcpy(perfc->val.p, values, n_values * sizeof(*values));
	return 0;
}

static void test_halves(void)
{
	start();
	hypervisor_counts("hypercalls", 64);
	hypervisor_counts("hypercalls, upper 32 bits", 64);
	values[64 + 5] = 2;
	CHECK(!tk_host_hypercalls(counts));
	CHECK(counts[5] == (2ull << 32 | 1005));
	CHECK(counts[63] == ((1000ull + 127) << 32 | 1063));
}

static void test_others(void)
{
	start();
	hypervisor_counts("hypercalls made wrongly", 3);
	hypervisor_counts("hypercalls", 40);
	hypervisor_counts("exceptions", 32);
	CHECK(!tk_host_hypercalls(counts));
	CHECK(counts[0] == 1003 && counts[39] == 1042 && counts[40] == 0);
	start();
	hypervisor_counts("hypercalls", 70);
	CHECK(!tk_host_hypercalls(counts) && counts[63] == 1063);
}

static void test_refused(void)
{
	start();
	answer = -XEN_ENOSYS;
	CHECK(tk_host_hypercalls(counts) == -XEN_ENOSYS);
	start();
	CHECK(tk_host_hypercalls(counts) == -XEN_ENOENT);
	hypervisor_counts("exceptions", 32);
	CHECK(tk_host_hypercalls(counts) == -XEN_ENOENT);
	/* Numbers that make no sense. */
	hypervisor_counts("hypercalls", 10);
	n_values -= 3;
	CHECK(tk_host_hypercalls(counts) == -XEN_ENOENT);
	n_values = 65537;
	CHECK(tk_host_hypercalls(counts) == -XEN_E2BIG);
}

static void test_no_memory(void)
{
	unsigned int i;

	start();
	hypervisor_counts("hypercalls", 64);
	for (i = 0; i < 2; i++) {
		alloc_fail_after(i);
		CHECK(tk_host_hypercalls(counts) == -XEN_ENOMEM);
		alloc_fail_never();
	}
	CHECK(!tk_host_hypercalls(counts));
}

static void test_names(void)
{
	unsigned int i, named = 0;

	CHECK_TEXT(metrics_hypercall_name(1), "mmu_update");
	CHECK_TEXT(metrics_hypercall_name(36), "domctl");
	for (i = 0; i < 70; i++)
		named += metrics_hypercall_name(i) != NULL;
	CHECK(named == 30);
}

static const struct test tests[] = {
	TEST(test_halves),    TEST(test_others), TEST(test_refused),
	TEST(test_no_memory), TEST(test_names),
};

int main(void)
{
	return RUN_TESTS(tests);
}
