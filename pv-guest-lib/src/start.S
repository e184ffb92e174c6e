/* SPDX-License-Identifier: MIT */
/*
 * First instructions of the kernel, and the notes that tell a domain builder
 * how to load it. At entry: rsi = start_info, events masked, the initial page
 * tables map the kernel and at least 512 KiB after it.
 *
 * VIRT_BASE is 0 and stays 0: addresses below 2 GiB let the kernel link with
 * a C library of the default code model, and make every address equal to
 * pfn * 4096.
 */
#include <public/elfnote.h>

#define STACK_SIZE (256 * 1024)

#define NOTE(number, ...)                    \
	.pushsection .note.Xen, "a", @note;  \
	.balign	4;                           \
	.long	4, 3f - 2f, number;          \
	.asciz	"Xen";                       \
2:	__VA_ARGS__;                         \
3:	.balign	4;                           \
	.popsection

	NOTE(XEN_ELFNOTE_GUEST_OS, .asciz "Tenon-pv")
	NOTE(XEN_ELFNOTE_GUEST_VERSION, .asciz "1")
	NOTE(XEN_ELFNOTE_LOADER, .asciz "generic")
	NOTE(XEN_ELFNOTE_XEN_VERSION, .asciz "xen-3.0")
	NOTE(XEN_ELFNOTE_VIRT_BASE, .quad 0)
	NOTE(XEN_ELFNOTE_PADDR_OFFSET, .quad 0)
	NOTE(XEN_ELFNOTE_ENTRY, .quad _start)
	NOTE(XEN_ELFNOTE_FEATURES, .asciz "pae_pgdir_above_4gb")
	/* bit 11: can be the first domain */
	NOTE(XEN_ELFNOTE_SUPPORTED_FEATURES, .long 0x800)
	NOTE(XEN_ELFNOTE_MOD_START_PFN, .quad 1)

	.text
	.globl	_start
	.type	_start, @function
_start:
	rdtsc
	cld
	mov	%rsi, %rdi
	lea	stack_top(%rip), %rsp
	xor	%ebp, %ebp
	fninit
	ldmxcsr	mxcsr_default(%rip)
	shl	$32, %rdx
	or	%rdx, %rax
	mov	%rax, pv_first_tsc(%rip)
	call	pv_start
	ud2
	.size	_start, . - _start

	.section .rodata, "a", @progbits
	.balign	4
mxcsr_default:
	.long	0x1f80

	.bss
	.globl	pv_first_tsc
	.balign	8
pv_first_tsc:
	.skip	8
	.balign	4096
	.globl	pv_stack_guard
pv_stack_guard:		/* unmapped by mm.c: an overflow ends here */
	.skip	4096
	.skip	STACK_SIZE
stack_top:

	.section .note.GNU-stack, "", @progbits
