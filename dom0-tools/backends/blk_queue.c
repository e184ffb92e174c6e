/* SPDX-License-Identifier: MIT */
/*
 * One ring of a block device: from requests to responses.
 *
 *	queue_run(): take -> check -> pages -> block_submit()
 *	                                            |
 *	done():      pages back <- response <-------+
 *
 * A request is copied whole before it is looked at (BE-2), checked with
 * 64-bit arithmetic (BE-3), and answered with a zeroed response (BE-4); what
 * is wrong with it is an error of that request only. Ring indices that cannot
 * be disconnect the front end (BE-1).
 *
 * Its pages are mapped persistently where the front end allows it, and the
 * disk's driver works on them directly; or the bytes are copied between them
 * and pages of ours by grant copies, one hypercall for a request. Nothing is
 * mapped and unmapped per request, nor allocated.
 *
 * Responses are shown, and the front end notified, once for all that a run
 * has brought. A run that a front end could make long gives way to others.
 */
#include "backends/blkback.h"

#include <public/errno.h>
#include <pvguest/event.h>
#include <pvguest/mm.h>

#include <stdlib.h>
#include <string.h>

#define RUN_MAX           64u /* requests, before others get their turn */
#define SECTORS_PER_PAGE  8u
#define SEGMENTS_PER_PAGE 512u
#define INDIRECT_PAGES                                                         \
	((BLK_SEGMENTS_MAX + SEGMENTS_PER_PAGE - 1) / SEGMENTS_PER_PAGE)

_Static_assert(INDIRECT_PAGES == 1, "read_indirect() reads one page");
_Static_assert(sizeof(struct blkif_request) == 112, "");
_Static_assert(sizeof(struct blkif_response) == 16, "");
_Static_assert(offsetof(struct blkif_request, id) ==
		       offsetof(struct blkif_request_indirect, id),
	       "new_request() reads it before it knows the form");

/* Stages of a barrier. */
enum stage {
	STAGE_PLAIN, /* no barrier */
	STAGE_FLUSH_BEFORE,
	STAGE_WRITE,
	STAGE_FLUSH_AFTER,
};

static void queue_run(struct blk_queue *queue);

/* Copy pages -------------------------------------------------------------- */

static void *take_copy_page(struct blk_queue *queue)
{
	void *page;

	if (queue->n_copy_free)
		return queue->copy_free[--queue->n_copy_free];
	if (queue->n_copy_pages == BLK_COPY_PAGES_MAX)
		return NULL;
	page = pv_page_alloc();
	if (page)
		queue->n_copy_pages++;
	return page;
}

static void give_copy_pages(struct blk_request *request, unsigned int count)
{
	struct blk_queue *queue = request->queue;
	unsigned int i;

	for (i = 0; i < count; i++) {
		uintptr_t va = (uintptr_t)request->segments[i].va;

		queue->copy_free[queue->n_copy_free++] =
			(void *)(va & ~(PV_PAGE_SIZE - 1));
	}
}

/* Enough for whatever request comes next, now or when others are done. */
static bool has_copy_pages(const struct blk_queue *queue)
{
	unsigned int left = BLK_COPY_PAGES_MAX - queue->n_copy_pages;

	return queue->n_copy_free + left >= BLK_SEGMENTS_MAX;
}

/* Responses --------------------------------------------------------------- */

/* Only these may be unsupported: a front end then does without them. */
static bool is_optional(uint8_t operation)
{
	return operation != BLKIF_OP_READ && operation != BLKIF_OP_WRITE &&
	       operation != BLKIF_OP_INDIRECT;
}

static int16_t status_of(uint8_t operation, int error)
{
	if (!error)
		return BLKIF_RSP_OKAY;
	if (error == -XEN_EOPNOTSUPP && is_optional(operation))
		return BLKIF_RSP_EOPNOTSUPP;
	return BLKIF_RSP_ERROR;
}

static void count(struct blk_counters *counters,
		  const struct blk_request *request, int error)
{
	if (error) {
		counters->errors++;
		return;
	}
	switch (request->operation) {
	case BLKIF_OP_READ:
		counters->reads++;
		counters->read_sectors += request->sectors;
		break;
	case BLKIF_OP_FLUSH_DISKCACHE:
		counters->flushes++;
		break;
	case BLKIF_OP_DISCARD:
		counters->discards++;
		break;
	default: /* a barrier is a write as well */
		counters->writes++;
		counters->written_sectors += request->sectors;
	}
}

