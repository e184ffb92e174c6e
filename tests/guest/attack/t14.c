/* SPDX-License-Identifier: MIT */
/*
 * T14: registers of others. Some vCPUs load a pattern into their vector
 * registers, with AVX their upper halves too, and spin. A fresh one reads its
 * own before it has written any, and after it has enabled AVX: all are zero.
 * Then each keeps what it has loaded while the others run (FP-1, FP-2, FP-5,
 * BF-2; XSA-52, 62, 165, 172, 220, 267).
 */
#include "attack.h"

#define PATTERN     0x5ec2e7c0ffee0badUL
#define CR4_OSXSAVE (1UL << 18)
#define FRESH       4 /* no other attack uses this vCPU */
#define WORDS       8 /* of xmm0, xmm7 and xmm15, or ymm0 and ymm7 */

static uint64_t pattern[4] = { PATTERN, PATTERN, PATTERN, PATTERN };
static uint64_t own_pattern[4] = { ~PATTERN, ~PATTERN, ~PATTERN, ~PATTERN };
static uint64_t first[2][WORDS]; /* before and after AVX is enabled */
static volatile uint64_t lost, rounds;
static volatile bool has_read;
static bool has_avx;

static void enable_avx(void)
{
	uint64_t cr4;

	__asm__ volatile("mov %%cr4, %0; or %1, %0; mov %0, %%cr4"
			 : "=&r"(cr4)
			 : "r"(CR4_OSXSAVE));
	__asm__ volatile("xsetbv" : : "a"(7), "d"(0), "c"(0));
}

static void disable_avx(void)
{
	uint64_t cr4;

	__asm__ volatile("mov %%cr4, %0; and %1, %0; mov %0, %%cr4"
			 : "=&r"(cr4)
			 : "r"(~CR4_OSXSAVE));
}

static void load(const uint64_t words[4])
{
	if (has_avx)
		__asm__ volatile("vmovups (%0), %%ymm0; vmovups (%0), %%ymm7"
				 :
				 : "r"(words));
	__asm__ volatile("movups (%0), %%xmm15; fldl (%0)" : : "r"(words));
	if (!has_avx)
		__asm__ volatile("movups (%0), %%xmm0; movups (%0), %%xmm7"
				 :
				 : "r"(words));
}

static void read_sse(uint64_t words[WORDS])
{
	__asm__ volatile("movups %%xmm0, (%0); movups %%xmm7, 16(%0)\n\t"
			 "movups %%xmm15, 32(%0)"
			 :
			 : "r"(words)
			 : "memory");
}

static void read_avx(uint64_t words[WORDS])
{
	__asm__ volatile("vmovups %%ymm0, (%0); vmovups %%ymm7, 32(%0)"
			 :
			 : "r"(words)
			 : "memory");
}

/* Others run meanwhile; then it is still there. */
static void keep(const uint64_t words[4])
{
	uint64_t found[WORDS], more[WORDS];

	load(words);
	for (unsigned int i = 0; i < 100; i++)
		__asm__ volatile("pause");
	pv_hypercall2(__HYPERVISOR_sched_op, SCHEDOP_yield, 0);
	read_sse(found); /* before anything else is compiled to use them */
	if (has_avx)
		read_avx(more);
	for (unsigned int i = 0; i < 6; i++)
		lost += found[i] != words[0];
	for (unsigned int i = 0; has_avx && i < WORDS; i++)
		lost += more[i] != words[0];
	__asm__ volatile("fstp %st(0)");
	rounds++;
}

static void loading(void)
{
	if (has_avx)
		enable_avx();
	keep(pattern);
}

static void reading(void)
{
	if (!has_read) {
		read_sse(first[0]);
		if (has_avx) {
			enable_avx();
			read_avx(first[1]);
		}
		has_read = true;
	}
	keep(own_pattern);
}

void attack_T14(void)
{
	bool smp;

	has_avx = fault_of(enable_avx) == NO_FAULT;
	smp = cpu_start(1, loading) && cpu_start(2, loading) &&
	      cpu_start(3, loading);
	if (smp)
		wait_for(&rounds, 50);
	if (smp && cpu_start(FRESH, reading)) {
		wait_for(&rounds, rounds + 500);
		cpu_stop(FRESH);
		check("a fresh vCPU has read", has_read, 0);
	}
	for (unsigned int id = 1; smp && id <= 3; id++)
		cpu_stop(id);
	(void)fault_of(disable_avx);
	check("nothing of another vCPU", not_zero(first[0], WORDS) == 0,
	      (long)first[0][0]);
	check("nothing in what was enabled later",
	      not_zero(first[1], WORDS) == 0, (long)first[1][2]);
	check("each keeps its own", lost == 0, (long)lost);
}
