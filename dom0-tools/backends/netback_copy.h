/* SPDX-License-Identifier: MIT */
/*
 * Grant copies between a guest's pages and ours, collected and done together.
 * Owns: one list, used by one turn at a time.
 */
#ifndef BACKENDS_NETBACK_COPY_H
#define BACKENDS_NETBACK_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include <public/grant_table.h>

/* Part of a guest's page. */
struct netback_part {
	uint16_t domid;
	grant_ref_t ref;
	uint16_t offset, bytes;
};

/* How many more fit. */
unsigned int netback_copies_left(void);
/* How many are in the list: the number of the next one. */
unsigned int netback_copies(void);
/* Between part->bytes at `maddr` and the guest. There is room. */
void netback_copy_in(uint64_t maddr, const struct netback_part *part);
void netback_copy_out(uint64_t maddr, const struct netback_part *part);
/* Does all; each has its own result. */
void netback_copy_all(void);
/* Whether all of [first, end) were done. */
bool netback_copied(unsigned int first, unsigned int end);
void netback_copy_forget(void);

#endif /* BACKENDS_NETBACK_COPY_H */
