/* SPDX-License-Identifier: MIT */
/*
 * XEN_SYSCTL_perfc_op: the sums of all CPUs' counts, in halves; a reset, and
 * one of another CPU at a bad moment; tables that cannot be written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/hypercall.h"
#include "public/sysctl.h"

#define CHECK(c) ((c) ? (void)0 : fail(__LINE__, #c))
#define CPUS     3u
#define VALUES   (2 * HYPERCALL_LIMIT)

static struct cpu cpus[CPUS];
unsigned int cpu_count = CPUS;
static unsigned int left_to_write, moment; /* 1: the next is it */
static struct xen_sysctl_perfc_desc descs[2];
static uint32_t values[VALUES + 1]; /* and one that nobody may write */

static void fail(int line, const char *what)
{
	printf("not ok line %d: %s\n", line, what);
	exit(1);
}

int copy_to_guest(guest_ptr_t dst, const void *src, size_t n)
{
	if (!left_to_write)
		return -XEN_EFAULT;
	left_to_write--;
	memcpy((void *)dst.va, src, n);
	return 0;
}

static long perfc(uint32_t cmd, bool with_descs, bool with_values,
		  struct xen_sysctl_perfc_op *answer)
{
	struct xen_sysctl op = { .u.perfc_op.cmd = cmd };
	long rc;

	set_xen_guest_handle(op.u.perfc_op.desc, with_descs ? descs : NULL);
	set_xen_guest_handle(op.u.perfc_op.val, with_values ? values : NULL);
	rc = sys_perfc(&op);
	if (answer)
		*answer = op.u.perfc_op;
	return rc;
}

/* At the moment another CPU's reset, and a call. */
struct cpu *cpu_get(unsigned int id)
{
	if (moment && !--moment) {
		CHECK(!perfc(XEN_SYSCTL_PERFCOP_reset, false, false, NULL));
		cpus[0].hypercalls[5]++;
	}
	return &cpus[id];
}

static uint64_t count(unsigned int number)
{
	left_to_write = 1;
	CHECK(!perfc(XEN_SYSCTL_PERFCOP_query, false, true, NULL));
	return values[number] | (uint64_t)values[HYPERCALL_LIMIT + number]
					<< 32;
}

static void test_numbers(void)
{
	struct xen_sysctl_perfc_op answer;

	left_to_write = 2;
	CHECK(!perfc(XEN_SYSCTL_PERFCOP_query, false, false, &answer));
	CHECK(answer.nr_counters == 2 && answer.nr_vals == VALUES);
	CHECK(left_to_write == 2);
	values[VALUES] = 77;
	CHECK(!perfc(XEN_SYSCTL_PERFCOP_query, true, true, &answer));
	CHECK(answer.nr_counters == 2 && answer.nr_vals == VALUES);
	CHECK(!strcmp(descs[0].name, "hypercalls"));
	CHECK(descs[0].nr_vals + descs[1].nr_vals == VALUES);
	CHECK(values[VALUES] == 77);
	printf("ok the numbers of counters and values\n");
}

static void test_sums(void)
{
	unsigned int i;

	for (i = 0; i < CPUS; i++)
		cpus[i].hypercalls[i] = 10;
	cpus[0].hypercalls[63] = 1;
	cpus[2].hypercalls[63] = 0xffffffffull;
	CHECK(count(0) == 10 && count(1) == 10 && count(2) == 10);
	CHECK(count(3) == 0 && count(63) == 0x100000000ull);
	printf("ok counts are of all CPUs, and have 64 bits\n");
}

static void test_reset(void)
{
	left_to_write = 1;
	CHECK(!perfc(XEN_SYSCTL_PERFCOP_reset, false, true, NULL));
	CHECK(values[0] == 10 && values[63] == 0);
	CHECK(values[HYPERCALL_LIMIT + 63] == 1);
	CHECK(count(0) == 0 && count(63) == 0);
	cpus[2].hypercalls[0]++;
	CHECK(count(0) == 1);
	CHECK(cpus[2].hypercalls[0] == 1 && cpus[1].hypercalls[1] == 10);
	printf("ok after a reset counts start anew\n");
}

static void test_two_resets(void)
{
	unsigned int i;

	for (i = 1; i <= CPUS * HYPERCALL_LIMIT; i++) {
		cpus[1].hypercalls[5] += 100;
		moment = i;
		CHECK(count(5) <= 101 && !moment);
		CHECK(count(5) == 1);
		moment = i;
		CHECK(!perfc(XEN_SYSCTL_PERFCOP_reset, false, false, NULL));
		CHECK(count(5) <= 1);
	}
	printf("ok another reset at any moment\n");
}

static void test_errors(void)
{
	CHECK(perfc(0, false, false, NULL) == -XEN_EINVAL);
	CHECK(perfc(3, false, false, NULL) == -XEN_EINVAL);
	for (left_to_write = 0; left_to_write < 2; left_to_write++) {
		unsigned int room = left_to_write;

		CHECK(perfc(XEN_SYSCTL_PERFCOP_query, true, true, NULL) ==
		      -XEN_EFAULT);
		left_to_write = room;
	}
	printf("ok no such command, or no memory there\n");
}

int main(void)
{
	test_numbers();
	test_sums();
	test_reset();
	test_two_resets();
	test_errors();
	return 0;
}
