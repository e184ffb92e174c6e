/* SPDX-License-Identifier: MIT */
/*
 * Memory: what the other parts of the hypervisor use beyond core/services.h.
 *
 * Boot maps the frame table (machine_frames entries of zeroes) and the M2P
 * (all ones), then calls mm_init() with the RAM that is free.
 */
#pragma once

#include "boot/boot.h"
#include "core/services.h"
#include "x86/paging.h"

/*
 * The frame table: one struct frame per machine frame, and the only way from
 * a frame number to a frame (invariants PG-1, PG-2).
 *
 * A frame has two counters. ref counts every use. type counts the uses that
 * demand one kind of use of the whole frame: writable, page table of a level,
 * or descriptor page; while it is above zero the kind cannot change (PT-1).
 * Every type reference comes with a general reference (PT-2).
 *
 * At type count zero the kind of the last use stays recorded: it tells what
 * stale translations may exist, so which change of kind must flush first.
 *
 * Implemented with the page-type core, mm/pagetype.c.
 *
 * Locks: counters are atomic. References to tables are taken and given back
 * only under the owner's mmu_lock (mm/pagetype.c).
 */
enum frame_state {
	FRAME_ABSENT,     /* no RAM: devices, firmware, holes. Must be 0 */
	FRAME_M2P,        /* holds part of the M2P table */
	FRAME_RESERVED,   /* RAM of the hypervisor since boot */
	FRAME_FREE,       /* in the allocator, head or body of a block */
	FRAME_HYPERVISOR, /* allocated for the hypervisor's own use */
	FRAME_OWNED,      /* memory of a domain */
	FRAME_SHARED,     /* hypervisor page that one domain may map */
};

enum frame_type {
	TYPE_NONE,
	TYPE_L1, /* values 1..4 are page-table levels */
	TYPE_L2,
	TYPE_L3,
	TYPE_L4,
	TYPE_WRITABLE,
	TYPE_DESCRIPTOR,
};

struct frame {
	uint64_t ref;         /* count, REF_ALLOCATED */
	uint64_t type;        /* kind, TYPE_BUSY, TYPE_PINNED, count */
	uint64_t stamp;       /* TLB epoch of the last loss of a mapping */
	struct domain *owner; /* OWNED, SHARED; else NULL */
	struct list link;     /* owner's pages, or free list */
	uint8_t state;        /* enum frame_state */
	uint8_t order;        /* of the block, for its first frame */
	uint8_t uncached;     /* was mapped other than write-back (TL-9) */
	uint8_t is_zero;      /* cleared while free, and not written since */
	uint16_t looked_at;   /* of a free block: so many pages for is_zero */
};

/* ref: the owner has not given the page back (PG-3); its own reference. */
#define REF_ALLOCATED (1ull << 63)
#define REF_COUNT     (REF_ALLOCATED - 1)
#define REF_MAX       (1ull << 48) /* refuse far below any wrap (PT-15) */

#define TYPE_SHIFT  60
#define TYPE_BUSY   (1ull << 59) /* promotion or demotion in progress */
#define TYPE_PINNED (1ull << 58) /* the guest's pin owns a reference */
#define TYPE_COUNT  ((1ull << 56) - 1)
#define TYPE_MAX    (1ull << 48)

#ifndef TENON_HOSTED
#define frame_table ((struct frame *)FRAME_TABLE_START)
#else
extern struct frame frame_table[]; /* tests/unit/fake */
#endif

/* The frame table covers frames 0 .. machine_frames - 1 (boot/boot.h). */

static inline mfn_t frame_to_mfn(const struct frame *f)
{
	return mfn_of((uint64_t)(f - frame_table));
}

/* For numbers known to be below machine_frames, e.g. from a held frame. */
static inline struct frame *frame_at(mfn_t m)
{
	return &frame_table[m.n];
}

static inline enum frame_type type_of(uint64_t word)
{
	return (enum frame_type)(word >> TYPE_SHIFT);
}

static inline uint64_t type_word(enum frame_type t)
{
	return (uint64_t)t << TYPE_SHIFT;
}

/* A validated table, or any other kind in use, is not changing now. */
static inline bool frame_has_type(const struct frame *f, enum frame_type t)
{
	uint64_t w = read_once(f->type);

	return type_of(w) == t && (w & TYPE_COUNT) && !(w & TYPE_BUSY);
}

/* For any number; NULL: beyond the table. What is found is not held. */
static inline struct frame *frame_lookup(mfn_t m)
{
	return m.n < machine_frames
		       ? frame_at(mfn_of(index_clamp(m.n, machine_frames)))
		       : NULL;
}

