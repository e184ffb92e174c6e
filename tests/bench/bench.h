/* SPDX-License-Identifier: MIT */
/*
 * Instruction counts of the hypervisor's paths, taken in a guest that is the
 * first domain: with QEMU's -icount shift=0 the TSC counts instructions.
 *
 * A path is a function; what measuring itself costs is taken off. A path that
 * has a state to restore first has a second function for that.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>

#include "rounds.h"

#define BENCH_ROUNDS 64
#define BENCH_WARMUP 4

/* Fewest instructions of `path` over many rounds; `before` may be NULL. */
uint64_t bench_run(void (*path)(void), void (*before)(void));

/* One line of the result: instructions each, of `count` things done. */
void bench_report(const char *name, uint64_t instructions, unsigned int count);

static inline void bench_path(const char *name, void (*path)(void))
{
	bench_report(name, bench_run(path, 0), 1);
}

/* Ends the guest when a path does not do what is to be measured. */
void bench_must(long rc, const char *what);

void bench_calls(void);   /* hc_*, ev_*, sched_* */
void bench_traps(void);   /* trap_*, syscall */
void bench_memory(void);  /* mm_* */
void bench_grants(void);  /* gnt_* */
void bench_domains(void); /* dom_*, dens_* */

#endif
