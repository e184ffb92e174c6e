/* SPDX-License-Identifier: MIT */
/*
 * XENMEM_exchange: a domain trades pages for others of another shape, which
 * Linux does to get memory that devices can reach.
 *
 * The trade goes in rounds of as many pages as the larger extent has. In each
 * all pages are taken from the domain (PG-4) and the new ones allocated before
 * anything is given; a failure gives the old pages back, or frees them if the
 * domain is dying (MO-7).
 */
#include "mm/exchange.h"

#include "core/hypercall.h"
#include "lib/string.h"
#include "mm/domain_mm.h"
#include "public/errno.h"
#include "public/memory.h"

#define ROUND_ORDER_MAX 9
#define ROUND_PAGES     (1u << ROUND_ORDER_MAX)

/* One round's frames: what is given up, and the first of each new extent. */
struct round {
	struct frame *in[ROUND_PAGES];
	struct frame *out[ROUND_PAGES];
	unsigned int pages, in_order, out_order, bits;
	unsigned int taken, allocated; /* pages; extents */
};

static int exchange_check(const struct xen_memory_exchange *x)
{
	if (x->in.extent_order > ROUND_ORDER_MAX ||
	    x->out.extent_order > ROUND_ORDER_MAX ||
	    x->in.nr_extents > UINT32_MAX || x->out.nr_extents > UINT32_MAX ||
	    x->nr_exchanged > x->in.nr_extents)
		return -XEN_EINVAL;
	if (x->in.nr_extents << x->in.extent_order !=
	    x->out.nr_extents << x->out.extent_order)
		return -XEN_EINVAL;
	return x->in.domid == x->out.domid ? 0 : -XEN_EINVAL;
}

static int take_page(struct domain *d, mfn_t m, struct round *r)
{
	struct frame *f = frame_get_by_mfn(m, d);
	int rc;

	if (!f)
		return -XEN_EINVAL;
	rc = domain_steal_frame(d, f);
	if (rc) {
		frame_put(f);
		return rc;
	}
	r->in[r->taken++] = f;
	return 0;
}

/* Take the pages of the extents from number `first` of the list on. */
static int take_in(struct domain *d, struct round *r, guest_ptr_t list,
		   uint64_t first)
{
	for (unsigned int i = 0; i < r->pages >> r->in_order; i++) {
		uint64_t mfn;

		if (copy_array_from_guest(&mfn, list, first + i, 1,
					  sizeof(mfn)))
			return -XEN_EFAULT;
		for (unsigned int k = 0; k < 1u << r->in_order; k++) {
			int rc = take_page(d, mfn_of(mfn + k), r);

			if (rc)
				return rc;
		}
	}
	return 0;
}

static int alloc_out(struct round *r)
{
	while (r->allocated < r->pages >> r->out_order) {
		struct frame *f = frames_alloc(r->out_order, r->bits);

		if (!f)
			return -XEN_ENOMEM;
		memset(mfn_to_virt(frame_to_mfn(f)), 0,
		       PAGE_SIZE << r->out_order);
		r->out[r->allocated++] = f;
	}
	return 0;
}

static void undo(struct domain *d, struct round *r)
{
	for (unsigned int i = 0; i < r->allocated; i++)
		frames_free(r->out[i], r->out_order);
	for (unsigned int i = 0; i < r->taken; i++)
		if (domain_assign_frames(d, r->in[i], 0))
			frames_free(r->in[i], 0);
}

/* Every extent is the domain's or freed afterwards. */
static int give_out(struct domain *d, struct round *r, guest_ptr_t list,
		    uint64_t first)
{
	int rc = 0;

	for (unsigned int i = 0; i < r->allocated; i++) {
		struct frame *f = r->out[i];
		uint64_t mfn = frame_to_mfn(f).n, gfn;

		if (domain_assign_frames(d, f, r->out_order)) {
			frames_free(f, r->out_order);
			rc = -XEN_ENOMEM;
			continue;
		}
		if (copy_array_from_guest(&gfn, list, first + i, 1,
					  sizeof(gfn)) ||
		    copy_array_to_guest(list, first + i, 1, &mfn,
					sizeof(mfn))) {
			rc = -XEN_EFAULT;
			continue;
		}
		for (uint64_t k = 0; k < 1ull << r->out_order; k++)
			m2p_set(mfn_of(mfn + k), gfn + k);
	}
	return rc;
}

static int exchange_round(struct domain *d, struct round *r,
			  const struct xen_memory_exchange *x, uint64_t page)
{
	int rc;

	r->taken = 0;
	r->allocated = 0;
	rc = take_in(d, r, guest_ptr((uint64_t)x->in.extent_start.p),
		     page >> r->in_order);
	if (!rc)
		rc = alloc_out(r);
	if (rc) {
		undo(d, r);
		return rc;
	}
	for (unsigned int i = 0; i < r->taken; i++) {
		m2p_set(frame_to_mfn(r->in[i]), M2P_INVALID);
		frames_free(r->in[i], 0);
	}
	return give_out(d, r, guest_ptr((uint64_t)x->out.extent_start.p),
			page >> r->out_order);
}

static int exchange_run(struct domain *d, struct round *r,
			struct xen_memory_exchange *x)
{
	uint64_t pages = x->in.nr_extents << x->in.extent_order;
	uint64_t page = x->nr_exchanged << x->in.extent_order;
	int rc = 0;

	r->in_order = x->in.extent_order;
	r->out_order = x->out.extent_order;
	r->bits = XENMEMF_get_address_bits(x->out.mem_flags);
	r->pages =
		1u << (r->in_order > r->out_order ? r->in_order : r->out_order);
	if (page & (r->pages - 1))
		return -XEN_EINVAL;
	while (!rc && page < pages) {
		rc = exchange_round(d, r, x, page);
		if (rc)
			break;
		page += r->pages;
		x->nr_exchanged = page >> r->in_order;
		if (page < pages && hypercall_preempt_check())
			rc = -XEN_ERESTART;
	}
	return rc;
}

long memory_exchange(struct vcpu *v, guest_ptr_t arg)
{
	struct xen_memory_exchange x;
	struct domain *d = v->domain;
	struct round *r;
	int rc;

	if (copy_from_guest(&x, arg, sizeof(x)))
		return -XEN_EFAULT;
	rc = exchange_check(&x);
	if (rc)
		return rc;
	/* Linux only trades for itself; so do others. */
	if (x.in.domid != DOMID_SELF && x.in.domid != d->id)
		return -XEN_EPERM;
	r = heap_alloc(sizeof(*r));
	if (!r)
		return -XEN_ENOMEM;
	rc = exchange_run(d, r, &x);
	heap_free(r);
	if (copy_to_guest(arg, &x, sizeof(x)))
		return -XEN_EFAULT;
	if (rc != -XEN_ERESTART)
		return rc;
	return hypercall_continue(__HYPERVISOR_memory_op, XENMEM_exchange,
				  arg.va, 0, 0, 0);
}
