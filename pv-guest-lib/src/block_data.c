/* SPDX-License-Identifier: MIT */
/*
 * Where the block front end's data is: in pages that it is copied through, or
 * in memory that the kernel shares. Both are granted once, and stay so until
 * the device is closed. See block_internal.h.
 */
#include "block_internal.h"

#include <public/errno.h>

#include "internal.h"

/* Copy pages -------------------------------------------------------------- */

static uint16_t take_copy_page(struct pv_block *block)
{
	uint16_t index = block->copy_free;
	struct block_page *page;

	if (index != BLOCK_NONE) {
		block->copy_free = block->copy_pages[index].next;
		return index;
	}
	if (block->n_copy_pages == BLOCK_PAGES_MAX)
		return BLOCK_NONE;
	page = &block->copy_pages[block->n_copy_pages];
	page->va = pv_page_share(block->front.back_domid, &page->ref);
	return page->va ? (uint16_t)block->n_copy_pages++ : BLOCK_NONE;
}

void block_pages_give(struct pv_block *block, uint16_t first)
{
	while (first != BLOCK_NONE) {
		struct block_page *page = &block->copy_pages[first];
		uint16_t next = page->next;

		page->next = block->copy_free;
		block->copy_free = first;
		first = next;
	}
}

bool block_pages_take(struct pv_block *block, size_t count, uint16_t *first)
{
	for (*first = BLOCK_NONE; count > 0; count--) {
		uint16_t index = take_copy_page(block);

		if (index == BLOCK_NONE) {
			block_pages_give(block, *first);
			*first = BLOCK_NONE;
			return false;
		}
		block->copy_pages[index].next = *first;
		*first = index;
	}
	return true;
}

void block_data_copy(struct pv_block *block, const struct block_slot *slot,
		     bool to_pages)
{
	char *buffer = slot->request->buffer;
	size_t left = (size_t)slot->request->sectors * PV_SECTOR;
	uint16_t index = slot->pages;

	while (left > 0) {
		const struct block_page *page = &block->copy_pages[index];
		size_t n = left < PV_PAGE_SIZE ? left : PV_PAGE_SIZE;

		memcpy(to_pages ? page->va : buffer,
		       to_pages ? buffer : page->va, n);
		buffer += n;
		left -= n;
		index = page->next;
	}
}

/* Segments ---------------------------------------------------------------- */

/* A segment ends with its page. */
static struct blkif_request_segment segment_of(uint32_t ref, uint32_t first,
					       uint32_t left)
{
	uint32_t last = first + left - 1;

	return (struct blkif_request_segment){
		.gref = ref,
		.first_sect = (uint8_t)first,
		.last_sect = (uint8_t)(last < BLOCK_PAGE_SECTORS
					       ? last
					       : BLOCK_PAGE_SECTORS - 1),
	};
}

static unsigned int list_copies(const struct pv_block *block,
				const struct block_slot *slot,
				struct blkif_request_segment *segments)
{
	uint32_t left = slot->request->sectors;
	uint16_t index = slot->pages;
	unsigned int count = 0;

	for (; index != BLOCK_NONE; index = block->copy_pages[index].next) {
		segments[count++] =
			segment_of(block->copy_pages[index].ref, 0, left);
		left -= BLOCK_PAGE_SECTORS;
	}
	return count;
}

/* The share that holds all of a buffer; NULL: it has to be copied. */
static const struct block_share *
share_of(const struct pv_block *block, const struct pv_block_request *request)
{
	uint64_t start = (uint64_t)request->buffer;
	uint64_t bytes = (uint64_t)request->sectors * PV_SECTOR;
	unsigned int i;

	if (start % block->info.sector_size)
		return NULL;
	for (i = 0; i < block->n_shares; i++) {
		const struct block_share *share = &block->shares[i];
		uint64_t at = start - (uint64_t)share->base;
		uint64_t size = share->count * PV_PAGE_SIZE;

		if (at < size && bytes <= size - at)
			return share;
	}
	return NULL;
}

/* 0: there are more than a request can have. */
static unsigned int list_shared(const struct pv_block *block,
				const struct block_share *share,
				const struct pv_block_request *request,
				struct blkif_request_segment *segments)
{
	uint64_t at = (uint64_t)((char *)request->buffer - share->base);
	uint32_t left = request->sectors, used;
	unsigned int count = 0;

	for (; left > 0; left -= used, at += used * PV_SECTOR) {
		uint32_t first = (uint32_t)(at % PV_PAGE_SIZE / PV_SECTOR);
		struct blkif_request_segment segment =
			segment_of(share->refs[at / PV_PAGE_SIZE], first, left);

		if (count == block->max_segments)
			return 0;
		segments[count++] = segment;
		used = segment.last_sect + 1U - first;
	}
	return count;
}

unsigned int block_segments(struct pv_block *block, struct block_slot *slot,
			    struct blkif_request_segment *segments)
{
	const struct block_share *share = share_of(block, slot->request);
	unsigned int count = 0;

	if (share)
		count = list_shared(block, share, slot->request, segments);
	if (count)
		return count;
	count = (slot->request->sectors + BLOCK_PAGE_SECTORS - 1) /
		BLOCK_PAGE_SECTORS;
	if (!block_pages_take(block, count, &slot->pages))
		return 0;
	if (slot->request->op == PV_BLOCK_WRITE)
		block_data_copy(block, slot, true);
	return list_copies(block, slot, segments);
}

/* Shared memory ------------------------------------------------------------*/

void block_share_end(struct block_share *share)
{
	while (share->count > 0)
		pv_grant_end(share->refs[--share->count]);
	pv_page_free(share->refs);
}

int pv_block_share(struct pv_block *block, void *pages, size_t count)
{
	struct block_share *share = &block->shares[block->n_shares];
	int rc = 0;

	if ((uint64_t)pages % PV_PAGE_SIZE || !count ||
	    count > PV_BLOCK_SHARE_PAGES)
		return -XEN_EINVAL;
	if (block->n_shares == PV_BLOCK_SHARES_MAX)
		return -XEN_ENOSPC;
	share->refs = pv_page_alloc();
	if (!share->refs)
		return -XEN_ENOMEM;
	share->base = pages;
	for (share->count = 0; share->count < count; share->count++) {
		rc = pv_grant_access(block->front.back_domid,
				     share->base + share->count * PV_PAGE_SIZE,
				     true);
		if (rc < 0)
			break;
		share->refs[share->count] = (uint32_t)rc;
	}
	if (share->count == count) {
		block->n_shares++;
		return 0;
	}
	block_share_end(share);
	return rc;
}
