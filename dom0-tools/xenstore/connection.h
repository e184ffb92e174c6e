/* SPDX-License-Identifier: MIT */
/*
 * One guest's connection to xenstore: its ring, its watches, its open
 * transactions, and the messages that wait for room in the ring.
 *
 * Owns: everything in struct xs_connection. What a guest makes us keep is
 * bounded by the constants below; a guest that exceeds them or breaks the
 * protocol is not served any more (XS-9), until its domain is gone.
 * Context: one thread, from event handlers. Next to read: requests.c.
 */
#ifndef XENSTORE_CONNECTION_H
#define XENSTORE_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <public/io/xs_wire.h>

#define XS_WATCHES_MAX      128
#define XS_TRANSACTIONS_MAX 4
#define XS_CHANGES_MAX      512
/* No request is read while more than this waits to be sent ... */
#define XS_QUEUE_STOP 16384u
/* ... and a guest for which more than this waits has stopped reading. */
#define XS_QUEUE_MAX 262144u

struct xs_message {
	struct xs_message *next;
	size_t size;
	size_t sent;
	char bytes[]; /* header and payload */
};

struct xs_watch {
	struct xs_watch *next;
	char *path; /* absolute */
	char *token;
	bool is_relative; /* report paths as they were named */
};

/* A path that changed, to be told to watchers. */
struct xs_change {
	struct xs_change *next;
	bool is_removal;
	char path[];
};

struct xs_transaction {
	struct xs_transaction *next;
	uint32_t id;
	uint64_t base; /* generation of the store that it started from */
	struct xs_tree *tree;
	struct xs_change *changes; /* newest first */
	size_t n_changes;
	bool has_failed; /* some operation did: it cannot be committed */
};

struct xs_connection {
	struct xs_connection *next;
	uint16_t domid;
	uint32_t port;
	struct xenstore_domain_interface *ring;
	bool is_bad;

	char request[sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX];
	size_t request_size; /* so far */

	struct xs_message *queue;
	size_t queue_size;

	struct xs_watch *watches;
	size_t n_watches;
	struct xs_transaction *transactions;
	size_t n_transactions;
	uint32_t last_transaction;
};

/* Moves bytes both ways and handles the requests that are complete. */
void xs_connection_serve(struct xs_connection *connection);

/* Queues one message; a guest whose queue is full becomes bad. */
void xs_connection_send(struct xs_connection *connection,
			const struct xsd_sockmsg *header, const char *payload);

/* Sends what fits into the ring, without looking at requests. */
void xs_connection_flush(struct xs_connection *connection);

/* Frees what the guest made us keep; ring and port are the caller's. */
void xs_connection_clear(struct xs_connection *connection);
void xs_transaction_free(struct xs_transaction *transaction);

#endif /* XENSTORE_CONNECTION_H */
