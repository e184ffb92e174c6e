/* SPDX-License-Identifier: MIT */
/*
 * What the two ends of a split device tell each other through xenstore, in
 * the form in which Linux's front ends and back ends do: numbers as decimal
 * text, and where the rings of each queue are. How keys travel is the
 * caller's: within the store's own program, or through the ring of a guest.
 * What a front end alone does is in front.h.
 *
 * Nothing read here is trusted: a key that is missing, too long or no number
 * is an error. See docs/split-drivers.md.
 */
#ifndef PVGUEST_XENBUS_H
#define PVGUEST_XENBUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <public/io/xenbus.h>
#include <pvguest/event.h>
#include <pvguest/grant.h>

/* Keys of one directory. */
struct pv_keys {
	/*
	 * Reads the value of `key` as text: its length, -XEN_ENOENT, or
	 * -XEN_E2BIG when it and its NUL do not fit.
	 */
	int (*read)(void *context, const char *key, char *value, size_t size);
	int (*write)(void *context, const char *key, const char *value);
	void *context;
};

#define PV_KEY_SIZE 48 /* of the longest key here, with its NUL */

/* -XEN_ENOENT, or -XEN_EINVAL when it is not a number below 2^32. */
int pv_keys_number(const struct pv_keys *keys, const char *key,
		   uint32_t *number);
/* `missing` when there is no such key. */
int pv_keys_number_or(const struct pv_keys *keys, const char *key,
		      uint32_t missing, uint32_t *number);
/* A feature of the other end: the key is there and is 1. */
bool pv_keys_flag(const struct pv_keys *keys, const char *key);
/* "state"; XenbusStateUnknown when there is none or it makes no sense. */
enum xenbus_state pv_keys_state(const struct pv_keys *keys);

int pv_keys_put(const struct pv_keys *keys, const char *key, uint64_t number);

struct pv_key_value {
	const char *key;
	uint64_t number;
};
/* All in their order, up to the first that cannot be written. */
int pv_keys_put_all(const struct pv_keys *keys,
		    const struct pv_key_value *values, size_t count);

/* "queue-N/NAME", or NAME alone when the device has one queue. */
void pv_queue_key(char key[PV_KEY_SIZE], uint32_t queue, uint32_t queues,
		  const char *name);

/*
 * "multi-queue-num-queues", 1 without it. -XEN_EINVAL when it is 0 or more
 * than `limit`.
 */
int pv_queues_read(const struct pv_keys *keys, uint32_t limit,
		   uint32_t *queues);

/*
 * A back end's end of the event channel that the front end has written under
 * `name`: a port of ours, or a negative errno (-XEN_ENOENT: no such key).
 */
int pv_queue_port_bind(const struct pv_keys *keys, uint16_t domid,
		       uint32_t queue, uint32_t queues, const char *name,
		       pv_event_handler *handler, void *context);

/* Rings ------------------------------------------------------------------- */

#define PV_RING_PAGES_MAX 16

/*
 * The pages of a ring, side by side at `va`. A back end maps them; a front
 * end's are its own, with a reference each (front.h).
 */
struct pv_ring_pages {
	void *va;
	uint32_t count;
	struct pv_grant_page pages[PV_RING_PAGES_MAX];
};

/*
 * Reads the references of queue `queue` and maps the pages side by side. NAME
 * is of a single page; several, if "ring-page-order" (at most `max_order`)
 * says so, are NAME0, NAME1... `name` is "ring-ref", "tx-ring-ref", ...
 */
int pv_ring_pages_map(struct pv_ring_pages *ring, const struct pv_keys *keys,
		      uint16_t domid, uint32_t queue, uint32_t queues,
		      const char *name, uint32_t max_order);
/* No effect when nothing is mapped. */
void pv_ring_pages_unmap(struct pv_ring_pages *ring);

#endif /* PVGUEST_XENBUS_H */
