/* SPDX-License-Identifier: MIT */
/*
 * The network back end as a device: from its keys in xenstore to a packet from
 * one guest's card to another, and back to nothing.
 */
#include <stdio.h>
#include <string.h>

#include <public/io/netif.h>
#include <public/io/xenbus.h>
#include <pvguest/ring.h>
#include <pvguest/time.h>

#include "backends/bridge.h"
#include "backends/fake_pv.h"
#include "backends/keys.h"
#include "backends/netback.h"
#include "check.h"
#include "xenstore/local.h"

#define BACK   "/local/domain/0/backend/vif/5/"
#define FRONT  "/local/domain/5/device/vif/"
#define FRAME  60u
#define TX_REF 10u
#define RX_REF 20u

static struct pv_ring tx[2], rx[2]; /* the guest's sides */

uint64_t pv_time_ns(void)
{
	return 1;
}

/* The directory of a card; valid until the next call. */
static const char *card(const char *directory, unsigned int handle)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s%u", directory, handle);
	return path;
}

static void put(const char *directory, unsigned int handle, const char *key,
		const char *value)
{
	key_put(card(directory, handle), key, value);
}

static void put_number(const char *directory, unsigned int handle,
		       const char *key, unsigned int value)
{
	key_put_number(card(directory, handle), key, value);
}

static const char *get(const char *directory, unsigned int handle,
		       const char *key)
{
	return key_get(card(directory, handle), key);
}

static void make_device(unsigned int handle, const char *mac, const char *rate)
{
	char front[128];

	snprintf(front, sizeof(front), FRONT "%u", handle);
	put(BACK, handle, "frontend", front);
	put(BACK, handle, "frontend-id", "5");
	put(BACK, handle, "online", "1");
	put(BACK, handle, "mac", mac);
	put(BACK, handle, "bridge", "br");
	if (rate)
		put(BACK, handle, "rate", rate);
	put(FRONT, handle, "state", "1");
	put(BACK, handle, "state", "1");
}

/* Pages 0 and 1 of each card are its rings, 2 what it sends, 3 what it gets. */
static void connect(unsigned int handle)
{
	unsigned int page = handle * 4, i;

	pv_front_ring_init(&tx[handle], fake_guest_page(page), 4096, 12);
	pv_front_ring_init(&rx[handle], fake_guest_page(page + 1), 4096, 8);
	for (i = 0; i < 4; i++)
		fake_grant(TX_REF + page + i, page + i, true);
	put_number(FRONT, handle, "tx-ring-ref", TX_REF + page);
	put_number(FRONT, handle, "rx-ring-ref", TX_REF + page + 1);
	put_number(FRONT, handle, "event-channel", 1 + handle);
	put(FRONT, handle, "request-rx-copy", "1");
	put(FRONT, handle, "state", "4");
}

static void remove_device(unsigned int handle)
{
	xs_local_rm(card(BACK, handle));
	xs_local_rm(card(FRONT, handle));
}

static void begin(void)
{
	static bool is_registered;

	fake_pv_start();
	if (!is_registered)
		CHECK(!backend_register(&netback_type));
	is_registered = true;
	make_device(0, "02:00:00:00:00:01", NULL);
	make_device(1, "02:00:00:00:00:02", NULL);
	CHECK_TEXT(get(BACK, 0, "hotplug-status"), "connected");
	CHECK_TEXT(get(BACK, 0, "state"), "2");
	CHECK_TEXT(get(BACK, 0, "feature-rx-copy"), "1");
	CHECK_TEXT(get(BACK, 0, "carrier"), "1");
}

static void end(void)
{
	remove_device(0);
	remove_device(1);
	CHECK(!backend_next(NULL));
	CHECK(fake_pv.mapped == 0 && fake_pv.ports == 0);
	CHECK(fake_pv.reserved == 0);
	fake_pv_end();
}

static void send(uint16_t flags)
{
	uint8_t *frame = fake_guest_page(2);
	struct netif_tx_request request = { .gref = TX_REF + 2,
					    .size = FRAME,
					    .flags = flags };

	memset(frame, 0x55, FRAME);
	memcpy(frame, "\2\0\0\0\0\2\2\0\0\0\0\1\x88\xb5", 14);
	pv_front_ring_put(&tx[0], &request, sizeof(request));
	pv_front_ring_publish(&tx[0]);
	fake_guest_notify(1);
	while (fake_run_events())
		;
}

static void test_packet(void)
{
	struct netif_rx_request request = { .id = 3, .gref = TX_REF + 7 };
	struct netif_rx_response response;

	begin();
	connect(0);
	connect(1);
	CHECK_TEXT(get(BACK, 0, "state"), "4");
	CHECK_TEXT(get(BACK, 1, "state"), "4");
	CHECK(fake_pv.mapped == 4 && fake_pv.ports == 2);
	pv_front_ring_put(&rx[1], &request, sizeof(request));
	pv_front_ring_publish(&rx[1]);
	send(0);
	CHECK(pv_front_ring_waiting(&tx[0]) == 1);
	CHECK(pv_front_ring_waiting(&rx[1]) == 1);
	pv_front_ring_take(&rx[1], &response, sizeof(response));
	CHECK(response.id == 3 && response.status == FRAME);
	CHECK(!memcmp(fake_guest_page(7), fake_guest_page(2), FRAME));
	put(FRONT, 0, "state", "6");
	CHECK_TEXT(get(BACK, 0, "state"), "6");
	CHECK(fake_pv.mapped == 2 && fake_pv.ports == 1);
	end();
}

