/* SPDX-License-Identifier: MIT */
/*
 * What debug builds know of locks: the holder of each, and per CPU a bitmap of
 * the ranks that it holds, with which every acquisition is checked.
 *
 * Interrupt handlers take only irqsave locks; their ranks are the highest, so
 * that an interrupt inside any plain lock keeps the order.
 */
#include "lib/spinlock.h"

#include "x86/cpu.h"

void spin_debug_enter(const struct spinlock *l, bool pair)
{
	struct cpu *c = this_cpu();
	uint32_t higher = c->lock_ranks >> l->rank;

	if (higher && !(pair && higher == 1))
		panic("lock rank %u taken while holding ranks 0x%x", l->rank,
		      c->lock_ranks);
	c->lock_ranks |= 1u << l->rank;
}

void spin_debug_taken(struct spinlock *l)
{
	write_once(l->holder, (int16_t)(this_cpu()->id + 1));
}

void spin_debug_leave(struct spinlock *l, bool pair)
{
	ASSERT(spin_held(l));
	write_once(l->holder, 0);
	if (!pair)
		this_cpu()->lock_ranks &= ~(1u << l->rank);
}

bool spin_held(const struct spinlock *l)
{
	return read_once(l->holder) == (int16_t)(this_cpu()->id + 1);
}
