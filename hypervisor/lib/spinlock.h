/* SPDX-License-Identifier: MIT */
/*
 * Ticket locks with ranks. A CPU takes locks only in increasing rank order;
 * debug builds check it. Ticket locks are fair: a waiter cannot starve.
 * The ranks are explained in docs/locking.md (a test compares the two).
 *
 * Context: plain spin_lock() may be used with interrupts on, for locks that
 * no interrupt handler takes; the _irqsave form for those that one does.
 */
#pragma once

#include "lib/types.h"

enum lock_rank {
	RANK_DOMCTL = 1,  /* one control operation at a time */
	RANK_DOMAIN_LIST, /* list of domains, domid allocation */
	RANK_DOMAIN,      /* struct domain: life-cycle state */
	RANK_MMU,         /* per domain: page types, PTE stores, walker */
	RANK_GRANT,       /* per domain: grant table */
	RANK_EVTCHN,      /* per domain: port table (pair: by domid) */
	RANK_PAGE_LIST,   /* per domain: list of owned frames, quota */
	RANK_HEAP,        /* frame allocator */
	RANK_SCHED,       /* per CPU run queue; irqsave */
	RANK_TIMER,       /* per CPU timer heap; irqsave */
	RANK_IRQ,         /* interrupt descriptors; irqsave */
	RANK_CONSOLE,     /* console and log ring; irqsave */
	RANK_COUNT
};

struct spinlock {
	uint16_t next;    /* ticket of the next arrival */
	uint16_t serving; /* ticket that may run */
	uint8_t rank;
	int16_t holder; /* debug: CPU + 1, 0 = free; written by the holder */
};

#define SPINLOCK_INIT(r)                                                       \
	{                                                                      \
		.rank = (r)                                                    \
	}

static inline void spin_init(struct spinlock *l, enum lock_rank rank)
{
	*l = (struct spinlock)SPINLOCK_INIT((uint8_t)rank);
}

void spin_lock(struct spinlock *l);
void spin_unlock(struct spinlock *l);
/* Debug builds: does this CPU hold the lock? For ASSERT. */
bool spin_held(const struct spinlock *l);
/* Take the lock with interrupts off; returns the flags for the restore. */
uint64_t spin_lock_irqsave(struct spinlock *l);
void spin_unlock_irqrestore(struct spinlock *l, uint64_t flags);
/* Take two locks of one rank, e.g. of two domains: lower address first. */
void spin_lock_pair(struct spinlock *a, struct spinlock *b);
void spin_unlock_pair(struct spinlock *a, struct spinlock *b);
