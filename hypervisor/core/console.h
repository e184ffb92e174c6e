/* SPDX-License-Identifier: MIT */
/*
 * The log ring, the consoles that show it, and typed input. console_write,
 * console_read, log_read and log_clear are in core/services.h.
 */
#pragma once

#include "lib/printf.h"

/* For a device that is new: show it the log so far. */
void console_replay(void (*write)(const char *s, size_t n));
/* SOFTIRQ_CONSOLE: fetch typed input, VIRQ_CONSOLE when there is some. */
void console_softirq(void);
/* panic(): break the lock of whoever held it. */
void console_force(void);
