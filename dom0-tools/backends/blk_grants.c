/* SPDX-License-Identifier: MIT */
/* Persistent grants; see blk_grants.h. */
#include "backends/blk_grants.h"

#include <public/errno.h>
#include <pvguest/mm.h>

#include <stdlib.h>
#include <string.h>

int blk_grants_init(struct blk_grants *grants, uint16_t domid, size_t capacity)
{
	memset(grants, 0, sizeof(*grants));
	grants->domid = domid;
	if (!capacity)
		return 0;
	grants->pages = calloc(capacity, sizeof(*grants->pages));
	grants->next = calloc(capacity, sizeof(*grants->next));
	grants->base = pv_map_reserve(capacity);
	grants->capacity = (uint16_t)capacity;
	if (grants->pages && grants->next && grants->base)
		return 0;
	blk_grants_free(grants);
	return -XEN_ENOMEM;
}

void blk_grants_free(struct blk_grants *grants)
{
	if (grants->count)
		pv_grants_unmap(grants->pages, grants->count);
	if (grants->base)
		pv_map_release(grants->base, grants->capacity);
	free(grants->pages);
	free(grants->next);
	memset(grants, 0, sizeof(*grants));
}

static uint16_t *bucket_of(struct blk_grants *grants, uint32_t ref)
{
	return &grants->buckets[ref % BLK_GRANTS_BUCKETS];
}

static struct pv_grant_page *find(struct blk_grants *grants, uint32_t ref)
{
	uint16_t at = *bucket_of(grants, ref);

	while (at && grants->pages[at - 1].ref != ref)
		at = grants->next[at - 1];
	return at ? &grants->pages[at - 1] : NULL;
}

/* A new entry, not mapped yet; NULL when there is no room. */
static struct pv_grant_page *add(struct blk_grants *grants, uint32_t ref)
{
	uint16_t *bucket = bucket_of(grants, ref);
	struct pv_grant_page *page;

	if (grants->count == grants->capacity)
		return NULL;
	page = &grants->pages[grants->count];
	page->va = (char *)grants->base + grants->count * PV_PAGE_SIZE;
	page->ref = ref;
	page->error = -XEN_EINVAL;
	grants->next[grants->count] = *bucket;
	*bucket = ++grants->count;
	return page;
}

/* Takes the newest entries back, the last first: each heads its bucket. */
static void drop_from(struct blk_grants *grants, uint16_t first)
{
	if (grants->count > first)
		pv_grants_unmap(grants->pages + first, grants->count - first);
	while (grants->count > first) {
		uint16_t entry = --grants->count;

		*bucket_of(grants, grants->pages[entry].ref) =
			grants->next[entry];
	}
}

bool blk_grants_get(struct blk_grants *grants, const uint32_t *refs,
		    size_t count, const struct pv_grant_page **found)
{
	uint16_t first = grants->count;
	size_t i, fresh;

	for (i = 0; i < count; i++) {
		found[i] = find(grants, refs[i]);
		if (!found[i])
			found[i] = add(grants, refs[i]);
		if (!found[i])
			break;
	}
	fresh = (size_t)(grants->count - first);
	if (i == count &&
	    (!fresh || pv_grants_map(grants->domid, grants->pages + first,
				     fresh, true) == fresh))
		return true;
	drop_from(grants, first);
	return false;
}
