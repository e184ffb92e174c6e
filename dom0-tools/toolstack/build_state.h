/* SPDX-License-Identifier: MIT */
/*
 * What the files of the domain builder share: a build in progress. Private to
 * build_domain.c and build_contents.c.
 */
#ifndef TOOLSTACK_BUILD_STATE_H
#define TOOLSTACK_BUILD_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "build_domain.h"
#include "bzimage.h"
#include "elf.h"
#include "layout.h"

struct build {
	const struct tk_build_request *request;
	struct tk_error *err;

	struct tk_elf_blob kernel; /* unpacked when need be */
	struct tk_kernel_image image;
	struct tk_layout layout;

	bool has_domain;
	uint16_t domid;
	uint8_t uuid[16];
	uint64_t *p2m; /* mfn of each pfn */
	bool memory_is_zero;
	uint64_t shared_info_mfn;
	uint32_t console_port;
	uint32_t store_port;
};

/* Each leaves one line that names the guest, and returns -1. */
int tk_build_fail_call(struct build *build, const char *what, long rc);
int tk_build_fail_allocation(struct build *build, const char *what);

/* An error when the user wants to have it no more; between any two calls. */
int tk_build_go_on(struct build *build);

/* Steps; each succeeds or leaves its line in the error. */
int tk_build_write_images(struct build *build);
int tk_build_write_tables(struct build *build);
int tk_build_write_boot_pages(struct build *build);
int tk_build_write_shared_info(struct build *build);
int tk_build_seed_grants(struct build *build);

#endif /* TOOLSTACK_BUILD_STATE_H */
