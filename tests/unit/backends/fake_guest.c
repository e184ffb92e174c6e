/* SPDX-License-Identifier: MIT */
/* The guest's side of the fake; see fake_guest.h. */
#include "backends/fake_guest.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "front_side.h"

#include <public/errno.h>
#include <pvguest/event.h>
#include <pvguest/grant.h>
#include <pvguest/mm.h>
#include <pvguest/time.h>
#include <pvguest/xenstore.h>

#include "backends/fake_pv.h"
#include "check.h"
#include "xenstore/local.h"

#define FIRST_REF 8u

struct fake_guest fake_guest;

static uint64_t now;
static bool used_pages[FAKE_PAGES];
static struct {
	bool is_used;
	unsigned int page;
} refs[FAKE_REFS];
static struct {
	bool is_open, is_pending;
	pv_event_handler *handler;
	void *context;
} ports[FAKE_PORTS];

void fake_guest_start(void)
{
	memset(&fake_guest, 0, sizeof(fake_guest));
	memset(used_pages, 0, sizeof(used_pages));
	memset(refs, 0, sizeof(refs));
	memset(ports, 0, sizeof(ports));
	fake_guest.pages_left = SIZE_MAX;
	now = 1;
	fake_notify = fake_guest_event;
}

bool fake_guest_is_clean(void)
{
	return !fake_guest.pages && !fake_guest.grants && !fake_guest.ports &&
	       !fake_guest.watches;
}

/* Memory ------------------------------------------------------------------ */

static unsigned int page_of(const void *va)
{
	return (unsigned int)((const char *)va -
			      (const char *)fake_guest_page(0)) /
	       PV_PAGE_SIZE;
}

void *pv_page_alloc(void)
{
	unsigned int i = 0;

	while (i < FAKE_PAGES && used_pages[i])
		i++;
	if (i == FAKE_PAGES || !fake_guest.pages_left)
		return NULL;
	fake_guest.pages_left--;
	fake_guest.pages++;
	used_pages[i] = true;
	return memset(fake_guest_page(i), 0, PV_PAGE_SIZE);
}

void pv_page_free(void *page)
{
	CHECK(used_pages[page_of(page)]);
	used_pages[page_of(page)] = false;
	fake_guest.pages--;
}

void *fake_guest_pages(size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		CHECK(!used_pages[FAKE_PAGES - count + i]);
		used_pages[FAKE_PAGES - count + i] = true;
	}
	return fake_guest_page((unsigned int)(FAKE_PAGES - count));
}

uint64_t pv_va_to_mfn(const void *va)
{
	return page_of(va);
}

