/* SPDX-License-Identifier: MIT */
/*
 * Grant tables, version 1: the table itself (set-up, size, version).
 * Entry to the calls of the other parts, grant.h.
 *
 * Owns: the frames of each domain's table. They belong to the hypervisor,
 * exist from creation, only grow, and die with the domain (GT-12).
 * Locks: grant_table.lock for growing.
 * Contract: include/public/grant_table.h.
 */
#include "core/grant.h"

#include "core/hypercall.h"

int grant_domain_init(struct domain *d)
{
	d->grant = heap_alloc(sizeof(*d->grant));
	if (!d->grant)
		return -XEN_ENOMEM;
	spin_init(&d->grant->lock, RANK_GRANT);
	spin_init(&d->grant->map_lock, RANK_GRANT);
	d->grant->first_free = MAX_MAPPINGS;
	return grant_table_grow(d, 1);
}

void grant_domain_free(struct domain *d)
{
	if (!d->grant)
		return;
	for (unsigned int i = 0; i < d->grant->frames; i++) {
		heap_free(d->grant->frame[i]);
		heap_free(d->grant->use[i]);
	}
	for (unsigned int i = 0; i < d->grant->lumps; i++)
		heap_free(d->grant->lump[i]);
	heap_free(d->grant);
}

int grant_table_grow(struct domain *d, unsigned int n)
{
	struct grant_table *gt = d->grant;
	int rc = 0;

	if (n > GRANT_MAX_FRAMES)
		return -XEN_EINVAL;
	spin_lock(&gt->lock);
	while (gt->frames < n) {
		struct grant_use *use =
			heap_alloc(GRANTS_PER_FRAME * sizeof(*use));
		void *page = use ? heap_alloc(PAGE_SIZE) : NULL;

		if (!page) {
			heap_free(use);
			rc = -XEN_ENOMEM;
			break;
		}
		mm_share_page(d, page);
		gt->frame[gt->frames] = page;
		gt->use[gt->frames] = use;
		gt->frames++;
	}
	spin_unlock(&gt->lock);
	return rc;
}

mfn_t grant_table_frame(struct domain *d, unsigned int i)
{
	if (i >= read_once(d->grant->frames))
		return INVALID_MFN;
	return virt_to_mfn(d->grant->frame[index_clamp(i, GRANT_MAX_FRAMES)]);
}

/* The domain that an operation names, counted, or NULL with the status. */
static struct domain *grant_target(domid_t id, int16_t *status)
{
	long rc;
	struct domain *d = domain_get_target(id, &rc);

	*status = d ? GNTST_okay
		    : (rc == -XEN_EPERM ? GNTST_permission_denied
					: GNTST_bad_domain);
	return d;
}

static long grant_setup_table(struct vcpu *v, void *arg)
{
	struct gnttab_setup_table *op = arg;
	guest_ptr_t list = guest_ptr((uint64_t)op->frame_list.p);
	struct domain *d = grant_target(op->dom, &op->status);

	if (!d)
		return 0;
	if (grant_table_grow(d, op->nr_frames))
		op->status = GNTST_general_error;
	for (uint32_t i = 0; !op->status && i < op->nr_frames; i++) {
		xen_pfn_t frame = grant_table_frame(d, i).n;

		if (copy_array_to_guest(list, i, 1, &frame, sizeof(frame)))
			op->status = GNTST_bad_virt_addr;
	}
	domain_put(d);
	return 0;
}

static long grant_query_size(struct vcpu *v, void *arg)
{
	struct gnttab_query_size *op = arg;
	struct domain *d = grant_target(op->dom, &op->status);

	if (!d)
		return 0;
	op->nr_frames = read_once(d->grant->frames);
	op->max_nr_frames = GRANT_MAX_FRAMES;
	domain_put(d);
	return 0;
}

/* Version 1 only (GT-1): the answer of a host that has no other. */
static long grant_set_version(struct vcpu *v, void *arg)
{
	struct gnttab_set_version *op = arg;
	uint32_t wanted = op->version;

	op->version = 1;
	if (wanted == 2)
		return -XEN_ENOSYS;
	return wanted == 1 ? 0 : -XEN_EINVAL;
}

static long grant_get_version(struct vcpu *v, void *arg)
{
	struct gnttab_get_version *op = arg;
	long rc;
	struct domain *d = domain_get_target(op->dom, &rc);

	if (!d)
		return rc;
	op->version = 1;
	domain_put(d);
	return 0;
}

#define ROW(op, type, fn) [op] = { fn, sizeof(type), SUBOP_IN | SUBOP_OUT }
static const struct subop grant_ops[] = {
	ROW(GNTTABOP_setup_table, struct gnttab_setup_table, grant_setup_table),
	ROW(GNTTABOP_query_size, struct gnttab_query_size, grant_query_size),
	ROW(GNTTABOP_set_version, struct gnttab_set_version, grant_set_version),
	ROW(GNTTABOP_get_version, struct gnttab_get_version, grant_get_version),
};

/* These take many elements, and work on a batch of them at a time. */
static const struct grant_batch {
	unsigned int (*run)(struct vcpu *v, void *ops, unsigned int n);
	size_t size;
} grant_batches[] = {
	[GNTTABOP_map_grant_ref] = { grant_map,
				     sizeof(struct gnttab_map_grant_ref) },
	[GNTTABOP_unmap_grant_ref] = { grant_unmap,
				       sizeof(struct gnttab_unmap_grant_ref) },
	[GNTTABOP_copy] = { grant_copy, sizeof(struct gnttab_copy) },
};

static long grant_batch_call(const struct grant_batch *b, uint64_t cmd,
			     uint64_t ops, uint64_t count)
{
	uninitialized_buf struct gnttab_copy buffer[GRANT_BATCH]; /* largest */

	while (count) {
		unsigned int n = (unsigned int)min_u64(count, GRANT_BATCH);

		if (copy_from_guest(buffer, guest_ptr(ops), n * b->size))
			return -XEN_EFAULT;
		n = b->run(current_vcpu(), buffer, n);
		if (copy_to_guest(guest_ptr(ops), buffer, n * b->size))
			return -XEN_EFAULT;
		ops += n * b->size;
		count -= n;
		if (count && (!n || hypercall_preempt_check()))
			return hypercall_continue(__HYPERVISOR_grant_table_op,
						  cmd, ops, count, 0, 0);
	}
	return 0;
}

long hc_grant_table_op(uint64_t command, uint64_t ops, uint64_t elements,
		       uint64_t a4, uint64_t a5)
{
	uint32_t cmd = (uint32_t)command, count = (uint32_t)elements;
	uint64_t batch = index_clamp(cmd, ARRAY_SIZE(grant_batches));

	if (cmd == batch && grant_batches[batch].run)
		return grant_batch_call(&grant_batches[batch], cmd, ops, count);
	if (cmd >= ARRAY_SIZE(grant_ops) || !grant_ops[cmd].handler)
		return -XEN_ENOSYS;
	if (count != 1 && cmd != GNTTABOP_set_version &&
	    cmd != GNTTABOP_get_version)
		return -XEN_EINVAL;
	return subop_call(grant_ops, ARRAY_SIZE(grant_ops), cmd,
			  guest_ptr(ops));
}
