/* SPDX-License-Identifier: MIT */
/*
 * GNTTABOP_copy: up to a page between grants and own pages (GT-14).
 *
 * Each side holds its frame while bytes move; the destination also holds it
 * writable, so it cannot be a page table. One grant lock at a time.
 */
#include "core/domain.h"
#include "core/grant.h"
#include "lib/string.h"
#include "mm/mm.h"

struct side {
	const struct gnttab_copy_ptr *name;
	bool by_ref, write;
	struct domain *granter; /* by_ref only; referenced */
	struct frame *frame;
};

static int16_t side_get_own(struct side *s, struct domain *d)
{
	mfn_t m = mfn_of(s->name->u.gmfn);

	if (s->name->domid != DOMID_SELF && s->name->domid != d->id)
		return GNTST_permission_denied;
	s->frame = s->write ? frame_get_writable(d, m) : frame_get_by_mfn(m, d);
	return s->frame ? GNTST_okay : GNTST_bad_page;
}

static int16_t side_get_granted(struct side *s, struct domain *d)
{
	domid_t id = s->name->domid == DOMID_SELF ? d->id : s->name->domid;
	struct domain *granter = domain_get(id);
	int16_t status;

	if (!granter)
		return GNTST_bad_domain;
	status = grant_pin(granter, s->name->u.ref, d->id, s->write, &s->frame);
	if (status == GNTST_okay)
		s->granter = granter;
	else
		domain_put(granter);
	return status;
}

static int16_t side_get(struct side *s, struct domain *d)
{
	return s->by_ref ? side_get_granted(s, d) : side_get_own(s, d);
}

static void side_put(struct side *s)
{
	if (s->by_ref) {
		grant_unpin(s->granter, s->name->u.ref, s->write);
		domain_put(s->granter);
	} else if (s->write) {
		frame_put_writable(s->frame);
	} else {
		frame_put(s->frame);
	}
}

static uint8_t *side_bytes(const struct side *s)
{
	uint8_t *page = mfn_to_virt(frame_to_mfn(s->frame));

	return page + s->name->offset;
}

static int16_t copy_element(struct domain *d, const struct gnttab_copy *op)
{
	struct side from = { .name = &op->source,
			     .by_ref = op->flags & GNTCOPY_source_gref };
	struct side to = { .name = &op->dest,
			   .by_ref = op->flags & GNTCOPY_dest_gref,
			   .write = true };
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

long grant_copy(struct vcpu *v, void *arg)
{
	struct gnttab_copy *op = arg;

	op->status = copy_element(v->domain, op);
	return 0;
}
