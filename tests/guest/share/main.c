/* SPDX-License-Identifier: MIT */
/*
 * How much of a CPU a guest gets that wants all of it. Each second it prints
 * what the hypervisor says it had, and how much work that came to: storms of
 * others must take neither.
 */
#include <public/vcpu.h>
#include <pvguest/console.h>
#include <pvguest/hypercall.h>
#include <pvguest/time.h>
#include <pvguest/trap.h>

#define SECOND 1000000000UL
#define ROUND  20000u

static uint64_t running_ns(void)
{
	struct vcpu_runstate_info info;
	long rc = pv_hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info,
				0, PV_ARG(&info));

	if (rc)
		pv_panic("no run states: %ld", rc);
	return info.time[RUNSTATE_running];
}

static void work(void)
{
	unsigned int i;

	for (i = 0; i < ROUND; i++)
		__asm__ volatile("");
}

int main(void)
{
	uint64_t begin, end, before, ran;
	unsigned long rounds;

	for (;;) {
		before = running_ns();
		begin = pv_time_ns();
		for (rounds = 0; (end = pv_time_ns()) - begin < SECOND;
		     rounds++)
			work();
		ran = running_ns() - before;
		pv_printf("ran %lu of %lu us, %lu rounds\n", ran / 1000,
			  (end - begin) / 1000, rounds);
	}
}
