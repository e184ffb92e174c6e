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
	bool by_ref;
	domid_t domid;
	uint64_t page;        /* grant reference or frame number */
	struct grant_pin pin; /* of an own page only the frame; NULL: none */
};

static void side_drop(struct side *s)
{
	if (!s->pin.frame)
		return;
	if (s->by_ref)
		grant_unpin(&s->pin);
	else if (s->pin.write)
		frame_put_writable(s->pin.frame);
	else
		frame_put(s->pin.frame);
	s->pin.frame = NULL;
}

static int16_t side_hold(struct side *s, struct domain *d,
			 const struct gnttab_copy_ptr *name, bool by_ref)
{
	domid_t id = name->domid == DOMID_SELF ? d->id : name->domid;
	uint64_t page = by_ref ? name->u.ref : name->u.gmfn;

	if (s->pin.frame && s->page == page && s->domid == id &&
	    s->by_ref == by_ref)
		return GNTST_okay;
	side_drop(s);
	s->by_ref = by_ref;
	s->domid = id;
	s->page = page;
	s->pin.ref = name->u.ref;
	if (by_ref)
		return grant_pin(&s->pin, id, d->id);
	if (id != d->id)
		return GNTST_permission_denied;
	s->pin.frame = s->pin.write ? frame_get_writable(d, mfn_of(page))
				    : frame_get_by_mfn(mfn_of(page), d);
	return s->pin.frame ? GNTST_okay : GNTST_bad_page;
}

static char *side_bytes(const struct side *s)
{
	return mfn_to_virt(frame_to_mfn(s->pin.frame));
}

static int16_t copy_element(struct domain *d, const struct gnttab_copy *op,
			    struct side *from, struct side *to)
{
	int16_t status;

	if (!op->len)
		return GNTST_okay;
	if (op->flags & ~(GNTCOPY_source_gref | GNTCOPY_dest_gref))
		return GNTST_general_error;
	if ((uint32_t)op->source.offset + op->len > PAGE_SIZE ||
	    (uint32_t)op->dest.offset + op->len > PAGE_SIZE)
		return GNTST_bad_copy_arg;
	status = side_hold(from, d, &op->source,
			   op->flags & GNTCOPY_source_gref);
	if (status == GNTST_okay)
		status = side_hold(to, d, &op->dest,
				   op->flags & GNTCOPY_dest_gref);
	if (status == GNTST_okay)
		memmove(side_bytes(to) + op->dest.offset,
			side_bytes(from) + op->source.offset, op->len);
	return status;
}

unsigned int grant_copy(struct vcpu *v, void *ops, unsigned int n)
{
	struct side from = { 0 }, to = { .pin.write = true };
	struct gnttab_copy *op = ops;

	for (unsigned int i = 0; i < n; i++)
		op[i].status = copy_element(v->domain, &op[i], &from, &to);
	side_drop(&from);
	side_drop(&to);
	return n;
}
