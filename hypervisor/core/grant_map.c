/* SPDX-License-Identifier: MIT */
/*
 * Mappings of grants, and their handles (GT-4, GT-8).
 *
 * Owns: struct grant_mapping, in lumps that only grow, with one free list. A
 * mapping belongs to the list, to the handle's users, or (BUSY) to the one
 * operation that works on it. Its pin holds the frame; the page-table entry
 * holds it once more on its own, so that neither depends on what the guest
 * does with the other.
 * Locks: map_lock for the list; a leaf but for the heap's. States are atomic:
 * who makes a mapping BUSY owns it.
 */
#include "core/grant.h"
#include "mm/mm.h"

#define KINDS (GNTMAP_host_map | GNTMAP_device_map)
#define KNOWN_FLAGS                                                            \
	(KINDS | GNTMAP_readonly | GNTMAP_application_map |                    \
	 GNTMAP_contains_pte | GNTMAP_guest_avail_mask)

#define PTE_AVAIL_SHIFT 9

/* Handles. */

static struct grant_mapping *mapping_of(struct grant_table *gt, uint64_t i)
{
	return &gt->lump[i / MAPPINGS_PER_LUMP][i % MAPPINGS_PER_LUMP];
}

/* Of a number that may be anything. */
static struct grant_mapping *mapping_at(struct grant_table *gt, uint32_t handle)
{
	uint64_t limit = load_acquire(gt->mappings);

	return handle < limit ? mapping_of(gt, index_clamp(handle, limit))
			      : NULL;
}

/* One that has never been used; NULL: there is no more, or no memory. */
static struct grant_mapping *mapping_add_locked(struct grant_table *gt)
{
	uint32_t i = gt->mappings, lump = i / MAPPINGS_PER_LUMP;

	ASSERT(spin_held(&gt->map_lock));
	if (i == MAX_MAPPINGS)
		return NULL;
	if (i % MAPPINGS_PER_LUMP == 0)
		gt->lump[lump] =
			heap_alloc(MAPPINGS_PER_LUMP * sizeof(*gt->lump[0]));
	if (!gt->lump[lump])
		return NULL;
	store_release(gt->mappings, i + 1);
	return mapping_of(gt, i);
}

static struct grant_mapping *mapping_alloc(struct grant_table *gt,
					   uint32_t *handle)
{
	struct grant_mapping *m;

	spin_lock(&gt->map_lock);
	*handle = gt->first_free;
	if (likely(*handle != MAX_MAPPINGS)) {
		m = mapping_of(gt, *handle);
		gt->first_free = m->next;
	} else {
		*handle = gt->mappings;
		m = mapping_add_locked(gt);
	}
	if (m)
		write_once(m->state, MAPPING_BUSY);
	spin_unlock(&gt->map_lock);
	return m;
}

static void mapping_free(struct grant_table *gt, struct grant_mapping *m,
			 uint32_t handle)
{
	spin_lock(&gt->map_lock);
	write_once(m->state, MAPPING_FREE);
	m->next = gt->first_free;
	gt->first_free = handle;
	spin_unlock(&gt->map_lock);
}

