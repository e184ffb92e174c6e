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
 * The counters of frames (mm.h) are in the same file, and inline in the
 * paths that take or drop the references of 512 entries.
 *
 * Locks: none for the counters, which are atomic. For all else the domain's
 * mmu_lock, held for a table at a time.
 */
#include "mm/pagetype.h"

/* Counters of frames: see mm.h for the rules. */

force_inline bool frame_get(struct frame *f, const struct domain *owner)
{
	uint64_t old = read_once(f->ref);

	/* The count, without REF_ALLOCATED, is neither 0 nor at its limit. */
	do
		if (unlikely(old * 2 - 2 >= REF_MAX * 2 - 2))
			return false;
	while (unlikely(!atomic_replace(&f->ref, &old, old + 1)));
	/* The reference holds owner still: only now may it be looked at. */
	if (owner && read_once(f->owner) == owner)
		return true;
	frame_put(f);
	return false;
}

bool mfn_is_ram(mfn_t m)
{
	const struct frame *f = frame_lookup(m);

	return f && f->state != FRAME_ABSENT;
}

struct frame *frame_get_by_mfn(mfn_t m, const struct domain *owner)
{
	struct frame *f = frame_lookup(m);

	return f && frame_get(f, owner) ? f : NULL;
}

void frame_get_again(struct frame *f)
{
	__atomic_add_fetch(&f->ref, 1, __ATOMIC_SEQ_CST);
}

force_inline void frame_put(struct frame *f)
{
	uint64_t left = __atomic_sub_fetch(&f->ref, 1, __ATOMIC_SEQ_CST);

	if (unlikely(!(left & REF_COUNT)))
		frame_release(f);
}

bool frame_put_allocation(struct frame *f)
{
	uint64_t old =
		__atomic_fetch_and(&f->ref, ~REF_ALLOCATED, __ATOMIC_SEQ_CST);

	if (!(old & REF_ALLOCATED))
		return false;
	frame_put(f);
	return true;
}

/*
 * Later of the recorded and the present epoch; atomic since holders of other
 * domains' mappings stamp too, and a late store must not turn time back.
 */
static force_inline void frame_stamp(struct frame *f)
{
	uint64_t epoch = tlb_epoch_now();
	uint64_t old = read_once(f->stamp);

	while (old < epoch && !atomic_replace(&f->stamp, &old, epoch))
		;
}

/*
 * Stale translations matter when the kind changes: a writable mapping of what
 * becomes a table, or a table still cached as such that becomes writable.
 */
static bool has_history(uint64_t old, enum frame_type now)
{
	return type_of(old) != TYPE_NONE && type_of(old) != now;
}

/*
 * From count zero or from the same kind: the shared part of all "get type"
 * functions. Returns 1 if the caller now owns a busy frame of that kind that
 * it must check and publish, 0 if it got one more of a published one.
 */
static int frame_type_begin(struct frame *f, enum frame_type t)
{
	uint64_t old = read_once(f->type), new;

	for (;;) {
		if (!(old & TYPE_COUNT)) /* then it is not busy either */
			new = type_word(t) | TYPE_BUSY | 1;
		else if (type_of(old) != t || (old & TYPE_COUNT) >= TYPE_MAX)
			return -XEN_EINVAL;
		else if (!(old & TYPE_BUSY))
			new = old + 1;
		else if (t <= TYPE_L4)
			return -XEN_EINVAL; /* PT-21, PT-22: never wait */
		else {
			/* Only for the time of a flush or of one check. */
			tlb_poll();
			cpu_relax();
			old = read_once(f->type);
			continue;
		}
		/* Nothing to flush and nothing to check: no busy phase. */
		if (t == TYPE_WRITABLE && !has_history(old, t))
			new &= ~TYPE_BUSY;
		if (atomic_replace(&f->type, &old, new))
			break;
	}
	if (!(new &TYPE_BUSY))
		return 0;
	if (has_history(old, t)) /* after the commit: PT-12 */
		tlb_flush_since(read_once(f->stamp));
	return 1;
}

