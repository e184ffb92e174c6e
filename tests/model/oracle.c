/* SPDX-License-Identifier: MIT */
/*
 * What must hold after every step, written apart from mm/ (it decodes entries
 * itself):
 *
 *   - no counter is below what tables, pins, roots, walkers and holders of
 *     references add up to, and what they rely on is of that kind (PT-1..3);
 *     while both CPUs are in their guests the counters are equal to it;
 *   - no TLB lets anybody write a table, or walk what is none (TL-1, TL-5), or
 *     reach what has been another's since (TL-3)
 *     (while both are in their guests: nor walk by what was changed);
 *   - what a CPU has in CR3 is a validated root (TL-6).
 *
 * Between two steps of an operation counters may be too high, never too low:
 * references are taken first and dropped last.
 */
#include <string.h>

#include "model.h"

static uint64_t refs[MODELLED], types[MODELLED];
static uint8_t kinds[MODELLED];
static const char *wrong;

static void holds(bool c, const char *what)
{
	if (!c)
		wrong = what;
}

static bool is_table(const struct frame *f)
{
	enum frame_type t = type_of(f->type);

	return (f->type & TYPE_COUNT) && t >= TYPE_L1 && t <= TYPE_L4;
}

static void count_type(uint64_t frame, unsigned int kind)
{
	refs[frame]++;
	holds(!types[frame] || kinds[frame] == kind,
	      "a frame is used as two kinds at once");
	types[frame]++;
	kinds[frame] = (uint8_t)kind;
}

static void count_entry(const struct domain *d, unsigned int level,
			uint64_t pte)
{
	uint64_t frame = (pte & 0x000ffffffffff000ull) >> 12;

	if (!(pte & 1))
		return;
	if (frame >= MODELLED || pte & 0x118 || (level > 1 && pte & 0x80)) {
		wrong = "an entry is in a table that must not be";
		return;
	}
	if (level > 1) {
		count_type(frame, level - 1);
		holds(!(frame_table[frame].type & TYPE_BUSY),
		      "an entry leads to a table that is not validated");
	} else if (pte & 2) {
		count_type(frame, TYPE_WRITABLE);
	} else {
		refs[frame]++;
	}
	holds(frame_table[frame].owner == d || d == &domain_b,
	      "an entry maps what is not the domain's");
	holds(frame_table[frame].state == FRAME_OWNED,
	      "an entry maps what nobody owns");
}

/* Entries of a busy table count in the end, as its walker says. */
static unsigned int entries_that_hold(const struct frame *f, bool quiet)
{
	const struct walker *w = f->owner->walker;

	if (!(f->type & TYPE_BUSY))
		return SLOTS;
	for (unsigned int i = 0; quiet && i < w->depth; i++)
		if (w->stack[i].table == f)
			return w->stack[i].index;
	holds(!quiet, "a busy table is on no walker's stack");
	return 0;
}

static void count_table(unsigned int frame, bool quiet)
{
	const struct frame *f = &frame_table[frame];
	unsigned int n, level = type_of(f->type);

	if (!is_table(f))
		return;
	holds(f->owner && f->state == FRAME_OWNED,
	      "a table is nobody's memory");
	if (!f->owner)
		return;
	if (f->type & TYPE_PINNED)
		count_type(frame, level);
	n = entries_that_hold(f, quiet);
	for (unsigned int i = 0; i < n && i < SLOTS; i++)
		count_entry(f->owner, level, slots_of(frame)[i]);
}

static void count_walker(const struct walker *w, bool quiet)
{
	for (unsigned int i = 0; i < w->depth; i++)
		count_type(frame_to_mfn(w->stack[i].table).n,
			   type_of(w->stack[i].table->type));
	/* A promotion that is finished and not asked for yet. */
	if (quiet && w->root && !w->result && (!w->depth || w->demoting))
		count_type(frame_to_mfn(w->root).n, type_of(w->root->type));
}

static void count_holders(bool quiet)
{
	for (unsigned int i = 0; i < ACTORS; i++) {
		const struct frame *held = world.actors[i].held;

		if (vcpus[i]->kernel_root.n < MODELLED)
			count_type(vcpus[i]->kernel_root.n, 4);
		if (!held)
			continue;
		count_type(frame_to_mfn(held).n, TYPE_WRITABLE);
		holds(held->owner == &domain_a,
		      "what is held is another domain's");
	}
	count_walker(domain_a.walker, quiet);
	count_walker(domain_b.walker, quiet);
}

