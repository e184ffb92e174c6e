/* SPDX-License-Identifier: MIT */
/*
 * Every way into the hypervisor, and the one way out to guests.
 *
 * All entries build struct cpu_regs on the stack and clear the registers.
 * From a guest it lies at the top of the CPU's main stack; entries that the
 * stack table sends elsewhere (#DB, #DF, NMI, #MC) copy it there, so that C code
 * sees no difference. From the hypervisor itself it lies where the processor
 * put it, and the entry returns with IRETQ right after the C handler.
 *
 * SYSCALL neither switches the stack nor masks #DB after MOV SS: from the stub
 * until the stack is switched, only entries through the stack table can
 * happen (interrupts are off), and those do not use rsp.
 */
#include <asm-offsets.h>

#include "x86/entry.h"
#include "x86/layout.h"

/* In the order of struct cpu_regs, last first. */
.macro SAVE_REGS
	.irp	r, rdi, rsi, rdx, rcx, rax, r8, r9, r10, r11, rbx, rbp, r12, r13, r14, r15
	push	%\r
	.endr
.endm
.macro RESTORE_REGS
	.irp	r, r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi
	pop	%\r
	.endr
.endm

/*
 * What SYSRET does not load itself, and what it takes from rcx and r11; not
 * popped, because those two lie elsewhere in the frame.
 */
.macro SYSRET_REGS
	at = 0
	.irp	r, r15, r14, r13, r12, rbp, rbx, no, r10, r9, r8, rax, no, rdx, rsi, rdi
	.ifnc	\r, no
	mov	at(%rsp), %\r
	.endif
	at = at + 8
	.endr
	mov	REGS_RIP(%rsp), %rcx
	mov	REGS_RFLAGS(%rsp), %r11
	mov	REGS_RSP(%rsp), %rsp
.endm

/* Seven bytes that become VERW where that clears buffers (speculation.c). */
.macro BEFORE_GUEST site
	.globl	\site
\site:	.byte	0x0f, 0x1f, 0x80, 0, 0, 0, 0
.endm

/* Only a hypercall's parameters stay in registers when C starts (BF-16). */
.macro CLEAR regs:vararg
	.irp	r, \regs
	xor	%\r, %\r
	.endr
.endm
.macro CLEAR_REGS
	CLEAR	eax, ecx, edx, esi, edi, r8d, r9d, r10d
	CLEAR	r11d, ebx, ebp, r12d, r13d, r14d, r15d
.endm

/* AC would switch SMAP off [SDM3 "Supervisor-Mode Access Prevention"]. */
.macro ENTER
	cld
	SAVE_REGS
	CLEAR_REGS
	SMAP(clac)
.endm

	.section .text.entry, "ax", @progbits
	.globl	entry_stubs
	.balign ENTRY_STUB_SIZE
entry_stubs:
	vector = 0
	.rept	256
	.balign ENTRY_STUB_SIZE
	.if	vector > 31 || !(TRAPS_WITH_ERROR_CODE >> (vector & 31) & 1)
	push	$0
	.endif
	movl	$vector, 4(%rsp)
	.if	vector > 31 || !(TRAPS_WITH_STACK >> (vector & 31) & 1)
	jmp	entry_common
	.else
	jmp	entry_stack_table
	.endif
	vector = vector + 1
	.endr

entry_common:
	ENTER
handle:
	mov	%rsp, %rdi
	call	handle_entry
	testb	$3, REGS_CS(%rsp)
	jnz	exit_guest
	RESTORE_REGS
	add	$8, %rsp
	iretq

/*
 * Entries on stacks of their own. From a guest the main stack is empty: move
 * there. From the hypervisor stay, because the main stack may be in use.
 */
entry_stack_table:
	ENTER
	testb	$3, REGS_CS(%rsp)
	jz	handle
	mov	%rsp, %rsi
	or	$(CPU_BLOCK_SIZE - 1), %rsp
	sub	$(REGS_SIZE - 1), %rsp
	mov	%rsp, %rdi
	mov	$(REGS_SIZE / 8), %ecx
	rep movsq
	jmp	handle

.macro SYSCALL_FRAME cs
	push	$GUEST_DS
	/* The address is computed before the push changes rsp. */
	push	(CPU_SYSCALL_RSP + 8 - CPU_BLOCK_SIZE)(%rsp)
	push	%r11
	push	$\cs
	push	%rcx
	push	$-1			/* VECTOR_SYSCALL */
	SAVE_REGS
