/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_memory_op: what a domain owns, and what memory maps it sees.
 *
 * Reservations are worked on one extent at a time; a preempted call continues
 * with the number of extents done in the bits above the command (untrusted
 * like every argument, MO-3).
 */
#include "public/memory.h"

#include "boot/boot.h"
#include "core/domain.h"
#include "core/grant.h"
#include "core/hypercall.h"
#include "lib/string.h"
#include "mm/domain_mm.h"
#include "mm/exchange.h"
#include "mm/m2p.h"
#include "public/errno.h"

#define COMMAND_BITS 6
#define COMMAND_MASK ((1u << COMMAND_BITS) - 1)

/* Largest extent, MO-2: 2 MiB. */
#define EXTENT_ORDER_MAX 9

/* self, or any domain for a control domain; counted. -ESRCH, -EPERM. */
static int target_get(struct vcpu *v, domid_t id, struct domain **d)
{
	if (id == DOMID_SELF)
		id = v->domain->id;
	if (id != v->domain->id && !domain_is_control(v->domain))
		return -XEN_EPERM;
	*d = domain_get(id);
	return *d ? 0 : -XEN_ESRCH;
}

/* Reservations. */

struct extents {
	struct domain *d;
	guest_ptr_t list;
	uint64_t count;
	unsigned int order, bits;
};

static void clear_block(struct frame *f, unsigned int order)
{
	memset(mfn_to_virt(frame_to_mfn(f)), 0, PAGE_SIZE << order);
}

/* A zeroed block for the domain; NULL: no memory or no quota. */
static struct frame *extent_alloc(const struct extents *e)
{
	struct frame *f = frames_alloc(e->order, e->bits);

	if (!f)
		return NULL;
	clear_block(f, e->order);
	if (!domain_assign_frames(e->d, f, e->order))
		return f;
	frames_free(f, e->order);
	return NULL;
}

static void extent_set_m2p(struct frame *f, unsigned int order, uint64_t gfn)
{
	for (uint64_t i = 0; i < 1ull << order; i++)
		m2p_set(frame_to_mfn(f + i), gfn + i);
}

/* The guest could not be told: take the block back. */
static void extent_take_back(struct frame *f, unsigned int order)
{
	for (uint64_t i = 0; i < 1ull << order; i++)
		frame_put_allocation(f + i);
}

static int populate_one(const struct extents *e, uint64_t i)
{
	struct frame *f;
	uint64_t gfn, mfn;

	if (copy_array_from_guest(&gfn, e->list, i, 1, sizeof(gfn)))
		return -XEN_EFAULT;
	f = extent_alloc(e);
	if (!f)
		return -XEN_ENOMEM;
	extent_set_m2p(f, e->order, gfn);
	mfn = frame_to_mfn(f).n;
	if (!copy_array_to_guest(e->list, i, 1, &mfn, sizeof(mfn)))
		return 0;
	extent_take_back(f, e->order);
	return -XEN_EFAULT;
}

static int increase_one(const struct extents *e, uint64_t i)
{
	struct frame *f = extent_alloc(e);
	uint64_t mfn;

	if (!f)
		return -XEN_ENOMEM;
	mfn = frame_to_mfn(f).n;
	if (guest_ptr_is_null(e->list) ||
	    !copy_array_to_guest(e->list, i, 1, &mfn, sizeof(mfn)))
		return 0;
	extent_take_back(f, e->order);
	return -XEN_EFAULT;
}

/* PG-3: only the allocation reference goes. */
static int give_back_page(struct domain *d, mfn_t m)
{
	struct frame *f = frame_get_by_mfn(m, d);
	bool given;

	if (!f)
		return -XEN_EINVAL;
	given = f->state == FRAME_OWNED && frame_put_allocation(f);
	if (given)
		m2p_set(m, M2P_INVALID);
	frame_put(f);
	return given ? 0 : -XEN_EINVAL;
}

static int decrease_one(const struct extents *e, uint64_t i)
{
	uint64_t mfn;
	int rc = 0;

	if (copy_array_from_guest(&mfn, e->list, i, 1, sizeof(mfn)))
		return -XEN_EFAULT;
	for (uint64_t k = 0; !rc && k < 1ull << e->order; k++)
		rc = give_back_page(e->d, mfn_of(mfn + k));
	return rc;
}

