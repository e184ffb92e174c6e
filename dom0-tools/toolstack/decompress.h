/* SPDX-License-Identifier: MIT */
/*
 * Unpacks a compressed kernel into one buffer of a size known beforehand:
 * every format here is accompanied by its uncompressed size, so no output
 * can grow beyond what the caller agreed to (security-invariants TB-2).
 *
 * Memory: the output, and 32 KiB (gzip), up to 64 MiB (xz, by its
 * dictionary), nothing (LZ4) or about 200 KiB (zstd, decoded in one step so
 * that the output itself serves as the window) while it runs.
 */
#ifndef TOOLSTACK_DECOMPRESS_H
#define TOOLSTACK_DECOMPRESS_H

#include <stdint.h>

#include "error.h"
#include "image_reader.h"

enum tk_compression {
	TK_COMPRESSION_NONE, /* or one that nobody here knows */
	TK_COMPRESSION_GZIP,
	TK_COMPRESSION_XZ,
	TK_COMPRESSION_LZ4, /* the "legacy" frame that kernels use */
	TK_COMPRESSION_ZSTD,
	/* Recognised so that the message can name them. */
	TK_COMPRESSION_BZIP2,
	TK_COMPRESSION_LZMA,
	TK_COMPRESSION_LZO,
};

/* By the first bytes. */
enum tk_compression tk_compression_detect(const struct tk_reader *stream);

/* "gzip", "xz", ... */
const char *tk_compression_name(enum tk_compression compression);

/*
 * Unpacks `stream`, which must yield exactly `size` bytes, into a new buffer
 * that the caller frees. The size must have been judged: that much memory is
 * asked for. Between steps of a MiB, or what else the format allows, it asks
 * whether it is interrupted, which may be NULL.
 */
tk_must_check int tk_decompress(uint8_t **output, uint64_t size,
				const struct tk_reader *stream,
				enum tk_compression compression,
				tk_interrupted *interrupted,
				struct tk_error *err);

#endif /* TOOLSTACK_DECOMPRESS_H */