/* Take a live mapping for an operation; NULL: there is none. */
static struct grant_mapping *mapping_claim(struct grant_table *gt,
					   uint32_t handle)
{
	struct grant_mapping *m = mapping_at(gt, handle);
	uint8_t live = MAPPING_LIVE;

	if (m &&
	    __atomic_compare_exchange_n(&m->state, &live, MAPPING_BUSY, false,
					__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return m;
	return NULL;
}

static uint64_t mapping_address(const struct grant_mapping *m)
{
	return frame_to_mfn(m->pin.use->frame).n << PAGE_SHIFT;
}

/* Mapping. */

/* The page-table entry, with its own references. */
static int entry_install(struct vcpu *v, const struct grant_mapping *m,
			 uint64_t where)
{
	uint64_t avail = m->flags >> _GNTMAP_guest_avail0 & 7;
	uint64_t flags = PTE_PRESENT | PTE_USER | PTE_ACCESSED | PTE_DIRTY |
			 (m->pin.write ? PTE_WRITE : 0) |
			 avail << PTE_AVAIL_SHIFT;
	struct frame *f = m->pin.use->frame;
	int rc;

	if (m->pin.write && frame_get_type(f, TYPE_WRITABLE))
		return -XEN_EINVAL;
	frame_get_again(f);
	rc = mm_map_frame(v, m->flags & GNTMAP_contains_pte, where, f, flags);
	if (!rc)
		return 0;
	if (m->pin.write)
		frame_put_type(f);
	frame_put(f);
	return rc;
}

/* False: must be tried again. All else is told by the status. */
static bool map_element(struct vcpu *v, struct gnttab_map_grant_ref *op)
{
	struct grant_table *gt = v->domain->grant;
	struct grant_mapping *m;
	uint32_t handle;
	int rc = 0;

	op->status = GNTST_bad_gntref;
	if (!(op->flags & KINDS) || (op->flags & ~KNOWN_FLAGS))
		return true;
	op->status = GNTST_no_space;
	m = mapping_alloc(gt, &handle);
	if (!m)
		return true;
	m->flags = op->flags;
	m->pin.write = !(op->flags & GNTMAP_readonly);
	op->status = grant_pin(&m->pin, op->dom, op->ref, v->domain->id);
	if (op->status != GNTST_okay)
		goto free_mapping;
	if (op->flags & GNTMAP_host_map)
		rc = entry_install(v, m, op->host_addr);
	if (rc)
		goto unpin;
	op->handle = handle;
	op->dev_bus_addr = mapping_address(m);
	store_release(m->state, MAPPING_LIVE);
	return true;

unpin:
	op->status = GNTST_general_error;
	grant_unpin(&m->pin);
free_mapping:
	mapping_free(gt, m, handle);
	return rc != -XEN_ERESTART;
}

unsigned int grant_map_grant_ref(struct vcpu *v, void *ops, unsigned int n)
{
	struct gnttab_map_grant_ref *op = ops;
	unsigned int done = 0;

	while (done < n && map_element(v, &op[done]))
		done++;
	return done;
}

/* Unmapping. */

/* Undo the kinds that op names: 0, -ERESTART, or -EINVAL with the status. */
static int kinds_remove(struct vcpu *v, struct grant_mapping *m,
			struct gnttab_unmap_grant_ref *op)
{
	int rc = 0;

	op->status = GNTST_bad_dev_addr;
	if (op->dev_bus_addr && (m->flags & GNTMAP_device_map) &&
	    op->dev_bus_addr != mapping_address(m))
		return -XEN_EINVAL;
	op->status = GNTST_general_error;
	if (op->host_addr && (m->flags & GNTMAP_host_map)) {
		rc = mm_unmap_frame(v, m->flags & GNTMAP_contains_pte,
				    op->host_addr, m->pin.use->frame);
		if (rc)
			return rc;
		m->flags &= ~(uint32_t)GNTMAP_host_map;
	}
	if (op->dev_bus_addr)
		m->flags &= ~(uint32_t)GNTMAP_device_map;
	op->status = GNTST_okay;
	return 0;
}

unsigned int grant_unmap_grant_ref(struct vcpu *v, void *ops, unsigned int n)
{
	uninitialized_buf struct grant_mapping *gone[GRANT_BATCH];
	struct grant_table *gt = v->domain->grant;
	struct gnttab_unmap_grant_ref *op = ops;
	unsigned int done = 0;
	int rc = 0;

	for (; done < n && rc != -XEN_ERESTART; done++) {
		struct grant_mapping *m = mapping_claim(gt, op[done].handle);

		gone[done] = NULL;
		op[done].status = GNTST_bad_handle;
		if (!m)
			continue;
		rc = kinds_remove(v, m, &op[done]);
		if (m->flags & KINDS)
			store_release(m->state, MAPPING_LIVE);
		else
			gone[done] = m; /* still BUSY */
	}
	/* All entries are gone: flush once, then drop what they let one see. */
	tlb_flush_domain(v->domain);
	for (unsigned int i = 0; i < done; i++)
		if (gone[i]) {
			grant_unpin(&gone[i]->pin);
			mapping_free(gt, gone[i], op[i].handle);
		}
	return rc == -XEN_ERESTART ? done - 1 : done;
}

int grant_release_mappings(struct domain *d)
{
	struct grant_table *gt = d->grant;
	struct grant_mapping *m;

	tlb_flush_domain(d);
	while ((m = mapping_at(gt, gt->released++))) {
		if (m->state != MAPPING_FREE) {
			grant_unpin(&m->pin);
			m->state = MAPPING_FREE;
		}
		if (gt->released % 64 == 0 && hypercall_preempt_check())
			return -XEN_ERESTART;
	}
	return 0;
}