static void frame_type_publish(struct frame *f)
{
	__atomic_fetch_and(&f->type, ~TYPE_BUSY, __ATOMIC_SEQ_CST);
}

/* Not inline, so that the short way saves no registers. */
static __attribute__((noinline)) int frame_get_type_long(struct frame *f,
							 enum frame_type t)
{
	int rc = frame_type_begin(f, t);

	if (rc != 1)
		return rc;
	rc = t == TYPE_DESCRIPTOR ? descriptor_page_check(table_entries(f)) : 0;
	if (rc) /* nobody else has counted on a busy frame */
		__atomic_store_n(&f->type, type_word(t), __ATOMIC_SEQ_CST);
	else
		frame_type_publish(f);
	return rc;
}

force_inline int frame_get_type(struct frame *f, enum frame_type t)
{
	uint64_t old = read_once(f->type);
	/* The first reference, too, where there is nothing to check. */
	uint64_t least = type_word(t) | (t != TYPE_WRITABLE);

	/* Mostly: of this kind, neither busy nor full; or fresh. */
	if ((old - least < TYPE_MAX - 1 || (t == TYPE_WRITABLE && !old)) &&
	    atomic_replace(&f->type, &old, (old | type_word(t)) + 1))
		return 0;
	return frame_get_type_long(f, t);
}

force_inline void frame_put_type(struct frame *f)
{
	frame_stamp(f);
	ASSERT(f->type & TYPE_COUNT);
	__atomic_sub_fetch(&f->type, 1, __ATOMIC_SEQ_CST);
}

struct frame *frame_get_typed(struct domain *d, mfn_t m, enum frame_type t)
{
	struct frame *f = frame_get_by_mfn(m, d);

	if (!f || !frame_get_type(f, t))
		return f;
	frame_put(f);
	return NULL;
}

struct frame *frame_get_writable(struct domain *d, mfn_t m)
{
	return frame_get_typed(d, m, TYPE_WRITABLE);
}

void frame_put_writable(struct frame *f)
{
	frame_put_type(f);
	frame_put(f);
}

/* References of leaf entries. */

/* False: nobody counts the frame. A device, or the M2P, which is read-only. */
static bool leaf_is_counted(const struct frame *f)
{
	return f && f->state > FRAME_M2P;
}

/*
 * References of an entry that leads to no table. kept: the entry maps the
 * same frame before and after, and keeps its general reference.
 */
static force_inline int leaf_get(const struct domain *d, struct pte_class c,
				 const struct domain *owner, bool kept)
{
	struct frame *f = frame_lookup(mfn_of(c.frame));
	int rc = 0;

	if (c.kind != ENTRY_LEAF)
		return c.kind == ENTRY_ABSENT ? 0 : -XEN_EINVAL;
	if (!leaf_is_counted(f)) {
		bool m2p = f && f->state == FRAME_M2P;

		if (domain_is_control(d) && !(m2p && c.writable))
			return 0;
		return f ? -XEN_EBUSY : -XEN_EPERM;
	}
	if (!owner || (kept ? f->owner != owner : !frame_get(f, owner)))
		return -XEN_EBUSY;
	if (c.writable)
		rc = frame_get_type(f, TYPE_WRITABLE);
	if (rc && !kept)
		frame_put(f);
	if (!rc && c.cache)
		f->uncached = 1;
	return rc ? -XEN_EBUSY : 0;
}

static force_inline void leaf_put(struct pte_class c, bool kept)
{
	struct frame *f = frame_lookup(mfn_of(c.frame));

	if (!leaf_is_counted(f))
		return;
	if (c.writable)
		frame_put_type(f);
	if (!kept)
		frame_put(f);
}

/* Tables. */

static unsigned int level_of(const struct frame *table)
{
	return type_of(read_once(table->type));
}

/* Of an entry in its table. */
static unsigned int index_of(const uint64_t *pte)
{
	return ((uintptr_t)pte & ~PAGE_MASK) / sizeof(*pte);
}

