/* SPDX-License-Identifier: MIT */
/*
 * T04: a writable mapping against promotion. A page is mapped writable, written
 * by two vCPUs, unmapped without any flush and pinned as a table: while it is
 * pinned neither may write it, by no translation that its TLB remembers. Then
 * the same while a third maps the page, writes and unmaps it all the time, and
 * promotion wins at times (PT-12, TL-1, TL-2; XSA-241, 401, 408).
 */
#include "attack.h"

#define ROUNDS     50
#define ROUNDS_MAX 200000 /* while the mapper is off its CPU in between */

static uint64_t *window; /* pages 0 and 1 of it, one per mapper */
static uint64_t *page;
static volatile uint64_t landed, passes; /* of the vCPU that stores */

/* The last word is that of an absent entry whatever it is. */
static bool store_through(unsigned int word)
{
	return pv_probe_write(window + word, random64() << 1);
}

static void storing(void)
{
	for (unsigned int i = 0; i < 100; i++)
		if (store_through(511))
			landed++;
	passes++;
}

static void mapping(void)
{
	uint64_t *entry = entry_at((uint64_t)window + PV_PAGE_SIZE, 1);

	if (store(entry, maddr_of(page) | RW_PAGE) == 0)
		(void)store_through(512 + 510);
	(void)store(entry, 0);
}

/* Both TLBs remember it afterwards, unless a vCPU was off its CPU. */
static void map_and_unmap(uint64_t *entry, bool smp)
{
	bool mapped = store(entry, maddr_of(page) | RW_PAGE) == 0;

	(void)store_through(511);
	if (smp && mapped)
		wait_for(&landed, landed + 1);
	(void)store(entry, 0); /* no flush */
}

/* Of two words of a table that are whatever they are. */
static unsigned int changes(bool smp)
{
	uint64_t before[2] = { page[511], page[510] }, pass = passes;
	bool wrote = store_through(511);

	for (unsigned int i = 0; smp && i < 2; i++)
		wait_for(&passes, pass + i + 1);
	return wrote || before[0] != *(volatile uint64_t *)&page[511] ||
	       before[1] != *(volatile uint64_t *)&page[510];
}

static unsigned int one_round(bool smp, unsigned int *pinned)
{
	unsigned int changed;

	map_and_unmap(entry_at((uint64_t)window, 1), smp);
	if (pin(1, page) != 0)
		return 0;
	++*pinned;
	changed = changes(smp);
	(void)unpin(page);
	return changed;
}

static void test_alone(bool smp)
{
	unsigned int changed = 0, pinned = 0;

	for (unsigned int i = 0; i < ROUNDS; i++)
		changed += one_round(smp, &pinned);
	check("what TLBs remember is forgotten", changed == 0, changed);
	check("promotion", pinned == ROUNDS, pinned);
}

static void test_against_mapper(void)
{
	unsigned int changed = 0, pinned = 0;

	for (unsigned int i = 0; i < ROUNDS || (pinned < 10 && i < ROUNDS_MAX);
	     i++)
		changed += one_round(true, &pinned);
	check("no store lands in a live table", changed == 0, changed);
	check("promotion wins at times", pinned > 0, pinned);
}

void attack_T04(void)
{
	bool smp = cpu_start(1, storing);

	window = pv_map_reserve(2);
	page = table_page();
	test_alone(smp);
	if (smp && cpu_start(2, mapping)) {
		test_against_mapper();
		cpu_stop(2);
	}
	if (smp)
		cpu_stop(1);
	table_free(page);
	pv_map_release(window, 2);
}
