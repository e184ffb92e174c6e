/* SPDX-License-Identifier: MIT */
/*
 * One client of xenstore: a guest behind a ring, or the toolstack in our own
 * program (local.h). Watches, open transactions, and the messages that wait
 * for room in the ring.
 *
 * Owns: everything in struct xs_connection. What a guest makes us keep is
 * bounded: one request and one reply at a time, in buffers that are there
 * anyway (the next request is not read before the reply is out), the limits
 * below, and its account. A guest that breaks the protocol is not served any
 * more (XS-9), until its domain is gone.
 * Context: one thread, from event handlers. Next to read: requests.c.
 */
#ifndef XENSTORE_CONNECTION_H
#define XENSTORE_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <public/io/xs_wire.h>

#include "xenstore/watch.h"

#define XS_WATCHES_MAX      128
#define XS_TRANSACTIONS_MAX 10
#define XS_EVENTS_MAX       128 /* that wait to be sent */

#define XS_MESSAGE_MAX (sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX)

struct xs_event {
	struct xs_event *next;
	size_t size;
	size_t sent;
	char bytes[]; /* header and payload */
};

struct xs_transaction;

struct xs_connection {
	struct xs_connection *next;
	uint16_t domid;
	uint32_t port;
	struct xenstore_domain_interface *ring; /* NULL: local */
	/* Ours, of which the guest only sees copies in the ring. */
	XENSTORE_RING_IDX req_cons;
	XENSTORE_RING_IDX rsp_prod;
	bool is_bad;
	bool has_more; /* to do, but it was the turn of others */

	char request[XS_MESSAGE_MAX];
	size_t request_size; /* so far */
	char reply[XS_MESSAGE_MAX];
	size_t reply_size; /* 0: none waits */
	size_t reply_sent;

	struct xs_event *events;
	size_t n_events;

	/* While a change is told: those that have events to send now. */
	struct xs_connection *next_told;
	bool is_told;

	struct xs_watch *watches;
	size_t n_watches;
	struct xs_transaction *transactions;
	size_t n_transactions;
	uint32_t last_transaction;
};

/* The list of all; ends with NULL as it begins. */
struct xs_connection *xs_connection_next(const struct xs_connection *after);
struct xs_connection *xs_connection_find(uint16_t domid);
void xs_connection_add(struct xs_connection *connection);

/* Off the list, and what it kept is freed; ring and port are the caller's. */
void xs_connection_remove(struct xs_connection *connection);

/* Tells the guest what its server can do; once, before it runs. */
void xs_connection_announce(struct xs_connection *connection);

/*
 * Moves bytes both ways and handles the requests that are complete. For a
 * guest that keeps us busy it leaves off with has_more; then
 * xs_connections_poll() must come, until it returns false.
 */
void xs_connection_serve(struct xs_connection *connection);
bool xs_connections_poll(void);

/* Sends what fits into the ring, without looking at requests. */
void xs_connection_flush(struct xs_connection *connection);

/* The reply to the request that is being handled. */
void xs_connection_reply(struct xs_connection *connection,
			 const struct xsd_sockmsg *header, const char *payload);

/* False when there is no room. An equal event that waits is enough. */
bool xs_connection_queue_event(struct xs_connection *connection,
			       const char *payload, size_t size);
void xs_connection_drop_event(struct xs_connection *connection);

#endif /* XENSTORE_CONNECTION_H */
