/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls as inline functions: the number in rax, up to five arguments in
 * rdi, rsi, rdx, r10 and r8, then `syscall`. The result is the hypervisor's,
 * a negative value is a negative Xen errno.
 *
 * Context: any. Pointers among the arguments must stay mapped during the
 * call; every page of a pv-guest-lib kernel is.
 * Next: <public/xen.h> for the numbers and the structures.
 */
#ifndef PVGUEST_HYPERCALL_H
#define PVGUEST_HYPERCALL_H

#include <stdint.h>

#include <public/xen.h>

/* An argument that is a pointer or a number: both travel as 64 bits. */
#define PV_ARG(x) ((uint64_t)(uintptr_t)(x))

/*
 * All five argument registers count as overwritten, whatever the call's
 * arity: a call that was interrupted and continued leaves rests in them.
 */
static inline long pv_hypercall5(unsigned int op, uint64_t a1, uint64_t a2,
				 uint64_t a3, uint64_t a4, uint64_t a5)
{
	register uint64_t r10 __asm__("r10") = a4;
	register uint64_t r8 __asm__("r8") = a5;
	long result = op;

	__asm__ volatile("syscall"
			 : "+a"(result), "+D"(a1), "+S"(a2), "+d"(a3),
			   "+r"(r10), "+r"(r8)
			 :
			 : "rcx", "r11", "memory");
	return result;
}

static inline long pv_hypercall4(unsigned int op, uint64_t a1, uint64_t a2,
				 uint64_t a3, uint64_t a4)
{
	return pv_hypercall5(op, a1, a2, a3, a4, 0);
}

static inline long pv_hypercall3(unsigned int op, uint64_t a1, uint64_t a2,
				 uint64_t a3)
{
	return pv_hypercall5(op, a1, a2, a3, 0, 0);
}

static inline long pv_hypercall2(unsigned int op, uint64_t a1, uint64_t a2)
{
	return pv_hypercall5(op, a1, a2, 0, 0, 0);
}

static inline long pv_hypercall1(unsigned int op, uint64_t a1)
{
	return pv_hypercall5(op, a1, 0, 0, 0, 0);
}

#endif /* PVGUEST_HYPERCALL_H */
