/* SPDX-License-Identifier: MIT */
/*
 * Pages of a front end that stay mapped until it disconnects (persistent
 * grants): each reference is mapped when it is first seen.
 *
 * Owns: the mappings and their addresses. The number of them is bounded
 * (BE-9); what has no room is copied by the caller instead.
 */
#ifndef BACKENDS_BLK_GRANTS_H
#define BACKENDS_BLK_GRANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pvguest/grant.h>

#define BLK_GRANTS_BUCKETS 512

struct blk_grants {
	uint16_t domid;
	uint16_t count;
	uint16_t capacity; /* 0: none */
	void *base;        /* address of entry 0 */
	struct pv_grant_page *pages;
	uint16_t *next;                       /* entry + 1 in its bucket */
	uint16_t buckets[BLK_GRANTS_BUCKETS]; /* entry + 1; 0: empty */
};

/* -XEN_ENOMEM. */
int blk_grants_init(struct blk_grants *grants, uint16_t domid, size_t capacity);
void blk_grants_free(struct blk_grants *grants);

/*
 * Finds or maps all references, or none: false when one cannot be mapped or
 * has no room. Each entry of `found` stays valid until blk_grants_free().
 */
bool blk_grants_get(struct blk_grants *grants, const uint32_t *refs,
		    size_t count, const struct pv_grant_page **found);

#endif
