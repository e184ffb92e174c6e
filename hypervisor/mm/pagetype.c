/* SPDX-License-Identifier: MIT */
/*
 * The page-type core (design D3; invariants PT-1..22).
 *
 * A present leaf holds a general reference on its frame, and a writable type
 * reference if it allows writing; a present non-leaf holds a general and a
 * type reference of the next lower level. Devices are not counted: permission
 * is checked at the store. A table is either validated, and then all its
 * entries hold their references, or busy, and then it is on the walker's
 * stack, whose index says which entries do.
 *
 * Locks: the domain's mmu_lock throughout, held for a table at a time.
 */
#include "mm/pagetype.h"

#include "core/hypercall.h"
#include "lib/panic.h"
#include "public/errno.h"
#include "x86/paging.h"

static unsigned int level_of(const struct frame *table)
{
	return type_of(read_once(table->type));
}

static struct pte_class classify_for(const struct domain *d, unsigned int level,
				     uint64_t raw)
{
	return classify(level, raw, domain_is_control(d));
}

/* Leaves. */

/* Frames that no entry counts: devices, and the M2P which nobody may write. */
static bool leaf_is_static(const struct pte_class *c)
{
	mfn_t m = mfn_of(c->frame);

	return !mfn_is_ram(m) || frame_at(m)->state == FRAME_M2P;
}

static bool static_leaf_allowed(const struct domain *d,
				const struct pte_class *c)
{
	if (!domain_is_control(d))
		return false;
	return !mfn_is_ram(mfn_of(c->frame)) || !c->writable;
}

static int leaf_get(const struct domain *d, const struct pte_class *c,
		    const struct domain *owner)
{
	struct frame *f;
	int rc;

	if (leaf_is_static(c))
		return static_leaf_allowed(d, c) ? 0 : -XEN_EINVAL;
	f = frame_get_by_mfn(mfn_of(c->frame), owner);
	if (!f)
		return -XEN_EINVAL;
	if (c->writable) {
		rc = frame_get_type(f, TYPE_WRITABLE);
		if (rc) {
			frame_put(f);
			return rc;
		}
	}
	if (c->cache)
		f->uncached = 1;
	return 0;
}

static void leaf_put(const struct pte_class *c)
{
	struct frame *f;

	if (leaf_is_static(c))
		return;
	f = frame_at(mfn_of(c->frame));
	if (c->writable)
		frame_put_type(f);
	frame_put(f);
}

/* The walker. */

static void walker_push(struct walker *w, struct frame *table,
			unsigned int index)
{
	ASSERT(w->depth < ARRAY_SIZE(w->stack));
	w->stack[w->depth++] = (struct walk_level){ table, index };
}

static bool slot_is_guests(unsigned int level, unsigned int index)
{
	return level != 4 || !l4_slot_is_hypervisor(index);
}

/*
 * One more reference to a table, or the first, in which case it is busy and
 * the caller's to check: 1.
 */
static int table_begin(struct domain *d, mfn_t m, unsigned int level)
{
	struct frame *f = frame_get_by_mfn(m, d);
	int rc;

	if (!f)
		return -XEN_EINVAL;
	rc = frame_type_begin(f, (enum frame_type)level);
	if (rc < 0)
		frame_put(f);
	return rc;
}

/* References of one entry; 1: it leads to a table that must be walked first. */
static int entry_get(struct domain *d, unsigned int level,
		     const struct pte_class *c)
{
	switch (c->kind) {
	case ENTRY_ABSENT:
		return 0;
	case ENTRY_LEAF:
		return leaf_get(d, c, d);
	case ENTRY_TABLE:
		return table_begin(d, mfn_of(c->frame), level - 1);
	case ENTRY_BAD:
		break;
	}
	return -XEN_EINVAL;
}

/* The entry under the index has its references: store its final form. */
static void entry_done(struct walk_level *top, unsigned int level)
{
	uint64_t *pte = &table_entries(top->table)[top->index];
	uint64_t fixed = pte_fix(level, *pte);

	if (fixed != *pte)
		write_once(*pte, fixed);
	top->index++;
}

static void l4_write_hypervisor_slots(struct frame *table)
{
	uint64_t *l4 = table_entries(table);

	for (unsigned int i = HYPERVISOR_FIRST_SLOT; i <= HYPERVISOR_LAST_SLOT;
	     i++)
		l4[i] = boot_l4[i];
}

/* All entries of the top table hold their references: it is validated. */
static void promote_publish(struct walker *w)
{
	struct walk_level *top = &w->stack[w->depth - 1];
	unsigned int level = level_of(top->table);

	if (level == 4)
		l4_write_hypervisor_slots(top->table);
	frame_type_publish(top->table);
	w->depth--;
	if (w->depth)
		entry_done(top - 1, level + 1);
}

static void promote_fail(struct walker *w, int rc)
{
	w->result = rc;
	w->demoting = true;
}

