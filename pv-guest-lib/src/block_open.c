/* SPDX-License-Identifier: MIT */
/*
 * How the block front end begins and ends: features, queues, geometry. See
 * block_internal.h and front.h.
 */
#include "block_internal.h"

#include <public/errno.h>
#include <pvguest/event.h>

#include "internal.h"

#define DEPTH_DEFAULT 32u

/* Opening ----------------------------------------------------------------- */

/* A number of the back end's, at most `limit`; 0 without it. */
static uint32_t back_number(const struct pv_block *block, const char *key,
			    uint32_t limit)
{
	uint32_t number;

	if (pv_keys_number(&block->front.back, key, &number))
		return 0;
	return number < limit ? number : limit;
}

/* The fewest pages of a ring for so many requests, as far as they will go. */
static uint32_t pages_for(const struct pv_block *block, unsigned int depth)
{
	uint32_t max = 1U << back_number(block, "max-ring-page-order", 3);
	uint32_t pages = 1;

	while (pages < max &&
	       pv_ring_slots(pages * PV_PAGE_SIZE,
			     sizeof(struct blkif_request)) < depth)
		pages *= 2;
	return pages;
}

/* Features of the back end, and what we want of them. */
static void choose(struct pv_block *block,
		   const struct pv_block_options *options)
{
	struct pv_block_info *info = &block->info;
	unsigned int indirect = back_number(
		block, "feature-max-indirect-segments", BLOCK_SEGMENTS_MAX);

	block->max_segments = indirect > BLKIF_MAX_SEGMENTS_PER_REQUEST
				      ? indirect
				      : BLKIF_MAX_SEGMENTS_PER_REQUEST;
	info->max_sectors = block->max_segments * BLOCK_PAGE_SECTORS;
	info->queues = pv_front_queues(&block->front, options->queues,
				       PV_BLOCK_QUEUES_MAX);
	block->ring_pages = pages_for(block, options->depth ? options->depth
							    : DEPTH_DEFAULT);
	/* Linux's back end says only later whether it can, too. */
	info->is_persistent = !options->needs_map_each;
}

static int make_slots(struct block_queue *queue)
{
	uint32_t i;

	queue->slots = pv_page_alloc();
	if (!queue->slots)
		return -XEN_ENOMEM;
	for (i = 0; i < queue->ring.size; i++)
		queue->slots[i].next_free = i + 1 < queue->ring.size
						    ? (uint16_t)(i + 1)
						    : BLOCK_NONE;
	queue->free = 0;
	return 0;
}

static int make_queue(struct pv_block *block, unsigned int index)
{
	const struct pv_front *front = &block->front;
	struct block_queue *queue = &block->queues[index];
	unsigned int count = block->info.queues;
	int rc = pv_ring_pages_make(&queue->pages, front->back_domid,
				    block->ring_pages);

	queue->block = block;
	block->n_queues = index + 1;
	if (rc)
		return rc;
	pv_front_ring_init(&queue->ring, queue->pages.va,
			   block->ring_pages * PV_PAGE_SIZE,
			   sizeof(struct blkif_request));
	rc = make_slots(queue);
	if (!rc)
		rc = pv_ring_pages_put(&queue->pages, &front->own, index, count,
				       "ring-ref");
	if (rc)
		return rc;
	rc = pv_queue_port_make(&front->own, front->back_domid, index, count,
				"event-channel", block_queue_event, queue);
	if (rc < 0)
		return rc;
	queue->port = (uint32_t)rc;
	return 0;
}

static int write_keys(struct pv_block *block)
{
	const struct pv_keys *own = &block->front.own;
	const struct pv_key_value values[] = {
		{ "feature-persistent", block->info.is_persistent },
		{ "multi-queue-num-queues", block->info.queues },
		{ "ring-page-order",
		  (uint32_t)__builtin_ctz(block->ring_pages) },
	};
	int rc = own->write(own->context, "protocol", "x86_64-abi");

	return rc ? rc
		  : pv_keys_put_all(own, values,
				    sizeof(values) / sizeof(values[0]));
}

