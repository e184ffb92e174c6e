/* SPDX-License-Identifier: MIT */
/*
 * The instructions that may fault on guest state, and where to go on then.
 * STAC occurs here and in uaccess.h, CLAC there and in entry.S.
 *
 * Each fix-up row is {first instruction, end, continuation}. On a fault from
 * the first on, before the end, traps.c resumes at the continuation with all
 * registers and interrupts as they were, and AC clear.
 */
#include "public/errno.h"
#include "x86/entry.h"

.macro MAY_FAULT fixup, insn:vararg
8:	\insn
9:	.pushsection .fault_fixups, "a"
	.quad	8b, 9b, \fixup
	.popsection
.endm

	.text

/*
 * int guest_copy_in(void *dst, const void *src, size_t n)	from a guest
 * int guest_copy_out(void *dst, const void *src, size_t n)	to a guest
 * 0 or -EFAULT; after a copy in that has failed the rest of dst is zero.
 */
.macro GUEST_COPY clear_rest:vararg
	mov	%rdx, %rcx
	shr	$3, %rcx
	and	$7, %edx
	SMAP(stac)
	MAY_FAULT .Lwords_failed\@, rep movsq
	mov	%edx, %ecx
	MAY_FAULT .Lbytes_failed\@, rep movsb
	SMAP(clac)
	xor	%eax, %eax
	ret
.Lwords_failed\@:
	lea	(%rdx,%rcx,8), %rcx
.Lbytes_failed\@:
	xor	%eax, %eax
	\clear_rest
	mov	$-XEN_EFAULT, %eax
	ret
.endm
	.globl	guest_copy_in
guest_copy_in:
	GUEST_COPY rep stosb
	.globl	guest_copy_out
guest_copy_out:
	GUEST_COPY

/* Null where the selector cannot be loaded, and eax = 0. */
.macro LOAD_SEGMENT seg, selector
	MAY_FAULT 1f, mov %\selector, %\seg
	.pushsection .text.fixup, "ax"
1:	xor	%eax, %eax
	mov	%eax, %\seg
	jmp	2f
	.popsection
2:
.endm

/* bool load_selectors(uint16_t ds, es, fs, gs) */
	.globl	load_selectors
load_selectors:
	mov	$1, %eax
	LOAD_SEGMENT ds, edi
	LOAD_SEGMENT es, esi
	LOAD_SEGMENT fs, edx
	LOAD_SEGMENT gs, ecx
	ret

/* void load_user_gs(uint16_t): into the inactive GS */
	.globl	load_user_gs
load_user_gs:
	swapgs
	LOAD_SEGMENT gs, edi
	swapgs
	ret

/* Return true, or false if the instruction has faulted. */
.macro TRY insn:vararg
	MAY_FAULT failed, \insn
	mov	$1, %eax
	ret
.endm
failed:
	xor	%eax, %eax
	ret

/* bool fxrstor_safe(const void *image) */
	.globl	fxrstor_safe
fxrstor_safe:
	TRY	fxrstor64 (%rdi)

/* bool xrstor_safe(const void *image, uint64_t components) */
	.globl	xrstor_safe
xrstor_safe:
	mov	%esi, %eax
	mov	%rsi, %rdx
	shr	$32, %rdx
	TRY	xrstor64 (%rdi)