typedef int extent_fn(const struct extents *e, uint64_t i);

static extent_fn *const extent_ops[] = {
	[XENMEM_increase_reservation] = increase_one,
	[XENMEM_decrease_reservation] = decrease_one,
	[XENMEM_populate_physmap] = populate_one,
};

/* Extents done, as the ABI wants even after an error; -ERESTART: preempted. */
static long extents_run(extent_fn *one, const struct extents *e, uint64_t *next)
{
	while (*next < e->count) {
		if (one(e, *next))
			return (long)*next;
		++*next;
		if (*next < e->count && hypercall_preempt_check())
			return -XEN_ERESTART;
	}
	return (long)*next;
}

static int reservation_check(const struct vcpu *v,
			     const struct xen_memory_reservation *r,
			     uint64_t start)
{
	unsigned int max =
		domain_is_control(v->domain) ? MAX_ORDER : EXTENT_ORDER_MAX;

	if (r->extent_order > max || r->nr_extents > UINT32_MAX ||
	    start > r->nr_extents)
		return -XEN_EINVAL;
	return 0;
}

static long reservation_op(struct vcpu *v, unsigned int cmd, uint64_t start,
			   guest_ptr_t arg)
{
	struct xen_memory_reservation r;
	struct extents e = { 0 };
	long rc;

	if (copy_from_guest(&r, arg, sizeof(r)))
		return -XEN_EFAULT;
	/* The number of extents done so far: none. */
	if (reservation_check(v, &r, start))
		return (long)start;
	rc = target_get(v, r.domid, &e.d);
	if (rc)
		return rc;
	e.list = guest_ptr((uint64_t)r.extent_start.p);
	e.count = r.nr_extents;
	e.order = r.extent_order;
	e.bits = XENMEMF_get_address_bits(r.mem_flags);
	rc = extents_run(extent_ops[cmd], &e, &start);
	domain_put(e.d);
	if (rc != -XEN_ERESTART)
		return rc;
	return hypercall_continue(__HYPERVISOR_memory_op,
				  cmd | start << COMMAND_BITS, arg.va, 0, 0, 0);
}

/* What is there. */

static long current_reservation(struct vcpu *v, void *arg)
{
	const struct xen_memory_domain *m = arg;
	struct domain *d;
	long rc = target_get(v, m->domid, &d);

	if (rc)
		return rc;
	rc = (long)d->tot_pages;
	domain_put(d);
	return rc;
}

static long maximum_reservation(struct vcpu *v, void *arg)
{
	const struct xen_memory_domain *m = arg;
	struct domain *d;
	long rc = target_get(v, m->domid, &d);

	if (rc)
		return rc;
	rc = (long)d->max_pages;
	domain_put(d);
	return rc;
}

static long maximum_gpfn(struct vcpu *v, void *arg)
{
	const struct xen_memory_domain *m = arg;
	struct domain *d;
	long rc = target_get(v, m->domid, &d);

	if (rc)
		return rc;
	rc = (long)read_once(d->shared_info->arch.max_pfn);
	domain_put(d);
	return rc > 0 ? rc - 1 : 0;
}

static long machphys_mapping(struct vcpu *v, void *arg)
{
	struct xen_machphys_mapping *m = arg;

	m->v_start = M2P_VIRT_START;
	/* cppcheck takes UL(256) for an int. */
	/* cppcheck-suppress integerOverflow */
	m->v_end = M2P_VIRT_START + M2P_SIZE;
	m->max_mfn = machine_frames - 1;
	return 0;
}

static long machphys_mfn_list(struct vcpu *v, void *arg)
{
	struct xen_machphys_mfn_list *l = arg;
	const uint64_t step = 2ul << 20;
	unsigned int n = 0;

	for (uint64_t at = 0; at < m2p_bytes() && n < l->max_extents;
	     at += step) {
		xen_pfn_t mfn = m2p_frame(at).n;

		if (copy_array_to_guest(guest_ptr((uint64_t)l->extent_start.p),
					n, 1, &mfn, sizeof(mfn)))
			return -XEN_EFAULT;
		n++;
	}
	l->nr_extents = n;
	return 0;
}

