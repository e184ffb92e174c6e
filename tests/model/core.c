/* SPDX-License-Identifier: MIT */
/*
 * The sources of hypervisor/mm, unchanged, as one unit: so what they own is in
 * reach, to be saved and brought back with the rest of the machine.
 */
#include "hooks.h"

#ifdef __clang__ /* to which an included source is a header */
#pragma clang diagnostic ignored "-Wstatic-in-inline"
#endif
#include "mm/alloc.c"
#include "mm/domain_mm.c"
#include "mm/l1_access.c"
#include "mm/memory_op.c"
#include "mm/mmu_ops.c"
#include "mm/pagetype.c"
#include "mm/reservation.c"
#include "mm/tlb.c"

#include "model.h"

const struct region core_regions[] = {
	{ &tlb_clock, sizeof(tlb_clock) },
	{ &heap_lock, sizeof(heap_lock) },
	{ &free_blocks[0], sizeof(free_blocks[0]) },
	{ &heap_free_pages, sizeof(heap_free_pages) },
	{ &zombies, sizeof(zombies) },
	{ NULL, 0 },
};

const struct list *core_free_list(void)
{
	return &free_blocks[0];
}

uint64_t core_clock(void)
{
	return tlb_clock;
}
