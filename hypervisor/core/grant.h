/* SPDX-License-Identifier: MIT */
/*
 * Grant tables: grant.c sets tables up, grant_pin.c keeps account of the
 * entries in use, grant_map.c has the mappings, grant_copy.c the copies.
 */
#pragma once

#include "lib/spinlock.h"
#include "lib/types.h"
#include "public/grant_table.h"

struct domain;
struct frame;
struct vcpu;

#define GRANT_MAX_FRAMES  64
#define GRANTS_PER_FRAME  (PAGE_SIZE / sizeof(struct grant_entry_v1))
#define MAPPINGS_PER_LUMP 256u
#define MAX_LUMPS         128u
#define MAX_MAPPINGS      (MAPPINGS_PER_LUMP * MAX_LUMPS)

/* The hypervisor's own record of an entry: the truth while pins > 0 (GT-3). */
struct grant_use {
	struct frame *frame;
	unsigned int pins;    /* each with a reference to frame */
	unsigned int writers; /* of these, each with a writable one too */
	domid_t user;
	bool readonly;
};

enum mapping_state {
	MAPPING_FREE,
	MAPPING_BUSY, /* belongs to the operation in progress */
	MAPPING_LIVE,
};

/* A mapping owns one pin of the granter's entry and a reference to it. */
struct grant_mapping {
	struct domain *granter;
	struct frame *frame;
	grant_ref_t ref;
	uint32_t flags; /* GNTMAP_*; the kinds are cleared when undone */
	uint32_t next;  /* while free: the next one, MAX_MAPPINGS is none */
	uint8_t state;  /* enum mapping_state */
};

struct grant_table {
	struct spinlock lock; /* RANK_GRANT: frames, uses */
	unsigned int frames;  /* only grows */
	void *frame[GRANT_MAX_FRAMES];
	struct grant_use *use[GRANT_MAX_FRAMES];

	struct spinlock map_lock; /* RANK_GRANT, never with lock */
	unsigned int lumps;       /* only grows */
	uint32_t first_free;
	uint32_t released; /* teardown is done below this handle */
	struct grant_mapping *lump[MAX_LUMPS];
};

int grant_domain_init(struct domain *d); /* -ENOMEM */
void grant_domain_free(struct domain *d);
/* Grow to at least n frames; -EINVAL above the limit, -ENOMEM. */
int grant_table_grow(struct domain *d, unsigned int n);
/* Frame i of the table, or INVALID_MFN when it does not have so many. */
mfn_t grant_table_frame(struct domain *d, unsigned int i);
unsigned int grant_table_frames(struct domain *d);

/*
 * Use entry ref of granter's table on behalf of user. Returns GNTST_*; okay:
 * *frame is held, writable if so wanted, until grant_unpin().
 */
must_check int16_t grant_pin(struct domain *granter, grant_ref_t ref,
			     domid_t user, bool write, struct frame **frame);
void grant_unpin(struct domain *granter, grant_ref_t ref, bool write);

/* Sub-operations on one element. -ERESTART: again, nothing was done. */
long grant_map(struct vcpu *v, void *arg);
long grant_copy(struct vcpu *v, void *arg);
/* Undo up to count mappings: how many elements are done, or -errno. */
long grant_unmap(struct vcpu *v, uint64_t ops, uint64_t count);
/* Undo all mappings of a domain whose page tables are gone; -ERESTART. */
must_check int grant_release_mappings(struct domain *d);
