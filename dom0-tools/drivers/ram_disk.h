/* SPDX-License-Identifier: MIT */
/*
 * A disk in memory: the bytes of an image, if there is one, then zeros. What
 * is written goes into pages of its own (copy on write); the image is never
 * changed, and must stay where it is.
 *
 * Owns: the device and its pages. Pages are taken as they are written, down
 * to RAM_DISK_RESERVE free pages of the control domain; then writes fail with
 * -XEN_ENOSPC. Discarded pages are given back and read as the image again.
 */
#ifndef DRIVERS_RAM_DISK_H
#define DRIVERS_RAM_DISK_H

#include <stddef.h>
#include <stdint.h>

#include "drivers/block_device.h"

#define RAM_DISK_RESERVE 2048

/*
 * `bytes` is the size, cut to whole sectors of `sector_size` (512 or 4096);
 * image_size may be less. NULL without memory. Not registered.
 */
struct block_device *ram_disk_new(const void *image, size_t image_size,
				  uint64_t bytes, uint32_t sector_size);
void ram_disk_free(struct block_device *device);

#endif
