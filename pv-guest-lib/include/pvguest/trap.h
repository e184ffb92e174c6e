/* SPDX-License-Identifier: MIT */
/*
 * Exceptions. Each one that has no handler prints the registers and ends the
 * domain as crashed.
 *
 * Context: a handler runs on the stack of the code that trapped, with events
 * masked as they were there.
 */
#ifndef PVGUEST_TRAP_H
#define PVGUEST_TRAP_H

#include <stdbool.h>
#include <stdint.h>

#define PV_TRAP_COUNT              20
#define PV_TRAP_INVALID_OPCODE     6
#define PV_TRAP_GENERAL_PROTECTION 13
#define PV_TRAP_PAGE_FAULT         14

/* As the stubs of traps.S build it, lowest address first. */
struct pv_trap_frame {
	uint64_t r15, r14, r13, r12, rbp, rbx, r10, r9, r8, rax, rdx, rsi, rdi;
	uint64_t r11, rcx;
	uint64_t vector;
	uint64_t error_code; /* 0 for vectors that have none */
	uint64_t rip;
	uint64_t cs; /* bits 32-39: the upcall mask before the trap */
	uint64_t rflags, rsp, ss;
};

/*
 * Handles one exception: true to continue with the frame as it is then,
 * false for the crash that would have happened without a handler. `address`
 * is the faulting one for a page fault, else 0.
 */
typedef bool pv_trap_handler(struct pv_trap_frame *frame, uint64_t address);

/* Sets the handler of `vector` (< PV_TRAP_COUNT); NULL takes it away. */
void pv_trap_set_handler(unsigned int vector, pv_trap_handler *handler);

/*
 * Reads or writes 8 bytes that may not be mapped: false instead of a fault.
 * `address` must be 8-byte aligned.
 */
bool pv_probe_read(const volatile uint64_t *address, uint64_t *value);
bool pv_probe_write(volatile uint64_t *address, uint64_t value);

/* Prints the text, and ends the domain as crashed. */
void pv_panic(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

#endif /* PVGUEST_TRAP_H */
