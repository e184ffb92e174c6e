/* SPDX-License-Identifier: MIT */
/*
 * A small kernel, a ramdisk and a configuration that the builder accepts,
 * for tests that need a guest and do not care which.
 */
#ifndef TESTS_UNIT_TOOLSTACK_KERNEL_FIXTURE_H
#define TESTS_UNIT_TOOLSTACK_KERNEL_FIXTURE_H

#include <stddef.h>

#include "elf_builder.h"
#include "toolstack/domain_config.h"

#define NOTE_HYPERCALL_PAGE 2
#define NOTE_INIT_P2M       15
#define NOTE_MOD_START_PFN  16

/* A new configuration of a guest with 8 MiB, to be freed by the test. */
struct tk_domain_config fixture_config(const char *name);

/*
 * A kernel of which all notes are used (Linux-like), or none but those it
 * must have. Static, rebuilt by each call.
 */
const struct elf_builder *fixture_kernel(int all_notes);

#endif /* TESTS_UNIT_TOOLSTACK_KERNEL_FIXTURE_H */
