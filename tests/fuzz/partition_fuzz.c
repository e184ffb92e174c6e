/* SPDX-License-Identifier: MIT */
/*
 * Partition tables. Input: a byte for the size of sectors and a byte for that
 * of the disk, then the disk's first sectors, which repeat to its end, so that
 * the copy at the end is within reach. All checksums are 0 here.
 */
#include "drivers/partition_table.h"

#include <string.h>

#include <public/errno.h>

#include "check.h"
#include "drivers/block_sync.h"
#include "drivers/crc32.h"

static const uint8_t *image;
static size_t image_sectors;
static struct block_device disk;

uint32_t crc32_add(uint32_t crc, const void *data, size_t size)
{
	volatile uint8_t sum = 0;

	/* Touches what the real one would. */
	for (size_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + ((const uint8_t *)data)[i]);
	(void)crc;
	return 0;
}

void *block_page_alloc(uint64_t *maddr)
{
	*maddr = 0;
	return malloc(BLOCK_PAGE);
}

void block_page_free(void *page)
{
	free(page);
}

int block_read_page(struct block_device *device, uint64_t sector,
		    uint32_t sectors, void *page)
{
	FUZZ_CHECK(device == &disk && sectors <= BLOCK_PAGE_SECTORS);
	FUZZ_CHECK(sector < disk.sectors && sectors <= disk.sectors - sector);
	if (image_sectors == 0)
		return -XEN_EIO;
	for (uint32_t i = 0; i < sectors; i++)
		memcpy((uint8_t *)page + i * BLOCK_SECTOR,
		       image + (sector + i) % image_sectors * BLOCK_SECTOR,
		       BLOCK_SECTOR);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct partition_entry entries[PARTITIONS_MAX];
	int i, count;

	if (size < 2)
		return 0;
	image = data + 2;
	image_sectors = (size - 2) / BLOCK_SECTOR;
	disk.sector_size = data[0] & 1 ? 4096 : 512;
	disk.sectors = 1ull << data[1] % 64;
	count = partition_table_read(&disk, entries);
	FUZZ_CHECK(count <= PARTITIONS_MAX);
	for (i = 0; i < count; i++) {
		const struct partition_entry *e = &entries[i];

		FUZZ_CHECK(e->sectors > 0 && e->sector < disk.sectors);
		FUZZ_CHECK(e->sectors <= disk.sectors - e->sector);
		FUZZ_CHECK(memchr(e->label, 0, sizeof(e->label)));
		FUZZ_CHECK(memchr(e->uuid, 0, sizeof(e->uuid)));
	}
	return 0;
}
