/* SPDX-License-Identifier: MIT */
/*
 * Grant tables: grant.c sets tables up, grant_pin.c keeps account of the
 * entries in use, grant_map.c has the mappings, grant_copy.c the copies.
 */
#pragma once

#include "core/hypercall.h"
#include "public/grant_table.h"

#define GRANT_MAX_FRAMES  64
#define GRANTS_PER_FRAME  (PAGE_SIZE / sizeof(struct grant_entry_v1))
#define MAPPINGS_PER_LUMP 512u
#define MAX_LUMPS         64u
#define MAX_MAPPINGS      (MAPPINGS_PER_LUMP * MAX_LUMPS)

/* The hypervisor's own record of an entry: the truth while pins > 0 (GT-3). */
struct grant_use {
	struct grant_entry_v1 *shared;
	struct frame *frame;
	uint16_t pins;    /* each with a reference to frame */
	uint16_t writers; /* of these, each with a writable one too */
	domid_t user;
	bool readonly;
};

enum mapping_state {
	MAPPING_FREE,
	MAPPING_BUSY, /* belongs to the operation in progress */
	MAPPING_LIVE,
};

/* One use of an entry: a reference to its domain, one to its frame, and a
 * writable one if it writes. */
struct grant_pin {
	struct domain *granter;
	struct grant_use *use;
	bool write;
};

struct grant_mapping {
	struct grant_pin pin;
	union {
		uint32_t flags; /* GNTMAP_*; kinds are cleared when undone */
		uint32_t next;  /* while free; MAX_MAPPINGS is none */
	};
	uint8_t state; /* enum mapping_state; atomic */
};

struct grant_table {
	struct spinlock lock; /* RANK_GRANT: frames, uses */
	unsigned int frames;  /* only grows */
	void *frame[GRANT_MAX_FRAMES];
	struct grant_use *use[GRANT_MAX_FRAMES]; /* NULL: of none so far */

	struct spinlock map_lock; /* RANK_GRANT, never with lock */
	uint32_t mappings;        /* only grows; read without the lock */
	uint32_t first_free;      /* of those given back */
	uint32_t released;        /* teardown is done below this handle */
	struct grant_mapping *lump[MAX_LUMPS];
};

int grant_domain_init(struct domain *d); /* -ENOMEM */
void grant_domain_free(struct domain *d);
/* Write the numbers of n frames of the table to a list, growing it to have so
 * many; -EINVAL above the limit, -ENOMEM, -EFAULT. */
long grant_frames(struct domain *d, uint64_t from, uint64_t n,
		  guest_ptr_t list);

/*
 * Use an entry of a domain on behalf of user. Returns GNTST_*; okay: the frame
 * is held, writable if pin->write, until grant_unpin().
 */
must_check int16_t grant_pin(struct grant_pin *pin, domid_t granter,
			     grant_ref_t ref, domid_t user);
void grant_unpin(const struct grant_pin *pin);

/* Elements of sub-operations, in private memory. How many are done; fewer than
 * n: the next one must be tried again later, nothing of it was done. */
#define GRANT_BATCH 16u
unsigned int grant_map_grant_ref(struct vcpu *v, void *ops, unsigned int n);
unsigned int grant_unmap_grant_ref(struct vcpu *v, void *ops, unsigned int n);
unsigned int grant_copy(struct vcpu *v, void *ops, unsigned int n);
/* Undo all mappings of a domain whose page tables are gone; -ERESTART. */
must_check int grant_release_mappings(struct domain *d);
