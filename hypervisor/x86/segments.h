/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables: selectors, and how the tables are loaded (segments.c).
 *
 * The first 14 pages of a CPU's GDT window belong to the guest;
 * our descriptors lie in page 14 (index 7168, selector 0xe000). Values
 * with RPL 3 are part of the ABI (public/arch-x86/xen.h, FLAT_*). Usable
 * from assembly.
 *
 * Page 15 of the window is not mapped; the GDT limit ends before it.
 */
#pragma once

#define RESERVED_GDT_PAGE 14
#define GDT_LIMIT         0xefff

#define HYPERVISOR_CS 0xe008
#define HYPERVISOR_DS 0xe010 /* SYSCALL: CS + 8 */
#define GUEST_CS32    0xe023
#define GUEST_DS      0xe02b
#define GUEST_CS64    0xe033 /* SYSRET: base 0xe023, +8, +16 */
#define TSS_SELECTOR  0xe040 /* two entries */
#define LDT_SELECTOR  0xe050 /* two entries, in use with a LDT */

/* STAR: SYSRET base in 63:48, SYSCALL CS in 47:32 [SDM2 "SYSCALL"]. */
#define STAR_VALUE 0xe023e00800000000

/* Interrupt stack table entries of the TSS. */
#define IST_DF  1
#define IST_NMI 2
#define IST_MC  3
#define IST_DB  4

/* Bits of a descriptor. */
#define DESC_SEGMENT (1ull << 44) /* code or data, not system */
#define DESC_DPL3    (3ull << 45)
#define DESC_PRESENT (1ull << 47)

#ifndef __ASSEMBLY__
/* Our GDT page and the TSS of a CPU in its block, before it starts. */
void gdt_prepare(char *block, unsigned int cpu);
/* GDT, TSS, IDT, our selectors and SYSCALL's way in, on this CPU. */
void gdt_load(void);
void idt_init(void); /* once: fill the IDT */
/* The LDT_WINDOW of this CPU, so many entries, as its LDT; 0: none. */
void gdt_load_ldt(unsigned int entries);
#endif
