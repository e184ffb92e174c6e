/* SPDX-License-Identifier: MIT */
/*
 * Partition tables: good ones of both kinds, and each field wrong in turn;
 * then requests through partitions, and the names of disks.
 */
#include "drivers/partition.h"

#include <stdlib.h>
#include <string.h>

#include <public/errno.h>

#include "check.h"
#include "drivers/block_sync.h"
#include "drivers/crc32.h"
#include "drivers/partition_table.h"
#include "ram_disk.h"

#define SECTORS 4096

static struct ram_disk disk;
static struct partition_entry entries[PARTITIONS_MAX];

static void put(uint8_t *at, uint64_t value, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static uint8_t *block(uint64_t lba)
{
	return disk.data + lba * disk.device.sector_size;
}

static uint64_t blocks(void)
{
	return disk.device.sectors * BLOCK_SECTOR / disk.device.sector_size;
}

static int read_table(void)
{
	memset(entries, 0, sizeof(entries));
	return partition_table_read(&disk.device, entries);
}

/* GPT --------------------------------------------------------------------- */

static void put_gpt_entry(uint8_t *table, unsigned int i, uint64_t first,
			  uint64_t last, const char *name)
{
	uint8_t *e = table + 128 * i;

	memset(e, 0, 128);
	memset(e, 0x11, 16);
	for (unsigned int b = 0; b < 16; b++)
		e[16 + b] = (uint8_t)(i * 16 + b);
	put(e + 32, first, 8);
	put(e + 40, last, 8);
	for (unsigned int c = 0; name[c]; c++)
		put(e + 56 + 2 * c, (uint8_t)name[c], 2);
}

static void seal_gpt(uint64_t lba)
{
	uint8_t *h = block(lba);
	uint32_t count = (uint32_t)h[80] | (uint32_t)h[81] << 8;
	uint64_t table = h[72] | (uint64_t)h[73] << 8;

	put(h + 88, crc32_add(0, block(table), count * 128), 4);
	put(h + 16, 0, 4);
	put(h + 16, crc32_add(0, h, 92), 4);
}

static void put_gpt_header(uint64_t lba, uint64_t table)
{
	uint8_t *h = block(lba);

	memset(h, 0, BLOCK_SECTOR);
	memcpy(h, "EFI PART", 8);
	put(h + 8, 0x10000, 4);
	put(h + 12, 92, 4);
	put(h + 24, lba, 8);
	put(h + 40, 40, 8);
	put(h + 48, blocks() - 40, 8);
	put(h + 72, table, 8);
	put(h + 80, 128, 4);
	put(h + 84, 128, 4);
	put_gpt_entry(block(table), 0, 40, 79, "root");
	put_gpt_entry(block(table), 4, 100, blocks() - 40, "data \xe9\x01");
	seal_gpt(lba);
}

static void make_gpt(uint64_t sectors, uint32_t sector_size)
{
	uint8_t *mbr;

	ram_disk_init(&disk, "vd0", sectors, sector_size);
	mbr = block(0);
	mbr[0x1be + 4] = 0xee;
	put(mbr + 0x1be + 8, 1, 4);
	put(mbr + 0x1be + 12, 0xffffffff, 4);
	put(mbr + 0x1fe, 0xaa55, 2);
	put_gpt_header(1, 2);
	put_gpt_header(blocks() - 1, blocks() - 34);
}

static void check_good_gpt(uint32_t unit)
{
	CHECK(read_table() == 2);
	CHECK(entries[0].number == 1 && entries[0].sector == 40 * unit);
	CHECK(entries[0].sectors == 40 * unit);
	CHECK_TEXT(entries[0].label, "root");
	CHECK_TEXT(entries[0].uuid, "03020100-0504-0706-0809-0a0b0c0d0e0f");
	CHECK(entries[1].number == 5 && entries[1].sector == 100 * unit);
	CHECK(entries[1].sector + entries[1].sectors == (blocks() - 39) * unit);
	CHECK_TEXT(entries[1].label, "data \xc3\xa9?");
}

static void test_gpt(void)
{
	make_gpt(SECTORS, 512);
	check_good_gpt(1);
	ram_disk_free(&disk);
	make_gpt(SECTORS, 4096);
	check_good_gpt(8);
	ram_disk_free(&disk);
}

static void test_gpt_copy(void)
{
	make_gpt(SECTORS, 512);
	block(1)[60]++;
	check_good_gpt(1); /* the header is damaged */
	put_gpt_header(1, 2);
	block(2)[40]++;
	check_good_gpt(1); /* an entry is */
	put_gpt_header(1, 2);
	disk.bad_sector = 5;
	check_good_gpt(1); /* cannot be read */
	disk.bad_sector = 0;
	block(1)[60]++;
	block(blocks() - 1)[60]++;
	CHECK(read_table() == -XEN_EINVAL);
	ram_disk_free(&disk);
}

/* A field of the first header, sealed again; the copy is taken away. */
static int with_field(unsigned int offset, uint64_t value, unsigned int bytes)
{
	int result;

	make_gpt(SECTORS, 512);
	memset(block(blocks() - 1), 0, BLOCK_SECTOR);
	put(block(1) + offset, value, bytes);
	if (offset != 80 && offset != 72)
		seal_gpt(1);
	put(block(1) + 16, 0, 4);
	put(block(1) + 16, crc32_add(0, block(1), 92), 4);
	result = read_table();
	ram_disk_free(&disk);
	return result;
}

static void test_gpt_fields(void)
{
	CHECK(with_field(8, 0x10000, 4) == 2); /* as it was */
	CHECK(with_field(0, 0, 8) == -XEN_EINVAL);
	CHECK(with_field(12, 91, 4) == -XEN_EINVAL);
	CHECK(with_field(12, 513, 4) == -XEN_EINVAL);
	CHECK(with_field(12, ~0u, 4) == -XEN_EINVAL);
	CHECK(with_field(24, 2, 8) == -XEN_EINVAL);
	CHECK(with_field(48, SECTORS, 8) == -XEN_EINVAL);
	CHECK(with_field(48, ~0ull, 8) == -XEN_EINVAL);
	CHECK(with_field(72, SECTORS - 10, 8) == -XEN_EINVAL);
	CHECK(with_field(72, ~0ull, 8) == -XEN_EINVAL);
	CHECK(with_field(80, 129, 4) == -XEN_EINVAL); /* its checksum */
	CHECK(with_field(80, ~0u, 4) == -XEN_EINVAL);
	CHECK(with_field(80, 0, 4) == -XEN_EINVAL);
	CHECK(with_field(84, 0, 4) == -XEN_EINVAL);
	CHECK(with_field(84, 64, 4) == -XEN_EINVAL);
	CHECK(with_field(84, 132, 4) == -XEN_EINVAL);
	CHECK(with_field(84, 8192, 4) == -XEN_EINVAL);
	CHECK(with_field(40, 41, 8) == 1); /* the first is outside now */
}

static int with_entry(uint64_t first, uint64_t last)
{
	int result;

	make_gpt(SECTORS, 512);
	put_gpt_entry(block(2), 0, first, last, "x");
	seal_gpt(1);
	result = read_table();
	ram_disk_free(&disk);
	return result;
}

static void test_gpt_entries(void)
{
	CHECK(with_entry(50, 50) == 2);
	CHECK(with_entry(50, 49) == 1);
	CHECK(with_entry(39, 50) == 1);
	CHECK(with_entry(50, SECTORS) == 1);
	CHECK(with_entry(50, ~0ull) == 1);
	CHECK(with_entry(~0ull, ~0ull) == 1);
	CHECK(with_entry(0, ~0ull) == 1);
}

/* MBR --------------------------------------------------------------------- */

static void put_mbr(uint64_t sector, unsigned int i, uint8_t type,
		    uint32_t first, uint32_t count)
{
	uint8_t *e = disk.data + sector * BLOCK_SECTOR + 0x1be + 16 * i;

	e[4] = type;
	put(e + 8, first, 4);
	put(e + 12, count, 4);
	put(disk.data + sector * BLOCK_SECTOR + 0x1fe, 0xaa55, 2);
}

static void make_mbr(void)
{
	ram_disk_init(&disk, "vd0", SECTORS, 512);
	put(disk.data + 0x1b8, 0xdeadbeef, 4);
	put_mbr(0, 0, 0x83, 100, 200);
	put_mbr(0, 2, 0x05, 1000, 2000);
	put_mbr(1000, 0, 0x83, 10, 90);
	put_mbr(1000, 1, 0x05, 500, 500);
	put_mbr(1500, 0, 0x82, 1, 50);
}

static void test_mbr(void)
{
	make_mbr();
	CHECK(read_table() == 3);
	CHECK(entries[0].number == 1 && entries[0].sector == 100 &&
	      entries[0].sectors == 200);
	CHECK_TEXT(entries[0].uuid, "deadbeef-01");
	CHECK(entries[1].number == 5 && entries[1].sector == 1010);
	CHECK(entries[2].number == 6 && entries[2].sector == 1501 &&
	      entries[2].sectors == 50);
	CHECK_TEXT(entries[2].uuid, "deadbeef-06");
	ram_disk_free(&disk);
}

static void test_mbr_wrong(void)
{
	make_mbr();
	put_mbr(0, 0, 0x83, 0, 200); /* over the table itself */
	put_mbr(0, 1, 0x83, SECTORS, 1);
	put_mbr(0, 3, 0x83, 0xffffffff, 0xffffffff);
	CHECK(read_table() == 2);
	put_mbr(0, 0, 0x83, SECTORS - 1, 2);
	put_mbr(0, 1, 0x83, SECTORS - 1, 1);
	CHECK(read_table() == 3);
	put_mbr(1500, 1, 0x05, 0xffffffff, 1); /* leads out of the disk */
	CHECK(read_table() == 3);
	put_mbr(1500, 1, 0x05, 500, 1); /* leads to itself */
	CHECK(read_table() == PARTITIONS_MAX);
	put_mbr(1500, 0, 0x00, 1, 50);
	CHECK(read_table() == 2);
	disk.data[0x1be] = 0x33; /* code of a boot sector */
	CHECK(read_table() == 0);
	disk.data[0x1be] = 0x80;
	CHECK(read_table() == 2);
	disk.data[0x1ff] = 0;
	CHECK(read_table() == 0);
	disk.bad_sector = 0;
	disk.device.sectors = 1;
	CHECK(read_table() == 0);
	ram_disk_free(&disk);
}

/* Use --------------------------------------------------------------------- */

static int result;
static uint64_t sector_at_end;

static void done(struct block_request *request, int error)
{
	result = error;
	sector_at_end = request->sector;
	CHECK(request->context == &disk && request->done == done);
}

static int request_on(struct block_device *device, enum block_op op,
		      uint64_t sector, uint8_t *page)
{
	struct block_segment segment = { page, 0, BLOCK_SECTOR };
	struct block_request request = { .op = op,
					 .sector = sector,
					 .sectors = 1,
					 .segments = &segment,
					 .segment_count = 1,
					 .done = done,
					 .context = &disk };

	result = 1;
	block_submit(device, &request);
	block_kick(device);
	CHECK(sector_at_end == sector);
	return result;
}

static void test_use(void)
{
	struct block_device *first, *second;
	uint8_t page[BLOCK_PAGE] = { 0xaa };

	make_gpt(SECTORS, 512);
	memcpy(block(100) + 1024 + 120, "my label\033", 9);
	memcpy(block(100) + 1024 + 56, "\x53\xef", 2);
	block_register(&disk.device);
	partitions_scan(&disk.device);
	first = block_find("vd0p1");
	second = block_find("vd0p5");
	CHECK(first && second && first->sectors == 40);
	CHECK(request_on(first, BLOCK_WRITE, 39, page) == 0);
	CHECK(block(79)[0] == 0xaa);
	CHECK(request_on(first, BLOCK_WRITE, 40, page) == -XEN_EINVAL);
	CHECK(request_on(first, BLOCK_WRITE, ~0ull, page) == -XEN_EINVAL);
	CHECK(request_on(second, BLOCK_READ, 0, page) == 0 && page[0] == 0);
	CHECK(request_on(first, BLOCK_DISCARD, 39, page) == 0);
	CHECK(block(79)[0] == 0 && disk.discards == 1);

	CHECK(block_resolve("vd0p5") == second);
	CHECK(block_resolve("PARTLABEL=root") == first);
	CHECK(block_resolve("LABEL=root") == first);
	CHECK(block_resolve("LABEL=my label?") == second);
	CHECK(block_resolve("UUID=00000000-0000-0000-0000-000000000000") ==
	      second);
	CHECK(block_resolve("PARTUUID=03020100-0504-0706-0809-0A0B0C0D0E0F") ==
	      first);
	CHECK(block_resolve("UUID=03020100-0504-0706-0809-0a0b0c0d0e0f") ==
	      first);
	CHECK(!block_resolve("LABEL=") && !block_resolve("PARTLABEL=") &&
	      !block_resolve("x=") && !block_resolve(""));
	ram_disk_free(&disk);
}

static const struct test tests[] = {
	TEST(test_gpt),         TEST(test_gpt_copy), TEST(test_gpt_fields),
	TEST(test_gpt_entries), TEST(test_mbr),      TEST(test_mbr_wrong),
	TEST(test_use),
};

int main(void)
{
	return RUN_TESTS(tests);
}