/* E820 maps. */

struct e820_entry {
	uint64_t address, size;
	uint32_t type;
} __attribute__((packed));

#define E820_MAX 100

struct e820 {
	unsigned int n;
	struct e820_entry entry[E820_MAX];
};

static long map_to_guest(const struct e820_entry *entries, unsigned int n,
			 struct xen_memory_map *m)
{
	guest_ptr_t buffer = guest_ptr((uint64_t)m->buffer.p);

	if (guest_ptr_is_null(buffer)) {
		m->nr_entries = n;
		return 0;
	}
	if (m->nr_entries > n)
		m->nr_entries = n;
	return copy_array_to_guest(buffer, 0, m->nr_entries, entries,
				   sizeof(*entries))
		       ? -XEN_EFAULT
		       : 0;
}

static long memory_map(struct vcpu *v, void *arg)
{
	struct domain *d = v->domain;
	struct e820 *copy;
	long rc = -XEN_ENOSYS;

	copy = heap_alloc(sizeof(*copy));
	if (!copy)
		return -XEN_ENOMEM;
	spin_lock(&d->lock);
	if (d->memory_map)
		memcpy(copy, d->memory_map, sizeof(*copy));
	spin_unlock(&d->lock);
	if (copy->n)
		rc = map_to_guest(copy->entry, copy->n, arg);
	heap_free(copy);
	return rc;
}

static long machine_memory_map(struct vcpu *v, void *arg)
{
	struct xen_memory_map *m = arg;
	guest_ptr_t buffer = guest_ptr((uint64_t)m->buffer.p);
	unsigned int n = boot_info.memory_count;

	if (guest_ptr_is_null(buffer) || m->nr_entries > n)
		m->nr_entries = n;
	if (guest_ptr_is_null(buffer))
		return 0;
	for (unsigned int i = 0; i < m->nr_entries; i++) {
		const struct memory_range *r = &boot_info.memory[i];
		struct e820_entry e = { r->start, r->size, r->type };

		if (copy_array_to_guest(buffer, i, 1, &e, sizeof(e)))
			return -XEN_EFAULT;
	}
	return 0;
}

static long set_memory_map(struct vcpu *v, void *arg)
{
	const struct xen_foreign_memory_map *f = arg;
	struct e820 *map, *old;
	struct domain *d;
	long rc;

	if (f->map.nr_entries > E820_MAX)
		return -XEN_EINVAL;
	rc = target_get(v, f->domid, &d);
	if (rc)
		return rc;
	map = heap_alloc(sizeof(*map));
	rc = -XEN_ENOMEM;
	if (!map)
		goto put_domain;
	map->n = f->map.nr_entries;
	rc = -XEN_EFAULT;
	if (copy_array_from_guest(map->entry,
				  guest_ptr((uint64_t)f->map.buffer.p), 0,
				  map->n, sizeof(map->entry[0])))
		goto free_map;
	spin_lock(&d->lock);
	old = d->memory_map;
	d->memory_map = map;
	spin_unlock(&d->lock);
	map = old;
	rc = 0;
free_map:
	heap_free(map);
put_domain:
	domain_put(d);
	return rc;
}

/* Frames that the hypervisor keeps for a domain: its grant table. */

static long grant_frames(struct domain *d, struct xen_mem_acquire_resource *r)
{
	guest_ptr_t list = guest_ptr((uint64_t)r->frame_list.p);

	if (r->id != XENMEM_resource_grant_table_id_shared)
		return -XEN_EINVAL;
	if (!r->nr_frames && guest_ptr_is_null(list)) {
		r->nr_frames = GRANT_MAX_FRAMES;
		return 0;
	}
	if (r->frame > GRANT_MAX_FRAMES ||
	    r->nr_frames > GRANT_MAX_FRAMES - r->frame)
		return -XEN_EINVAL;
	if (grant_table_grow(d, (unsigned int)r->frame + r->nr_frames))
		return -XEN_ENOMEM;
	for (unsigned int i = 0; i < r->nr_frames; i++) {
		xen_pfn_t mfn =
			grant_table_frame(d, (unsigned int)r->frame + i).n;

		if (copy_array_to_guest(list, i, 1, &mfn, sizeof(mfn)))
			return -XEN_EFAULT;
	}
	return 0;
}

