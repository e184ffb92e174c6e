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

#include "lib/string.h"
#include "public/errno.h"
#include "x86/entry.h"

/* A guest virtual address: opaque, never dereferenced outside uaccess.c. */
typedef struct {
	uint64_t va;
} guest_ptr_t;

static inline guest_ptr_t guest_ptr(uint64_t va)
{
	return (guest_ptr_t){ va };
}

/* Where a handle of the ABI points (XEN_GUEST_HANDLE). */
#define guest_handle(handle) guest_ptr((uint64_t)(handle).p)

must_check int copy_from_guest(void *dst, guest_ptr_t src, size_t n);
must_check int copy_to_guest(guest_ptr_t dst, const void *src, size_t n);
/* Elements first .. first+n-1 of an array of `size`-byte elements. */
must_check int copy_array_from_guest(void *dst, guest_ptr_t base,
				     uint64_t first, uint64_t n, size_t size);
must_check int copy_array_to_guest(guest_ptr_t base, uint64_t first, uint64_t n,
				   const void *src, size_t size);

/* -EFAULT; the n bytes of dst become zero. */
__attribute__((cold)) int guest_copy_fault(void *dst, size_t n);

/* Is [va, va+n) free of wrap, of the hole and of the hypervisor's slots? */
bool guest_range_ok(uint64_t va, uint64_t n);

/*
 * The same on hot paths, for a constant n, a small multiple of 4: inline, word
 * by word. A failed copy-in leaves all of dst zeroed.
 */
#if defined(TENON_HOSTED) || defined(__cppcheck__) /* no asm goto there */
#define copy_small_from_guest copy_from_guest
#else

/*
 * What accesses to n bytes from the guest address va have around them: to the
 * label fault when not all of these bytes are the guest's, a clamp without a
 * branch (UA-7), SMAP's override, and to the label also on a fault, which
 * withdraws the override itself (traps.c). off is va - HYPERVISOR_END.
 */
/* clang-format off */
#define GUEST_ACCESS(insns) \
	"cmp %[limit], %[off]; jae %l[fault]\n" \
	"sbb %[off], %[off]; and %[off], %[va]\n" \
	SMAP(stac) "774: " insns "\n775: " SMAP(clac) \
	".pushsection .fault_fixups, \"a\"\n" \
	".quad 774b, 775b, %l[fault]; .popsection"
#define GUEST_ADDRESS [va] "+r"(va), [off] "+r"(off)
#define GUEST_LIMIT(bytes) \
	[limit] "r"(GUEST_LOW_END - HYPERVISOR_END - (bytes) + 1), \
	[n] "i"(bytes)

#define COPY_WORDS \
	".set at, 0; .rept %c[n] / 8\n" \
	"mov at(%[va]), %%rax; mov %%rax, at(%[dst])\n" \
	".set at, at + 8; .endr\n" \
	".if %c[n] & 4; mov at(%[va]), %%eax; mov %%eax, at(%[dst]); .endif"
/* clang-format on */

static inline bool guest_wraps(uint64_t va, size_t n)
{
	return va > -n;
}

must_check static force_inline int
copy_small_from_guest(void *dst, guest_ptr_t src, const size_t n)
{
	uint64_t va = src.va, off = va - HYPERVISOR_END;

	if (guest_wraps(va, n))
		goto fault;
	__asm__ goto volatile(GUEST_ACCESS(COPY_WORDS)
			      : GUEST_ADDRESS
			      : GUEST_LIMIT(n), [dst] "r"(dst)
			      : "rax", "memory", "cc"
			      : fault);
	return 0;
fault:
	return guest_copy_fault(dst, n);
}
#endif

/* Seven or eight words, lowest first, that need not go through memory. */
struct guest_words {
	uint64_t w[8];
};

must_check static force_inline int
put_words(guest_ptr_t dst, const struct guest_words s, const size_t n)
{
#if defined(TENON_HOSTED) || defined(__cppcheck__)
	return copy_to_guest(dst, &s, n * 8);
#else
	uint64_t va = dst.va, off = va - HYPERVISOR_END;

	if (guest_wraps(va, n * 8))
		goto fault;
	__asm__ goto volatile(
		GUEST_ACCESS("mov %[a], (%[va]); mov %[b], 8(%[va])\n"
			     "mov %[c], 16(%[va]); mov %[d], 24(%[va])\n"
			     "mov %[e], 32(%[va]); mov %[f], 40(%[va])\n"
			     "mov %[g], 48(%[va])\n"
			     ".if %c[n] == 64; movq %[h], 56(%[va]); .endif")
		: GUEST_ADDRESS
		: GUEST_LIMIT(n * 8), [a] "r"(s.w[0]), [b] "r"(s.w[1]),
		  [c] "r"(s.w[2]), [d] "r"(s.w[3]), [e] "r"(s.w[4]),
		  [f] "r"(s.w[5]), [g] "r"(s.w[6]), [h] "ri"(s.w[7])
		: "memory", "cc"
		: fault);
	return 0;
fault:
	return guest_copy_fault(NULL, 0);
#endif
}

/* TL-8: a canonical address outside the hypervisor's slots. */
static inline bool is_guest_va(uint64_t va)
{
	return va < GUEST_LOW_END || va >= HYPERVISOR_END;
}

/* A canonical address (48-bit). */
static inline bool is_canonical(uint64_t va)
{
	/* Zeros or ones */
	return (uint64_t)((int64_t)va >> 47) + 1 < 2;
}
