/* SPDX-License-Identifier: MIT */
/* See symbols.h. Numbers of the ELF format are from its specification. */
#include "symbols.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "image_reader.h"

/* More than any kernel has; a file that says so is taken for damaged. */
#define SYMBOLS_MAX 4000000u

static bool add(struct tk_symbols *symbols, uint64_t address, const char *name,
		size_t length)
{
	if (symbols->count == symbols->room) {
		size_t room = symbols->room ? 2 * symbols->room : 64;
		struct tk_symbol *list =
			realloc(symbols->list, room * sizeof(*list));

		if (!list)
			return false;
		symbols->list = list;
		symbols->room = room;
	}
	symbols->list[symbols->count++] =
		(struct tk_symbol){ address, name, length };
	return symbols->count < SYMBOLS_MAX;
}

static int compare(const void *a, const void *b)
{
	const struct tk_symbol *left = a, *right = b;

	return (left->address > right->address) -
	       (left->address < right->address);
}

/* ELF --------------------------------------------------------------------- */

#define SECTION_SIZE 64u
#define SYMBOL_SIZE  24u
#define SHT_SYMTAB   2u
#define STT_NOTYPE   0u
#define STT_FUNC     2u

struct section {
	uint32_t type, link;
	uint64_t offset, size;
};

static bool read_section(const struct tk_reader *file, uint64_t at,
			 struct section *section)
{
	return tk_reader_u32(file, at + 4, &section->type) &&
	       tk_reader_u64(file, at + 24, &section->offset) &&
	       tk_reader_u64(file, at + 32, &section->size) &&
	       tk_reader_u32(file, at + 40, &section->link);
}

static bool add_elf_symbol(struct tk_symbols *symbols,
			   const struct tk_reader *table, uint64_t at,
			   const struct tk_reader *names)
{
	uint32_t name;
	uint8_t info;
	uint16_t section;
	uint64_t address;
	size_t length = 0;

	if (!tk_reader_u32(table, at, &name) ||
	    !tk_reader_u8(table, at + 4, &info) ||
	    !tk_reader_u16(table, at + 6, &section) ||
	    !tk_reader_u64(table, at + 8, &address))
		return false;
	/* Functions, and labels of assembly, that are defined here. */
	if (((info & 0xf) != STT_FUNC && (info & 0xf) != STT_NOTYPE) ||
	    !section || name >= names->size)
		return true;
	while (name + length < names->size && names->base[name + length])
		length++;
	return !length ||
	       add(symbols, address, (const char *)names->base + name, length);
}

static bool load_elf(struct tk_symbols *symbols, const struct tk_reader *file)
{
	struct section section, strings;
	struct tk_reader table, names;
	uint64_t headers, at, i;
	uint16_t count, n;

	if (!tk_reader_u64(file, 40, &headers) ||
	    !tk_reader_u16(file, 60, &count) || headers > file->size)
		return false;
	for (n = 0; n < count; n++) {
		at = headers + (uint64_t)n * SECTION_SIZE;
		if (!read_section(file, at, &section))
			return false;
		if (section.type != SHT_SYMTAB || section.link >= count)
			continue;
		if (!read_section(file,
				  headers +
					  (uint64_t)section.link * SECTION_SIZE,
				  &strings) ||
		    !tk_reader_sub(file, section.offset, section.size,
				   &table) ||
		    !tk_reader_sub(file, strings.offset, strings.size, &names))
			return false;
		for (i = 0; i + SYMBOL_SIZE <= table.size; i += SYMBOL_SIZE) {
			if (!add_elf_symbol(symbols, &table, i, &names))
				return false;
		}
	}
	return true;
}

/* System.map -------------------------------------------------------------- */

static bool read_hex(const char *text, size_t size, uint64_t *value)
{
	size_t i;

	*value = 0;
	for (i = 0; i < size; i++) {
		char c = text[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
						   : -1;

		if (digit < 0)
			return false;
		*value = *value << 4 | (uint64_t)digit;
	}
	return size == 16;
}

/* "ffffffff81000000 T _text": 16 digits, a type, a name. */
static bool add_map_line(struct tk_symbols *symbols, const char *line,
			 size_t length)
{
	uint64_t address;

	if (length < 20 || !read_hex(line, 16, &address) || line[16] != ' ' ||
	    line[18] != ' ')
		return false;
	return !strchr("tTwW", line[17]) ||
	       add(symbols, address, line + 19, length - 19);
}

static bool load_map(struct tk_symbols *symbols, const char *text, size_t size)
{
	const char *end = text + size;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t length = (size_t)((newline ? newline : end) - text);

		if (length && !add_map_line(symbols, text, length))
			return false;
		text += length + 1;
	}
	return true;
}

int tk_symbols_load(struct tk_symbols *symbols, const void *data, uint64_t size,
		    struct tk_error *err)
{
	const struct tk_reader file = tk_reader_make(data, size);
	bool is_good;

	memset(symbols, 0, sizeof(*symbols));
	if (tk_reader_matches(&file, 0, "\177ELF\2\1", 6))
		is_good = load_elf(symbols, &file);
	else
		is_good = load_map(symbols, data, (size_t)size);
	if (is_good && symbols->count) {
		qsort(symbols->list, symbols->count, sizeof(*symbols->list),
		      compare);
		return 0;
	}
	tk_symbols_free(symbols);
	return tk_fail(err, is_good ? "it has no symbols"
				    : "neither an ELF file with symbols nor a "
				      "System.map, or damaged");
}

void tk_symbols_free(struct tk_symbols *symbols)
{
	free(symbols->list);
	memset(symbols, 0, sizeof(*symbols));
}

const struct tk_symbol *tk_symbols_find(const struct tk_symbols *symbols,
					uint64_t address)
{
	size_t low = 0, high = symbols->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->list[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &symbols->list[low - 1] : NULL;
}
