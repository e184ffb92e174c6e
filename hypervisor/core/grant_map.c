/* SPDX-License-Identifier: MIT */
/*
 * Mappings of grants, and their handles (GT-4, GT-8).
 *
 * Owns: struct grant_mapping, in lumps that only grow, with one free list. A
 * mapping belongs to the list, to the handle's users, or (BUSY) to the one
 * operation that works on it. Its pin holds the frame; the page-table entry
 * holds it once more on its own, so that neither depends on what the guest
 * does with the other.
 * Locks: map_lock for states and list; a leaf but for the heap's.
 */
#include "core/domain.h"
#include "core/grant.h"
#include "core/hypercall.h"
#include "lib/string.h"
#include "mm/mm.h"
#include "public/errno.h"

#define KINDS (GNTMAP_host_map | GNTMAP_device_map)
#define KNOWN_FLAGS                                                            \
	(KINDS | GNTMAP_readonly | GNTMAP_application_map |                    \
	 GNTMAP_contains_pte | GNTMAP_guest_avail_mask)

#define PTE_AVAIL_SHIFT 9
#define UNMAP_BATCH     32u

/* Handles. */

static struct grant_mapping *mapping_at(struct grant_table *gt, uint32_t handle)
{
	uint64_t limit = gt->lumps * MAPPINGS_PER_LUMP;
	uint64_t i = index_clamp(handle, limit);

	if (handle >= limit)
		return NULL;
	return &gt->lump[i / MAPPINGS_PER_LUMP][i % MAPPINGS_PER_LUMP];
}

static void lump_add_locked(struct grant_table *gt)
{
	uint32_t first = gt->lumps * MAPPINGS_PER_LUMP;
	struct grant_mapping *lump;

	if (gt->lumps == MAX_LUMPS)
		return;
	lump = heap_alloc(MAPPINGS_PER_LUMP * sizeof(*lump));
	if (!lump)
		return;
	for (uint32_t i = 0; i < MAPPINGS_PER_LUMP; i++)
		lump[i].next = first + i + 1;
	lump[MAPPINGS_PER_LUMP - 1].next = MAX_MAPPINGS;
	gt->first_free = first;
	gt->lump[gt->lumps++] = lump;
}

static struct grant_mapping *mapping_alloc(struct grant_table *gt,
					   uint32_t *handle)
{
	struct grant_mapping *m = NULL;

	spin_lock(&gt->map_lock);
	if (gt->first_free == MAX_MAPPINGS)
		lump_add_locked(gt);
	*handle = gt->first_free;
	if (*handle != MAX_MAPPINGS) {
		m = mapping_at(gt, *handle);
		gt->first_free = m->next;
		m->state = MAPPING_BUSY;
	}
	spin_unlock(&gt->map_lock);
	return m;
}

static void mapping_free(struct grant_table *gt, struct grant_mapping *m,
			 uint32_t handle)
{
	spin_lock(&gt->map_lock);
	m->state = MAPPING_FREE;
	m->next = gt->first_free;
	gt->first_free = handle;
	spin_unlock(&gt->map_lock);
}

/* Take a live mapping for an operation; NULL: there is none. */
static struct grant_mapping *mapping_claim(struct grant_table *gt,
					   uint32_t handle)
{
	struct grant_mapping *m;

	spin_lock(&gt->map_lock);
	m = mapping_at(gt, handle);
	if (m && m->state == MAPPING_LIVE)
		m->state = MAPPING_BUSY;
	else
		m = NULL;
	spin_unlock(&gt->map_lock);
	return m;
}

static void mapping_publish(struct grant_table *gt, struct grant_mapping *m)
{
	spin_lock(&gt->map_lock);
	m->state = MAPPING_LIVE;
	spin_unlock(&gt->map_lock);
}

static bool mapping_writes(const struct grant_mapping *m)
{
	return !(m->flags & GNTMAP_readonly);
}

static uint64_t mapping_address(const struct grant_mapping *m)
{
	return frame_to_mfn(m->frame).n << PAGE_SHIFT;
}

/* Let go of what a mapping owns; its entry is gone and flushed. */
static void mapping_destroy(struct grant_table *gt, struct grant_mapping *m,
			    uint32_t handle)
{
	struct domain *granter = m->granter;

	grant_unpin(granter, m->ref, mapping_writes(m));
	mapping_free(gt, m, handle);
	domain_put(granter);
}

/* Mapping. */

static uint64_t leaf_flags(const struct grant_mapping *m)
{
	uint64_t avail = m->flags >> _GNTMAP_guest_avail0 & 7;

	return PTE_PRESENT | PTE_USER | PTE_ACCESSED | PTE_DIRTY |
	       (mapping_writes(m) ? PTE_WRITE : 0) | avail << PTE_AVAIL_SHIFT;
}

/* The page-table entry, with its own references. */
static int entry_install(struct vcpu *v, const struct grant_mapping *m,
			 uint64_t where)
{
	int rc;

	if (mapping_writes(m) && frame_get_type(m->frame, TYPE_WRITABLE))
		return -XEN_EINVAL;
	frame_get_again(m->frame);
	rc = mm_map_frame(v, m->flags & GNTMAP_contains_pte, where, m->frame,
			  leaf_flags(m));
	if (!rc)
		return 0;
	if (mapping_writes(m))
		frame_put_type(m->frame);
	frame_put(m->frame);
	return rc;
}

