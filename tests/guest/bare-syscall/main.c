/* SPDX-License-Identifier: MIT */
/*
 * A PV kernel that makes its hypercalls with the syscall instruction, as
 * current Linux does: no HYPERCALL_PAGE note. It runs in the top 2 GiB.
 */
#include "../bare/bare.h"

const char bare_name[] = "bare-syscall";
const unsigned long bare_may_lose = LOST_RCX | LOST_R11;

/* rcx is only read, for the sake of bare_lost_registers(). */
__asm__(".globl hypercall\n"
	"hypercall:\n"
	"	mov	%edi, %eax\n"
	"	mov	%rsi, %rdi\n"
	"	mov	%rdx, %rsi\n"
	"	mov	%rcx, %rdx\n"
	"	mov	%r8, %r10\n"
	"	mov	%r9, %r8\n"
	"	syscall\n"
	"	ret\n");
