/* SPDX-License-Identifier: MIT */
/*
 * What the first domain's kernel file says of itself: an ELF64 PV kernel with
 * Xen ELF notes (include/public/elfnote.h). Pure: reads the file only.
 */
#pragma once

#include "lib/types.h"
#include "public/elfnote.h"

#define NOTE(image, name) (image)->note[XEN_ELFNOTE_##name]
#define PT_LOAD           1

/* Those to load are within the file, at paddr less the PADDR_OFFSET note. */
struct elf64_segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct kernel_image {
	const uint8_t *file;
	uint64_t size;
	/* Numbers, or the first bytes of texts; 0 = there is no such note. */
	uint64_t note[XEN_ELFNOTE_SUPPORTED_FEATURES + 1];
	uint64_t end; /* pseudo-physical end of the kernel */
	unsigned int segments;
	const struct elf64_segment *segment; /* in the file */
};

/* NULL, or what is wrong with the file (a constant text). */
const char *image_parse(struct kernel_image *k, const void *file,
			uint64_t size);
