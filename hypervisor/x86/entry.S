/* SPDX-License-Identifier: MIT */
/*
 * Every way into the hypervisor, and the one way out to guests.
 *
 * All entries build struct cpu_regs on the stack and clear the registers.
 * From a guest it lies at the top of the CPU's main stack; entries that the
 * stack table sends elsewhere (#DB, NMI, #MC) copy it there, so that C code
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
#include "x86/segments.h"

.macro SAVE_REGS
	push	%rdi
	push	%rsi
	push	%rdx
	push	%rcx
	push	%rax
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	xor	%eax, %eax
	xor	%ebx, %ebx
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%esi, %esi
	xor	%edi, %edi
	xor	%ebp, %ebp
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d
	xor	%r12d, %r12d
	xor	%r13d, %r13d
	xor	%r14d, %r14d
	xor	%r15d, %r15d
.endm

.macro RESTORE_REGS
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rax
	pop	%rcx
	pop	%rdx
	pop	%rsi
	pop	%rdi
.endm

/* AC would switch SMAP off [SDM3 "Supervisor-Mode Access Prevention"]. */
.macro CLEAR_AC
	testb	$1, smap_active(%rip)
	jz	.Lno_smap\@
	clac
.Lno_smap\@:
.endm

/* code: the processor has pushed an error code. */
.macro STUB vector, target, code=0
	.balign ENTRY_STUB_SIZE
	.if	\code == 0
	push	$0
	.endif
	movl	$\vector, 4(%rsp)
	jmp	\target
.endm

	.section .text.entry, "ax", @progbits
	.globl	exception_stubs, interrupt_stubs
	.balign ENTRY_STUB_SIZE
exception_stubs:
	STUB	0, entry_common
	STUB	1, entry_stack_table
	STUB	2, entry_stack_table
	STUB	3, entry_common
	STUB	4, entry_common
	STUB	5, entry_common
	STUB	6, entry_common
	STUB	7, entry_common
	STUB	8, entry_common, code=1
	STUB	9, entry_common
	STUB	10, entry_common, code=1
	STUB	11, entry_common, code=1
	STUB	12, entry_common, code=1
	STUB	13, entry_common, code=1
	STUB	14, entry_common, code=1
	STUB	15, entry_common
	STUB	16, entry_common
	STUB	17, entry_common, code=1
	STUB	18, entry_stack_table
	STUB	19, entry_common
	STUB	20, entry_common
	STUB	21, entry_common
	STUB	22, entry_common
	STUB	23, entry_common
	STUB	24, entry_common
	STUB	25, entry_common
	STUB	26, entry_common
	STUB	27, entry_common
	STUB	28, entry_common
	STUB	29, entry_common
	STUB	30, entry_common
	STUB	31, entry_common
	.balign ENTRY_STUB_SIZE
interrupt_stubs:
	vector = 32
	.rept	224
	STUB	vector, entry_common
	vector = vector + 1
	.endr
	.balign ENTRY_STUB_SIZE

entry_common:
	cld
	SAVE_REGS
	CLEAR_AC
	testb	$3, REGS_CS(%rsp)
	jz	from_hypervisor
from_guest:
	mov	%rsp, %rdi
	sub	$8, %rsp		/* calls want 16 bytes alignment */
	cmpl	$32, REGS_VECTOR(%rdi)
	jae	1f
	call	handle_guest_exception
	jmp	exit_guest
1:	call	handle_interrupt
	/* fall through */

	/* rsp = guest frame - 8 at the top of the main stack. */
exit_guest:
	call	exit_to_guest
	add	$8, %rsp
	test	%al, %al
	jz	1f
	RESTORE_REGS
	/* rcx = rip and r11 = rflags: exit_plan() has made sure. */
	mov	32(%rsp), %rsp
	sysretq
1:	RESTORE_REGS
	add	$8, %rsp
	.globl	exit_iretq
exit_iretq:
	iretq

from_hypervisor:
	mov	%rsp, %rdi
	sub	$8, %rsp
	cmpl	$32, REGS_VECTOR(%rdi)
	jae	1f
	call	handle_hypervisor_exception
	jmp	2f
1:	call	handle_interrupt
2:	add	$8, %rsp
	RESTORE_REGS
	add	$8, %rsp
	iretq

/*
 * Entries on stacks of their own. From a guest the main stack is empty: move
 * there. From the hypervisor stay, because the main stack may be in use.
 */
entry_stack_table:
	cld
	SAVE_REGS
	CLEAR_AC
	testb	$3, REGS_CS(%rsp)
	jz	from_hypervisor
	mov	%rsp, %rsi
	mov	%rsp, %rdi
	or	$(CPU_BLOCK_SIZE - 1), %rdi
	sub	$(REGS_SIZE - 1), %rdi
	mov	%rdi, %rax
	mov	$(REGS_SIZE / 8), %ecx
	rep movsq
	mov	%rax, %rsp
	jmp	from_guest

/* void guest_resume(void) */
	.globl	guest_resume
guest_resume:
	or	$(CPU_BLOCK_SIZE - 1), %rsp
	sub	$(REGS_SIZE - 1 + 8), %rsp
	jmp	exit_guest

.macro SYSCALL_FRAME cs, vector
	push	$GUEST_DS
	/* The address is computed before the push changes rsp. */
	push	(CPU_SYSCALL_RSP + 8 - CPU_BLOCK_SIZE)(%rsp)
	push	%r11
	push	$\cs
	push	%rcx
	push	$0
	movl	$\vector, 4(%rsp)
	SAVE_REGS
	sub	$8, %rsp
	sti
.endm

/* rsp = top of the main stack; SFMASK has cleared AC and DF. */
syscall_entry:
	SYSCALL_FRAME GUEST_CS64, VECTOR_SYSCALL
	mov	(CPU_CURRENT + REGS_SIZE + 8 - CPU_BLOCK_SIZE)(%rsp), %rax
	cmpb	$0, VCPU_IN_KERNEL(%rax)
	je	1f
	call	hypercall_dispatch
	jmp	exit_guest
1:	xor	%eax, %eax
	call	handle_guest_syscall
	jmp	exit_guest

syscall32_entry:
	SYSCALL_FRAME GUEST_CS32, VECTOR_SYSCALL32
	call	handle_guest_syscall
	jmp	exit_guest

/*
 * Copied to page 1 of each CPU's block (entry_init_cpu); finds the CPU
 * relative to itself. The last 4 bytes of each half are the displacement to
 * the common code, filled in by the copier.
 */
	.globl	syscall_stub_template, syscall_stub_end, syscall32_stub_end
	.globl	syscall_entry, syscall32_entry
	.balign	64
syscall_stub_template:
	mov	%rsp, (syscall_stub_template - CPU_BLOCK_STUB + CPU_SYSCALL_RSP)(%rip)
	lea	(syscall_stub_template - CPU_BLOCK_STUB + CPU_BLOCK_SIZE)(%rip), %rsp
	.byte	0xe9
	.long	0
syscall_stub_end:
	.balign	64, 0xcc
	mov	%rsp, (syscall_stub_template - CPU_BLOCK_STUB + CPU_SYSCALL_RSP)(%rip)
	lea	(syscall_stub_template - CPU_BLOCK_STUB + CPU_BLOCK_SIZE)(%rip), %rsp
	.byte	0xe9
	.long	0
syscall32_stub_end:
