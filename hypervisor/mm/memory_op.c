/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_memory_op: dispatch, and what a domain may ask: how much memory
 * it has, and which memory maps it sees. Changes are in mm/reservation.c.
 */
#include "core/grant.h"
#include "mm/pagetype.h"
#include "public/memory.h"

/* What is there. */

static long current_reservation(struct vcpu *v, struct domain *d, void *arg)
{
	return (long)d->tot_pages;
}

static long maximum_reservation(struct vcpu *v, struct domain *d, void *arg)
{
	return (long)d->max_pages;
}

/* What the guest has written there, which may be anything. */
static long maximum_gpfn(struct vcpu *v, struct domain *d, void *arg)
{
	long end = (long)read_once(d->shared_info->arch.max_pfn);

	return end > 0 ? end - 1 : 0;
}

static long machphys_mapping(struct vcpu *v, struct domain *d, void *arg)
{
	struct xen_machphys_mapping *m = arg;

	m->v_start = M2P_VIRT_START;
	/* cppcheck takes UL(256) for an int. */
	/* cppcheck-suppress integerOverflow */
	m->v_end = M2P_VIRT_START + M2P_SIZE;
	m->max_mfn = machine_frames - 1;
	return 0;
}

static long machphys_mfn_list(struct vcpu *v, struct domain *d, void *arg)
{
	struct xen_machphys_mfn_list *l = arg;
	const uint64_t step = 2ul << 20;
	unsigned int n = 0;

	for (uint64_t at = 0; at < machine_frames * 8 && n < l->max_extents;
	     at += step) {
		xen_pfn_t mfn = m2p_frame(at).n;

		if (copy_array_to_guest(guest_handle(l->extent_start), n, 1,
					&mfn, sizeof(mfn)))
			return -XEN_EFAULT;
		n++;
	}
	l->nr_extents = n;
	return 0;
}

/* E820 maps. */

#define E820_MAX 100

struct e820 {
	unsigned int n;
	struct memory_range entry[E820_MAX];
};

static long map_answer(struct xen_memory_map *m,
		       const struct memory_range *entry, uint64_t n)
{
	guest_ptr_t buffer = guest_handle(m->buffer);

	if (!buffer.va || m->nr_entries > n)
		m->nr_entries = (uint32_t)n;
	if (!buffer.va)
		return 0;
	return copy_array_to_guest(buffer, 0, m->nr_entries, entry,
				   sizeof(*entry));
}

static long memory_map(struct vcpu *v, struct domain *d, void *arg)
{
	struct e820 *map = heap_alloc(sizeof(*map));
	long rc;

	if (!map)
		return -XEN_ENOMEM;
	spin_lock(&d->lock);
	if (d->memory_map)
		memcpy(map, d->memory_map, sizeof(*map));
	spin_unlock(&d->lock);
	rc = map->n ? map_answer(arg, map->entry, map->n) : -XEN_ENOSYS;
	heap_free(map);
	return rc;
}

static long machine_memory_map(struct vcpu *v, struct domain *d, void *arg)
{
	return map_answer(arg, boot_info.memory, boot_info.memory_count);
}

static long set_memory_map(struct vcpu *v, struct domain *d, void *arg)
{
	const struct xen_foreign_memory_map *f = arg;
	struct e820 *map, *old;
	long rc;

	if (f->map.nr_entries > E820_MAX)
		return -XEN_EINVAL;
	map = heap_alloc(sizeof(*map));
	if (!map)
		return -XEN_ENOMEM;
	map->n = f->map.nr_entries;
	rc = copy_array_from_guest(map->entry, guest_handle(f->map.buffer), 0,
				   map->n, sizeof(map->entry[0]));
	if (!rc) {
		spin_lock(&d->lock);
		old = d->memory_map;
		d->memory_map = map;
		spin_unlock(&d->lock);
		map = old;
	}
	heap_free(map);
	return rc;
}

/* Frames that the hypervisor keeps for a domain: its grant table. */

static long acquire_resource(struct vcpu *v, struct domain *d, void *arg)
{
	struct xen_mem_acquire_resource *r = arg;
	guest_ptr_t list = guest_handle(r->frame_list);

	if (r->type != XENMEM_resource_grant_table)
		return -XEN_EOPNOTSUPP;
	if (r->pad || r->id != XENMEM_resource_grant_table_id_shared)
		return -XEN_EINVAL;
	if (!r->nr_frames && !list.va) {
		r->nr_frames = GRANT_MAX_FRAMES;
		return 0;
	}
	return grant_frames(d, r->frame, r->nr_frames, list);
}

#define IN_OUT               (SUBOP_IN | SUBOP_OUT)
#define IN_TARGET            (SUBOP_IN | SUBOP_TARGET)
#define ROW(op, type, flags) [XENMEM_##op] = { op, sizeof(struct type), flags }

static const struct subop memory_ops[] = {
	ROW(current_reservation, xen_memory_domain, IN_TARGET),
	ROW(maximum_reservation, xen_memory_domain, IN_TARGET),
	ROW(maximum_gpfn, xen_memory_domain, IN_TARGET),
	ROW(machphys_mapping, xen_machphys_mapping, SUBOP_OUT),
	ROW(machphys_mfn_list, xen_machphys_mfn_list, IN_OUT),
	ROW(memory_map, xen_memory_map, IN_OUT),
	ROW(machine_memory_map, xen_memory_map, IN_OUT | SUBOP_PRIV),
	ROW(set_memory_map, xen_foreign_memory_map, IN_TARGET | SUBOP_PRIV),
	ROW(acquire_resource, xen_mem_acquire_resource,
	    IN_OUT | SUBOP_PRIV | SUBOP_TARGET),
};

long hc_memory_op(uint64_t command, uint64_t arg_va, uint64_t a3, uint64_t a4)
{
	struct vcpu *v = current_vcpu();
	unsigned int cmd = command & ((1u << MEMORY_COMMAND_BITS) - 1);
	uint64_t start = command >> MEMORY_COMMAND_BITS;
	guest_ptr_t arg = guest_ptr(arg_va);

	if (cmd == XENMEM_increase_reservation ||
	    cmd == XENMEM_decrease_reservation ||
	    cmd == XENMEM_populate_physmap)
		return reservation_op(v, cmd, start, arg);
	if (start) /* MO-4 */
		return -XEN_ENOSYS;
	switch (cmd) {
	case XENMEM_exchange:
		return memory_exchange(v, arg);
	case XENMEM_maximum_ram_page:
		return (long)machine_frames;
	case XENMEM_add_to_physmap:
	case XENMEM_remove_from_physmap:
		/* MO-8: only for domains with a translated physical map. */
		return -XEN_EINVAL;
	case XENMEM_get_vnumainfo:
		return -XEN_EOPNOTSUPP;
	default:
		return subop_call(memory_ops, cmd, arg);
	}
}
