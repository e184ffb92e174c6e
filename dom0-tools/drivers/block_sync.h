/* SPDX-License-Identifier: MIT */
/*
 * Disk access that waits, for the few who may: not from event handlers, which
 * run meanwhile. Pages are memory that disks can reach.
 */
#ifndef DRIVERS_BLOCK_SYNC_H
#define DRIVERS_BLOCK_SYNC_H

#include "drivers/block_device.h"

#define BLOCK_PAGE         4096u
#define BLOCK_PAGE_SECTORS (BLOCK_PAGE / BLOCK_SECTOR)

/* A page and its machine address; NULL: no memory. */
void *block_page_alloc(uint64_t *maddr);
void block_page_free(void *page);

/* At most a page, into a page of block_page_alloc(). 0 or an error. */
int block_read_page(struct block_device *device, uint64_t sector,
		    uint32_t sectors, void *page);

#endif /* DRIVERS_BLOCK_SYNC_H */
