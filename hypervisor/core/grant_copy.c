/* SPDX-License-Identifier: MIT */
/*
 * GNTTABOP_copy: up to a page between grants and own pages (GT-14).
 *
 * Each side holds its frame while bytes move; the destination also holds it
 * writable, so it cannot be a page table. What a side holds it keeps until an
 * element of the batch names something else: neighbours often agree. One
 * grant lock at a time.
 */
#include "core/grant.h"
#include "mm/mm.h"

struct side {
	struct gnttab_copy_ptr name; /* of what it holds */
	bool by_ref;
	char *page; /* NULL: nothing is held */
	struct frame *frame;
	struct grant_pin pin; /* of a grant; `write` of an own page too */
};

static void side_drop(struct side *s)
{
	if (!s->page)
		return;
	if (s->by_ref)
		grant_unpin(&s->pin);
	else if (s->pin.write)
		frame_put_writable(s->frame);
	else
		frame_put(s->frame);
	s->page = NULL;
}

static int16_t side_get(struct side *s, struct domain *d)
{
	domid_t id = s->name.domid == DOMID_SELF ? d->id : s->name.domid;
	mfn_t m = mfn_of(s->name.u.gmfn);
	int16_t status;

	if (s->by_ref) {
		status = grant_pin(&s->pin, id, s->name.u.ref, d->id);
		if (status == GNTST_okay)
			s->frame = s->pin.use->frame;
		return status;
	}
	if (id != d->id)
		return GNTST_permission_denied;
	s->frame = s->pin.write ? frame_get_writable(d, m)
				: frame_get_by_mfn(m, d);
	return s->frame ? GNTST_okay : GNTST_bad_page;
}

static int16_t side_hold(struct side *s, struct domain *d,
			 const struct gnttab_copy_ptr *name, bool by_ref)
{
	int16_t status;

	if (s->page && s->name.u.gmfn == name->u.gmfn &&
	    s->name.domid == name->domid && s->by_ref == by_ref)
		return GNTST_okay;
	side_drop(s);
	s->name = *name;
	s->by_ref = by_ref;
	status = side_get(s, d);
	if (status == GNTST_okay)
		s->page = mfn_to_virt(frame_to_mfn(s->frame));
	return status;
}

static bool same_names(const struct gnttab_copy *a, const struct gnttab_copy *b)
{
	return a->source.u.gmfn == b->source.u.gmfn &&
	       a->dest.u.gmfn == b->dest.u.gmfn && a->flags == b->flags &&
	       a->source.domid == b->source.domid &&
	       a->dest.domid == b->dest.domid;
}

static bool flags_ok(const struct gnttab_copy *op)
{
	return !(op->flags & ~(GNTCOPY_source_gref | GNTCOPY_dest_gref));
}

/* Not inline: neighbours mostly name the same. */
static never_inline int16_t sides_hold(struct domain *d,
				       const struct gnttab_copy *op,
				       struct side *from, struct side *to)
{
	int16_t status;

	if (!flags_ok(op))
		return GNTST_general_error;
	status = side_hold(from, d, &op->source,
			   op->flags & GNTCOPY_source_gref);
	return status == GNTST_okay ? side_hold(to, d, &op->dest,
						op->flags & GNTCOPY_dest_gref)
				    : status;
}

unsigned int grant_copy(struct vcpu *v, void *ops, unsigned int n)
{
	uninitialized_buf struct side from, to;
	struct gnttab_copy *op = ops, *end = op + n, *held = NULL;
	char *source = NULL, *target = NULL;

	from.page = to.page = NULL;
	from.pin.write = false;
	to.pin.write = true;
	for (; op < end; op++) {
		uint32_t len = op->len;
		bool fits = op->source.offset + len <= PAGE_SIZE &&
			    op->dest.offset + len <= PAGE_SIZE;

		op->status = GNTST_okay;
		if (unlikely(!fits || !len)) {
			if (!flags_ok(op))
				op->status = GNTST_general_error;
			else if (!fits)
				op->status = GNTST_bad_copy_arg;
			continue;
		}
		if (unlikely(!held || !same_names(op, held))) {
			op->status = sides_hold(v->domain, op, &from, &to);
			held = op->status == GNTST_okay ? op : NULL;
			if (!held)
				continue;
			source = from.page;
			target = to.page;
		}
		if (likely(source != target))
			copy_bytes(target + op->dest.offset,
				   source + op->source.offset, len);
		else
			memmove(target + op->dest.offset,
				source + op->source.offset, len);
	}
	side_drop(&from);
	side_drop(&to);
	return n;
}
