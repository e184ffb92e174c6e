/* SPDX-License-Identifier: MIT */
/* Guest memory is the test's own: an address in it is one of this program. */
#include <string.h>

#include "x86/uaccess.h"

int copy_from_guest(void *dst, guest_ptr_t src, size_t n)
{
	memcpy(dst, (const void *)src.va, n);
	return 0;
}

int copy_to_guest(guest_ptr_t dst, const void *src, size_t n)
{
	memcpy((void *)dst.va, src, n);
	return 0;
}

int copy_array_from_guest(void *dst, guest_ptr_t base, uint64_t first,
			  uint64_t n, size_t size)
{
	return copy_from_guest(dst, guest_ptr(base.va + first * size),
			       n * size);
}

int copy_array_to_guest(guest_ptr_t base, uint64_t first, uint64_t n,
			const void *src, size_t size)
{
	return copy_to_guest(guest_ptr(base.va + first * size), src, n * size);
}
