/* SPDX-License-Identifier: MIT */
/*
 * Entry points that the hypervisor calls: exceptions, the event callback and
 * the failsafe callback. It pushes rcx and r11 below the processor's own
 * frame; the way back is the iret hypercall, whose frame is
 *
 *	rsp -> rax r11 rcx flags | rip cs rflags rsp ss
 */
#include <public/xen.h>

#define RFLAGS_IF 0x200

	/* rsp -> rip; rax, rcx and r11 hold what the code returns to expects */
	.macro	iret_hypercall
	pushq	$0
	pushq	%rcx
	pushq	%r11
	pushq	%rax
	movl	$__HYPERVISOR_iret, %eax
	syscall
	ud2
	.endm

	.text

/* One stub of 16 bytes for each vector, found by its number. */
	.globl	pv_trap_stubs
	.balign	16
pv_trap_stubs:
	.set	vector, 0
	.rept	20
	.balign	16
	popq	%rcx
	popq	%r11
	.if	!((vector == 8) || ((vector >= 10) && (vector <= 14)) || (vector == 17))
	pushq	$0
	.endif
	pushq	$vector
	jmp	trap_common
	.set	vector, vector + 1
	.endr

/* Completes struct pv_trap_frame. */
trap_common:
	pushq	%rcx
	pushq	%r11
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rax
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	cld
	movq	%rsp, %rdi
	movq	%rsp, %rbp
	andq	$-16, %rsp
	call	pv_trap_dispatch
	movq	%rbp, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rax
	popq	%rdx
	popq	%rsi
	popq	%rdi
	popq	%r11
	popq	%rcx
	addq	$16, %rsp
	iret_hypercall

/*
 * The event callback only ends the sleep: it goes back with events masked,
 * and pv_wait() runs the handlers where nothing else is under way.
 */
	.globl	pv_upcall_entry
pv_upcall_entry:
	popq	%rcx
	popq	%r11
	andl	$~RFLAGS_IF, 16(%rsp)
	iret_hypercall

	.globl	pv_failsafe_entry
pv_failsafe_entry:
	andq	$-16, %rsp
	call	pv_failsafe
	ud2

/* bool pv_probe_read(const volatile uint64_t *address, uint64_t *value) */
	.globl	pv_probe_read, pv_probe_read_access
pv_probe_read:
pv_probe_read_access:
	movq	(%rdi), %rax
	movq	%rax, (%rsi)
	movl	$1, %eax
	ret

/* bool pv_probe_write(volatile uint64_t *address, uint64_t value) */
	.globl	pv_probe_write, pv_probe_write_access
pv_probe_write:
pv_probe_write_access:
	movq	%rsi, (%rdi)
	movl	$1, %eax
	ret

	.globl	pv_probe_failed
pv_probe_failed:
	xorl	%eax, %eax
	ret

	.section .note.GNU-stack, "", @progbits
