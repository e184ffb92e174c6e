/* SPDX-License-Identifier: MIT */
/*
 * Kernel files in every packing: round trips, cuts at every byte, flips of
 * every bit, sizes that lie, each allocation failing, and Debian's kernels
 * when a build has fetched them.
 */
#include "toolstack/bzimage.h"

#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bzimage_builder.h"
#include "check.h"
#include "elf_builder.h"
#include "image_is_sound.h"
#include "toolstack/decompress.h"
#include "toolstack/elf.h"

#define LIMIT (64ull << 20)

static struct elf_builder kernel;
static struct tk_elf_blob blob;
static struct tk_error err;

struct packing {
	const char *name;
	struct bytes (*pack)(const void *data, size_t size);
	bool has_checksum;
};

/* clang-format off */
static const struct packing packings[] = {
	{ "gzip", pack_gzip, true },
	{ "xz", pack_xz, true },
	{ "LZ4", pack_lz4, false },
	{ "zstd", pack_zstd, true },
};
/* clang-format on */

#define N_PACKINGS (sizeof(packings) / sizeof(packings[0]))

static tk_interrupted *interrupted;

static int unpack_limited(const struct bytes *file, uint64_t limit)
{
	const struct tk_unpack_limits limits = { .max_size = limit,
						 .interrupted = interrupted };

	memset(&err, 0, sizeof(err));
	return tk_kernel_unpack(&blob, file->data, file->size, &limits, &err);
}

static int unpack(const struct bytes *file)
{
	return unpack_limited(file, LIMIT);
}

static bool is_one_line(const char *text)
{
	return *text && !strchr(text, '\n');
}

static struct bytes make_payload(const struct packing *packing)
{
	struct bytes stream = packing->pack(kernel.bytes, kernel.size);

	/* The last word of gzip data is the size word. */
	if (packing->pack == pack_gzip)
		return stream;
	return with_size_word(stream, (uint32_t)kernel.size);
}

static struct bytes make_bzimage(const struct packing *packing)
{
	return wrap_bzimage(make_payload(packing));
}

static struct bytes plain_copy(void)
{
	struct bytes copy = { malloc(kernel.size), kernel.size };

	CHECK(copy.data);
	memcpy(copy.data, kernel.bytes, kernel.size);
	return copy;
}

static void check_unpacks_to_kernel(const struct bytes *file)
{
	if (unpack(file))
		check_fail(__FILE__, __LINE__, "%s", err.text);
	CHECK(blob.size == kernel.size);
	CHECK(!memcmp(blob.data, kernel.bytes, kernel.size));
	tk_elf_blob_free(&blob);
	CHECK(!blob.data && !blob.owned);
}

/* Frees the file. */
static void check_refused(struct bytes file, const char *error)
{
	if (!unpack(&file))
		check_fail(__FILE__, __LINE__,
			   "%zu bytes are accepted, not refused as \"%s\"",
			   file.size, error);
	CHECK_HAS(err.text, error);
	CHECK(is_one_line(err.text) && !blob.owned);
	free(file.data);
}

static void test_round_trips(void)
{
	struct bytes file;
	size_t i;

	builder_kernel(&kernel);
	for (i = 0; i < N_PACKINGS; i++) {
		file = make_bzimage(&packings[i]);
		check_unpacks_to_kernel(&file);
		free(file.data);
	}
	file = pack_gzip(kernel.bytes, kernel.size);
	check_unpacks_to_kernel(&file);
	free(file.data);
	file = pack_xz_large(kernel.bytes, kernel.size);
	file = wrap_bzimage(with_size_word(file, (uint32_t)kernel.size));
	check_unpacks_to_kernel(&file);
	free(file.data);
}

static void test_plain_files_are_not_copied(void)
{
	struct bytes file = { kernel.bytes, sizeof(kernel.bytes) };

	builder_kernel(&kernel);
	CHECK(!unpack(&file));
	CHECK(blob.data == kernel.bytes && !blob.owned);
	tk_elf_blob_free(&blob);
	file = wrap_bzimage(plain_copy());
	CHECK(!unpack(&file));
	CHECK(blob.data == file.data + BUILDER_PAYLOAD && !blob.owned);
	tk_elf_blob_free(&blob);
	free(file.data);
}

