/* SPDX-License-Identifier: MIT */
/*
 * Memory: what the other parts of the hypervisor use beyond core/services.h.
 *
 * Boot maps the frame table (machine_frames entries of zeroes) and the M2P
 * (all ones), then calls mm_init() with the RAM that is free.
 */
#pragma once

#include "core/services.h"
#include "mm/frame.h"

void mm_init(const struct ram_range *ranges, unsigned int n);
/* Boot modules and the like, once they are no longer needed. */
void mm_free_boot_range(uint64_t start, uint64_t end);

/* Blocks of 2^order frames; frames below 2^bits bytes if bits is not 0. */
struct frame *frames_alloc(unsigned int order, unsigned int bits);
void frames_free(struct frame *f, unsigned int order);

#define MAX_ORDER 18 /* blocks of 1 GiB */

/* M2P table (mm/m2p.c): machine_frames entries. */
#define M2P_INVALID (~0ull)
#define M2P_SHARED  0x5555555555555555ull
void m2p_init(void);
void m2p_set(mfn_t m, uint64_t gfn);
/* Frame that holds the byte at this offset; INVALID_MFN: none does. */
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

/* Descriptor pages: a reference of type TYPE_DESCRIPTOR; NULL: cannot be. */
must_check struct frame *frame_get_descriptor(struct domain *d, mfn_t m);
#define frame_put_descriptor frame_put_writable

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
