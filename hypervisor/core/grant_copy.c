/* SPDX-License-Identifier: MIT */
/*
 * GNTTABOP_copy: up to a page between grants and own pages (GT-14).
 *
 * Each side holds its frame while bytes move; the destination also holds it
 * writable, so it cannot be a page table. One grant lock at a time.
 */
#include "core/grant.h"
#include "mm/mm.h"

struct side {
	const struct gnttab_copy_ptr *name;
	bool by_ref;
	struct grant_pin pin; /* of an own page only the frame */
};

static int16_t side_get(struct side *s, struct domain *d)
{
	domid_t id = s->name->domid == DOMID_SELF ? d->id : s->name->domid;
	mfn_t m = mfn_of(s->name->u.gmfn);

	s->pin.ref = s->name->u.ref;
	if (s->by_ref)
		return grant_pin(&s->pin, id, d->id);
	if (id != d->id)
		return GNTST_permission_denied;
	s->pin.frame = s->pin.write ? frame_get_writable(d, m)
				    : frame_get_by_mfn(m, d);
	return s->pin.frame ? GNTST_okay : GNTST_bad_page;
}

static void side_put(const struct side *s)
{
	if (s->by_ref)
		grant_unpin(&s->pin);
	else if (s->pin.write)
		frame_put_writable(s->pin.frame);
	else
		frame_put(s->pin.frame);
}

static uint8_t *side_bytes(const struct side *s)
{
	uint8_t *page = mfn_to_virt(frame_to_mfn(s->pin.frame));

	return page + s->name->offset;
}

static int16_t copy_element(struct domain *d, const struct gnttab_copy *op)
{
	struct side from = { .name = &op->source,
			     .by_ref = op->flags & GNTCOPY_source_gref };
	struct side to = { .name = &op->dest,
			   .by_ref = op->flags & GNTCOPY_dest_gref,
			   .pin.write = true };
	int16_t status;

	if (!op->len)
		return GNTST_okay;
	if (op->flags & ~(GNTCOPY_source_gref | GNTCOPY_dest_gref))
		return GNTST_general_error;
	if ((uint32_t)op->source.offset + op->len > PAGE_SIZE ||
	    (uint32_t)op->dest.offset + op->len > PAGE_SIZE)
		return GNTST_bad_copy_arg;
	status = side_get(&from, d);
	if (status != GNTST_okay)
		return status;
	status = side_get(&to, d);
	if (status == GNTST_okay) {
		memmove(side_bytes(&to), side_bytes(&from), op->len);
		side_put(&to);
	}
	side_put(&from);
	return status;
}

unsigned int grant_copy(struct vcpu *v, void *ops, unsigned int n)
{
	struct gnttab_copy *op = ops;

	for (unsigned int i = 0; i < n; i++)
		op[i].status = copy_element(v->domain, &op[i]);
	return n;
}
