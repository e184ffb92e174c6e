/* SPDX-License-Identifier: MIT */
/* See oracle.h. Written apart from mm/: it decodes entries itself. */
#include "oracle.h"

#include <stdio.h>
#include <string.h>

#include "mm/pagetype.h"

const unsigned int used_slots[] = { 0, 1, 2, 255, 256, 264, 271, 272, 511 };
const unsigned int used_slot_count = ARRAY_SIZE(used_slots);

static uint64_t refs[MACHINE_FRAMES], types[MACHINE_FRAMES];
static unsigned int kinds[MACHINE_FRAMES];

static void count_type(uint64_t frame, unsigned int kind)
{
	refs[frame]++;
	CHECK(!types[frame] || kinds[frame] == kind);
	types[frame]++;
	kinds[frame] = kind;
}

static void count_entry(const struct domain *d, unsigned int level,
			uint64_t pte)
{
	uint64_t frame = (pte & 0x000ffffffffff000ull) >> 12;

	if (!(pte & 1))
		return;
	CHECK(pte & 4);
	CHECK(frame < 1ull << 28);
	if (level > 1) {
		CHECK(!(pte & 0x198));
		CHECK(frame < MACHINE_FRAMES);
		CHECK(frame_table[frame].owner == d);
		count_type(frame, level - 1);
		return;
	}
	CHECK(!(pte & 0x100));
	if (frame >= MACHINE_FRAMES) {
		CHECK(d->is_control);
		return;
	}
	CHECK(!(pte & 0x98) || d->is_control);
	CHECK(frame_table[frame].owner == d || d->is_control);
	if (pte & 2)
		count_type(frame, TYPE_WRITABLE);
	else
		refs[frame]++;
}

static void count_slot(const struct frame *f, unsigned int level,
		       unsigned int slot, unsigned int valid)
{
	uint64_t pte = ((uint64_t *)phys_to_virt((uint64_t)(f - frame_table)
						 << 12))[slot];

	if (level == 4 && slot >= 256 && slot <= 271) {
		if (valid == 512 && !(f->type & TYPE_BUSY))
			CHECK(pte == boot_l4[slot]);
		return;
	}
	if (slot < valid)
		count_entry(f->owner, level, pte);
}

/* How many entries of a table hold references: all, or what a walk says. */
static unsigned int valid_entries(const struct frame *f)
{
	const struct walker *w = f->owner->walker;

	if (!(f->type & TYPE_BUSY))
		return 512;
	for (unsigned int i = 0; i < w->depth; i++)
		if (w->stack[i].table == f)
			return w->stack[i].index;
	CHECK(!"busy, but on no walker's stack");
	return 0;
}

static void count_table(const struct frame *f, bool all)
{
	unsigned int level = type_of(f->type);
	unsigned int valid;

	if (!(f->type & TYPE_COUNT) || level < 1 || level > 4)
		return;
	valid = valid_entries(f);
	if (f->type & TYPE_PINNED)
		count_type((uint64_t)(f - frame_table), level);
	if (all)
		for (unsigned int i = 0; i < 512; i++)
			count_slot(f, level, i, valid);
	else
		for (unsigned int i = 0; i < used_slot_count; i++)
			count_slot(f, level, used_slots[i], valid);
}

static void count_domain(const struct domain *d)
{
	const struct walker *w = d->walker;

	for (unsigned int i = 0; i < d->max_vcpus; i++) {
		const struct vcpu *v = d->vcpu[i];

		if (v->kernel_root.n < MACHINE_FRAMES)
			count_type(v->kernel_root.n, 4);
		if (v->user_root.n < MACHINE_FRAMES)
			count_type(v->user_root.n, 4);
	}
	for (unsigned int i = 0; i < w->depth; i++)
		count_type((uint64_t)(w->stack[i].table - frame_table),
			   type_of(w->stack[i].table->type));
	/* A promotion that is finished and not asked for yet. */
	if (w->root && !w->result && (!w->depth || w->demoting))
		count_type((uint64_t)(w->root - frame_table),
			   type_of(w->root->type));
	count_type(virt_to_mfn(d->shared_info).n, TYPE_WRITABLE);
}

static void explain(const struct frame *f, uint64_t i)
{
	printf("frame %lu: ref %lx type %lx state %u; counted %lu, %lu of "
	       "kind %u\n",
	       i, f->ref, f->type, f->state, refs[i], types[i], kinds[i]);
}

static void compare(const struct frame *f, uint64_t i)
{
	if (f->ref & REF_ALLOCATED)
		refs[i]++;
	if ((f->ref & REF_COUNT) != refs[i])
		explain(f, i);
	CHECK((f->ref & REF_COUNT) == refs[i]);
	CHECK((f->type & TYPE_COUNT) == types[i]);
	if (types[i])
		CHECK(type_of(f->type) == (enum frame_type)kinds[i]);
	if (refs[i])
		CHECK(f->state == FRAME_OWNED || f->state == FRAME_SHARED);
}

static void count_pages(const struct domain *d)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < MACHINE_FRAMES; i++)
		n += frame_table[i].state == FRAME_OWNED &&
		     frame_table[i].owner == d;
	CHECK(n == d->tot_pages && n <= d->max_pages);
}

void oracle_check(struct domain *const *domains, unsigned int n, bool all)
{
	memset(refs, 0, sizeof(refs));
	memset(types, 0, sizeof(types));
	for (unsigned int i = 0; i < MACHINE_FRAMES; i++)
		count_table(&frame_table[i], all);
	for (unsigned int i = 0; i < n; i++)
		count_domain(domains[i]);
	for (unsigned int i = 0; i < MACHINE_FRAMES; i++)
		compare(&frame_table[i], i);
	for (unsigned int i = 0; i < n; i++)
		count_pages(domains[i]);
}
