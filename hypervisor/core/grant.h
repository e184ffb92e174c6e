/* SPDX-License-Identifier: MIT */
/* Grant tables: see grant.c. */
#ifndef TENON_CORE_GRANT_H
#define TENON_CORE_GRANT_H

#include "lib/types.h"

struct domain;

#define GRANT_MAX_FRAMES 64

int grant_domain_init(struct domain *d); /* -ENOMEM */
void grant_domain_free(struct domain *d);
/* Grow to at least n frames; -EINVAL above the limit, -ENOMEM. */
int grant_table_grow(struct domain *d, unsigned int n);
/* Frame i of the table, or INVALID_MFN when it does not have so many. */
mfn_t grant_table_frame(struct domain *d, unsigned int i);
unsigned int grant_table_frames(struct domain *d);

#endif
