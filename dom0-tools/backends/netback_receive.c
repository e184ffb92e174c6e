/* SPDX-License-Identifier: MIT */
/*
 * To the guest: the receive ring. Packets of the port's queue are laid out
 * over the pages that the guest has offered, all copied at once, then
 * announced. A response stands in the slot of its request, so requests are
 * answered in their order.
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
#define SLOTS_A_PACKET  (NET_PACKET_MAX / NET_PAGE_SIZE + 2)
#define COPIES_A_PACKET (SLOTS_A_PACKET + NET_SEGMENTS_MAX)
#define ANSWERS         256u

/* A slot, and the copies that fill its page. */
struct answer {
	union {
		struct netif_rx_response response;
		struct netif_extra_info extra;
	} u;
	bool is_extra;
	unsigned int first_copy, end_copy;
};

static struct {
	unsigned int count;
	struct answer answers[ANSWERS];
	unsigned int packet_count;
	struct net_packet *packets[ANSWERS]; /* until they are copied */
} batch;

static unsigned int slots_of(const struct net_packet *packet)
{
	return (packet->bytes + NET_PAGE_SIZE - 1) / NET_PAGE_SIZE +
	       (packet->gso != NET_GSO_NONE);
}

/* Where the copying of a packet has got to. */
struct cursor {
	const struct net_packet *packet;
	unsigned int segment;
	uint32_t in_segment, done;
};

/* Up to a page of the packet into the guest's page; how much. */
static uint32_t fill_page(struct cursor *cursor, uint16_t domid,
			  grant_ref_t ref)
{
	struct netback_part part = { .domid = domid, .ref = ref };
	uint32_t room = NET_PAGE_SIZE;

	while (room > 0 && cursor->segment < cursor->packet->segment_count) {
		const struct net_segment *segment =
			&cursor->packet->segments[cursor->segment];
		uint32_t bytes = segment->bytes - cursor->in_segment;

		if (bytes > room)
			bytes = room;
		part.bytes = (uint16_t)bytes;
		netback_copy_out(segment->maddr + cursor->in_segment, &part);
		part.offset = (uint16_t)(part.offset + bytes);
		room -= bytes;
		cursor->in_segment += bytes;
		if (cursor->in_segment == segment->bytes) {
			cursor->segment++;
			cursor->in_segment = 0;
		}
	}
	cursor->done += NET_PAGE_SIZE - room;
	return NET_PAGE_SIZE - room;
}

static void add_data(struct netback_queue *queue, struct cursor *cursor)
{
	struct answer *answer = &batch.answers[batch.count++];
	struct netif_rx_response *response = &answer->u.response;
	struct netif_rx_request request;

	pv_back_ring_take(&queue->rx, &request, sizeof(request));
	memset(answer, 0, sizeof(*answer));
	answer->first_copy = netback_copies();
	response->id = request.id;
	response->status =
		(int16_t)fill_page(cursor, queue->card->domid, request.gref);
	answer->end_copy = netback_copies();
	if (cursor->done < cursor->packet->bytes)
		response->flags |= NETRXF_more_data;
}

static void add_gso(struct netback_queue *queue,
		    const struct net_packet *packet)
{
	struct answer *answer = &batch.answers[batch.count++];
	struct netif_extra_info *extra = &answer->u.extra;
	struct netif_rx_request ignored;

	pv_back_ring_take(&queue->rx, &ignored, sizeof(ignored));
	memset(answer, 0, sizeof(*answer));
	answer->is_extra = true;
	extra->type = XEN_NETIF_EXTRA_TYPE_GSO;
	extra->u.gso.type = packet->gso == NET_GSO_TCP4
				    ? XEN_NETIF_GSO_TYPE_TCPV4
				    : XEN_NETIF_GSO_TYPE_TCPV6;
	extra->u.gso.size = packet->gso_size;
}

/* Extra information stands behind the first page of data. */
static void add_packet(struct netback_queue *queue,
		       const struct net_packet *packet)
{
	struct cursor cursor = { .packet = packet };
	uint16_t *flags = &batch.answers[batch.count].u.response.flags;

	add_data(queue, &cursor);
	if (packet->checksum_blank)
		*flags |= NETRXF_csum_blank | NETRXF_data_validated;
	else if (packet->checksum_valid)
		*flags |= NETRXF_data_validated;
	if (packet->gso != NET_GSO_NONE) {
		*flags |= NETRXF_extra_info;
		add_gso(queue, packet);
	}
	while (cursor.done < packet->bytes)
		add_data(queue, &cursor);
}

static bool batch_has_room(void)
{
	return batch.count + SLOTS_A_PACKET <= ANSWERS &&
	       netback_copies_left() >= COPIES_A_PACKET;
}

static void finish_batch(struct netback_queue *queue)
{
	unsigned int i;

	netback_copy_all();
	for (i = 0; i < batch.count; i++) {
		struct answer *answer = &batch.answers[i];

		if (!answer->is_extra &&
		    !netback_copied(answer->first_copy, answer->end_copy))
			answer->u.response.status = NETIF_RSP_ERROR;
		pv_back_ring_answer(&queue->rx, &answer->u, sizeof(answer->u));
	}
	for (i = 0; i < batch.packet_count; i++)
		net_packet_put(batch.packets[i]);
	if (batch.count > 0 && pv_back_ring_publish(&queue->rx))
		pv_event_notify(queue->rx_event);
}

static void begin_batch(void)
{
	batch.count = 0;
	batch.packet_count = 0;
	netback_copy_forget();
}

/*
 * Whether the guest has offered `count` pages; if not, it will notify us when
 * it has.
 */
static bool has_pages(struct netback_queue *queue, unsigned int count)
{
	int waiting = pv_back_ring_waiting(&queue->rx);

	if (waiting >= 0 && (unsigned int)waiting < count) {
		pv_back_ring_rearm_after(&queue->rx, count);
		waiting = pv_back_ring_waiting(&queue->rx);
	}
	if (waiting < 0) {
		netback_break(queue->card, "impossible receive index");
		return false;
	}
	return (unsigned int)waiting >= count;
}

void netback_receive(struct netback_queue *queue)
{
	struct net_port *port = &queue->card->port;
	struct net_packet *packet;

	begin_batch();
	while (!queue->card->broken &&
	       (packet = net_port_peek(port, queue->number)) &&
	       has_pages(queue, slots_of(packet))) {
		if (!batch_has_room()) {
			finish_batch(queue);
			begin_batch();
		}
		net_port_take(port, queue->number);
		add_packet(queue, packet);
		batch.packets[batch.packet_count++] = packet;
	}
	finish_batch(queue);
}
