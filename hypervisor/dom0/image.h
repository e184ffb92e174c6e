/* SPDX-License-Identifier: MIT */
/*
 * What the first domain's kernel file says of itself: an ELF64 PV kernel with
 * Xen ELF notes (include/public/elfnote.h). Pure: reads the file only.
 */
#pragma once

#include "lib/types.h"
#include "public/elfnote.h"

#define IMAGE_MAX_SEGMENTS 16
#define NOTE(image, name)  (image)->note[XEN_ELFNOTE_##name]

struct image_segment {
	uint64_t offset;    /* in the file */
	uint64_t file_size; /* bytes to copy */
	uint64_t mem_size;  /* >= file_size; the rest is zero */
	uint64_t pfn_addr; /* pseudo-physical address: p_paddr - PADDR_OFFSET */
};

struct kernel_image {
	const uint8_t *file;
	uint64_t size;
	/* Numbers, or the first bytes of texts; 0 = there is no such note. */
	uint64_t note[XEN_ELFNOTE_SUPPORTED_FEATURES + 1];
	uint64_t end; /* pseudo-physical end of the kernel */
	unsigned int segments;
	struct image_segment segment[IMAGE_MAX_SEGMENTS];
};

/* NULL, or what is wrong with the file (a constant text). */
const char *image_parse(struct kernel_image *k, const void *file,
			uint64_t size);