static struct pte_class classify_for(const struct domain *d, unsigned int level,
				     uint64_t raw)
{
	return classify(level, raw, domain_is_control(d));
}

/* The walker. */

static void walker_push(struct walker *w, struct frame *table,
			unsigned int index)
{
	ASSERT(w->depth < ARRAY_SIZE(w->stack));
	w->stack[w->depth++] = (struct walk_level){ table, index };
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

/* All entries of the top table hold their references: it is validated. */
static void promote_publish(struct walker *w)
{
	struct walk_level *top = &w->stack[w->depth - 1];
	unsigned int level = level_of(top->table);

	if (level == 4)
		memcpy(table_entries(top->table) + HYPERVISOR_FIRST_SLOT,
		       boot_l4 + HYPERVISOR_FIRST_SLOT,
		       HYPERVISOR_SLOTS * sizeof(uint64_t));
	frame_type_publish(top->table);
	w->depth--;
	if (w->depth) { /* the entry above has what it asked for */
		uint64_t *pte = &table_entries(top[-1].table)[top[-1].index++];

		write_once(*pte, pte_fix(level + 1, *pte));
	}
}

/* Work on the top table until it is done, fails or leads into another. */
static force_inline void promote_step(struct domain *d, struct walker *w,
				      unsigned int level)
{
	struct walk_level *top = &w->stack[w->depth - 1];
	uint64_t *entries = table_entries(top->table);
	uint64_t *end = entries + TABLE_ENTRIES;
	struct pte_class c = { 0 };
	uint64_t *pte = entries + top->index, raw, fixed;
	int rc = 0;

	for (; pte < end; pte++) {
		raw = read_once(*pte);
		if (!(raw & PTE_PRESENT)) {
			/* Tables are mostly empty. */
			while (pte + 4 < end &&
			       !((pte[1] | pte[2] | pte[3] | pte[4]) &
				 PTE_PRESENT))
				pte += 4;
			continue;
		}
		if (!slot_is_guests(level, index_of(pte)))
			continue;
		c = classify_for(d, level, raw);
		rc = c.kind == ENTRY_TABLE
			     ? table_begin(d, mfn_of(c.frame), level - 1)
			     : leaf_get(d, c, d, false);
		if (rc)
			break;
		fixed = pte_fix(level, raw);
		if (unlikely(fixed != raw))
			write_once(*pte, fixed);
	}
	top->index = (unsigned int)(pte - entries);
	if (rc == 1) {
		walker_push(w, frame_at(mfn_of(c.frame)), 0);
	} else if (rc) {
		w->result = rc;
		w->demoting = true;
	} else {
		promote_publish(w);
	}
}

/* One reference less; false: it was the last, and the table is now busy. */
static bool type_drop_unless_last(struct frame *f)
{
	uint64_t old = read_once(f->type), new;

	do
		new = (old & TYPE_COUNT) == 1 ? old | TYPE_BUSY : old - 1;
	while (!atomic_replace(&f->type, &old, new));
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

static force_inline void demote_step(struct domain *d, struct walker *w,
				     unsigned int level)
{
	struct walk_level *top = &w->stack[w->depth - 1];
	const uint64_t *entries = table_entries(top->table);
	const uint64_t *pte = entries + top->index;

	for (; pte > entries; pte--) {
		uint64_t raw = read_once(pte[-1]);
		struct pte_class c;
		struct frame *f;

		if (!(raw & PTE_PRESENT) ||
		    !slot_is_guests(level, index_of(pte - 1)))
			continue;
		c = classify_for(d, level, raw);
		if (c.kind == ENTRY_LEAF) {
			leaf_put(c, false);
			continue;
		}
		f = frame_at(mfn_of(c.frame));
		if (!type_drop_unless_last(f)) {
			top->index = index_of(pte - 1);
			walker_push(w, f, TABLE_ENTRIES);
			return;
		}
		frame_put(f);
	}
	demote_finish(w);
}

/* At least one table's worth of progress each time. */
int walker_run(struct domain *d)
{
	struct walker *w = d->walker;

	while (w->depth) {
		unsigned int level = level_of(w->stack[w->depth - 1].table);

		/* A constant for most: its steps are compiled apart. */
		if (w->demoting)
			level == 1 ? demote_step(d, w, 1)
				   : demote_step(d, w, level);
		else
			level == 1 ? promote_step(d, w, 1)
				   : promote_step(d, w, level);
		/* Building the first domain there is nobody to make wait. */
		if (w->depth && current_vcpu() && hypercall_preempt_check())
			return -XEN_ERESTART;
	}
	return 0;
}

void table_put(struct domain *d, struct frame *table)
{
	struct walker *w = d->walker;

	ASSERT(spin_held(&d->mmu_lock) && !w->depth);
	if (type_drop_unless_last(table)) {
		frame_put(table);
		return;
	}
	w->demoting = true;
	walker_push(w, table, TABLE_ENTRIES);
	walker_run(d); /* if it does not finish, the next to enter goes on */
}

int walker_forget(struct domain *d)
{
	struct frame *root = d->walker->root;

	if (!root || d->walker->result)
		return 0;
	d->walker->root = NULL;
	table_put(d, root);
	return -XEN_ERESTART;
}

/* The result of a promotion; with 0 its reference is the caller's. */
static int promote_result(struct walker *w)
{
	w->root = NULL;
	return w->result;
}

static int promote(struct domain *d, struct frame *table)
{
	struct walker *w = d->walker;
	int rc;

	w->demoting = false;
	w->result = 0;
	w->root = table;
	walker_push(w, table, 0);
	rc = walker_run(d);
	return rc ? rc : promote_result(w);
}

int table_get(struct domain *d, mfn_t m, unsigned int level)
{
	struct frame *f = frame_lookup(m);
	struct walker *w = d->walker;
	int rc = 0;

	ASSERT(spin_held(&d->mmu_lock) && !w->depth);
	if (f && w->root == f && (w->result || level_of(f) == level))
		return promote_result(w);
	if (!f || !frame_get(f, d))
		return -XEN_EINVAL;
	if (!frame_has_type(f, (enum frame_type)level))
		rc = walker_forget(d);
	if (!rc)
		rc = frame_type_begin(f, (enum frame_type)level);
	if (rc < 0)
		frame_put(f);
	return rc == 1 ? promote(d, f) : rc;
}

/* Storing entries. */

/* False: s->expected is not what is there. */
static force_inline bool entry_replace(struct store *s, uint64_t new)
{
	uint64_t old = read_once(*s->pte), value;

	do {
		if ((s->flags & STORE_EXPECTED) && old != s->expected) {
			s->expected = old;
			return false;
		}
		value = new;
		if ((s->flags & STORE_PRESERVE_AD) && (old & PTE_PRESENT))
			value |= old & (PTE_ACCESSED | PTE_DIRTY);
	} while (!atomic_replace(s->pte, &old, value));
	return true;
}

static void entry_put(struct domain *d, struct pte_class c, bool kept)
{
	if (c.kind == ENTRY_LEAF)
		leaf_put(c, kept);
	else if (c.kind == ENTRY_TABLE)
		table_put(d, frame_at(mfn_of(c.frame)));
}

/* Inline, so that for a constant level only what it needs is left. */
static force_inline int store_in(struct domain *d, unsigned int level,
				 struct store *s)
{
	uint64_t new = pte_fix(level, s->value);
	struct pte_class was = classify_for(d, level, read_once(*s->pte));
	struct pte_class now = classify_for(d, level, new);
	bool held = s->flags & STORE_HELD;
	bool kept = !held && was.kind == ENTRY_LEAF && now.kind == ENTRY_LEAF &&
		    was.frame == now.frame;
	bool counted = held || !pte_same_class(was, now); /* PT-5 */
	int rc = 0;

	ASSERT(spin_held(&d->mmu_lock));
	if (!slot_is_guests(level, index_of(s->pte)))
		return -XEN_EINVAL;
	if ((s->flags & STORE_IF_MAPS) &&
	    (was.kind != ENTRY_LEAF || was.frame != s->maps.n))
		return -XEN_EINVAL;
	if (counted && now.kind == ENTRY_TABLE)
		rc = table_get(d, mfn_of(now.frame), level - 1);
	else if (counted && !held)
		rc = leaf_get(d, now, s->owner, kept);
	if (rc)
		return rc;
	/* Only accessed and dirty can have changed under the lock. */
	if (!entry_replace(s, new)) {
		if (counted)
			entry_put(d, now, kept);
		return -XEN_EAGAIN;
	}
	if (was.kind == ENTRY_TABLE)
		tlb_flush_domain(d);
	if (counted)
		entry_put(d, was, kept);
	return 0;
}

/*
 * A leaf that goes on mapping the same frame and whose other bits may change:
 * most stores are such. The reference of who may write is what this is about.
 */
static force_inline int leaf_protect(struct domain *d, struct store *s,
				     uint64_t changed)
{
	uint64_t value = pte_fix(1, s->value);
	struct frame *f = frame_lookup(pte_mfn(value));
	bool moved = changed & PTE_WRITE;
	bool get = moved && (value & PTE_WRITE), put = moved && !get;

	if (moved && (!leaf_is_counted(f) || !s->owner ||
		      read_once(f->owner) != s->owner))
		return store_in(d, 1, s);
	if (get && frame_get_type(f, TYPE_WRITABLE))
		return -XEN_EBUSY;
	if (!entry_replace(s, value)) {
		if (get)
			frame_put_type(f);
		return -XEN_EAGAIN;
	}
	if (put)
		frame_put_type(f);
	return 0;
}

int pte_store(struct domain *d, struct store *s)
{
	uint64_t old = read_once(*s->pte), changed = old ^ s->value;

	if (s->level != 1)
		return store_in(d, s->level, s);
	if (likely((old & PTE_PRESENT) &&
		   !(changed & (PTE_PRESENT | PTE_ADDR | CACHE_BITS)) &&
		   !(s->flags & (STORE_HELD | STORE_IF_MAPS))))
		return leaf_protect(d, s, changed);
	return store_in(d, 1, s);
}

/* The entry for va in the table that an entry leads to. */
static force_inline uint64_t *entry_in(uint64_t entry, uint64_t va,
				       unsigned int shift)
{
	uint64_t *table = phys_to_virt(entry & PTE_ADDR);

	return &table[(va >> shift) & 511];
}

uint64_t *l1_of_va(mfn_t root, uint64_t va)
{
	uint64_t at = root.n << PAGE_SHIFT;

	if (mfn_eq(root, INVALID_MFN) || !is_guest_va(va))
		return NULL;
#pragma GCC unroll 3
	for (unsigned int shift = 39; shift > PAGE_SHIFT; shift -= 9) {
		at = read_once(*entry_in(at, va, shift));
		if (!(at & PTE_PRESENT))
			return NULL;
	}
	return entry_in(at, va, PAGE_SHIFT);
}

/*
 * PT-19: the entry at a machine address, NULL if that is in no L1 table of d.
 * The table has references of its own, which only who holds the lock can drop.
 */
static uint64_t *entry_at(struct domain *d, uint64_t maddr)
{
	struct frame *f = frame_get_by_mfn(mfn_of(maddr >> PAGE_SHIFT), d);
	bool is_l1;

	if (!f)
		return NULL;
	is_l1 = frame_has_type(f, TYPE_L1);
	frame_put(f);
	return is_l1 && !(maddr % 8) ? phys_to_virt(maddr) : NULL;
}

int l1_store(struct vcpu *v, bool by_pte, uint64_t where, struct store *s)
{
	struct domain *d = v->domain;
	int rc = mmu_enter(d);

	if (rc)
		return rc;
	s->level = 1;
	s->pte = by_pte ? entry_at(d, where) : l1_of_va(v->kernel_root, where);
	rc = s->pte ? pte_store(d, s) : -XEN_EINVAL;
	mmu_leave(d);
	return rc;
}
