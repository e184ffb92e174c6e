/* SPDX-License-Identifier: MIT */
/*
 * Reading, writing, flushing, discarding [NVMe 1.4, section 6]. Data are
 * described by PRP lists (4.3): only the first page may begin, and only the
 * last may end, within a page. Other requests are copied through pages of
 * ours; a few may be on their way at once.
 */
#include <string.h>

#include <public/errno.h>
#include <pvguest/mm.h>

#include "drivers/nvme/nvme_internal.h"

#define OP_FLUSH        0x00
#define OP_WRITE        0x01
#define OP_READ         0x02
#define OP_DATASET      0x09
#define DATASET_DISCARD 4

/* Pages ------------------------------------------------------------------- */

static bool fits_pages(const struct block_request *request)
{
	unsigned int i, last = request->segment_count - 1;

	for (i = 0; i <= last; i++) {
		const struct block_segment *s = &request->segments[i];
		uint64_t offset = s->maddr % NVME_PAGE;

		if ((i > 0 && offset != 0) ||
		    (i < last && offset + s->bytes != NVME_PAGE))
			return false;
	}
	return true;
}

/* Between the request's segments and the pages, in either direction. */
static void copy(const struct block_request *request,
		 const struct nvme_bounce *bounce)
{
	unsigned int i, at = 0;

	for (i = 0; i < request->segment_count; i++) {
		const struct block_segment *s = &request->segments[i];
		char *va = s->va;
		uint32_t left = s->bytes;

		while (left > 0) {
			uint32_t room = NVME_PAGE - at % NVME_PAGE;
			uint32_t n = left < room ? left : room;
			char *page = (char *)bounce->pages[at / NVME_PAGE] +
				     at % NVME_PAGE;

			if (request->op == BLOCK_WRITE)
				memcpy(page, va, n);
			else
				memcpy(va, page, n);
			va += n;
			at += n;
			left -= n;
		}
	}
}

/* -XEN_EAGAIN: all are in use. */
static int take_bounce(struct nvme *nvme, unsigned int tag, uint32_t sectors)
{
	unsigned int pages =
		(sectors * BLOCK_SECTOR + NVME_PAGE - 1) / NVME_PAGE;
	struct nvme_bounce *bounce = nvme->bounces;
	unsigned int i;

	while (bounce < nvme->bounces + NVME_BOUNCES && bounce->used)
		bounce++;
	if (bounce == nvme->bounces + NVME_BOUNCES)
		return -XEN_EAGAIN;
	for (i = 0; i < pages; i++) {
		if (!bounce->pages[i])
			bounce->pages[i] = pv_page_alloc();
		if (!bounce->pages[i])
			return -XEN_ENOMEM;
		bounce->maddrs[i] = pv_va_to_mfn(bounce->pages[i])
				    << PV_PAGE_SHIFT;
	}
	bounce->used = true;
	nvme->bounce_of[tag] = bounce;
	return 0;
}

static void drop_bounce(struct nvme *nvme, unsigned int tag)
{
	if (nvme->bounce_of[tag])
		nvme->bounce_of[tag]->used = false;
	nvme->bounce_of[tag] = NULL;
}

/* Address of the i-th page of a request. */
static uint64_t page_of(const struct nvme *nvme, unsigned int tag,
			const struct block_request *request, unsigned int i)
{
	const struct nvme_bounce *bounce = nvme->bounce_of[tag];

	return bounce ? bounce->maddrs[i] : request->segments[i].maddr;
}

static unsigned int page_count(const struct nvme *nvme, unsigned int tag,
			       const struct block_request *request)
{
	if (!nvme->bounce_of[tag])
		return request->segment_count;
	return (request->sectors * BLOCK_SECTOR + NVME_PAGE - 1) / NVME_PAGE;
}

static int describe_data(struct nvme *nvme, unsigned int tag,
			 const struct block_request *request,
			 struct nvme_command *c)
{
	union nvme_scratch *scratch = &nvme->scratch[tag];
	unsigned int i, pages;
	int error;

