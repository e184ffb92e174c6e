/* SPDX-License-Identifier: MIT */
/*
 * Builds small ELF kernels for tests, right or wrong in any single respect.
 *
 *   0x0000 ELF header    0x0040 up to 8 program headers
 *   0x0400 notes         0x0800 section headers and their names
 *   0x1000 contents of the first segment
 */
#ifndef TESTS_UNIT_TOOLSTACK_ELF_BUILDER_H
#define TESTS_UNIT_TOOLSTACK_ELF_BUILDER_H

#include <stddef.h>
#include <stdint.h>

#define BUILDER_NOTES    0x400
#define BUILDER_SECTIONS 0x800
#define BUILDER_NAMES    0xc00
#define BUILDER_CONTENTS 0x1000
#define BUILDER_SIZE     0x3000

#define BUILDER_VIRT_BASE 0xffffffff80000000ull
#define BUILDER_PADDR     0x100000ull

struct elf_builder {
	uint8_t bytes[BUILDER_SIZE];
	size_t size;       /* of the file; BUILDER_SIZE unless cut */
	size_t notes_size; /* so far */
	unsigned int n_program_headers;
	unsigned int n_sections;
	size_t names_size;
};

/* Writes a little-endian number anywhere. */
void builder_poke(struct elf_builder *b, size_t offset, unsigned int width,
		  uint64_t value);

/* Just an ELF header. */
void builder_start(struct elf_builder *b);

void builder_segment(struct elf_builder *b, uint32_t type, uint64_t offset,
		     uint64_t paddr, uint64_t file_size, uint64_t mem_size);

/* Appends to the note area; notes of others than Xen: builder_poke. */
void builder_note(struct elf_builder *b, uint32_t type, const void *contents,
		  size_t size);
void builder_note_number(struct elf_builder *b, uint32_t type, uint64_t value);
void builder_note_text(struct elf_builder *b, uint32_t type, const char *text);

/* A program header for the notes so far. */
void builder_note_segment(struct elf_builder *b);

/* A section; the first call makes section 0, which holds the names. */
void builder_section(struct elf_builder *b, const char *name, uint32_t type,
		     uint64_t offset, uint64_t size);

/* The three texts without which nothing loads. */
void builder_identity(struct elf_builder *b);

/* One segment of 0x2000 bytes in the file and 0x4000 in memory. */
void builder_load(struct elf_builder *b);

/* A kernel that loads: all of the above with VIRT_BASE and ENTRY. */
void builder_kernel(struct elf_builder *b);

#endif /* TESTS_UNIT_TOOLSTACK_ELF_BUILDER_H */
