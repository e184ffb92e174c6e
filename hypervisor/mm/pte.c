/* SPDX-License-Identifier: MIT */
/*
 * Meaning of page-table entries: pure functions, no state but the limits of
 * the processor. Bits: [SDM3 "4-Level Paging and 5-Level Paging"].
 *
 * Accessed, dirty, no-execute, user and the bits free for software are never
 * part of a class. User is forced on, since guest kernels run in ring 3;
 * global is forced off, so that every load of CR3 drops guest translations.
 */
#include "mm/pte.h"

uint64_t pte_frame_limit = 1ull << (40 - PAGE_SHIFT);

#define CACHE_BITS (PTE_PWT | PTE_PCD | PTE_PAT)

struct pte_class classify(unsigned int level, uint64_t raw, bool io)
{
	struct pte_class c = { .kind = ENTRY_ABSENT };

	if (!(raw & PTE_PRESENT))
		return c;
	c.frame = pte_mfn(raw).n;
	c.kind = level == 1 ? ENTRY_LEAF : ENTRY_TABLE;
	if (c.frame >= pte_frame_limit)
		c.kind = ENTRY_BAD;
	if (level > 1) {
		if (raw & (CACHE_BITS | PTE_GLOBAL))
			c.kind = ENTRY_BAD;
		return c;
	}
	c.writable = raw & PTE_WRITE;
	c.cache = (uint8_t)(raw & CACHE_BITS);
	if (c.cache && !io)
		c.kind = ENTRY_BAD;
	return c;
}

bool pte_same_class(struct pte_class a, struct pte_class b)
{
	return a.kind == b.kind && a.frame == b.frame &&
	       a.writable == b.writable && a.cache == b.cache;
}

uint64_t pte_fix(unsigned int level, uint64_t raw)
{
	if (!(raw & PTE_PRESENT))
		return raw;
	raw |= PTE_USER;
	if (level == 1)
		raw &= ~PTE_GLOBAL;
	if (level == 4)
		raw |= PTE_ACCESSED;
	return raw;
}
