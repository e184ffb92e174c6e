/* SPDX-License-Identifier: MIT */
/* Builds the first domain, once, at the end of boot: see build.c. */
#pragma once

#include "lib/types.h"

struct dom0_parts {
	const void *kernel; /* ELF64, in the direct map */
	uint64_t kernel_size;
	const void *ramdisk; /* NULL = none */
	uint64_t ramdisk_size;
	const char *cmdline;
	uint64_t pages; /* memory wanted; 0 = choose */
};

/*
 * Build the control domain and make its vCPU runnable. Panics with the cause
 * when that is not possible: without it the machine has no purpose. Boot CPU.
 */
void dom0_build(const struct dom0_parts *parts);
