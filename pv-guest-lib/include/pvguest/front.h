/* SPDX-License-Identifier: MIT */
/*
 * What all front ends share: the two directories of a device in xenstore, the
 * states that both ends go through, and pages and event channels for the back
 * end. For a block or a network device use block.h or net.h, which stand on
 * this; a front end of another kind begins here. docs/split-drivers.md has
 * the whole story.
 *
 *	pv_front_open()      back end in InitWait: its features can be read
 *	  grant rings, make ports, write own keys
 *	pv_front_connect()   both Connected
 *	  I/O; pv_front_is_lost() tells when the back end has gone
 *	pv_front_close()     both Closed: what was granted is free again
 *
 * The toolstack's keys are trusted, as is xenstore. What the back end says and
 * does is not: a state that does not come is -XEN_ETIMEDOUT.
 *
 * Context: not from event handlers, whose own run while these functions wait.
 * Errors are negative XEN_E*.
 */
#ifndef PVGUEST_FRONT_H
#define PVGUEST_FRONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pvguest/xenbus.h>
#include <pvguest/xenstore.h>

#define PV_FRONT_LIMIT_NS  20000000000UL /* a state must come within this */
#define PV_FRONT_PATH_SIZE 128

/* One device, from pv_front_open() to pv_front_close(). */
struct pv_front {
	char path[PV_FRONT_PATH_SIZE]; /* "device/vbd/51712" */
	char back_path[PV_FRONT_PATH_SIZE];
	struct pv_keys own, back;
	uint16_t back_domid;

	/* front.c's: */
	char state_path[PV_FRONT_PATH_SIZE];
	struct pv_xenstore_watch watch; /* of the back end's state */
	uint32_t changes_seen;
	bool is_lost;
};

/*
 * The device number of the domain's `index`th device of a kind ("vbd",
 * "vif"), counting from 0 in the order of the numbers; -XEN_ENOENT.
 */
int pv_front_find(const char *kind, unsigned int index, uint32_t *handle);

/*
 * Begins with a device, whatever an earlier kernel has left of it: on return
 * the back end waits for our keys. After an error nothing is held.
 */
int pv_front_open(struct pv_front *front, const char *kind, uint32_t handle);

/*
 * How many queues to make: `wanted` (0 means 1), but no more than the back end
 * and `limit` allow.
 */
unsigned int pv_front_queues(const struct pv_front *front, unsigned int wanted,
			     unsigned int limit);

/*
 * The keys are written: says `ready` (Initialised or Connected, as the kind
 * of device has it) and waits for the back end to connect. After an error,
 * pv_front_close().
 */
int pv_front_connect(struct pv_front *front, enum xenbus_state ready);

/*
 * Whether the back end no longer serves us. It costs a look into xenstore
 * only when the state there has changed, and then stays true.
 */
bool pv_front_is_lost(struct pv_front *front);

/* Takes leave; 0 when the back end says that it has let go of everything. */
int pv_front_close(struct pv_front *front);

/* Rings, pages and ports for the back end ----------------------------------*/

/* Makes a ring of `count` zeroed pages (a power of two) that it may write. */
int pv_ring_pages_make(struct pv_ring_pages *ring, uint16_t domid,
		       uint32_t count);
/* Writes their references as pv_ring_pages_map() reads them. */
int pv_ring_pages_put(const struct pv_ring_pages *ring,
		      const struct pv_keys *keys, uint32_t queue,
		      uint32_t queues, const char *name);
/* Takes them back, as pv_page_unshare() does. No effect without a ring. */
void pv_ring_pages_drop(struct pv_ring_pages *ring);

/*
 * Makes a port for the back end, with our handler, and writes it under
 * `name`: the port, or a negative errno.
 */
int pv_queue_port_make(const struct pv_keys *keys, uint16_t domid,
		       uint32_t queue, uint32_t queues, const char *name,
		       pv_event_handler *handler, void *context);

/* A page for the back end to write: NULL without memory or references. */
void *pv_page_share(uint16_t domid, uint32_t *ref);
/*
 * Takes it back. While the back end still has it mapped it cannot be used for
 * anything else: such a page is lost.
 */
void pv_page_unshare(void *page, uint32_t ref);

#endif /* PVGUEST_FRONT_H */