static int make_queues(struct pv_block *block)
{
	unsigned int i;
	int rc = write_keys(block);

	for (i = 0; i < block->info.queues && !rc; i++)
		rc = make_queue(block, i);
	return rc;
}

/* The size is text of up to 64 bits. */
static int read_sectors(struct pv_block *block)
{
	const struct pv_keys *back = &block->front.back;
	uint64_t sectors = 0;
	char text[24];
	const char *at = text;
	int rc = back->read(back->context, "sectors", text, sizeof(text));

	if (rc < 0)
		return rc;
	for (; *at >= '0' && *at <= '9' && sectors < UINT64_MAX / 20; at++)
		sectors = sectors * 10 + (uint64_t)(*at - '0');
	if (*at || at == text)
		return -XEN_EINVAL;
	block->info.sectors = sectors;
	return 0;
}

/* Valid once the back end is connected. */
static int read_geometry(struct pv_block *block)
{
	const struct pv_keys *back = &block->front.back;
	struct pv_block_info *info = &block->info;
	uint32_t flags = back_number(block, "info", UINT32_MAX);
	int rc = read_sectors(block);

	if (rc)
		return rc;
	rc = pv_keys_number_or(back, "sector-size", PV_SECTOR,
			       &info->sector_size);
	if (rc || (info->sector_size != PV_SECTOR &&
		   info->sector_size != PV_PAGE_SIZE))
		return -XEN_EINVAL;
	info->is_read_only = flags & VDISK_READONLY;
	info->is_cdrom = flags & VDISK_CDROM;
	info->has_flush = pv_keys_flag(back, "feature-flush-cache");
	info->has_discard = pv_keys_flag(back, "feature-discard");
	info->is_persistent &= pv_keys_flag(back, "feature-persistent");
	info->depth = block->n_queues * block->queues[0].ring.size;
	return 0;
}

static int connect(struct pv_block *block,
		   const struct pv_block_options *options)
{
	int rc;

	choose(block, options);
	rc = make_queues(block);
	if (!rc)
		rc = pv_front_connect(&block->front, XenbusStateInitialised);
	return rc ? rc : read_geometry(block);
}

struct pv_block *pv_block_open(uint32_t handle,
			       const struct pv_block_options *options,
			       int *error)
{
	static const struct pv_block_options defaults;
	struct pv_block *block = pv_page_alloc();

	*error = -XEN_ENOMEM;
	if (!block)
		return NULL;
	block->copy_free = BLOCK_NONE;
	block->copy_pages = pv_page_alloc();
	if (block->copy_pages)
		*error = pv_front_open(&block->front, "vbd", handle);
	if (*error) {
		if (block->copy_pages)
			pv_page_free(block->copy_pages);
		pv_page_free(block);
		return NULL;
	}
	*error = connect(block, options ? options : &defaults);
	if (!*error)
		return block;
	pv_block_close(block);
	return NULL;
}

/* Closing ----------------------------------------------------------------- */

static void end_queue(struct block_queue *queue)
{
	if (queue->port)
		pv_event_close(queue->port);
	pv_ring_pages_drop(&queue->pages);
	if (queue->slots)
		pv_page_free(queue->slots);
}

int pv_block_close(struct pv_block *block)
{
	int rc = pv_front_close(&block->front);

	block_die(block);
	while (block->n_queues > 0)
		end_queue(&block->queues[--block->n_queues]);
	while (block->n_shares > 0)
		block_share_end(&block->shares[--block->n_shares]);
	while (block->n_copy_pages > 0) {
		struct block_page *page =
			&block->copy_pages[--block->n_copy_pages];

		pv_page_unshare(page->va, page->ref);
	}
	pv_page_free(block->copy_pages);
	pv_page_free(block);
	return rc;
}
