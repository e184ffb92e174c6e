/* SPDX-License-Identifier: MIT */
/*
 * Ticket locks with ranks. A CPU takes locks only in increasing rank order;
 * debug builds check it. Ticket locks are fair: a waiter cannot starve. The two
 * tickets share a 32-bit word only by accident: next is taken with an atomic
 * add, serving is written by the holder alone.
 * The ranks are explained in docs/locking.md (a test compares the two).
 *
 * Context: plain spin_lock() may be used with interrupts on, for locks that
 * no interrupt handler takes; the _irqsave form for those that one does.
 */
#pragma once

#include "lib/log.h"
#include "x86/cpu.h"

enum lock_rank {
	RANK_DOMCTL = 1,  /* one control operation at a time */
	RANK_DOMAIN_LIST, /* list of domains, domid allocation */
	RANK_DOMAIN,      /* struct domain: life-cycle state */
	RANK_MMU,         /* per domain: page types, PTE stores, walker */
	RANK_GRANT,       /* per domain: grant table */
	RANK_PAIRS,       /* which ports are connected with which */
	RANK_EVTCHN,      /* per domain: port table (pair: by domid) */
	RANK_PAGE_LIST,   /* per domain: list of owned frames, quota */
	RANK_HEAP,        /* frame allocator */
	RANK_SCHED,       /* per CPU run queue; irqsave */
	RANK_CAP,         /* per domain: budget of CPU time; irqsave */
	RANK_TIMER,       /* per CPU timer heap; irqsave */
	RANK_IRQ,         /* interrupt descriptors; irqsave */
	RANK_CONSOLE,     /* console and log ring; irqsave */
};

struct spinlock {
	uint16_t next;    /* ticket of the next arrival */
	uint16_t serving; /* ticket that may run */
	uint8_t rank;
	int16_t holder; /* debug: CPU + 1, 0 = free; written by the holder */
};

#define SPINLOCK_INIT(r) ((struct spinlock){ .rank = (uint8_t)(r) })

static inline void spin_init(struct spinlock *l, enum lock_rank rank)
{
	*l = SPINLOCK_INIT(rank);
}

/* Debug builds, spinlock.c: the order of ranks, and who holds what. */
void spin_debug_enter(const struct spinlock *l, bool pair);
void spin_debug_taken(struct spinlock *l);
void spin_debug_leave(struct spinlock *l, bool pair);
/* Does this CPU hold the lock? For ASSERT, in debug builds. */
bool spin_held(const struct spinlock *l);

/* Until it is the ticket's turn. */
static inline void spin_wait(struct spinlock *l, uint16_t ticket)
{
	while (__atomic_load_n(&l->serving, __ATOMIC_ACQUIRE) != ticket)
		cpu_relax();
	if (DEBUG_BUILD)
		spin_debug_taken(l);
}

/* pair: the second lock of two of one rank. */
static inline void spin_acquire(struct spinlock *l, bool pair)
{
	if (DEBUG_BUILD)
		spin_debug_enter(l, pair);
	spin_wait(l, __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED));
}

/* False: somebody has it, or waits for it. */
static inline bool spin_trylock(struct spinlock *l)
{
	uint16_t ticket = read_once(l->serving);

	if (!__atomic_compare_exchange_n(&l->next, &ticket,
					 (uint16_t)(ticket + 1), false,
					 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return false;
	if (DEBUG_BUILD)
		spin_debug_enter(l, false);
	spin_wait(l, ticket);
	return true;
}

static inline void spin_release(struct spinlock *l, bool pair)
{
	if (DEBUG_BUILD)
		spin_debug_leave(l, pair);
	store_release(l->serving, (uint16_t)(l->serving + 1));
}

static inline void spin_lock(struct spinlock *l)
{
	spin_acquire(l, false);
}

static inline void spin_unlock(struct spinlock *l)
{
	spin_release(l, false);
}

/* Take the lock with interrupts off; returns the flags for the restore. */
static inline uint64_t spin_lock_irqsave(struct spinlock *l)
{
	uint64_t flags = irq_save();

	spin_lock(l);
	return flags;
}

static inline void spin_unlock_irqrestore(struct spinlock *l, uint64_t flags)
{
	spin_unlock(l);
	irq_restore(flags);
}

/* Take two locks of one rank, e.g. of two domains: lower address first. */
static inline void spin_lock_pair(struct spinlock *a, struct spinlock *b)
{
	spin_lock(a < b ? a : b);
	if (a != b)
		spin_acquire(a < b ? b : a, true);
}

static inline void spin_unlock_pair(struct spinlock *a, struct spinlock *b)
{
	if (a != b)
		spin_release(a, true);
	spin_unlock(b);
}
