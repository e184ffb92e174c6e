/* SPDX-License-Identifier: MIT */
/*
 * Where the contents of a guest's disk come from, by what the toolstack wrote
 * into the backend directory:
 *
 *	type  params           contents of
 *	phy   NAME, /dev/NAME  a disk or partition of this machine; also
 *	                       LABEL=, UUID=, PARTLABEL=, PARTUUID=
 *	file  PATH             a file under /guests, copied on write
 *	ram   SIZE[/SECTOR]    zeros, copied on write; K, M, G
 *
 * Owns: the RAM disks. Each has a name that the toolstack gives it, and keeps
 * what was written until blk_source_forget(), over any number of openings.
 * A machine's disk, with its partitions, has one writer or any readers.
 */
#ifndef BACKENDS_BLK_SOURCE_H
#define BACKENDS_BLK_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "drivers/block_device.h"

struct blk_source_request {
	const char *type;
	const char *params;
	const char *contents; /* name of a RAM disk */
	bool writable;
};

struct blk_source;

/* NULL: `why` says it in one line. */
struct blk_source *blk_source_open(const struct blk_source_request *request,
				   char *why, size_t why_size);
void blk_source_close(struct blk_source *source, bool writable);
struct block_device *blk_source_device(struct blk_source *source);

/* The contents of this name are no longer needed; at once, or when closed. */
void blk_source_forget(const char *contents);

#endif
