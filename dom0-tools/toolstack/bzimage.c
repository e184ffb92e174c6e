/* SPDX-License-Identifier: MIT */
/*
 * Recognises kernel files and finds the payload of a Linux bzImage.
 *
 * What of the bzImage matters here (the boot protocol's names):
 *
 *   0x1f1 u8   setup_sects      sectors of real-mode code, 0 means 4
 *   0x1fe u16  boot_flag        0xaa55
 *   0x202      header           "HdrS"
 *   0x206 u16  version          payload_* exist since 0x0208
 *   0x248 u32  payload_offset   from the end of the real-mode code
 *   0x24c u32  payload_length   of stream and size word together
 *
 * The payload ends in a size word, the length of what it unpacks to. It
 * follows the compressed stream and is no part of it, except with gzip,
 * whose own last word it is.
 */
#include "bzimage.h"

#include <stdlib.h>
#include <string.h>

#include "decompress.h"
#include "image_reader.h"

#define SECTOR_SIZE                512
#define BOOT_FLAG                  0xaa55
#define FIRST_VERSION_WITH_PAYLOAD 0x0208
#define SIZE_WORD                  4

#define ull(x) ((unsigned long long)(x))

static bool is_elf(const struct tk_reader *image)
{
	return tk_reader_matches(image, 0, "\177ELF", 4);
}

static bool is_bzimage(const struct tk_reader *file)
{
	uint16_t boot_flag;

	return tk_reader_u16(file, 0x1fe, &boot_flag) &&
	       boot_flag == BOOT_FLAG &&
	       tk_reader_matches(file, 0x202, "HdrS", 4);
}

static int check_limit(uint64_t size, uint64_t max_size, struct tk_error *err)
{
	if (size <= max_size)
		return 0;
	return tk_fail(err,
		       "the kernel unpacks to %llu bytes; the limit is %llu",
		       ull(size), ull(max_size));
}

static int use_plain(struct tk_elf_blob *blob, const struct tk_reader *image,
		     uint64_t max_size, struct tk_error *err)
{
	if (check_limit(image->size, max_size, err))
		return -1;
	blob->data = image->base;
	blob->size = image->size;
	return 0;
}

/*
 * `data` is a compressed stream and its size word, or for gzip the stream
 * that ends in the size word.
 */
static int unpack_sized(struct tk_elf_blob *blob, const struct tk_reader *data,
			enum tk_compression compression,
			const struct tk_unpack_limits *limits,
			struct tk_error *err)
{
	struct tk_reader stream = *data;
	uint32_t size;

	if (data->size < SIZE_WORD ||
	    !tk_reader_u32(data, data->size - SIZE_WORD, &size))
		return tk_fail(err, "the %s data is cut short",
			       tk_compression_name(compression));
	if (compression != TK_COMPRESSION_GZIP)
		stream.size -= SIZE_WORD;
	if (check_limit(size, limits->max_size, err))
		return -1;
	if (tk_decompress(&blob->owned, size, &stream, compression,
			  limits->interrupted, err))
		return -1;
	blob->data = blob->owned;
	blob->size = size;
	return 0;
}

static int payload_find(const struct tk_reader *file, struct tk_reader *payload,
			struct tk_error *err)
{
	uint32_t offset, length;
	uint16_t version;
	uint8_t sectors;
	uint64_t start;

	if (!tk_reader_u8(file, 0x1f1, &sectors) ||
	    !tk_reader_u16(file, 0x206, &version) ||
	    !tk_reader_u32(file, 0x248, &offset) ||
	    !tk_reader_u32(file, 0x24c, &length))
		return tk_fail(err, "the bzImage header is cut short");
	if (version < FIRST_VERSION_WITH_PAYLOAD)
		return tk_fail(err,
			       "bzImage of boot protocol %u.%02u; 2.08 or "
			       "later is needed",
			       version >> 8, version & 0xffu);
	start = ((sectors ? sectors : 4u) + 1ull) * SECTOR_SIZE + offset;
	if (!tk_reader_sub(file, start, length, payload))
		return tk_fail(err,
			       "the bzImage payload (%u bytes at offset %llu) "
			       "lies outside the file of %llu bytes: is it cut "
			       "short?",
			       length, ull(start), ull(file->size));
	return 0;
}

static int unpack_bzimage(struct tk_elf_blob *blob,
			  const struct tk_reader *file,
			  const struct tk_unpack_limits *limits,
			  struct tk_error *err)
{
	enum tk_compression compression;
	struct tk_reader payload;

	if (payload_find(file, &payload, err))
		return -1;
	compression = tk_compression_detect(&payload);
	if (compression != TK_COMPRESSION_NONE)
		return unpack_sized(blob, &payload, compression, limits, err);
	if (is_elf(&payload))
		return use_plain(blob, &payload, limits->max_size, err);
	return tk_fail(err,
		       "the bzImage payload is compressed in a way that is not "
		       "known");
}

int tk_kernel_unpack(struct tk_elf_blob *blob, const void *data, uint64_t size,
		     const struct tk_unpack_limits *limits,
		     struct tk_error *err)
{
	struct tk_reader file = tk_reader_make(data, size);
	enum tk_compression compression = tk_compression_detect(&file);

	memset(blob, 0, sizeof(*blob));
	if (!size)
		return tk_fail(err, "the kernel file is empty");
	if (is_elf(&file))
		return use_plain(blob, &file, limits->max_size, err);
	if (is_bzimage(&file))
		return unpack_bzimage(blob, &file, limits, err);
	if (compression == TK_COMPRESSION_GZIP)
		return unpack_sized(blob, &file, compression, limits, err);
	return tk_fail(err,
		       "not a kernel: neither an ELF file, plain or gzipped, "
		       "nor a Linux bzImage");
}

void tk_elf_blob_free(struct tk_elf_blob *blob)
{
	free(blob->owned);
	memset(blob, 0, sizeof(*blob));
}
