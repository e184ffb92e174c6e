/* SPDX-License-Identifier: MIT */
/*
 * A core of a guest, as an ELF file that debuggers open: what its first
 * vCPU's page tables map, by virtual address, and the registers of all vCPUs,
 * each as a thread. The hypervisor's part of the address space is left out;
 * frames that are not the guest's own read as zeros. A page that is mapped at
 * several addresses is in the file as often.
 *
 * Owns: the list of pages while the core is written. The domain must stand
 * still meanwhile.
 */
#ifndef TOOLSTACK_GUEST_CORE_H
#define TOOLSTACK_GUEST_CORE_H

#include <stdint.h>

#include "error.h"

#define TK_CORE_PAGE 4096u

/*
 * Takes the next page of the file; a negative errno value ends the writing.
 */
typedef int tk_core_writer(void *context, const void *page);

struct tk_core {
	uint16_t domid;
	unsigned int vcpus; /* those that have not started are left out */
	tk_core_writer *write;
	void *context;
};

/* How many pages the file will have, in *pages; then writes them. */
tk_must_check int tk_core_write(const struct tk_core *core, uint64_t most_pages,
				uint64_t *pages, struct tk_error *err);

#endif /* TOOLSTACK_GUEST_CORE_H */
