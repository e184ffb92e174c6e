/* SPDX-License-Identifier: MIT */
/*
 * classify() for every combination of the low 12 bits, of frame numbers at
 * the limits and of the high bits, at every level, against rules written as
 * plainly as the ABI says them.
 */
#include <stdio.h>

#include "machine.h"
#include "mm/pte.h"

static const uint64_t frames[] = { 0,
				   1,
				   MACHINE_FRAMES - 1,
				   MACHINE_FRAMES,
				   (1ull << 28) - 1,
				   1ull << 28,
				   (1ull << 40) - 1 };

static enum pte_kind expected_kind(unsigned int level, uint64_t pte, bool io)
{
	uint64_t frame = (pte & 0xffffffffff000ull) >> 12;

	if (!(pte & 1))
		return ENTRY_ABSENT;
	if (frame >= 1ull << 28)
		return ENTRY_BAD;
	if (level == 1)
		return (pte & 0x98) && !io ? ENTRY_BAD : ENTRY_LEAF;
	return pte & 0x198 ? ENTRY_BAD : ENTRY_TABLE;
}

static void check(unsigned int level, uint64_t pte, bool io)
{
	struct pte_class c = classify(level, pte, io);
	uint64_t fixed = pte_fix(level, pte);
	struct pte_class again = classify(level, fixed, io);
	struct pte_class other;

	CHECK(c.kind == expected_kind(level, pte, io));
	if (c.kind != ENTRY_BAD)
		CHECK(pte_same_class(c, again));
	if (!(pte & 1)) {
		CHECK(fixed == pte); /* kept as it is: swap entries */
		return;
	}
	CHECK(fixed & 4);
	CHECK(level > 1 || !(fixed & 0x100));
	if (c.kind == ENTRY_BAD)
		return;
	/* PT-5: what is never part of a class. */
	other = classify(level,
			 pte ^ (PTE_ACCESSED | PTE_USER | PTE_NX | 0xe00 |
				PTE_DIRTY | 1ull << 55),
			 io);
	CHECK(pte_same_class(c, other));
	other = classify(level, pte ^ PTE_WRITE, io);
	CHECK(pte_same_class(c, other) == (level > 1));
}

int main(void)
{
	pte_frame_limit = 1ull << 28;
	for (unsigned int level = 1; level <= 4; level++)
		for (unsigned int i = 0; i < ARRAY_SIZE(frames); i++)
			for (uint64_t bits = 0; bits < 1u << 14; bits++) {
				uint64_t pte = frames[i] << 12;

				pte |= bits & 0xfff;
				pte |= (bits >> 12 & 1) << 63;
				pte |= (bits >> 13 & 1) << 52;
				check(level, pte, false);
				check(level, pte, true);
			}
	printf("ok pte\n");
	return 0;
}