static void answer(struct blk_request *request, int error)
{
	struct blk_queue *queue = request->queue;
	struct blkif_response response;

	count(&queue->device->counters, request, error);
	memset(&response, 0, sizeof(response));
	response.id = request->id;
	response.operation = request->operation;
	response.status = status_of(request->operation, error);
	if (!queue->is_closing)
		pv_back_ring_answer(&queue->ring, &response, sizeof(response));
	request->next = queue->free;
	queue->free = request;
	queue->in_flight--;
}

/* Show responses, take what had to wait: with all else that happens now. */
static void schedule(struct blk_queue *queue)
{
	if (queue->is_running || queue->is_scheduled || queue->is_closing)
		return;
	queue->is_scheduled = true;
	pv_event_again(queue->port);
}

/* Copying ----------------------------------------------------------------- */

/* Between the front end's pages and ours; 0 or the first error. */
static int copy_segments(struct blk_request *request, bool to_front)
{
	struct gnttab_copy ops[BLK_SEGMENTS_MAX];
	uint16_t domid = request->queue->device->common.domid;
	unsigned int i;

	for (i = 0; i < request->n_segments; i++) {
		const struct block_segment *segment = &request->segments[i];
		struct gnttab_copy_ptr front = {
			.u.ref = request->refs[i],
			.domid = domid,
			.offset = request->offsets[i],
		};
		struct gnttab_copy_ptr ours = {
			.u.gmfn = segment->maddr >> PV_PAGE_SHIFT,
			.domid = DOMID_SELF,
			.offset = segment->maddr % PV_PAGE_SIZE,
		};

		ops[i] = (struct gnttab_copy){
			.source = to_front ? ours : front,
			.dest = to_front ? front : ours,
			.len = (uint16_t)segment->bytes,
			.flags = to_front ? GNTCOPY_dest_gref
					  : GNTCOPY_source_gref,
		};
	}
	pv_grants_copy(ops, request->n_segments);
	for (i = 0; i < request->n_segments; i++) {
		if (ops[i].status != GNTST_okay)
			return pv_grant_errno(ops[i].status);
	}
	return 0;
}

static int prepare_copy(struct blk_request *request)
{
	unsigned int i;

	for (i = 0; i < request->n_segments; i++) {
		struct block_segment *segment = &request->segments[i];
		char *page = take_copy_page(request->queue);

		if (!page) {
			give_copy_pages(request, i);
			return -XEN_ENOMEM;
		}
		segment->va = page + request->offsets[i];
		segment->maddr = (pv_va_to_mfn(page) << PV_PAGE_SHIFT) +
				 request->offsets[i];
	}
	request->is_copied = true;
	if (request->io.op != BLOCK_WRITE)
		return 0;
	return copy_segments(request, false);
}

/* The segments' addresses: the front end's own pages, or copies. */
static int map_segments(struct blk_request *request)
{
	const struct pv_grant_page *pages[BLK_SEGMENTS_MAX];
	unsigned int i;

	if (!blk_grants_get(&request->queue->grants, request->refs,
			    request->n_segments, pages))
		return prepare_copy(request);
	for (i = 0; i < request->n_segments; i++) {
		request->segments[i].va =
			(char *)pages[i]->va + request->offsets[i];
		request->segments[i].maddr =
			pages[i]->maddr + request->offsets[i];
	}
	return 0;
}

/* The end of a request ---------------------------------------------------- */

static void submit(struct blk_request *request, enum block_op op)
{
	bool has_data = op != BLOCK_FLUSH;

	request->io.op = op;
	request->io.sectors = has_data ? request->sectors : 0;
	request->io.segment_count = has_data ? request->n_segments : 0;
	block_submit(request->queue->device->disk, &request->io);
}

static void finish(struct blk_request *request, int error)
{
	struct blk_queue *queue = request->queue;

	if (request->is_copied) {
		if (!error && request->operation == BLKIF_OP_READ &&
		    !queue->is_closing)
			error = copy_segments(request, true);
		give_copy_pages(request, request->n_segments);
	}
	if (queue->barrier == request)
		queue->barrier = NULL;
	answer(request, error);
	if (!queue->is_closing)
		schedule(queue);
	else if (!queue->in_flight)
		blk_queue_idle(queue->device);
}

