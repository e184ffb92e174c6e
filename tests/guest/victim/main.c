/* SPDX-License-Identifier: MIT */
/*
 * The victim of tests/guest/attack: all its free memory holds a pattern that
 * nobody may read or change, two pages of it are granted to domain 2, one of
 * them read-only, and time and events have to go on.
 * Prints `victim ready`; after a line of input, `victim undisturbed` or what
 * has happened to it. With `latency` on its command line it wakes every 3 ms
 * and also tells by how much it was late at most, after a first line of input;
 * with `store` instead, how long xenstore took to answer it.
 */
#include <pvguest/console.h>
#include <pvguest/event.h>
#include <pvguest/grant.h>
#include <pvguest/mm.h>
#include <pvguest/time.h>
#include <pvguest/xenstore.h>

#include "../kit/kit.h"

#define SECRET 0x5ec2e7c0ffee0000UL
#define WORDS  (PV_PAGE_SIZE / 8)

/* The first word of each page is the next page's address. */
static uint64_t *pages;
static unsigned int lines; /* of input */

static void fill(void)
{
	uint64_t *page;

	for (unsigned int kept = 0; kept < 64; kept++)
		(void)pv_page_alloc();
	while ((page = pv_page_alloc())) {
		page[0] = (uint64_t)pages;
		for (unsigned int i = 1; i < WORDS; i++)
			page[i] = SECRET + i;
		pages = page;
	}
}

static unsigned int changed_pages(void)
{
	unsigned int changed = 0;

	for (uint64_t *page = pages; page; page = (uint64_t *)page[0])
		for (unsigned int i = 1; i < WORDS; i++)
			if (page[i] != SECRET + i) {
				changed++;
				break;
			}
	return changed;
}

static void on_input(void *context)
{
	char text[16];
	size_t n;

	(void)context;
	while ((n = pv_console_read(text, sizeof(text))) > 0)
		for (size_t i = 0; i < n; i++)
			lines += text[i] == '\r' || text[i] == '\n';
}

/*
 * The hypervisor's account of what is granted is made at the first use; it
 * belongs to the memory that is free before the attack.
 */
static void use_own_grant(const void *page)
{
	uint16_t self = own_domid();
	int ref = pv_grant_access(self, page, false);
	void *mapped = pv_grant_map(self, (uint32_t)ref, false, &(int){ 0 });

	if (!mapped)
		pv_panic("cannot map a grant of our own");
	pv_grant_unmap(mapped);
	(void)pv_grant_end((uint32_t)ref);
}

static uint64_t store_takes(void)
{
	uint64_t start = pv_time_ns();
	char name[32];

	if (pv_xenstore_read("name", name, sizeof(name)) <= 0)
		pv_panic("xenstore does not answer");
	return pv_time_ns() - start;
}

int main(void)
{
	uint64_t *granted = pv_page_alloc();
	bool is_asking = on_command_line("store") != NULL;
	bool is_measuring = is_asking || on_command_line("latency");
	unsigned int last_line = is_measuring ? 2 : 1, seen = 0;
	uint64_t step = is_measuring ? 3000000 : 200000000;
	uint64_t last, now, late = 0;
	int ref;

	use_own_grant(granted);
	granted[0] = SECRET;
	ref = pv_grant_access(2, granted, false);
	fill();
	pv_printf("victim ready, grant %d\n", ref);
	pv_console_on_input(on_input, NULL);
	last = pv_time_ns();
	while (lines < last_line) {
		/* True: an event came before the deadline. */
		bool early = pv_wait(last + step);
		uint64_t waited = 0;

		now = pv_time_ns();
		if (now < last)
			break;
		if (is_asking)
			waited = store_takes();
		else if (!early)
			waited = now - last - step;
		if (waited > late)
			late = waited;
		if (lines != seen && lines < last_line) {
			seen = lines;
			late = 0;
			pv_printf("victim goes on\n");
		}
		last = is_asking ? pv_time_ns() : now;
	}
	if (is_measuring)
		pv_printf("victim late by %lu us\n", late / 1000);
	if (lines >= last_line && changed_pages() == 0 && granted[0] == SECRET)
		pv_printf("victim undisturbed\n");
	else
		pv_printf("victim: %u pages changed\n", changed_pages());
	return 0;
}