bool mfn_is_ram(mfn_t m);

/* *p becomes new if it still is *old; else *old is what it is. */
static inline bool atomic_replace(uint64_t *p, uint64_t *old, uint64_t new)
{
	return __atomic_compare_exchange_n(p, old, new, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_RELAXED);
}

/* A counted reference; false: not owner's. */
must_check bool frame_get(struct frame *f, const struct domain *owner);
/* The same by number, or NULL: no such frame, or not owner's. */
must_check struct frame *frame_get_by_mfn(mfn_t m, const struct domain *owner);
/* One more for a holder of one. */
void frame_get_again(struct frame *f);
/* The last reference frees the frame. */
void frame_put(struct frame *f);
/* Give back the owner's own reference (PG-3); false: was given back before. */
bool frame_put_allocation(struct frame *f);

/*
 * Writable or descriptor references, on top of a held general reference.
 * -EINVAL: in use as another kind, or no page of descriptors.
 */
must_check int frame_get_type(struct frame *f, enum frame_type t);
/* Give back a type reference other than of a table. */
void frame_put_type(struct frame *f);

void mm_init(const struct ram_range *ranges, unsigned int n);
/* Boot modules and the like, once they are no longer needed. */
void mm_free_boot_range(uint64_t start, uint64_t end);

/*
 * Blocks of 2^order frames of zeros. Below 2^bits bytes if bits is not 0: NULL
 * also where such a block is one of many pieces of memory.
 */
struct frame *frames_alloc(unsigned int order, unsigned int bits);
void frames_free(struct frame *f, unsigned int order);

#define MAX_ORDER 18 /* blocks of 1 GiB */

/* M2P table (x86/paging.c): machine_frames entries. */
#define M2P_INVALID (~0ull)
#define M2P_SHARED  0x5555555555555555ull
void m2p_set(mfn_t m, uint64_t gfn);
/* First of the frames of the 2 MiB at this offset in it. */
mfn_t m2p_frame(uint64_t offset);

/*
 * One zeroed frame for d within its quota, M2P not set; NULL: no memory, no
 * quota or d is dying. The frame holds its allocation reference.
 */
struct frame *domain_alloc_frame(struct domain *d);
/* A fresh block of frames becomes d's: all, or -ENOMEM: quota, dying. */
must_check int domain_assign_frames(struct domain *d, struct frame *f,
				    unsigned int order);

/*
 * Pin or unpin one table of d as MMUEXT_PIN_Ln_TABLE does. -ERESTART: call
 * again; the caller's locks are below RANK_MMU.
 */
must_check int mm_pin(struct domain *d, unsigned int level, mfn_t m);
must_check int mm_unpin(struct domain *d, mfn_t m);

/*
 * Both references, writable or descriptor; NULL: not d's or cannot be. To be
 * given back with frame_put_writable().
 */
must_check struct frame *frame_get_typed(struct domain *d, mfn_t m,
					 enum frame_type t);

/*
 * Grant mappings: install a leaf entry that maps f (its general reference
 * and, if writable, type reference are the caller's and pass to the entry on
 * success) at a virtual address of v or, by_pte, in the L1 entry at a machine
 * address. flags is the entry without its frame. -EINVAL no such L1 entry.
 */
must_check int mm_map_frame(struct vcpu *v, bool by_pte, uint64_t where,
			    struct frame *f, uint64_t flags);
/*
 * Clear such an entry if it still maps f. The entry's references are dropped.
 * The caller flushes.
 */
must_check int mm_unmap_frame(struct vcpu *v, bool by_pte, uint64_t where,
			      struct frame *f);

/*
 * Read the L1 entry that maps va in the kernel address space of v; 0 if there
 * is none. A snapshot: use it under reference rules only.
 */
uint64_t mm_lookup_l1(struct vcpu *v, uint64_t va);

/* TLB (mm/tlb.c). */
uint64_t tlb_epoch_now(void);
/* No CPU holds translations older than an earlier stamp than this. */
uint64_t tlb_epoch_least(void);
/* Flush all CPUs that may hold translations older than the stamp. */
void tlb_flush_since(uint64_t stamp);
/* Flush the CPUs that run d now. */
void tlb_flush_domain(struct domain *d);
/* Of these only the CPUs that run one of the vCPUs in the bitmap. */
void tlb_flush_vcpus(struct domain *d, const uint64_t *vcpus);

static inline mfn_t pte_mfn(uint64_t pte)
{
	return mfn_of(pte << 12 >> 24); /* PTE_ADDR, without loading a mask */
}
