/* SPDX-License-Identifier: MIT */
/*
 * How much memory guests have and may have. A guest gives memory back, and
 * takes it, in its own time, going by memory/target in xenstore.
 */
#ifndef TOOLSTACK_GUEST_MEMORY_H
#define TOOLSTACK_GUEST_MEMORY_H

#include <stdint.h>

#include "error.h"

struct tk_guest;

/*
 * Asks the guest to come to this size; the hypervisor lets it have no more.
 * At most what tk_guest_set_max_memory() said.
 */
tk_must_check int tk_guest_set_memory(const struct tk_guest *guest,
				      uint64_t kib, struct tk_error *err);
/* Not below what it has been asked to come to. */
tk_must_check int tk_guest_set_max_memory(const struct tk_guest *guest,
					  uint64_t kib, struct tk_error *err);
/* What it has been asked for; 0 when that is not known. */
uint64_t tk_guest_memory_target(const struct tk_guest *guest);
uint64_t tk_guest_memory_max(const struct tk_guest *guest);

#endif /* TOOLSTACK_GUEST_MEMORY_H */
