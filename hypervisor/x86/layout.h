/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's part of every address space: L4 slots 256..271, the same
 * in every root (docs/memory-layout.md). Usable from assembly.
 *
 *  256  M2P, read-only for guests (ABI: HYPERVISOR_VIRT_START)
 *  257  M2P again, writable by the hypervisor
 *  259  entry region, descriptor windows, hypervisor image
 *  260  I/O mappings: local APIC, IO-APICs, ACPI tables
 *  261  frame table
 *  262..271  direct map of all RAM (5 TiB)
 */
#pragma once

#ifdef __ASSEMBLY__
#define UL(x) x
#else
#define UL(x) x##ul
#endif

#define HYPERVISOR_START      UL(0xffff800000000000)
#define HYPERVISOR_END        UL(0xffff880000000000) /* first byte after */
#define HYPERVISOR_FIRST_SLOT 256
#define HYPERVISOR_LAST_SLOT  271
#define GUEST_LOW_END         UL(0x0000800000000000) /* first byte after */

#define M2P_VIRT_START UL(0xffff800000000000)
#define M2P_RW_START   UL(0xffff808000000000)
#define M2P_SIZE       (UL(256) << 30)

/*
 * Entry region (design D7): one CPU_BLOCK_SIZE block per CPU, all that must
 * stay mapped while a guest runs. Pages of a block:
 *   0 struct cpu, TSS   1 syscall stub (executable)   2 #DB   3 NMI   4 #DF
 *   5 #MC   6 guard, not mapped   7 our part of the GDT, mapped in the window
 *   8..15 main stack (grows down from the block's end).
 * Blocks are aligned to their size, so a stack pointer finds its block.
 */
#define ENTRY_REGION           UL(0xffff818000000000)
#define CPU_BLOCK_SIZE         UL(0x10000)
#define CPU_BLOCK_TSS          0x800 /* in page 0 */
#define CPU_BLOCK_STUB         0x1000
#define CPU_BLOCK_IST_TOP(ist) (0x2000 + 0x1000 * (ist))
#define CPU_BLOCK_GUARD        0x6000
#define CPU_BLOCK_GDT          0x7000
#define CPU_BLOCK_STACK_BOTTOM 0x8000

/*
 * Descriptor windows: per CPU 16 pages of GDT (14 of the running guest, then
 * the hypervisor's own two) and 16 pages of LDT, supervisor read-write since
 * the CPU sets accessed bits there.
 */
#define GDT_WINDOW(cpu) (UL(0xffff818020000000) + (cpu)*UL(0x20000))
#define LDT_WINDOW(cpu) (GDT_WINDOW(cpu) + (UL(16) << 12))

#define IMAGE_START       UL(0xffff818040000000)
#define IMAGE_PHYS_START  UL(0x200000)
#define IOMAP_START       UL(0xffff820000000000)
#define FRAME_TABLE_START UL(0xffff828000000000)
#define DIRECT_MAP_START  UL(0xffff830000000000)

#define MAX_CPUS 256

/*
 * Selectors. The first 14 pages of a CPU's GDT window belong to the guest;
 * our descriptors lie in page 14 (index 7168, selector 0xe000). Values with
 * RPL 3 are part of the ABI (public/arch-x86/xen.h, FLAT_*). Page 15 of the
 * window is not mapped; the GDT limit ends before it.
 */
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
#define IST_COUNT 4 /* of TRAPS_WITH_STACK, in their order */

/* Bits of a descriptor. */
#define DESC_SEGMENT (1ull << 44) /* code or data, not system */
#define DESC_DPL3    (3ull << 45)
#define DESC_PRESENT (1ull << 47)
