/* SPDX-License-Identifier: MIT */
/*
 * Disks in memory; see ram_disk.h.
 *
 * A page that was written is found through two levels of tables: chunks[] of
 * the disk, each a page of 512 pointers or NULL. Requests are done before
 * submit() returns.
 */
#include "drivers/ram_disk.h"

#include <public/errno.h>
#include <pvguest/mm.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_PAGES (PV_PAGE_SIZE / sizeof(void *))

struct ram_disk {
	struct block_device device;
	const char *image;
	uint64_t image_size;
	uint64_t n_chunks;
	void **chunks[];
};

static struct ram_disk *disk_of(struct block_device *device)
{
	return device->driver;
}

/* Where the page is noted; NULL: there is no table for it. */
static void **place_of(struct ram_disk *disk, uint64_t page)
{
	void **chunk = disk->chunks[page / CHUNK_PAGES];

	return chunk ? &chunk[page % CHUNK_PAGES] : NULL;
}

static void *new_page(void)
{
	return pv_pages_free() > RAM_DISK_RESERVE ? pv_page_alloc() : NULL;
}

/* `count` bytes at `offset` of the disk, as the image has them. */
static void read_image(const struct ram_disk *disk, uint64_t offset, void *to,
		       size_t count)
{
	uint64_t left =
		offset < disk->image_size ? disk->image_size - offset : 0;
	size_t there = left < count ? (size_t)left : count;

	if (there)
		memcpy(to, disk->image + offset, there);
	memset((char *)to + there, 0, count - there);
}

/* A page to write to; `whole` when all of it will be. NULL: no memory. */
static char *writable_page(struct ram_disk *disk, uint64_t page, bool whole)
{
	void ***chunk = (void ***)&disk->chunks[page / CHUNK_PAGES];
	void **place;

	if (!*chunk)
		*chunk = new_page();
	place = place_of(disk, page);
	if (!place)
		return NULL;
	if (!*place) {
		*place = new_page();
		if (*place && !whole)
			read_image(disk, page << PV_PAGE_SHIFT, *place,
				   PV_PAGE_SIZE);
	}
	return *place;
}

static void read_bytes(struct ram_disk *disk, uint64_t offset, char *to,
		       size_t count)
{
	void **place = place_of(disk, offset >> PV_PAGE_SHIFT);

	if (place && *place)
		memcpy(to, (char *)*place + offset % PV_PAGE_SIZE, count);
	else
		read_image(disk, offset, to, count);
}

static int write_bytes(struct ram_disk *disk, uint64_t offset, const char *from,
		       size_t count)
{
	char *page = writable_page(disk, offset >> PV_PAGE_SHIFT,
				   count == PV_PAGE_SIZE);

	if (!page)
		return -XEN_ENOSPC;
	memcpy(page + offset % PV_PAGE_SIZE, from, count);
	return 0;
}

/* Within one page of the disk at a time. */
static int move(struct ram_disk *disk, enum block_op op, uint64_t offset,
		char *bytes, size_t count)
{
	while (count) {
		size_t room = PV_PAGE_SIZE - offset % PV_PAGE_SIZE;
		size_t n = count < room ? count : room;

		if (op == BLOCK_READ)
			read_bytes(disk, offset, bytes, n);
		else if (write_bytes(disk, offset, bytes, n))
			return -XEN_ENOSPC;
		offset += n;
		bytes += n;
		count -= n;
	}
	return 0;
}

static int transfer(struct ram_disk *disk, const struct block_request *request)
{
	uint64_t offset = request->sector * BLOCK_SECTOR;
	unsigned int i;
	int rc = 0;

	for (i = 0; i < request->segment_count && !rc; i++) {
		const struct block_segment *segment = &request->segments[i];

		rc = move(disk, request->op, offset, segment->va,
			  segment->bytes);
		offset += segment->bytes;
	}
	return rc;
}

static void drop_page(struct ram_disk *disk, uint64_t page)
{
	void **place = place_of(disk, page);

	if (!place || !*place)
		return;
	pv_page_free(*place);
	*place = NULL;
}

/* Whole pages only: the rest keeps its contents, which is allowed. */
static void discard(struct ram_disk *disk, const struct block_request *request)
{
	uint64_t unit = PV_PAGE_SIZE / BLOCK_SECTOR;
	uint64_t page = (request->sector + unit - 1) / unit;
	uint64_t end = (request->sector + request->sectors) / unit;

	while (page < end) {
		if (!disk->chunks[page / CHUNK_PAGES])
			page |= CHUNK_PAGES - 1;
		else
			drop_page(disk, page);
		page++;
	}
}

static void submit(struct block_device *device, struct block_request *request)
{
	struct ram_disk *disk = disk_of(device);
	int rc = 0;

	if (request->op == BLOCK_READ || request->op == BLOCK_WRITE)
		rc = transfer(disk, request);
	else if (request->op == BLOCK_DISCARD)
		discard(disk, request);
	request->done(request, rc);
}

static const struct block_ops ops = { .submit = submit };

struct block_device *ram_disk_new(const void *image, size_t image_size,
				  uint64_t bytes, uint32_t sector_size)
{
	uint64_t unit = sector_size / BLOCK_SECTOR;
	uint64_t sectors = bytes / BLOCK_SECTOR / unit * unit;
	uint64_t pages =
		(sectors * BLOCK_SECTOR + PV_PAGE_SIZE - 1) >> PV_PAGE_SHIFT;
	uint64_t n_chunks = (pages + CHUNK_PAGES - 1) / CHUNK_PAGES;
	struct ram_disk *disk =
		calloc(1, sizeof(*disk) + n_chunks * sizeof(disk->chunks[0]));

	if (!disk)
		return NULL;
	disk->image = image;
	disk->image_size = image_size;
	disk->n_chunks = n_chunks;
	disk->device = (struct block_device){
		.name = "ram",
		.sectors = sectors,
		.sector_size = sector_size,
		.max_sectors = UINT32_MAX,
		.max_segments = UINT32_MAX,
		.has_flush = true,
		.has_discard = true,
		.ops = &ops,
		.driver = disk,
	};
	return &disk->device;
}

void ram_disk_free(struct block_device *device)
{
	struct ram_disk *disk = disk_of(device);
	uint64_t i, page;

	for (i = 0; i < disk->n_chunks; i++) {
		if (!disk->chunks[i])
			continue;
		for (page = 0; page < CHUNK_PAGES; page++)
			drop_page(disk, i * CHUNK_PAGES + page);
		pv_page_free(disk->chunks[i]);
	}
	free(disk);
}
