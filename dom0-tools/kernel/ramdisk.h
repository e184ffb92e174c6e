/* SPDX-License-Identifier: MIT */
/*
 * The files that came with the control domain: every regular file of its
 * ramdisk, read-only, under an absolute path such as "/guests/hello.cfg".
 * Their bytes stay in place as long as the control domain runs.
 */
#ifndef KERNEL_RAMDISK_H
#define KERNEL_RAMDISK_H

#include <stdbool.h>
#include <stddef.h>

/* Reads the archive; prints what is wrong with it, and keeps what is not. */
void ramdisk_init(void);

/* False when there is no such file. A leading "/" may be left out. */
bool ramdisk_open(const char *path, const void **data, size_t *size);

/* Path of the index-th file in the archive's order, NULL past the last. */
const char *ramdisk_file_at(size_t index, size_t *size);

#endif /* KERNEL_RAMDISK_H */
