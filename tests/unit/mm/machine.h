/* SPDX-License-Identifier: MIT */
/*
 * A machine for hypervisor/mm on the host: memory is an array, CPUs are
 * structures whose turn the test chooses, and each has a TLB that remembers
 * translations and page-table pointers until it is flushed, as long as
 * hardware may.
 */
#ifndef TESTS_UNIT_MM_MACHINE_H
#define TESTS_UNIT_MM_MACHINE_H

#include "core/domain.h"
#include "mm/mm.h"
#include "x86/paging.h"

#define MACHINE_FRAMES 192
#define MACHINE_CPUS   2

/* A different sequence for each seed, the same on every machine. */
uint64_t random_below(uint64_t n);
void random_seed(uint64_t seed);
static inline bool chance(unsigned int percent)
{
	return random_below(100) < percent;
}

void machine_init(void);
void machine_be(unsigned int cpu);
struct domain *machine_domain(domid_t id, unsigned int vcpus, bool control);
/* Let the vCPU (NULL: none) run on the CPU whose turn it is. */
void machine_run(struct vcpu *v);

/* Percent of preemption checks that say yes. */
extern unsigned int preempt_percent;
/* What to do between a preempted call and its continuation. */
extern void (*machine_meanwhile)(void);
/* Run a hypercall to its end, through its continuations. */
long machine_hypercall(unsigned int number, uint64_t a1, uint64_t a2,
		       uint64_t a3, uint64_t a4);

/* The processor of this CPU walks to va in the loaded tables. */
void tlb_walk(uint64_t va, bool write);
/* No TLB may hold what would break isolation now. */
void tlb_check(void);
/* No TLB leads to that frame: nobody can write to it. */
void tlb_check_without(const struct frame *f);
/* A frame was handed out: old translations to it are now a fault. */
void tlb_new_life(struct frame *f);

#define CHECK(c)                                                               \
	do {                                                                   \
		if (!(c))                                                      \
			fail(__FILE__, __LINE__, #c);                          \
	} while (0)
noreturn_fn void fail(const char *file, int line, const char *what);

#endif
