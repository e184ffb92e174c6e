/* SPDX-License-Identifier: MIT */
/*
 * The instructions that may fault on guest state, and where to go on then.
 * STAC and CLAC occur here, and CLAC in entry.S, nowhere else.
 *
 * Each fix-up row is {instruction, continuation}. On a fault at the first,
 * traps.c resumes at the second with all registers as they were, and
 * interrupts as they were.
 */
.macro MAY_FAULT fixup
	.pushsection .rodata
	.quad	9f, \fixup
	.popsection
9:
.endm

	.section .rodata, "a"
	.balign 16
	.globl	fault_fixups
fault_fixups:
	.text

.macro USER_ACCESS_ON
	testb	$1, smap_active(%rip)
	jz	.Lon\@
	stac
.Lon\@:
.endm
.macro USER_ACCESS_OFF
	testb	$1, smap_active(%rip)
	jz	.Loff\@
	clac
.Loff\@:
.endm

/*
 * size_t guest_copy_raw(void *dst, const void *src, size_t n)
 * Returns the bytes not copied. One of the two pointers is a guest's.
 */
	.globl	guest_copy_raw
guest_copy_raw:
	mov	%rdx, %rcx
	shr	$3, %rcx
	and	$7, %edx
	USER_ACCESS_ON
	MAY_FAULT copy_words_failed
	rep movsq
	mov	%edx, %ecx
	MAY_FAULT copy_done
	rep movsb
copy_done:
	USER_ACCESS_OFF
	mov	%rcx, %rax
	ret
copy_words_failed:
	lea	(%rdx,%rcx,8), %rcx
	jmp	copy_done

/* size_t guest_clear_raw(void *dst, size_t n): bytes not cleared. */
	.globl	guest_clear_raw
guest_clear_raw:
	mov	%rsi, %rcx
	xor	%eax, %eax
	USER_ACCESS_ON
	MAY_FAULT clear_done
	rep stosb
clear_done:
	USER_ACCESS_OFF
	mov	%rcx, %rax
	ret

/*
 * bool load_ds(uint16_t) and so on: false when the selector cannot be
 * loaded; then the register holds 0. For load_gs the hidden base changes too.
 */
.macro LOAD_SEGMENT seg
	.globl	load_\seg
load_\seg:
	MAY_FAULT 1f
	mov	%edi, %\seg
	mov	$1, %eax
	ret
1:	xor	%eax, %eax
	mov	%eax, %\seg
	ret
.endm
	LOAD_SEGMENT ds
	LOAD_SEGMENT es
	LOAD_SEGMENT fs
	LOAD_SEGMENT gs

/* void load_user_gs(uint16_t): into the inactive GS; 0 when not loadable. */
	.globl	load_user_gs
load_user_gs:
	swapgs
	call	load_gs
	swapgs
	ret

/* bool rdmsr_safe(uint32_t msr, uint64_t *value) */
	.globl	rdmsr_safe
rdmsr_safe:
	mov	%edi, %ecx
	MAY_FAULT 1f
	rdmsr
	mov	%eax, (%rsi)
	mov	%edx, 4(%rsi)
	mov	$1, %eax
	ret
1:	movq	$0, (%rsi)
	xor	%eax, %eax
	ret

/* bool wrmsr_safe(uint32_t msr, uint64_t value) */
	.globl	wrmsr_safe
wrmsr_safe:
	mov	%edi, %ecx
	mov	%esi, %eax
	mov	%rsi, %rdx
	shr	$32, %rdx
	MAY_FAULT 1f
	wrmsr
	mov	$1, %eax
	ret
1:	xor	%eax, %eax
	ret

/* bool fxrstor_safe(const void *image) */
	.globl	fxrstor_safe
fxrstor_safe:
	MAY_FAULT 1f
	fxrstor64 (%rdi)
	mov	$1, %eax
	ret
1:	xor	%eax, %eax
	ret

/* bool xrstor_safe(const void *image, uint64_t components) */
	.globl	xrstor_safe
xrstor_safe:
	mov	%esi, %eax
	mov	%rsi, %rdx
	shr	$32, %rdx
	MAY_FAULT 1f
	xrstor64 (%rdi)
	mov	$1, %eax
	ret
1:	xor	%eax, %eax
	ret

	.section .rodata, "a"
	.globl	fault_fixups_end
fault_fixups_end:
