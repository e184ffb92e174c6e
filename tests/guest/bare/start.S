/* SPDX-License-Identifier: MIT */
/*
 * Entry point, ELF notes and register test of the bare guests. The notes are
 * the fewest that a PV domain builder accepts; BARE_VIRT_BASE comes from the
 * build.
 */
#include <public/elfnote.h>
#include <public/xen.h>

.macro xen_note type, size, value:vararg
	.pushsection .note.Xen, "a", @note
	.balign 4
	.long 4, 2f - 1f, \type
	.asciz "Xen"
1:	.\size \value
2:	.balign 4
	.popsection
.endm

	xen_note XEN_ELFNOTE_GUEST_OS, asciz, "bare"
	xen_note XEN_ELFNOTE_XEN_VERSION, asciz, "xen-3.0"
	xen_note XEN_ELFNOTE_LOADER, asciz, "generic"
	xen_note XEN_ELFNOTE_ENTRY, quad, _start
	xen_note XEN_ELFNOTE_VIRT_BASE, quad, BARE_VIRT_BASE
	xen_note XEN_ELFNOTE_PADDR_OFFSET, quad, 0

	.text
	.globl _start
_start:
	cld
	lea	stack_end(%rip), %rsp
	xor	%ebp, %ebp
	mov	%rsi, %rdi		/* struct start_info */
	call	bare_main
	ud2

/* One bit of the result, in eax, says that \reg no longer holds \value. */
.macro lost_bit reg, bit, value
	cmp	$\value, \reg
	setne	%dl
	movzbl	%dl, %edx
	shl	$\bit, %edx
	or	%edx, %eax
.endm
.macro lost_xmm reg, bit, value
	movq	%\reg, %rsi
	lost_bit %rsi, \bit, \value
.endm

	.globl bare_lost_registers
bare_lost_registers:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	$0x1001, %rbx
	mov	$0x1002, %rbp
	mov	$0x1003, %r12
	mov	$0x1004, %r13
	mov	$0x1005, %r14
	mov	$0x1006, %r15
	mov	$0x1007, %r9
	mov	$0x1008, %rcx
	movq	%rcx, %xmm0
	mov	$0x1009, %rcx
	movq	%rcx, %xmm15
	mov	$0x100a, %rcx		/* the guest's hypercall() only reads it */
	mov	$0x100b, %r11
	mov	$__HYPERVISOR_xen_version, %edi
	xor	%esi, %esi
	xor	%edx, %edx
	xor	%r8d, %r8d
	call	hypercall
	xor	%eax, %eax
	lost_bit %rbx, 0, 0x1001
	lost_bit %rbp, 1, 0x1002
	lost_bit %r12, 2, 0x1003
	lost_bit %r13, 3, 0x1004
	lost_bit %r14, 4, 0x1005
	lost_bit %r15, 5, 0x1006
	lost_bit %r9, 6, 0x1007
	lost_xmm xmm0, 7, 0x1008
	lost_xmm xmm15, 8, 0x1009
	lost_bit %rcx, 9, 0x100a
	lost_bit %r11, 10, 0x100b
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

	.bss
	.balign 16
	.skip	8192
stack_end:

	.section .note.GNU-stack, "", @progbits
