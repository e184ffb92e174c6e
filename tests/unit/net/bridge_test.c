/* SPDX-License-Identifier: MIT */
/*
 * The bridge: who gets which packet, who may send as whom, and what it
 * remembers; and the limit on bytes in time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <public/errno.h>

#include "backends/bridge.h"
#include "backends/token_bucket.h"
#include "check.h"
#include "fake_net.h"

enum {
	CARD,
	CARD2,
	ALICE,
	BOB,
	CAROL,
	PORTS
};

static struct net_port ports[PORTS];
static struct bridge *bridge;

static bool wants_none(const struct net_port *port, const uint8_t *mac)
{
	(void)port;
	return mac[5] == 0xff;
}

static void start(struct net_port *port)
{
	(void)port;
}

static const struct net_port_ops plain = { .start = start };
static const struct net_port_ops choosy = { .start = start,
					    .wants = wants_none };

static void begin(void)
{
	static unsigned int number;
	char name[16];
	unsigned int i;

	snprintf(name, sizeof(name), "br%u", number++);
	bridge = bridge_get(name);
	fake_now_ns = 1;
	for (i = 0; i < PORTS; i++) {
		ports[i] = (struct net_port){ .is_card = i < ALICE,
					      .ops = &plain,
					      .queue_count = 1 };
		ports[i].mac[0] = 2;
		ports[i].mac[5] = (uint8_t)i;
		ports[i].offloads.segments_max = NET_SEGMENTS_MAX;
		ports[i].offloads.packet_max = NET_PACKET_MAX;
		ports[i].link_up = true;
		CHECK(net_port_register(&ports[i]) == 0);
		CHECK(bridge_attach(bridge, &ports[i]) == 0);
	}
}

static void end(void)
{
	unsigned int i;

	for (i = 0; i < PORTS; i++) {
		bridge_detach(&ports[i]);
		net_port_unregister(&ports[i]);
	}
	CHECK(bridge->port_count == 0);
}

static void send_bytes(unsigned int from, const uint8_t *macs)
{
	uint8_t bytes[60] = { 0 };

	memcpy(bytes, macs, 12);
	bytes[12] = 0x88;
	net_port_receive(&ports[from], fake_packet_of(bytes, sizeof(bytes)));
}

/* From 02:00:00:00:00:`source`, at port `from`. */
static void send(unsigned int from, uint8_t source, uint8_t to)
{
	uint8_t macs[12] = { 2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, source };

	send_bytes(from, macs);
}

/* Which ports got something, as bits. */
static unsigned int got(void)
{
	unsigned int i, bits = 0;

	for (i = 0; i < PORTS; i++) {
		struct net_packet *packet;

		while ((packet = net_port_take(&ports[i], 0))) {
			bits |= 1u << i;
			net_packet_put(packet);
		}
	}
	net_ports_run();
	return bits;
}

#define BIT(port) (1u << (port))

static void test_guests(void)
{
	begin();
	send(ALICE, ALICE, BOB);
	CHECK(got() == BIT(BOB));
	send(ALICE, ALICE, ALICE);
	CHECK(got() == 0);
	send(ALICE, ALICE, 77);
	CHECK(got() == (BIT(CARD) | BIT(CARD2)));
	send(CARD, 77, ALICE);
	CHECK(got() == BIT(ALICE));
	send(ALICE, ALICE, 77);
	CHECK(got() == BIT(CARD));
	CHECK(bridge_learned(&ports[CARD]) == 1);
	end();
}

/* From outside to nobody: other cards perhaps, guests never. */
static void test_unknown(void)
{
	begin();
	send(CARD, 77, 99);
	CHECK(got() == BIT(CARD2));
	send(CARD2, 99, 77);
	CHECK(got() == BIT(CARD));
	send(CARD, 77, 78);
	send(CARD, 78, 77);
	CHECK(got() == BIT(CARD2)); /* the first; the second is for CARD */
	end();
}

static void test_spoofing(void)
{
	begin();
	send(ALICE, BOB, CAROL);
	send(ALICE, 77, CAROL);
	send(ALICE, 255, CAROL);
	CHECK(got() == 0 && ports[ALICE].counters.refused == 3);
	/* Nor from outside, where the address would otherwise be learned. */
	send(CARD, BOB, CAROL);
	CHECK(got() == 0 && ports[CARD].counters.refused == 1);
	send(CAROL, CAROL, BOB);
	CHECK(got() == BIT(BOB));
	end();
}

static void test_groups(void)
{
	uint8_t macs[12] = { 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 2 };

	begin();
	ports[BOB].ops = &choosy;
	send_bytes(ALICE, macs);
	CHECK(got() == (BIT(CARD) | BIT(CARD2) | BIT(BOB) | BIT(CAROL)));
	macs[0] = 0x33;
	macs[5] = 1;
	send_bytes(ALICE, macs);
	CHECK(got() == (BIT(CARD) | BIT(CARD2) | BIT(CAROL)));
	/* Meant for bridges. */
	memcpy(macs, "\x01\x80\xc2\x00\x00\x0e", 6);
	send_bytes(ALICE, macs);
	CHECK(got() == 0);
	/* A group is nobody's source. */
	macs[6] = 3;
	send_bytes(CARD, macs);
	CHECK(got() == 0 && ports[CARD].counters.refused == 1);
	end();
}

