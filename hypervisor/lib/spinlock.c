/* SPDX-License-Identifier: MIT */
/*
 * Ticket locks. The two tickets share a 32-bit word only by accident: next is
 * taken with an atomic add, serving is written by the holder alone. Debug
 * builds note the holder, keep a per-CPU bitmap of held ranks, and check the
 * order on every acquisition.
 *
 * Interrupt handlers take only irqsave locks; their ranks are the highest, so
 * that an interrupt inside any plain lock keeps the order.
 */
#include "lib/spinlock.h"

#include "lib/panic.h"
#include "x86/cpu.h"
#include "x86/processor.h"

/* pair: the second lock of two of one rank. */
static void rank_enter(const struct spinlock *l, bool pair)
{
	struct cpu *c = this_cpu();
	uint32_t higher = c->lock_ranks >> l->rank;

	if (higher && !(pair && higher == 1))
		panic("lock rank %u taken while holding ranks %#x", l->rank,
		      c->lock_ranks);
	c->lock_ranks |= 1u << l->rank;
}

static void acquire(struct spinlock *l, bool pair)
{
	uint16_t ticket;

	if (DEBUG_BUILD)
		rank_enter(l, pair);
	ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);
	while (__atomic_load_n(&l->serving, __ATOMIC_ACQUIRE) != ticket)
		cpu_relax();
	if (DEBUG_BUILD)
		write_once(l->holder, (int16_t)(this_cpu()->id + 1));
}

static void release(struct spinlock *l)
{
	ASSERT(spin_held(l));
	if (DEBUG_BUILD)
		write_once(l->holder, 0);
	__atomic_store_n(&l->serving, (uint16_t)(l->serving + 1),
			 __ATOMIC_RELEASE);
}

void spin_lock(struct spinlock *l)
{
	acquire(l, false);
}

void spin_unlock(struct spinlock *l)
{
	release(l);
	if (DEBUG_BUILD)
		this_cpu()->lock_ranks &= ~(1u << l->rank);
}

bool spin_held(const struct spinlock *l)
{
	return read_once(l->holder) == (int16_t)(this_cpu()->id + 1);
}

uint64_t spin_lock_irqsave(struct spinlock *l)
{
	uint64_t flags = irq_save();

	spin_lock(l);
	return flags;
}

void spin_unlock_irqrestore(struct spinlock *l, uint64_t flags)
{
	spin_unlock(l);
	irq_restore(flags);
}

void spin_lock_pair(struct spinlock *a, struct spinlock *b)
{
	spin_lock(a < b ? a : b);
	if (a != b)
		acquire(a < b ? b : a, true);
}

void spin_unlock_pair(struct spinlock *a, struct spinlock *b)
{
	if (a != b)
		release(a);
	spin_unlock(b);
}
