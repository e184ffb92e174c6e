/* SPDX-License-Identifier: MIT */
/* Instructions that recover from faults (x86/uaccess.S). */
#pragma once

#include "lib/types.h"

struct fault_fixup {
	uint64_t fault, resume;
};
extern const struct fault_fixup fault_fixups[], fault_fixups_end[];
extern const char exit_iretq[]; /* entry.S: the IRET to guests */

/* Does this CPU run with CR4.SMAP? Same on all CPUs; set by features_init. */
extern bool smap_active;

/* Only for uaccess.c: bytes left undone. */
size_t guest_copy_raw(void *dst, const void *src, size_t n);

/* A register whose selector cannot be loaded gets null; false: one was. */
bool load_selectors(uint16_t ds, uint16_t es, uint16_t fs, uint16_t gs);
void load_user_gs(uint16_t selector);

must_check bool rdmsr_safe(uint32_t msr, uint64_t *value);
must_check bool wrmsr_safe(uint32_t msr, uint64_t value);
must_check bool fxrstor_safe(const void *image);
must_check bool xrstor_safe(const void *image, uint64_t components);
