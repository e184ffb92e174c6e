/* SPDX-License-Identifier: MIT */
/*
 * One decoder per format, all of the same shape: they fill a buffer of known
 * size from a bounded stream, through zlib, liblzma, liblz4 and libzstd, and
 * say how many bytes they produced. The comparison with the announced size
 * is made once, for all of them.
 */
#include "decompress.h"

#include <lz4.h>
#include <lzma.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

/* Kernels use a 32 MiB dictionary; the decoder adds some tables to it. */
#define XZ_MEMORY_LIMIT (65ull << 20)
/* One block of an LZ4 legacy frame unpacks to at most this. */
#define LZ4_BLOCK_SIZE (8u << 20)
#define LZ4_MAGIC      0x184c2102u

/* So much is unpacked before somebody is asked whether to go on. */
#define STEP_SIZE (1u << 20)

#define ull(x) ((unsigned long long)(x))

struct output {
	uint8_t *bytes;
	uint64_t size; /* of the buffer */
	uint64_t used;
	tk_interrupted *interrupted;
};

/* Returns -1 with an error set, or 0 and output->used set. */
typedef int decoder(struct output *output, const struct tk_reader *stream,
		    struct tk_error *err);

static decoder decode_gzip, decode_xz, decode_lz4, decode_zstd;

struct format {
	const char *name;
	const char *magic;
	size_t magic_size;
	decoder *decode; /* NULL: not supported */
};

/* clang-format off */
static const struct format formats[] = {
	[TK_COMPRESSION_NONE]  = { "none", "", 0, NULL },
	[TK_COMPRESSION_GZIP]  = { "gzip", "\x1f\x8b", 2, decode_gzip },
	[TK_COMPRESSION_XZ]    = { "xz", "\xfd" "7zXZ\0", 6, decode_xz },
	[TK_COMPRESSION_LZ4]   = { "LZ4", "\x02\x21\x4c\x18", 4, decode_lz4 },
	[TK_COMPRESSION_ZSTD]  = { "zstd", "\x28\xb5\x2f\xfd", 4, decode_zstd },
	[TK_COMPRESSION_BZIP2] = { "bzip2", "BZh", 3, NULL },
	[TK_COMPRESSION_LZMA]  = { "LZMA", "\x5d\x00\x00", 3, NULL },
	[TK_COMPRESSION_LZO]   = { "LZO", "\x89LZO", 4, NULL },
};
/* clang-format on */

#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

enum tk_compression tk_compression_detect(const struct tk_reader *stream)
{
	size_t i;

	for (i = 1; i < N_FORMATS; i++) {
		if (tk_reader_matches(stream, 0, formats[i].magic,
				      formats[i].magic_size))
			return (enum tk_compression)i;
	}
	return TK_COMPRESSION_NONE;
}

const char *tk_compression_name(enum tk_compression compression)
{
	return (size_t)compression < N_FORMATS ? formats[compression].name
					       : "unknown";
}

/* What any decoder may find; the names make the messages alike. */
static int fail_short(struct tk_error *err, const char *format)
{
	return tk_fail(err, "the %s data is cut short", format);
}

static int fail_damaged(struct tk_error *err, const char *format,
			const char *detail)
{
	return tk_fail(err, "the %s data is damaged: %s", format, detail);
}

static int fail_too_large(struct tk_error *err, const char *format,
			  const struct output *output)
{
	return tk_fail(err,
		       "the %s data unpacks to more than the announced %llu "
		       "bytes",
		       format, ull(output->size));
}

static int fail_no_memory(struct tk_error *err, const char *format)
{
	return tk_fail(err, "out of memory for the %s decoder", format);
}

static int go_on(const struct output *output, struct tk_error *err)
{
	return tk_go_on(output->interrupted, "unpacking", err);
}

static uint64_t step_size(const struct output *output)
{
	uint64_t room = output->size - output->used;

	return room < STEP_SIZE ? room : STEP_SIZE;
}

static int gzip_result(int rc, const z_stream *zlib,
		       const struct output *output, struct tk_error *err)
{
	if (rc == Z_STREAM_END)
		return 0;
	if (rc == Z_MEM_ERROR)
		return fail_no_memory(err, "gzip");
	if (rc == Z_OK || rc == Z_BUF_ERROR)
		return zlib->avail_in ? fail_too_large(err, "gzip", output)
				      : fail_short(err, "gzip");
	return fail_damaged(err, "gzip", zlib->msg ? zlib->msg : "not gzip");
}

static int decode_gzip(struct output *output, const struct tk_reader *stream,
		       struct tk_error *err)
{
	/* zlib counts in 32 bits; its input pointer predates const. */
	z_stream zlib = {
		.next_in = (Bytef *)(uintptr_t)stream->base,
		.avail_in = (uInt)stream->size,
		.next_out = output->bytes,
		.avail_out = (uInt)output->size,
	};
	int rc;

	/* 15 window bits; 16 more ask for the gzip wrapper. */
	if (inflateInit2(&zlib, 15 + 16) != Z_OK)
		return fail_no_memory(err, "gzip");
	rc = inflate(&zlib, Z_FINISH);
	output->used = output->size - zlib.avail_out;
	rc = gzip_result(rc, &zlib, output, err);
	inflateEnd(&zlib);
	return rc;
}

