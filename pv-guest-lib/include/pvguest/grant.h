/* SPDX-License-Identifier: MIT */
/*
 * Grants, version 1: pages of ours that others may map, and others' that we
 * map. The own table is set up at the first pv_grant_access().
 * Context: not from trap handlers.
 */
#ifndef PVGUEST_GRANT_H
#define PVGUEST_GRANT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Lets `domid` map the page at `page`. A grant reference, or a negative
 * errno. The page stays ours and must not be freed before pv_grant_end().
 */
int pv_grant_access(uint16_t domid, const void *page, bool writable);

/* Takes the grant back: false while the other domain has it mapped. */
bool pv_grant_end(uint32_t ref);

/*
 * Maps the page behind `ref` of `domid`. NULL: *error is a negative errno.
 * pv_grant_unmap() takes the mapping away.
 */
void *pv_grant_map(uint16_t domid, uint32_t ref, bool writable, int *error);
void pv_grant_unmap(void *address);

#endif /* PVGUEST_GRANT_H */
