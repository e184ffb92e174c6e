/* SPDX-License-Identifier: MIT */
/*
 * Memory that domains get, give back and trade: the reservation operations of
 * memory_op and XENMEM_exchange.
 *
 * Reservations are worked on one extent at a time; a preempted call continues
 * with the number of extents done in the bits above the command (untrusted
 * like every argument, MO-3).
 *
 * Linux trades pages for others of another shape, to get memory that devices
 * can reach. The trade goes in rounds of as many pages as the larger extent
 * has. In each all pages are taken from the domain (PG-4) and the new ones
 * allocated before anything is given; a failure gives the old pages back, or
 * frees them if the domain is dying (MO-7).
 */
#include "mm/pagetype.h"
#include "public/memory.h"

/* Largest extent, MO-2: 2 MiB. */
#define EXTENT_ORDER_MAX 9

/* Extents of 2^order frames of d, and the guest's list of their numbers. */
struct extents {
	struct domain *d;
	guest_ptr_t list;
	uint64_t count;
	unsigned int order, bits;
};

static struct extents extents_of(const struct xen_memory_reservation *r,
				 struct domain *d)
{
	return (struct extents){
		.d = d,
		.list = guest_handle(r->extent_start),
		.count = r->nr_extents,
		.order = r->extent_order,
		.bits = XENMEMF_get_address_bits(r->mem_flags),
	};
}

/*
 * The block f becomes extent i, zeroed, and its number is told in the list
 * (if any); named: for the guest frame number that the list has there. Freed
 * if that is not possible.
 */
static int extent_give(const struct extents *e, uint64_t i, struct frame *f,
		       bool named)
{
	uint64_t mfn = frame_to_mfn(f).n, gfn, n = 1ull << e->order;
	int rc = 0;

	if (named && copy_array_from_guest(&gfn, e->list, i, 1, sizeof(gfn)))
		rc = -XEN_EFAULT;
	if (!rc)
		rc = domain_assign_frames(e->d, f, e->order);
	if (rc) {
		frames_free(f, e->order);
		return rc;
	}
	for (uint64_t k = 0; named && k < n; k++)
		m2p_set(mfn_of(mfn + k), gfn + k);
	if ((!e->list.va && !named) ||
	    !copy_array_to_guest(e->list, i, 1, &mfn, sizeof(mfn)))
		return 0;
	for (uint64_t k = 0; k < n; k++)
		frame_put_allocation(f + k);
	return -XEN_EFAULT;
}

/*
 * One page less for d: given back, of which only the allocation reference goes
 * (PG-3), or with a list taken for a trade (PG-4).
 */
static int page_end(struct domain *d, mfn_t m, struct list *taken)
{
	struct frame *f = frame_get_by_mfn(m, d);
	int rc = -XEN_EINVAL;

	if (!f)
		return rc;
	if (taken) {
		rc = domain_steal_frame(d, f);
		if (!rc) {
			list_add_tail(taken, &f->link);
			return 0;
		}
	} else if (f->state == FRAME_OWNED) {
		/* A frame that is mapped may have been given back before. */
		if (frame_put_allocation(f))
			m2p_set(m, M2P_INVALID);
		rc = 0;
	}
	frame_put(f);
	return rc;
}

static int extent_end(const struct extents *e, uint64_t i, struct list *taken)
{
	uint64_t mfn;
	int rc = 0;

	if (copy_array_from_guest(&mfn, e->list, i, 1, sizeof(mfn)))
		return -XEN_EFAULT;
	for (uint64_t k = 0; !rc && k < 1ull << e->order; k++)
		rc = page_end(e->d, mfn_of(mfn + k), taken);
	return rc;
}

static int extent_change(unsigned int cmd, const struct extents *e, uint64_t i)
{
	struct frame *f;

	if (cmd == XENMEM_decrease_reservation)
		return extent_end(e, i, NULL);
	f = frames_alloc(e->order, e->bits);
	return f ? extent_give(e, i, f, cmd == XENMEM_populate_physmap)
		 : -XEN_ENOMEM;
}

