/* SPDX-License-Identifier: MIT */
/*
 * Where the boot loader jumps to: 32-bit protected mode, paging off, the
 * loader's magic number in eax and its information in ebx [Multiboot 1 and 2,
 * "Machine state"]. The early page tables, at the end of this file, map
 *
 *   0 .. 4 GiB          identity, and again at DIRECT_MAP_START
 *   IMAGE_START         the image (16 MiB)
 *   ENTRY_REGION        the boot CPU's block
 *
 * everything writable and executable until paging_init() replaces them. Calls
 * boot_main(magic, information) in 64-bit mode. Other CPUs start in
 * trampoline_start, copied to a page below 1 MiB, and use the early tables
 * for the few instructions before ap_main().
 */
#include <asm-offsets.h>

#include "x86/layout.h"

#define PHYS(symbol)	((symbol) - IMAGE_START + IMAGE_PHYS_START)
#define EARLY_CS	0x08
#define L4_SLOT(va)	((((va) >> 39) & 511) * 8)

#define EFER		0xc0000080
#define EFER_LME_NXE	0x900
#define CR4_PAE		0x20
#define CR0_BITS	0x80010011 /* PG WP ET PE */

/* In any mode, with paging off; a far jump to EARLY_CS has to follow. */
.macro LONG_MODE
	mov	$CR4_PAE, %eax
	mov	%eax, %cr4
	mov	$PHYS(early_l4), %eax
	mov	%eax, %cr3
	mov	$EFER, %ecx
	mov	$EFER_LME_NXE, %eax
	xor	%edx, %edx
	wrmsr
	mov	$CR0_BITS, %eax
	mov	%eax, %cr0
.endm

	.section .head, "ax", @progbits
	.code32

	.balign	4
	.long	0x1badb002		/* Multiboot 1 */
	.long	0x00000003		/* modules page-aligned, memory map */
	.long	-(0x1badb002 + 3)

	.balign	8
multiboot2_header:
	.long	0xe85250d6		/* Multiboot 2 */
	.long	0			/* i386 */
	.long	multiboot2_end - multiboot2_header
	.long	-(0xe85250d6 + (multiboot2_end - multiboot2_header))
	.short	1, 0			/* we understand: */
	.long	8 + 4 * 4
	.long	1, 3, 6, 15		/* command line, modules, map, RSDP */
	.balign	8
	.short	6, 0			/* modules page-aligned */
	.long	8
	.short	0, 0			/* end */
	.long	8
multiboot2_end:

	.globl	start32
start32:
	cld
	cli
	mov	%eax, %esi		/* magic; ebx stays as it is */
	mov	%ebx, %ebp
	lgdt	PHYS(early_gdt_register)
	mov	$0x80000000, %eax
	cpuid
	cmp	$0x80000001, %eax
	jb	no_long_mode
	mov	$0x80000001, %eax
	cpuid
	and	$0x20100000, %edx	/* long mode, no-execute */
	cmp	$0x20100000, %edx
	jne	no_long_mode

	LONG_MODE
	ljmp	$EARLY_CS, $PHYS(start64)

no_long_mode:
	mov	$PHYS(no_long_mode_text), %esi
	mov	$0xb8000, %edi
1:	lodsb
	test	%al, %al
	jz	2f
	mov	%al, (%edi)
	add	$2, %edi
	mov	$0x3f8, %dx
	out	%al, %dx
	jmp	1b
2:	hlt
	jmp	2b
no_long_mode_text:
	.asciz	"Tenon needs a 64-bit processor with no-execute pages.\r\n"

	.code64
start64:
	movabs	$high64, %rax
	jmp	*%rax
high64:
	/* Below the frame of the guest that this call chain will resume. */
	movabs	$ENTRY_REGION + CPU_BLOCK_SIZE - REGS_SIZE - 8, %rsp
	mov	%esi, %edi
	mov	%ebp, %esi
	xor	%ebp, %ebp
	call	boot_main

/*
 * Real mode at the start of the page that SIPI named: CS:0, nothing else is
 * known. Straight to 64-bit mode: PE and PG may be set together
 * [APM2 "Long-Mode Initialization Example"].
 */
	.globl	trampoline_start, trampoline_end
	.code16
	.balign	16
trampoline_start:
	cli
	cld
	mov	%cs, %ax
	mov	%ax, %ds
	movzwl	%ax, %ebx
	shl	$4, %ebx
	lea	trampoline64 - trampoline_start(%ebx), %eax
	mov	%eax, trampoline_far - trampoline_start
	lgdtl	trampoline_gdt - trampoline_start
	LONG_MODE
	ljmpl	*(trampoline_far - trampoline_start)

	.code64
trampoline64:
	movabs	$ap_high64, %rax
	jmp	*%rax
	.balign	4
trampoline_gdt:
	.short	15
	.long	PHYS(early_gdt)
trampoline_far:
	.long	0
	.short	EARLY_CS
trampoline_end:

ap_high64:
	mov	boot_root(%rip), %rax	/* our own block is in these only */
	shl	$12, %rax
	mov	%rax, %cr3
	mov	ap_stack(%rip), %rsp
	sub	$REGS_SIZE + 8, %rsp
	xor	%ebp, %ebp
	call	ap_main

	.balign	8
early_gdt:
	.quad	0
	.quad	0x00af9b000000ffff	/* 64-bit code */
early_gdt_register:
	.short	15
	.long	PHYS(early_gdt)

	.section .bss.page_aligned, "aw", @nobits
	.balign	4096
	.globl	boot_cpu_block
boot_cpu_block:	.skip	CPU_BLOCK_SIZE

	/* Table entries: present and writable, 0x80: a page of 2 MiB. */
	.data
	.balign	4096
early_l4:
	.quad	PHYS(early_l3_low) + 3
	.org	early_l4 + L4_SLOT(ENTRY_REGION)
	.quad	PHYS(early_l3_image) + 3
	.org	early_l4 + L4_SLOT(DIRECT_MAP_START)
	.quad	PHYS(early_l3_low) + 3
	.balign	4096
early_l3_low:
	.quad	PHYS(early_l2_low) + 0x0003, PHYS(early_l2_low) + 0x1003
	.quad	PHYS(early_l2_low) + 0x2003, PHYS(early_l2_low) + 0x3003
	.balign	4096
early_l2_low:			/* four tables, 4 GiB */
	address = 0
	.rept	2048
	.quad	address + 0x83
	address = address + 0x200000
	.endr
early_l3_image:
	.quad	PHYS(early_l2_entry) + 3, PHYS(early_l2_image) + 3
	.balign	4096
early_l2_image:
	address = IMAGE_PHYS_START
	.rept	8
	.quad	address + 0x83
	address = address + 0x200000
	.endr
	.balign	4096
early_l2_entry:
	.quad	PHYS(early_l1_entry) + 3
	.balign	4096
early_l1_entry:
	address = 0
	.rept	CPU_BLOCK_SIZE / 4096
	.quad	PHYS(boot_cpu_block) + address + 3
	address = address + 4096
	.endr
	.balign	4096

	.section .note.GNU-stack, "", @progbits
