/* SPDX-License-Identifier: MIT */
/*
 * The ramdisk as a flat list of files.
 *
 * Owns: files[], made once at start. Data stays in the ramdisk's own pages,
 * which pv-guest-lib maps and gives to nobody else.
 */
#include "kernel/ramdisk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pvguest/mm.h>
#include <pvguest/start.h>

#include "kernel/cpio.h"

#define MODE_TYPE    0170000u
#define MODE_REGULAR 0100000u

static struct file {
	char *path;
	const void *data;
	size_t size;
} * files;

static size_t file_count;

/* "./guests/a", "guests/a" and "/guests/a" are the same file. */
static const char *without_root(const char *path)
{
	for (;;) {
		if (path[0] == '/')
			path++;
		else if (path[0] == '.' && path[1] == '/')
			path += 2;
		else
			return path;
	}
}

static bool add_file(const struct cpio_entry *entry)
{
	const char *name = without_root(entry->name);
	size_t size = strlen(name) + 2;
	struct file *file = realloc(files, (file_count + 1) * sizeof(*files));

	if (!file)
		return false;
	files = file;
	file += file_count;
	file->path = malloc(size);
	if (!file->path)
		return false;
	snprintf(file->path, size, "/%s", name);
	file->data = entry->data;
	file->size = entry->size;
	file_count++;
	return true;
}

static const void *archive(void)
{
	uint64_t start = pv_start_info->mod_start;

	if (pv_start_info->flags & SIF_MOD_START_PFN)
		return pv_pfn_to_va(start);
	return (const void *)start;
}

void ramdisk_init(void)
{
	size_t size = pv_start_info->mod_len;
	size_t offset = 0;
	struct cpio_entry entry;
	enum cpio_result result;

	if (size == 0)
		return;
	while ((result = cpio_next(archive(), size, &offset, &entry)) ==
	       CPIO_ENTRY) {
		if ((entry.mode & MODE_TYPE) != MODE_REGULAR)
			continue;
		if (!add_file(&entry)) {
			printf("ramdisk: no memory for the list of files\n");
			return;
		}
	}
	if (result == CPIO_DAMAGED)
		printf("ramdisk: not a newc cpio archive at byte %lu of %lu\n",
		       (unsigned long)offset, (unsigned long)size);
}

bool ramdisk_open(const char *path, const void **data, size_t *size)
{
	const char *name = without_root(path);
	size_t i;

	for (i = 0; i < file_count; i++) {
		if (strcmp(files[i].path + 1, name) != 0)
			continue;
		*data = files[i].data;
		*size = files[i].size;
		return true;
	}
	return false;
}

const char *ramdisk_file_at(size_t index, size_t *size)
{
	if (index >= file_count)
		return NULL;
	*size = files[index].size;
	return files[index].path;
}
