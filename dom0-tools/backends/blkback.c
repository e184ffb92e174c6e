/* SPDX-License-Identifier: MIT */
/*
 * Block devices for guests: which disk, which features, which queues. See
 * blkback.h for the parts.
 *
 * Own keys, by the toolstack: type, params, contents (blk_source.h), mode (r
 * or w), discard-enable. By us: what <public/io/blkif.h> says.
 */
#include "backends/blkback.h"

#include <public/errno.h>

#include <string.h>

#include "backends/blk_source.h"

#define VALUE_SIZE 256

static struct blk_device *blk_of(struct backend_device *device)
{
	return (struct blk_device *)device;
}

/* "" when it is missing or too long. */
static void read_text(const struct pv_keys *keys, const char *key,
		      char text[VALUE_SIZE])
{
	if (keys->read(keys->context, key, text, VALUE_SIZE) < 0)
		text[0] = '\0';
}

/* Devices ----------------------------------------------------------------- */

/* A disk must take whatever one request may ask for. */
static bool is_able(struct backend_device *device,
		    const struct block_device *disk)
{
	if (disk->max_segments >= BLKIF_MAX_SEGMENTS_PER_REQUEST &&
	    disk->max_sectors >= BLKIF_MAX_SEGMENTS_PER_REQUEST * 8)
		return true;
	backend_say(device, "%s: its requests are too small", disk->name);
	return false;
}

static int open_source(struct blk_device *device)
{
	const struct pv_keys *own = &device->common.own;
	char type[VALUE_SIZE], params[VALUE_SIZE], contents[VALUE_SIZE];
	char mode[VALUE_SIZE], why[VALUE_SIZE];
	struct blk_source_request request = { .type = type,
					      .params = params,
					      .contents = contents };

	read_text(own, "type", type);
	read_text(own, "params", params);
	read_text(own, "contents", contents);
	read_text(own, "mode", mode);
	device->read_only = strcmp(mode, "w") != 0;
	request.writable = !device->read_only;
	device->source = blk_source_open(&request, why, sizeof(why));
	if (!device->source) {
		backend_say(&device->common, "%s", why);
		return -XEN_ENODEV;
	}
	device->disk = blk_source_device(device->source);
	if (is_able(&device->common, device->disk))
		return 0;
	blk_source_close(device->source, request.writable);
	return -XEN_EINVAL;
}

/* Segments of one request: what we can and the disk can. */
static unsigned int indirect_segments(const struct block_device *disk)
{
	unsigned int limit = disk->max_segments;

	if (limit > disk->max_sectors / 8)
		limit = disk->max_sectors / 8;
	return limit < BLK_SEGMENTS_MAX ? limit : BLK_SEGMENTS_MAX;
}

static void write_discard(struct blk_device *device)
{
	const struct pv_keys *own = &device->common.own;

	pv_keys_put(own, "feature-discard", device->allows_discard);
	if (!device->allows_discard)
		return;
	pv_keys_put(own, "discard-granularity", device->disk->sector_size);
	pv_keys_put(own, "discard-alignment", 0);
	pv_keys_put(own, "discard-secure", 0);
}

static void write_features(struct blk_device *device)
{
	const struct pv_keys *own = &device->common.own;
	const struct block_device *disk = device->disk;
	const struct pv_key_value features[] = {
		{ "feature-flush-cache", disk->has_flush },
		{ "feature-barrier", disk->has_flush },
		{ "feature-persistent", 1 },
		{ "feature-max-indirect-segments", indirect_segments(disk) },
		{ "max-ring-page-order", BLK_RING_ORDER_MAX },
		{ "multi-queue-max-queues", BLK_QUEUES_MAX },
	};
	uint32_t wanted;

	if (pv_keys_number_or(own, "discard-enable", 1, &wanted))
		wanted = 0;
	device->allows_discard =
		wanted && disk->has_discard && !device->read_only;
	pv_keys_put_all(own, features, sizeof(features) / sizeof(features[0]));
	write_discard(device);
}

static uint32_t info_of(const struct blk_device *device)
{
	char kind[VALUE_SIZE];

	read_text(&device->common.own, "device-type", kind);
	return (strcmp(kind, "cdrom") ? 0 : VDISK_CDROM) |
	       (device->read_only ? VDISK_READONLY : 0);
}

static void write_geometry(struct blk_device *device)
{
	const struct pv_keys *own = &device->common.own;
	const struct block_device *disk = device->disk;

	pv_keys_put(own, "sectors", disk->sectors);
	pv_keys_put(own, "sector-size", disk->sector_size);
	pv_keys_put(own, "physical-sector-size", disk->sector_size);
	pv_keys_put(own, "info", info_of(device));
}

static int create(struct backend_device *common)
{
	struct blk_device *device = blk_of(common);
	int rc = open_source(device);

	if (rc)
		return rc;
	write_features(device);
	write_geometry(device);
	return 0;
}

static void destroy(struct backend_device *common)
{
	struct blk_device *device = blk_of(common);

	blk_source_close(device->source, !device->read_only);
}

/* Connections ------------------------------------------------------------- */

/* Without the key a front end has our own layout of requests, too. */
static int check_protocol(struct backend_device *common)
{
	char protocol[VALUE_SIZE] = "";
	int rc = common->front.read(common->front.context, "protocol", protocol,
				    sizeof(protocol));

	if (rc == -XEN_ENOENT || !strcmp(protocol, "x86_64-abi"))
		return 0;
	backend_say(common, "protocol: only x86_64-abi is supported");
	return -XEN_EINVAL;
}

static void close_queues(struct blk_device *device)
{
	while (device->n_queues)
		blk_queue_close(device->queues[--device->n_queues]);
}

static int open_queues(struct blk_device *device, unsigned int count)
{
	int rc = 0;

	while (device->n_queues < count) {
		rc = blk_queue_open(device, device->n_queues, count);
		if (rc)
			break;
		device->n_queues++;
	}
	if (!rc)
		return 0;
	backend_say(&device->common,
		    "queue %u: ring or event channel: error %d",
		    device->n_queues, rc);
	close_queues(device);
	return rc;
}

static int connect(struct backend_device *common)
{
	struct blk_device *device = blk_of(common);
	uint32_t count;
	int rc = check_protocol(common);

	if (rc)
		return rc;
	device->is_stopped = false;
	device->is_persistent =
		pv_keys_flag(&common->front, "feature-persistent");
	rc = pv_queues_read(&common->front, BLK_QUEUES_MAX, &count);
	if (rc) {
		backend_say(common, "multi-queue-num-queues: not 1 to %u",
			    BLK_QUEUES_MAX);
		return rc;
	}
	write_geometry(device);
	return open_queues(device, count);
}

void blk_queue_idle(struct blk_device *device)
{
	unsigned int i;

	if (!device->is_stopped)
		return;
	for (i = 0; i < device->n_queues; i++) {
		if (device->queues[i]->in_flight)
			return;
	}
	close_queues(device);
	backend_disconnected(&device->common);
}

static void disconnect(struct backend_device *common)
{
	struct blk_device *device = blk_of(common);
	unsigned int i;

	for (i = 0; i < device->n_queues; i++)
		blk_queue_stop(device->queues[i]);
	device->is_stopped = true;
	blk_queue_idle(device);
}

const struct backend_type blkback_type = {
	.kind = "vbd",
	.device_size = sizeof(struct blk_device),
	.create = create,
	.destroy = destroy,
	.connect = connect,
	.disconnect = disconnect,
};
