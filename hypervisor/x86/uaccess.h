/* SPDX-License-Identifier: MIT */
/*
 * The only way to guest virtual memory (design D5, invariants UA-1..9):
 * range check without wrap, branch-free clamp, SMAP override, fault recovery.
 *
 * Addresses are those of the guest kernel's current address space, i.e. of
 * the page tables loaded on this CPU. Returns 0 or -EFAULT. A failed copy-in
 * leaves the unread rest of dst zeroed.
 */
#pragma once

#include "lib/types.h"

/* A guest virtual address: opaque, never dereferenced outside uaccess.c. */
typedef struct {
	uint64_t va;
} guest_ptr_t;

static inline guest_ptr_t guest_ptr(uint64_t va)
{
	return (guest_ptr_t){ va };
}

static inline bool guest_ptr_is_null(guest_ptr_t p)
{
	return p.va == 0;
}

must_check int copy_from_guest(void *dst, guest_ptr_t src, size_t n);
must_check int copy_to_guest(guest_ptr_t dst, const void *src, size_t n);
/* Elements first .. first+n-1 of an array of `size`-byte elements. */
must_check int copy_array_from_guest(void *dst, guest_ptr_t base,
				     uint64_t first, uint64_t n, size_t size);
must_check int copy_array_to_guest(guest_ptr_t base, uint64_t first, uint64_t n,
				   const void *src, size_t size);

/* Only for uaccess.c, which has checked the guest's range (uaccess.S). */
int guest_copy_in(void *dst, const void *src, size_t n);
int guest_copy_out(void *dst, const void *src, size_t n);

/* Is [va, va+n) free of wrap, of the hole and of the hypervisor's slots? */
bool guest_range_ok(uint64_t va, uint64_t n);

/* A canonical address (48-bit). */
static inline bool is_canonical(uint64_t va)
{
	return (uint64_t)((int64_t)va >> 47) + 1 <
	       2; /* all zeros or all ones */
}
