/* SPDX-License-Identifier: MIT */
/*
 * Bytes between the ring and whole messages; see connection.h.
 *
 * The ring is the guest's memory: each index of its is read once, its
 * distance to ours checked (XS-1), and a header is looked at only in our
 * copy.
 */
#include "xenstore/connection.h"

#include <stdlib.h>
#include <string.h>

#include "toolstack/primitives.h"
#include "xenstore/store.h"
#include "xenstore/tree.h"

#define load_acquire(place) __atomic_load_n(place, __ATOMIC_ACQUIRE)
#define store_release(place, value)                                            \
	__atomic_store_n(place, value, __ATOMIC_RELEASE)

static void mark_bad(struct xs_connection *connection, uint32_t why)
{
	connection->is_bad = true;
	connection->ring->error = why;
}

/* Out --------------------------------------------------------------------- */

static bool is_queued(const struct xs_connection *connection,
		      const struct xs_message *message)
{
	const struct xs_message *queued;

	for (queued = connection->queue; queued; queued = queued->next) {
		if (!queued->sent && queued->size == message->size &&
		    !memcmp(queued->bytes, message->bytes, message->size))
			return true;
	}
	return false;
}

void xs_connection_send(struct xs_connection *connection,
			const struct xsd_sockmsg *header, const char *payload)
{
	size_t size = sizeof(*header) + header->len;
	struct xs_message *message, **place = &connection->queue;

	if (connection->is_bad)
		return;
	message = malloc(sizeof(*message) + size);
	if (!message || size > XS_QUEUE_MAX - connection->queue_size) {
		free(message);
		mark_bad(connection, XENSTORE_ERROR_COMM);
		return;
	}
	message->next = NULL;
	message->size = size;
	message->sent = 0;
	memcpy(message->bytes, header, sizeof(*header));
	memcpy(message->bytes + sizeof(*header), payload, header->len);
	if (header->type == XS_WATCH_EVENT && is_queued(connection, message)) {
		free(message);
		return;
	}
	while (*place)
		place = &(*place)->next;
	*place = message;
	connection->queue_size += size;
}

static void drop_first(struct xs_connection *connection)
{
	struct xs_message *message = connection->queue;

	connection->queue = message->next;
	connection->queue_size -= message->size;
	free(message);
}

static bool send_queue(struct xs_connection *connection)
{
	struct xenstore_domain_interface *ring = connection->ring;
	XENSTORE_RING_IDX consumed = load_acquire(&ring->rsp_cons);
	XENSTORE_RING_IDX produced = ring->rsp_prod;
	struct xs_message *message;
	bool moved = false;

	if (produced - consumed > XENSTORE_RING_SIZE) {
		mark_bad(connection, XENSTORE_ERROR_RINGIDX);
		return false;
	}
	while ((message = connection->queue) &&
	       produced - consumed < XENSTORE_RING_SIZE) {
		ring->rsp[MASK_XENSTORE_IDX(produced++)] =
			message->bytes[message->sent++];
		if (message->sent == message->size)
			drop_first(connection);
		moved = true;
	}
	store_release(&ring->rsp_prod, produced);
	return moved;
}

/* In ---------------------------------------------------------------------- */

static bool request_is_whole(const struct xs_connection *connection)
{
	struct xsd_sockmsg header;

	if (connection->request_size < sizeof(header))
		return false;
	memcpy(&header, connection->request, sizeof(header));
	return connection->request_size == sizeof(header) + header.len;
}

static bool request_is_too_long(const struct xs_connection *connection)
{
	struct xsd_sockmsg header;

	if (connection->request_size < sizeof(header))
		return false;
	memcpy(&header, connection->request, sizeof(header));
	return header.len > XENSTORE_PAYLOAD_MAX;
}

static void take_byte(struct xs_connection *connection, char byte)
{
	connection->request[connection->request_size++] = byte;
	if (request_is_too_long(connection)) {
		mark_bad(connection, XENSTORE_ERROR_PROTO);
		return;
	}
	if (!request_is_whole(connection))
		return;
	connection->request_size = 0;
	xs_store_request(connection);
}

/*
 * Takes what is in the ring now. What the guest adds meanwhile comes with an
 * event of its own, so one guest cannot keep us here.
 */
static bool take_requests(struct xs_connection *connection)
{
	struct xenstore_domain_interface *ring = connection->ring;
	XENSTORE_RING_IDX produced = load_acquire(&ring->req_prod);
	XENSTORE_RING_IDX consumed = ring->req_cons;
	bool moved = false;

	if (produced - consumed > XENSTORE_RING_SIZE) {
		mark_bad(connection, XENSTORE_ERROR_RINGIDX);
		return false;
	}
	while (consumed != produced && !connection->is_bad &&
	       connection->queue_size <= XS_QUEUE_STOP) {
		take_byte(connection, ring->req[MASK_XENSTORE_IDX(consumed)]);
		consumed++;
		moved = true;
	}
	store_release(&ring->req_cons, consumed);
	return moved;
}

/* Whole ------------------------------------------------------------------- */

void xs_connection_serve(struct xs_connection *connection)
{
	bool moved = false;

	if (!connection->is_bad)
		moved |= send_queue(connection);
	if (!connection->is_bad)
		moved |= take_requests(connection);
	if (!connection->is_bad)
		moved |= send_queue(connection);
	if (moved || connection->is_bad)
		tk_evtchn_notify(connection->port);
}

void xs_connection_flush(struct xs_connection *connection)
{
	if (!connection->is_bad && send_queue(connection))
		tk_evtchn_notify(connection->port);
}

void xs_transaction_free(struct xs_transaction *transaction)
{
	struct xs_change *change;

	while ((change = transaction->changes)) {
		transaction->changes = change->next;
		free(change);
	}
	xs_tree_free(transaction->tree);
	free(transaction);
}

void xs_connection_clear(struct xs_connection *connection)
{
	struct xs_transaction *transaction;
	struct xs_watch *watch;

	while (connection->queue)
		drop_first(connection);
	while ((watch = connection->watches)) {
		connection->watches = watch->next;
		free(watch->path);
		free(watch->token);
		free(watch);
	}
	while ((transaction = connection->transactions)) {
		connection->transactions = transaction->next;
		xs_transaction_free(transaction);
	}
	connection->n_watches = 0;
	connection->n_transactions = 0;
}
