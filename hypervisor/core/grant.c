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

/* Grow to at least n frames. */
static int table_grow(struct domain *d, uint64_t n)
{
	struct grant_table *gt = d->grant;
	void *page;
	bool done;

	spin_lock(&gt->lock);
	while (gt->frames < n && (page = heap_alloc(PAGE_SIZE))) {
		mm_share_page(d, page);
		gt->frame[gt->frames++] = page;
	}
	done = gt->frames >= n;
	spin_unlock(&gt->lock);
	return done ? 0 : -XEN_ENOMEM;
}

long grant_frames(struct domain *d, uint64_t from, uint64_t n, guest_ptr_t list)
{
	long rc;

	if (from > GRANT_MAX_FRAMES || n > GRANT_MAX_FRAMES - from)
		return -XEN_EINVAL;
	rc = table_grow(d, from + n);
	for (uint64_t i = 0; !rc && i < n; i++) {
		void *page = d->grant->frame[index_clamp(from + i,
							 GRANT_MAX_FRAMES)];
		xen_pfn_t frame = virt_to_mfn(page).n;

		rc = copy_array_to_guest(list, i, 1, &frame, sizeof(frame));
	}
	return rc;
}

int grant_domain_init(struct domain *d)
{
	d->grant = heap_alloc(sizeof(*d->grant));
	if (!d->grant)
		return -XEN_ENOMEM;
	spin_init(&d->grant->lock, RANK_GRANT);
	spin_init(&d->grant->map_lock, RANK_GRANT);
	d->grant->first_free = MAX_MAPPINGS;
	return table_grow(d, 1);
}

void grant_domain_free(struct domain *d)
{
	if (!d->grant)
		return;
	for (unsigned int i = 0; i < d->grant->frames; i++) {
		heap_free(d->grant->frame[i]);
		heap_free(d->grant->use[i]);
	}
	for (unsigned int i = 0; i < MAX_LUMPS; i++)
		heap_free(d->grant->lump[i]);
	heap_free(d->grant);
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

static long grant_setup_table(struct vcpu *v, struct domain *d, void *arg)
{
	struct gnttab_setup_table *op = arg;
	guest_ptr_t list = guest_handle(op->frame_list);
	long rc;

	d = grant_target(op->dom, &op->status);
	if (!d)
		return 0;
	rc = grant_frames(d, 0, op->nr_frames, list);
	if (rc)
		op->status = rc == -XEN_EFAULT ? GNTST_bad_virt_addr
					       : GNTST_general_error;
	domain_put(d);
	return 0;
}

static long grant_query_size(struct vcpu *v, struct domain *d, void *arg)
{
	struct gnttab_query_size *op = arg;

	d = grant_target(op->dom, &op->status);
	if (!d)
		return 0;
	op->nr_frames = read_once(d->grant->frames);
	op->max_nr_frames = GRANT_MAX_FRAMES;
	domain_put(d);
	return 0;
}

/* Version 1 only (GT-1): the answer of a host that has no other. */
static long grant_set_version(struct vcpu *v, struct domain *d, void *arg)
{
	struct gnttab_set_version *op = arg;
	uint32_t wanted = op->version;

	op->version = 1;
	if (wanted == 2)
		return -XEN_ENOSYS;
	return wanted == 1 ? 0 : -XEN_EINVAL;
}

static long grant_get_version(struct vcpu *v, struct domain *d, void *arg)
{
	struct gnttab_get_version *op = arg;

	op->version = 1;
	return 0;
}

#define ROW(op, flags...)                                                      \
	[GNTTABOP_##op] = { grant_##op, sizeof(struct gnttab_##op), flags }

/* The first two tell in their status that there is no such domain. */
static const struct subop grant_ops[] = {
	ROW(setup_table, SUBOP_IN | SUBOP_OUT),
	ROW(query_size, SUBOP_IN | SUBOP_OUT),
	ROW(set_version, SUBOP_IN | SUBOP_OUT),
	ROW(get_version, SUBOP_IN | SUBOP_OUT | SUBOP_TARGET),
};

/* These take many elements, and work on a batch of them at a time. */
static const struct grant_batch {
	unsigned int (*run)(struct vcpu *v, void *ops, unsigned int n);
	size_t size;
} grant_batches[] = {
	ROW(map_grant_ref),
	ROW(unmap_grant_ref),
	ROW(copy),
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
						  cmd, ops, count, 0);
	}
	return 0;
}

long hc_grant_table_op(uint64_t number, uint64_t ops, uint64_t n, uint64_t a4)
{
	uint32_t cmd = (uint32_t)number, count = (uint32_t)n;
	uint64_t batch = index_clamp(cmd, ARRAY_SIZE(grant_batches));

	if (cmd == batch && grant_batches[batch].run)
		return grant_batch_call(&grant_batches[batch], cmd, ops, count);
	if (count != 1 &&
	    (cmd == GNTTABOP_setup_table || cmd == GNTTABOP_query_size))
		return -XEN_EINVAL;
	return subop_call(grant_ops, cmd, guest_ptr(ops));
}
