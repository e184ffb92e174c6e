/* SPDX-License-Identifier: MIT */
/*
 * T14: registers of others. One vCPU loads a pattern into its vector registers
 * and debug registers and spins; a fresh one, on the same machine, reads its
 * own before it has written any: nothing of the pattern, nor of anything else
 * (FP-1, FP-2, FP-5, BF-2; XSA-52, 165, 172, 220, 267).
 */
#include "attack.h"

#define PATTERN 0x5ec2e7c0ffee0bad

static const uint64_t pattern[2] = { PATTERN, PATTERN };
static volatile uint64_t seen;

static void loading(void)
{
	__asm__ volatile("movups %0, %%xmm0; movups %0, %%xmm7\n\t"
			 "movups %0, %%xmm15\n\tfldl %0"
			 :
			 : "m"(pattern)
			 : "memory");
	for (unsigned int i = 0; i < 1000; i++)
		__asm__ volatile("pause");
	__asm__ volatile("fstp %st(0)");
}

/* The first time on a vCPU: what was there before? */
static void reading(void)
{
	uint64_t found[6];
	static bool done;

	if (done)
		return;
	__asm__ volatile("movups %%xmm0, %0; movups %%xmm7, %1\n\t"
			 "movups %%xmm15, %2"
			 : "=m"(found[0]), "=m"(found[2]), "=m"(found[4])
			 :
			 : "memory");
	seen = found[0] | found[2] | found[4];
	done = true;
}

void attack_T14(void)
{
	bool smp = cpu_start(1, loading);

	if (smp && cpu_start(2, reading))
		for (unsigned int i = 0; i < 1000; i++)
			pv_hypercall2(__HYPERVISOR_sched_op, 0, 0);
	if (smp) {
		cpu_stop(1);
		cpu_stop(2);
	}
	/* cpu_start() may have run another attack's code there before. */
	check("nothing of another vCPU", seen != PATTERN, (long)seen);
}
