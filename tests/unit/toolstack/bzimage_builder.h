/* SPDX-License-Identifier: MIT */
/*
 * Compresses and wraps kernel images for tests, with the encoders of the same
 * libraries and with the filters and checks that Linux's build uses.
 */
#ifndef TESTS_UNIT_TOOLSTACK_BZIMAGE_BUILDER_H
#define TESTS_UNIT_TOOLSTACK_BZIMAGE_BUILDER_H

#include <stddef.h>
#include <stdint.h>

/* Where the payload of a bzImage made here begins. */
#define BUILDER_PAYLOAD (5 * 512 + 0x40)

struct bytes {
	uint8_t *data; /* malloc'ed, or NULL */
	size_t size;
};

/* Each returns the bare stream, to be freed by the caller. */
struct bytes pack_gzip(const void *data, size_t size);
struct bytes pack_xz(const void *data, size_t size);
struct bytes pack_xz_large(const void *data, size_t size); /* as Linux */
struct bytes pack_lz4(const void *data, size_t size);
struct bytes pack_zstd(const void *data, size_t size);

/* The stream with 4 more bytes that say what it unpacks to. Frees it. */
struct bytes with_size_word(struct bytes stream, uint32_t size);

/* A bzImage around the payload. Frees the payload. */
struct bytes wrap_bzimage(struct bytes payload);

#endif /* TESTS_UNIT_TOOLSTACK_BZIMAGE_BUILDER_H */
