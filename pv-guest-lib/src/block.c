/* SPDX-License-Identifier: MIT */
/*
 * The block front end; see block.h. The protocol is <public/io/blkif.h>.
 *
 *	submit():  check -> slot -> pages -> ring
 *	take():    ring -> slot -> pages back -> done()
 *
 * A response is believed only if its id is that of a slot in use and its
 * operation fits. State: block_internal.h.
 * Next to read: block_data.c, dom0-tools/backends/blk_queue.c.
 */
#include "block_internal.h"

#include <public/errno.h>
#include <pvguest/event.h>

#include "internal.h"

const struct pv_block_info *pv_block_info(const struct pv_block *block)
{
	return &block->info;
}

/* Slots ------------------------------------------------------------------- */

static struct block_slot *take_slot(struct block_queue *queue)
{
	struct block_slot *slot;

	if (queue->free == BLOCK_NONE || !pv_front_ring_room(&queue->ring))
		return NULL;
	slot = &queue->slots[queue->free];
	queue->free = slot->next_free;
	slot->pages = BLOCK_NONE;
	slot->list = BLOCK_NONE;
	return slot;
}

static void give_slot(struct block_queue *queue, struct block_slot *slot)
{
	block_pages_give(queue->block, slot->pages);
	block_pages_give(queue->block, slot->list);
	slot->request = NULL;
	slot->next_free = queue->free;
	queue->free = (uint16_t)(slot - queue->slots);
}

static void finish(struct block_queue *queue, struct block_slot *slot,
		   int error)
{
	struct pv_block_request *request = slot->request;

	if (!error && request->op == PV_BLOCK_READ && slot->pages != BLOCK_NONE)
		block_data_copy(queue->block, slot, false);
	give_slot(queue, slot);
	queue->block->in_flight--;
	request->error = error;
	if (request->done)
		request->done(request);
}

void block_die(struct pv_block *block)
{
	unsigned int i, id;

	block->is_dead = true;
	for (i = 0; i < block->n_queues; i++) {
		struct block_queue *queue = &block->queues[i];

		for (id = 0; queue->slots && id < queue->ring.size; id++) {
			if (queue->slots[id].request)
				finish(queue, &queue->slots[id], -XEN_EIO);
		}
	}
}

/* Responses --------------------------------------------------------------- */

static int error_of(int16_t status)
{
	if (status == BLKIF_RSP_OKAY)
		return 0;
	return status == BLKIF_RSP_EOPNOTSUPP ? -XEN_EOPNOTSUPP : -XEN_EIO;
}

/* False: the back end says what it cannot say. */
static bool take_response(struct block_queue *queue)
{
	struct blkif_response response;
	struct block_slot *slot;

	pv_front_ring_take(&queue->ring, &response, sizeof(response));
	if (response.id >= queue->ring.size)
		return false;
	slot = &queue->slots[response.id];
	if (!slot->request || slot->operation != response.operation)
		return false;
	finish(queue, slot, error_of(response.status));
	return true;
}

static bool take_responses(struct block_queue *queue)
{
	int waiting;

	do {
		waiting = pv_front_ring_waiting(&queue->ring);
		while (waiting > 0 && !queue->block->is_dead) {
			if (!take_response(queue))
				return false;
			waiting--;
		}
	} while (waiting == 0 && pv_front_ring_rearm(&queue->ring));
	return waiting >= 0;
}

void block_queue_event(uint32_t port, void *context)
{
	struct block_queue *queue = context;

	(void)port;
	if (!queue->block->is_dead && !take_responses(queue))
		block_die(queue->block);
}

/* Requests ---------------------------------------------------------------- */

static int check_data(const struct pv_block_info *info,
		      const struct pv_block_request *request)
{
	uint32_t unit = info->sector_size / PV_SECTOR;

	if (!request->sectors || request->sector % unit ||
	    request->sectors % unit || request->sector > info->sectors ||
	    request->sectors > info->sectors - request->sector)
		return -XEN_EINVAL;
	if (request->op == PV_BLOCK_DISCARD)
		return 0;
	return request->sectors > info->max_sectors ? -XEN_EINVAL : 0;
}

static int check(const struct pv_block *block,
		 const struct pv_block_request *request)
{
	const struct pv_block_info *info = &block->info;

	if (block->is_dead)
		return -XEN_ENODEV;
	if (request->op == PV_BLOCK_FLUSH)
		return info->has_flush ? 0 : -XEN_EOPNOTSUPP;
	if (request->op != PV_BLOCK_READ && info->is_read_only)
		return -XEN_EROFS;
	if (request->op == PV_BLOCK_DISCARD && !info->has_discard)
		return -XEN_EOPNOTSUPP;
	return check_data(info, request);
}

static uint8_t operation_of(enum pv_block_op op)
{
	static const uint8_t operations[] = {
		[PV_BLOCK_READ] = BLKIF_OP_READ,
		[PV_BLOCK_WRITE] = BLKIF_OP_WRITE,
		[PV_BLOCK_FLUSH] = BLKIF_OP_FLUSH_DISKCACHE,
		[PV_BLOCK_DISCARD] = BLKIF_OP_DISCARD,
	};

	return operations[op];
}

static void put_discard(struct block_queue *queue,
			const struct block_slot *slot)
{
	struct blkif_request_discard message = {
		.operation = slot->operation,
		.id = (uint64_t)(slot - queue->slots),
		.sector_number = slot->request->sector,
		.nr_sectors = slot->request->sectors,
	};

	pv_front_ring_put(&queue->ring, &message, sizeof(message));
}