/* Two queues, each with a channel for either direction. */
static void test_queues(void)
{
	struct netif_tx_request request = { .gref = TX_REF + 2, .size = FRAME };
	struct netif_tx_response response;
	uint8_t *frame = fake_guest_page(2);
	char key[48];
	unsigned int i;

	begin();
	for (i = 0; i < 10; i++)
		fake_grant(TX_REF + i, i, true);
	put(FRONT, 0, "multi-queue-num-queues", "2");
	for (i = 0; i < 2; i++) {
		snprintf(key, sizeof(key), "queue-%u/tx-ring-ref", i);
		put_number(FRONT, 0, key, TX_REF + 4 + i);
		snprintf(key, sizeof(key), "queue-%u/rx-ring-ref", i);
		put_number(FRONT, 0, key, TX_REF + 6 + i);
		snprintf(key, sizeof(key), "queue-%u/event-channel-tx", i);
		put_number(FRONT, 0, key, 3 + i);
		snprintf(key, sizeof(key), "queue-%u/event-channel-rx", i);
		put_number(FRONT, 0, key, 5 + i);
		pv_front_ring_init(&tx[i], fake_guest_page(4 + i), 4096, 12);
		pv_front_ring_init(&rx[i], fake_guest_page(6 + i), 4096, 8);
	}
	put(FRONT, 0, "request-rx-copy", "1");
	put(FRONT, 0, "state", "4");
	CHECK_TEXT(get(BACK, 0, "state"), "4");
	CHECK(fake_pv.mapped == 4 && fake_pv.ports == 4);
	memset(frame, 0, FRAME);
	memcpy(frame, "\2\0\0\0\0\2\2\0\0\0\0\1\x88\xb5", 14);
	pv_front_ring_put(&tx[1], &request, sizeof(request));
	pv_front_ring_publish(&tx[1]);
	fake_guest_notify(4);
	while (fake_run_events())
		;
	CHECK(pv_front_ring_waiting(&tx[1]) == 1);
	pv_front_ring_take(&tx[1], &response, sizeof(response));
	CHECK(response.status == NETIF_RSP_OKAY);
	end();
}

/* It says why, lets go, and serves the front end again when it begins anew. */
static void test_broken(void)
{
	unsigned int i;

	begin();
	for (i = 0; i < 20; i++) {
		connect(0);
		CHECK_TEXT(get(BACK, 0, "state"), "4");
		send(NETTXF_more_data);
		CHECK_TEXT(get(BACK, 0, "state"), "5");
		CHECK_HAS(get(BACK, 0, "error"), "ends in the middle");
		CHECK(fake_pv.mapped == 0 && fake_pv.ports == 0);
		put(FRONT, 0, "state", "1");
		CHECK_TEXT(get(BACK, 0, "state"), "2");
	}
	end();
}

static void test_bad_keys(void)
{
	static const char *const keys[][2] = {
		{ "tx-ring-ref", "400" },          { "rx-ring-ref", "x" },
		{ "event-channel", "999999" },     { "request-rx-copy", "0" },
		{ "multi-queue-num-queues", "5" },
	};
	unsigned int i;

	begin();
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		put(FRONT, 0, "state", "1");
		put(FRONT, 0, "multi-queue-num-queues", "1");
		connect(0);
		CHECK_TEXT(get(BACK, 0, "state"), "4");
		put(FRONT, 0, "state", "1");
		put(FRONT, 0, keys[i][0], keys[i][1]);
		put(FRONT, 0, "state", "4");
		CHECK_TEXT(get(BACK, 0, "state"), "5");
		CHECK(fake_pv.mapped == 0 && fake_pv.ports == 0);
	}
	end();
}

static void refuse(const char *mac, const char *rate, const char *why)
{
	make_device(2, mac, rate);
	CHECK_TEXT(get(BACK, 2, "hotplug-status"), "error");
	CHECK_HAS(get(BACK, 2, "error"), why);
	remove_device(2);
}

static void test_refused(void)
{
	begin();
	refuse("02:00:00:00:00:02", NULL, "has this mac");
	refuse("03:00:00:00:00:03", NULL, "not of a single card");
	refuse("02:00", NULL, "six bytes");
	refuse("02:00:00:00:00:03", "5", "rate: BYTES");
	refuse("02:00:00:00:00:03", "5,0", "rate: BYTES");
	refuse("02:00:00:00:00:03", "18446744073709551615,1000", "rate: BYTES");
	end();
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_packet),   TEST(test_queues),  TEST(test_broken),
		TEST(test_bad_keys), TEST(test_refused),
	};

	return RUN_TESTS(tests);
}
