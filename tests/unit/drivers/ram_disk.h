/* SPDX-License-Identifier: MIT */
/*
 * A disk in memory for tests on the host, and block_sync.h on it. Requests
 * are done when the disk is kicked, or later when it is told to hold them.
 */
#ifndef TESTS_UNIT_DRIVERS_RAM_DISK_H
#define TESTS_UNIT_DRIVERS_RAM_DISK_H

#include "drivers/block_device.h"

struct ram_disk {
	struct block_device device;
	uint8_t *data;
	uint64_t bad_sector; /* every request that has it fails, if not 0 */
	bool hold;           /* kicks do nothing */
	bool newest_first;   /* else in the order of submission */
	unsigned int flushes, discards;
	struct block_request *waiting, **end;
};

/* Not registered; the memory is zeroed. */
void ram_disk_init(struct ram_disk *disk, const char *name, uint64_t sectors,
		   uint32_t sector_size);
void ram_disk_free(struct ram_disk *disk);
/* Does what waits, or one request of it; false: there was none. */
void ram_disk_run(struct ram_disk *disk);
bool ram_disk_step(struct ram_disk *disk);

#endif
