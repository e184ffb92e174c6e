/* SPDX-License-Identifier: MIT */
/*
 * See elf_builder.h.
 */
#include "elf_builder.h"

#include <string.h>

void builder_poke(struct elf_builder *b, size_t offset, unsigned int width,
		  uint64_t value)
{
	while (width--) {
		b->bytes[offset++] = (uint8_t)value;
		value >>= 8;
	}
}

void builder_start(struct elf_builder *b)
{
	size_t i;

	memset(b, 0, sizeof(*b));
	b->size = BUILDER_SIZE;
	memcpy(b->bytes, "\177ELF\2\1\1", 7);
	builder_poke(b, 16, 2, 2);
	builder_poke(b, 18, 2, 62);
	builder_poke(b, 20, 4, 1);
	builder_poke(b, 24, 8, BUILDER_VIRT_BASE + BUILDER_PADDR);
	builder_poke(b, 32, 8, 64);
	builder_poke(b, 52, 2, 64);
	builder_poke(b, 54, 2, 56);
	builder_poke(b, 58, 2, 64);
	for (i = BUILDER_CONTENTS; i < BUILDER_SIZE; i++)
		b->bytes[i] = (uint8_t)(i * 7);
}

void builder_segment(struct elf_builder *b, uint32_t type, uint64_t offset,
		     uint64_t paddr, uint64_t file_size, uint64_t mem_size)
{
	size_t at = 64 + 56 * b->n_program_headers++;

	builder_poke(b, at, 4, type);
	builder_poke(b, at + 4, 4, 7);
	builder_poke(b, at + 8, 8, offset);
	builder_poke(b, at + 16, 8, 0); /* p_vaddr: nobody may look */
	builder_poke(b, at + 24, 8, paddr);
	builder_poke(b, at + 32, 8, file_size);
	builder_poke(b, at + 40, 8, mem_size);
	builder_poke(b, 56, 2, b->n_program_headers);
}

void builder_note(struct elf_builder *b, uint32_t type, const void *contents,
		  size_t size)
{
	size_t at = BUILDER_NOTES + b->notes_size;

	builder_poke(b, at, 4, 4);
	builder_poke(b, at + 4, 4, size);
	builder_poke(b, at + 8, 4, type);
	memcpy(&b->bytes[at + 12], "Xen", 4);
	memcpy(&b->bytes[at + 16], contents, size);
	b->notes_size += 16 + ((size + 3) & ~(size_t)3);
}

void builder_note_number(struct elf_builder *b, uint32_t type, uint64_t value)
{
	builder_note(b, type, &value, sizeof(value));
}

void builder_note_text(struct elf_builder *b, uint32_t type, const char *text)
{
	builder_note(b, type, text, strlen(text) + 1);
}

void builder_note_segment(struct elf_builder *b)
{
	builder_segment(b, 4, BUILDER_NOTES, 0, b->notes_size, b->notes_size);
}

void builder_section(struct elf_builder *b, const char *name, uint32_t type,
		     uint64_t offset, uint64_t size)
{
	size_t at;

	if (!b->n_sections++) {
		b->names_size = 1;
		builder_poke(b, 40, 8, BUILDER_SECTIONS);
		builder_poke(b, BUILDER_SECTIONS + 4, 4, 3);
		builder_poke(b, BUILDER_SECTIONS + 24, 8, BUILDER_NAMES);
	}
	at = BUILDER_SECTIONS + 64 * b->n_sections;
	builder_poke(b, at, 4, b->names_size);
	builder_poke(b, at + 4, 4, type);
	builder_poke(b, at + 24, 8, offset);
	builder_poke(b, at + 32, 8, size);
	strcpy((char *)&b->bytes[BUILDER_NAMES + b->names_size], name);
	b->names_size += strlen(name) + 1;
	builder_poke(b, BUILDER_SECTIONS + 32, 8, b->names_size);
	builder_poke(b, 60, 2, b->n_sections + 1);
}

void builder_identity(struct elf_builder *b)
{
	builder_note_text(b, 5, "xen-3.0");
	builder_note_text(b, 6, "test");
	builder_note_text(b, 8, "generic");
}

void builder_load(struct elf_builder *b)
{
	builder_segment(b, 1, BUILDER_CONTENTS, BUILDER_PADDR, 0x2000, 0x4000);
}

void builder_kernel(struct elf_builder *b)
{
	builder_start(b);
	builder_load(b);
	builder_identity(b);
	builder_note_number(b, 3, BUILDER_VIRT_BASE);
	builder_note_number(b, 1, BUILDER_VIRT_BASE + BUILDER_PADDR + 0x10);
	builder_note_segment(b);
}
