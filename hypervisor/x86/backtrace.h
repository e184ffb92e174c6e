/* SPDX-License-Identifier: MIT */
/* Diagnostics of the hypervisor's own failures (x86/panic.c). */
#pragma once

#include "lib/types.h"

struct cpu_regs;

/* panic() for exceptions: shows where regs were, not the caller. */
noreturn_fn void panic_with(const struct cpu_regs *regs, const char *fmt, ...)
	printf_like(2, 3);
