/* SPDX-License-Identifier: MIT */
/* Event channels, for the scheduler and the interrupt code: see evtchn.c. */
#pragma once

#include "core/domain.h"

/* The vCPU of d with this id, or NULL; any id. */
static inline struct vcpu *domain_vcpu(const struct domain *d, uint64_t id)
{
	if (id >= d->max_vcpus)
		return NULL;
	return d->vcpu[index_clamp(id, d->max_vcpus)];
}

/* Is the port in use? *pending: whether its bit is set, masked or not. */
bool evtchn_port_state(struct domain *d, uint64_t port, bool *pending);
/* Upcall pending and every selector bit: nothing is missed after a move. */
void evtchn_mark_all(struct vcpu *v);
/* Take v out of a poll; true when it was in one. Any CPU, any context. */
bool evtchn_poll_leave(struct vcpu *v);

/* Interrupts of devices (core/pirq.c). Lock: d's evtchn_lock held. */
#define MAX_PIRQS 256
int pirq_bind(struct domain *d, uint32_t pirq, bool share);
void pirq_unbind(struct domain *d, uint32_t pirq);
