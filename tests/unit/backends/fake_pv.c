/* SPDX-License-Identifier: MIT */
/* One guest made of a memory file; see fake_pv.h. */
#include "backends/fake_pv.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <public/errno.h>
#include <pvguest/console.h>
#include <pvguest/event.h>
#include <pvguest/grant.h>
#include <pvguest/mm.h>

#include "drivers/partition.h"
#include "kernel/ramdisk.h"
#include "toolstack/primitives.h"

#define FIRST_PORT 3u

struct fake_pv fake_pv;
void (*fake_notify)(uint32_t remote_port);

static int memory = -1;
static char *guest; /* the guest's own view of it */

static struct {
	bool is_valid, writable;
	unsigned int page;
	unsigned int uses;
} grants[FAKE_REFS];

static struct {
	bool is_open, is_pending;
	uint32_t remote;
	pv_event_handler *handler;
	void *context;
} ports[FAKE_PORTS];

static struct {
	const char *path;
	const void *data;
	size_t size;
} file;

void fake_pv_start(void)
{
	memset(&fake_pv, 0, sizeof(fake_pv));
	memset(grants, 0, sizeof(grants));
	memset(ports, 0, sizeof(ports));
	fake_pv.pages_left = SIZE_MAX;
	fake_pv.maps_left = SIZE_MAX;
	memory = memfd_create("guest", 0);
	if (memory < 0 || ftruncate(memory, FAKE_PAGES * PV_PAGE_SIZE))
		abort();
	guest = mmap(NULL, FAKE_PAGES * PV_PAGE_SIZE, PROT_READ | PROT_WRITE,
		     MAP_SHARED, memory, 0);
	if (guest == MAP_FAILED)
		abort();
}

void fake_pv_end(void)
{
	munmap(guest, FAKE_PAGES * PV_PAGE_SIZE);
	close(memory);
}

bool fake_pv_is_clean(void)
{
	return !fake_pv.mapped && !fake_pv.reserved && !fake_pv.ports &&
	       !fake_pv.pages;
}

/* The guest --------------------------------------------------------------- */

int fake_memory(void)
{
	return memory;
}

void *fake_guest_page(unsigned int page)
{
	return guest + page * PV_PAGE_SIZE;
}

void fake_grant(uint32_t ref, unsigned int page, bool writable)
{
	grants[ref].is_valid = true;
	grants[ref].writable = writable;
	grants[ref].page = page;
}

bool fake_revoke(uint32_t ref)
{
	if (grants[ref].uses)
		return false;
	grants[ref].is_valid = false;
	return true;
}

void fake_file(const char *path, const void *data, size_t size)
{
	file.path = path;
	file.data = data;
	file.size = size;
}

bool ramdisk_open(const char *path, const void **data, size_t *size)
{
	if (!file.path || strcmp(path, file.path) != 0)
		return false;
	*data = file.data;
	*size = file.size;
	return true;
}

/* Memory ------------------------------------------------------------------ */

void *pv_map_reserve(size_t count)
{
	void *va = mmap(NULL, count * PV_PAGE_SIZE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (va == MAP_FAILED)
		abort();
	fake_pv.reserved += count;
	return va;
}

void pv_map_release(void *va, size_t count)
{
	munmap(va, count * PV_PAGE_SIZE);
	fake_pv.reserved -= count;
}

void *pv_page_alloc(void)
{
	void *page;

	if (!fake_pv.pages_left)
		return NULL;
	fake_pv.pages_left--;
	page = aligned_alloc(PV_PAGE_SIZE, PV_PAGE_SIZE);
	if (!page)
		abort();
	fake_pv.pages++;
	return memset(page, 0, PV_PAGE_SIZE);
}

void pv_page_free(void *page)
{
	free(page);
	fake_pv.pages--;
}

uint64_t pv_pages_free(void)
{
	return fake_pv.pages_left;
}

uint64_t pv_va_to_mfn(const void *va)
{
	return (uint64_t)va >> PV_PAGE_SHIFT;
}

/* Grants ------------------------------------------------------------------ */

static int16_t check(uint16_t domid, uint32_t ref, bool writable)
{
	if (domid != FAKE_DOMID)
		return GNTST_bad_domain;
	if (ref >= FAKE_REFS || !grants[ref].is_valid ||
	    (writable && !grants[ref].writable))
		return GNTST_bad_gntref;
	return GNTST_okay;
}

static int16_t map_one(uint16_t domid, struct pv_grant_page *page,
		       bool writable)
{
	int16_t status = check(domid, page->ref, writable);

	if (status != GNTST_okay)
		return status;
	if (!fake_pv.maps_left)
		return GNTST_no_space;
	fake_pv.maps_left--;
	if (mmap(page->va, PV_PAGE_SIZE,
		 writable ? PROT_READ | PROT_WRITE : PROT_READ,
		 MAP_SHARED | MAP_FIXED, memory,
		 grants[page->ref].page * (off_t)PV_PAGE_SIZE) != page->va)
		abort();
	grants[page->ref].uses++;
	page->handle = page->ref + 1000;
	page->maddr = 0x100000000ULL + grants[page->ref].page * PV_PAGE_SIZE;
	return GNTST_okay;
}

size_t pv_grants_map(uint16_t domid, struct pv_grant_page *pages, size_t count,
		     bool writable)
{
	size_t i, done = 0;

	fake_pv.map_calls++;
	for (i = 0; i < count; i++) {
		pages[i].error =
			pv_grant_errno(map_one(domid, &pages[i], writable));
		done += !pages[i].error;
	}
	fake_pv.mapped += done;
	return done;
}

void pv_grants_unmap(struct pv_grant_page *pages, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (pages[i].error)
			continue;
		if (pages[i].handle != pages[i].ref + 1000 ||
		    !grants[pages[i].ref].uses--)
			abort();
		if (mmap(pages[i].va, PV_PAGE_SIZE, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			 0) != pages[i].va)
			abort();
		pages[i].error = -XEN_EINVAL;
		fake_pv.mapped--;
	}
}

