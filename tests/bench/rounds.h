/* SPDX-License-Identifier: MIT */
/*
 * Counting instructions in a guest: with QEMU's -icount shift=0 the TSC does.
 * For the programs of tests/bench, on the library and on Linux.
 */
#ifndef BENCH_ROUNDS_H
#define BENCH_ROUNDS_H

#include <stdint.h>

static inline uint64_t bench_ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

/*
 * What one of the things costs that round() does, `each` of them in a call and
 * `at_once` at a time: the least of so many rounds and of one before them,
 * which only warms up.
 */
static inline uint64_t bench_each(void (*round)(unsigned int at_once),
				  unsigned int at_once, unsigned int each,
				  unsigned int rounds)
{
	uint64_t best = UINT64_MAX;
	unsigned int i;

	for (i = 0; i <= rounds; i++) {
		uint64_t start = bench_ticks(), took;

		round(at_once);
		took = bench_ticks() - start;
		if (i && took < best)
			best = took;
	}
	at_once *= each / at_once; /* of a round */
	return (best + at_once / 2) / at_once;
}

#endif /* BENCH_ROUNDS_H */
