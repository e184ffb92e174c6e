/* SPDX-License-Identifier: MIT */
/*
 * GPT and MBR: partition_table.h. Blocks are the disk's own sectors, in which
 * the tables count; sectors are always of 512 bytes.
 *
 * A disk is a hostile file: every number read is checked against the disk
 * before it is used, with no sum that could wrap, and chains have an end.
 */
#include "drivers/partition_table.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <public/errno.h>

#include "drivers/block_sync.h"
#include "drivers/crc32.h"

/* Fields of the GPT header [UEFI 2.10, 5.3.2]. */
#define GPT_SIGNATURE    "EFI PART"
#define GPT_HEADER_SIZE  12
#define GPT_HEADER_CRC   16
#define GPT_MY_LBA       24
#define GPT_FIRST_USABLE 40
#define GPT_LAST_USABLE  48
#define GPT_ENTRIES_LBA  72
#define GPT_ENTRY_COUNT  80
#define GPT_ENTRY_SIZE   84
#define GPT_ENTRIES_CRC  88
#define GPT_HEADER_LEAST 92
#define GPT_ENTRY_LEAST  128
#define GPT_TABLE_MOST   (256u << 10)

/* Fields of an entry (5.3.3). */
#define ENTRY_GUID       16
#define ENTRY_FIRST      32
#define ENTRY_LAST       40
#define ENTRY_NAME       56
#define ENTRY_NAME_UNITS 36

/* MBR. */
#define MBR_DISK_ID       0x1b8
#define MBR_ENTRIES       0x1be
#define MBR_ENTRY_SIZE    16
#define MBR_SIGNATURE     0x1fe
#define TYPE_EMPTY        0x00
#define TYPE_EXTENDED     0x05
#define TYPE_EXTENDED_LBA 0x0f
#define TYPE_EXTENDED_2   0x85
#define TYPE_PROTECTIVE   0xee
#define FIRST_LOGICAL     5

struct reader {
	struct block_device *disk;
	uint32_t unit;   /* sectors of a block */
	uint64_t blocks; /* of the disk */
	uint8_t *page;   /* what was read last */
	struct partition_entry *entries;
	unsigned int count;
};

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t get32(const uint8_t *at)
{
	return get16(at) | (uint32_t)get16(at + 2) << 16;
}

static uint64_t get64(const uint8_t *at)
{
	return get32(at) | (uint64_t)get32(at + 4) << 32;
}

static int read_block(struct reader *r, uint64_t block)
{
	if (block >= r->blocks)
		return -XEN_EINVAL;
	return block_read_page(r->disk, block * r->unit, r->unit, r->page);
}

/* An entry for blocks first..last, which the caller has checked. */
static struct partition_entry *add(struct reader *r, unsigned int number,
				   uint64_t first, uint64_t last)
{
	struct partition_entry *entry;

	if (r->count == PARTITIONS_MAX)
		return NULL;
	entry = &r->entries[r->count++];
	memset(entry, 0, sizeof(*entry));
	entry->number = number;
	entry->sector = first * r->unit;
	entry->sectors = (last - first + 1) * r->unit;
	return entry;
}

/* GPT --------------------------------------------------------------------- */

struct gpt {
	uint64_t first_usable, last_usable, entries_lba;
	uint32_t count, entry_size, entries_crc;
	uint8_t *entries;
};

/* The header in the page, which is that of block `lba`. */
static bool parse_header(const struct reader *r, uint64_t lba, struct gpt *gpt)
{
	uint32_t size = get32(r->page + GPT_HEADER_SIZE);
	uint8_t *page = r->page;
	uint32_t crc = get32(page + GPT_HEADER_CRC);

	if (memcmp(page, GPT_SIGNATURE, 8) != 0 || size < GPT_HEADER_LEAST ||
	    size > r->unit * BLOCK_SECTOR)
		return false;
	memset(page + GPT_HEADER_CRC, 0, 4);
	if (crc32_add(0, page, size) != crc || get64(page + GPT_MY_LBA) != lba)
		return false;
	gpt->first_usable = get64(page + GPT_FIRST_USABLE);
	gpt->last_usable = get64(page + GPT_LAST_USABLE);
	gpt->entries_lba = get64(page + GPT_ENTRIES_LBA);
	gpt->count = get32(page + GPT_ENTRY_COUNT);
	gpt->entry_size = get32(page + GPT_ENTRY_SIZE);
	gpt->entries_crc = get32(page + GPT_ENTRIES_CRC);
	return gpt->last_usable < r->blocks &&
	       gpt->entry_size >= GPT_ENTRY_LEAST && gpt->entry_size % 8 == 0 &&
	       gpt->entry_size <= BLOCK_PAGE && gpt->count > 0 &&
	       gpt->count <= GPT_TABLE_MOST / gpt->entry_size;
}