static void test_not_kernels(void)
{
	struct bytes file;

	check_refused((struct bytes){ NULL, 0 }, "the kernel file is empty");
	file = (struct bytes){ calloc(1, 100), 100 };
	check_refused(file, "not a kernel: neither an ELF file");
	file = wrap_bzimage((struct bytes){ calloc(1, 100), 100 });
	check_refused(file, "the bzImage payload is compressed in a way");
	builder_kernel(&kernel);
	file = wrap_bzimage(plain_copy());
	file.data[0x206] = 7;
	check_refused(file, "bzImage of boot protocol 2.07; 2.08 or later");
}

static void test_unsupported_formats_are_named(void)
{
	static const struct {
		const char *magic;
		const char *error;
	} rows[] = {
		{ "BZh91AY&", "bzip2 compression is not supported" },
		{ "\x5d\0\0\0\4xxx", "LZMA compression is not supported" },
		{ "\x89LZO\0\r\n\x1a", "LZO compression is not supported" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes payload = { malloc(8), 8 };

		CHECK(payload.data);
		memcpy(payload.data, rows[i].magic, 8);
		check_refused(wrap_bzimage(with_size_word(payload, 100)),
			      rows[i].error);
	}
}

static void test_limits(void)
{
	struct bytes file;
	size_t i;

	builder_kernel(&kernel);
	for (i = 0; i < N_PACKINGS; i++) {
		file = make_bzimage(&packings[i]);
		CHECK(unpack_limited(&file, kernel.size - 1));
		CHECK_TEXT(err.text, "the kernel unpacks to 12288 bytes; the "
				     "limit is 12287");
		CHECK(!unpack_limited(&file, kernel.size));
		tk_elf_blob_free(&blob);
		free(file.data);
	}
	file = plain_copy();
	CHECK(unpack_limited(&file, kernel.size - 1));
	free(file.data);
}

/* A size word that lies, in either direction. */
static void test_announced_size_is_wrong(void)
{
	size_t i;

	builder_kernel(&kernel);
	for (i = 1; i < N_PACKINGS; i++) {
		struct bytes stream =
			packings[i].pack(kernel.bytes, kernel.size);

		check_refused(wrap_bzimage(with_size_word(
				      stream, (uint32_t)kernel.size + 1)),
			      "unpacks to 12288 bytes, not to the announced "
			      "12289");
		stream = packings[i].pack(kernel.bytes, kernel.size);
		check_refused(wrap_bzimage(with_size_word(
				      stream, (uint32_t)kernel.size - 1)),
			      packings[i].name);
		stream = packings[i].pack(kernel.bytes, kernel.size);
		check_refused(wrap_bzimage(with_size_word(stream, 0)),
			      "is announced to be empty");
		stream = packings[i].pack(kernel.bytes, kernel.size);
		check_refused(wrap_bzimage(with_size_word(stream, UINT32_MAX)),
			      "unpacks to 4294967295 bytes; the limit is");
	}
}

/* gzip's own size word is part of what its checksum covers. */
static void test_gzip_size_is_wrong(void)
{
	struct bytes file;

	builder_kernel(&kernel);
	file = pack_gzip(kernel.bytes, kernel.size);
	file.data[file.size - 4]++;
	check_refused(file, "the gzip data is damaged: incorrect length check");
	file = pack_gzip(kernel.bytes, kernel.size);
	file.data[file.size - 3]--;
	check_refused(file, "the gzip data unpacks to more than the announced "
			    "12032 bytes");
}

/* The file ends too early; the header still tells the old length. */
static void test_every_cut_of_a_file(void)
{
	size_t i, size;

	builder_kernel(&kernel);
	for (i = 0; i < N_PACKINGS; i++) {
		struct bytes file = make_bzimage(&packings[i]);
		size_t end = file.size - 100; /* what follows the payload */

		for (size = 0; size < end; size++) {
			struct bytes cut = { malloc(size + !size), size };

			CHECK(cut.data);
			memcpy(cut.data, file.data, size);
			check_refused(cut, "");
		}
		free(file.data);
	}
}

/* The stream ends too early although header and size word are right. */
static void test_every_cut_of_a_stream(void)
{
	size_t i, size;

	builder_kernel(&kernel);
	for (i = 0; i < N_PACKINGS; i++) {
		struct bytes stream =
			packings[i].pack(kernel.bytes, kernel.size);
		size_t end = stream.size;

		/* The size word completes gzip data that lacks only that. */
		if (packings[i].pack == pack_gzip)
			end -= 4;
		for (size = 8; size < end; size++) {
			struct bytes cut = { malloc(size), size };

			CHECK(cut.data);
			memcpy(cut.data, stream.data, size);
			cut = with_size_word(cut, (uint32_t)kernel.size);
			check_refused(wrap_bzimage(cut), packings[i].name);
		}
		free(stream.data);
	}
}

static void check_flip(struct bytes *file, size_t bit, bool has_checksum)
{
	uint8_t mask = (uint8_t)(1u << bit % 8);

	file->data[bit / 8] ^= mask;
	if (unpack(file)) {
		CHECK(is_one_line(err.text) && !blob.owned);
	} else {
		CHECK(blob.size == kernel.size);
		if (has_checksum)
			CHECK(!memcmp(blob.data, kernel.bytes, kernel.size));
		tk_elf_blob_free(&blob);
	}
	file->data[bit / 8] ^= mask;
}

static void test_every_bit_flip(void)
{
	size_t i, bit;

	builder_kernel(&kernel);
	for (i = 0; i < N_PACKINGS; i++) {
		struct bytes file = make_bzimage(&packings[i]);
		size_t start = 8 * BUILDER_PAYLOAD;
		size_t end = 8 * (file.size - 100);

		for (bit = 8 * 0x1f0; bit < 8 * 0x260; bit++)
			check_flip(&file, bit, packings[i].has_checksum);
		for (bit = start; bit < end; bit++)
			check_flip(&file, bit, packings[i].has_checksum);
		free(file.data);
	}
}

/* The LZMA2 dictionary size is one byte in the block header at 12. */
static void test_xz_dictionary_is_bounded(void)
{
	struct bytes stream;
	uint32_t crc;
	size_t end, at;

	builder_kernel(&kernel);
	stream = pack_xz(kernel.bytes, kernel.size);
	end = 12 + (stream.data[12] + 1u) * 4 - 4;
	for (at = 12; memcmp(stream.data + at, "\x21\x01", 2); at++)
		CHECK(at < end);
	stream.data[at + 2] = 40; /* 4 GiB - 1 */
	crc = lzma_crc32(stream.data + 12, end - 12, 0);
	memcpy(stream.data + end, &crc, 4);
	check_refused(
		wrap_bzimage(with_size_word(stream, (uint32_t)kernel.size)),
		"the xz data needs more than 65 MiB of memory");
}

static unsigned int patience;

static bool user_interrupts(void)
{
	return !patience || !--patience;
}

/* How often it was asked whether to go on, until all was unpacked. */
static unsigned int count_interruptions(const struct bytes *file,
					const struct bytes *contents)
{
	unsigned int n;

	interrupted = user_interrupts;
	for (n = 1;; n++) {
		patience = n;
		if (!unpack(file))
			break;
		CHECK_TEXT(err.text,
			   "unpacking: interrupted, nothing of it is left");
		CHECK(!blob.owned);
	}
	interrupted = NULL;
	CHECK(blob.size == contents->size);
	CHECK(!memcmp(blob.data, contents->data, contents->size));
	tk_elf_blob_free(&blob);
	return n - 1;
}

static void test_interrupted(void)
{
	static uint8_t zeros[3 << 20];
	struct bytes contents = { zeros, sizeof(zeros) - 5 };
	struct bytes file = wrap_bzimage(with_size_word(
		pack_xz(zeros, contents.size), (uint32_t)contents.size));

	CHECK(count_interruptions(&file, &contents) == 3);
	free(file.data);
	contents.size = 2 << 20;
	file = wrap_bzimage(with_size_word(pack_xz(zeros, contents.size),
					   (uint32_t)contents.size));
	CHECK(count_interruptions(&file, &contents) >= 2);
	free(file.data);
	file = wrap_bzimage(with_size_word(pack_lz4(zeros, contents.size),
					   (uint32_t)contents.size));
	CHECK(count_interruptions(&file, &contents) == 1);
	free(file.data);
}

static void test_lz4_blocks(void)
{
	struct bytes stream;

	builder_kernel(&kernel);
	/* A second frame behind the first continues it. */
	stream = pack_lz4(kernel.bytes, kernel.size);
	stream = with_size_word(stream, 0x184c2102);
	stream = with_size_word(stream, (uint32_t)kernel.size);
	stream = wrap_bzimage(stream);
	check_unpacks_to_kernel(&stream);
	free(stream.data);
	/* A block larger than blocks may be. */
	stream = pack_lz4(kernel.bytes, kernel.size);
	stream.data[7] = 0x7f;
	check_refused(
		wrap_bzimage(with_size_word(stream, (uint32_t)kernel.size)),
		"the LZ4 data is damaged: block at offset 0x8");
}

static void test_every_allocation_may_fail(void)
{
	unsigned int n;
	size_t i;

	builder_kernel(&kernel);
	for (i = 0; i < N_PACKINGS; i++) {
		struct bytes file = make_bzimage(&packings[i]);

		for (n = 0; n < 100; n++) {
			int rc;

			alloc_fail_after(n);
			rc = unpack(&file);
			alloc_fail_never();
			if (!rc)
				break;
			CHECK(alloc_failed() && !blob.owned);
			CHECK_HAS(err.text, "out of memory");
		}
		CHECK(n && n < 100);
		tk_elf_blob_free(&blob);
		free(file.data);
	}
}

static struct bytes read_file(const char *path)
{
	struct bytes file = { NULL, 0 };
	FILE *stream = fopen(path, "rb");

	if (!stream)
		check_skip(path);
	CHECK(!fseek(stream, 0, SEEK_END));
	file.size = (size_t)ftell(stream);
	file.data = malloc(file.size + !file.size);
	CHECK(file.data);
	rewind(stream);
	CHECK(fread(file.data, 1, file.size, stream) == file.size);
	fclose(stream);
	return file;
}

/* Unpacks as it is, and not when it is cut. */
static void check_debian_kernel(const char *path)
{
	struct bytes file = read_file(path);
	struct tk_kernel_image image;
	size_t whole = file.size, i;

	if (unpack_limited(&file, 256u << 20) ||
	    tk_elf_parse(&image, blob.data, blob.size, &err))
		check_fail(__FILE__, __LINE__, "%s", err.text);
	CHECK(image_is_sound(&image, blob.size));
	CHECK_TEXT(image.guest_os, "linux");
	CHECK(image.virt_base == 0xffffffff80000000);
	CHECK(image.n_segments >= 4 && image.mod_start_pfn);
	tk_elf_blob_free(&blob);
	for (i = 0; i < 16; i++) {
		file.size = whole / 16 * i;
		CHECK(unpack_limited(&file, 256u << 20));
		CHECK(is_one_line(err.text));
	}
	free(file.data);
}

static void test_debian_kernel_xz(void)
{
	check_debian_kernel("build/guests/vmlinuz");
}

static void test_debian_kernel_lz4(void)
{
	check_debian_kernel("build/kernels/cloud-amd64");
}

static void test_debian_kernel_zstd(void)
{
	check_debian_kernel("build/kernels/6.12-amd64");
}

static const struct test tests[] = {
	TEST(test_round_trips),
	TEST(test_plain_files_are_not_copied),
	TEST(test_not_kernels),
	TEST(test_unsupported_formats_are_named),
	TEST(test_limits),
	TEST(test_announced_size_is_wrong),
	TEST(test_gzip_size_is_wrong),
	TEST(test_every_cut_of_a_file),
	TEST(test_every_cut_of_a_stream),
	TEST(test_every_bit_flip),
	TEST(test_xz_dictionary_is_bounded),
	TEST(test_interrupted),
	TEST(test_lz4_blocks),
	TEST(test_every_allocation_may_fail),
	TEST(test_debian_kernel_xz),
	TEST(test_debian_kernel_lz4),
	TEST(test_debian_kernel_zstd),
};

int main(void)
{
	return RUN_TESTS(tests);
}
