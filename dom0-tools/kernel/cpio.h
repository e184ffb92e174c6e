/* SPDX-License-Identifier: MIT */
/*
 * Reads "newc" cpio archives in memory. Pure: no state, no memory of its own,
 * safe on any bytes.
 */
#ifndef KERNEL_CPIO_H
#define KERNEL_CPIO_H

#include <stddef.h>

struct cpio_entry {
	const char *name; /* terminated, inside the archive */
	const void *data;
	size_t size;
	unsigned int mode; /* as in stat: file type and permissions */
};

enum cpio_result {
	CPIO_ENTRY,   /* *entry is filled */
	CPIO_END,     /* the archive's trailer, or no bytes are left */
	CPIO_DAMAGED, /* no header here, or an entry beyond the end */
};

/* Takes the entry at *offset and moves *offset behind it. */
enum cpio_result cpio_next(const void *archive, size_t size, size_t *offset,
			   struct cpio_entry *entry);

#endif /* KERNEL_CPIO_H */