	if (!fits_pages(request)) {
		error = take_bounce(nvme, tag, request->sectors);
		if (error)
			return error;
		if (request->op == BLOCK_WRITE)
			copy(request, nvme->bounce_of[tag]);
	}
	pages = page_count(nvme, tag, request);
	c->prp1 = page_of(nvme, tag, request, 0);
	if (pages == 2)
		c->prp2 = page_of(nvme, tag, request, 1);
	if (pages <= 2)
		return 0;
	for (i = 1; i < pages; i++)
		scratch->prps[i - 1] = page_of(nvme, tag, request, i);
	c->prp2 = nvme->scratch_maddr + tag * sizeof(*scratch);
	return 0;
}

/* Commands ---------------------------------------------------------------- */

static void describe_discard(struct nvme *nvme, unsigned int tag,
			     const struct block_command *command,
			     struct nvme_command *c, unsigned int shift)
{
	union nvme_scratch *scratch = &nvme->scratch[tag];

	scratch->discard.attributes = 0;
	scratch->discard.blocks = command->sectors >> shift;
	scratch->discard.block = command->sector >> shift;
	c->opcode = OP_DATASET;
	c->prp1 = nvme->scratch_maddr + tag * sizeof(*scratch);
	c->dword10 = 0; /* one range */
	c->dword11 = DATASET_DISCARD;
}

static int start(struct block_queue *queue, unsigned int tag,
		 const struct block_command *command)
{
	const struct nvme_namespace *ns = command->device->driver;
	const struct block_request *request = command->request;
	uint64_t block = command->sector >> ns->block_shift;
	struct nvme_command c = { .id = (uint16_t)tag, .namespace_id = ns->id };
	struct nvme *nvme = queue->driver;
	int error = 0;

	switch (request->op) {
	case BLOCK_FLUSH:
		c.opcode = OP_FLUSH;
		break;
	case BLOCK_DISCARD:
		describe_discard(nvme, tag, command, &c, ns->block_shift);
		break;
	default:
		c.opcode = request->op == BLOCK_WRITE ? OP_WRITE : OP_READ;
		c.dword10 = (uint32_t)block;
		c.dword11 = (uint32_t)(block >> 32);
		c.dword12 = (request->sectors >> ns->block_shift) - 1;
		error = describe_data(nvme, tag, request, &c);
	}
	if (!error)
		nvme_push(&nvme->io, &c);
	return error;
}

static void kick(struct block_queue *queue)
{
	struct nvme *nvme = queue->driver;

	nvme_ring(&nvme->io);
}

static void finish(struct nvme *nvme, unsigned int tag, int error)
{
	const struct block_request *request;

	if (tag >= nvme->queue.depth)
		return;
	request = nvme->queue.active[tag].request;
	if (request && nvme->bounce_of[tag] && !error &&
	    request->op == BLOCK_READ)
		copy(request, nvme->bounce_of[tag]);
	drop_bounce(nvme, tag);
	block_queue_done(&nvme->queue, tag, error);
}

void nvme_io_interrupt(void *context)
{
	struct nvme_completion completion;
	struct nvme *nvme = context;

	while (nvme_take(&nvme->io, &completion))
		finish(nvme, completion.id, nvme_error(completion.status));
}

static void poll(struct block_queue *queue)
{
	nvme_io_interrupt(queue->driver);
}

static int reset(struct block_queue *queue)
{
	struct nvme *nvme = queue->driver;
	unsigned int tag;
	int error = nvme_restart(nvme);

	for (tag = 0; tag < queue->depth; tag++)
		drop_bounce(nvme, tag);
	return error;
}

const struct block_queue_ops nvme_queue_ops = { start, kick, poll, reset };

static void submit(struct block_device *device, struct block_request *request)
{
	struct nvme_namespace *ns = device->driver;

	block_queue_submit(&ns->nvme->queue, device, request);
}

static void kick_disk(struct block_device *device)
{
	struct nvme_namespace *ns = device->driver;

	block_queue_kick(&ns->nvme->queue);
}

const struct block_ops nvme_disk_ops = { submit, kick_disk };
