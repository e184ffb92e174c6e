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
/* Undo one pause of the controller's, of which creation is the first. */
int domain_controller_unpause(struct domain *d); /* -EINVAL: not paused */
/* Fill *info for d. */
void domain_get_info(struct domain *d, struct xen_domctl_getdomaininfo *info);