/* A barrier is a write with a flush on either side; it may be empty. */
static void next_stage(struct blk_request *request)
{
	/* The queue may be gone once the stage is submitted: it may fail. */
	struct block_device *disk = request->queue->device->disk;

	if (request->stage == STAGE_FLUSH_BEFORE && request->n_segments) {
		request->stage = STAGE_WRITE;
		submit(request, BLOCK_WRITE);
	} else {
		request->stage = STAGE_FLUSH_AFTER;
		submit(request, BLOCK_FLUSH);
	}
	block_kick(disk);
}

static void done(struct block_request *io, int error)
{
	struct blk_request *request = io->context;

	if (error || request->stage == STAGE_PLAIN ||
	    request->stage == STAGE_FLUSH_AFTER)
		finish(request, error);
	else
		next_stage(request);
}

/* The beginning of a request ---------------------------------------------- */

static int add_segment(struct blk_request *request,
		       const struct blkif_request_segment *segment)
{
	unsigned int i = request->n_segments;
	uint32_t unit = request->queue->device->disk->sector_size;
	uint32_t start, bytes;

	if (segment->first_sect > segment->last_sect ||
	    segment->last_sect >= SECTORS_PER_PAGE)
		return -XEN_EINVAL;
	start = segment->first_sect * BLOCK_SECTOR;
	bytes = (segment->last_sect + 1U - segment->first_sect) * BLOCK_SECTOR;
	if (start % unit || bytes % unit)
		return -XEN_EINVAL;
	request->refs[i] = segment->gref;
	request->offsets[i] = (uint16_t)start;
	request->segments[i].bytes = bytes;
	request->sectors += bytes / BLOCK_SECTOR;
	request->n_segments++;
	return 0;
}

static int add_segments(struct blk_request *request,
			const struct blkif_request_segment *segments,
			unsigned int count)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; i < count && !rc; i++)
		rc = add_segment(request, &segments[i]);
	return rc;
}

/* Copies the list of segments out of the page that holds it. */
static int read_indirect(struct blk_queue *queue, uint32_t ref,
			 struct blkif_request_segment *segments,
			 unsigned int count)
{
	const struct pv_grant_page *page;
	size_t size = count * sizeof(*segments);
	struct gnttab_copy op;
	char *copy;

	if (blk_grants_get(&queue->grants, &ref, 1, &page)) {
		memcpy(segments, page->va, size);
		__asm__ volatile("" : : : "memory");
		return 0;
	}
	copy = take_copy_page(queue);
	if (!copy)
		return -XEN_ENOMEM;
	op = (struct gnttab_copy){
		.source.u.ref = ref,
		.source.domid = queue->device->common.domid,
		.dest.u.gmfn = pv_va_to_mfn(copy),
		.dest.domid = DOMID_SELF,
		.len = (uint16_t)size,
		.flags = GNTCOPY_source_gref,
	};
	pv_grants_copy(&op, 1);
	memcpy(segments, copy, size);
	queue->copy_free[queue->n_copy_free++] = copy;
	return pv_grant_errno(op.status);
}

static int read_data(struct blk_request *request,
		     const struct blkif_request *asked)
{
	if (asked->nr_segments > BLKIF_MAX_SEGMENTS_PER_REQUEST)
		return -XEN_EINVAL;
	request->io.sector = asked->sector_number;
	return add_segments(request, asked->seg, asked->nr_segments);
}

/* Its operation is the inner one, and so is that of the response. */
static int read_indirect_data(struct blk_request *request,
			      const struct blkif_request_indirect *asked)
{
	struct blkif_request_segment segments[BLK_SEGMENTS_MAX];
	int rc;

	if (asked->nr_segments > BLK_SEGMENTS_MAX ||
	    (asked->indirect_op != BLKIF_OP_READ &&
	     asked->indirect_op != BLKIF_OP_WRITE))
		return -XEN_EINVAL;
	request->operation = asked->indirect_op;
	request->io.sector = asked->sector_number;
	rc = read_indirect(request->queue, asked->indirect_grefs[0], segments,
			   asked->nr_segments);
	return rc ? rc : add_segments(request, segments, asked->nr_segments);
}

