/* SPDX-License-Identifier: MIT */
/*
 * Packets, their headers, checksums and segments, and the queues of ports:
 * every result is compared with one computed in another way.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "drivers/net_device.h"
#include "drivers/net_headers.h"
#include "drivers/net_offload.h"
#include "fake_net.h"

static const struct fake_frame kinds[] = {
	{ .to = 1, .from = 2, .payload = 5 },
	{ .to = 1, .from = 2, .payload = 1460, .is_tagged = true },
	{ .to = 1, .from = 2, .payload = 0, .is_udp = true },
	{ .to = 1, .from = 2, .payload = 7777, .is_udp = true },
	{ .to = 1, .from = 2, .payload = 33, .is_ip6 = true },
	{ .to = 3, .from = 2, .payload = 9001, .is_ip6 = true, .is_udp = true },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* The same contents in segments of other sizes, the first large enough. */
static struct net_packet *scatter(const struct net_packet *packet,
				  uint32_t first, uint32_t others)
{
	struct net_packet *copy = net_packet_new();
	struct net_segment page;
	uint32_t done = 0, bytes = first;

	while (done < packet->bytes && net_page_get(&page)) {
		page.bytes = bytes < packet->bytes - done
				     ? bytes
				     : packet->bytes - done;
		net_packet_add(copy, &page);
		net_packet_copy(copy, done, packet, done, page.bytes);
		done += page.bytes;
		bytes = others;
	}
	return copy;
}

static void test_headers(void)
{
	size_t i;

	for (i = 0; i < KINDS; i++) {
		struct net_packet *packet = fake_packet(&kinds[i]);
		struct net_headers headers;
		unsigned int network = kinds[i].is_tagged ? 18 : 14;
		unsigned int transport = network + (kinds[i].is_ip6 ? 40 : 20);
		unsigned int payload = transport + (kinds[i].is_udp ? 8 : 20);

		net_headers_read(packet, &headers);
		CHECK(headers.network == network);
		CHECK(headers.transport == transport);
		CHECK(headers.payload == payload);
		CHECK(headers.protocol == (kinds[i].is_udp ? 17 : 6));
		net_packet_put(packet);
	}
}

/* However short a packet is cut, nothing beyond it is looked at. */
static void test_short_headers(void)
{
	struct fake_frame frame = { .to = 1, .from = 2, .is_ip6 = true };
	uint8_t bytes[128];
	size_t size = fake_frame_write(bytes, &frame), cut;

	for (cut = 1; cut < size; cut++) {
		uint8_t *exact = malloc(cut);
		struct net_packet packet = { .segment_count = 1 };
		struct net_headers headers;

		memcpy(exact, bytes, cut);
		packet.segments[0].va = exact;
		packet.segments[0].bytes = (uint32_t)cut;
		packet.bytes = (uint32_t)cut;
		net_headers_read(&packet, &headers);
		CHECK(headers.transport == 0);
		CHECK(net_headers_flow(&packet, &headers) == 0 || cut >= 54);
		free(exact);
	}
}

static void check_fill(const struct fake_frame *frame, uint32_t first,
		       uint32_t others)
{
	struct net_packet *whole = fake_packet(frame);
	struct net_packet *packet = scatter(whole, first, others);
	struct net_headers headers;
	uint8_t junk[2] = { 0x12, 0x34 };

	net_headers_read(packet, &headers);
	net_packet_write(packet, headers.checksum, junk, sizeof(junk));
	packet->checksum_blank = true;
	net_checksum_fill(packet);
	CHECK(!packet->checksum_blank && packet->checksum_valid);
	CHECK(fake_checksums_right(fake_bytes(packet), packet->bytes));
	net_packet_put(whole);
	net_packet_put(packet);
}

static void test_checksums(void)
{
	size_t i;

	for (i = 0; i < KINDS; i++) {
		check_fill(&kinds[i], 4096, 4096);
		check_fill(&kinds[i], 100, 1001);
		check_fill(&kinds[i], 95, 1003);
	}
}

/* Padding of a short frame is not part of the sum. */
static void test_padding(void)
{
	struct fake_frame frame = { .to = 1, .from = 2, .payload = 1 };
	uint8_t bytes[128];
	size_t size = fake_frame_write(bytes, &frame);
	struct net_packet *packet;

	memset(bytes + size, 0x5a, 60 - size);
	packet = fake_packet_of(bytes, 60);
	net_checksum_fill(packet);
	CHECK(packet->bytes == 60);
	CHECK(fake_checksums_right(fake_bytes(packet), 60));
	net_packet_put(packet);
}

struct joined {
	uint8_t bytes[66000];
	size_t size;
	unsigned int count;
};

