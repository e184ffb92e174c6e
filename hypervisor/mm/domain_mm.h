/* SPDX-License-Identifier: MIT */
/* Memory of one domain: what the files of mm/ share among themselves. */
#pragma once

#include "mm/mm.h"

/* The last reference of f is gone: leave the owner, back to the allocator. */
void frame_release(struct frame *f);

/*
 * PG-4: take a page that only its allocation and the caller refer to from its
 * domain in one step. -EBUSY: it is in use. The caller owns it then, and
 * keeps or clears its M2P entry.
 */
must_check int domain_steal_frame(struct domain *d, struct frame *f);

/*
 * Guards every page table of d. Entering finishes a walk in progress first
 * (PT-13): -ERESTART, and no lock held, when that takes longer.
 */
must_check int mmu_enter(struct domain *d);
void mmu_leave(struct domain *d);

/* Wait loops call this: serve flush requests though interrupts are off. */
void tlb_poll(void);

void m2p_init(void);
