/* SPDX-License-Identifier: MIT */
/* Stand-in: machine memory is an array of the test's. */
#ifndef TESTS_UNIT_BOOT_FAKE_PAGING_H
#define TESTS_UNIT_BOOT_FAKE_PAGING_H

#include "lib/types.h"

#define FAKE_MEMORY      (16ul << 20)
#define IMAGE_PHYS_START 0x200000ul

extern char fake_memory[FAKE_MEMORY];

static inline void *phys_to_virt(uint64_t pa)
{
	return fake_memory + pa;
}

/* Of the image, which the test pretends to be loaded at 2 MiB. */
extern const char image_start[];
static inline uint64_t virt_to_phys(const void *p)
{
	return (uint64_t)((const char *)p - image_start) + IMAGE_PHYS_START;
}

#endif