/* All entries, in memory that is the caller's. */
static int read_entries(struct reader *r, struct gpt *gpt)
{
	size_t size = (size_t)gpt->count * gpt->entry_size, at, n;
	size_t block_size = (size_t)r->unit * BLOCK_SECTOR;
	uint64_t lba = gpt->entries_lba;
	int error;

	gpt->entries = calloc(gpt->count, gpt->entry_size);
	if (!gpt->entries)
		return -XEN_ENOMEM;
	for (at = 0; at < size; at += n) {
		error = read_block(r, lba++);
		if (error)
			return error;
		n = size - at < block_size ? size - at : block_size;
		memcpy(gpt->entries + at, r->page, n);
	}
	return crc32_add(0, gpt->entries, size) == gpt->entries_crc
		       ? 0
		       : -XEN_EINVAL;
}

static int read_copy(struct reader *r, uint64_t lba, struct gpt *gpt)
{
	int error = read_block(r, lba);

	gpt->entries = NULL;
	if (!error)
		error = parse_header(r, lba, gpt) ? 0 : -XEN_EINVAL;
	if (!error)
		error = read_entries(r, gpt);
	if (error) {
		free(gpt->entries);
		gpt->entries = NULL;
	}
	return error;
}

/* The first three fields of a GUID are little-endian numbers. */
static void format_guid(char *text, size_t size, const uint8_t *g)
{
	snprintf(text, size, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 (unsigned int)get32(g), get16(g + 4), get16(g + 6), g[8], g[9],
		 g[10], g[11], g[12], g[13], g[14], g[15]);
}

/* UTF-16 to UTF-8; what is outside the first 65536 becomes "??". */
static void format_name(char *text, const uint8_t *name)
{
	unsigned int i, c;

	for (i = 0; i < ENTRY_NAME_UNITS; i++) {
		c = get16(name + 2 * i);
		if (c == 0)
			break;
		if (c < 0x20 || c == 0x7f || (c >= 0xd800 && c < 0xe000))
			c = '?';
		if (c < 0x80) {
			*text++ = (char)c;
		} else if (c < 0x800) {
			*text++ = (char)(0xc0 | c >> 6);
			*text++ = (char)(0x80 | (c & 0x3f));
		} else {
			*text++ = (char)(0xe0 | c >> 12);
			*text++ = (char)(0x80 | (c >> 6 & 0x3f));
			*text++ = (char)(0x80 | (c & 0x3f));
		}
	}
	*text = '\0';
}

_Static_assert(ENTRY_NAME_UNITS * 3 <
		       sizeof(((struct partition_entry *)NULL)->label),
	       "a name fits");

static void add_gpt_entry(struct reader *r, const struct gpt *gpt,
			  unsigned int index)
{
	static const uint8_t unused[16];
	const uint8_t *raw = gpt->entries + (size_t)index * gpt->entry_size;
	uint64_t first = get64(raw + ENTRY_FIRST);
	uint64_t last = get64(raw + ENTRY_LAST);
	struct partition_entry *entry;

	if (memcmp(raw, unused, sizeof(unused)) == 0)
		return;
	if (first > last || first < gpt->first_usable ||
	    last > gpt->last_usable) {
		printf("%s: partition %u is not within the disk\n",
		       r->disk->name, index + 1);
		return;
	}
	entry = add(r, index + 1, first, last);
	if (!entry)
		return;
	format_guid(entry->uuid, sizeof(entry->uuid), raw + ENTRY_GUID);
	format_name(entry->label, raw + ENTRY_NAME);
}

static int read_gpt(struct reader *r)
{
	struct gpt gpt;
	unsigned int i;

	if (read_copy(r, 1, &gpt)) {
		printf("%s: the GPT is damaged, trying its copy\n",
		       r->disk->name);
		if (read_copy(r, r->blocks - 1, &gpt)) {
			printf("%s: so is the copy\n", r->disk->name);
			return -XEN_EINVAL;
		}
	}
	for (i = 0; i < gpt.count; i++)
		add_gpt_entry(r, &gpt, i);
	free(gpt.entries);
	return (int)r->count;
}

