/* SPDX-License-Identifier: MIT */
/* A disk in memory: ram_disk.h. */
#include "ram_disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <public/errno.h>

#include "drivers/block_sync.h"

static bool is_bad(const struct ram_disk *disk,
		   const struct block_request *request)
{
	return disk->bad_sector && request->sector <= disk->bad_sector &&
	       disk->bad_sector - request->sector < request->sectors;
}

static int carry_out(struct ram_disk *disk, struct block_request *request)
{
	uint8_t *at = disk->data + request->sector * BLOCK_SECTOR;

	if (is_bad(disk, request))
		return -XEN_EIO;
	disk->flushes += request->op == BLOCK_FLUSH;
	if (request->op == BLOCK_DISCARD) {
		disk->discards++;
		memset(at, 0, (size_t)request->sectors * BLOCK_SECTOR);
	}
	for (unsigned int i = 0; i < request->segment_count; i++) {
		const struct block_segment *s = &request->segments[i];

		if (request->op == BLOCK_READ)
			memcpy(s->va, at, s->bytes);
		else
			memcpy(at, s->va, s->bytes);
		at += s->bytes;
	}
	return 0;
}

bool ram_disk_step(struct ram_disk *disk)
{
	struct block_request *request = disk->waiting;

	if (!request)
		return false;
	disk->waiting = request->next;
	if (!disk->waiting)
		disk->end = &disk->waiting;
	request->done(request, carry_out(disk, request));
	return true;
}

void ram_disk_run(struct ram_disk *disk)
{
	while (ram_disk_step(disk))
		;
}

static void submit(struct block_device *device, struct block_request *request)
{
	struct ram_disk *disk = device->driver;

	request->next = disk->newest_first ? disk->waiting : NULL;
	if (disk->newest_first) {
		disk->waiting = request;
		return;
	}
	*disk->end = request;
	disk->end = &request->next;
}

static void kick(struct block_device *device)
{
	struct ram_disk *disk = device->driver;

	if (!disk->hold)
		ram_disk_run(disk);
}

static const struct block_ops ram_ops = { submit, kick };

void ram_disk_init(struct ram_disk *disk, const char *name, uint64_t sectors,
		   uint32_t sector_size)
{
	memset(disk, 0, sizeof(*disk));
	disk->data = calloc(sectors ? sectors : 1, BLOCK_SECTOR);
	disk->end = &disk->waiting;
	snprintf(disk->device.name, sizeof(disk->device.name), "%s", name);
	disk->device.sectors = sectors;
	disk->device.sector_size = sector_size;
	disk->device.max_sectors = 128;
	disk->device.max_segments = 16;
	disk->device.has_flush = disk->device.has_discard = true;
	disk->device.ops = &ram_ops;
	disk->device.driver = disk;
}

void ram_disk_free(struct ram_disk *disk)
{
	free(disk->data);
	disk->data = NULL;
}

/* block_sync.h --------------------------------------------------------------
 */

void *block_page_alloc(uint64_t *maddr)
{
	void *page = aligned_alloc(BLOCK_PAGE, BLOCK_PAGE);

	*maddr = (uint64_t)(uintptr_t)page;
	return page;
}

void block_page_free(void *page)
{
	free(page);
}

static void take(struct block_request *request, int error)
{
	*(int *)request->context = error;
}

int block_read_page(struct block_device *device, uint64_t sector,
		    uint32_t sectors, void *page)
{
	int result = 1;
	struct block_segment segment = { page, (uint64_t)(uintptr_t)page,
					 sectors * BLOCK_SECTOR };
	struct block_request request = {
		.op = BLOCK_READ,
		.sector = sector,
		.sectors = sectors,
		.segments = &segment,
		.segment_count = 1,
		.done = take,
		.context = &result,
	};

	if (sectors > BLOCK_PAGE_SECTORS)
		return -XEN_E2BIG;
	block_submit(device, &request);
	block_kick(device);
	return result;
}