/* The result is how many extents are done, also when there was an error. */
long reservation_op(struct vcpu *v, unsigned int cmd, uint64_t done,
		    guest_ptr_t arg)
{
	unsigned int order_max =
		domain_is_control(v->domain) ? MAX_ORDER : EXTENT_ORDER_MAX;
	struct xen_memory_reservation r;
	struct extents e;
	struct domain *d;
	bool preempted = false;
	long rc;

	if (copy_from_guest(&r, arg, sizeof(r)))
		return -XEN_EFAULT;
	if (r.extent_order > order_max || r.nr_extents > UINT32_MAX ||
	    done > r.nr_extents)
		return (long)done;
	d = domain_get_target(r.domid, &rc);
	if (!d)
		return (long)done;
	e = extents_of(&r, d);
	while (done < e.count && !preempted && !extent_change(cmd, &e, done)) {
		done++;
		preempted = done < e.count && hypercall_preempt_check();
	}
	domain_put(d);
	if (!preempted)
		return (long)done;
	return hypercall_continue(__HYPERVISOR_memory_op,
				  cmd | done << MEMORY_COMMAND_BITS, arg.va, 0,
				  0);
}

/* Exchange. */

static struct frame *pop(struct list *l)
{
	struct frame *f = list_entry(l->next, struct frame, link);

	if (list_empty(l))
		return NULL;
	list_remove(&f->link);
	return f;
}

static int exchange_check(const struct xen_memory_exchange *x)
{
	if (x->in.extent_order > EXTENT_ORDER_MAX ||
	    x->out.extent_order > EXTENT_ORDER_MAX)
		return -XEN_EPERM;
	if (x->in.nr_extents > UINT32_MAX || x->out.nr_extents > UINT32_MAX ||
	    x->nr_exchanged > x->in.nr_extents ||
	    x->in.nr_extents << x->in.extent_order !=
		    x->out.nr_extents << x->out.extent_order)
		return -XEN_EINVAL;
	return x->in.domid == x->out.domid ? 0 : -XEN_EINVAL;
}

/* Trade 2^order pages, from page number `page` of both lists on. */
static int exchange_round(const struct extents *in, const struct extents *out,
			  uint64_t page, unsigned int order)
{
	struct list taken = LIST_INIT(taken), fresh = LIST_INIT(fresh);
	uint64_t end = page + (1ull << order), i;
	struct frame *f;
	int rc = 0, given;

	for (i = page >> in->order; !rc && i < end >> in->order; i++)
		rc = extent_end(in, i, &taken);
	for (i = page >> out->order; !rc && i < end >> out->order; i++) {
		f = frames_alloc(out->order, out->bits);
		if (f)
			list_add_tail(&fresh, &f->link);
		else
			rc = -XEN_ENOMEM;
	}
	if (rc) {
		while ((f = pop(&fresh)))
			frames_free(f, out->order);
		while ((f = pop(&taken)))
			if (domain_assign_frames(in->d, f, 0))
				frames_free(f, 0);
		return rc;
	}
	while ((f = pop(&taken))) {
		m2p_set(frame_to_mfn(f), M2P_INVALID);
		frames_free(f, 0);
	}
	for (i = page >> out->order; (f = pop(&fresh)); i++) {
		given = extent_give(out, i, f, true);
		rc = given ? given : rc;
	}
	return rc;
}

static int exchange_run(struct domain *d, struct xen_memory_exchange *x)
{
	struct extents in = extents_of(&x->in, d), out = extents_of(&x->out, d);
	unsigned int order = in.order > out.order ? in.order : out.order;
	uint64_t page = x->nr_exchanged << in.order;
	int rc = 0;

	if (page & ((1ull << order) - 1))
		return -XEN_EINVAL;
	while (!rc && page < in.count << in.order) {
		rc = exchange_round(&in, &out, page, order);
		if (rc)
			break;
		page += 1ull << order;
		x->nr_exchanged = page >> in.order;
		if (page < in.count << in.order && hypercall_preempt_check())
			rc = -XEN_ERESTART;
	}
	return rc;
}

long memory_exchange(struct vcpu *v, guest_ptr_t arg)
{
	struct xen_memory_exchange x;
	int rc;

	if (copy_from_guest(&x, arg, sizeof(x)))
		return -XEN_EFAULT;
	rc = exchange_check(&x);
	if (rc)
		return rc;
	/* Linux only trades for itself; so do others. */
	if (x.in.domid != DOMID_SELF && x.in.domid != v->domain->id)
		return -XEN_EPERM;
	rc = exchange_run(v->domain, &x);
	if (copy_to_guest(arg, &x, sizeof(x)))
		return -XEN_EFAULT;
	if (rc != -XEN_ERESTART)
		return rc;
	return hypercall_continue(__HYPERVISOR_memory_op, XENMEM_exchange,
				  arg.va, 0, 0);
}
