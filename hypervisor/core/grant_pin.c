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
#define MAX_PINS    0xffff

/* Flags and domid are one word, changed together (GT-3). */
static uint32_t *entry_word(struct grant_entry_v1 *shared)
{
	return (uint32_t *)(void *)shared;
}

static bool entry_permits(uint32_t word, domid_t user)
{
	return (word & (GTF_type_mask | GTF_sub_page)) == GTF_permit_access &&
	       word >> 16 == user;
}

/*
 * The account of an entry that there is. Those of a frame are allocated when
 * the first of them is used: not for who may not do that.
 */
static int16_t use_find_locked(struct grant_table *gt, uint64_t entry,
			       domid_t user, struct grant_use **found)
{
	uint64_t frame = entry / GRANTS_PER_FRAME, i = entry % GRANTS_PER_FRAME;
	struct grant_entry_v1 *page = gt->frame[frame];
	struct grant_use *use = gt->use[frame];

	if (unlikely(!use)) {
		if (!entry_permits(read_once(*entry_word(&page[i])), user))
			return GNTST_general_error;
		use = heap_alloc(GRANTS_PER_FRAME * sizeof(*use));
		if (!use)
			return GNTST_no_space;
		gt->use[frame] = use;
	}
	use[i].shared = &page[i];
	*found = &use[i];
	return GNTST_okay;
}

static int16_t entry_claim(struct grant_use *u, domid_t user, bool write)
{
	uint32_t *word = entry_word(u->shared);
	uint32_t in_use = GTF_reading | (write ? GTF_writing : 0);
	uint32_t old = read_once(*word);

	for (unsigned int i = 0; i < CLAIM_TRIES; i++) {
		if (!entry_permits(old, user) ||
		    (write && (old & GTF_readonly)))
			break;
		if (__atomic_compare_exchange_n(word, &old, old | in_use, false,
						__ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST)) {
			u->readonly = old & GTF_readonly;
			u->user = user;
			return GNTST_okay;
		}
	}
	return GNTST_general_error;
}

/* One who uses an entry already in use. */
static int16_t entry_join(struct grant_use *u, domid_t user, bool write)
{
	if (u->user != user || (write && u->readonly))
		return GNTST_general_error;
	if (u->pins == MAX_PINS)
		return GNTST_no_space;
	if (write)
		__atomic_fetch_or(&u->shared->flags, GTF_writing,
				  __ATOMIC_SEQ_CST);
	return GNTST_okay;
}

/* Tell the granter what its entry is no longer used for. */
static void entry_tell(struct grant_use *u)
{
	uint16_t ended =
		(u->writers ? 0 : GTF_writing) | (u->pins ? 0 : GTF_reading);

	if (ended)
		__atomic_fetch_and(&u->shared->flags, (uint16_t)~ended,
				   __ATOMIC_SEQ_CST);
}

/* The references of one pin. Only memory that the granter owns (GT-16). */
static struct frame *frame_for_pin(const struct grant_use *u,
				   const struct domain *granter, bool write)
{
	struct frame *f = u->frame;

	if (u->pins)
		frame_get_again(f);
	else
		f = frame_get_by_mfn(mfn_of(read_once(u->shared->frame)),
				     granter);
	if (!f)
		return NULL;
	if (f->state == FRAME_OWNED &&
	    (!write || !frame_get_type(f, TYPE_WRITABLE)))
		return f;
	frame_put(f);
	return NULL;
}

static int16_t pin_locked(struct grant_use *u, const struct domain *granter,
			  domid_t user, bool write)
{
	struct frame *f;
	int16_t status;

	status = u->pins ? entry_join(u, user, write)
			 : entry_claim(u, user, write);
	if (status != GNTST_okay)
		return status;
	f = frame_for_pin(u, granter, write);
	if (!f) {
		entry_tell(u);
		return GNTST_bad_page;
	}
	u->frame = f;
	u->pins++;
	u->writers += write;
	return GNTST_okay;
}

int16_t grant_pin(struct grant_pin *p, domid_t granter, grant_ref_t ref,
		  domid_t user)
{
	struct domain *d = domain_get(granter);
	int16_t status = GNTST_bad_gntref;
	struct grant_table *gt;
	uint64_t limit;

	if (!d)
		return GNTST_bad_domain;
	gt = d->grant;
	spin_lock(&gt->lock);
	limit = gt->frames * GRANTS_PER_FRAME;
	if (ref < limit)
		status = use_find_locked(gt, index_clamp(ref, limit), user,
					 &p->use);
	if (status == GNTST_okay)
		status = pin_locked(p->use, d, user, p->write);
	spin_unlock(&gt->lock);
	p->granter = d;
	if (status != GNTST_okay)
		domain_put(d);
	return status;
}

void grant_unpin(const struct grant_pin *p)
{
	struct grant_table *gt = p->granter->grant;
	struct grant_use *u = p->use;
	struct frame *f = u->frame; /* as long as there are pins */

	spin_lock(&gt->lock);
	ASSERT(u->pins && (!p->write || u->writers));
	u->pins--;
	u->writers -= p->write;
	entry_tell(u);
	spin_unlock(&gt->lock);
	if (p->write)
		frame_put_type(f);
	frame_put(f);
	domain_put(p->granter);
}
