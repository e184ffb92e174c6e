/* SPDX-License-Identifier: MIT */
/*
 * newlib on pv-guest-lib: link build/libpvguest-newlib.a and the C library's
 * malloc, stdio, time and exit work. Descriptors 0, 1 and 2 are the console;
 * reading it waits, with event handlers running meanwhile. Files exist as far
 * as the kernel offers them, and can only be read.
 */
#ifndef PVGUEST_NEWLIB_H
#define PVGUEST_NEWLIB_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Finds the bytes of the file at `path`: false when there is none. The bytes
 * must stay where they are as long as the kernel runs.
 */
typedef bool pv_file_lookup(const char *path, const void **data, size_t *size);

/* From now on, open() and stat() ask `lookup`; NULL: there are no files. */
void pv_files_register(pv_file_lookup *lookup);

#endif /* PVGUEST_NEWLIB_H */
