/* SPDX-License-Identifier: MIT */
/*
 * A look into the memory of a domain through one of its address spaces, page
 * by page. What is read there is the guest's: any value is possible, and it
 * may change meanwhile unless the domain is paused.
 *
 * Owns: the pages that were read last, mapped, until tk_view_end(): tables on
 * the way to one address are on the way to the next.
 */
#ifndef TOOLSTACK_GUEST_VIEW_H
#define TOOLSTACK_GUEST_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TK_WALK_LEVELS 4

#define TK_VIEW_PAGES 32u

/* All zero but for these two, to begin with. */
struct tk_view {
	uint16_t domid;
	uint64_t root_mfn; /* of the top page table */
	struct tk_view_page {
		uint64_t mfn;
		void *va; /* NULL: none */
	} pages[TK_VIEW_PAGES];
	unsigned int oldest;
};

/* The way from the top table down to a page, as far as it goes. */
struct tk_walk {
	unsigned int count; /* of steps */
	struct tk_walk_step {
		unsigned int level; /* 4 down to 1 */
		uint64_t table_mfn;
		unsigned int index;
		uint64_t entry;
	} steps[TK_WALK_LEVELS];
	bool is_mapped;
	uint64_t mfn; /* when is_mapped */
	int error;    /* of the table that could not be read, or 0 */
};

void tk_view_walk(struct tk_view *view, uint64_t address, struct tk_walk *walk);

/* Returns how many bytes could be read: less than `size` at a gap. */
size_t tk_view_read(struct tk_view *view, uint64_t address, void *buffer,
		    size_t size);

void tk_view_end(struct tk_view *view);

#endif /* TOOLSTACK_GUEST_VIEW_H */
