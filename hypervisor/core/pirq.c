/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of devices for the control domain. So far they can be bound but
 * are not delivered: Tenon's own control domain drives no device.
 *
 * Locks: the domain's evtchn_lock.
 */
#include "core/evtchn.h"

int pirq_bind(struct domain *d, uint32_t pirq, bool share)
{
	return 0;
}

void pirq_unbind(struct domain *d, uint32_t pirq)
{
}
