/* SPDX-License-Identifier: MIT */
/*
 * Reference and type counters of frames; see frame.h for the rules. And the
 * references of leaf entries, which are nothing else; what is so declared is
 * inline in the paths that take or drop 512 of them.
 *
 * Context: any CPU, not interrupt handlers. Nothing here takes a lock except
 * the release of the last reference.
 */
#include "mm/frame.h"

#include "lib/panic.h"
#include "mm/pagetype.h"
#include "public/errno.h"
#include "pv/pv.h"

bool mfn_is_ram(mfn_t m)
{
	const struct frame *f = frame_lookup(m);

	return f && f->state != FRAME_ABSENT;
}

inline bool frame_get(struct frame *f, const struct domain *owner)
{
	uint64_t old = read_once(f->ref);

	do
		if (!(old & REF_COUNT) || (old & REF_COUNT) >= REF_MAX)
			return false;
	while (!atomic_replace(&f->ref, &old, old + 1));
	/* The reference holds owner still: only now may it be looked at. */
	if (owner && read_once(f->owner) == owner)
		return true;
	frame_put(f);
	return false;
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

inline void frame_put(struct frame *f)
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
inline void frame_stamp(struct frame *f)
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

int frame_type_begin(struct frame *f, enum frame_type t)
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

void frame_type_publish(struct frame *f)
{
	__atomic_fetch_and(&f->type, ~TYPE_BUSY, __ATOMIC_SEQ_CST);
}

inline int frame_get_type(struct frame *f, enum frame_type t)
{
	uint64_t old = read_once(f->type);
	int rc;

	/* Mostly: of this kind, in use, neither busy nor full. */
	if (old - (type_word(t) | 1) < TYPE_MAX - 1 &&
	    atomic_replace(&f->type, &old, old + 1))
		return 0;
	rc = frame_type_begin(f, t);
	if (rc != 1)
		return rc;
	rc = t == TYPE_DESCRIPTOR ? descriptor_page_check(table_entries(f)) : 0;
	if (rc) /* nobody else has counted on a busy frame */
		__atomic_store_n(&f->type, type_word(t), __ATOMIC_SEQ_CST);
	else
		frame_type_publish(f);
	return rc;
}

inline void frame_put_type(struct frame *f)
{
	frame_stamp(f);
	ASSERT(f->type & TYPE_COUNT);
	__atomic_sub_fetch(&f->type, 1, __ATOMIC_SEQ_CST);
}

static struct frame *get_typed(struct domain *d, mfn_t m, enum frame_type t)
{
	struct frame *f = frame_get_by_mfn(m, d);

	if (!f || !frame_get_type(f, t))
		return f;
	frame_put(f);
	return NULL;
}

struct frame *frame_get_writable(struct domain *d, mfn_t m)
{
	return get_typed(d, m, TYPE_WRITABLE);
}

struct frame *frame_get_descriptor(struct domain *d, mfn_t m)
{
	return get_typed(d, m, TYPE_DESCRIPTOR);
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

int leaf_get(const struct domain *d, struct pte_class c,
	     const struct domain *owner, bool kept)
{
	struct frame *f = frame_lookup(mfn_of(c.frame));
	int rc;

	if (c.kind != ENTRY_LEAF)
		return c.kind == ENTRY_ABSENT ? 0 : -XEN_EINVAL;
	if (!leaf_is_counted(f)) {
		bool m2p = f && f->state == FRAME_M2P;

		return domain_is_control(d) && !(m2p && c.writable)
			       ? 0
			       : -XEN_EINVAL;
	}
	if (!owner || (kept ? f->owner != owner : !frame_get(f, owner)))
		return -XEN_EINVAL;
	rc = 0;
	if (c.writable)
		rc = frame_get_type(f, TYPE_WRITABLE);
	if (rc && !kept)
		frame_put(f);
	if (!rc && c.cache)
		f->uncached = 1;
	return rc;
}

void leaf_put(struct pte_class c, bool kept)
{
	struct frame *f = frame_lookup(mfn_of(c.frame));

	if (!leaf_is_counted(f))
		return;
	if (c.writable)
		frame_put_type(f);
	if (!kept)
		frame_put(f);
}
