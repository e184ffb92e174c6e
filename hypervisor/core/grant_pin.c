/* SPDX-License-Identifier: MIT */
/*
 * Entries of grant tables in use: claiming the shared entry, and the account
 * of who uses it (GT-3, GT-4, GT-16).
 *
 * Owns: struct grant_use. While an entry has pins, nothing is read from the
 * shared page any more; the bits that tell the granter are only written.
 * Locks: the granter's grant_table.lock; never that of two domains.
 */
#include "core/grant.h"
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
	uint16_t ended = (e->use->writers ? 0 : GTF_writing) |
			 (e->use->pins ? 0 : GTF_reading);

	if (ended)
		__atomic_fetch_and(&e->shared->flags, (uint16_t)~ended,
				   __ATOMIC_SEQ_CST);
}

/* The references of one pin. Only memory that the granter owns (GT-16). */
static struct frame *frame_for_pin(const struct entry *e,
				   const struct grant_pin *p)
{
	struct frame *f = e->use->frame;

	if (e->use->pins)
		frame_get_again(f);
	else
		f = frame_get_by_mfn(mfn_of(read_once(e->shared->frame)),
				     p->granter);
	if (!f)
		return NULL;
	if (f->state == FRAME_OWNED &&
	    (!p->write || !frame_get_type(f, TYPE_WRITABLE)))
		return f;
	frame_put(f);
	return NULL;
}

static int16_t pin_locked(struct grant_pin *p, domid_t user)
{
	struct entry e;
	int16_t status;

	if (!entry_find(p->granter->grant, p->ref, &e))
		return GNTST_bad_gntref;
	status = e.use->pins ? entry_join(&e, user, p->write)
			     : entry_claim(&e, user, p->write);
	if (status != GNTST_okay)
		return status;
	p->frame = frame_for_pin(&e, p);
	if (!p->frame) {
		entry_tell(&e);
		return GNTST_bad_page;
	}
	e.use->frame = p->frame;
	e.use->pins++;
	e.use->writers += p->write;
	return GNTST_okay;
}

int16_t grant_pin(struct grant_pin *p, domid_t granter, domid_t user)
{
	int16_t status;

	p->granter = domain_get(granter);
	if (!p->granter)
		return GNTST_bad_domain;
	spin_lock(&p->granter->grant->lock);
	status = pin_locked(p, user);
	spin_unlock(&p->granter->grant->lock);
	if (status != GNTST_okay)
		domain_put(p->granter);
	return status;
}

void grant_unpin(const struct grant_pin *p)
{
	struct grant_table *gt = p->granter->grant;
	struct entry e;
	bool found;

	spin_lock(&gt->lock);
	found = entry_find(gt, p->ref, &e);
	(void)found; /* a pinned entry is there */
	ASSERT(found && e.use->pins && (!p->write || e.use->writers));
	e.use->pins--;
	e.use->writers -= p->write;
	entry_tell(&e);
	spin_unlock(&gt->lock);
	if (p->write)
		frame_put_type(p->frame);
	frame_put(p->frame);
	domain_put(p->granter);
}