static int xz_fail(lzma_ret rc, const struct output *output, bool input_used,
		   struct tk_error *err)
{
	switch (rc) {
	case LZMA_MEM_ERROR:
		return fail_no_memory(err, "xz");
	case LZMA_MEMLIMIT_ERROR:
		return tk_fail(err,
			       "the xz data needs more than %llu MiB of memory "
			       "to unpack",
			       XZ_MEMORY_LIMIT >> 20);
	case LZMA_OPTIONS_ERROR:
	case LZMA_UNSUPPORTED_CHECK:
		return tk_fail(err,
			       "the xz data uses a filter or check that is not "
			       "supported");
	case LZMA_BUF_ERROR:
		return input_used ? fail_short(err, "xz")
				  : fail_too_large(err, "xz", output);
	case LZMA_FORMAT_ERROR:
		return fail_damaged(err, "xz", "wrong header");
	default:
		return fail_damaged(err, "xz", "wrong contents or checksum");
	}
}

static int decode_xz(struct output *output, const struct tk_reader *stream,
		     struct tk_error *err)
{
	lzma_stream lzma = LZMA_STREAM_INIT;
	lzma_ret rc = lzma_stream_decoder(&lzma, XZ_MEMORY_LIMIT,
					  LZMA_TELL_UNSUPPORTED_CHECK);
	int stopped = 0;

	if (rc != LZMA_OK)
		return xz_fail(rc, output, false, err);
	lzma.next_in = stream->base;
	lzma.avail_in = (size_t)stream->size;
	lzma.next_out = output->bytes;
	/* When it is full or cut short, the second call in vain reports it. */
	while (rc == LZMA_OK && !(stopped = go_on(output, err))) {
		lzma.avail_out = (size_t)step_size(output);
		rc = lzma_code(&lzma, LZMA_FINISH);
		output->used = (uint64_t)(lzma.next_out - output->bytes);
	}
	lzma_end(&lzma);
	if (rc == LZMA_STREAM_END || stopped)
		return stopped;
	return xz_fail(rc, output, !lzma.avail_in, err);
}

static int lz4_fail_block(struct tk_error *err, uint64_t offset)
{
	return tk_fail(err, "the LZ4 data is damaged: block at offset 0x%llx",
		       ull(offset));
}

/* Unpacks the block of `size` bytes at `offset`. */
static int lz4_decode_block(struct output *output,
			    const struct tk_reader *stream, uint64_t offset,
			    uint32_t size, struct tk_error *err)
{
	uint64_t room = output->size - output->used;
	const uint8_t *block = tk_reader_bytes(stream, offset, size);
	int produced;

	if (size > (uint32_t)LZ4_COMPRESSBOUND(LZ4_BLOCK_SIZE))
		return lz4_fail_block(err, offset);
	if (!block)
		return fail_short(err, "LZ4");
	if (room > LZ4_BLOCK_SIZE)
		room = LZ4_BLOCK_SIZE;
	produced = LZ4_decompress_safe((const char *)block,
				       (char *)output->bytes + output->used,
				       (int)size, (int)room);
	if (produced < 0)
		return lz4_fail_block(err, offset);
	output->used += (uint64_t)produced;
	return 0;
}

/*
 * A legacy frame: the magic number, then blocks behind their sizes. A size
 * equal to the magic number starts another frame.
 */
static int decode_lz4(struct output *output, const struct tk_reader *stream,
		      struct tk_error *err)
{
	uint64_t offset = 0;
	uint32_t size;

	while (offset < stream->size) {
		if (!tk_reader_u32(stream, offset, &size))
			return fail_short(err, "LZ4");
		offset += sizeof(size);
		if (size == LZ4_MAGIC)
			continue;
		if (go_on(output, err) ||
		    lz4_decode_block(output, stream, offset, size, err))
			return -1;
		offset += size;
	}
	return 0;
}

/*
 * In one step: the streaming interface would need a window of its own, which
 * is 128 MiB for kernels.
 */
static int decode_zstd(struct output *output, const struct tk_reader *stream,
		       struct tk_error *err)
{
	ZSTD_DCtx *context = ZSTD_createDCtx();
	size_t produced;

	if (!context)
		return fail_no_memory(err, "zstd");
	produced = ZSTD_decompressDCtx(context, output->bytes,
				       (size_t)output->size, stream->base,
				       (size_t)stream->size);
	ZSTD_freeDCtx(context);
	if (ZSTD_isError(produced))
		return fail_damaged(err, "zstd", ZSTD_getErrorName(produced));
	output->used = produced;
	return 0;
}

static int decode(struct output *output, const struct tk_reader *stream,
		  const struct format *format, struct tk_error *err)
{
	if (format->decode(output, stream, err))
		return -1;
	if (output->used == output->size)
		return 0;
	return tk_fail(
		err,
		"the %s data unpacks to %llu bytes, not to the announced "
		"%llu",
		format->name, ull(output->used), ull(output->size));
}

int tk_decompress(uint8_t **output, uint64_t size,
		  const struct tk_reader *stream,
		  enum tk_compression compression, tk_interrupted *interrupted,
		  struct tk_error *err)
{
	const struct format *format = &formats[compression];
	struct output buffer = { .size = size, .interrupted = interrupted };

	*output = NULL;
	if (!format->decode)
		return tk_fail(err, "%s compression is not supported",
			       format->name);
	if (!size)
		return tk_fail(err, "the %s data is announced to be empty",
			       format->name);
	if (size > UINT32_MAX || stream->size > UINT32_MAX)
		return tk_fail(err, "%s data of more than 4 GiB", format->name);
	buffer.bytes = malloc((size_t)size);
	if (!buffer.bytes)
		return tk_fail(err, "out of memory: unpacking takes %llu MiB",
			       ull((size >> 20) + 1));
	if (decode(&buffer, stream, format, err)) {
		free(buffer.bytes);
		return -1;
	}
	*output = buffer.bytes;
	return 0;
}
