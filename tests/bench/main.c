/* SPDX-License-Identifier: MIT */
/* Runs all paths; a line `bench NAME COUNT` each, then `bench done`. */
#include "bench.h"

#include <pvguest/console.h>
#include <pvguest/start.h>
#include <pvguest/trap.h>

static void nothing(void)
{
}

/* As most guests are when they call: no event waits. */
static void no_event(void)
{
	pv_vcpu_info()->evtchn_upcall_pending = 0;
}

static uint64_t fewest(void (*path)(void), void (*before)(void))
{
	uint64_t best = UINT64_MAX;
	unsigned int i;

	for (i = 0; i < BENCH_WARMUP + BENCH_ROUNDS; i++) {
		uint64_t start, took;

		before();
		start = bench_ticks();
		path();
		took = bench_ticks() - start;
		if (i >= BENCH_WARMUP && took < best)
			best = took;
	}
	return best;
}

uint64_t bench_run(void (*path)(void), void (*before)(void))
{
	return fewest(path, before ? before : no_event) -
	       fewest(nothing, nothing);
}

void bench_report(const char *name, uint64_t instructions, unsigned int count)
{
	pv_printf("bench %s %lu\n", name, (instructions + count / 2) / count);
}

void bench_must(long rc, const char *what)
{
	if (rc != 0)
		pv_panic("%s: %ld", what, rc);
}

int main(void);

int main(void)
{
	bench_calls();
	bench_traps();
	bench_memory();
	bench_grants();
	bench_domains();
	pv_printf("bench done\n");
	return 0;
}
