/* SPDX-License-Identifier: MIT */
/*
 * Reads an ELF64 PV kernel: which bytes of the file go to which addresses,
 * and what the kernel says about itself in its Xen notes.
 *
 * Owns: nothing. struct tk_kernel_image holds offsets into the ELF image, no
 * pointers, so it may outlive or be copied apart from the bytes.
 * Guarantees after success, so that the domain builder need not check again:
 * - segments are sorted by address, do not overlap, and lie in
 *   [virt_start, virt_end), which is at or above virt_base, canonical and
 *   outside the hypervisor's range; [virt_base, virt_end) is at most
 *   TK_MAX_KERNEL_SPAN bytes;
 * - file_offset and file_size of each lie inside the ELF image, and
 *   file_size <= mem_size;
 * - entry lies inside [virt_start, virt_end), hypercall_page too, on a page
 *   boundary, and init_p2m is a page boundary below virt_base.
 * Contract: the notes are those of Xen 4.17's PV ABI (docs/abi.md).
 */
#ifndef TOOLSTACK_ELF_H
#define TOOLSTACK_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define TK_MAX_SEGMENTS    32
#define TK_NOTE_TEXT_SIZE  32
#define TK_MAX_KERNEL_SPAN (2ull << 30)

struct tk_segment {
	uint64_t virt;
	uint64_t mem_size;    /* bytes behind file_size are to be zero */
	uint64_t file_offset; /* in the ELF image */
	uint64_t file_size;
};

/* Bits of features_supported and features_required. */
enum tk_kernel_feature {
	TK_FEATURE_WRITABLE_PAGE_TABLES = 0,
	TK_FEATURE_WRITABLE_DESCRIPTOR_TABLES = 1,
	TK_FEATURE_AUTO_TRANSLATED_PHYSMAP = 2,
	TK_FEATURE_SUPERVISOR_MODE_KERNEL = 3,
	TK_FEATURE_PAE_PGDIR_ABOVE_4GB = 4,
	TK_FEATURE_DOM0 = 11,
};

struct tk_kernel_image {
	uint64_t virt_base;  /* pfn n is mapped at virt_base + n * 4096 */
	uint64_t virt_start; /* first byte of the first segment */
	uint64_t virt_end;   /* behind the last byte of the last segment */
	uint64_t entry;
	bool has_hypercall_page;
	uint64_t hypercall_page; /* to be filled with hypercall stubs */
	bool has_init_p2m;
	uint64_t init_p2m;  /* where the kernel wants its p2m mapped */
	bool mod_start_pfn; /* the ramdisk need not be mapped */
	bool suspend_cancel;
	uint32_t features_supported;
	uint32_t features_required;
	char guest_os[TK_NOTE_TEXT_SIZE]; /* for messages; may be "" */
	char loader[TK_NOTE_TEXT_SIZE];
	size_t n_segments;
	struct tk_segment segments[TK_MAX_SEGMENTS];
};

/* Fills `image` from the ELF file at `data`; see the guarantees above. */
tk_must_check int tk_elf_parse(struct tk_kernel_image *image, const void *data,
			       uint64_t size, struct tk_error *err);

#endif /* TOOLSTACK_ELF_H */
