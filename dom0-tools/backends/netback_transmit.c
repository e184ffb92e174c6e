/* SPDX-License-Identifier: MIT */
/*
 * From the guest: the transmit ring. A turn reads requests into a batch of
 * packets, copies all data at once, hands the packets on and answers every
 * slot in order, so that between turns nothing is in flight.
 *
 * Owns: the batch, which is one for all queues.
 * Contract: include/public/io/netif.h; netback_queue.h.
 */
#include "backends/netback_queue.h"

#include <string.h>

#include <public/io/netif.h>
#include <pvguest/event.h>

#include "backends/netback_copy.h"

/* Copies of the largest packet: each slot, and each page, ends one. */
#define COPIES_A_PACKET (XEN_NETIF_NR_SLOTS_MIN + NET_SEGMENTS_MAX)
#define SLOTS_MAX       256u

/* What became of a packet; also what its slots are answered with. */
struct result {
	struct net_packet *packet; /* NULL: nothing to hand on */
	unsigned int first_copy, end_copy;
	int16_t status;
};

struct slot {
	uint16_t id;
	bool is_extra;
	unsigned int packet; /* index of its result */
};

static struct {
	unsigned int packet_count;
	struct result packets[NETBACK_TURN_PACKETS];
	unsigned int slot_count;
	struct slot slots[SLOTS_MAX];
} batch;

/* One packet while it is read from the ring. */
struct reading {
	struct netback_queue *queue;
	unsigned int available; /* slots of the ring not yet read */
	struct netif_tx_request first;
	struct netif_extra_info gso, multicast; /* type NONE: not there */
	unsigned int slot_count;
	struct netif_tx_request slots[XEN_NETIF_NR_SLOTS_MIN];
	bool is_bad; /* to be answered with an error */
};

void netback_break(struct netback_card *card, const char *why)
{
	if (!card->broken)
		card->broken = why;
}

static bool fail(struct reading *reading, const char *why)
{
	netback_break(reading->queue->card, why);
	return false;
}

/* Reading ----------------------------------------------------------------- */

static struct slot *remember_slot(void)
{
	struct slot *slot = &batch.slots[batch.slot_count++];

	slot->packet = batch.packet_count;
	slot->is_extra = false;
	slot->id = 0;
	return slot;
}

static bool read_request(struct reading *reading,
			 struct netif_tx_request *request)
{
	if (reading->available == 0)
		return fail(reading, "a packet ends in the middle");
	reading->available--;
	pv_back_ring_take(&reading->queue->tx, request, sizeof(*request));
	remember_slot()->id = request->id;
	return true;
}

static bool read_extra(struct reading *reading, struct netif_extra_info *extra)
{
	if (reading->available == 0)
		return fail(reading, "extra information is missing");
	reading->available--;
	pv_back_ring_take(&reading->queue->tx, extra, sizeof(*extra));
	remember_slot()->is_extra = true;
	return true;
}

static bool keep_extra(struct reading *reading,
		       const struct netif_extra_info *extra)
{
	switch (extra->type) {
	case XEN_NETIF_EXTRA_TYPE_GSO:
		reading->gso = *extra;
		return true;
	case XEN_NETIF_EXTRA_TYPE_MCAST_ADD:
	case XEN_NETIF_EXTRA_TYPE_MCAST_DEL:
		reading->multicast = *extra;
		return true;
	case XEN_NETIF_EXTRA_TYPE_HASH:
		return true;
	default:
		return fail(reading, "unknown extra information");
	}
}

static bool read_extras(struct reading *reading)
{
	struct netif_extra_info extra = { .flags = XEN_NETIF_EXTRA_FLAG_MORE };
	unsigned int i;

	if (!(reading->first.flags & NETTXF_extra_info))
		return true;
	for (i = 0; extra.flags & XEN_NETIF_EXTRA_FLAG_MORE; i++) {
		if (i == NETBACK_EXTRAS_MAX)
			return fail(reading, "too much extra information");
		if (!read_extra(reading, &extra) ||
		    !keep_extra(reading, &extra))
			return false;
	}
	return true;
}

