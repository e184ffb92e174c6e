/* SPDX-License-Identifier: MIT */
/*
 * The top rungs of the failure ladder (docs/architecture.md): panic() when an
 * invariant of the hypervisor's own is broken, ASSERT() to document in debug
 * builds what earlier code guarantees. No guest input may reach either.
 */
#pragma once

#include "lib/types.h"

#ifdef TENON_DEBUG
#define DEBUG_BUILD 1
#else
#define DEBUG_BUILD 0
#endif

/*
 * Print the message and a backtrace on every console and stop. regs: of an
 * exception, shown with where they were; NULL: show where the caller is.
 */
struct cpu_regs;
noreturn_fn void panic_with(const struct cpu_regs *regs, const char *fmt, ...)
	printf_like(2, 3);
#define panic(...) panic_with(NULL, __VA_ARGS__)

#define ASSERT(c)                                                              \
	do {                                                                   \
		if (DEBUG_BUILD && unlikely(!(c)))                             \
			panic("assertion failed at %s:%d: %s", __FILE__,       \
			      __LINE__, #c);                                   \
	} while (0)
