/* SPDX-License-Identifier: MIT */
/*
 * What the hypervisor counts for whoever measures it.
 *
 * Owns: nothing. Errors: as in hypercalls.h; -ENOSYS where the hypervisor
 * does not count, -ENOENT where it counts other things.
 */
#ifndef TOOLSTACK_PERF_COUNTERS_H
#define TOOLSTACK_PERF_COUNTERS_H

#include <stdint.h>

#define TK_HYPERCALLS 64u

/* How often each hypercall was made, by its number. */
int tk_host_hypercalls(uint64_t counts[TK_HYPERCALLS]);

#endif /* TOOLSTACK_PERF_COUNTERS_H */
