/* SPDX-License-Identifier: MIT */
/*
 * Disks on virtio [VIRTIO 1.1, 5.2]: one queue; read, write, flush, discard.
 *
 * A command is a chain of a header, the data's segments and a status byte.
 * Header and status are in a slot of the tag, in one DMA block of the disk.
 */
#include "drivers/virtio/virtio_blk.h"

#include <stddef.h>
#include <stdlib.h>

#include <public/errno.h>
#include <pvguest/mm.h>

#include "drivers/block_queue.h"
#include "drivers/virtio/virtio.h"

/* Features (5.2.3). */
#define FEATURE_SIZE_MAX (1u << 1)
#define FEATURE_SEG_MAX  (1u << 2)
#define FEATURE_RO       (1u << 5)
#define FEATURE_BLK_SIZE (1u << 6)
#define FEATURE_FLUSH    (1u << 9)
#define FEATURE_DISCARD  (1u << 13)

/* Configuration (5.2.4). */
#define CONFIG_CAPACITY    0
#define CONFIG_SIZE_MAX    8
#define CONFIG_SEG_MAX     12
#define CONFIG_BLK_SIZE    20
#define CONFIG_MAX_DISCARD 36

/* Types of request (5.2.6). */
#define TYPE_READ    0
#define TYPE_WRITE   1
#define TYPE_FLUSH   4
#define TYPE_DISCARD 11

#define STATUS_OK          0
#define STATUS_UNSUPPORTED 2
#define STATUS_NONE        0xff /* ours: the device has not answered */

#define QUEUE_SIZE   256
#define SEGMENTS_MAX 128

struct slot {
	uint32_t type;
	uint32_t reserved;
	uint64_t sector;
	struct {
		uint64_t sector;
		uint32_t sectors;
		uint32_t flags;
	} discard;
	uint8_t status;
	uint8_t pad[31];
};

_Static_assert(sizeof(struct slot) == 64, "slots must not cross pages");

struct virtio_blk {
	struct virtio_device virtio;
	struct virtqueue ring;
	struct block_queue queue;
	struct block_device disk;
	struct slot *slots; /* [depth] */
	uint64_t slots_maddr;
};

static const uint32_t types[] = {
	[BLOCK_READ] = TYPE_READ,
	[BLOCK_WRITE] = TYPE_WRITE,
	[BLOCK_FLUSH] = TYPE_FLUSH,
	[BLOCK_DISCARD] = TYPE_DISCARD,
};

/* Commands ---------------------------------------------------------------- */

static void fill_slot(struct slot *slot, const struct block_command *command)
{
	enum block_op op = command->request->op;

	slot->type = types[op];
	slot->reserved = 0;
	/* Flush and discard have no sector of their own. */
	slot->sector = op <= BLOCK_WRITE ? command->sector : 0;
	slot->discard.sector = command->sector;
	slot->discard.sectors = command->sectors;
	slot->discard.flags = 0;
	slot->status = STATUS_NONE;
}

/* Between header and status; returns how many. */
static unsigned int fill_data(struct virtio_buffer *buffers,
			      const struct block_request *request,
			      uint64_t slot_maddr)
{
	unsigned int i;

	if (request->op == BLOCK_DISCARD) {
		buffers[0] = (struct virtio_buffer){
			slot_maddr + offsetof(struct slot, discard),
			sizeof(((struct slot *)NULL)->discard), false
		};
		return 1;
	}
	if (request->op == BLOCK_FLUSH)
		return 0;
	for (i = 0; i < request->segment_count; i++)
		buffers[i] =
			(struct virtio_buffer){ request->segments[i].maddr,
						request->segments[i].bytes,
						request->op == BLOCK_READ };
	return i;
}

static int start(struct block_queue *queue, unsigned int tag,
		 const struct block_command *command)
{
	static struct virtio_buffer buffers[SEGMENTS_MAX + 2];
	struct virtio_blk *blk = queue->driver;
	struct slot *slot = &blk->slots[tag];
	uint64_t maddr = blk->slots_maddr + tag * sizeof(*slot);
	unsigned int n;

	fill_slot(slot, command);
	buffers[0] = (struct virtio_buffer){ maddr, 16, false };
	n = 1 + fill_data(&buffers[1], command->request, maddr);
	buffers[n++] =
		(struct virtio_buffer){ maddr + offsetof(struct slot, status),
					1, true };
	return virtqueue_add(&blk->ring, buffers, n, slot);
}

static void kick(struct block_queue *queue)
{
	struct virtio_blk *blk = queue->driver;

	virtqueue_kick(&blk->ring);
}

static int error_of(uint8_t status)
{
	switch (status) {
	case STATUS_OK:
		return 0;
	case STATUS_UNSUPPORTED:
		return -XEN_EOPNOTSUPP;
	default:
		return -XEN_EIO;
	}
}

static void take_answers(void *context)
{
	struct virtio_blk *blk = context;
	struct slot *slot;

	do {
		while ((slot = virtqueue_take(&blk->ring, NULL)))
			block_queue_done(&blk->queue,
					 (unsigned int)(slot - blk->slots),
					 error_of(slot->status));
	} while (virtqueue_events_on(&blk->ring));
}

