/* SPDX-License-Identifier: MIT */
/*
 * The victim of tests/guest/attack: all its free memory holds a pattern that
 * nobody may read or change, two pages of it are granted to domain 2, one of
 * them read-only, and time and events have to go on.
 * Prints `victim ready`; after a line of input, `victim undisturbed` or what
 * has happened to it.
 */
#include <pvguest/console.h>
#include <pvguest/event.h>
#include <pvguest/grant.h>
#include <pvguest/mm.h>
#include <pvguest/start.h>
#include <pvguest/time.h>

#define SECRET 0x5ec2e7c0ffee0000UL
#define WORDS  (PV_PAGE_SIZE / 8)

/* The first word of each page is the next page's address. */
static uint64_t *pages;
static bool asked;

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

	(void)context;
	while (pv_console_read(text, sizeof(text)) > 0)
		asked = true;
}

/*
 * What the hypervisor keeps account of grants with comes with their first use,
 * and stays: use one of our own before pages are counted. We are domain 1.
 */
static void use_a_grant(void)
{
	uint64_t *page = pv_page_alloc();
	struct gnttab_copy copy = {
		.source.u.ref = (grant_ref_t)pv_grant_access(1, page, false),
		.source.domid = DOMID_SELF,
		.dest.u.gmfn = pv_va_to_mfn(page),
		.dest.domid = DOMID_SELF,
		.len = 8,
		.flags = GNTCOPY_source_gref,
	};

	pv_grants_copy(&copy, 1);
}

int main(void)
{
	uint64_t *granted = pv_page_alloc();
	uint64_t last, now;
	int ref;

	granted[0] = SECRET;
	use_a_grant();
	ref = pv_grant_access(2, granted, false);
	fill();
	pv_printf("victim ready, grant %d\n", ref);
	pv_console_on_input(on_input, NULL);
	last = pv_time_ns();
	while (!asked) {
		pv_wait(last + 200000000);
		now = pv_time_ns();
		if (now < last)
			break;
		last = now;
	}
	if (asked && changed_pages() == 0 && granted[0] == SECRET)
		pv_printf("victim undisturbed\n");
	else
		pv_printf("victim: %u pages changed\n", changed_pages());
	return 0;
}