/* The first request has the total size; it becomes that of its own part. */
static bool read_slots(struct reading *reading)
{
	struct netif_tx_request request = reading->first;
	uint32_t rest = request.size;
	unsigned int count = 1;

	reading->slots[0] = request;
	for (; request.flags & NETTXF_more_data; count++) {
		if (count == NETBACK_SLOTS_FATAL)
			return fail(reading, "too many slots for a packet");
		if (!read_request(reading, &request))
			return false;
		if (request.size > rest) {
			reading->is_bad = true;
			request.size = 0;
		}
		rest -= request.size;
		if (count < XEN_NETIF_NR_SLOTS_MIN)
			reading->slots[count] = request;
	}
	reading->slots[0].size = (uint16_t)rest;
	reading->slot_count = count;
	if (count > XEN_NETIF_NR_SLOTS_MIN) {
		reading->slot_count = 0;
		reading->is_bad = true;
	}
	return true;
}

static bool check_slots(struct reading *reading)
{
	unsigned int i;

	for (i = 0; i < reading->slot_count; i++) {
		const struct netif_tx_request *slot = &reading->slots[i];

		if ((uint32_t)slot->offset + slot->size > NET_PAGE_SIZE)
			return fail(reading, "data goes beyond its page");
	}
	if (reading->first.size < NET_HEADER_SIZE)
		reading->is_bad = true;
	return true;
}

/* Multicast control ------------------------------------------------------- */

static unsigned int find_multicast(const struct netback_card *card,
				   const uint8_t *mac)
{
	unsigned int i = 0;

	while (i < card->multicast_count &&
	       memcmp(card->multicast[i], mac, NET_MAC_SIZE) != 0)
		i++;
	return i;
}

bool netback_wants(const struct net_port *port, const uint8_t *mac)
{
	static const uint8_t broadcast[NET_MAC_SIZE] = { 255, 255, 255,
							 255, 255, 255 };
	const struct netback_card *card = port->driver;

	return !card->filters_multicast ||
	       memcmp(mac, broadcast, sizeof(broadcast)) == 0 ||
	       find_multicast(card, mac) < card->multicast_count;
}

/* Such a request carries no packet. */
static int16_t change_multicast(struct netback_card *card,
				const struct netif_extra_info *extra)
{
	unsigned int at = find_multicast(card, extra->u.mcast.addr);
	bool is_there = at < card->multicast_count;

	if (extra->type == XEN_NETIF_EXTRA_TYPE_MCAST_DEL) {
		if (is_there)
			memcpy(card->multicast[at],
			       card->multicast[--card->multicast_count],
			       NET_MAC_SIZE);
		return NETIF_RSP_OKAY;
	}
	if (is_there)
		return NETIF_RSP_OKAY;
	if (card->multicast_count == NETBACK_MULTICAST_MAX ||
	    !(extra->u.mcast.addr[0] & 1))
		return NETIF_RSP_ERROR;
	memcpy(card->multicast[card->multicast_count++], extra->u.mcast.addr,
	       NET_MAC_SIZE);
	return NETIF_RSP_OKAY;
}

/* Packets ----------------------------------------------------------------- */

static bool set_gso(struct reading *reading, struct net_packet *packet)
{
	const struct netif_extra_info *extra = &reading->gso;

	if (extra->type == XEN_NETIF_EXTRA_TYPE_NONE)
		return true;
	if (extra->u.gso.type == XEN_NETIF_GSO_TYPE_TCPV4)
		packet->gso = NET_GSO_TCP4;
	else if (extra->u.gso.type == XEN_NETIF_GSO_TYPE_TCPV6)
		packet->gso = NET_GSO_TCP6;
	else
		return fail(reading, "unknown kind of batch");
	packet->gso_size = extra->u.gso.size;
	return true;
}

/* The parts of the guest's pages, packed into ours. */
static void collect_copies(const struct reading *reading,
			   const struct net_packet *packet)
{
	unsigned int page = 0, i;
	uint32_t in_page = 0;

	for (i = 0; i < reading->slot_count; i++) {
		const struct netif_tx_request *slot = &reading->slots[i];
		uint32_t done = 0, bytes;

		for (; done < slot->size; done += bytes) {
			const struct net_segment *to = &packet->segments[page];
			struct netback_part part = {
				.domid = reading->queue->card->domid,
				.ref = slot->gref,
				.offset = (uint16_t)(slot->offset + done),
			};

			bytes = slot->size - done;
			if (bytes > to->bytes - in_page)
				bytes = to->bytes - in_page;
			part.bytes = (uint16_t)bytes;
			netback_copy_in(to->maddr + in_page, &part);
			in_page += bytes;
			if (in_page == to->bytes) {
				page++;
				in_page = 0;
			}
		}
	}
}

