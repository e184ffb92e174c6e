/* SPDX-License-Identifier: MIT */
/*
 * The ways in and out of guests (x86/entry.S, exit.c, traps.c).
 *
 * Gates of the IDT point at exception_stubs[vector] and
 * interrupt_stubs[vector - 32]; all are interrupt gates. #DF, NMI, #MC and
 * #DB use their stack table entries. All gates have DPL 0, except #BP and #OF
 * with DPL 3.
 */
#pragma once

#define ENTRY_STUB_SIZE 16
/* cpu_regs.vector of a frame made by SYSCALL; real vectors are below 256. */
#define VECTOR_SYSCALL   0x100
#define VECTOR_SYSCALL32 0x101

#ifndef __ASSEMBLY__

#include "x86/cpu.h"

enum exception {
	TRAP_DE = 0,
	TRAP_DB = 1,
	TRAP_NMI = 2,
	TRAP_BP = 3,
	TRAP_OF = 4,
	TRAP_UD = 6,
	TRAP_NM = 7,
	TRAP_DF = 8,
	TRAP_TS = 10,
	TRAP_NP = 11,
	TRAP_SS = 12,
	TRAP_GP = 13,
	TRAP_PF = 14,
	TRAP_MC = 18
};

/* Vectors whose frame has an error code [SDM3 "Error Code"]. */
#define TRAPS_WITH_ERROR_CODE 0x27d00

/* #PF error code [SDM3 "Interrupt 14 - Page-Fault Exception"]. */
#define PF_PRESENT 1u
#define PF_WRITE   2u
#define PF_USER    4u

extern const char exception_stubs[32][ENTRY_STUB_SIZE];
extern const char interrupt_stubs[224][ENTRY_STUB_SIZE];

/*
 * Per CPU, once its block and GDT are in place: write its SYSCALL stub
 * through `alias`, a writable mapping of the page at block + CPU_BLOCK_STUB,
 * and set the MSRs that lead there.
 */
void entry_init_cpu(void *alias);

/* Called from entry.S. */
void handle_guest_exception(struct cpu_regs *regs);
void handle_hypervisor_exception(struct cpu_regs *regs);
void handle_interrupt(struct cpu_regs *regs); /* vectors >= 32; x86/irq */
void handle_guest_syscall(void);
/* Interrupts off afterwards; true: by SYSRET (exit_plan). */
bool exit_to_guest(void);

/* How the current guest frame can be entered. */
enum exit_how {
	EXIT_IRET,
	EXIT_SYSRET,
	EXIT_BAD_RIP, /* not canonical: #GP where it would run */
};
enum exit_how exit_plan(const struct cpu_regs *regs);

#endif
