/* SPDX-License-Identifier: MIT */
/*
 * The shortest handlers there can be, and a program in guest-user mode. The
 * hypervisor pushes rcx and r11 below the processor's frame.
 */
#include <public/xen.h>

#define IN_SYSCALL 0x100

	.macro	iret_hypercall flags
	pushq	$\flags
	pushq	%rcx
	pushq	%r11
	pushq	%rax
	movl	$__HYPERVISOR_iret, %eax
	syscall
	ud2
	.endm

	.text

/* #UD: go on behind the two bytes of ud2. */
	.globl	bench_ud_entry
bench_ud_entry:
	popq	%rcx
	popq	%r11
	addq	$2, (%rsp)
	iret_hypercall 0

/* #PF: go on behind the two bytes of  mov (%rax), %al. */
	.globl	bench_pf_entry
bench_pf_entry:
	popq	%rcx
	popq	%r11
	addq	$8, %rsp
	addq	$2, (%rsp)
	iret_hypercall 0

/* From guest-user mode: rdi is 0 to go back at once, else the end. */
	.globl	bench_syscall_entry
bench_syscall_entry:
	popq	%rcx
	popq	%r11
	testq	%rdi, %rdi
	jnz	1f
	iret_hypercall IN_SYSCALL
1:	movq	kernel_sp(%rip), %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret

/* void bench_user_run(void *user_stack_top, uint64_t ss_and_cs[2]) */
	.globl	bench_user_run
bench_user_run:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, kernel_sp(%rip)
	pushq	(%rsi)			/* ss */
	pushq	%rdi			/* rsp */
	pushq	$0x202			/* rflags */
	pushq	8(%rsi)			/* cs */
	leaq	user_program(%rip), %rax
	pushq	%rax			/* rip */
	iret_hypercall 0

/* Fewest instructions of a round trip into bench_user_best. */
user_program:
	movl	$68, %ebx
	movq	$-1, %r12
2:	rdtsc
	shlq	$32, %rdx
	leaq	(%rax,%rdx), %r13
	xorl	%edi, %edi
	syscall
	rdtsc
	shlq	$32, %rdx
	addq	%rdx, %rax
	subq	%r13, %rax
	cmpq	%r12, %rax
	cmovbq	%rax, %r12
	decl	%ebx
	jnz	2b
	movq	%r12, bench_user_best(%rip)
	movl	$1, %edi
	syscall
	ud2

	.bss
	.balign	8
	.globl	bench_user_best
bench_user_best:
	.skip	8
kernel_sp:
	.skip	8

	.section .note.GNU-stack, "", @progbits
