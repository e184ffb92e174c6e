/* SPDX-License-Identifier: MIT */
/*
 * The page-type core: references that table entries hold, promotion and
 * demotion of tables, and the one function that stores entries. Everything
 * here: domain's mmu_lock held, no walk in progress (mmu_enter()).
 */
#pragma once

#include "mm/domain_mm.h"
#include "mm/pte.h"

#define TABLE_ENTRIES 512

struct walk_level {
	struct frame *table;
	unsigned int index; /* entries below it hold their references */
};

/*
 * PT-13: the one promotion or demotion of a domain that may be unfinished.
 * The tables on the stack are busy, each one level below the one before it;
 * each type reference they hold comes with a general reference.
 */
struct walker {
	unsigned int depth; /* 0: nothing in progress */
	bool demoting;
	int result; /* of the promotion; an error while it is undone */
	struct walk_level stack[4];
	struct frame *root; /* what is promoted; compared, not followed */
	/*
	 * Outcome of a promotion that was finished on another's behalf: for
	 * the caller when it asks again. done is a reference of the walker's.
	 */
	struct frame *done;
	struct frame *failed;
	int failed_result;
};

static inline bool walker_active(const struct domain *d)
{
	return d->walker->depth != 0;
}

/* Continue the walk in progress; -ERESTART: it is not finished yet. */
must_check int walker_finish(struct domain *d);

/*
 * A reference (type and general) to m as a validated table of the level.
 * -EINVAL it is not or cannot become one; -ERESTART: leave and ask again.
 */
must_check int table_get(struct domain *d, mfn_t m, unsigned int level);
/*
 * Drop such a reference; the last one demotes, which may leave a walk in
 * progress: then the lock must be left and entered again before anything else.
 */
void table_put(struct domain *d, struct frame *table);

enum store_flags {
	STORE_PRESERVE_AD = 1, /* keep accessed and dirty as they are */
	STORE_EXPECTED = 2,    /* only if the entry is still *expected */
};

struct store {
	struct frame *table; /* validated, held by the caller or its root */
	unsigned int index;
	uint64_t value;
	const struct domain *owner; /* of a leaf's frame; NULL: no RAM */
	unsigned int flags;
	uint64_t expected; /* IN; OUT the entry found, with -EAGAIN */
};

/*
 * Store an entry (PT-4). -EINVAL not allowed; -ERESTART ask again; -EAGAIN
 * with STORE_EXPECTED: the entry has another value. After success a walk may
 * be in progress, as after table_put().
 */
must_check int pte_store(struct domain *d, struct store *s);
/* Put in a leaf whose references the caller has; see mm_map_frame_va(). */
must_check int pte_install(struct domain *d, struct frame *table,
			   unsigned int index, uint64_t value);

/* The L1 table that maps va in root, and the index in it; NULL: none. */
struct frame *l1_of_va(mfn_t root, uint64_t va, unsigned int *index);

static inline uint64_t *table_entries(const struct frame *table)
{
	return mfn_to_virt(frame_to_mfn(table));
}
