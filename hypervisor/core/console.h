/* SPDX-License-Identifier: MIT */
/*
 * The log ring, the consoles that show it, and typed input. console_write,
 * console_read, log_read and log_clear are in core/services.h.
 */
#pragma once

#include "lib/printf.h"

/* A device that shows text; writes poll and need no interrupts. */
struct console_device {
	void (*write)(const char *s, size_t n);
	int (*read)(void); /* next typed character, -1 none; may be NULL */
};

/* Also replays the log so far. At most four. */
void console_add(const struct console_device *device);
/* SOFTIRQ_CONSOLE: fetch typed input, VIRQ_CONSOLE when there is some. */
void console_softirq(void);
/* panic(): break the lock of whoever held it. */
void console_force(void);
