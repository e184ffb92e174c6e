/* SPDX-License-Identifier: MIT */
/*
 * What the hypervisor says of itself: lines of the log, and the top rungs of
 * the failure ladder (docs/architecture.md). panic() is for a broken invariant
 * of the hypervisor's own, ASSERT() documents in debug builds what earlier code
 * guarantees. No guest input may reach either.
 *
 * Formats: %d %u %x %s %%, a width, before which a 0 pads numbers that are not
 * negative, sizes l, ll and z.
 */
#pragma once

#include <stdarg.h>

#include "lib/types.h"

#ifdef TENON_DEBUG
#define DEBUG_BUILD 1
#else
#define DEBUG_BUILD 0
#endif

/* As in C11: returns the length that an unlimited buffer would hold. */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);

enum log_level {
	LOG_ERROR,
	LOG_WARNING,
	LOG_INFO,
	LOG_DEBUG
};

/*
 * One log line (newline included by the caller) into the ring, and onto the
 * consoles when level is at or below the loglvl option. Any context.
 */
void log_printf(enum log_level level, const char *fmt, ...) printf_like(2, 3);

#define log_error(...)   log_printf(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_printf(LOG_WARNING, __VA_ARGS__)
#define log_info(...)    log_printf(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_printf(LOG_DEBUG, __VA_ARGS__)

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
