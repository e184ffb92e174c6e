/* SPDX-License-Identifier: MIT */
/*
 * T02: each bit, and each pair of bits, of an entry of each level flipped by
 * each way to change it. What must not be (large pages, cache attributes,
 * frames of nobody or of others) is refused and changes nothing; what has no
 * meaning for safety is accepted (PT-5, PT-6, PT-7, TL-9; XSA-148, 154, 182,
 * 273, 402).
 */
#include "attack.h"

enum {
	BY_UPDATE,
	BY_PRESERVE,
	BY_VA,
	BY_STORE,
	WAYS
};

static uint64_t *leaf_va; /* what the L1 entry maps */

static bool change(unsigned int way, uint64_t *entry, uint64_t value)
{
	switch (way) {
	case BY_UPDATE:
		return store(entry, value) == 0;
	case BY_PRESERVE:
		return store_with(MMU_PT_UPDATE_PRESERVE_AD, entry, value) == 0;
	case BY_VA:
		return store_va(leaf_va, value) == 0;
	default:
		return pv_probe_write(entry, value);
	}
}

static bool must_fail(unsigned int level, uint64_t value)
{
	uint64_t cache = level == 1 ? 0x98 : PTE_PSE;

	if (!(value & PTE_P))
		return false;
	return (value & cache) || !is_own((value & PTE_ADDR) >> PV_PAGE_SHIFT);
}

/* Bits whose flips have to be accepted: RW, U, A, D, software's. */
static bool harmless(uint64_t flipped)
{
	return !(flipped & ~0xe66UL);
}

static unsigned int try_flip(unsigned int level, unsigned int way,
			     uint64_t *entry, uint64_t flipped)
{
	uint64_t before = *entry, value = before ^ flipped;
	bool done = change(way, entry, value);
	unsigned int wrong = 0;

	if (done && must_fail(level, value))
		wrong = 1;
	if (!done && harmless(flipped))
		wrong = 1;
	if (!done && *entry != before)
		wrong = 1;
	if (done && ((*entry ^ value) & (PTE_ADDR | PTE_P | PTE_RW)))
		wrong = 1;
	if (wrong)
		pv_printf("level %u way %u: %lx, from %lx\n", level, way, value,
			  before);
	if (done && !change(BY_UPDATE, entry, before))
		wrong++;
	return wrong;
}

static unsigned int all_flips(unsigned int level, unsigned int way,
			      uint64_t *entry)
{
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < 64; i++)
		for (unsigned int j = i; j < 64; j++)
			wrong += try_flip(level, way, entry,
					  1UL << i | 1UL << j);
	return wrong;
}

/* Not present entries hold anything, and hide nothing. */
static void test_absent(uint64_t *entry)
{
	static const uint64_t values[] = { 0, 0x1000, 0x3fffffff000, ~PTE_P,
					   0xffffffffff000 };
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < COUNT(values); i++) {
		wrong += store(entry, values[i]) != 0 || *entry != values[i];
		wrong += pv_probe_write(leaf_va, 0);
	}
	check("absent entries", wrong == 0, wrong);
}

void attack_T02(void)
{
	uint64_t *page = pv_page_alloc(), *tables[5];
	unsigned int wrong = 0;

	leaf_va = pv_map_reserve(1);
	(void)store_va(leaf_va, maddr_of(page) | RW_PAGE);
	for (unsigned int way = 0; way < WAYS; way++)
		wrong += all_flips(1, way, entry_at((uint64_t)leaf_va, 1));
	check("bits of level 1", wrong == 0, wrong);
	test_absent(entry_at((uint64_t)leaf_va, 1));
	(void)store_va(leaf_va, 0);
	for (unsigned int level = 1; level <= 4; level++)
		tables[level] = table_page();
	check("pin", pin(4, tables[4]) == 0, 0);
	for (unsigned int level = 4; level >= 2; level--)
		wrong += store(tables[level],
			       maddr_of(tables[level - 1]) | TABLE) != 0;
	for (unsigned int level = 2; level <= 4; level++)
		for (unsigned int way = 0; way < BY_VA; way++)
			wrong += all_flips(level, way, tables[level]);
	check("bits of tables", wrong == 0, wrong);
	check("unpin", unpin(tables[4]) == 0, 0);
	for (unsigned int level = 1; level <= 4; level++)
		table_free(tables[level]);
	pv_map_release(leaf_va, 1);
	pv_page_free(page);
}
