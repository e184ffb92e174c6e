/* SPDX-License-Identifier: MIT */
/*
 * Reference and type counters of frames; see frame.h for the rules.
 *
 * Context: any CPU, not interrupt handlers. Nothing here takes a lock except
 * the release of the last reference.
 */
#include "mm/frame.h"

#include "lib/panic.h"
#include "mm/domain_mm.h"
#include "mm/mm.h"
#include "public/errno.h"

static bool compare_exchange(uint64_t *p, uint64_t *old, uint64_t new)
{
	return __atomic_compare_exchange_n(p, old, new, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_RELAXED);
}

bool mfn_is_ram(mfn_t m)
{
	return m.n < machine_frames &&
	       frame_table[index_clamp(m.n, machine_frames)].state !=
		       FRAME_ABSENT;
}

static bool ref_increment(struct frame *f)
{
	uint64_t old = read_once(f->ref);

	do {
		if (!(old & REF_COUNT) || (old & REF_COUNT) >= REF_MAX)
			return false;
	} while (!compare_exchange(&f->ref, &old, old + 1));
	return true;
}

struct frame *frame_get_any(mfn_t m)
{
	struct frame *f;

	if (m.n >= machine_frames)
		return NULL;
	f = &frame_table[index_clamp(m.n, machine_frames)];
	return ref_increment(f) ? f : NULL;
}

struct frame *frame_get_by_mfn(mfn_t m, const struct domain *owner)
{
	struct frame *f = frame_get_any(m);

	if (!f)
		return NULL;
	/* The reference holds owner still: only now may it be looked at. */
	if (owner && read_once(f->owner) == owner)
		return f;
	frame_put(f);
	return NULL;
}

void frame_get_again(struct frame *f)
{
	__atomic_add_fetch(&f->ref, 1, __ATOMIC_SEQ_CST);
}

void frame_put(struct frame *f)
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
void frame_stamp(struct frame *f)
{
	uint64_t epoch = tlb_epoch_now();
	uint64_t old = read_once(f->stamp);

	while (old < epoch && !compare_exchange(&f->stamp, &old, epoch))
		;
}

/*
 * Stale translations matter when the kind changes: a writable mapping of what
 * becomes a table, or a table still cached as such that becomes writable.
 */
static void flush_history(struct frame *f, enum frame_type before,
			  enum frame_type now)
{
	if (before != TYPE_NONE && before != now)
		tlb_flush_since(read_once(f->stamp));
}

static bool is_table(enum frame_type t)
{
	return t >= TYPE_L1 && t <= TYPE_L4;
}

int frame_type_begin(struct frame *f, enum frame_type t)
{
	uint64_t old = read_once(f->type), new;

	for (;;) {
		bool busy = old & TYPE_BUSY;

		if (!(old & TYPE_COUNT) && !busy)
			new = type_word(t) | TYPE_BUSY | 1;
		else if (type_of(old) != t || (old & TYPE_COUNT) >= TYPE_MAX)
			return -XEN_EINVAL;
		else if (busy && is_table(t))
			return -XEN_EINVAL; /* PT-21, PT-22: never wait */
		else if (busy) {
			/* Only for the time of a flush, see below. */
			tlb_poll();
			cpu_relax();
			old = read_once(f->type);
			continue;
		} else
			new = old + 1;
		/* Same kind as last and nothing to check: no busy phase. */
		if (!(old & TYPE_COUNT) && type_of(old) == t && !is_table(t) &&
		    t != TYPE_DESCRIPTOR)
			new &= ~TYPE_BUSY;
		if (compare_exchange(&f->type, &old, new))
			break;
	}
	if (!(new &TYPE_BUSY))
		return 0;
	flush_history(f, type_of(old), t); /* after the commit: PT-12 */
	return 1;
}

void frame_type_publish(struct frame *f)
{
	__atomic_fetch_and(&f->type, ~TYPE_BUSY, __ATOMIC_SEQ_CST);
}

int frame_get_type(struct frame *f, enum frame_type t)
{
	int rc = frame_type_begin(f, t);

	if (rc == 1) {
		frame_type_publish(f);
		rc = 0;
	}
	return rc;
}

void frame_put_type(struct frame *f)
{
	frame_stamp(f);
	ASSERT(f->type & TYPE_COUNT);
	__atomic_sub_fetch(&f->type, 1, __ATOMIC_SEQ_CST);
}

struct frame *frame_get_writable(struct domain *d, mfn_t m)
{
	struct frame *f = frame_get_by_mfn(m, d);

	if (!f)
		return NULL;
	if (!frame_get_type(f, TYPE_WRITABLE))
		return f;
	frame_put(f);
	return NULL;
}

void frame_put_writable(struct frame *f)
{
	frame_put_type(f);
	frame_put(f);
}
