/* SPDX-License-Identifier: MIT */
/*
 * What a page-table entry means (design D3): classify() is total and has no
 * side effects. References depend on the class only, and two entries of the
 * same class may replace each other without any check (PT-5).
 */
#pragma once

#include "mm/mm.h"

enum pte_kind {
	ENTRY_ABSENT, /* any content that the processor ignores */
	ENTRY_LEAF,
	ENTRY_TABLE,
	ENTRY_BAD,
};

/* Two words, so that the compiler passes it in registers. */
struct pte_class {
	uint64_t frame; /* leaf, table: frame number */
	enum pte_kind kind;
	bool writable; /* leaf only */
	uint8_t cache; /* leaf only: PWT, PCD, PAT; 0 is write-back */
};

/* First frame number that the processor cannot address (PT-7). */
extern uint64_t pte_frame_limit;

/* io: the domain has devices, so it may choose cache attributes (TL-9). */
struct pte_class classify(unsigned int level, uint64_t raw, bool io);
bool pte_same_class(struct pte_class a, struct pte_class b);
/* The entry as stored: bits that every entry of a guest has or lacks. */
uint64_t pte_fix(unsigned int level, uint64_t raw);

/* L4 slots of the hypervisor: the guest's content is ignored (PT-8). */
static inline bool l4_slot_is_hypervisor(unsigned int slot)
{
	return slot >= HYPERVISOR_FIRST_SLOT && slot <= HYPERVISOR_LAST_SLOT;
}