static int read_discard(struct blk_request *request,
			const struct blkif_request_discard *asked)
{
	if (asked->nr_sectors > UINT32_MAX)
		return -XEN_EINVAL;
	if (!request->queue->device->allows_discard || asked->flag)
		return -XEN_EOPNOTSUPP;
	request->io.sector = asked->sector_number;
	request->sectors = (uint32_t)asked->nr_sectors;
	return 0;
}

/* Understands the copy of a request. The three forms begin alike. */
static int read_request(struct blk_request *request,
			const struct blkif_request *asked)
{
	const void *form = asked;

	switch (asked->operation) {
	case BLKIF_OP_READ:
	case BLKIF_OP_WRITE:
	case BLKIF_OP_WRITE_BARRIER:
		return read_data(request, asked);
	case BLKIF_OP_FLUSH_DISKCACHE:
		return 0;
	case BLKIF_OP_DISCARD:
		return read_discard(request, form);
	case BLKIF_OP_INDIRECT:
		return read_indirect_data(request, form);
	default:
		return -XEN_EOPNOTSUPP;
	}
}

static enum block_op op_of(uint8_t operation)
{
	switch (operation) {
	case BLKIF_OP_READ:
		return BLOCK_READ;
	case BLKIF_OP_DISCARD:
		return BLOCK_DISCARD;
	case BLKIF_OP_FLUSH_DISKCACHE:
		return BLOCK_FLUSH;
	default:
		return BLOCK_WRITE;
	}
}

static struct blk_request *new_request(struct blk_queue *queue,
				       const struct blkif_request *asked)
{
	struct blk_request *request = queue->free;

	queue->free = request->next;
	queue->in_flight++;
	request->id = asked->id;
	request->operation = asked->operation;
	request->stage = STAGE_PLAIN;
	request->is_copied = false;
	request->n_segments = 0;
	request->sectors = 0;
	request->io = (struct block_request){
		.segments = request->segments,
		.done = done,
		.context = request,
	};
	return request;
}

static void begin_barrier(struct blk_request *request)
{
	request->stage = STAGE_FLUSH_BEFORE;
	submit(request, BLOCK_FLUSH);
}

static int prepare(struct blk_request *request,
		   const struct blkif_request *asked)
{
	int rc = read_request(request, asked);

	if (rc)
		return rc;
	request->io.op = op_of(request->operation);
	if (request->io.op != BLOCK_READ && request->io.op != BLOCK_FLUSH &&
	    request->queue->device->read_only)
		return -XEN_EROFS;
	return request->n_segments ? map_segments(request) : 0;
}

static void start(struct blk_queue *queue, const struct blkif_request *asked)
{
	struct blk_request *request = new_request(queue, asked);
	int rc = prepare(request, asked);

	if (rc) {
		finish(request, rc);
	} else if (request->operation == BLKIF_OP_WRITE_BARRIER) {
		/* Begins when all that was asked for before is done. */
		queue->barrier = request;
		if (queue->in_flight == 1)
			begin_barrier(request);
	} else {
		submit(request, request->io.op);
	}
}

/* Runs -------------------------------------------------------------------- */

/* One request alone always has. */
static bool has_room(const struct blk_queue *queue)
{
	return has_copy_pages(queue) || !queue->in_flight;
}

/*
 * Starts what waits, up to `*budget` requests. 1: there is no more; 0: there
 * may be, for later; below zero: the ring is broken.
 */
static int start_waiting(struct blk_queue *queue, unsigned int *budget)
{
	struct blkif_request asked;
	int waiting = pv_back_ring_waiting(&queue->ring);

	while (waiting > 0) {
		if (!*budget || queue->barrier)
			return 0;
		if (!has_room(queue)) {
			queue->device->counters.waits++;
			return 0;
		}
		pv_back_ring_take(&queue->ring, &asked, sizeof(asked));
		start(queue, &asked);
		--*budget;
		if (--waiting == 0)
			waiting = pv_back_ring_waiting(&queue->ring);
	}
	return waiting < 0 ? waiting : 1;
}

