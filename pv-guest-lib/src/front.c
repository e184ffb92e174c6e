/* SPDX-License-Identifier: MIT */
/*
 * Negotiation from the front end's side; see front.h.
 *
 * The back end's state is watched, so waiting for it costs nothing, and a
 * back end that goes away is noticed. Between two changes nothing is read.
 */
#include <public/errno.h>
#include <pvguest/console.h>
#include <pvguest/front.h>
#include <pvguest/mm.h>
#include <pvguest/time.h>

#include "internal.h"

#define STATE(name) (1u << XenbusState##name)
#define NAMES_SIZE  1024
#define ID_MAX      0x7ff0u /* DOMID_FIRST_RESERVED */

/* Devices ----------------------------------------------------------------- */

/* The number that is a whole name; UINT32_MAX when it is none. */
static uint32_t number_of(const char *name)
{
	uint64_t number = 0;

	for (; *name >= '0' && *name <= '9' && number < UINT32_MAX; name++)
		number = number * 10 + (uint64_t)(*name - '0');
	return *name || number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

/* The smallest above `last`, of names that each end with a NUL. */
static uint32_t next_number(const char *names, size_t size, uint64_t last)
{
	uint32_t best = UINT32_MAX;
	size_t at;

	for (at = 0; at < size; at += strlen(names + at) + 1) {
		uint32_t number = number_of(names + at);

		if (number + 1UL > last && number < best)
			best = number;
	}
	return best;
}

int pv_front_find(const char *kind, unsigned int index, uint32_t *handle)
{
	char path[PV_FRONT_PATH_SIZE], names[NAMES_SIZE];
	uint64_t last = 0; /* one more than that */
	int size;

	pv_snprintf(path, sizeof(path), "device/%s", kind);
	size = pv_xenstore_list(path, names, sizeof(names));
	if (size < 0)
		return size;
	do {
		*handle = next_number(names, (size_t)size, last);
		if (*handle == UINT32_MAX)
			return -XEN_ENOENT;
		last = *handle + 1UL;
	} while (index-- > 0);
	return 0;
}

/* States ------------------------------------------------------------------ */

static int say(struct pv_front *front, enum xenbus_state state)
{
	return pv_keys_put(&front->own, "state", state);
}

static unsigned int back_state(struct pv_front *front)
{
	/* Before reading: what changes meanwhile is read again. */
	front->changes_seen = front->watch.changes;
	return 1u << pv_keys_state(&front->back);
}

/* Until the back end is in one of these states. */
static int wait_for(struct pv_front *front, unsigned int states)
{
	uint64_t limit = pv_time_ns() + PV_FRONT_LIMIT_NS;

	while (!(back_state(front) & states)) {
		while (front->watch.changes == front->changes_seen) {
			pv_wait(limit);
			if (pv_time_ns() >= limit)
				return -XEN_ETIMEDOUT;
		}
	}
	return 0;
}

static int leave(struct pv_front *front)
{
	int rc = say(front, XenbusStateClosing);

	if (!rc)
		rc = wait_for(front,
			      STATE(Closing) | STATE(Closed) | STATE(Unknown));
	if (!rc)
		rc = say(front, XenbusStateClosed);
	return rc ? rc : wait_for(front, STATE(Closed) | STATE(Unknown));
}

/* Another kernel may have used it before us, and not have said goodbye. */
static int begin(struct pv_front *front)
{
	unsigned int state = back_state(front);
	int rc = 0;

	if (state & (STATE(Connected) | STATE(Closing)))
		rc = leave(front);
	if (!rc)
		rc = say(front, XenbusStateInitialising);
	return rc ? rc : wait_for(front, STATE(InitWait));
}

static int read_back(struct pv_front *front)
{
	uint32_t domid;
	int rc = front->own.read(front->own.context, "backend",
				 front->back_path, sizeof(front->back_path));

	if (rc < 0)
		return rc;
	rc = pv_keys_number(&front->own, "backend-id", &domid);
	if (rc || domid >= ID_MAX)
		return rc ? rc : -XEN_EINVAL;
	front->back_domid = (uint16_t)domid;
	front->back = pv_xenstore_keys(front->back_path);
	pv_snprintf(front->state_path, sizeof(front->state_path), "%s/state",
		    front->back_path);
	return 0;
}

int pv_front_open(struct pv_front *front, const char *kind, uint32_t handle)
{
	int rc;

	memset(front, 0, sizeof(*front));
	pv_snprintf(front->path, sizeof(front->path), "device/%s/%u", kind,
		    handle);
	front->own = pv_xenstore_keys(front->path);
	rc = read_back(front);
	if (rc)
		return rc;
	rc = pv_xenstore_watch(&front->watch, front->state_path);
	if (rc)
		return rc;
	rc = begin(front);
	if (rc)
		pv_xenstore_unwatch(&front->watch, front->state_path);
	return rc;
}

unsigned int pv_front_queues(const struct pv_front *front, unsigned int wanted,
			     unsigned int limit)
{
	uint32_t back;

	if (pv_keys_number(&front->back, "multi-queue-max-queues", &back))
		back = 1;
	if (wanted > back)
		wanted = back;
	if (wanted > limit)
		wanted = limit;
	return wanted ? wanted : 1;
}

int pv_front_connect(struct pv_front *front, enum xenbus_state ready)
{
	int rc = say(front, ready);

	if (!rc)
		rc = wait_for(front, STATE(Connected) | STATE(Closing) |
					     STATE(Closed) | STATE(Unknown));
	if (!rc && !(back_state(front) & STATE(Connected)))
		rc = -XEN_ECONNREFUSED;
	if (rc || ready == XenbusStateConnected)
		return rc;
	return say(front, XenbusStateConnected);
}

bool pv_front_is_lost(struct pv_front *front)
{
	if (!front->is_lost && front->watch.changes != front->changes_seen)
		front->is_lost = !(back_state(front) & STATE(Connected));
	return front->is_lost;
}

int pv_front_close(struct pv_front *front)
{
	int rc = leave(front);

	pv_xenstore_unwatch(&front->watch, front->state_path);
	return rc;
}

/* Pages and ports --------------------------------------------------------- */

void *pv_page_share(uint16_t domid, uint32_t *ref)
{
	void *page = pv_page_alloc();
	int rc;

	if (!page)
		return NULL;
	rc = pv_grant_access(domid, page, true);
	if (rc < 0) {
		pv_page_free(page);
		return NULL;
	}
	*ref = (uint32_t)rc;
	return page;
}

void pv_page_unshare(void *page, uint32_t ref)
{
	if (pv_grant_end(ref))
		pv_page_free(page);
}

/* One page is where it is; several are seen side by side somewhere else. */
static int map_pages(struct pv_ring_pages *ring)
{
	uint64_t mfns[PV_RING_PAGES_MAX];
	int errors[PV_RING_PAGES_MAX], rc = 0;
	uint32_t i;

	ring->va = ring->pages[0].va;
	if (ring->count == 1)
		return 0;
	for (i = 0; i < ring->count; i++)
		mfns[i] = pv_va_to_mfn(ring->pages[i].va);
	ring->va = pv_map_frames(DOMID_SELF, mfns, ring->count, true, errors);
	if (!ring->va)
		return -XEN_ENOMEM;
	for (i = 0; i < ring->count && !rc; i++)
		rc = errors[i];
	return rc;
}

int pv_ring_pages_make(struct pv_ring_pages *ring, uint16_t domid,
		       uint32_t count)
{
	int rc = -XEN_ENOMEM;

	ring->va = NULL;
	for (ring->count = 0; ring->count < count; ring->count++) {
		struct pv_grant_page *page = &ring->pages[ring->count];

		page->va = pv_page_share(domid, &page->ref);
		if (!page->va)
			break;
	}
	if (ring->count == count)
		rc = map_pages(ring);
	if (rc)
		pv_ring_pages_drop(ring);
	return rc;
}

/*
 * NAME0 goes with NAME, for back ends look for either: none may find what an
 * earlier kernel has left.
 */
int pv_ring_pages_put(const struct pv_ring_pages *ring,
		      const struct pv_keys *keys, uint32_t queue,
		      uint32_t queues, const char *name)
{
	char key[PV_KEY_SIZE], numbered[PV_KEY_SIZE];
	uint32_t i;
	int rc;

	pv_queue_key(key, queue, queues, name);
	rc = pv_keys_put(keys, key, ring->pages[0].ref);
	for (i = 0; i < ring->count && !rc; i++) {
		pv_snprintf(numbered, sizeof(numbered), "%s%u", name, i);
		pv_queue_key(key, queue, queues, numbered);
		rc = pv_keys_put(keys, key, ring->pages[i].ref);
	}
	return rc;
}

void pv_ring_pages_drop(struct pv_ring_pages *ring)
{
	if (ring->count > 1 && ring->va)
		pv_unmap_frames(ring->va, ring->count);
	while (ring->count > 0) {
		const struct pv_grant_page *page = &ring->pages[--ring->count];

		pv_page_unshare(page->va, page->ref);
	}
	ring->va = NULL;
}

int pv_queue_port_make(const struct pv_keys *keys, uint16_t domid,
		       uint32_t queue, uint32_t queues, const char *name,
		       pv_event_handler *handler, void *context)
{
	char key[PV_KEY_SIZE];
	int port = pv_event_alloc_unbound(domid, handler, context);
	int rc;

	if (port < 0)
		return port;
	pv_queue_key(key, queue, queues, name);
	rc = pv_keys_put(keys, key, (uint32_t)port);
	if (rc) {
		pv_event_close((uint32_t)port);
		return rc;
	}
	return port;
}
