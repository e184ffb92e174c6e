/* SPDX-License-Identifier: MIT */
/*
 * newc cpio: a header of 110 characters (magic and 13 numbers of 8 hex
 * digits), the name with its terminator, the data; the header with name and
 * the data each padded to 4 bytes. An entry named TRAILER!!! ends it.
 */
#include "kernel/cpio.h"

#include <stdbool.h>
#include <string.h>

#define HEADER_SIZE 110
#define MAGIC       "070701"
#define MAGIC_CRC   "070702"
#define MAGIC_SIZE  6
#define FIELD_SIZE  8
#define TRAILER     "TRAILER!!!"

enum field {
	FIELD_MODE = 1,
	FIELD_FILESIZE = 6,
	FIELD_NAMESIZE = 11
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool read_field(const char *header, enum field field, size_t *value)
{
	const char *text = header + MAGIC_SIZE + FIELD_SIZE * field;
	int i;

	*value = 0;
	for (i = 0; i < FIELD_SIZE; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0)
			return false;
		*value = *value << 4 | (size_t)digit;
	}
	return true;
}

static bool is_header(const char *header)
{
	return memcmp(header, MAGIC, MAGIC_SIZE) == 0 ||
	       memcmp(header, MAGIC_CRC, MAGIC_SIZE) == 0;
}

static size_t round4(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

enum cpio_result cpio_next(const void *archive, size_t size, size_t *offset,
			   struct cpio_entry *entry)
{
	size_t start = *offset;
	size_t left = start < size ? size - start : 0;
	const char *header = (const char *)archive + start;
	size_t mode, data_size, name_size, data_at;

	if (left == 0)
		return CPIO_END;
	if (left < HEADER_SIZE || !is_header(header) ||
	    !read_field(header, FIELD_MODE, &mode) ||
	    !read_field(header, FIELD_FILESIZE, &data_size) ||
	    !read_field(header, FIELD_NAMESIZE, &name_size))
		return CPIO_DAMAGED;
	/* Each is below 4 GiB: the sums cannot overflow 64 bits. */
	data_at = round4(HEADER_SIZE + name_size);
	if (name_size == 0 || HEADER_SIZE + name_size > left ||
	    header[HEADER_SIZE + name_size - 1] != '\0')
		return CPIO_DAMAGED;
	if (strcmp(header + HEADER_SIZE, TRAILER) == 0)
		return CPIO_END;
	if (data_at > left || data_size > left - data_at)
		return CPIO_DAMAGED;
	entry->name = header + HEADER_SIZE;
	entry->data = header + data_at;
	entry->size = data_size;
	entry->mode = (unsigned int)mode;
	*offset = start + round4(data_at + data_size);
	return CPIO_ENTRY;
}
