/* SPDX-License-Identifier: MIT */
/*
 * Pages of other domains: mapped one by one (pv_grant_map) or many at once
 * (pv_grants_map), and copied.
 *
 * Owns: handles of single mappings, in mappings[]; those of the others are
 * their callers' to keep. Counts both.
 */
#include <public/errno.h>
#include <public/grant_table.h>
#include <pvguest/grant.h>
#include <pvguest/hypercall.h>
#include <pvguest/mm.h>

#include "internal.h"

#define MAPPINGS 256
#define BATCH    32u /* operations of a hypercall */

static struct {
	void *address; /* NULL: unused */
	uint32_t handle;
} mappings[MAPPINGS];

static size_t mapped;

int pv_grant_errno(int16_t status)
{
	switch (status) {
	case GNTST_okay:
		return 0;
	case GNTST_bad_domain:
		return -XEN_ESRCH;
	case GNTST_bad_gntref:
		return -XEN_EINVAL;
	case GNTST_permission_denied:
		return -XEN_EPERM;
	case GNTST_no_space:
		return -XEN_ENOSPC;
	case GNTST_eagain:
		return -XEN_EAGAIN;
	default:
		return -XEN_EIO;
	}
}

size_t pv_grants_mapped(void)
{
	return mapped;
}

/* Many -------------------------------------------------------------------- */

/* A call that fails as a whole has done the elements whose status says so. */
static size_t map_batch(uint16_t domid, struct pv_grant_page *pages,
			size_t count, uint32_t flags)
{
	struct gnttab_map_grant_ref ops[BATCH];
	size_t i, done = 0;

	for (i = 0; i < count; i++)
		ops[i] = (struct gnttab_map_grant_ref){
			.host_addr = (uint64_t)pages[i].va,
			.flags = flags,
			.ref = pages[i].ref,
			.dom = domid,
			.status = GNTST_general_error,
		};
	pv_hypercall3(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref,
		      PV_ARG(ops), count);
	for (i = 0; i < count; i++) {
		pages[i].error = pv_grant_errno(ops[i].status);
		pages[i].handle = ops[i].handle;
		pages[i].maddr = ops[i].dev_bus_addr;
		if (!pages[i].error)
			done++;
	}
	return done;
}

size_t pv_grants_map(uint16_t domid, struct pv_grant_page *pages, size_t count,
		     bool writable)
{
	uint32_t flags = GNTMAP_host_map | (writable ? 0 : GNTMAP_readonly);
	size_t at, done = 0;

	for (at = 0; at < count; at += BATCH)
		done += map_batch(domid, pages + at,
				  count - at < BATCH ? count - at : BATCH,
				  flags);
	mapped += done;
	return done;
}

static void unmap_batch(struct gnttab_unmap_grant_ref *ops, size_t count)
{
	if (count)
		pv_hypercall3(__HYPERVISOR_grant_table_op,
			      GNTTABOP_unmap_grant_ref, PV_ARG(ops), count);
	mapped -= count;
}

void pv_grants_unmap(struct pv_grant_page *pages, size_t count)
{
	struct gnttab_unmap_grant_ref ops[BATCH];
	size_t i, n = 0;

	for (i = 0; i < count; i++) {
		if (pages[i].error)
			continue;
		ops[n++] = (struct gnttab_unmap_grant_ref){
			.host_addr = (uint64_t)pages[i].va,
			.handle = pages[i].handle,
		};
		pages[i].error = -XEN_EINVAL;
		if (n < BATCH)
			continue;
		unmap_batch(ops, n);
		n = 0;
	}
	unmap_batch(ops, n);
}

void pv_grants_copy(struct gnttab_copy *copies, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		copies[i].status = GNTST_general_error;
	pv_hypercall3(__HYPERVISOR_grant_table_op, GNTTABOP_copy,
		      PV_ARG(copies), count);
}

/* One --------------------------------------------------------------------- */

static int free_mapping(void)
{
	int i;

	for (i = 0; i < MAPPINGS; i++) {
		if (!mappings[i].address)
			return i;
	}
	return -1;
}

void *pv_grant_map(uint16_t domid, uint32_t ref, bool writable, int *error)
{
	int slot = free_mapping();
	struct pv_grant_page page = { .ref = ref };

	*error = -XEN_ENOMEM;
	page.va = slot < 0 ? NULL : pv_map_reserve(1);
	if (!page.va)
		return NULL;
	pv_grants_map(domid, &page, 1, writable);
	*error = page.error;
	if (page.error) {
		pv_map_release(page.va, 1);
		return NULL;
	}
	mappings[slot].address = page.va;
	mappings[slot].handle = page.handle;
	return page.va;
}

void pv_grant_unmap(void *address)
{
	struct pv_grant_page page = { .va = address };
	int i;

	for (i = 0; i < MAPPINGS && mappings[i].address != address; i++)
		;
	if (!address || i == MAPPINGS)
		return;
	page.handle = mappings[i].handle;
	pv_grants_unmap(&page, 1);
	mappings[i].address = NULL;
	pv_map_release(address, 1);
}
