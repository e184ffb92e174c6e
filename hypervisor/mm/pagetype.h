/* SPDX-License-Identifier: MIT */
/*
 * The page-type core: references that table entries hold, promotion and
 * demotion of tables, and the one function that stores entries; and what else
 * the files of mm/ share among themselves. Where nothing else is said: the
 * domain's mmu_lock is held and no walk is in progress (mmu_enter()).
 */
#pragma once

#include "mm/pte.h"
#include "pv/pv.h"

#define TABLE_ENTRIES    512
#define HYPERVISOR_SLOTS (HYPERVISOR_LAST_SLOT - HYPERVISOR_FIRST_SLOT + 1)

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
	struct walk_level stack[4];
	/*
	 * The table whose promotion was interrupted, until its caller asks
	 * again, and the result. Once that is final: 0, then the walker has a
	 * reference to root; or an error, then root is compared, not followed.
	 */
	struct frame *root;
	int result;
};

static inline bool walker_active(const struct domain *d)
{
	return d->walker->depth != 0;
}

/* At least one table's worth of progress; -ERESTART: it is not finished. */
int walker_run(struct domain *d);

/*
 * Let go of a finished promotion that nobody came back for: -ERESTART. That
 * may demote the very table that the caller is about to change, so it must
 * leave the lock and look again. 0: there is none.
 */
must_check int walker_forget(struct domain *d);

/*
 * Guards every page table of d. Entering finishes a walk in progress first
 * (PT-13): -ERESTART, and no lock held, when that takes longer.
 */
must_check static inline int mmu_enter(struct domain *d)
{
	spin_lock(&d->mmu_lock);
	if (likely(!walker_active(d)) || !walker_run(d))
		return 0;
	spin_unlock(&d->mmu_lock);
	return -XEN_ERESTART;
}

/* Domains whose last reference was one of their pages; see frame_release(). */
extern struct domain *zombies;
void zombies_put(void);

static inline void mmu_leave(struct domain *d)
{
	spin_unlock(&d->mmu_lock);
	if (unlikely(read_once(zombies)))
		zombies_put();
}

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
	STORE_HELD = 4,    /* the caller has the leaf's references to give */
	STORE_IF_MAPS = 8, /* only if the entry is a leaf to this frame */
};

struct store {
	uint64_t *pte;      /* in a validated table, while the lock is held */
	unsigned int level; /* of that table */
	unsigned int flags;
	uint64_t value;
	const struct domain *owner; /* of a leaf's frame; NULL: no RAM */
	uint64_t expected;          /* IN; OUT the entry found, with -EAGAIN */
	mfn_t maps;
};

/*
 * Store an entry (PT-4). -EINVAL not allowed; -ERESTART ask again; -EAGAIN
 * with STORE_EXPECTED: the entry has another value. After success a walk may
 * be in progress, as after table_put().
 */
must_check int pte_store(struct domain *d, struct store *s);

/*
 * The same without the lock, for the entry that maps an address in the kernel
 * tables of v or, by_pte, is at a machine address. -EINVAL: there is none.
 */
must_check int l1_store(struct vcpu *v, bool by_pte, uint64_t where,
			struct store *s);

/* The L1 entry for va in root; NULL: there is none. */
uint64_t *l1_of_va(mfn_t root, uint64_t va);

static inline uint64_t *table_entries(const struct frame *table)
{
	return phys_to_virt(frame_to_mfn(table).n << PAGE_SHIFT);
}

static inline void clear_page(const struct frame *f)
{
	uint64_t *at = table_entries(f), n = TABLE_ENTRIES;

	__asm__ volatile("rep stosq" : "+D"(at), "+c"(n) : "a"(0ul) : "memory");
}

/* The last reference of f is gone: leave the owner, back to the allocator. */
void frame_release(struct frame *f);

/*
 * PG-4: take a page that only its allocation and the caller refer to from its
 * domain in one step. -EBUSY: it is in use. The caller owns it then, and
 * keeps or clears its M2P entry.
 */
must_check int domain_steal_frame(struct domain *d, struct frame *f);

/* memory_op: the number of extents done is in the bits above the command. */
#define MEMORY_COMMAND_BITS 6
long reservation_op(struct vcpu *v, unsigned int cmd, uint64_t done,
		    guest_ptr_t arg);
long memory_exchange(struct vcpu *v, guest_ptr_t arg);

/* Wait loops call this: serve flush requests though interrupts are off. */
void tlb_poll(void);
