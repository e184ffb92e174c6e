/* SPDX-License-Identifier: MIT */
/*
 * Bytes between the ring and whole messages; see connection.h.
 *
 * The ring is the guest's memory: each index of its is read once, its
 * distance to ours checked (XS-1), our own indices are kept here and only
 * shown there, and a header is looked at only in our copy.
 */
#include "xenstore/connection.h"

#include <stdlib.h>
#include <string.h>

#include "toolstack/primitives.h"
#include "xenstore/account.h"
#include "xenstore/node.h"
#include "xenstore/requests.h"
#include "xenstore/transaction.h"

#define load_acquire(place) __atomic_load_n(place, __ATOMIC_ACQUIRE)
#define store_release(place, value)                                            \
	__atomic_store_n(place, value, __ATOMIC_RELEASE)

static struct xs_connection *connections;

/*
 * Shows the guest how far we are. Guests notify only when we had caught up
 * with them before they moved on, so whoever shows an index must look at the
 * guest's again afterwards, and the order must not be turned round.
 */
static void show_index(XENSTORE_RING_IDX *shown, XENSTORE_RING_IDX index)
{
	store_release(shown, index);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* List -------------------------------------------------------------------- */

struct xs_connection *xs_connection_next(const struct xs_connection *after)
{
	return after ? after->next : connections;
}

struct xs_connection *xs_connection_find(uint16_t domid)
{
	struct xs_connection *connection = connections;

	while (connection && connection->domid != domid)
		connection = connection->next;
	return connection;
}

void xs_connection_add(struct xs_connection *connection)
{
	connection->next = connections;
	connections = connection;
}

static void clear(struct xs_connection *connection)
{
	struct xs_transaction *transaction;

	while (connection->events)
		xs_connection_drop_event(connection);
	xs_watches_remove_all(connection);
	while ((transaction = connection->transactions)) {
		connection->transactions = transaction->next;
		xs_transaction_abort(transaction);
		xs_account_release(connection->domid, sizeof(*transaction));
		free(transaction);
	}
	connection->n_transactions = 0;
	connection->request_size = 0;
	connection->reply_size = 0;
	connection->reply_sent = 0;
}

void xs_connection_remove(struct xs_connection *connection)
{
	struct xs_connection **place = &connections;

	while (*place && *place != connection)
		place = &(*place)->next;
	if (*place)
		*place = connection->next;
	clear(connection);
}

static void mark_bad(struct xs_connection *connection, uint32_t why)
{
	connection->is_bad = true;
	connection->has_more = false;
	connection->ring->error = why;
	tk_evtchn_notify(connection->port);
}

/* Out --------------------------------------------------------------------- */

void xs_connection_reply(struct xs_connection *connection,
			 const struct xsd_sockmsg *header, const char *payload)
{
	memcpy(connection->reply, header, sizeof(*header));
	if (header->len)
		memcpy(connection->reply + sizeof(*header), payload,
		       header->len);
	connection->reply_size = sizeof(*header) + header->len;
	connection->reply_sent = 0;
}

static bool is_same(const struct xs_event *event, const char *payload,
		    size_t size)
{
	const size_t header = sizeof(struct xsd_sockmsg);

	return !event->sent && event->size == header + size &&
	       !memcmp(event->bytes + header, payload, size);
}

bool xs_connection_queue_event(struct xs_connection *connection,
			       const char *payload, size_t size)
{
	const struct xsd_sockmsg header = { .type = XS_WATCH_EVENT,
					    .len = (uint32_t)size };
	size_t total = sizeof(header) + size;
	struct xs_event *event, **place = &connection->events;

	for (; *place; place = &(*place)->next) {
		if (is_same(*place, payload, size))
			return true;
	}
	if (connection->n_events == XS_EVENTS_MAX ||
	    xs_account_charge(connection->domid, sizeof(*event) + total))
		return false;
	event = malloc(sizeof(*event) + total);
	if (!event) {
		xs_account_release(connection->domid, sizeof(*event) + total);
		return false;
	}
	event->next = NULL;
	event->size = total;
	event->sent = 0;
	memcpy(event->bytes, &header, sizeof(header));
	memcpy(event->bytes + sizeof(header), payload, size);
	*place = event;
	connection->n_events++;
	return true;
}

void xs_connection_drop_event(struct xs_connection *connection)
{
	struct xs_event *event = connection->events;

	connection->events = event->next;
	connection->n_events--;
	xs_account_release(connection->domid, sizeof(*event) + event->size);
	free(event);
}

/* Copies what fits; returns how much. */
static size_t fill_ring(struct xs_connection *connection,
			XENSTORE_RING_IDX consumed, const char *bytes,
			size_t size)
{
	size_t room = XENSTORE_RING_SIZE - (connection->rsp_prod - consumed);
	size_t i, count = size < room ? size : room;

	for (i = 0; i < count; i++)
		connection->ring
			->rsp[MASK_XENSTORE_IDX(connection->rsp_prod++)] =
			bytes[i];
	return count;
}

/* False when there is nothing to send, or no room. */
static bool send_reply(struct xs_connection *connection,
		       XENSTORE_RING_IDX consumed)
{
	size_t count =
		fill_ring(connection, consumed,
			  connection->reply + connection->reply_sent,
			  connection->reply_size - connection->reply_sent);

	connection->reply_sent += count;
	if (connection->reply_sent == connection->reply_size)
		connection->reply_size = connection->reply_sent = 0;
	return count != 0;
}

static bool send_event(struct xs_connection *connection,
		       XENSTORE_RING_IDX consumed)
{
	struct xs_event *event;
	size_t count;

	if (!connection->events)
		xs_watches_catch_up(connection);
	event = connection->events;
	if (!event)
		return false;
	count = fill_ring(connection, consumed, event->bytes + event->sent,
			  event->size - event->sent);
	event->sent += count;
	if (event->sent == event->size)
		xs_connection_drop_event(connection);
	return count != 0;
}

/* Messages are not mixed: an event that is half out comes first. */
static bool send_next(struct xs_connection *connection,
		      XENSTORE_RING_IDX consumed)
{
	bool in_event = connection->events && connection->events->sent;

	if (connection->reply_size && !in_event)
		return send_reply(connection, consumed);
	return send_event(connection, consumed);
}

/* One look at the guest's index; true when something moved. */
static bool send_some(struct xs_connection *connection)
{
	struct xenstore_domain_interface *ring = connection->ring;
	XENSTORE_RING_IDX consumed = load_acquire(&ring->rsp_cons);
	XENSTORE_RING_IDX before = connection->rsp_prod;

	if (connection->rsp_prod - consumed > XENSTORE_RING_SIZE) {
		mark_bad(connection, XENSTORE_ERROR_RINGIDX);
		return false;
	}
	while (send_next(connection, consumed))
		;
	if (connection->rsp_prod == before)
		return false;
	show_index(&ring->rsp_prod, connection->rsp_prod);
	return true;
}

/* What is left to send is finite, so this ends however fast a guest reads. */
static bool flush(struct xs_connection *connection)
{
	bool moved = false;

	if (!connection->ring)
		return false;
	while (!connection->is_bad && send_some(connection))
		moved = true;
	if (moved)
		tk_evtchn_notify(connection->port);
	return moved;
}

void xs_connection_flush(struct xs_connection *connection)
{
	flush(connection);
}

/* In ---------------------------------------------------------------------- */

static void take_byte(struct xs_connection *connection, char byte)
{
	struct xsd_sockmsg header;

	connection->request[connection->request_size++] = byte;
	if (connection->request_size < sizeof(header))
		return;
	memcpy(&header, connection->request, sizeof(header));
	/* Before anything is done with it (XS-2). */
	if (header.len > XENSTORE_PAYLOAD_MAX) {
		mark_bad(connection, XENSTORE_ERROR_PROTO);
		return;
	}
	if (connection->request_size < sizeof(header) + header.len)
		return;
	connection->request_size = 0;
	xs_request_handle(connection);
}

/* One look at the guest's index; true when something moved. */
static bool take_some(struct xs_connection *connection)
{
	struct xenstore_domain_interface *ring = connection->ring;
	XENSTORE_RING_IDX produced = load_acquire(&ring->req_prod);
	XENSTORE_RING_IDX before = connection->req_cons;

	if (produced - before > XENSTORE_RING_SIZE) {
		mark_bad(connection, XENSTORE_ERROR_RINGIDX);
		return false;
	}
	while (connection->req_cons != produced && !connection->is_bad &&
	       !connection->reply_size) {
		XENSTORE_RING_IDX at = connection->req_cons++;

		take_byte(connection, ring->req[MASK_XENSTORE_IDX(at)]);
		if (connection->reply_size)
			flush(connection);
	}
	if (connection->req_cons == before)
		return false;
	show_index(&ring->req_cons, connection->req_cons);
	tk_evtchn_notify(connection->port);
	return true;
}

/* Whole ------------------------------------------------------------------- */

void xs_connection_announce(struct xs_connection *connection)
{
	connection->ring->server_features =
		XENSTORE_SERVER_FEATURE_RECONNECTION |
		XENSTORE_SERVER_FEATURE_ERROR;
}

/* A guest that does not know what its predecessor left in the ring. */
static void reconnect(struct xs_connection *connection)
{
	struct xenstore_domain_interface *ring = connection->ring;

	clear(connection);
	connection->req_cons = 0;
	connection->rsp_prod = 0;
	ring->req_cons = ring->req_prod = 0;
	ring->rsp_cons = ring->rsp_prod = 0;
	store_release(&ring->connection, XENSTORE_CONNECTED);
	tk_evtchn_notify(connection->port);
}

/* So often before others have their turn (XS-7). */
#define ROUNDS_MAX 4

void xs_connection_serve(struct xs_connection *connection)
{
	unsigned int rounds = 0;
	bool moved;

	do {
		if (connection->is_bad)
			return;
		if (load_acquire(&connection->ring->connection) ==
		    XENSTORE_RECONNECT)
			reconnect(connection);
		moved = flush(connection);
		if (!connection->is_bad)
			moved |= take_some(connection);
	} while (moved && ++rounds < ROUNDS_MAX);
	connection->has_more = moved && !connection->is_bad;
}

bool xs_connections_poll(void)
{
	struct xs_connection *connection;
	bool has_more = false;

	for (connection = connections; connection;
	     connection = connection->next) {
		if (connection->has_more)
			xs_connection_serve(connection);
		has_more |= connection->has_more;
	}
	return has_more;
}