/* Build m; GNTST_*, and *rc is -ERESTART if it must be tried again. */
static int16_t mapping_build(struct vcpu *v, struct grant_mapping *m,
			     const struct gnttab_map_grant_ref *op, long *rc)
{
	int16_t status;

	m->ref = op->ref;
	m->flags = op->flags;
	m->granter = domain_get(op->dom);
	if (!m->granter)
		return GNTST_bad_domain;
	status = grant_pin(m->granter, m->ref, v->domain->id, mapping_writes(m),
			   &m->frame);
	if (status == GNTST_okay && (m->flags & GNTMAP_host_map)) {
		*rc = entry_install(v, m, op->host_addr);
		if (*rc) {
			grant_unpin(m->granter, m->ref, mapping_writes(m));
			status = GNTST_bad_virt_addr;
		}
	}
	if (status != GNTST_okay)
		domain_put(m->granter);
	return status;
}

long grant_map(struct vcpu *v, void *arg)
{
	struct grant_table *gt = v->domain->grant;
	struct gnttab_map_grant_ref *op = arg;
	struct grant_mapping *m;
	uint32_t handle;
	long rc = 0;

	op->status = GNTST_bad_gntref;
	if (!(op->flags & KINDS) || (op->flags & ~KNOWN_FLAGS))
		return 0;
	op->status = GNTST_no_space;
	m = mapping_alloc(gt, &handle);
	if (!m)
		return 0;
	op->status = mapping_build(v, m, op, &rc);
	if (op->status != GNTST_okay) {
		mapping_free(gt, m, handle);
		return rc == -XEN_ERESTART ? rc : 0;
	}
	op->handle = handle;
	op->dev_bus_addr = mapping_address(m);
	mapping_publish(gt, m);
	return 0;
}

/* Unmapping. */

struct unmap_batch {
	unsigned int ops, ended;
	bool restart;
	struct gnttab_unmap_grant_ref op[UNMAP_BATCH];
	uint8_t end[UNMAP_BATCH]; /* elements whose mapping is to go */
};

/* Undo the kinds that op names: 0, -ERESTART, or -EINVAL with the status. */
static int kinds_remove(struct vcpu *v, struct grant_mapping *m,
			struct gnttab_unmap_grant_ref *op)
{
	int rc;

	op->status = GNTST_bad_dev_addr;
	if (op->dev_bus_addr && (!(m->flags & GNTMAP_device_map) ||
				 op->dev_bus_addr != mapping_address(m)))
		return -XEN_EINVAL;
	op->status = GNTST_bad_virt_addr;
	if (op->host_addr && (m->flags & GNTMAP_host_map)) {
		rc = mm_unmap_frame(v, m->flags & GNTMAP_contains_pte,
				    op->host_addr, m->frame);
		if (rc)
			return rc;
		m->flags &= ~(uint32_t)GNTMAP_host_map;
	}
	if (op->dev_bus_addr)
		m->flags &= ~(uint32_t)GNTMAP_device_map;
	op->status = GNTST_okay;
	return 0;
}

static void batch_unmap_one(struct vcpu *v, struct unmap_batch *b,
			    struct gnttab_unmap_grant_ref *op)
{
	struct grant_table *gt = v->domain->grant;
	struct grant_mapping *m = mapping_claim(gt, op->handle);

	op->status = GNTST_bad_handle;
	if (!m)
		return;
	b->restart = kinds_remove(v, m, op) == -XEN_ERESTART;
	if (m->flags & KINDS) {
		mapping_publish(gt, m);
		return;
	}
	b->end[b->ended++] = (uint8_t)b->ops;
}

/* All entries are gone: flush once, then drop what the mappings hold. */
static void batch_end(struct domain *d, struct unmap_batch *b)
{
	tlb_flush_domain(d);
	for (unsigned int i = 0; i < b->ended; i++) {
		uint32_t handle = b->op[b->end[i]].handle;

		mapping_destroy(d->grant, mapping_at(d->grant, handle), handle);
	}
}

long grant_unmap(struct vcpu *v, uint64_t ops, uint64_t count)
{
	uint64_t n = min_u64(count, UNMAP_BATCH);
	struct unmap_batch b;

	memset(&b, 0, sizeof(b));
	if (copy_array_from_guest(b.op, guest_ptr(ops), 0, n, sizeof(b.op[0])))
		return -XEN_EFAULT;
	while (b.ops < n) {
		batch_unmap_one(v, &b, &b.op[b.ops]);
		if (b.restart)
			break;
		b.ops++;
	}
	batch_end(v->domain, &b);
	if (copy_array_to_guest(guest_ptr(ops), 0, b.ops, b.op,
				sizeof(b.op[0])))
		return -XEN_EFAULT;
	return b.ops;
}

int grant_release_mappings(struct domain *d)
{
	struct grant_table *gt = d->grant;
	struct grant_mapping *m;

	tlb_flush_domain(d);
	while ((m = mapping_at(gt, gt->released))) {
		uint32_t handle = gt->released++;

		if (m->state != MAPPING_FREE)
			mapping_destroy(gt, m, handle);
		if (handle % 64 == 63 && hypercall_preempt_check())
			return -XEN_ERESTART;
	}
	return 0;
}
