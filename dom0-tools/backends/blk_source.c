/* SPDX-License-Identifier: MIT */
/* Disks for guests; see blk_source.h. */
#include "backends/blk_source.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/partition.h"
#include "drivers/ram_disk.h"
#include "kernel/ramdisk.h"

#define NAME_SIZE      160
#define SIZE_MAX_BYTES (1ull << 40)

/* One for each disk that is open, and for each RAM disk that is kept. */
struct blk_source {
	struct blk_source *next;
	struct block_device *device;
	char contents[NAME_SIZE]; /* "" for a machine's disk */
	unsigned int readers, writers;
	bool is_forgotten;
};

static struct blk_source *sources;

struct block_device *blk_source_device(struct blk_source *source)
{
	return source->device;
}

static struct blk_source *find(const struct block_device *device,
			       const char *contents)
{
	struct blk_source *source;

	for (source = sources; source; source = source->next) {
		if (source->is_forgotten)
			continue;
		if (device ? source->device == device
			   : !strcmp(source->contents, contents))
			return source;
	}
	return NULL;
}

static struct blk_source *add(struct block_device *device, const char *contents)
{
	struct blk_source *source = calloc(1, sizeof(*source));

	if (!source)
		return NULL;
	source->device = device;
	snprintf(source->contents, sizeof(source->contents), "%s", contents);
	source->next = sources;
	sources = source;
	return source;
}

static void release(struct blk_source *source)
{
	struct blk_source **place = &sources;

	while (*place != source)
		place = &(*place)->next;
	*place = source->next;
	if (*source->contents)
		ram_disk_free(source->device);
	free(source);
}

/* "64M", "1G", "8192"; 0 when it is no size. */
static uint64_t parse_size(const char *text, char **end)
{
	static const char units[] = "KMG";
	uint64_t size = strtoull(text, end, 10);
	const char *unit = **end ? strchr(units, **end) : NULL;
	unsigned int shift = unit ? 10 * (unsigned int)(unit - units + 1) : 0;

	if (*end == text || *text == '-' || size > SIZE_MAX_BYTES >> shift)
		return 0;
	*end += unit != NULL;
	return size << shift;
}

static struct block_device *new_blank(const char *params, char *why,
				      size_t why_size)
{
	char *end;
	uint64_t bytes = parse_size(params, &end);
	unsigned long sector = *end == '/' ? strtoul(end + 1, &end, 10) : 512;
	struct block_device *device;

	if (*end || (sector != 512 && sector != 4096) || bytes < sector) {
		snprintf(why, why_size, "ram:%s: not a size", params);
		return NULL;
	}
	device = ram_disk_new(NULL, 0, bytes, (uint32_t)sector);
	if (!device)
		snprintf(why, why_size, "ram:%s: not enough memory", params);
	return device;
}

static bool find_file(const char *path, const void **data, size_t *size)
{
	char full[NAME_SIZE];

	if (ramdisk_open(path, data, size))
		return true;
	snprintf(full, sizeof(full), "/guests/%s", path);
	return ramdisk_open(full, data, size);
}

static struct block_device *new_copy(const char *path, char *why,
				     size_t why_size)
{
	const void *data;
	size_t size;
	struct block_device *device;

	if (!find_file(path, &data, &size)) {
		snprintf(why, why_size, "%s: no such file", path);
		return NULL;
	}
	if (size < BLOCK_SECTOR) {
		snprintf(why, why_size, "%s: smaller than a sector", path);
		return NULL;
	}
	device = ram_disk_new(data, size, size, BLOCK_SECTOR);
	if (!device)
		snprintf(why, why_size, "%s: not enough memory", path);
	return device;
}

static struct blk_source *open_memory(const struct blk_source_request *request,
				      char *why, size_t why_size)
{
	struct blk_source *source = find(NULL, request->contents);
	struct block_device *device;

	if (source)
		return source;
	device = !strcmp(request->type, "ram")
			 ? new_blank(request->params, why, why_size)
			 : new_copy(request->params, why, why_size);
	if (!device)
		return NULL;
	source = add(device, request->contents);
	if (!source) {
		ram_disk_free(device);
		snprintf(why, why_size, "not enough memory");
	}
	return source;
}

/* "/dev/vd0", "/dev/disk/by-uuid/...", or what block_resolve() knows. */
static struct block_device *resolve(const char *name)
{
	static const struct {
		const char *folder, *kind;
	} links[] = {
		{ "/dev/disk/by-label/", "LABEL=" },
		{ "/dev/disk/by-uuid/", "UUID=" },
		{ "/dev/disk/by-partlabel/", "PARTLABEL=" },
		{ "/dev/disk/by-partuuid/", "PARTUUID=" },
		{ "/dev/", "" },
	};
	char full[NAME_SIZE];
	size_t i;

	for (i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		size_t length = strlen(links[i].folder);

		if (strncmp(name, links[i].folder, length) != 0)
			continue;
		snprintf(full, sizeof(full), "%s%s", links[i].kind,
			 name + length);
		return block_resolve(full);
	}
	return block_resolve(name);
}

static bool overlap(const struct block_device *a, const struct block_device *b)
{
	return a == b || a->whole == b || b->whole == a;
}

/* Two guests may share what neither of them writes. */
static bool is_free(const struct block_device *device, bool writable)
{
	const struct blk_source *source;

	for (source = sources; source; source = source->next) {
		if (overlap(source->device, device) &&
		    (writable || source->writers))
			return false;
	}
	return true;
}

static struct blk_source *open_machine(const struct blk_source_request *request,
				       char *why, size_t why_size)
{
	struct block_device *device = resolve(request->params);
	struct blk_source *source;

	if (!device) {
		snprintf(why, why_size, "%s: no such disk", request->params);
		return NULL;
	}
	if (request->writable && device->read_only) {
		snprintf(why, why_size, "%s: can only be read", device->name);
		return NULL;
	}
	if (!is_free(device, request->writable)) {
		snprintf(why, why_size, "%s: in use by another guest",
			 device->name);
		return NULL;
	}
	source = find(device, "");
	if (!source)
		source = add(device, "");
	if (!source)
		snprintf(why, why_size, "not enough memory");
	return source;
}

struct blk_source *blk_source_open(const struct blk_source_request *request,
				   char *why, size_t why_size)
{
	struct blk_source *source;

	if (!strcmp(request->type, "phy")) {
		source = open_machine(request, why, why_size);
	} else if (!*request->contents) {
		snprintf(why, why_size, "key contents is missing");
		return NULL;
	} else {
		source = open_memory(request, why, why_size);
	}
	if (source && request->writable)
		source->writers++;
	else if (source)
		source->readers++;
	return source;
}

void blk_source_close(struct blk_source *source, bool writable)
{
	if (writable)
		source->writers--;
	else
		source->readers--;
	if (source->readers || source->writers)
		return;
	if (!*source->contents || source->is_forgotten)
		release(source);
}

void blk_source_forget(const char *contents)
{
	struct blk_source *source = find(NULL, contents);

	if (!source || !*contents)
		return;
	source->is_forgotten = true;
	if (!source->readers && !source->writers)
		release(source);
}
