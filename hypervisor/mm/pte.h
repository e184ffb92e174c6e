/* SPDX-License-Identifier: MIT */
/*
 * What a page-table entry means (design D3): pure functions, no state but the
 * limits of the processor. References depend on the class of an entry only,
 * and two of the same class may replace each other without any check (PT-5).
 * Bits: [SDM3 "4-Level Paging and 5-Level Paging"].
 *
 * Accessed, dirty, no-execute, user and the bits free for software are never
 * part of a class. User is forced on, since guest kernels run in ring 3;
 * global is forced off, so that every load of CR3 drops guest translations.
 */
#pragma once

#include "mm/mm.h"

#define CACHE_BITS (PTE_PWT | PTE_PCD | PTE_PAT)

enum pte_kind {
	ENTRY_ABSENT, /* any content that the processor ignores */
	ENTRY_LEAF,
	ENTRY_TABLE,
	ENTRY_BAD,
};

/* Two words, so that the compiler can keep it in registers. */
struct pte_class {
	uint64_t frame; /* leaf, table: frame number */
	enum pte_kind kind;
	bool writable; /* leaf only */
	uint8_t cache; /* leaf only: PWT, PCD, PAT; 0 is write-back */
};

/* First frame number that the processor cannot address (PT-7). */
extern uint64_t pte_frame_limit;

/*
 * Total: every entry has a class. io: the domain has devices, so it may choose
 * cache attributes (TL-9).
 */
static inline struct pte_class classify(unsigned int level, uint64_t raw,
					bool io)
{
	struct pte_class c = { .kind = ENTRY_ABSENT };

	if (!(raw & PTE_PRESENT))
		return c;
	c.frame = pte_mfn(raw).n;
	c.kind = ENTRY_BAD;
	if (unlikely(c.frame >= pte_frame_limit))
		return c;
	if (level > 1) {
		if (unlikely(raw & (CACHE_BITS | PTE_GLOBAL)))
			return c;
		c.kind = ENTRY_TABLE;
		return c;
	}
	c.writable = raw & PTE_WRITE;
	c.cache = (uint8_t)(raw & CACHE_BITS);
	if (unlikely(c.cache && !io))
		return c;
	c.kind = ENTRY_LEAF;
	return c;
}

static inline bool pte_same_class(struct pte_class a, struct pte_class b)
{
	return a.kind == b.kind && a.frame == b.frame &&
	       a.writable == b.writable && a.cache == b.cache;
}

/* The entry as stored: bits that every entry of a guest has or lacks. */
static inline uint64_t pte_fix(unsigned int level, uint64_t raw)
{
	if (!(raw & PTE_PRESENT))
		return raw;
	raw |= level == 4 ? PTE_USER | PTE_ACCESSED : PTE_USER;
	return level == 1 ? raw & ~PTE_GLOBAL : raw;
}

/* False: the hypervisor's; what a guest has there is ignored (PT-8). */
static inline bool slot_is_guests(unsigned int level, unsigned int index)
{
	return level != 4 || index < HYPERVISOR_FIRST_SLOT ||
	       index > HYPERVISOR_LAST_SLOT;
}
