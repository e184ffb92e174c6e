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

/* One line of the result, and the count of those that failed. */
void check(const char *name, bool good, long value);

static inline long event_op(unsigned int command, void *op)
{
	return pv_hypercall2(__HYPERVISOR_event_channel_op, command,
			     PV_ARG(op));
}

#define ATTACK(number) void attack_##number(void);
#include "list.h"
#undef ATTACK