static void poll(struct block_queue *queue)
{
	take_answers(queue->driver);
}

/* Starting ---------------------------------------------------------------- */

static uint32_t config32(const struct virtio_blk *blk, size_t offset)
{
	uint32_t value;

	virtio_config_read(&blk->virtio, offset, &value, sizeof(value));
	return value;
}

static void read_capacity(void *context)
{
	struct virtio_blk *blk = context;

	virtio_config_read(&blk->virtio, CONFIG_CAPACITY, &blk->disk.sectors,
			   sizeof(blk->disk.sectors));
}

static int negotiate(struct virtio_blk *blk)
{
	return virtio_negotiate(&blk->virtio,
				FEATURE_SIZE_MAX | FEATURE_SEG_MAX |
					FEATURE_RO | FEATURE_BLK_SIZE |
					FEATURE_FLUSH | FEATURE_DISCARD);
}

static int reset(struct block_queue *queue)
{
	struct virtio_blk *blk = queue->driver;
	int error = virtio_reset(&blk->virtio);

	if (!error)
		error = negotiate(blk);
	if (!error)
		error = virtio_queue_restart(&blk->ring);
	if (!error)
		virtio_start(&blk->virtio);
	return error;
}

static const struct block_queue_ops queue_ops = { start, kick, poll, reset };

static void submit(struct block_device *device, struct block_request *request)
{
	struct virtio_blk *blk = device->driver;

	block_queue_submit(&blk->queue, device, request);
}

static void kick_disk(struct block_device *device)
{
	struct virtio_blk *blk = device->driver;

	block_queue_kick(&blk->queue);
}

static const struct block_ops disk_ops = { submit, kick_disk };

/* Header and status take two descriptors of a chain. */
static unsigned int segments_max(const struct virtio_blk *blk)
{
	unsigned int n = virtqueue_buffers_max(&blk->ring) - 2;

	if (n > SEGMENTS_MAX)
		n = SEGMENTS_MAX;
	if ((blk->virtio.features & FEATURE_SEG_MAX) &&
	    n > config32(blk, CONFIG_SEG_MAX))
		n = config32(blk, CONFIG_SEG_MAX);
	return n;
}

static int describe(struct virtio_blk *blk)
{
	uint64_t features = blk->virtio.features;
	struct block_device *disk = &blk->disk;

	read_capacity(blk);
	disk->sector_size = BLOCK_SECTOR;
	if (features & FEATURE_BLK_SIZE)
		disk->sector_size = config32(blk, CONFIG_BLK_SIZE);
	/* Segments are up to a page; smaller ones we would have to cut. */
	if ((disk->sector_size != 512 && disk->sector_size != 4096) ||
	    ((features & FEATURE_SIZE_MAX) &&
	     config32(blk, CONFIG_SIZE_MAX) < PV_PAGE_SIZE))
		return -XEN_EOPNOTSUPP;
	disk->max_segments = segments_max(blk);
	disk->max_sectors = disk->max_segments * (PV_PAGE_SIZE / BLOCK_SECTOR);
	disk->read_only = features & FEATURE_RO;
	disk->has_flush = features & FEATURE_FLUSH;
	disk->has_discard = features & FEATURE_DISCARD;
	disk->ops = &disk_ops;
	disk->driver = blk;
	if (disk->has_discard)
		blk->queue.discard_max = config32(blk, CONFIG_MAX_DISCARD);
	return disk->max_segments > 0 ? 0 : -XEN_EOPNOTSUPP;
}

static int make_slots(struct virtio_blk *blk)
{
	unsigned int depth = blk->ring.size;
	size_t bytes;

	if (depth > BLOCK_DEPTH_MAX)
		depth = BLOCK_DEPTH_MAX;
	bytes = depth * sizeof(*blk->slots);
	blk->slots = pv_dma_alloc((bytes + PV_PAGE_SIZE - 1) / PV_PAGE_SIZE, 0,
				  &blk->slots_maddr);
	blk->queue.depth = depth;
	return blk->slots ? 0 : -XEN_ENOMEM;
}

static int set_up(struct virtio_blk *blk, struct pci_device *pci)
{
	int error = virtio_open(&blk->virtio, pci);

	if (!error)
		error = negotiate(blk);
	if (!error)
		error = virtio_irq_setup(&blk->virtio, 1);
	if (!error)
		error = virtio_queue_setup(&blk->virtio, &blk->ring, 0,
					   QUEUE_SIZE, take_answers, blk);
	if (!error)
		error = describe(blk);
	return error ? error : make_slots(blk);
}

int virtio_blk_probe(struct pci_device *pci)
{
	struct virtio_blk *blk = calloc(1, sizeof(*blk));
	int error;

	if (!blk)
		return -XEN_ENOMEM;
	error = set_up(blk, pci);
	if (error) {
		virtio_close(&blk->virtio);
		free(blk);
		return error;
	}
	block_name(&blk->disk, "vd");
	blk->queue.ops = &queue_ops;
	blk->queue.driver = blk;
	blk->queue.name = blk->disk.name;
	block_queue_init(&blk->queue);
	blk->virtio.config_changed = read_capacity;
	blk->virtio.context = blk;
	virtio_start(&blk->virtio);
	block_register(&blk->disk);
	return 0;
}