/* False only when the card is broken. */
static bool make_packet(struct reading *reading, struct result *result)
{
	struct net_packet *packet = net_packet_sized(reading->first.size);

	if (!packet) {
		result->status = NETIF_RSP_DROPPED;
		return true;
	}
	packet->checksum_blank = reading->first.flags & NETTXF_csum_blank;
	packet->checksum_valid = reading->first.flags & NETTXF_data_validated;
	if (!set_gso(reading, packet)) {
		net_packet_put(packet);
		return false;
	}
	collect_copies(reading, packet);
	result->packet = packet;
	return true;
}

static bool finish_reading(struct reading *reading)
{
	struct result *result = &batch.packets[batch.packet_count++];
	bool is_whole = true;

	*result = (struct result){ .first_copy = netback_copies() };
	if (reading->multicast.type != XEN_NETIF_EXTRA_TYPE_NONE)
		result->status = change_multicast(reading->queue->card,
						  &reading->multicast);
	else if (reading->is_bad)
		result->status = NETIF_RSP_ERROR;
	else
		is_whole = make_packet(reading, result);
	result->end_copy = netback_copies();
	return is_whole;
}

static bool read_packet(struct reading *reading)
{
	return read_extras(reading) && read_slots(reading) &&
	       check_slots(reading) && finish_reading(reading);
}

/* Batches ----------------------------------------------------------------- */

static bool batch_has_room(void)
{
	return batch.packet_count < NETBACK_TURN_PACKETS &&
	       batch.slot_count + NETBACK_SLOTS_FATAL + NETBACK_EXTRAS_MAX <=
		       SLOTS_MAX &&
	       netback_copies_left() >= COPIES_A_PACKET;
}

/* Reads what there is, up to a turn's worth. False: the card is broken. */
static bool read_batch(struct netback_queue *queue, unsigned int available)
{
	struct token_bucket *limit = &queue->card->limit;

	while (available > 0 && batch_has_room() && limit->tokens >= 0) {
		struct reading reading = { .queue = queue,
					   .available = available };

		if (!read_request(&reading, &reading.first) ||
		    !read_packet(&reading))
			return false;
		limit->tokens -= reading.first.size;
		available = reading.available;
	}
	return true;
}

/* Takes over the packets. */
static void hand_on(struct netback_queue *queue)
{
	unsigned int i;

	for (i = 0; i < batch.packet_count; i++) {
		struct result *result = &batch.packets[i];

		if (!result->packet)
			continue;
		if (netback_copied(result->first_copy, result->end_copy)) {
			net_port_receive(&queue->card->port, result->packet);
		} else {
			result->status = NETIF_RSP_ERROR;
			net_packet_put(result->packet);
		}
	}
}

static void answer(struct netback_queue *queue)
{
	unsigned int i;

	for (i = 0; i < batch.slot_count; i++) {
		const struct slot *slot = &batch.slots[i];
		struct netif_tx_response response = { .id = slot->id };

		response.status = slot->is_extra
					  ? NETIF_RSP_NULL
					  : batch.packets[slot->packet].status;
		pv_back_ring_answer(&queue->tx, &response, sizeof(response));
	}
	if (pv_back_ring_publish(&queue->tx))
		pv_event_notify(queue->tx_event);
}

static void drop_batch(void)
{
	unsigned int i;

	for (i = 0; i < batch.packet_count; i++) {
		if (batch.packets[i].packet)
			net_packet_put(batch.packets[i].packet);
	}
}

static void begin_batch(void)
{
	batch.packet_count = 0;
	batch.slot_count = 0;
	netback_copy_forget();
}

enum netback_more netback_transmit(struct netback_queue *queue, uint64_t now_ns,
				   uint64_t *when_ns)
{
	struct token_bucket *limit = &queue->card->limit;
	int available = pv_back_ring_waiting(&queue->tx);

	if (available < 0)
		netback_break(queue->card, "impossible transmit index");
	if (queue->card->broken)
		return NETBACK_IDLE;
	if (available > 0 && !token_bucket_ready(limit, now_ns)) {
		*when_ns = token_bucket_when(limit);
		return NETBACK_LIMITED;
	}
	begin_batch();
	if (!read_batch(queue, (unsigned int)available)) {
		drop_batch();
		return NETBACK_IDLE;
	}
	netback_copy_all();
	hand_on(queue);
	answer(queue);
	return pv_back_ring_rearm(&queue->tx) ? NETBACK_BUSY : NETBACK_IDLE;
}
