/* SPDX-License-Identifier: MIT */
/*
 * Partitions: a request gets the sector on the disk and goes to the disk's
 * driver; on its way back it gets its own again. Names of disks: partition.h.
 *
 * Owns: the identities, which last as long as the machine runs.
 */
#include "drivers/partition.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "drivers/block_sync.h"
#include "drivers/partition_table.h"

/* The superblock of ext2, ext3 and ext4, and fields of it. */
#define EXT_SECTOR 2
#define EXT_MAGIC  56
#define EXT_UUID   104
#define EXT_LABEL  120
#define LABEL_SIZE 16

struct partition {
	struct block_device device;
	struct block_device *disk;
	uint64_t first;
};

/* device_data of a request on its way */
#define DATA_PARTITION 2
#define DATA_DONE      3

struct known {
	struct known *next;
	const struct block_device *device;
	struct block_identity identity;
};

static struct known *known_devices, **known_end = &known_devices;

/* Requests ---------------------------------------------------------------- */

static void give_back(struct block_request *request, int error)
{
	const struct partition *partition =
		(void *)(uintptr_t)request->device_data[DATA_PARTITION];

	request->sector -= partition->first;
	request->done = (void (*)(struct block_request *, int))(
				uintptr_t)request->device_data[DATA_DONE];
	request->done(request, error);
}

static void submit(struct block_device *device, struct block_request *request)
{
	struct partition *partition = device->driver;

	request->device_data[DATA_PARTITION] = (uintptr_t)partition;
	request->device_data[DATA_DONE] = (uintptr_t)request->done;
	request->sector += partition->first;
	request->done = give_back;
	partition->disk->ops->submit(partition->disk, request);
}

static void kick(struct block_device *device)
{
	struct partition *partition = device->driver;

	block_kick(partition->disk);
}

static const struct block_ops partition_ops = { submit, kick };

/* Identities -------------------------------------------------------------- */

static struct block_identity *identify(const struct block_device *device)
{
	struct known *known = calloc(1, sizeof(*known));

	if (!known)
		return NULL;
	known->device = device;
	*known_end = known;
	known_end = &known->next;
	return &known->identity;
}

const struct block_identity *block_identity(const struct block_device *device)
{
	const struct known *known = known_devices;

	while (known && known->device != device)
		known = known->next;
	return known ? &known->identity : NULL;
}

static void take_label(char *to, const uint8_t *from)
{
	unsigned int i;

	for (i = 0; i < LABEL_SIZE && from[i]; i++)
		to[i] = from[i] >= 0x20 && from[i] < 0x7f ? (char)from[i] : '?';
	to[i] = '\0';
}

static void take_uuid(char *to, size_t size, const uint8_t *u)
{
	snprintf(to, size,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
		 "%02x%02x%02x%02x%02x%02x",
		 u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9],
		 u[10], u[11], u[12], u[13], u[14], u[15]);
}

static void find_file_system(struct block_device *device,
			     struct block_identity *identity)
{
	uint64_t maddr;
	uint8_t *page = block_page_alloc(&maddr);
	const uint8_t *super;

	if (!page)
		return;
	super = page + EXT_SECTOR * BLOCK_SECTOR;
	if (device->sectors >= BLOCK_PAGE_SECTORS &&
	    !block_read_page(device, 0, BLOCK_PAGE_SECTORS, page) &&
	    super[EXT_MAGIC] == 0x53 && super[EXT_MAGIC + 1] == 0xef) {
		take_uuid(identity->uuid, sizeof(identity->uuid),
			  super + EXT_UUID);
		take_label(identity->label, super + EXT_LABEL);
	}
	block_page_free(page);
}

/* Partitions -------------------------------------------------------------- */

static void add(struct block_device *disk, const struct partition_entry *entry)
{
	struct partition *partition = calloc(1, sizeof(*partition));
	struct block_identity *identity;

	if (!partition)
		return;
	partition->disk = disk;
	partition->first = entry->sector;
	partition->device = *disk;
	partition->device.sectors = entry->sectors;
	partition->device.whole = disk;
	partition->device.ops = &partition_ops;
	partition->device.driver = partition;
	snprintf(partition->device.name, sizeof(partition->device.name),
		 "%.24sp%u", disk->name, entry->number);
	block_register(&partition->device);
	identity = identify(&partition->device);
	if (!identity)
		return;
	memcpy(identity->part_label, entry->label, sizeof(entry->label));
	memcpy(identity->part_uuid, entry->uuid, sizeof(entry->uuid));
	find_file_system(&partition->device, identity);
}

void partitions_scan(struct block_device *disk)
{
	struct partition_entry *entries =
		calloc(PARTITIONS_MAX, sizeof(*entries));
	struct block_identity *identity;
	int i, count;

	if (!entries)
		return;
	count = partition_table_read(disk, entries);
	if (count < 0)
		printf("%s: no partitions can be read (%d)\n", disk->name,
		       count);
	for (i = 0; i < count; i++)
		add(disk, &entries[i]);
	identity = count == 0 ? identify(disk) : NULL;
	if (identity)
		find_file_system(disk, identity);
	free(entries);
}

/* Names ------------------------------------------------------------------- */

static size_t offset_of(const char *kind)
{
	static const struct {
		const char *kind;
		size_t offset;
	} kinds[] = {
		{ "PARTLABEL=", offsetof(struct block_identity, part_label) },
		{ "PARTUUID=", offsetof(struct block_identity, part_uuid) },
		{ "LABEL=", offsetof(struct block_identity, label) },
		{ "UUID=", offsetof(struct block_identity, uuid) },
	};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strncmp(kind, kinds[i].kind, strlen(kinds[i].kind)) == 0)
			return kinds[i].offset;
	}
	return sizeof(struct block_identity);
}

/* Among what one field of all identities says. */
static struct block_device *find_by(size_t offset, const char *wanted)
{
	const struct known *known;
	const char *text;

	for (known = known_devices; known; known = known->next) {
		text = (const char *)&known->identity + offset;
		if (*text && strcasecmp(text, wanted) == 0)
			return block_find(known->device->name);
	}
	return NULL;
}

struct block_device *block_resolve(const char *name)
{
	size_t offset = offset_of(name);
	const char *wanted = strchr(name, '=');
	struct block_device *device;

	if (offset == sizeof(struct block_identity))
		return block_find(name);
	wanted++;
	device = find_by(offset, wanted);
	if (!device && strncmp(name, "LABEL=", 6) == 0)
		device = find_by(offset_of("PARTLABEL="), wanted);
	if (!device && strncmp(name, "UUID=", 5) == 0)
		device = find_by(offset_of("PARTUUID="), wanted);
	return device;
}