void *pv_map_frames(uint16_t domid, const uint64_t *mfns, size_t count,
		    bool writable, int *errors)
{
	char *va = mmap(NULL, count * PV_PAGE_SIZE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	CHECK(domid == DOMID_SELF && writable && va != MAP_FAILED);
	for (i = 0; i < count; i++) {
		errors[i] = 0;
		CHECK(mmap(va + i * PV_PAGE_SIZE, PV_PAGE_SIZE,
			   PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			   fake_memory(),
			   (off_t)(mfns[i] * PV_PAGE_SIZE)) != MAP_FAILED);
	}
	return va;
}

void pv_unmap_frames(void *va, size_t count)
{
	munmap(va, count * PV_PAGE_SIZE);
}

/* Grants ------------------------------------------------------------------ */

int pv_grant_access(uint16_t domid, const void *page, bool writable)
{
	uint32_t ref = FIRST_REF;

	CHECK(domid == 0);
	while (ref < FAKE_REFS && refs[ref].is_used)
		ref++;
	if (ref == FAKE_REFS)
		return -XEN_ENOSPC;
	refs[ref].is_used = true;
	refs[ref].page = page_of(page);
	fake_grant(ref, refs[ref].page, writable);
	fake_guest.grants++;
	return (int)ref;
}

bool pv_grant_end(uint32_t ref)
{
	CHECK(refs[ref].is_used);
	if (!fake_revoke(ref))
		return false;
	refs[ref].is_used = false;
	fake_guest.grants--;
	return true;
}

void *fake_granted(uint32_t ref)
{
	CHECK(ref < FAKE_REFS && refs[ref].is_used);
	return fake_guest_page(refs[ref].page);
}

/* Events ------------------------------------------------------------------ */

int pv_event_alloc_unbound(uint16_t remote, pv_event_handler *handler,
			   void *context)
{
	uint32_t port = 1;

	CHECK(remote == 0);
	while (port < FAKE_PORTS && ports[port].is_open)
		port++;
	if (port == FAKE_PORTS)
		return -XEN_ENOSPC;
	ports[port].is_open = true;
	ports[port].is_pending = false;
	ports[port].handler = handler;
	ports[port].context = context;
	fake_guest.ports++;
	return (int)port;
}

int pv_event_close(uint32_t port)
{
	CHECK(ports[port].is_open);
	ports[port].is_open = false;
	fake_guest.ports--;
	return 0;
}

int pv_event_notify(uint32_t port)
{
	CHECK(ports[port].is_open);
	fake_guest.notifications++;
	fake_guest_notify(port);
	return 0;
}

void fake_guest_event(uint32_t port)
{
	if (port < FAKE_PORTS && ports[port].is_open)
		ports[port].is_pending = true;
}

static bool run_handlers(void)
{
	bool any = false;
	uint32_t port;

	for (port = 0; port < FAKE_PORTS; port++) {
		if (!ports[port].is_open || !ports[port].is_pending)
			continue;
		ports[port].is_pending = false;
		ports[port].handler(port, ports[port].context);
		any = true;
	}
	return any;
}

uint64_t pv_time_ns(void)
{
	return now;
}

/* Nothing can happen any more but that time passes. */
bool pv_wait(uint64_t deadline)
{
	bool any = run_handlers();

	while (fake_run_events())
		any = true;
	any |= run_handlers();
	if (any)
		return true;
	if (deadline == PV_FOREVER)
		check_fail(__FILE__, __LINE__, "the guest sleeps for ever");
	if (now < deadline)
		now = deadline;
	return false;
}

/* Xenstore ---------------------------------------------------------------- */

static void absolute(char path[XS_PATH_SIZE], const char *name)
{
	snprintf(path, XS_PATH_SIZE, "%s%s",
		 name[0] == '/' ? "" : "/local/domain/5/", name);
}

int pv_xenstore_read(const char *name, char *value, size_t size)
{
	char path[XS_PATH_SIZE];

	absolute(path, name);
	return xs_local_read(path, value, size);
}

int pv_xenstore_write(const char *name, const char *value)
{
	char path[XS_PATH_SIZE];

	absolute(path, name);
	return xs_local_write(path, value);
}

int pv_xenstore_list(const char *name, char *names, size_t size)
{
	char top[XS_PATH_SIZE], path[XS_PATH_SIZE];
	size_t used = 0;

	absolute(top, name);
	if (!xs_local_node(top))
		return -XEN_ENOENT;
	xs_path_copy(path, top);
	while (xs_local_walk(path, top)) {
		const char *rest = path + strlen(top) + 1;

		if (strchr(rest, '/'))
			continue;
		if (used + strlen(rest) + 1 > size)
			return -XEN_E2BIG;
		strcpy(names + used, rest);
		used += strlen(rest) + 1;
	}
	return (int)used;
}

/* The store's watch for each of ours, by its token. */
static struct xs_local_watch *watches[16];

static void changed(void *context, const char *path)
{
	struct pv_xenstore_watch *watch = context;

	(void)path;
	watch->changes++;
}

int pv_xenstore_watch(struct pv_xenstore_watch *watch, const char *path)
{
	uint32_t token = 0;

	while (watches[token])
		token++;
	watch->token = token;
	watch->changes = 0;
	watches[token] = xs_local_watch(path, changed, watch);
	fake_guest.watches++;
	xs_local_deliver();
	return 0;
}

void pv_xenstore_unwatch(struct pv_xenstore_watch *watch, const char *path)
{
	(void)path;
	xs_local_unwatch(watches[watch->token]);
	watches[watch->token] = NULL;
	fake_guest.watches--;
}

static int read_key(void *directory, const char *key, char *value, size_t size)
{
	char path[XS_PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", (const char *)directory, key);
	return pv_xenstore_read(path, value, size);
}

static int write_key(void *directory, const char *key, const char *value)
{
	char path[XS_PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", (const char *)directory, key);
	return pv_xenstore_write(path, value);
}

struct pv_keys pv_xenstore_keys(const char *directory)
{
	return (struct pv_keys){ read_key, write_key,
				 (void *)(uintptr_t)directory };
}
