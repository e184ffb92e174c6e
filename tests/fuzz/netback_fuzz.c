/* SPDX-License-Identifier: MIT */
/*
 * A hostile network front end. Input: steps of eight bytes, which put a
 * request or extra information into one of the rings, move an index, take a
 * grant away, or let the back end work; others' packets come in between.
 *
 * Besides what the sanitizers see: a guest's pages are only written by what
 * it offered for receiving, a broken card stays broken, and no page of the
 * pool is lost.
 */
#include <stdlib.h>
#include <string.h>

#include <public/io/netif.h>

#include "backends/netback_queue.h"
#include "check.h"
#include "fake_net.h"

#define GUEST  7
#define GRANTS 8u

static struct netback_card card;
static struct netback_queue *const queue = &card.queues[0];
static struct pv_ring_shared *tx, *rx;

static void listen(struct net_port *port, struct net_packet *packet)
{
	(void)port;
	FUZZ_CHECK(packet->bytes >= NET_HEADER_SIZE &&
		   packet->bytes <= NET_PACKET_MAX);
	FUZZ_CHECK(packet->references == 1);
	/* To a port that can do nothing itself, which is this one. */
	net_port_send(port, packet);
	net_packet_put(packet);
}

static void start(struct net_port *port)
{
	(void)port;
	netback_receive(queue);
}

static const struct net_port_ops ops = { .start = start,
					 .wants = netback_wants };

static void *page(void)
{
	void *made = aligned_alloc(4096, 4096);

	memset(made, 0x11, 4096);
	return made;
}

static void begin(uint8_t options)
{
	unsigned int i;

	memset(&card, 0, sizeof(card));
	card.domid = GUEST;
	card.queue_count = 1;
	card.port = (struct net_port){ .ops = &ops,
				       .driver = &card,
				       .queue_count = 1,
				       .listener = listen,
				       .link_up = true };
	card.port.offloads = (struct net_offloads){
		.checksum4 = options & 1,
		.checksum6 = options & 2,
		.tso4 = options & 4,
		.tso6 = options & 4,
		.segments_max = NET_SEGMENTS_MAX,
		.packet_max = options & 8 ? 4096 : NET_PACKET_MAX,
	};
	card.filters_multicast = options & 16;
	FUZZ_CHECK(net_port_register(&card.port) == 0);
	tx = page();
	rx = page();
	memset(tx, 0, 4096);
	memset(rx, 0, 4096);
	*queue = (struct netback_queue){ .card = &card,
					 .tx_event = 1,
					 .rx_event = 2 };
	FUZZ_CHECK(!pv_back_ring_attach(&queue->tx, tx, 4096, 12));
	FUZZ_CHECK(!pv_back_ring_attach(&queue->rx, rx, 4096, 8));
	for (i = 0; i < GRANTS; i++)
		fake_grants[i] = (struct fake_grant){ page(), GUEST, i == 7 };
	token_bucket_init(&card.limit, options & 32 ? 100000 : 0, 10000, 0);
}

static void end(unsigned int pages)
{
	unsigned int i;

	net_port_unregister(&card.port);
	free(tx);
	free(rx);
	for (i = 0; i < GRANTS; i++)
		free(fake_grants[i].page);
	memset(fake_grants, 0, sizeof(fake_grants));
	FUZZ_CHECK(net_pages_free() == pages);
}

static void put(struct pv_ring_shared *ring, const void *entry, size_t size,
		size_t slot_size, size_t slots)
{
	size_t at = ring->req_prod++ % slots;

	memcpy((uint8_t *)(ring + 1) + at * slot_size, entry, size);
}

/* A frame with headers that make sense, in page 0 of the guest. */
static void lay_out(uint8_t kind)
{
	struct fake_frame frame = { .to = 1,
				    .from = 2,
				    .is_ip6 = kind & 1,
				    .is_udp = kind & 2,
				    .is_tagged = kind & 4,
				    .payload = kind * 8u };

	if (fake_grants[0].page)
		fake_frame_write(fake_grants[0].page, &frame);
}

static void send(const uint8_t *at)
{
	struct netif_tx_request request = {
		.gref = at[1] % (GRANTS + 1),
		.flags = at[2],
		.id = at[3],
		.offset = (uint16_t)(at[4] * 17u),
		.size = (uint16_t)(at[5] << 8 | at[6]),
	};

	if (at[7] & 1)
		request.offset = 0;
	put(tx, &request, sizeof(request), 12, 256);
}

static void send_extra(const uint8_t *at)
{
	struct netif_extra_info extra = { .type = at[1] % 6, .flags = at[2] };

	memcpy(&extra.u, at + 3, 5);
	extra.u.gso.size = (uint16_t)(at[3] << 8 | at[4]);
	put(tx, &extra, sizeof(extra), 12, 256);
}

static void offer(const uint8_t *at)
{
	struct netif_rx_request request = { .id = at[1], .gref = at[2] % 10u };
	unsigned int i;

	for (i = 0; i <= at[3] % 32u; i++)
		put(rx, &request, sizeof(request), 8, 256);
}

static void spoil_index(const uint8_t *at)
{
	uint32_t *indices[] = { &tx->req_prod,  &tx->req_event, &tx->rsp_prod,
				&tx->rsp_event, &rx->req_prod,  &rx->req_event,
				&rx->rsp_prod,  &rx->rsp_event };

	*indices[at[1] % 8] += (uint32_t)(int8_t)at[2] * 37u;
}

static void take_away(const uint8_t *at)
{
	struct fake_grant *grant = &fake_grants[at[1] % GRANTS];

	free(grant->page);
	grant->page = at[2] & 1 ? page() : NULL;
}

static void from_others(const uint8_t *at)
{
	struct fake_frame frame = { .to = 2,
				    .from = 1,
				    .is_ip6 = at[1] & 1,
				    .is_udp = at[1] & 2,
				    .payload = (at[2] << 8 | at[3]) % 60000u };
	struct net_packet *packet = fake_packet(&frame);

	packet->checksum_blank = at[4] & 1;
	if (!(at[1] & 2) && at[4] & 2) {
		packet->gso = at[1] & 1 ? NET_GSO_TCP6 : NET_GSO_TCP4;
		packet->gso_size = (uint16_t)(NET_GSO_SIZE_MIN + at[5] * 8u);
	}
	net_port_receive(&card.port, packet);
}

static void work(uint64_t *now)
{
	bool was_broken = card.broken;
	uint64_t when = 0;
	unsigned int i = 0;

	while (i++ < 20) {
		enum netback_more more = netback_transmit(queue, *now, &when);

		net_ports_run();
		if (more == NETBACK_IDLE)
			break;
		if (more == NETBACK_LIMITED) {
			FUZZ_CHECK(when > *now);
			*now = when;
		}
	}
	FUZZ_CHECK(card.broken || !was_broken);
}

static void step(const uint8_t *at, uint64_t *now)
{
	switch (at[0] % 8) {
	case 0:
	case 1:
		send(at);
		break;
	case 2:
		send_extra(at);
		break;
	case 3:
		offer(at);
		break;
	case 4:
		spoil_index(at);
		break;
	case 5:
		take_away(at);
		break;
	case 6:
		from_others(at);
		break;
	default:
		lay_out(at[1]);
		work(now);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int pages = net_pages_free();
	uint64_t now = 1;
	size_t i;

	if (size < 1 || size > 4096)
		return 0;
	begin(data[0]);
	for (i = 1; i + 8 <= size; i += 8)
		step(data + i, &now);
	work(&now);
	netback_receive(queue);
	end(pages);
	return 0;
}
