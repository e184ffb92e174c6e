/* SPDX-License-Identifier: MIT */
/*
 * The ramdisk's cpio reader: what it reads, and that no bytes make it read
 * outside of the archive (each case has its bytes in a heap block of their
 * exact size, so the address sanitizer sees any step beyond).
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/cpio.h"

static int failures;

static void check(const char *name, bool good, const char *why)
{
	if (good)
		printf("ok %s\n", name);
	else
		printf("not ok %s: %s\n", name, why);
	failures += !good;
}

struct archive {
	char bytes[4096];
	size_t size;
};

static void pad(struct archive *a)
{
	while (a->size % 4)
		a->bytes[a->size++] = '\0';
}

static void add(struct archive *a, const char *name, unsigned int mode,
		const char *data)
{
	size_t length = strlen(data);

	a->size += (size_t)sprintf(a->bytes + a->size,
				   "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x"
				   "%08x%08x%08zx%08x",
				   1, mode, 0, 0, 1, 0, length, 0, 0, 0, 0,
				   strlen(name) + 1, 0);
	strcpy(a->bytes + a->size, name);
	a->size += strlen(name) + 1;
	pad(a);
	memcpy(a->bytes + a->size, data, length);
	a->size += length;
	pad(a);
}

static void make(struct archive *a)
{
	a->size = 0;
	add(a, "guests", 040755, "");
	add(a, "guests/a.cfg", 0100644, "name='a'\n");
	add(a, "guests/empty", 0100644, "");
	add(a, "TRAILER!!!", 0, "");
}

/* Reads to the end: the number of entries, and how it ended. */
static int walk(const char *bytes, size_t size, enum cpio_result *end)
{
	char *copy = malloc(size ? size : 1);
	struct cpio_entry entry;
	size_t offset = 0;
	size_t sum = 0;
	int n = 0;

	memcpy(copy, bytes, size);
	while ((*end = cpio_next(copy, size, &offset, &entry)) == CPIO_ENTRY) {
		const unsigned char *data = entry.data;
		size_t i;

		for (i = 0; i < entry.size; i++)
			sum += data[i];
		sum += strlen(entry.name);
		n++;
	}
	free(copy);
	return sum == (size_t)-1 ? -1 : n;
}

static void test_reads(void)
{
	struct archive a;
	struct cpio_entry entry;
	size_t offset = 0;

	make(&a);
	cpio_next(a.bytes, a.size, &offset, &entry);
	check("cpio folder", entry.mode == 040755 && entry.size == 0, "wrong");
	cpio_next(a.bytes, a.size, &offset, &entry);
	check("cpio file",
	      strcmp(entry.name, "guests/a.cfg") == 0 && entry.size == 9 &&
		      memcmp(entry.data, "name='a'\n", 9) == 0,
	      "name or data differ");
	cpio_next(a.bytes, a.size, &offset, &entry);
	check("cpio empty file", entry.size == 0, "not empty");
	check("cpio end",
	      cpio_next(a.bytes, a.size, &offset, &entry) == CPIO_END,
	      "trailer not seen");
}

static void test_nothing(void)
{
	enum cpio_result end;

	walk("", 0, &end);
	check("cpio no bytes", end == CPIO_END, "not an end");
	walk("hello", 5, &end);
	check("cpio short garbage", end == CPIO_DAMAGED, "accepted");
}

/* Every cut but those between entries is damage, and no cut reads beyond. */
static void test_truncated(void)
{
	struct archive a;
	enum cpio_result end;
	bool good = true;
	size_t size;

	make(&a);
	for (size = 0; size < a.size; size++) {
		int n = walk(a.bytes, size, &end);

		good &= n <= 3;
	}
	check("cpio truncated", good, "entries out of nothing");
}

static void test_flipped(void)
{
	struct archive a;
	enum cpio_result end;
	bool good = true;
	size_t i;
	int bit;

	for (i = 0; i < 600; i++) {
		for (bit = 0; bit < 8; bit++) {
			make(&a);
			if (i >= a.size)
				break;
			a.bytes[i] ^= (char)(1 << bit);
			good &= walk(a.bytes, a.size, &end) <= 4;
		}
	}
	check("cpio flipped bits", good, "more entries than there are");
}

int main(void)
{
	test_reads();
	test_nothing();
	test_truncated();
	test_flipped();
	return failures != 0;
}