int pv_grant_errno(int16_t status)
{
	return status == GNTST_okay       ? 0
	       : status == GNTST_no_space ? -XEN_ENOSPC
					  : -XEN_EINVAL;
}

/* NULL: *status says why. */
static char *copy_side(const struct gnttab_copy_ptr *side, bool by_ref,
		       bool writes, int16_t *status)
{
	if (!by_ref) {
		if (side->domid != DOMID_SELF)
			abort();
		return (char *)(side->u.gmfn << PV_PAGE_SHIFT) + side->offset;
	}
	*status = check(side->domid, side->u.ref, writes);
	if (*status != GNTST_okay)
		return NULL;
	return (char *)fake_guest_page(grants[side->u.ref].page) + side->offset;
}

static int16_t copy_one(const struct gnttab_copy *op)
{
	int16_t status = GNTST_okay;
	char *from, *to;

	if (op->source.offset + op->len > PV_PAGE_SIZE ||
	    op->dest.offset + op->len > PV_PAGE_SIZE)
		abort(); /* a mistake of ours, whatever the guest asked for */
	from = copy_side(&op->source, op->flags & GNTCOPY_source_gref, false,
			 &status);
	to = copy_side(&op->dest, op->flags & GNTCOPY_dest_gref, true, &status);
	if (from && to)
		memcpy(to, from, op->len);
	return status;
}

void pv_grants_copy(struct gnttab_copy *copies, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		copies[i].status = copy_one(&copies[i]);
	fake_pv.copied += (unsigned int)count;
}

/* Events ------------------------------------------------------------------ */

int pv_event_bind_interdomain(uint16_t domid, uint32_t remote_port,
			      pv_event_handler *handler, void *context)
{
	uint32_t port;

	if (domid != FAKE_DOMID || remote_port == 0 ||
	    remote_port >= FAKE_PORTS)
		return -XEN_EINVAL;
	for (port = 0; port < FAKE_PORTS; port++) {
		if (ports[port].is_open && ports[port].remote == remote_port)
			return -XEN_EINVAL;
	}
	for (port = FIRST_PORT; ports[port].is_open; port++)
		;
	ports[port].is_open = true;
	ports[port].is_pending = false;
	ports[port].remote = remote_port;
	ports[port].handler = handler;
	ports[port].context = context;
	fake_pv.ports++;
	return (int)port;
}

int pv_event_close(uint32_t port)
{
	if (!ports[port].is_open)
		abort();
	ports[port].is_open = false;
	ports[port].is_pending = false;
	fake_pv.ports--;
	return 0;
}

int pv_event_notify(uint32_t port)
{
	if (!ports[port].is_open)
		abort();
	fake_pv.notifications++;
	if (fake_notify)
		fake_notify(ports[port].remote);
	return 0;
}

void pv_event_again(uint32_t port)
{
	if (!ports[port].is_open)
		abort();
	ports[port].is_pending = true;
}

void fake_guest_notify(uint32_t remote_port)
{
	uint32_t port;

	for (port = 0; port < FAKE_PORTS; port++) {
		if (ports[port].is_open && ports[port].remote == remote_port)
			ports[port].is_pending = true;
	}
}

bool fake_run_events(void)
{
	bool pending[FAKE_PORTS];
	bool any = false;
	uint32_t port;

	for (port = 0; port < FAKE_PORTS; port++)
		pending[port] = ports[port].is_open && ports[port].is_pending;
	for (port = 0; port < FAKE_PORTS; port++) {
		if (!pending[port] || !ports[port].is_pending)
			continue;
		ports[port].is_pending = false;
		ports[port].handler(port, ports[port].context);
		any = true;
	}
	return any;
}

/* For others that are linked ---------------------------------------------- */

void pv_console_write(const char *text, size_t length)
{
	(void)text;
	(void)length;
}

/* Of the store's ring connections, which no test here has. */
int tk_evtchn_notify(uint32_t port)
{
	(void)port;
	abort();
}

struct block_device *block_resolve(const char *name)
{
	return block_find(name);
}
