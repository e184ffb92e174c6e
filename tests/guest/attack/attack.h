/* SPDX-License-Identifier: MIT */
/*
 * What the attacks of tests/guest/attack share beside the kit.
 *
 * Each attack is one function in a file of its own, named after its number in
 * docs/security-rules.md. It prints what it checks, gives back what it took,
 * and may end in a crash of the domain only where its comment says so.
 */
#pragma once

#include "../kit/kit.h"

#include <public/memory.h>
#include <public/sched.h>

/* One line of the result, and the count of those that failed. */
void check(const char *name, bool good, long value);

static inline long event_op(unsigned int command, void *op)
{
	return pv_hypercall2(__HYPERVISOR_event_channel_op, command,
			     PV_ARG(op));
}

/* XENMEM_*_reservation or populate_physmap: how many extents it did. */
static inline long reservation(unsigned int command, uint16_t domid,
			       uint64_t *list, uint64_t count,
			       unsigned int order, unsigned int flags)
{
	struct xen_memory_reservation op = { .nr_extents = count,
					     .extent_order = order,
					     .mem_flags = flags,
					     .domid = domid };

	set_xen_guest_handle(op.extent_start, list);
	return pv_hypercall2(__HYPERVISOR_memory_op, command, PV_ARG(&op));
}

/* Until another vCPU has counted so far. */
static inline void wait_for(const volatile uint64_t *count, uint64_t least)
{
	while (*count < least)
		pv_hypercall2(__HYPERVISOR_sched_op, SCHEDOP_yield, 0);
}

/* So many of the words are not zero. */
static inline unsigned int not_zero(const uint64_t *words, unsigned int n)
{
	unsigned int found = 0;

	for (unsigned int i = 0; i < n; i++)
		found += words[i] != 0;
	return found;
}

#define ATTACK(number) void attack_##number(void);
#include "list.h"
#undef ATTACK
