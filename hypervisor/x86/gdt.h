/* SPDX-License-Identifier: MIT */
/* Descriptor tables of each CPU (x86/segments.h) and the common IDT. */
#pragma once

#include "lib/types.h"
#include "x86/cpu.h"
#include "x86/segments.h"

/* [SDM3 "Task Management in 64-bit Mode"] */
struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t ist[8]; /* ist[0] is reserved */
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t iomap; /* beyond the limit: every port traps in ring 3 */
} __attribute__((packed));

/* The task-state segment shares page 0 of the block with struct cpu. */
#define CPU_BLOCK_TSS 0x800

/* Prepare c's reserved GDT page and TSS; any CPU, before c starts. */
void gdt_prepare(struct cpu *c);
/* Load GDT, TSS and IDT on this CPU, and the hypervisor's selectors. */
void gdt_load(void);
void idt_init(void); /* once: fill the IDT */
/* Base and limit of LDT_SELECTOR on this CPU, then LLDT; limit 0: none. */
void gdt_load_ldt(unsigned int entries);
