/* SPDX-License-Identifier: MIT */
/*
 * What the first domain's kernel file says of itself: an ELF64 PV kernel with
 * Xen ELF notes (include/public/elfnote.h). Pure: reads the file only.
 */
#pragma once

#include "lib/types.h"

#define IMAGE_MAX_SEGMENTS 16

struct image_segment {
	uint64_t offset;    /* in the file */
	uint64_t file_size; /* bytes to copy */
	uint64_t mem_size;  /* >= file_size; the rest is zero */
	uint64_t pfn_addr; /* pseudo-physical address: p_paddr - PADDR_OFFSET */
};

struct kernel_image {
	const uint8_t *file;
	uint64_t size;
	uint64_t entry, virt_base, paddr_offset;
	uint64_t hypercall_page; /* virtual address; 0 = none wanted */
	uint64_t init_p2m;       /* virtual address; 0 = after the kernel */
	uint64_t mod_start_pfn;  /* not 0: the ramdisk need not be mapped */
	uint64_t features;       /* bit mask of XENFEAT_* */
	bool is_xen_3;
	uint64_t end; /* pseudo-physical end of the kernel */
	unsigned int segments;
	struct image_segment segment[IMAGE_MAX_SEGMENTS];
};

/* NULL, or what is wrong with the file (a constant text). */
const char *image_parse(struct kernel_image *k, const void *file,
			uint64_t size);
