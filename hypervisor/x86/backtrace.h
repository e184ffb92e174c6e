/* SPDX-License-Identifier: MIT */
/* Diagnostics of the hypervisor's own failures (x86/panic.c). */
#ifndef TENON_X86_BACKTRACE_H
#define TENON_X86_BACKTRACE_H

#include "lib/types.h"

struct cpu_regs;

void show_registers(const struct cpu_regs *r);
/* Callers, from saved frame pointers on this CPU's stacks. */
void show_backtrace(uint64_t rip, uint64_t rbp);

#endif
