/* SPDX-License-Identifier: MIT */
/*
 * The network rings, with the front end's side done here: what a well-behaved
 * one sends arrives, what others are sent arrives there, and what the rules
 * forbid is answered with an error or ends the card, whatever is in the ring.
 */
#include <stdlib.h>
#include <string.h>

#include <public/io/netif.h>
#include <pvguest/ring.h>

#include "backends/netback_queue.h"
#include "check.h"
#include "fake_net.h"

#define GUEST 7

static struct netback_card card;
static struct netback_queue *const queue = &card.queues[0];
static struct pv_ring tx, rx; /* the guest's side */
static uint8_t *pages[64];    /* granted with the references 0 to 63 */
static unsigned int pages_before;

/* What the bridge would get. */
static struct net_packet *received[64];
static unsigned int received_count;

static void listen(struct net_port *port, struct net_packet *packet)
{
	(void)port;
	received[received_count++] = packet;
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

	memset(made, 0, 4096);
	return made;
}

static void begin(void)
{
	unsigned int i;

	pages_before = net_pages_free();
	memset(&card, 0, sizeof(card));
	card.domid = GUEST;
	card.queue_count = 1;
	card.port = (struct net_port){ .ops = &ops,
				       .driver = &card,
				       .queue_count = 1,
				       .listener = listen,
				       .link_up = true };
	card.port.offloads = (struct net_offloads){
		.checksum4 = true,
		.checksum6 = true,
		.tso4 = true,
		.tso6 = true,
		.segments_max = NET_SEGMENTS_MAX,
		.packet_max = NET_PACKET_MAX,
	};
	CHECK(net_port_register(&card.port) == 0);
	pv_front_ring_init(&tx, page(), 4096, sizeof(struct netif_tx_request));
	pv_front_ring_init(&rx, page(), 4096, sizeof(struct netif_rx_request));
	*queue = (struct netback_queue){ .card = &card,
					 .tx_event = 1,
					 .rx_event = 2 };
	CHECK(!pv_back_ring_attach(&queue->tx, tx.shared, 4096, 12));
	CHECK(!pv_back_ring_attach(&queue->rx, rx.shared, 4096, 8));
	for (i = 0; i < 64; i++) {
		pages[i] = page();
		fake_grants[i] = (struct fake_grant){ pages[i], GUEST, false };
	}
	token_bucket_init(&card.limit, 0, 0, 0);
	received_count = 0;
	fake_copies = fake_copy_calls = 0;
	memset(fake_notified, 0, sizeof(fake_notified));
}

static void end(void)
{
	unsigned int i;

	for (i = 0; i < received_count; i++)
		net_packet_put(received[i]);
	net_port_unregister(&card.port);
	CHECK(net_pages_free() == pages_before);
	free(tx.shared);
	free(rx.shared);
	for (i = 0; i < 64; i++)
		free(pages[i]);
	memset(fake_grants, 0, sizeof(fake_grants));
}

static void put(uint16_t id, uint32_t gref, uint32_t offset, uint32_t size,
		uint16_t flags)
{
	struct netif_tx_request request = { gref, (uint16_t)offset, flags, id,
					    (uint16_t)size };

	pv_front_ring_put(&tx, &request, sizeof(request));
}

static void put_extra(uint8_t type, uint8_t flags, uint8_t gso, uint16_t size)
{
	struct netif_extra_info extra = { .type = type, .flags = flags };

	extra.u.gso.type = gso;
	extra.u.gso.size = size;
	pv_front_ring_put(&tx, &extra, sizeof(extra));
}

static enum netback_more turn(void)
{
	uint64_t when;

	pv_front_ring_publish(&tx);
	return netback_transmit(queue, 0, &when);
}

/* The next answer must be this one. */
static void expect(uint16_t id, int16_t status)
{
	struct netif_tx_response response;

	CHECK(pv_front_ring_waiting(&tx) > 0);
	pv_front_ring_take(&tx, &response, sizeof(response));
	CHECK(response.id == id);
	CHECK(response.status == status);
}

static const struct fake_frame small = { .to = 1, .from = 2, .payload = 10 };

