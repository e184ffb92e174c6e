/* SPDX-License-Identifier: MIT */
/*
 * The parts of the block front end: block.c has requests and responses,
 * block_data.c the pages that data goes through, block_open.c how it begins
 * and ends.
 *
 * Owns: struct pv_block, in a page of its own; for each queue a page of slots,
 * one for each request that its ring can hold; the pages for data that is not
 * in shared memory, and for lists of segments, taken when first needed.
 * Invariant: a slot is free, or its request is with the back end.
 */
#ifndef PVGUEST_BLOCK_INTERNAL_H
#define PVGUEST_BLOCK_INTERNAL_H

#include <public/io/blkif.h>
#include <pvguest/block.h>
#include <pvguest/front.h>
#include <pvguest/mm.h>
#include <pvguest/ring.h>

#define BLOCK_PAGE_SECTORS 8u
#define BLOCK_SEGMENTS_MAX 64u /* of a request: 256 KiB */
#define BLOCK_PAGES_MAX    256u
#define BLOCK_NONE         UINT16_MAX

/* A request that the back end has. Slot i has the id i. */
struct block_slot {
	struct pv_block_request *request; /* NULL: free */
	uint16_t next_free;
	uint16_t pages; /* with its data; BLOCK_NONE: it is in shared memory */
	uint16_t list;  /* with its segments; BLOCK_NONE: in the ring */
	uint8_t operation; /* what the response must say */
};

/* A page that data is copied through. */
struct block_page {
	char *va;
	uint32_t ref;
	uint16_t next; /* of the same request, or free */
};

struct block_share {
	char *base;
	uint32_t count;
	uint32_t *refs; /* a page */
};

struct block_queue {
	struct pv_block *block;
	struct pv_ring ring;
	struct pv_ring_pages pages;
	uint32_t port; /* 0: none */
	uint16_t free;
	struct block_slot *slots; /* a page */
};

struct pv_block {
	struct pv_front front;
	struct pv_block_info info;
	unsigned int max_segments;
	uint32_t ring_pages;
	bool is_dead;
	unsigned int in_flight;
	unsigned int next_queue; /* whose turn it is */
	unsigned int n_queues;   /* made so far */
	struct block_queue queues[PV_BLOCK_QUEUES_MAX];
	unsigned int n_shares;
	struct block_share shares[PV_BLOCK_SHARES_MAX];
	unsigned int n_copy_pages;
	uint16_t copy_free;
	struct block_page *copy_pages; /* a page */
};

_Static_assert(sizeof(struct pv_block) <= PV_PAGE_SIZE, "");
_Static_assert(sizeof(struct block_slot) * PV_BLOCK_DEPTH_MAX <= PV_PAGE_SIZE,
	       "");
_Static_assert(sizeof(struct block_page) * BLOCK_PAGES_MAX <= PV_PAGE_SIZE, "");
_Static_assert(BLOCK_SEGMENTS_MAX <= PV_PAGE_SIZE / 8, "a list fits in a page");

/* A list of so many pages, in *first; false: too few, and none is taken. */
bool block_pages_take(struct pv_block *block, size_t count, uint16_t *first);
void block_pages_give(struct pv_block *block, uint16_t first);
/* Between a request's buffer and its pages, in their order. */
void block_data_copy(struct pv_block *block, const struct block_slot *slot,
		     bool to_pages);
/*
 * The segments of a read or a write, in pages of ours unless they are shared:
 * how many; 0: there are no pages now.
 */
unsigned int block_segments(struct pv_block *block, struct block_slot *slot,
			    struct blkif_request_segment *segments);
void block_share_end(struct block_share *share);

void block_queue_event(uint32_t port, void *context);
/* Ends all that is under way; nothing is taken from the rings any more. */
void block_die(struct pv_block *block);

#endif /* PVGUEST_BLOCK_INTERNAL_H */
