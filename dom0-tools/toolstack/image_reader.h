/* SPDX-License-Identifier: MIT */
/*
 * The one way in which image parsers look at untrusted bytes: a base and a
 * size, and accessors that refuse what does not lie inside. Offsets and
 * lengths are 64-bit, as files state them, and no sum can wrap.
 *
 * Owns: nothing, it is a view; the bytes must outlive it.
 * Contract: security-invariants TB-1. A parser that needs a raw pointer asks
 * tk_reader_bytes() for exactly the range that it will touch.
 */
#ifndef TOOLSTACK_IMAGE_READER_H
#define TOOLSTACK_IMAGE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct tk_reader {
	const uint8_t *base;
	uint64_t size;
};

static inline struct tk_reader tk_reader_make(const void *base, uint64_t size)
{
	return (struct tk_reader){ .base = base, .size = size };
}

static inline bool tk_reader_has(const struct tk_reader *reader,
				 uint64_t offset, uint64_t length)
{
	return offset <= reader->size && length <= reader->size - offset;
}

/* NULL when the range is not inside. */
static inline const uint8_t *tk_reader_bytes(const struct tk_reader *reader,
					     uint64_t offset, uint64_t length)
{
	if (!tk_reader_has(reader, offset, length) || !reader->base)
		return NULL;
	return reader->base + offset;
}

/* A reader over part of another; false when the part is not inside. */
static inline bool tk_reader_sub(const struct tk_reader *reader,
				 uint64_t offset, uint64_t length,
				 struct tk_reader *sub)
{
	const uint8_t *base = tk_reader_bytes(reader, offset, length);

	if (!base)
		return false;
	*sub = tk_reader_make(base, length);
	return true;
}

/* Little-endian number of 1 to 8 bytes. */
static inline bool tk_reader_number(const struct tk_reader *reader,
				    uint64_t offset, unsigned int width,
				    uint64_t *value)
{
	const uint8_t *bytes = tk_reader_bytes(reader, offset, width);
	unsigned int i;

	if (!bytes || width > sizeof(*value))
		return false;
	*value = 0;
	for (i = 0; i < width; i++)
		*value |= (uint64_t)bytes[i] << (8 * i);
	return true;
}

static inline bool tk_reader_u8(const struct tk_reader *reader, uint64_t offset,
				uint8_t *value)
{
	uint64_t number;

	if (!tk_reader_number(reader, offset, sizeof(*value), &number))
		return false;
	*value = (uint8_t)number;
	return true;
}

static inline bool tk_reader_u16(const struct tk_reader *reader,
				 uint64_t offset, uint16_t *value)
{
	uint64_t number;

	if (!tk_reader_number(reader, offset, sizeof(*value), &number))
		return false;
	*value = (uint16_t)number;
	return true;
}

static inline bool tk_reader_u32(const struct tk_reader *reader,
				 uint64_t offset, uint32_t *value)
{
	uint64_t number;

	if (!tk_reader_number(reader, offset, sizeof(*value), &number))
		return false;
	*value = (uint32_t)number;
	return true;
}

static inline bool tk_reader_u64(const struct tk_reader *reader,
				 uint64_t offset, uint64_t *value)
{
	return tk_reader_number(reader, offset, sizeof(*value), value);
}

/* Do the bytes at `offset` equal these? */
static inline bool tk_reader_matches(const struct tk_reader *reader,
				     uint64_t offset, const void *bytes,
				     size_t length)
{
	const uint8_t *at = tk_reader_bytes(reader, offset, length);

	return at && !memcmp(at, bytes, length);
}

/*
 * Copies a string that ends at a NUL or at the end of the reader. False when
 * it does not fit into `size` bytes with its NUL.
 */
static inline bool tk_reader_string(const struct tk_reader *reader,
				    uint64_t offset, char *text, size_t size)
{
	size_t length = 0;

	if (offset > reader->size || !size)
		return false;
	while (offset + length < reader->size && reader->base[offset + length])
		length++;
	if (length >= size)
		return false;
	if (length)
		memcpy(text, reader->base + offset, length);
	text[length] = '\0';
	return true;
}

#endif /* TOOLSTACK_IMAGE_READER_H */
