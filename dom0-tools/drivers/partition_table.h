/* SPDX-License-Identifier: MIT */
/*
 * Reading partition tables: GPT [UEFI 2.10, chapter 5] and MBR with extended
 * partitions. Whatever is on the disk, the entries returned lie within it.
 */
#ifndef DRIVERS_PARTITION_TABLE_H
#define DRIVERS_PARTITION_TABLE_H

#include "drivers/block_device.h"

#define PARTITIONS_MAX 128

struct partition_entry {
	unsigned int number;      /* from 1, as other systems count */
	uint64_t sector, sectors; /* of BLOCK_SECTOR bytes, at least one */
	char label[112];          /* UTF-8, of GPT; may be empty */
	char uuid[40];            /* PARTUUID, lower case */
};

/*
 * Returns the number of entries, 0 when there is no table; negative: the disk
 * cannot be read, or has a GPT of which both copies are damaged.
 */
int partition_table_read(struct block_device *disk,
			 struct partition_entry entries[PARTITIONS_MAX]);

#endif /* DRIVERS_PARTITION_TABLE_H */