/* Work on the top table until it is done, fails or leads into another. */
static void promote_step(struct domain *d)
{
	struct walker *w = d->walker;
	struct walk_level *top = &w->stack[w->depth - 1];
	unsigned int level = level_of(top->table);
	const uint64_t *entries = table_entries(top->table);

	while (top->index < TABLE_ENTRIES) {
		uint64_t raw = read_once(entries[top->index]);
		struct pte_class c;
		int rc;

		if (!(raw & PTE_PRESENT) ||
		    !slot_is_guests(level, top->index)) {
			top->index++;
			continue;
		}
		c = classify_for(d, level, raw);
		rc = entry_get(d, level, &c);
		if (rc < 0) {
			promote_fail(w, rc);
			return;
		}
		if (rc == 1) {
			walker_push(w, frame_at(mfn_of(c.frame)), 0);
			return;
		}
		entry_done(top, level);
	}
	promote_publish(w);
}

/* One reference less; false: it was the last, and the table is now busy. */
static bool type_drop_unless_last(struct frame *f)
{
	uint64_t old = read_once(f->type), new;

	do
		new = (old & TYPE_COUNT) == 1 ? old | TYPE_BUSY : old - 1;
	while (!__atomic_compare_exchange_n(&f->type, &old, new, false,
					    __ATOMIC_SEQ_CST,
					    __ATOMIC_RELAXED));
	return !(new &TYPE_BUSY);
}

/* No entry of the top table holds anything: it is plain memory again. */
static void demote_finish(struct walker *w)
{
	struct frame *f = w->stack[--w->depth].table;

	frame_stamp(f);
	/* The kind stays as history; nobody can count a busy table. */
	__atomic_store_n(&f->type, type_word(type_of(f->type)),
			 __ATOMIC_SEQ_CST);
	frame_put(f);
}

static void demote_step(struct domain *d)
{
	struct walker *w = d->walker;
	struct walk_level *top = &w->stack[w->depth - 1];
	unsigned int level = level_of(top->table);
	const uint64_t *entries = table_entries(top->table);

	while (top->index) {
		struct pte_class c;
		struct frame *f;
		uint64_t raw;

		top->index--;
		raw = read_once(entries[top->index]);
		if (!(raw & PTE_PRESENT) || !slot_is_guests(level, top->index))
			continue;
		c = classify_for(d, level, raw);
		if (c.kind == ENTRY_LEAF) {
			leaf_put(&c);
			continue;
		}
		f = frame_at(mfn_of(c.frame));
		if (!type_drop_unless_last(f)) {
			walker_push(w, f, TABLE_ENTRIES);
			return;
		}
		frame_put(f);
	}
	demote_finish(w);
}

/* Building the first domain there is nobody to make wait. */
static bool preempt_wanted(void)
{
	return current_vcpu() && hypercall_preempt_check();
}

/* 0: finished, see result. At least one table's worth of progress each. */
static int walker_run(struct domain *d)
{
	struct walker *w = d->walker;

	while (w->depth) {
		if (w->demoting)
			demote_step(d);
		else
			promote_step(d);
		if (w->depth && preempt_wanted())
			return -XEN_ERESTART;
	}
	return 0;
}

int walker_finish(struct domain *d)
{
	struct walker *w = d->walker;
	int rc;

	if (likely(!w->depth))
		return 0;
	rc = walker_run(d);
	if (rc || !w->root)
		return rc;
	/* A promotion whose caller will ask again. */
	if (w->result) {
		w->failed = w->root;
		w->failed_result = w->result;
	} else {
		w->done = w->root;
	}
	w->root = NULL;
	return 0;
}

static void demote_start(struct domain *d, struct frame *table)
{
	struct walker *w = d->walker;

	ASSERT(!w->depth);
	w->demoting = true;
	w->result = 0;
	w->root = NULL;
	walker_push(w, table, TABLE_ENTRIES);
	if (walker_run(d)) {
		/* The next to enter goes on. */
	}
}

void table_put(struct domain *d, struct frame *table)
{
	ASSERT(spin_held(&d->mmu_lock));
	if (type_drop_unless_last(table))
		frame_put(table);
	else
		demote_start(d, table);
}

static int promote_start(struct domain *d, struct frame *table)
{
	struct walker *w = d->walker;
	int rc;

	w->demoting = false;
	w->result = 0;
	w->root = table;
	w->failed = NULL;
	walker_push(w, table, 0);
	rc = walker_run(d);
	if (rc)
		return rc;
	w->root = NULL;
	return w->result;
}

/*
 * Let go of a finished promotion that nobody came back for. That may demote
 * the very table that the caller is about to change, so it must look again.
 */
static int walker_drop_done(struct domain *d)
{
	struct frame *done = d->walker->done;

	if (!done)
		return 0;
	d->walker->done = NULL;
	table_put(d, done);
	return -XEN_ERESTART;
}

