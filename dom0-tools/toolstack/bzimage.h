/* SPDX-License-Identifier: MIT */
/*
 * From a kernel file to the ELF image inside it: a plain ELF file as it is,
 * a gzipped ELF file unpacked, or the payload of a Linux bzImage unpacked.
 *
 * Owns: struct tk_elf_blob either refers to the caller's file, which must
 * then outlive it, or holds memory of its own; tk_elf_blob_free() knows.
 * Use: tk_kernel_unpack(), then tk_elf_parse() on blob.data and blob.size.
 */
#ifndef TOOLSTACK_BZIMAGE_H
#define TOOLSTACK_BZIMAGE_H

#include <stdint.h>

#include "error.h"

struct tk_elf_blob {
	const uint8_t *data;
	uint64_t size;
	uint8_t *owned; /* NULL: data points into the caller's file */
};

struct tk_unpack_limits {
	uint64_t max_size; /* of the unpacked image, and of a plain one */
	tk_interrupted *interrupted; /* or NULL, see error.h */
};

/*
 * Choose `max_size` by the memory that can be spared. On failure nothing is
 * left to free.
 */
tk_must_check int tk_kernel_unpack(struct tk_elf_blob *blob, const void *file,
				   uint64_t size,
				   const struct tk_unpack_limits *limits,
				   struct tk_error *err);

void tk_elf_blob_free(struct tk_elf_blob *blob);

#endif /* TOOLSTACK_BZIMAGE_H */