/* MBR --------------------------------------------------------------------- */

struct mbr_entry {
	uint8_t flags, type;
	uint32_t first, count; /* blocks */
};

static struct mbr_entry mbr_entry(const uint8_t *sector, unsigned int i)
{
	const uint8_t *raw = sector + MBR_ENTRIES + i * MBR_ENTRY_SIZE;

	return (struct mbr_entry){ raw[0], raw[4], get32(raw + 8),
				   get32(raw + 12) };
}

static bool is_extended(uint8_t type)
{
	return type == TYPE_EXTENDED || type == TYPE_EXTENDED_LBA ||
	       type == TYPE_EXTENDED_2;
}

/* Boot sectors of file systems end the same way, but have code there. */
static bool is_table(const uint8_t *sector)
{
	unsigned int i;

	if (get16(sector + MBR_SIGNATURE) != 0xaa55)
		return false;
	for (i = 0; i < 4; i++) {
		if (mbr_entry(sector, i).flags & 0x7f)
			return false;
	}
	return true;
}

static void add_mbr(struct reader *r, unsigned int number, uint32_t disk_id,
		    uint64_t first, uint64_t count)
{
	struct partition_entry *entry;

	if (count == 0 || first == 0 || first >= r->blocks ||
	    count > r->blocks - first) {
		printf("%s: partition %u is not within the disk\n",
		       r->disk->name, number);
		return;
	}
	entry = add(r, number, first, first + count - 1);
	if (entry)
		snprintf(entry->uuid, sizeof(entry->uuid), "%08x-%02x",
			 (unsigned int)disk_id, number);
}

/*
 * Each link of the chain has a table of its own: the first entry, relative to
 * the link, is a partition, the second, relative to the chain's begin, leads
 * to the next link. More links than entries: a circle.
 */
static void read_extended(struct reader *r, uint32_t disk_id, uint64_t begin)
{
	unsigned int number = FIRST_LOGICAL;
	struct mbr_entry here, next;
	uint64_t link = begin;

	while (number < FIRST_LOGICAL + PARTITIONS_MAX &&
	       !read_block(r, link) && is_table(r->page)) {
		here = mbr_entry(r->page, 0);
		next = mbr_entry(r->page, 1);
		if (here.type != TYPE_EMPTY && here.count != 0)
			add_mbr(r, number, disk_id, link + here.first,
				here.count);
		number++;
		if (!is_extended(next.type) || next.first == 0)
			break;
		link = begin + next.first;
	}
}

static int read_mbr(struct reader *r)
{
	uint32_t disk_id = get32(r->page + MBR_DISK_ID);
	uint64_t extended = 0;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		struct mbr_entry e = mbr_entry(r->page, i);

		if (e.type == TYPE_EMPTY || e.count == 0)
			continue;
		if (is_extended(e.type))
			extended = extended ? extended : e.first;
		else
			add_mbr(r, i + 1, disk_id, e.first, e.count);
	}
	if (extended)
		read_extended(r, disk_id, extended);
	return (int)r->count;
}

/* Both -------------------------------------------------------------------- */

static bool has_gpt(const uint8_t *sector)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		if (mbr_entry(sector, i).type == TYPE_PROTECTIVE)
			return true;
	}
	return false;
}

static int read_table(struct reader *r)
{
	int error = read_block(r, 0);

	if (error)
		return error;
	if (!is_table(r->page))
		return 0;
	return has_gpt(r->page) ? read_gpt(r) : read_mbr(r);
}

int partition_table_read(struct block_device *disk,
			 struct partition_entry entries[PARTITIONS_MAX])
{
	struct reader r = {
		.disk = disk,
		.unit = disk->sector_size / BLOCK_SECTOR,
		.entries = entries,
	};
	uint64_t maddr;
	int result;

	if (disk->sectors < 2 * r.unit)
		return 0;
	r.blocks = disk->sectors / r.unit;
	r.page = block_page_alloc(&maddr);
	if (!r.page)
		return -XEN_ENOMEM;
	result = read_table(&r);
	block_page_free(r.page);
	return result;
}