.endm

syscall32_entry:
	SYSCALL_FRAME GUEST_CS32
	movl	$VECTOR_SYSCALL32, REGS_VECTOR(%rsp)
	CLEAR_REGS
	mov	$CALLBACK_SYSCALL32, %edi
	jmp	1f
syscall_for_guest:
	CLEAR_REGS
	mov	$CALLBACK_SYSCALL, %edi
1:	sti
	call	handle_guest_syscall
	jmp	exit_guest

/*
 * rsp = top of the main stack; SFMASK has cleared AC and DF. Number and
 * arguments of a hypercall are, or move to, hypercall_dispatch()'s parameters.
 */
syscall_entry:
	SYSCALL_FRAME GUEST_CS64
	mov	%rax, %r8
	mov	(CPU_CURRENT + REGS_SIZE - CPU_BLOCK_SIZE)(%rsp), %rax
	cmpb	$0, VCPU_IN_KERNEL(%rax)
	je	syscall_for_guest
	mov	%r10, %rcx
	lea	(REGS_SIZE - CPU_BLOCK_SIZE)(%rsp), %r9	/* struct cpu */
	CLEAR	r10d, r11d, ebx, ebp, r12d, r13d, r14d, r15d
	sti
	call	hypercall_dispatch
	cmp	$NO_RESULT, %rax
	je	exit_guest
	mov	%rax, REGS_RAX(%rsp)
	/* fall through */

/*
 * rsp = guest frame at the top of the main stack. SYSRET faults in ring 0 with
 * the guest's stack on some processors when rip is not canonical, and cannot
 * restore every flag [SDM2 "SYSRET"]. From here on no interrupt may come.
 */
exit_guest:
	cli
	cmpq	$0, (CPU_SOFTIRQS + REGS_SIZE - CPU_BLOCK_SIZE)(%rsp)
	jne	2f
	mov	(CPU_CURRENT + REGS_SIZE - CPU_BLOCK_SIZE)(%rsp), %rax
	cmpw	$1, VCPU_NMI_PENDING(%rax)	/* and not masked */
	je	2f
	mov	VCPU_INFO(%rax), %rax
	cmpb	$0, (%rax)		/* an event is pending */
	jne	4f
3:	mov	REGS_RIP(%rsp), %rax
	add	lower_half(%rip), %rax	/* 0 .. 2^48 - 1 if canonical */
	shr	$48, %rax
	jnz	2f
	cmpl	$VECTOR_SYSCALL, REGS_VECTOR(%rsp)
	jne	1f
	testl	$NOT_BY_SYSRET, REGS_RFLAGS(%rsp)
	jnz	1f
	SYSRET_REGS
	BEFORE_GUEST exit_verw_sysret
	sysretq
1:	RESTORE_REGS
	add	$8, %rsp
	BEFORE_GUEST exit_verw_iretq
	.globl	exit_iretq
exit_iretq:
	iretq

2:	call	exit_work
	jmp	exit_guest
4:	cmpb	$0, 1(%rax)		/* and not masked */
	je	2b
	jmp	3b

/* void guest_resume(void) */
	.globl	guest_resume
guest_resume:
	or	$(CPU_BLOCK_SIZE - 1), %rsp
	sub	$(REGS_SIZE - 1), %rsp
	jmp	exit_guest

/*
 * Page 1 of CPU 0's block: struct syscall_stub for SYSCALL in 64-bit and in
 * compatibility mode. Others have a copy with other displacements. The CPU is
 * found relative to the code itself.
 */
.macro SYSCALL_STUB target, offset
	.org	syscall_stubs + \offset, 0xcc
	mov	%rsp, (syscall_stubs - CPU_BLOCK_STUB + CPU_SYSCALL_RSP)(%rip)
	lea	(syscall_stubs - CPU_BLOCK_STUB + CPU_BLOCK_SIZE)(%rip), %rsp
	.byte	0xe9		/* jmp, 19 bytes from the stub's start */
	.long	\target - (ENTRY_REGION + CPU_BLOCK_STUB + \offset + 19)
.endm
	.section .rodata, "a"
	.balign	8
lower_half:
	.quad	1 << 47
	.globl	syscall_stubs
syscall_stubs:
	SYSCALL_STUB syscall_entry, 0
	SYSCALL_STUB syscall32_entry, SYSCALL_STUB_SIZE
	.org	syscall_stubs + 2 * SYSCALL_STUB_SIZE, 0xcc
