/* SPDX-License-Identifier: MIT */
/*
 * Partitions as disks of their own, and disks by what they are called: the
 * labels and UUIDs of partition tables and of file systems (ext2 to ext4).
 */
#ifndef DRIVERS_PARTITION_H
#define DRIVERS_PARTITION_H

#include "drivers/block_device.h"

/* Empty texts: there is none. What a disk says, made printable. */
struct block_identity {
	char part_label[112], part_uuid[40];
	char label[20], uuid[40]; /* of the file system */
};

/*
 * Reads the disk's partition table, registers its partitions, and finds out
 * what it and they are called. Waits: not from event handlers.
 */
void partitions_scan(struct block_device *disk);

/*
 * A disk by its name ("vd0p1"), or by PARTLABEL=, PARTUUID=, LABEL= or UUID=
 * of a partition or file system; of several that match, the first. LABEL= and
 * UUID= that no file system has are looked for among the partitions' too.
 */
struct block_device *block_resolve(const char *name);

/* NULL: nothing is known of it. */
const struct block_identity *block_identity(const struct block_device *device);

#endif /* DRIVERS_PARTITION_H */
