/* SPDX-License-Identifier: MIT */
/*
 * Entries of grant tables in use: claiming the shared entry, and the account
 * of who uses it (GT-3, GT-4, GT-16).
 *
 * Owns: struct grant_use. While an entry has pins, nothing is read from the
 * shared page any more; the bits that tell the granter are only written.
 * Locks: the granter's grant_table.lock; never that of two domains.
 */
#include "core/domain.h"
#include "core/grant.h"
#include "lib/panic.h"
#include "mm/mm.h"

/* The granter may change its entry under our hands so many times (HC-12). */
#define CLAIM_TRIES 8
#define MAX_PINS    0x10000u

struct entry {
	struct grant_entry_v1 *shared;
	struct grant_use *use;
};

static bool entry_find(struct grant_table *gt, grant_ref_t ref, struct entry *e)
{
	uint64_t limit = gt->frames * GRANTS_PER_FRAME;
	uint64_t i = index_clamp(ref, limit), frame = i / GRANTS_PER_FRAME;
	struct grant_entry_v1 *page = gt->frame[frame];

	e->shared = &page[i % GRANTS_PER_FRAME];
	e->use = &gt->use[frame][i % GRANTS_PER_FRAME];
	return ref < limit;
}

/* Flags and domid are one word, changed together (GT-3). */
static int16_t entry_claim(struct entry *e, domid_t user, bool write)
{
	uint32_t *word = (uint32_t *)(void *)e->shared;
	uint32_t old = read_once(*word);

	for (unsigned int i = 0; i < CLAIM_TRIES; i++) {
		uint32_t in_use = GTF_reading | (write ? GTF_writing : 0);

		if ((old & GTF_type_mask) != GTF_permit_access ||
		    (old & GTF_sub_page) || old >> 16 != user)
			return GNTST_bad_gntref;
		if (write && (old & GTF_readonly))
			return GNTST_general_error;
		if (__atomic_compare_exchange_n(word, &old, old | in_use, false,
						__ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST)) {
			e->use->readonly = old & GTF_readonly;
			e->use->user = user;
			return GNTST_okay;
		}
	}
	return GNTST_general_error;
}

/* One who uses an entry already in use. */
static int16_t entry_join(struct entry *e, domid_t user, bool write)
{
	if (e->use->user != user)
		return GNTST_bad_gntref;
	if (write && e->use->readonly)
		return GNTST_general_error;
	if (e->use->pins >= MAX_PINS)
		return GNTST_no_space;
	if (write)
		__atomic_fetch_or(&e->shared->flags, GTF_writing,
				  __ATOMIC_SEQ_CST);
	return GNTST_okay;
}

/* Tell the granter what its entry is no longer used for. */
static void entry_tell(struct entry *e)
{
	uint16_t ended = 0;

	if (!e->use->writers)
		ended |= GTF_writing;
	if (!e->use->pins)
		ended |= GTF_reading;
	if (ended)
		__atomic_fetch_and(&e->shared->flags, (uint16_t)~ended,
				   __ATOMIC_SEQ_CST);
}

/* The references of one pin. Only memory that the granter owns (GT-16). */
static struct frame *frame_for_pin(const struct entry *e, struct domain *d,
				   bool write)
{
	struct frame *f = e->use->frame;

	if (e->use->pins)
		frame_get_again(f);
	else
		f = frame_get_by_mfn(mfn_of(read_once(e->shared->frame)), d);
	if (!f)
		return NULL;
	if (f->state == FRAME_OWNED &&
	    (!write || !frame_get_type(f, TYPE_WRITABLE)))
		return f;
	frame_put(f);
	return NULL;
}

static int16_t pin_locked(struct domain *d, grant_ref_t ref, domid_t user,
			  bool write, struct frame **frame)
{
	struct entry e;
	int16_t status;

	if (!entry_find(d->grant, ref, &e))
		return GNTST_bad_gntref;
	status = e.use->pins ? entry_join(&e, user, write)
			     : entry_claim(&e, user, write);
	if (status != GNTST_okay)
		return status;
	*frame = frame_for_pin(&e, d, write);
	if (!*frame) {
		entry_tell(&e);
		return GNTST_bad_page;
	}
	e.use->frame = *frame;
	e.use->pins++;
	e.use->writers += write;
	return GNTST_okay;
}

int16_t grant_pin(struct domain *granter, grant_ref_t ref, domid_t user,
		  bool write, struct frame **frame)
{
	int16_t status;

	spin_lock(&granter->grant->lock);
	status = pin_locked(granter, ref, user, write, frame);
	spin_unlock(&granter->grant->lock);
	return status;
}

void grant_unpin(struct domain *granter, grant_ref_t ref, bool write)
{
	struct entry e;
	struct frame *f;
	bool found;

	spin_lock(&granter->grant->lock);
	found = entry_find(granter->grant, ref, &e);
	ASSERT(found && e.use->pins && (!write || e.use->writers));
	f = e.use->frame;
	e.use->pins--;
	e.use->writers -= write;
	entry_tell(&e);
	spin_unlock(&granter->grant->lock);
	if (write)
		frame_put_type(f);
	frame_put(f);
}