static void compare(unsigned int frame, bool quiet)
{
	const struct frame *f = &frame_table[frame];
	uint64_t ref = f->ref & REF_COUNT, type = f->type & TYPE_COUNT;

	if (f->ref & REF_ALLOCATED)
		refs[frame]++;
	holds(f->state != FRAME_FREE || (!f->ref && !f->type),
	      "a free frame is counted");
	holds(ref >= refs[frame], "a frame has lost a reference");
	holds(type >= types[frame], "a frame has lost a type reference");
	holds(!types[frame] ||
		      type_of(f->type) == (enum frame_type)kinds[frame],
	      "a frame is of another kind than its users think");
	holds(!quiet || ref == refs[frame], "a reference is never given back");
	holds(!quiet || type == types[frame],
	      "a type reference is never given back");
}

/* A translation in a TLB: of a leaf, or to a table one level lower. */
static void check_cached(uint8_t entry, unsigned int level)
{
	const struct frame *f = &frame_table[entry & TLB_FRAME];
	enum frame_type t = type_of(f->type);

	if (!entry)
		return;
	holds(!(entry & TLB_OLD) || f->state != FRAME_OWNED,
	      "a TLB leads to what has been another's since");
	/* While it is busy its users are being flushed. */
	if (!(f->type & TYPE_COUNT) || f->type & TYPE_BUSY)
		return;
	if (level > 1)
		holds(t == (enum frame_type)(level - 1),
		      "a TLB walks what is not a table of that level");
	else if (entry & TLB_WRITABLE)
		holds(t == TYPE_WRITABLE, "a TLB lets a table be written");
}

/*
 * While all are in their guests: a pointer to a table is cached as it is in
 * the tables, since who changes one flushes (TL-5).
 */
static void check_pointers(unsigned int a)
{
	const struct tlb *t = &world.tlbs[a];
	uint64_t root = cpus[a].loaded_root.n;

	for (unsigned int n = 0; n < 8 && root < MODELLED; n++) {
		const uint8_t cached[] = { t->l4[0], t->l3[n >> 2],
					   t->l2[n >> 1] };
		const unsigned int slot[] = { 0, n >> 2, n >> 1 & 1 };
		uint64_t table = root;

		for (unsigned int i = 0; i < 3 && cached[i]; i++) {
			uint64_t pte = slots_of((unsigned int)table)[slot[i]];

			table = cached[i] & TLB_FRAME;
			holds(pte & 1 && (pte & PTE_ADDR) >> 12 == table,
			      "a TLB walks an entry that has changed");
		}
	}
}

static void check_cpu(unsigned int a, bool quiet)
{
	const struct tlb *t = &world.tlbs[a];
	const struct frame *root = frame_lookup(cpus[a].loaded_root);

	for (unsigned int i = 0; i < 8; i++)
		check_cached(t->leaf[i], 1);
	for (unsigned int i = 0; i < 4; i++)
		check_cached(t->l2[i], 2);
	for (unsigned int i = 0; i < 2; i++)
		check_cached(t->l3[i], 3);
	check_cached(t->l4[0], 4);
	if (quiet)
		check_pointers(a);
	if (root && !mfn_eq(cpus[a].loaded_root, boot_root))
		holds(type_of(root->type) == TYPE_L4 &&
			      root->type & TYPE_COUNT &&
			      !(root->type & TYPE_BUSY),
		      "CR3 leads to what is no root");
}

const char *oracle(void)
{
	bool quiet = !world.actors[0].sp && !world.actors[1].sp;

	memset(refs, 0, sizeof(refs));
	memset(types, 0, sizeof(types));
	wrong = NULL;
	for (unsigned int f = 0; f < MODELLED; f++)
		count_table(f, quiet);
	count_holders(quiet);
	for (unsigned int f = 0; f < MODELLED; f++)
		compare(f, quiet);
	for (unsigned int a = 0; a < ACTORS; a++)
		check_cpu(a, quiet);
	return wrong;
}

void oracle_age(void)
{
	for (unsigned int a = 0; a < ACTORS; a++) {
		uint8_t *entry = (uint8_t *)&world.tlbs[a];

		for (unsigned int i = 0; i < sizeof(struct tlb); i++)
			if (entry[i] &&
			    frame_table[entry[i] & TLB_FRAME].state ==
				    FRAME_FREE)
				entry[i] |= TLB_OLD;
	}
}
