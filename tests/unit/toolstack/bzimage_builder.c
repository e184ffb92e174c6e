/* SPDX-License-Identifier: MIT */
/*
 * See bzimage_builder.h. Failures of the encoders abort: they are not what is
 * tested.
 */
#include "bzimage_builder.h"

#include <lz4.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define LZ4_BLOCK_SIZE (8u << 20)

static void require(int condition)
{
	if (!condition)
		abort();
}

static struct bytes bytes_alloc(size_t size)
{
	struct bytes bytes = { .data = calloc(1, size), .size = size };

	require(bytes.data != NULL);
	return bytes;
}

static void put_u32(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
	at[2] = (uint8_t)(value >> 16);
	at[3] = (uint8_t)(value >> 24);
}

struct bytes pack_gzip(const void *data, size_t size)
{
	struct bytes out = bytes_alloc(compressBound(size) + 64);
	z_stream zlib = {
		.next_in = (Bytef *)(uintptr_t)data,
		.avail_in = (uInt)size,
		.next_out = out.data,
		.avail_out = (uInt)out.size,
	};

	require(deflateInit2(&zlib, 9, Z_DEFLATED, 15 + 16, 8,
			     Z_DEFAULT_STRATEGY) == Z_OK);
	require(deflate(&zlib, Z_FINISH) == Z_STREAM_END);
	out.size = zlib.total_out;
	deflateEnd(&zlib);
	return out;
}

static struct bytes pack_xz_with(const void *data, size_t size,
				 uint32_t dictionary)
{
	struct bytes out = bytes_alloc(lzma_stream_buffer_bound(size));
	lzma_options_lzma options;
	lzma_filter filters[] = {
		{ .id = LZMA_FILTER_X86, .options = NULL },
		{ .id = LZMA_FILTER_LZMA2, .options = &options },
		{ .id = LZMA_VLI_UNKNOWN, .options = NULL },
	};
	size_t used = 0;

	require(!lzma_lzma_preset(&options, 0));
	options.dict_size = dictionary;
	require(lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC32, NULL, data,
					  size, out.data, &used,
					  out.size) == LZMA_OK);
	out.size = used;
	return out;
}

/* Decoders allocate the dictionary, which takes time under ASan. */
struct bytes pack_xz(const void *data, size_t size)
{
	return pack_xz_with(data, size, 64 << 10);
}

struct bytes pack_xz_large(const void *data, size_t size)
{
	return pack_xz_with(data, size, 32 << 20);
}

struct bytes pack_lz4(const void *data, size_t size)
{
	struct bytes out =
		bytes_alloc(4 + (size / LZ4_BLOCK_SIZE +
				 1) * (4 + LZ4_COMPRESSBOUND(LZ4_BLOCK_SIZE)));
	size_t used = 4, done;

	put_u32(out.data, 0x184c2102);
	for (done = 0; done < size; done += LZ4_BLOCK_SIZE) {
		size_t part = size - done;
		int packed;

		if (part > LZ4_BLOCK_SIZE)
			part = LZ4_BLOCK_SIZE;
		packed = LZ4_compress_default(
			(const char *)data + done, (char *)out.data + used + 4,
			(int)part, (int)(out.size - used - 4));
		require(packed > 0);
		put_u32(out.data + used, (size_t)packed);
		used += 4 + (size_t)packed;
	}
	out.size = used;
	return out;
}

struct bytes pack_zstd(const void *data, size_t size)
{
	struct bytes out = bytes_alloc(ZSTD_compressBound(size) + 64);
	ZSTD_CCtx *context = ZSTD_createCCtx();

	require(context != NULL);
	ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	out.size = ZSTD_compress2(context, out.data, out.size, data, size);
	require(!ZSTD_isError(out.size));
	ZSTD_freeCCtx(context);
	return out;
}

struct bytes with_size_word(struct bytes stream, uint32_t size)
{
	stream.data = realloc(stream.data, stream.size + 4);
	require(stream.data != NULL);
	put_u32(stream.data + stream.size, size);
	stream.size += 4;
	return stream;
}

struct bytes wrap_bzimage(struct bytes payload)
{
	struct bytes out = bytes_alloc(BUILDER_PAYLOAD + payload.size + 100);

	out.data[0x1f1] = 4;
	memcpy(out.data + 0x1fe, "\x55\xaaxxHdrS\x0f\x02", 10);
	put_u32(out.data + 0x248, 0x40);
	put_u32(out.data + 0x24c, payload.size);
	memcpy(out.data + BUILDER_PAYLOAD, payload.data, payload.size);
	free(payload.data);
	return out;
}
