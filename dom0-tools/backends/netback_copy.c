/* SPDX-License-Identifier: MIT */
/* Grant copies in batches: netback_copy.h. */
#include "backends/netback_copy.h"

#include <public/xen.h>
#include <pvguest/grant.h>

#include "backends/netback_queue.h"

static struct gnttab_copy copies[NETBACK_COPIES];
static unsigned int count;

unsigned int netback_copies_left(void)
{
	return NETBACK_COPIES - count;
}

unsigned int netback_copies(void)
{
	return count;
}

static struct gnttab_copy_ptr guest_side(const struct netback_part *part)
{
	return (struct gnttab_copy_ptr){ .u.ref = part->ref,
					 .domid = part->domid,
					 .offset = part->offset };
}

static struct gnttab_copy_ptr our_side(uint64_t maddr)
{
	return (struct gnttab_copy_ptr){ .u.gmfn = maddr / NET_PAGE_SIZE,
					 .domid = DOMID_SELF,
					 .offset = maddr % NET_PAGE_SIZE };
}

void netback_copy_in(uint64_t maddr, const struct netback_part *part)
{
	copies[count++] = (struct gnttab_copy){
		.source = guest_side(part),
		.dest = our_side(maddr),
		.len = part->bytes,
		.flags = GNTCOPY_source_gref,
		.status = GNTST_general_error,
	};
}

void netback_copy_out(uint64_t maddr, const struct netback_part *part)
{
	copies[count++] = (struct gnttab_copy){
		.source = our_side(maddr),
		.dest = guest_side(part),
		.len = part->bytes,
		.flags = GNTCOPY_dest_gref,
		.status = GNTST_general_error,
	};
}

void netback_copy_all(void)
{
	if (count > 0)
		pv_grants_copy(copies, count);
}

bool netback_copied(unsigned int first, unsigned int end)
{
	for (; first < end; first++) {
		if (copies[first].status != GNTST_okay)
			return false;
	}
	return true;
}

void netback_copy_forget(void)
{
	count = 0;
}
