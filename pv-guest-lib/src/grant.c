/* SPDX-License-Identifier: MIT */
/*
 * Grants, version 1: the own table. Mappings of others' pages: grant_map.c.
 *
 * Owns: the table and the list of free references in it. The first references
 * are the toolstack's (console and xenstore).
 */
#include <public/grant_table.h>
#include <pvguest/grant.h>
#include <pvguest/hypercall.h>
#include <pvguest/mm.h>

#include "internal.h"

#define TABLE_FRAMES 4
#define ENTRIES      (TABLE_FRAMES * PV_PAGE_SIZE / sizeof(struct grant_entry_v1))
#define FIRST_REF    8
#define ENOSPC_RC    (-28)
#define ENOMEM_RC    (-12)
#define EIO_RC       (-5)

static struct grant_entry_v1 *table;
static uint16_t next_free[ENTRIES]; /* 0 ends the list */
static uint16_t first_free;

static int setup_table(void)
{
	xen_pfn_t frames[TABLE_FRAMES] = { 0 };
	uint64_t mfns[TABLE_FRAMES];
	int errors[TABLE_FRAMES];
	struct gnttab_setup_table op = { .dom = DOMID_SELF,
					 .nr_frames = TABLE_FRAMES };
	long rc;
	unsigned int i;

	set_xen_guest_handle(op.frame_list, frames);
	rc = pv_hypercall3(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table,
			   PV_ARG(&op), 1);
	if (rc != 0 || op.status != GNTST_okay)
		return rc < 0 ? (int)rc : EIO_RC;
	for (i = 0; i < TABLE_FRAMES; i++)
		mfns[i] = frames[i];
	table = pv_map_frames(DOMID_SELF, mfns, TABLE_FRAMES, true, errors);
	if (!table)
		return ENOMEM_RC;
	for (i = 0; i < TABLE_FRAMES; i++) {
		if (errors[i] != 0)
			return errors[i];
	}
	for (i = FIRST_REF; i < ENTRIES - 1; i++)
		next_free[i] = (uint16_t)(i + 1);
	first_free = FIRST_REF;
	return 0;
}

int pv_grant_access(uint16_t domid, const void *page, bool writable)
{
	uint16_t ref;
	int rc;

	if (!table) {
		rc = setup_table();
		if (rc != 0)
			return rc;
	}
	ref = first_free;
	if (ref == 0)
		return ENOSPC_RC;
	first_free = next_free[ref];
	table[ref].domid = domid;
	table[ref].frame = (uint32_t)pv_va_to_mfn(page);
	/* The flags make the entry valid: after all else. */
	__atomic_store_n(
		&table[ref].flags,
		(uint16_t)(GTF_permit_access | (writable ? 0 : GTF_readonly)),
		__ATOMIC_RELEASE);
	return ref;
}

bool pv_grant_end(uint32_t ref)
{
	uint16_t flags = __atomic_load_n(&table[ref].flags, __ATOMIC_ACQUIRE);

	do {
		if (flags & (GTF_reading | GTF_writing))
			return false;
	} while (!__atomic_compare_exchange_n(&table[ref].flags, &flags, 0,
					      false, __ATOMIC_SEQ_CST,
					      __ATOMIC_SEQ_CST));
	next_free[ref] = first_free;
	first_free = (uint16_t)ref;
	return true;
}
