/* SPDX-License-Identifier: MIT */
/*
 * A PV kernel that calls the stubs which the domain builder writes to the page
 * named in its HYPERCALL_PAGE note; they keep all registers. It runs at low
 * addresses, where virtual and pseudo-physical ones are equal.
 */
#include "../bare/bare.h"

const char bare_name[] = "bare-hypercall-page";
const unsigned long bare_may_lose = 0;

/* rcx is only read, for the sake of bare_lost_registers(). */
__asm__(".globl hypercall\n"
	"hypercall:\n"
	"	mov	%edi, %eax\n"
	"	shl	$5, %eax\n"
	"	add	$hypercall_page, %rax\n"
	"	mov	%rsi, %rdi\n"
	"	mov	%rdx, %rsi\n"
	"	mov	%rcx, %rdx\n"
	"	mov	%r8, %r10\n"
	"	mov	%r9, %r8\n"
	"	jmp	*%rax\n"
	"	.balign	4096\n"
	"hypercall_page:\n"
	"	.skip	4096, 0xcc\n"
	/* the note: owner, type 2 */
	"	.pushsection .note.Xen, \"a\", @note\n"
	"	.balign	4\n"
	"	.long	4, 8, 2\n"
	"	.asciz	\"Xen\"\n"
	"	.quad	hypercall_page\n"
	"	.popsection\n");