/* One segment: checks it against the batch, and collects its payload. */
static void join(struct joined *joined, const struct net_packet *batch,
		 struct net_packet *segment, size_t header)
{
	const uint8_t *bytes = fake_bytes(segment);
	const uint8_t *tcp;
	struct net_headers headers;
	bool is_last;

	net_headers_read(segment, &headers);
	tcp = bytes + headers.transport;
	CHECK(headers.payload == header);
	CHECK(fake_checksums_right(bytes, segment->bytes));
	CHECK(segment->bytes - header <= batch->gso_size);
	CHECK(net_get32(tcp + 4) == joined->size);
	memcpy(joined->bytes + joined->size, bytes + header,
	       segment->bytes - header);
	joined->size += segment->bytes - header;
	is_last = joined->size == batch->bytes - header;
	CHECK(!!(tcp[13] & 1) == is_last && !!(tcp[13] & 8) == is_last);
	CHECK(!!(tcp[13] & 0x80) == (joined->count == 0));
	if (headers.ethertype == NET_ETHERTYPE_IP4)
		CHECK(net_get16(bytes + headers.network + 4) ==
		      (uint16_t)(0xfffe + joined->count));
	joined->count++;
}

static void check_cut(const struct fake_frame *frame, uint16_t gso_size)
{
	static struct joined joined;
	struct net_packet *packet = fake_packet(frame), *segment;
	struct net_segmenter segmenter = { 0 };
	struct net_headers headers;
	uint8_t payload[66000];

	packet->gso = frame->is_ip6 ? NET_GSO_TCP6 : NET_GSO_TCP4;
	packet->gso_size = gso_size;
	net_headers_read(packet, &headers);
	CHECK(net_offload_check(packet, &headers));
	CHECK(packet->gso != NET_GSO_NONE);
	joined.size = 0;
	joined.count = 0;
	net_packet_read(packet, headers.payload, payload, frame->payload);
	net_packet_get(packet);
	net_segmenter_begin(&segmenter, packet);
	while ((segment = net_segmenter_next(&segmenter))) {
		join(&joined, packet, segment, headers.payload);
		net_packet_put(segment);
	}
	CHECK(!segmenter.packet && packet->references == 1);
	CHECK(joined.size == frame->payload);
	CHECK(joined.count == (frame->payload + gso_size - 1) / gso_size);
	CHECK(memcmp(joined.bytes, payload, joined.size) == 0);
	net_packet_put(packet);
}

static void test_segments(void)
{
	static const struct fake_frame frames[] = {
		{ .to = 1, .from = 2, .payload = 65400 },
		{ .to = 1, .from = 2, .payload = 1461, .is_tagged = true },
		{ .to = 1, .from = 2, .payload = 60001, .is_ip6 = true },
	};
	unsigned int before = net_pages_free();
	size_t i;

	for (i = 0; i < 3; i++) {
		check_cut(&frames[i], 1460);
		check_cut(&frames[i], 1333);
		check_cut(&frames[i], NET_GSO_SIZE_MIN);
	}
	CHECK(net_pages_free() == before);
}

static void test_bad_batches(void)
{
	struct fake_frame frame = { .to = 1, .from = 2, .payload = 3000 };
	struct net_packet *packet = fake_packet(&frame);
	struct net_headers headers;

	net_headers_read(packet, &headers);
	packet->gso = NET_GSO_TCP6;
	packet->gso_size = 1000;
	CHECK(!net_offload_check(packet, &headers));
	packet->gso = NET_GSO_TCP4;
	packet->gso_size = NET_GSO_SIZE_MIN - 1;
	CHECK(!net_offload_check(packet, &headers));
	packet->gso_size = 3000;
	CHECK(net_offload_check(packet, &headers));
	CHECK(packet->gso == NET_GSO_NONE && packet->checksum_blank);
	net_packet_put(packet);
	frame.is_udp = true;
	packet = fake_packet(&frame);
	net_headers_read(packet, &headers);
	packet->gso = NET_GSO_TCP4;
	packet->gso_size = 1000;
	CHECK(!net_offload_check(packet, &headers));
	net_packet_put(packet);
}

/* Ports ------------------------------------------------------------------- */

static unsigned int starts;

static void count_start(struct net_port *port)
{
	(void)port;
	starts++;
}

static const struct net_port_ops counting = { .start = count_start };

static void make_port(struct net_port *port, bool tso)
{
	*port = (struct net_port){ .name = "test",
				   .ops = &counting,
				   .link_up = true,
				   .queue_count = 2 };
	port->offloads = (struct net_offloads){
		.tso4 = tso,
		.checksum4 = tso,
		.segments_max = 4,
		.packet_max = 9000,
	};
	CHECK(net_port_register(port) == 0);
}