/* The segments are in the page slot->list. */
static void put_indirect(struct block_queue *queue,
			 const struct block_slot *slot, unsigned int count)
{
	struct blkif_request_indirect message = {
		.operation = BLKIF_OP_INDIRECT,
		.indirect_op = slot->operation,
		.nr_segments = (uint16_t)count,
		.id = (uint64_t)(slot - queue->slots),
		.sector_number = slot->request->sector,
		.indirect_grefs[0] = queue->block->copy_pages[slot->list].ref,
	};

	pv_front_ring_put(&queue->ring, &message, sizeof(message));
}

static void put_plain(struct block_queue *queue, const struct block_slot *slot,
		      const struct blkif_request_segment *segments,
		      unsigned int count)
{
	struct blkif_request message = {
		.operation = slot->operation,
		.nr_segments = (uint8_t)count,
		.id = (uint64_t)(slot - queue->slots),
		.sector_number = slot->request->sector,
	};
	unsigned int i;

	for (i = 0; i < count; i++)
		message.seg[i] = segments[i];
	pv_front_ring_put(&queue->ring, &message,
			  offsetof(struct blkif_request, seg) +
				  count * sizeof(message.seg[0]));
}

/* A read or a write. False: no pages now. */
static bool put_data(struct block_queue *queue, struct block_slot *slot)
{
	struct pv_block *block = queue->block;
	struct blkif_request_segment segments[BLOCK_SEGMENTS_MAX];
	unsigned int count = block_segments(block, slot, segments);

	if (!count)
		return false;
	if (count <= BLKIF_MAX_SEGMENTS_PER_REQUEST) {
		put_plain(queue, slot, segments, count);
		return true;
	}
	if (!block_pages_take(block, 1, &slot->list))
		return false;
	memcpy(block->copy_pages[slot->list].va, segments,
	       count * sizeof(segments[0]));
	put_indirect(queue, slot, count);
	return true;
}

static bool put(struct block_queue *queue, struct block_slot *slot)
{
	switch (slot->request->op) {
	case PV_BLOCK_FLUSH:
		put_plain(queue, slot, NULL, 0);
		return true;
	case PV_BLOCK_DISCARD:
		put_discard(queue, slot);
		return true;
	default:
		return put_data(queue, slot);
	}
}

/* The queues take turns; one that is full is passed over. */
static struct block_slot *find_slot(struct pv_block *block,
				    struct block_queue **queue)
{
	unsigned int tries;

	for (tries = 0; tries < block->n_queues; tries++) {
		struct block_slot *slot;

		*queue = &block->queues[block->next_queue];
		if (++block->next_queue == block->n_queues)
			block->next_queue = 0;
		slot = take_slot(*queue);
		if (slot)
			return slot;
	}
	return NULL;
}

int pv_block_submit(struct pv_block *block, struct pv_block_request *request)
{
	struct block_queue *queue;
	struct block_slot *slot;
	int rc = check(block, request);

	if (rc)
		return rc;
	slot = find_slot(block, &queue);
	if (!slot)
		return -XEN_EAGAIN;
	slot->request = request;
	slot->operation = operation_of(request->op);
	if (put(queue, slot)) {
		block->in_flight++;
		return 0;
	}
	give_slot(queue, slot);
	return block->in_flight ? -XEN_EAGAIN : -XEN_ENOMEM;
}

void pv_block_kick(struct pv_block *block)
{
	unsigned int i;

	for (i = 0; i < block->n_queues && !block->is_dead; i++) {
		if (pv_front_ring_publish(&block->queues[i].ring))
			pv_event_notify(block->queues[i].port);
	}
}

bool pv_block_check(struct pv_block *block)
{
	if (!block->is_dead && pv_front_is_lost(&block->front))
		block_die(block);
	return !block->is_dead;
}

/* One at a time ------------------------------------------------------------*/

static void note_done(struct pv_block_request *request)
{
	request->context = request;
}

/* A handler may run within pv_block_check(): what to wait for comes after. */
int pv_block_do(struct pv_block *block, struct pv_block_request *request)
{
	int rc = -XEN_ENODEV;

	request->done = note_done;
	request->context = NULL;
	while (pv_block_check(block)) {
		rc = pv_block_submit(block, request);
		if (rc != -XEN_EAGAIN)
			break;
		pv_wait(PV_FOREVER);
	}
	if (rc)
		return rc == -XEN_EAGAIN ? -XEN_ENODEV : rc;
	pv_block_kick(block);
	while (pv_block_check(block) && !request->context)
		pv_wait(PV_FOREVER);
	return request->error;
}

int pv_block_read(struct pv_block *block, uint64_t sector, void *buffer,
		  uint32_t sectors)
{
	struct pv_block_request request = { .op = PV_BLOCK_READ,
					    .sector = sector,
					    .sectors = sectors,
					    .buffer = buffer };

	return pv_block_do(block, &request);
}

int pv_block_write(struct pv_block *block, uint64_t sector, const void *buffer,
		   uint32_t sectors)
{
	struct pv_block_request request = { .op = PV_BLOCK_WRITE,
					    .sector = sector,
					    .sectors = sectors,
					    .buffer =
						    (void *)(uintptr_t)buffer };

	return pv_block_do(block, &request);
}

int pv_block_flush(struct pv_block *block)
{
	struct pv_block_request request = { .op = PV_BLOCK_FLUSH };

	return pv_block_do(block, &request);
}
