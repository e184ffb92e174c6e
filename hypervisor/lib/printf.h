/* SPDX-License-Identifier: MIT */
/*
 * Formatted output to the log ring and consoles: %d %u %x %s %%, a width,
 * before which a 0 pads numbers that are not negative, sizes l, ll and z.
 */
#pragma once

#include <stdarg.h>

#include "lib/types.h"

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