/* A batch for a port that cannot cut: cut as it is taken. */
static void test_port_cuts(void)
{
	struct fake_frame frame = { .to = 1, .from = 2, .payload = 14600 };
	unsigned int before = net_pages_free(), count = 0;
	struct net_port port;
	struct net_packet *packet = fake_packet(&frame), *taken;

	make_port(&port, false);
	packet->gso = NET_GSO_TCP4;
	packet->gso_size = 1460;
	packet->checksum_blank = true;
	packet->flow = 3;
	starts = 0;
	net_port_send(&port, packet);
	net_packet_put(packet);
	net_ports_run();
	net_ports_run();
	CHECK(starts == 1);
	CHECK(!net_port_take(&port, 0));
	while ((taken = net_port_take(&port, 1))) {
		CHECK(taken->bytes == 1460 + 54);
		net_packet_put(taken);
		count++;
	}
	CHECK(count == 10 && port.counters.sent_packets == 10);
	net_port_unregister(&port);
	CHECK(net_pages_free() == before);
}

/* What the port can do is left to it; what is shared stays as it is. */
static void test_port_finishes(void)
{
	struct fake_frame frame = { .to = 1, .from = 2, .payload = 14600 };
	unsigned int before = net_pages_free();
	struct net_port able, unable;
	struct net_packet *batch = fake_packet(&frame), *packet, *taken;

	make_port(&able, true);
	make_port(&unable, false);
	batch->gso = NET_GSO_TCP4;
	batch->gso_size = 1460;
	net_port_send(&able, batch);
	taken = net_port_take(&able, 0);
	CHECK(taken == batch && taken->gso == NET_GSO_TCP4);
	net_packet_put(taken);
	net_packet_put(batch);

	frame.payload = 1000;
	packet = fake_packet(&frame);
	packet->checksum_blank = true;
	net_packet_write(packet, 50, "\0", 2);
	net_port_send(&able, packet);
	net_port_send(&unable, packet);
	net_packet_put(packet);
	taken = net_port_take(&unable, 0);
	CHECK(taken != packet && !taken->checksum_blank);
	CHECK(fake_checksums_right(fake_bytes(taken), taken->bytes));
	net_packet_put(taken);
	CHECK(net_port_peek(&able, 0) == packet && packet->checksum_blank);
	net_port_unregister(&able);
	net_port_unregister(&unable);
	CHECK(net_pages_free() == before);
}

/* Too large, or in too many pieces. */
static void test_port_limits(void)
{
	struct fake_frame frame = { .to = 1, .from = 2, .payload = 9000 };
	unsigned int before = net_pages_free();
	struct net_port port;
	struct net_packet *packet = fake_packet(&frame), *taken;

	make_port(&port, false);
	net_port_send(&port, packet);
	net_packet_put(packet);
	CHECK(!net_port_take(&port, 0) && port.counters.dropped == 1);
	frame.payload = 2000;
	packet = fake_packet(&frame);
	taken = scatter(packet, 300, 300);
	CHECK(taken->segment_count > 4);
	net_port_send(&port, taken);
	net_packet_put(taken);
	taken = net_port_take(&port, 0);
	CHECK(taken->segment_count == 1 && taken->bytes == packet->bytes);
	CHECK(memcmp(taken->segments[0].va, packet->segments[0].va,
		     packet->bytes) == 0);
	net_packet_put(taken);
	net_packet_put(packet);
	net_port_unregister(&port);
	CHECK(net_pages_free() == before);
}

/* Ports that nobody empties leave pages for the others. */
static void test_port_share(void)
{
	struct fake_frame frame = { .to = 1, .from = 2, .payload = 8000 };
	unsigned int before = net_pages_free(), i, n;
	static struct net_port ports[120];

	for (i = 0; i < 120; i++) {
		make_port(&ports[i], false);
		for (n = 0; n < 600; n++) {
			struct net_packet *packet = fake_packet(&frame);

			packet->flow = n;
			net_port_send(&ports[i], packet);
			net_packet_put(packet);
		}
		CHECK(ports[i].counters.dropped > 0);
		CHECK(ports[i].pages_queued >= 17);
	}
	CHECK(net_pages_free() > 1000);
	for (i = 0; i < 120; i++)
		net_port_unregister(&ports[i]);
	CHECK(net_pages_free() == before);
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_headers),     TEST(test_short_headers),
		TEST(test_checksums),   TEST(test_padding),
		TEST(test_segments),    TEST(test_bad_batches),
		TEST(test_port_cuts),   TEST(test_port_finishes),
		TEST(test_port_limits), TEST(test_port_share),
	};

	return RUN_TESTS(tests);
}
