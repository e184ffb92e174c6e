/* SPDX-License-Identifier: MIT */
/*
 * T01: nothing writable reaches a live page table, and no table leads to its
 * own level. A guest that can write one of its tables owns the machine: each
 * way to such a mapping is tried on a table of each level of a pinned tree
 * (PT-1, PT-4, PT-5, PT-9, GT-16; XSA-148, 182, 185, 234, 240).
 */
#include "attack.h"

#include <pvguest/grant.h>

#define RING 4

static uint64_t *tree[5]; /* [level] */

static void tree_make(void)
{
	for (unsigned int level = 1; level <= 4; level++)
		tree[level] = table_page();
	/* Memory that is no table takes any update. */
	for (unsigned int level = 2; level <= 4; level++)
		(void)store(tree[level], maddr_of(tree[level - 1]) | TABLE);
	check("pin a tree", pin(4, tree[4]) == 0, 0);
}

/* Each of these has to fail; how many did not? */
static unsigned int writable_aliases(uint64_t *window, uint64_t *table)
{
	uint64_t *entry = entry_at((uint64_t)window, 1);
	uint64_t rw = maddr_of(table) | RW_PAGE;
	uint64_t ro = maddr_of(table) | RO_PAGE;
	unsigned int got = 0;

	got += store_va(window, rw) == 0;
	got += store(entry, rw) == 0;
	got += store_with(MMU_PT_UPDATE_PRESERVE_AD, entry, rw) == 0;
	got += pv_probe_write(entry, rw);
	got += store_va(window, ro) != 0;
	got += store_va(window, rw) == 0;
	got += store(entry, rw) == 0;
	got += store_with(MMU_PT_UPDATE_PRESERVE_AD, entry, rw) == 0;
	got += pv_probe_write(entry, rw);
	got += store_va(table, rw) == 0;
	got += pv_page_set_writable(table, true) == 0;
	got += pv_probe_write(window + 511, 1);
	got += store_va(window, 0) != 0;
	return got;
}

static unsigned int writable_by_grant(uint64_t *table)
{
	int ref = pv_grant_access(own_domid(), table, true), error = 0;
	void *view = pv_grant_map(own_domid(), (uint32_t)ref, true, &error);

	if (view)
		pv_grant_unmap(view);
	(void)pv_grant_end((uint32_t)ref);
	return view != NULL;
}

/* Mapped writable first, it cannot become a table before that has ended. */
static void test_writable_first(unsigned int level)
{
	uint64_t *page = pv_page_alloc();

	check("pin what is writable", pin(level, page) == EINVAL, level);
	(void)pv_page_set_writable(page, false);
	check("pin what was writable", pin(level, page) == 0, level);
	check("writable while pinned", pv_page_set_writable(page, true) != 0,
	      level);
	check("unpin", unpin(page) == 0, level);
	table_free(page);
}

static void test_own_level(void)
{
	uint64_t *other = table_page();
	unsigned int got = 0;

	for (unsigned int level = 2; level <= 4; level++) {
		uint64_t self = maddr_of(tree[level]);

		got += store(tree[level] + 1, self | TABLE) == 0;
		got += store(tree[level] + 1, self | RO_PAGE) == 0;
		got += pin(level, other) != 0;
		got += store(tree[level] + 1, maddr_of(other) | TABLE) == 0;
		got += store(other, self | TABLE) == 0;
		got += unpin(other) != 0;
	}
	check("no entry to a table's own level", got == 0, got);
	table_free(other);
}

/* Tables that lead to each other, writably where they are leaves. */
static void test_ring(unsigned int length)
{
	uint64_t *ring[RING];
	unsigned int got = 0;

	for (unsigned int i = 0; i < length; i++)
		ring[i] = table_page();
	for (unsigned int i = 0; i < length; i++)
		(void)store(ring[i], maddr_of(ring[(i + 1) % length]) | TABLE);
	for (unsigned int level = length; level <= 4; level++)
		got += pin(level, ring[0]) == 0;
	check("no ring of tables", got == 0, got);
	for (unsigned int i = 0; i < length; i++)
		table_free(ring[i]);
}

void attack_T01(void)
{
	uint64_t *window = pv_map_reserve(1);
	unsigned int got = 0;

	tree_make();
	for (unsigned int level = 1; level <= 4; level++) {
		got += writable_aliases(window, tree[level]);
		got += writable_by_grant(tree[level]);
		got += tree[level][511] != 0;
	}
	check("no writable alias of a table", got == 0, got);
	test_own_level();
	check("unpin the tree", unpin(tree[4]) == 0, 0);
	for (unsigned int level = 4; level >= 1; level--)
		table_free(tree[level]);
	for (unsigned int level = 1; level <= 4; level++)
		test_writable_first(level);
	for (unsigned int length = 1; length <= RING; length++)
		test_ring(length);
	pv_map_release(window, 1);
}