static long acquire_resource(struct vcpu *v, void *arg)
{
	struct xen_mem_acquire_resource *r = arg;
	struct domain *d;
	long rc;

	if (r->pad)
		return -XEN_EINVAL;
	if (r->type != XENMEM_resource_grant_table)
		return -XEN_EOPNOTSUPP;
	rc = target_get(v, r->domid, &d);
	if (rc)
		return rc;
	rc = grant_frames(d, r);
	domain_put(d);
	return rc;
}

static long get_vnumainfo(struct vcpu *v, void *arg)
{
	return -XEN_EOPNOTSUPP;
}

/* MO-8: only for domains with a translated physical map. */
static long translated_only(struct vcpu *v, void *arg)
{
	return -XEN_EINVAL;
}

#define MEMORY_OP(fn, type, flags)                                             \
	{                                                                      \
		fn, sizeof(struct type), flags                                 \
	}

static const struct subop memory_ops[] = {
	[XENMEM_current_reservation] =
		MEMORY_OP(current_reservation, xen_memory_domain, SUBOP_IN),
	[XENMEM_maximum_reservation] =
		MEMORY_OP(maximum_reservation, xen_memory_domain, SUBOP_IN),
	[XENMEM_maximum_gpfn] =
		MEMORY_OP(maximum_gpfn, xen_memory_domain, SUBOP_IN),
	[XENMEM_machphys_mapping] =
		MEMORY_OP(machphys_mapping, xen_machphys_mapping, SUBOP_OUT),
	[XENMEM_machphys_mfn_list] = MEMORY_OP(
		machphys_mfn_list, xen_machphys_mfn_list, SUBOP_IN | SUBOP_OUT),
	[XENMEM_memory_map] =
		MEMORY_OP(memory_map, xen_memory_map, SUBOP_IN | SUBOP_OUT),
	[XENMEM_machine_memory_map] =
		MEMORY_OP(machine_memory_map, xen_memory_map,
			  SUBOP_IN | SUBOP_OUT | SUBOP_PRIV),
	[XENMEM_set_memory_map] = MEMORY_OP(
		set_memory_map, xen_foreign_memory_map, SUBOP_IN | SUBOP_PRIV),
	[XENMEM_add_to_physmap] =
		MEMORY_OP(translated_only, xen_add_to_physmap, SUBOP_IN),
	[XENMEM_remove_from_physmap] =
		MEMORY_OP(translated_only, xen_remove_from_physmap, SUBOP_IN),
	[XENMEM_get_vnumainfo] = { get_vnumainfo, 0, 0 },
	[XENMEM_acquire_resource] =
		MEMORY_OP(acquire_resource, xen_mem_acquire_resource,
			  SUBOP_IN | SUBOP_OUT | SUBOP_PRIV),
};

long hc_memory_op(uint64_t command, uint64_t arg_va, uint64_t a3, uint64_t a4,
		  uint64_t a5)
{
	struct vcpu *v = current_vcpu();
	unsigned int cmd = command & COMMAND_MASK;
	uint64_t start = command >> COMMAND_BITS;
	guest_ptr_t arg = guest_ptr(arg_va);

	switch (cmd) {
	case XENMEM_increase_reservation:
	case XENMEM_decrease_reservation:
	case XENMEM_populate_physmap:
		return reservation_op(v, cmd, start, arg);
	case XENMEM_exchange:
		return start ? -XEN_ENOSYS : memory_exchange(v, arg);
	case XENMEM_maximum_ram_page:
		return start ? -XEN_ENOSYS : (long)machine_frames;
	default:
		if (start) /* MO-4 */
			return -XEN_ENOSYS;
		return subop_call(memory_ops, ARRAY_SIZE(memory_ops), cmd, arg);
	}
}
