/* SPDX-License-Identifier: MIT */
/*
 * Entries of disk = [ ... ]: any text is either a disk that keeps the promises
 * of disk.h or gives one line.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "toolstack/disk.h"

static void check_disk(const struct tk_disk *disk)
{
	uint32_t number;

	FUZZ_CHECK(disk->target && *disk->target);
	FUZZ_CHECK(tk_vdev_number(disk->vdev, &number));
	FUZZ_CHECK(number == disk->number);
	FUZZ_CHECK(!disk->is_cdrom || disk->read_only);
	FUZZ_CHECK(tk_disk_type_name(disk->type));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *spec = malloc(size + 1);
	struct tk_error err = { "" };
	struct tk_disk disk;

	FUZZ_CHECK(spec);
	memcpy(spec, data, size);
	spec[size] = '\0';
	if (tk_disk_parse(&disk, spec, &err)) {
		FUZZ_CHECK(*err.text && !strchr(err.text, '\n'));
		FUZZ_CHECK(!disk.target);
	} else {
		check_disk(&disk);
		tk_disk_free(&disk);
	}
	free(spec);
	return 0;
}
