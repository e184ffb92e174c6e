/* SPDX-License-Identifier: MIT */
/*
 * The guarantees that elf.h makes, restated independently of the code that
 * establishes them. Used by the unit tests and by the fuzzers.
 */
#ifndef TESTS_UNIT_TOOLSTACK_IMAGE_IS_SOUND_H
#define TESTS_UNIT_TOOLSTACK_IMAGE_IS_SOUND_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "toolstack/elf.h"

static inline bool segment_is_sound(const struct tk_kernel_image *image,
				    size_t index, uint64_t file_size)
{
	const struct tk_segment *s = &image->segments[index];

	if (s->file_size > s->mem_size || s->file_offset > file_size ||
	    s->file_size > file_size - s->file_offset)
		return false;
	if (s->virt < image->virt_start || s->virt >= image->virt_end ||
	    s->mem_size > image->virt_end - s->virt)
		return false;
	return !index || s->virt >= s[-1].virt + s[-1].mem_size;
}

static inline bool image_is_sound(const struct tk_kernel_image *image,
				  uint64_t file_size)
{
	bool low = image->virt_end <= 1ull << 47;
	bool high = image->virt_base >= 0xffff880000000000ull;
	size_t i;

	if (!image->n_segments || image->n_segments > TK_MAX_SEGMENTS)
		return false;
	for (i = 0; i < image->n_segments; i++) {
		if (!segment_is_sound(image, i, file_size))
			return false;
	}
	if (image->virt_base > image->virt_start ||
	    image->virt_start >= image->virt_end || (!low && !high) ||
	    image->virt_end - image->virt_base > TK_MAX_KERNEL_SPAN ||
	    image->virt_base % 4096)
		return false;
	if (image->entry < image->virt_start || image->entry >= image->virt_end)
		return false;
	if (image->has_hypercall_page &&
	    (image->hypercall_page % 4096 ||
	     image->hypercall_page < image->virt_start ||
	     image->hypercall_page + 4095 >= image->virt_end))
		return false;
	if (image->has_init_p2m &&
	    (image->init_p2m % 4096 || image->init_p2m >= image->virt_base))
		return false;
	return memchr(image->guest_os, 0, sizeof(image->guest_os)) &&
	       memchr(image->loader, 0, sizeof(image->loader));
}

#endif /* TESTS_UNIT_TOOLSTACK_IMAGE_IS_SOUND_H */
