/* SPDX-License-Identifier: MIT */
/*
 * The ways in and out of guests (x86/entry.S, exit.c, traps.c).
 *
 * Gates of the IDT point at entry_stubs[vector]; all are interrupt gates.
 * #DF, NMI, #MC and #DB use their stack table entries. All gates have DPL 0,
 * except #BP and #OF with DPL 3.
 */
#pragma once

#define ENTRY_STUB_SIZE   16
#define SYSCALL_STUB_SIZE 32
/*
 * cpu_regs.vector when no vector made the frame; real ones are below 256.
 * SYSCALL: its selectors are those of 64-bit guest code, and the guest expects
 * nothing in rcx and r11, so SYSRET can enter it.
 */
#define VECTOR_SYSCALL   0xffffffff
#define VECTOR_SYSCALL32 0x101
#define VECTOR_IRET      0x102 /* the guest has set every register */
/* Vectors whose frame has an error code [SDM3 "Error Code"]. */
#define TRAPS_WITH_ERROR_CODE 0x27d00
/* Vectors with a stack of their own (IST_*): #DB, NMI, #DF, #MC. */
#define TRAPS_WITH_STACK 0x40106

/*
 * SMAP(stac) and SMAP(clac), in assembly and in text of it. Boot turns them
 * into no-operations where there is no SMAP (features.c), so that nobody has
 * to ask.
 */
/* clang-format off */
#ifdef __ASSEMBLY__
#define SMAP(insn) \
	773: insn; .pushsection .smap_sites, "a"; .quad 773b; .popsection
#else
#define SMAP(insn) \
	"773: " #insn "; " \
	".pushsection .smap_sites, \"a\"; .quad 773b; .popsection\n"
/* clang-format on */

#include "x86/cpu.h"

enum exception {
	TRAP_DB = 1,
	TRAP_NMI = 2,
	TRAP_BP = 3,
	TRAP_OF = 4,
	TRAP_UD = 6,
	TRAP_NM = 7,
	TRAP_DF = 8,
	TRAP_GP = 13,
	TRAP_PF = 14,
	TRAP_MC = 18
};

/* #PF error code [SDM3 "Interrupt 14 - Page-Fault Exception"]. */
#define PF_PRESENT 1u
#define PF_WRITE   2u
#define PF_USER    4u

extern const char entry_stubs[256][ENTRY_STUB_SIZE];

/* Code that SYSCALL enters, in each CPU's block. */
struct syscall_stub {
	uint8_t code[15];
	int32_t displacement; /* to the common code: differs by CPU */
	uint8_t unused[13];
} __attribute__((packed));
extern const struct syscall_stub syscall_stubs[2];

/* Called from entry.S. */
void handle_entry(struct cpu_regs *regs);
void handle_guest_syscall(unsigned int type); /* of callback */
/* Does not return when this CPU was told to stop (x86/smp.c). */
void handle_nmi(struct vcpu *v, struct cpu_regs *regs);
/* Do one of the things that keep the guest from running, if any. */
void exit_work(void);

/* Instructions that may fault, and where to go on then (x86/uaccess.S). */
struct fault_fixup {
	uint64_t start, end, resume;
};
extern const struct fault_fixup fault_fixups[], fault_fixups_end[];
extern const char exit_iretq[]; /* entry.S: the IRET to guests */

#endif