/* A frame in the guest's pages: `first` bytes in page 0, the rest behind. */
static uint32_t lay_out(const struct fake_frame *frame, uint32_t first)
{
	static uint8_t bytes[66000];
	uint32_t size = (uint32_t)fake_frame_write(bytes, frame), at = first, i;

	memcpy(pages[0] + 4096 - first, bytes, first);
	for (i = 1; at < size; i++, at += 4096)
		memcpy(pages[i], bytes + at,
		       size - at < 4096 ? size - at : 4096);
	return size;
}

static void test_small(void)
{
	uint32_t size;

	begin();
	size = lay_out(&small, 64);
	put(9, 0, 4096 - 64, size, NETTXF_csum_blank);
	CHECK(turn() == NETBACK_IDLE);
	CHECK(received_count == 1 && fake_copies == 1);
	CHECK(received[0]->bytes == size && received[0]->checksum_blank);
	CHECK(memcmp(fake_bytes(received[0]), pages[0] + 4096 - 64, size) == 0);
	expect(9, NETIF_RSP_OKAY);
	CHECK(fake_notified[1] == 1);
	end();
}

/* Many packets need one hypercall; more than a turn takes wait. */
static void test_batch(void)
{
	uint32_t size;
	uint16_t i;

	begin();
	size = lay_out(&small, 64);
	for (i = 0; i < 40; i++)
		put(i, 0, 4096 - 64, size, 0);
	CHECK(turn() == NETBACK_BUSY);
	CHECK(received_count == NETBACK_TURN_PACKETS && fake_copy_calls == 1);
	CHECK(turn() == NETBACK_IDLE);
	CHECK(received_count == 40 && fake_copy_calls == 2);
	for (i = 0; i < 40; i++)
		expect(i, NETIF_RSP_OKAY);
	end();
}

/* A batch of TCP over all slots that there may be, the headers split. */
static void test_gso(void)
{
	struct fake_frame frame = { .to = 1, .from = 2, .payload = 65000 };
	uint32_t size, i, rest;

	begin();
	size = lay_out(&frame, 20);
	put(0, 0, 4096 - 20, size,
	    NETTXF_csum_blank | NETTXF_more_data | NETTXF_extra_info);
	put_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, XEN_NETIF_GSO_TYPE_TCPV4, 1448);
	for (i = 1, rest = size - 20; rest > 0; i++) {
		uint32_t part = rest < 4096 ? rest : 4096;

		rest -= part;
		put((uint16_t)i, i, 0, part, rest ? NETTXF_more_data : 0);
	}
	CHECK(turn() == NETBACK_IDLE && !card.broken);
	CHECK(received_count == 1 && received[0]->gso == NET_GSO_TCP4);
	CHECK(received[0]->gso_size == 1448 && received[0]->bytes == size);
	CHECK(fake_checksums_right(fake_bytes(received[0]), size));
	expect(0, NETIF_RSP_OKAY);
	expect(0, NETIF_RSP_NULL);
	expect(1, NETIF_RSP_OKAY);
	end();
}

/* Errors of a packet: answered in all its slots, and the card goes on. */
static void test_errors(void)
{
	uint32_t size;
	uint16_t i;

	begin();
	size = lay_out(&small, 64);
	put(1, 99, 0, size, 0);              /* no such grant */
	put(2, 0, 0, 13, 0);                 /* no Ethernet header */
	put(3, 0, 0, 100, NETTXF_more_data); /* parts larger than all */
	put(4, 1, 0, 101, 0);
	put(5, 0, 0, 20, NETTXF_csum_blank);        /* nothing to sum */
	put(6, 0, 4096 - 64, 60, NETTXF_more_data); /* one part of 0 bytes */
	put(7, 1, 0, 0, 0);
	for (i = 8; i < 28; i++) /* two slots too many */
		put(i, 0, 0, i == 8 ? 200 : 1, i < 27 ? NETTXF_more_data : 0);
	put(28, 0, 4096 - 64, size, 0);
	CHECK(turn() == NETBACK_IDLE && !card.broken);
	expect(1, NETIF_RSP_ERROR);
	expect(2, NETIF_RSP_ERROR);
	expect(3, NETIF_RSP_ERROR);
	expect(4, NETIF_RSP_ERROR);
	expect(5, NETIF_RSP_OKAY);
	expect(6, NETIF_RSP_OKAY);
	expect(7, NETIF_RSP_OKAY);
	for (i = 8; i < 28; i++)
		expect(i, NETIF_RSP_ERROR);
	expect(28, NETIF_RSP_OKAY);
	CHECK(received_count == 2 && card.port.counters.refused == 1);
	end();
}