static void queue_run(struct blk_queue *queue)
{
	unsigned int budget = RUN_MAX;
	int rc;

	queue->is_scheduled = false;
	queue->is_running = true;
	if (queue->barrier && queue->in_flight == 1 &&
	    queue->barrier->stage == STAGE_PLAIN)
		begin_barrier(queue->barrier);
	do {
		rc = start_waiting(queue, &budget);
	} while (rc > 0 && pv_back_ring_rearm(&queue->ring));
	queue->is_running = false;
	block_kick(queue->device->disk);
	if (pv_back_ring_publish(&queue->ring))
		pv_event_notify(queue->port);
	if (rc < 0)
		backend_fail(&queue->device->common,
			     "the ring's indices make no sense");
	else if (!budget)
		schedule(queue);
}

static void queue_event(uint32_t port, void *context)
{
	(void)port;
	queue_run(context);
}

/* Begin and end ----------------------------------------------------------- */

static int make_requests(struct blk_queue *queue)
{
	uint32_t i;

	queue->requests = calloc(queue->ring.size, sizeof(*queue->requests));
	if (!queue->requests)
		return -XEN_ENOMEM;
	for (i = 0; i < queue->ring.size; i++) {
		queue->requests[i].queue = queue;
		queue->requests[i].next = queue->free;
		queue->free = &queue->requests[i];
	}
	return 0;
}

/* A front end's pool: all pages of all requests, and lists of segments. */
static size_t grants_needed(const struct blk_queue *queue)
{
	size_t needed = queue->ring.size * (BLK_SEGMENTS_MAX + INDIRECT_PAGES);

	if (!queue->device->is_persistent)
		return 0;
	return needed < BLK_GRANTS_MAX ? needed : BLK_GRANTS_MAX;
}

static int attach_ring(struct blk_queue *queue, unsigned int index,
		       unsigned int count)
{
	const struct backend_device *common = &queue->device->common;
	int rc =
		pv_ring_pages_map(&queue->pages, &common->front, common->domid,
				  index, count, "ring-ref", BLK_RING_ORDER_MAX);

	if (rc)
		return rc;
	return pv_back_ring_attach(&queue->ring, queue->pages.va,
				   queue->pages.count * PV_PAGE_SIZE,
				   sizeof(struct blkif_request));
}

static int bind_port(struct blk_queue *queue, unsigned int index,
		     unsigned int count)
{
	const struct backend_device *common = &queue->device->common;
	int rc = pv_queue_port_bind(&common->front, common->domid, index, count,
				    "event-channel", queue_event, queue);

	if (rc < 0)
		return rc;
	queue->port = (uint32_t)rc;
	return 0;
}

static int open_queue(struct blk_queue *queue, unsigned int index,
		      unsigned int count)
{
	int rc = attach_ring(queue, index, count);

	if (!rc)
		rc = make_requests(queue);
	if (!rc)
		rc = blk_grants_init(&queue->grants,
				     queue->device->common.domid,
				     grants_needed(queue));
	if (!rc)
		rc = bind_port(queue, index, count);
	return rc;
}

int blk_queue_open(struct blk_device *device, unsigned int index,
		   unsigned int count)
{
	struct blk_queue *queue = calloc(1, sizeof(*queue));
	int rc;

	if (!queue)
		return -XEN_ENOMEM;
	queue->device = device;
	rc = open_queue(queue, index, count);
	if (rc) {
		blk_queue_close(queue);
		return rc;
	}
	device->queues[index] = queue;
	/* It may have asked before we listened. */
	schedule(queue);
	return 0;
}

void blk_queue_stop(struct blk_queue *queue)
{
	queue->is_closing = true;
	if (queue->port)
		pv_event_close(queue->port);
	queue->port = 0;
	/* One that still waited for others will not be submitted any more. */
	if (queue->barrier && queue->barrier->stage == STAGE_PLAIN)
		finish(queue->barrier, -XEN_EIO);
}

void blk_queue_close(struct blk_queue *queue)
{
	if (queue->port)
		pv_event_close(queue->port);
	blk_grants_free(&queue->grants);
	pv_ring_pages_unmap(&queue->pages);
	while (queue->n_copy_free)
		pv_page_free(queue->copy_free[--queue->n_copy_free]);
	free(queue->requests);
	free(queue);
}