/* A flood of addresses takes the table's place and nothing more. */
static void test_bounded(void)
{
	uint8_t macs[12] = { 2, 0, 0, 0, 0, 200, 2, 9 };
	unsigned int i;

	begin();
	for (i = 0; i < 20000; i++) {
		net_put32(macs + 8, i * 2654435761u);
		fake_now_ns = 1 + i;
		send_bytes(CARD, macs);
		got();
	}
	CHECK(bridge_learned(&ports[CARD]) > BRIDGE_TABLE / 2);
	CHECK(bridge_learned(&ports[CARD]) <= BRIDGE_TABLE);
	/* The newest is known, on whichever card it was last. */
	memcpy(macs, macs + 6, 6);
	memcpy(macs + 6, ports[ALICE].mac, 6);
	send_bytes(ALICE, macs);
	CHECK(got() == BIT(CARD));
	fake_now_ns = 30000 + BRIDGE_AGE_NS;
	CHECK(bridge_learned(&ports[CARD]) == 0);
	send_bytes(ALICE, macs);
	CHECK(got() == (BIT(CARD) | BIT(CARD2)));
	end();
}

static void test_moves(void)
{
	begin();
	send(CARD, 77, ALICE);
	send(CARD2, 77, ALICE);
	got();
	send(ALICE, ALICE, 77);
	CHECK(got() == BIT(CARD2));
	bridge_detach(&ports[CARD2]);
	send(ALICE, ALICE, 77);
	CHECK(got() == BIT(CARD));
	end();
}

static void test_attach(void)
{
	struct net_port port = { .ops = &plain, .queue_count = 1 };

	begin();
	CHECK(bridge_attach(bridge, &port) == -XEN_EINVAL);
	port.mac[0] = 3;
	CHECK(bridge_attach(bridge, &port) == -XEN_EINVAL);
	memcpy(port.mac, ports[BOB].mac, NET_MAC_SIZE);
	CHECK(bridge_attach(bridge, &port) == -XEN_EEXIST);
	bridge_detach(&port);
	/* Without a bridge, packets end. */
	bridge_detach(&ports[ALICE]);
	send(ALICE, ALICE, BOB);
	CHECK(got() == 0);
	end();
}

static uint64_t random_state = 1;

static uint32_t random32(void)
{
	random_state = random_state * 6364136223846793005u + 1;
	return (uint32_t)(random_state >> 33);
}

/* Over any time, the rate holds up to one bucket and one packet. */
static void check_rate(uint64_t rate, uint64_t interval_us)
{
	struct token_bucket bucket;
	uint64_t now = 5, sent = 0, limit;
	unsigned int i;

	token_bucket_init(&bucket, rate, interval_us, now);
	for (i = 0; i < 20000; i++) {
		uint32_t bytes = random32() % 65536;

		if (token_bucket_ready(&bucket, now)) {
			bucket.tokens -= bytes;
			sent += bytes;
			limit = rate * (now / 1000) / 1000000 +
				(uint64_t)bucket.size + 65536;
			CHECK(sent <= limit);
			continue;
		}
		CHECK(token_bucket_when(&bucket) > now);
		if (random32() % 2)
			now += random32() % 100000;
		else
			now = token_bucket_when(&bucket);
		if (now == token_bucket_when(&bucket))
			CHECK(token_bucket_ready(&bucket, now));
	}
	/* And it can be used up. */
	CHECK(sent + (uint64_t)bucket.size + 65536 >=
	      rate * (now / 1000 / 1000) / 1000 * 9 / 10);
}

static void test_rate(void)
{
	struct token_bucket bucket;

	check_rate(1250000, 50000);
	check_rate(10, 50000);
	check_rate(999983, 1);
	check_rate(1ull << 40, 1000000);
	token_bucket_init(&bucket, 0, 0, 0);
	CHECK(token_bucket_ready(&bucket, 0));
	bucket.tokens -= 100000;
	CHECK(token_bucket_ready(&bucket, 0) && bucket.tokens > 1000000);
	/* After a pause of years. */
	token_bucket_init(&bucket, 1ull << 40, 1000000, 0);
	bucket.tokens = -1;
	CHECK(token_bucket_ready(&bucket, UINT64_MAX));
	CHECK(bucket.tokens == bucket.size);
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_guests), TEST(test_unknown), TEST(test_spoofing),
		TEST(test_groups), TEST(test_bounded), TEST(test_moves),
		TEST(test_attach), TEST(test_rate),
	};

	return RUN_TESTS(tests);
}