static void expect_broken(const char *why)
{
	CHECK(turn() == NETBACK_IDLE);
	CHECK(card.broken);
	CHECK_HAS(card.broken, why);
	CHECK(turn() == NETBACK_IDLE && received_count == 0);
	end();
}

static void test_broken(void)
{
	unsigned int i;

	begin();
	put(1, 0, 0, 100, NETTXF_more_data);
	expect_broken("in the middle");
	begin();
	put(1, 0, 0, 100, NETTXF_extra_info);
	expect_broken("is missing");
	begin();
	put(1, 0, 4000, 97, 0);
	expect_broken("beyond its page");
	begin();
	put(1, 0, 0xffff, 0xffff, 0);
	expect_broken("beyond its page");
	begin();
	put(1, 0, 0, 100, NETTXF_extra_info);
	put_extra(77, 0, 0, 0);
	expect_broken("unknown extra");
	begin();
	put(1, 0, 0, 100, NETTXF_extra_info);
	for (i = 0; i < 20; i++)
		put_extra(XEN_NETIF_EXTRA_TYPE_HASH, XEN_NETIF_EXTRA_FLAG_MORE,
			  0, 0);
	expect_broken("too much extra");
	begin();
	put(1, 0, 0, 100, NETTXF_extra_info);
	put_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, 9, 1448);
	expect_broken("kind of batch");
	begin();
	for (i = 0; i < 60; i++)
		put((uint16_t)i, 0, 0, 100, NETTXF_more_data);
	expect_broken("too many slots");
	begin();
	tx.req += 257;
	expect_broken("impossible transmit");
	begin();
	tx.req -= 1;
	expect_broken("impossible transmit");
}

static void test_limit(void)
{
	uint64_t when = 0;
	uint32_t size;

	begin();
	size = lay_out(&small, 64);
	token_bucket_init(&card.limit, 1000, 10000, 0);
	put(1, 0, 4096 - 64, size, 0);
	put(2, 0, 4096 - 64, size, 0);
	pv_front_ring_publish(&tx);
	CHECK(netback_transmit(queue, 0, &when) == NETBACK_BUSY);
	CHECK(netback_transmit(queue, 0, &when) == NETBACK_LIMITED);
	CHECK(received_count == 1 && when > 50000000 && when < 60000000);
	CHECK(netback_transmit(queue, when, &when) == NETBACK_IDLE);
	CHECK(received_count == 2);
	end();
}

static void multicast(uint8_t type, uint8_t last)
{
	struct netif_extra_info extra = { .type = type };

	put(last, 0, 0, 0, NETTXF_extra_info);
	extra.u.mcast.addr[0] = 0x33;
	extra.u.mcast.addr[5] = last;
	pv_front_ring_put(&tx, &extra, sizeof(extra));
}

static void test_multicast(void)
{
	static const uint8_t group[6] = { 0x33, 0, 0, 0, 0, 70 };
	static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
	uint8_t i;

	begin();
	CHECK(netback_wants(&card.port, group));
	card.filters_multicast = true;
	CHECK(!netback_wants(&card.port, group));
	CHECK(netback_wants(&card.port, all));
	for (i = 7; i < 72; i++) {
		multicast(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, i);
		turn();
		expect(i, i < 71 ? NETIF_RSP_OKAY : NETIF_RSP_ERROR);
		expect(0, NETIF_RSP_NULL);
	}
	CHECK(netback_wants(&card.port, group));
	multicast(XEN_NETIF_EXTRA_TYPE_MCAST_DEL, 70);
	turn();
	CHECK(!netback_wants(&card.port, group));
	CHECK(received_count == 0 && !card.broken);
	end();
}

/* Receiving --------------------------------------------------------------- */

static void offer(unsigned int first, unsigned int count)
{
	unsigned int i;

	for (i = first; i < first + count; i++) {
		struct netif_rx_request request = { .id = (uint16_t)i,
						    .gref = i };

		pv_front_ring_put(&rx, &request, sizeof(request));
	}
	pv_front_ring_publish(&rx);
}

static struct netif_rx_response take(void)
{
	struct netif_rx_response response = { 0 };

	CHECK(pv_front_ring_waiting(&rx) > 0);
	pv_front_ring_take(&rx, &response, sizeof(response));
	return response;
}

