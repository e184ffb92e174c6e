/* SPDX-License-Identifier: MIT */
/*
 * The block back end: devices of kind "vbd". blkback.c has the device and
 * what it tells the front end, blk_queue.c the requests of one ring,
 * blk_grants.c the front end's pages, blk_source.c where the contents come
 * from. Docs: docs/split-drivers.md.
 */
#ifndef BACKENDS_BLKBACK_H
#define BACKENDS_BLKBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <public/io/blkif.h>
#include <pvguest/ring.h>

#include "backends/backend.h"
#include "backends/blk_grants.h"
#include "drivers/block_device.h"

#define BLK_QUEUES_MAX     4u
#define BLK_RING_ORDER_MAX 3u
#define BLK_SEGMENTS_MAX   32u   /* of an indirect request: 128 KiB */
#define BLK_GRANTS_MAX     4224u /* persistent, per queue */
#define BLK_COPY_PAGES_MAX 256u  /* for those that are not, per queue */

struct blk_queue;
struct blk_source;

/* Since the device was attached: requests that ended well, and those not. */
struct blk_counters {
	uint64_t reads, read_sectors;
	uint64_t writes, written_sectors;
	uint64_t flushes, discards, errors;
	uint64_t waits; /* how often one found no pages for copies */
};

struct blk_device {
	struct backend_device common;
	struct blk_source *source;
	struct block_device *disk;
	bool read_only;
	bool allows_discard;
	bool is_persistent; /* this front end's pages stay mapped */
	bool is_stopped;    /* gives back all when nothing is in flight */
	unsigned int n_queues;
	struct blk_queue *queues[BLK_QUEUES_MAX];
	struct blk_counters counters;
};

/* A request between the ring and its response. */
struct blk_request {
	struct block_request io;
	struct blk_queue *queue;
	struct blk_request *next; /* free ones */
	uint64_t id;
	uint8_t operation; /* as asked for; goes into the response */
	uint8_t stage;     /* of a barrier */
	bool is_copied;    /* segments are in pages of ours */
	unsigned int n_segments;
	uint32_t sectors;
	struct block_segment segments[BLK_SEGMENTS_MAX];
	uint32_t refs[BLK_SEGMENTS_MAX];
	uint16_t offsets[BLK_SEGMENTS_MAX]; /* in the front end's page */
};

struct blk_queue {
	struct blk_device *device;
	struct pv_ring ring;
	struct pv_ring_pages pages;
	struct blk_grants grants;
	uint32_t port;
	bool is_closing;
	bool is_running;   /* in queue_run() */
	bool is_scheduled; /* it will run soon */
	unsigned int in_flight;
	struct blk_request *barrier; /* nothing else starts before it is done */
	struct blk_request *free;
	struct blk_request *requests;

	/* Pages for requests that are copied; taken when first needed. */
	unsigned int n_copy_pages; /* in all */
	unsigned int n_copy_free;
	void *copy_free[BLK_COPY_PAGES_MAX];
};

extern const struct backend_type blkback_type;

/* Reads the front end's keys of queue `index`; 0 or an error, nothing held. */
int blk_queue_open(struct blk_device *device, unsigned int index,
		   unsigned int count);
/* No more requests or responses; what is in flight still ends. */
void blk_queue_stop(struct blk_queue *queue);
/* Gives everything back; nothing may be in flight. */
void blk_queue_close(struct blk_queue *queue);

/* A queue that was stopped has nothing in flight any more. */
void blk_queue_idle(struct blk_device *device);

#endif
