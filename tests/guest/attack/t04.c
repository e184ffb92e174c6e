/* SPDX-License-Identifier: MIT */
/*
 * T04: a writable mapping against promotion. One vCPU maps a page writable,
 * writes and unmaps it without any flush, another stores through the address
 * all the time, the first pins the page as a table: while it is pinned no
 * store may land, by no translation that a TLB remembers (PT-12, TL-1, TL-2;
 * XSA-241, 401, 408).
 */
#include "attack.h"

#define ROUNDS     200
#define ROUNDS_MAX 200000 /* while the mapper is off its CPU in between */

static uint64_t *window; /* pages 0 and 1 of it, one per mapper */
static uint64_t *page;
static volatile uint64_t landed;

/* The last word is that of an absent entry whatever it is. */
static void storing(void)
{
	for (unsigned int i = 0; i < 100; i++)
		if (pv_probe_write(window + 511, random64() << 1))
			landed++;
}

static void mapping(void)
{
	uint64_t *entry = entry_at((uint64_t)window + PV_PAGE_SIZE, 1);

	if (store(entry, maddr_of(page) | RW_PAGE) == 0)
		(void)pv_probe_write(window + 512 + 510, random64() << 1);
	(void)store(entry, 0);
}

static unsigned int one_round(unsigned int *pinned)
{
	uint64_t *entry = entry_at((uint64_t)window, 1);
	uint64_t before[2], changed = 0;

	(void)store(entry, maddr_of(page) | RW_PAGE);
	(void)pv_probe_write(window + 511, 2);
	(void)store(entry, 0); /* no flush: TLBs remember it */
	if (pin(1, page) != 0)
		return 0;
	++*pinned;
	before[0] = page[511];
	before[1] = page[510];
	for (unsigned int i = 0; i < 200; i++)
		changed += __atomic_load_n(&page[511], __ATOMIC_RELAXED) !=
				   before[0] ||
			   __atomic_load_n(&page[510], __ATOMIC_RELAXED) !=
				   before[1];
	(void)unpin(page);
	return changed != 0;
}

void attack_T04(void)
{
	unsigned int changed = 0, pinned = 0;
	bool smp;

	window = pv_map_reserve(2);
	page = table_page();
	smp = cpu_start(1, storing) && cpu_start(2, mapping);
	for (unsigned int i = 0; i < ROUNDS || (pinned < 10 && i < ROUNDS_MAX);
	     i++)
		changed += one_round(&pinned);
	for (unsigned int id = 1; smp && id <= 2; id++)
		cpu_stop(id);
	check("no store lands in a live table", changed == 0, changed);
	check("promotion wins at times", pinned > 0, pinned);
	table_free(page);
	pv_map_release(window, 2);
}