int table_get(struct domain *d, mfn_t m, unsigned int level)
{
	struct walker *w = d->walker;
	struct frame *f;
	int rc;

	ASSERT(spin_held(&d->mmu_lock));
	if (m.n >= machine_frames)
		return -XEN_EINVAL;
	f = &frame_table[index_clamp(m.n, machine_frames)];
	if (w->done == f && level_of(f) == level) {
		w->done = NULL; /* its reference is the caller's now */
		return 0;
	}
	if (w->failed == f) {
		w->failed = NULL;
		return w->failed_result;
	}
	if (!frame_has_type(f, (enum frame_type)level)) {
		rc = walker_drop_done(d);
		if (rc)
			return rc;
	}
	rc = table_begin(d, m, level);
	return rc == 1 ? promote_start(d, f) : rc;
}

/* Storing entries. */

static bool entry_exchange(uint64_t *pte, struct store *s, uint64_t new,
			   uint64_t *old)
{
	const uint64_t ad = PTE_ACCESSED | PTE_DIRTY;

	if (!s->flags) {
		*old = __atomic_exchange_n(pte, new, __ATOMIC_SEQ_CST);
		return true;
	}
	*old = (s->flags & STORE_EXPECTED) ? s->expected : read_once(*pte);
	for (;;) {
		uint64_t value = new;

		if ((s->flags & STORE_PRESERVE_AD) && (*old & PTE_PRESENT))
			value |= *old & ad;
		if (__atomic_compare_exchange_n(pte, old, value, false,
						__ATOMIC_SEQ_CST,
						__ATOMIC_RELAXED))
			return true;
		if (s->flags & STORE_EXPECTED)
			return false;
	}
}

static int store_get(struct domain *d, const struct store *s,
		     unsigned int level, const struct pte_class *c)
{
	switch (c->kind) {
	case ENTRY_ABSENT:
		return 0;
	case ENTRY_LEAF:
		return leaf_get(d, c, s->owner);
	case ENTRY_TABLE:
		return s->owner == d ? table_get(d, mfn_of(c->frame), level - 1)
				     : -XEN_EINVAL;
	case ENTRY_BAD:
		break;
	}
	return -XEN_EINVAL;
}

static void entry_put(struct domain *d, const struct pte_class *c)
{
	if (c->kind == ENTRY_LEAF)
		leaf_put(c);
	else if (c->kind == ENTRY_TABLE)
		table_put(d, frame_at(mfn_of(c->frame)));
}

int pte_store(struct domain *d, struct store *s)
{
	uint64_t *pte = &table_entries(s->table)[s->index];
	unsigned int level = level_of(s->table);
	uint64_t old = read_once(*pte);
	uint64_t new = pte_fix(level, s->value);
	struct pte_class was = classify_for(d, level, old);
	struct pte_class now = classify_for(d, level, new);
	bool counted;
	int rc;

	ASSERT(spin_held(&d->mmu_lock));
	if (!slot_is_guests(level, s->index))
		return -XEN_EINVAL;
	counted = !pte_same_class(&was, &now); /* PT-5 */
	if (counted) {
		rc = store_get(d, s, level, &now);
		if (rc)
			return rc;
	}
	if (!entry_exchange(pte, s, new, &old)) {
		s->expected = old;
		if (counted)
			entry_put(d, &now);
		return -XEN_EAGAIN;
	}
	/* Only accessed and dirty can have changed under the lock. */
	if (level > 1 && was.kind == ENTRY_TABLE)
		tlb_flush_domain(d);
	if (counted)
		entry_put(d, &was);
	return 0;
}

int pte_install(struct domain *d, struct frame *table, unsigned int index,
		uint64_t value)
{
	uint64_t *pte = &table_entries(table)[index];
	struct pte_class was;

	ASSERT(spin_held(&d->mmu_lock) && level_of(table) == 1);
	was = classify_for(
		d, 1,
		__atomic_exchange_n(pte, pte_fix(1, value), __ATOMIC_SEQ_CST));
	entry_put(d, &was);
	return 0;
}

struct frame *l1_of_va(mfn_t root, uint64_t va, unsigned int *index)
{
	mfn_t m = root;

	if (mfn_eq(root, INVALID_MFN) || !is_canonical(va) ||
	    (va >= HYPERVISOR_START && va < HYPERVISOR_END))
		return NULL;
	for (unsigned int shift = 39; shift > PAGE_SHIFT; shift -= 9) {
		const uint64_t *table = mfn_to_virt(m);
		uint64_t pte = read_once(table[(va >> shift) & 511]);

		if (!(pte & PTE_PRESENT))
			return NULL;
		m = pte_mfn(pte);
	}
	*index = (va >> PAGE_SHIFT) & 511;
	return frame_at(m);
}
