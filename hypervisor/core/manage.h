/* SPDX-License-Identifier: MIT */
/*
 * What the control operations (domctl, sysctl) need of domains beyond
 * core/domain.h. Context: a hypercall of the control domain.
 */
#pragma once

#include "core/domain.h"
#include "public/domctl.h"

extern struct domain *control_domain; /* NULL until it is built */

/* First domain with id >= first, counted, dying ones too; NULL: none. */
struct domain *domain_get_next(domid_t first);
/* The counted pause of DOMCTL_pausedomain; unpause: -EINVAL below zero. */
void domain_controller_pause(struct domain *d);
int domain_controller_unpause(struct domain *d);
/* DOMCTL_resumedomain: forget the shutdown. */
void domain_resume(struct domain *d);
/* Destroy: 0, or -ERESTART when it must be called again (preemptible). */
int domain_kill(struct domain *d);
/* Fill *info for d. */
void domain_get_info(struct domain *d, struct xen_domctl_getdomaininfo *info);
