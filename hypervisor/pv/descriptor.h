/* SPDX-License-Identifier: MIT */
/* Which descriptors a guest may have: pure functions (pv/descriptor.c). */
#pragma once

#include "lib/types.h"

/*
 * False: this descriptor must not be in a guest's table. True: it may, after
 * the privilege level of a code or data segment has been set to 3.
 */
must_check bool descriptor_fix(uint64_t *descriptor);
/*
 * All 512 of a page that is becoming a descriptor page; nobody else can write
 * it. 0 or -EINVAL. Levels are fixed in place.
 */
must_check int descriptor_page_check(uint64_t *entries);
