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

#include "core/domain.h"
#include "core/hypercall.h"
#include "core/services.h"
#include "public/errno.h"
#include "public/grant_table.h"

int grant_domain_init(struct domain *d)
{
	int rc;

	d->grant = heap_alloc(sizeof(*d->grant));
	if (!d->grant)
		return -XEN_ENOMEM;
	spin_init(&d->grant->lock, RANK_GRANT);
	spin_init(&d->grant->map_lock, RANK_GRANT);
	d->grant->first_free = MAX_MAPPINGS;
	rc = grant_table_grow(d, 1);
	if (rc)
		grant_domain_free(d);
	return rc;
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
	d->grant = NULL;
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

unsigned int grant_table_frames(struct domain *d)
{
	return read_once(d->grant->frames);
}

/* The domain an operation names: the caller, or any for the control domain. */
static struct domain *grant_target(struct vcpu *v, domid_t id, int16_t *status)
{
	struct domain *d;

	if (id == DOMID_SELF || id == v->domain->id)
		id = v->domain->id;
	else if (!domain_is_control(v->domain)) {
		*status = GNTST_permission_denied;
		return NULL;
	}
	d = domain_get(id);
	if (!d)
		*status = GNTST_bad_domain;
	return d;
}

static long grant_setup_table(struct vcpu *v, void *arg)
{
	struct gnttab_setup_table *op = arg;
	struct domain *d = grant_target(v, op->dom, &op->status);
	long rc = 0;

	if (!d)
		return 0;
	op->status = GNTST_okay;
	if (grant_table_grow(d, op->nr_frames))
		op->status = GNTST_general_error;
	for (uint32_t i = 0; op->status == GNTST_okay && i < op->nr_frames;
	     i++) {
		xen_pfn_t frame = grant_table_frame(d, i).n;

		if (copy_array_to_guest(guest_ptr((uint64_t)op->frame_list.p),
					i, 1, &frame, sizeof(frame)))
			op->status = GNTST_bad_virt_addr;
	}
	domain_put(d);
	return rc;
}

static long grant_query_size(struct vcpu *v, void *arg)
{
	struct gnttab_query_size *op = arg;
	struct domain *d = grant_target(v, op->dom, &op->status);

	if (!d)
		return 0;
	op->nr_frames = grant_table_frames(d);
	op->max_nr_frames = GRANT_MAX_FRAMES;
	op->status = GNTST_okay;
	domain_put(d);
	return 0;
}

/* Version 1 only (GT-1): the answer of a host that has no other. */
static long grant_set_version(struct vcpu *v, void *arg)
{
	struct gnttab_set_version *op = arg;
	uint32_t wanted = op->version;

	op->version = 1;
	return wanted == 1 ? 0 : -XEN_ENOSYS;
}

static long grant_get_version(struct vcpu *v, void *arg)
{
	struct gnttab_get_version *op = arg;
	int16_t status = 0;
	struct domain *d = grant_target(v, op->dom, &status);

	if (!d)
		return status == GNTST_bad_domain ? -XEN_ESRCH : -XEN_EPERM;
	op->version = 1;
	domain_put(d);
	return 0;
}

#define ROW(op, type, fn) [op] = { fn, sizeof(type), SUBOP_IN | SUBOP_OUT }
static const struct subop grant_ops[] = {
	ROW(GNTTABOP_map_grant_ref, struct gnttab_map_grant_ref, grant_map),
	ROW(GNTTABOP_copy, struct gnttab_copy, grant_copy),
	ROW(GNTTABOP_setup_table, struct gnttab_setup_table, grant_setup_table),
	ROW(GNTTABOP_query_size, struct gnttab_query_size, grant_query_size),
	ROW(GNTTABOP_set_version, struct gnttab_set_version, grant_set_version),
	ROW(GNTTABOP_get_version, struct gnttab_get_version, grant_get_version),
};

/* Elements with the same command: how many are done, or -errno. */
static long grant_step(uint64_t cmd, uint64_t ops, uint64_t count)
{
	long rc;

	if (cmd == GNTTABOP_unmap_grant_ref)
		return grant_unmap(current_vcpu(), ops, count);
	rc = subop_call(grant_ops, ARRAY_SIZE(grant_ops), cmd, guest_ptr(ops));
	if (rc == -XEN_ERESTART)
		return 0;
	return rc < 0 ? rc : 1;
}

static uint64_t element_size(uint64_t cmd)
{
	if (cmd == GNTTABOP_unmap_grant_ref)
		return sizeof(struct gnttab_unmap_grant_ref);
	return grant_ops[index_clamp(cmd, ARRAY_SIZE(grant_ops))].size;
}

static bool takes_many(uint64_t cmd)
{
	return cmd == GNTTABOP_map_grant_ref ||
	       cmd == GNTTABOP_unmap_grant_ref || cmd == GNTTABOP_copy;
}

long hc_grant_table_op(uint64_t cmd, uint64_t ops, uint64_t count, uint64_t a4,
		       uint64_t a5)
{
	cmd &= 0xffffffff;
	count &= 0xffffffff;
	if (cmd >= ARRAY_SIZE(grant_ops) || !element_size(cmd))
		return -XEN_ENOSYS;
	if (!takes_many(cmd) && count > 1) {
		if (cmd != GNTTABOP_query_size)
			return -XEN_EINVAL; /* set-up takes one element */
		count = 1;
	}
	while (count) {
		long done = grant_step(cmd, ops, count);

		if (done < 0)
			return done;
		ops += (uint64_t)done * element_size(cmd);
		count -= (uint64_t)done;
		if (count && (!done || hypercall_preempt_check()))
			return hypercall_continue(__HYPERVISOR_grant_table_op,
						  cmd, ops, count, a4, a5);
	}
	return 0;
}
