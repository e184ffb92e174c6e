/* SPDX-License-Identifier: MIT */
/*
 * Basic types and compiler helpers that every file may use.
 *
 * A frame number is a one-field structure, so that a machine address handed to
 * something that wants one is a compile error.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * All declarations that follow, in every file: without this, code for a fixed
 * address far from zero would load addresses of functions from a GOT.
 */
#ifndef TENON_HOSTED
#pragma GCC visibility push(hidden)
#endif

#define force_inline inline __attribute__((always_inline))
#define must_check   __attribute__((warn_unused_result))
#define never_inline __attribute__((noinline))
#define noreturn_fn  __attribute__((noreturn))
/* For large buffers on hot paths that are filled before use: not zeroed. */
#define uninitialized_buf __attribute__((uninitialized))
#define printf_like(f, a) __attribute__((format(printf, f, a)))
#define likely(x)         __builtin_expect(!!(x), 1)
#define unlikely(x)       __builtin_expect(!!(x), 0)
#define ARRAY_SIZE(a)     (sizeof(a) / sizeof((a)[0]))
#define container_of(p, type, member)                                          \
	((type *)(void *)((char *)(p)-offsetof(type, member)))

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096ul
#define PAGE_MASK  (~(PAGE_SIZE - 1))

/* Read or write a word that someone else may change, exactly once. */
#define read_once(x)     (*(const volatile __typeof__(x) *)&(x))
#define write_once(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#define barrier()        __asm__ volatile("" ::: "memory")
/* Ordered ones; store_ordered() also against the loads that follow. */
#define load_acquire(x)     __atomic_load_n(&(x), __ATOMIC_ACQUIRE)
#define store_release(x, v) __atomic_store_n(&(x), v, __ATOMIC_RELEASE)
#define store_ordered(x, v) __atomic_store_n(&(x), v, __ATOMIC_SEQ_CST)

/* A machine frame number: machine address >> PAGE_SHIFT. */
typedef struct {
	uint64_t n;
} mfn_t;

static inline mfn_t mfn_of(uint64_t n)
{
	return (mfn_t){ n };
}

#define INVALID_MFN mfn_of(~0ull)

/* Bits of arrays of words, atomically: what was the bit before? */
static inline bool set_bit(uint64_t *words, unsigned int bit)
{
	uint64_t m = 1ull << bit % 64;

	return __atomic_fetch_or(&words[bit / 64], m, __ATOMIC_SEQ_CST) & m;
}

static inline bool clear_bit(uint64_t *words, unsigned int bit)
{
	uint64_t m = 1ull << bit % 64;

	return __atomic_fetch_and(&words[bit / 64], ~m, __ATOMIC_SEQ_CST) & m;
}

static inline bool test_bit(const uint64_t *words, unsigned int bit)
{
	return read_once(words[bit / 64]) >> bit % 64 & 1;
}

static inline bool mfn_eq(mfn_t a, mfn_t b)
{
	return a.n == b.n;
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The first page boundary from a on. */
static inline uint64_t page_up(uint64_t a)
{
	return (a + PAGE_SIZE - 1) & PAGE_MASK;
}

/*
 * Clamp a guest-chosen index without a branch: the index when it is below
 * limit, else 0, also on a mispredicted path (invariant SP-2).
 */
static inline uint64_t index_clamp(uint64_t index, uint64_t limit)
{
	uint64_t mask;

	__asm__ volatile("cmp %2, %1; sbb %0, %0"
			 : "=r"(mask)
			 : "r"(index), "r"(limit)
			 : "cc");
	return index & mask;
}