static void give(struct net_packet *packet)
{
	net_port_send(&card.port, packet);
	net_packet_put(packet);
	net_ports_run();
}

static void test_receive(void)
{
	struct netif_rx_response response;
	struct net_packet *packet;

	begin();
	packet = fake_packet(&small);
	packet->checksum_valid = true;
	net_packet_get(packet);
	give(packet);
	CHECK(pv_front_ring_waiting(&rx) == 0 && fake_copies == 0);
	/* The guest is to tell us when there is a page. */
	CHECK(rx.shared->req_event == 1);
	offer(5, 1);
	netback_receive(queue);
	response = take();
	CHECK(response.id == 5 && response.offset == 0);
	CHECK(response.flags == NETRXF_data_validated);
	CHECK(response.status == (int)packet->bytes);
	CHECK(memcmp(pages[5], fake_bytes(packet), packet->bytes) == 0);
	CHECK(fake_notified[2] == 1 && packet->references == 1);
	net_packet_put(packet);
	end();
}

static void test_receive_gso(void)
{
	struct fake_frame frame = { .to = 1, .from = 2, .payload = 10000 };
	struct netif_rx_response response;
	struct net_packet *packet;
	struct netif_extra_info extra;

	begin();
	packet = fake_packet(&frame);
	packet->gso = NET_GSO_TCP4;
	packet->gso_size = 1448;
	packet->checksum_blank = true;
	net_packet_get(packet);
	give(packet);
	offer(0, 3);
	netback_receive(queue);
	CHECK(pv_front_ring_waiting(&rx) == 0);
	CHECK(rx.shared->req_event == 4);
	offer(3, 1);
	netback_receive(queue);
	response = take();
	CHECK(response.id == 0 && response.status == 4096);
	CHECK(response.flags == (NETRXF_csum_blank | NETRXF_data_validated |
				 NETRXF_extra_info | NETRXF_more_data));
	pv_front_ring_take(&rx, &extra, sizeof(extra));
	CHECK(extra.type == XEN_NETIF_EXTRA_TYPE_GSO && extra.flags == 0);
	CHECK(extra.u.gso.type == XEN_NETIF_GSO_TYPE_TCPV4);
	CHECK(extra.u.gso.size == 1448);
	response = take();
	CHECK(response.id == 2 && response.flags == NETRXF_more_data);
	response = take();
	CHECK(response.id == 3 && response.flags == 0);
	CHECK(response.status == (int)packet->bytes - 8192);
	CHECK(memcmp(pages[3], fake_bytes(packet) + 8192,
		     packet->bytes - 8192) == 0);
	net_packet_put(packet);
	end();
}

/* A page that cannot be written is an error of that packet alone. */
static void test_receive_errors(void)
{
	struct netif_rx_response response;
	unsigned int i;

	begin();
	fake_grants[1].read_only = true;
	fake_grants[2].page = NULL;
	free(pages[2]);
	pages[2] = NULL;
	offer(0, 4);
	for (i = 0; i < 4; i++)
		give(fake_packet(&small));
	for (i = 0; i < 4; i++) {
		response = take();
		CHECK(response.id == i);
		CHECK((response.status < 0) == (i == 1 || i == 2));
	}
	CHECK(!card.broken);
	rx.req += 300;
	offer(0, 0);
	give(fake_packet(&small));
	CHECK(card.broken);
	end();
}

/* More than fits in one hypercall. */
static void test_receive_many(void)
{
	unsigned int i, answers = 0;

	begin();
	for (i = 0; i < 60; i++) {
		struct fake_frame frame = { .to = 1,
					    .from = 2,
					    .payload = 3000 + i * 30 };
		struct net_packet *packet = fake_packet(&frame);

		net_port_send(&card.port, packet);
		net_packet_put(packet);
	}
	for (i = 0; i < 4; i++)
		offer(0, 60);
	net_ports_run();
	while (pv_front_ring_waiting(&rx) > 0)
		answers += !(take().flags & NETRXF_more_data);
	CHECK(answers == 60);
	end();
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_small),        TEST(test_batch),
		TEST(test_gso),          TEST(test_errors),
		TEST(test_broken),       TEST(test_limit),
		TEST(test_multicast),    TEST(test_receive),
		TEST(test_receive_gso),  TEST(test_receive_errors),
		TEST(test_receive_many),
	};

	return RUN_TESTS(tests);
}
