/* SPDX-License-Identifier: MIT */
/*
 * Access to guest memory: see uaccess.h for the contract, uaccess.S for the
 * instructions. A pointer made from a guest address exists only inside these
 * files, after a check of the range and a clamp that also holds on a
 * mispredicted path (UA-1, UA-7).
 */
#include "x86/uaccess.h"

/* Of uaccess.S: the range has been checked. */
int guest_copy_in(void *dst, const void *src, size_t n);
int guest_copy_out(void *dst, const void *src, size_t n);

/* A range may end at the last byte of memory, but not wrap. */
bool guest_range_ok(uint64_t va, uint64_t n)
{
	uint64_t last = va + n - (n != 0);

	return last >= va && (last < GUEST_LOW_END || va >= HYPERVISOR_END);
}

/*
 * The address if it lies outside the hypervisor's half-open range, else 0;
 * without a branch. Only the start: an access runs on from there, and the
 * lower half ends at a hole of 2^47 bytes. From HYPERVISOR_END on, modulo
 * 2^64, the guest's addresses are one range.
 */
static void *clamp(uint64_t va)
{
	uint64_t mask;

	__asm__("cmp %2, %1; sbb %0, %0"
		: "=r"(mask)
		: "r"(va - HYPERVISOR_END), "r"(GUEST_LOW_END - HYPERVISOR_END)
		: "cc");
	return (void *)(va & mask);
}

int guest_copy_fault(void *dst, size_t n)
{
	memset(dst, 0, n);
	return -XEN_EFAULT;
}

int copy_from_guest(void *dst, guest_ptr_t src, size_t n)
{
	if (likely(guest_range_ok(src.va, n)))
		return guest_copy_in(dst, clamp(src.va), n);
	return guest_copy_fault(dst, n);
}

int copy_to_guest(guest_ptr_t dst, const void *src, size_t n)
{
	if (likely(guest_range_ok(dst.va, n)))
		return guest_copy_out(clamp(dst.va), src, n);
	return -XEN_EFAULT;
}

/* Element `first`; an address that is no guest's when n from there wrap. */
static guest_ptr_t array_start(guest_ptr_t base, uint64_t first, uint64_t n,
			       size_t size)
{
	uint64_t offset, bytes;

	if (__builtin_mul_overflow(first, size, &offset) ||
	    __builtin_mul_overflow(n, size, &bytes) ||
	    __builtin_add_overflow(base.va, offset, &base.va))
		base.va = HYPERVISOR_START;
	return base;
}

/* The caller's buffer holds n elements: n * size does not wrap there. */
int copy_array_from_guest(void *dst, guest_ptr_t base, uint64_t first,
			  uint64_t n, size_t size)
{
	return copy_from_guest(dst, array_start(base, first, n, size),
			       n * size);
}

int copy_array_to_guest(guest_ptr_t base, uint64_t first, uint64_t n,
			const void *src, size_t size)
{
	return copy_to_guest(array_start(base, first, n, size), src, n * size);
}
