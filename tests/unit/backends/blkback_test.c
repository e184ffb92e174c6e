/* SPDX-License-Identifier: MIT */
/*
 * The block back end against a front end in the same program: the real store,
 * the real ring, a guest made of a memory file. Disks are in memory, or one
 * that answers when the test says so.
 */
#include "backends/blkback.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <public/errno.h>
#include <pvguest/mm.h>

#include "backends/blk_source.h"
#include "backends/fake_pv.h"
#include "backends/keys.h"
#include "check.h"
#include "xenstore/local.h"

#define OWN   "/local/domain/0/backend/vbd/5/51712"
#define FRONT "/local/domain/5/device/vbd/51712"

#define RING_PAGE 0u
#define RING_REF  10u
#define PORT      4u
#define DATA_PAGE 32u /* first of the guest's data pages, and its reference */
#define DISK_SIZE (1u << 20)

static struct pv_ring ring;
static uint8_t image[DISK_SIZE];
static uint64_t last_id;

/* A disk that answers late ------------------------------------------------ */

static struct block_request *waiting[256];
static size_t n_waiting;

static void late_submit(struct block_device *device,
			struct block_request *request)
{
	(void)device;
	waiting[n_waiting++] = request;
}

static const struct block_ops late_ops = { .submit = late_submit };

static struct block_device late_disk = {
	.name = "late0",
	.sectors = DISK_SIZE / 512,
	.sector_size = 512,
	.max_sectors = 1024,
	.max_segments = 64,
	.has_flush = true,
	.ops = &late_ops,
};

static struct block_device late_partition = {
	.name = "late0p1",
	.sectors = 8,
	.sector_size = 512,
	.max_sectors = 1024,
	.max_segments = 64,
	.whole = &late_disk,
	.ops = &late_ops,
};

/* The oldest one is done. */
static void late_done(int error)
{
	struct block_request *request = waiting[0];

	n_waiting--;
	memmove(waiting, waiting + 1, n_waiting * sizeof(waiting[0]));
	request->done(request, error);
}

/* Devices ----------------------------------------------------------------- */

static void start(void)
{
	static bool is_registered;
	unsigned int i;

	fake_pv_start();
	n_waiting = 0;
	if (!is_registered) {
		CHECK(!backend_register(&blkback_type));
		block_register(&late_disk);
		block_register(&late_partition);
	}
	is_registered = true;
	for (i = 0; i < DISK_SIZE; i++)
		image[i] = (uint8_t)(i / 512 + i);
	fake_file("/guests/image", image, sizeof(image));
	for (i = DATA_PAGE; i < FAKE_PAGES; i++)
		fake_grant(i, i, true);
}

static void create(const char *kind, const char *params, const char *mode)
{
	key_put(FRONT, "state", "1");
	key_put(OWN, "online", "1");
	key_put(OWN, "type", kind);
	key_put(OWN, "params", params);
	key_put(OWN, "contents", "1/xvda");
	key_put(OWN, "mode", mode);
	key_put(OWN, "state", "1");
}

/* A ring of 1 << order pages. */
static void publish_ring(unsigned int order)
{
	unsigned int i, pages = 1u << order;
	char key[16];

	pv_front_ring_init(&ring, fake_guest_page(RING_PAGE),
			   pages * PV_PAGE_SIZE, sizeof(struct blkif_request));
	for (i = 0; i < pages; i++) {
		fake_grant(RING_REF + i, RING_PAGE + i, true);
		snprintf(key, sizeof(key), order ? "ring-ref%u" : "ring-ref",
			 i);
		key_put_number(FRONT, key, RING_REF + i);
	}
	if (order)
		key_put_number(FRONT, "ring-page-order", order);
	key_put_number(FRONT, "event-channel", PORT);
	key_put(FRONT, "protocol", "x86_64-abi");
}

static void go(bool persistent)
{
	key_put_number(FRONT, "feature-persistent", persistent);
	key_put(FRONT, "state", "3");
	CHECK_TEXT(key_get(OWN, "state"), "4");
	key_put(FRONT, "state", "4");
}

static void run(void)
{
	while (fake_run_events())
		;
}

static void open_disk(const char *kind, const char *params, const char *mode,
		      bool persistent)
{
	start();
	create(kind, params, mode);
	CHECK_TEXT(key_get(OWN, "hotplug-status"), "connected");
	publish_ring(0);
	go(persistent);
	run();
}

static void end(void)
{
	xs_local_rm(OWN);
	xs_local_rm(FRONT);
	blk_source_forget("1/xvda");
	CHECK(!backend_next(NULL));
	CHECK(fake_pv_is_clean());
	fake_pv_end();
}

/* Requests ---------------------------------------------------------------- */

static struct blkif_request plain(uint8_t operation, uint64_t sector,
				  unsigned int segments)
{
	struct blkif_request request = {
		.operation = operation,
		.nr_segments = (uint8_t)segments,
		.sector_number = sector,
		.id = ++last_id,
	};
	unsigned int i;

	for (i = 0; i < segments && i < 11; i++) {
		request.seg[i].gref = DATA_PAGE + i;
		request.seg[i].last_sect = 7;
	}
	return request;
}

static void send(const void *request)
{
	pv_front_ring_put(&ring, request, sizeof(struct blkif_request));
	if (pv_front_ring_publish(&ring))
		fake_guest_notify(PORT);
	run();
}

/* The next response: of request `id`, all its bytes ours to check. */
static int receive(uint64_t id, uint8_t operation)
{
	struct blkif_response response;
	static const uint8_t zeros[8];

	CHECK(pv_front_ring_waiting(&ring) > 0);
	pv_front_ring_take(&ring, &response, sizeof(response));
	pv_front_ring_rearm(&ring);
	CHECK(response.id == id);
	CHECK(response.operation == operation);
	CHECK(!memcmp((char *)&response + 12, zeros, 4));
	CHECK(((uint8_t *)&response)[9] == 0);
	return response.status;
}

static int ask(const struct blkif_request *request)
{
	send(request);
	return receive(request->id, request->operation);
}

static uint8_t *data(unsigned int page)
{
	return fake_guest_page(DATA_PAGE + page);
}

/* Tests ------------------------------------------------------------------- */

static void test_keys(void)
{
	open_disk("file", "/guests/image", "w", true);
	CHECK_TEXT(key_get(OWN, "sectors"), "2048");
	CHECK_TEXT(key_get(OWN, "sector-size"), "512");
	CHECK_TEXT(key_get(OWN, "info"), "0");
	CHECK_TEXT(key_get(OWN, "feature-persistent"), "1");
	CHECK_TEXT(key_get(OWN, "feature-max-indirect-segments"), "32");
	CHECK_TEXT(key_get(OWN, "feature-flush-cache"), "1");
	CHECK_TEXT(key_get(OWN, "feature-discard"), "1");
	CHECK_TEXT(key_get(OWN, "multi-queue-max-queues"), "4");
	CHECK_TEXT(key_get(OWN, "max-ring-page-order"), "3");
	end();
}

static void read_and_write(bool persistent)
{
	struct blkif_request request = plain(BLKIF_OP_READ, 16, 11);
	unsigned int calls;

	open_disk("file", "/guests/image", "w", persistent);
	CHECK(ask(&request) == BLKIF_RSP_OKAY);
	CHECK(!memcmp(data(0), image + 16 * 512, 4096));
	CHECK(!memcmp(data(10), image + 96 * 512, 4096));
	memset(data(0), 0xaa, 4096);
	memset(data(1), 0xbb, 4096);
	request = plain(BLKIF_OP_WRITE, 3, 2);
	request.seg[0].first_sect = 1;
	request.seg[0].last_sect = 2;
	request.seg[1].last_sect = 0;
	CHECK(ask(&request) == BLKIF_RSP_OKAY);
	calls = fake_pv.map_calls;
	request = plain(BLKIF_OP_READ, 0, 1);
	CHECK(ask(&request) == BLKIF_RSP_OKAY);
	CHECK(!memcmp(data(0), image, 3 * 512));
	CHECK(data(0)[3 * 512] == 0xaa && data(0)[5 * 512 - 1] == 0xaa);
	CHECK(data(0)[5 * 512] == 0xbb);
	CHECK(!memcmp(data(0) + 6 * 512, image + 6 * 512, 2 * 512));
	/* Pages that were seen before are not mapped again. */
	CHECK(fake_pv.map_calls == calls);
	CHECK(fake_pv.mapped == (persistent ? 12 : 1));
	CHECK(!!fake_pv.copied == !persistent);
	CHECK(image[3 * 512] == (uint8_t)(3 * 512 + 3));
	end();
}

static void test_persistent(void)
{
	read_and_write(true);
}

static void test_copied(void)
{
	read_and_write(false);
}

/* Mappings run out: the rest is copied. */
static void test_no_more_mappings(void)
{
	struct blkif_request request = plain(BLKIF_OP_READ, 16, 3);

	open_disk("file", "/guests/image", "w", true);
	fake_pv.maps_left = 2;
	CHECK(ask(&request) == BLKIF_RSP_OKAY);
	CHECK(!memcmp(data(2), image + 32 * 512, 4096));
	CHECK(fake_pv.mapped == 1 && fake_pv.copied == 3);
	end();
}

static void test_flush_and_discard(void)
{
	struct blkif_request request = plain(BLKIF_OP_FLUSH_DISKCACHE, 0, 0);
	struct blkif_request_discard discard = {
		.operation = BLKIF_OP_DISCARD,
		.id = 99,
		.sector_number = 9,
		.nr_sectors = 30,
	};
	char raw[sizeof(request)] = { 0 };

	open_disk("ram", "1M", "w", true);
	CHECK(ask(&request) == BLKIF_RSP_OKAY);
	memset(data(0), 1, 5 * 4096);
	request = plain(BLKIF_OP_WRITE, 0, 5);
	CHECK(ask(&request) == BLKIF_RSP_OKAY);
	memcpy(raw, &discard, sizeof(discard));
	send(raw);
	CHECK(receive(99, BLKIF_OP_DISCARD) == BLKIF_RSP_OKAY);
	request = plain(BLKIF_OP_READ, 0, 5);
	CHECK(ask(&request) == BLKIF_RSP_OKAY);
	/* Pages 2 and 3 were whole in it. */
	CHECK(data(0)[0] == 1 && data(1)[4095] == 1 && data(4)[0] == 1);
	CHECK(data(2)[0] == 0 && data(3)[4095] == 0);
	discard.flag = BLKIF_DISCARD_SECURE;
	memcpy(raw, &discard, sizeof(discard));
	send(raw);
	CHECK(receive(99, BLKIF_OP_DISCARD) == BLKIF_RSP_EOPNOTSUPP);
	end();
}

static struct blkif_request indirect(uint8_t operation, uint64_t sector,
				     unsigned int segments, unsigned int page)
{
	struct blkif_request_segment *list = (void *)data(page);
	struct blkif_request_indirect request = {
		.operation = BLKIF_OP_INDIRECT,
		.indirect_op = operation,
		.nr_segments = (uint16_t)segments,
		.id = ++last_id,
		.sector_number = sector,
		.indirect_grefs = { DATA_PAGE + page },
	};
	struct blkif_request raw = { 0 };
	unsigned int i;

	for (i = 0; i < segments && i < 512; i++) {
		list[i].gref = DATA_PAGE + i;
		list[i].first_sect = 0;
		list[i].last_sect = 7;
	}
	memcpy(&raw, &request, sizeof(request));
	return raw;
}

static void indirect_segments(bool persistent)
{
	struct blkif_request request;
	unsigned int i;

	open_disk("file", "/guests/image", "w", persistent);
	request = indirect(BLKIF_OP_READ, 8, 32, 40);
	send(&request);
	CHECK(receive(request.id, BLKIF_OP_READ) == BLKIF_RSP_OKAY);
	for (i = 0; i < 32; i++)
		CHECK(!memcmp(data(i), image + 4096 + i * 4096, 4096));
	request = indirect(BLKIF_OP_READ, 8, 33, 40);
	send(&request);
	CHECK(receive(request.id, BLKIF_OP_INDIRECT) == BLKIF_RSP_ERROR);
	request = indirect(BLKIF_OP_READ, 8, 0, 40);
	send(&request);
	CHECK(receive(request.id, BLKIF_OP_READ) == BLKIF_RSP_ERROR);
	request = indirect(BLKIF_OP_DISCARD, 8, 1, 40);
	send(&request);
	CHECK(receive(request.id, BLKIF_OP_INDIRECT) == BLKIF_RSP_ERROR);
	request = indirect(BLKIF_OP_READ, 8, 1, 40);
	((struct blkif_request_indirect *)&request)->indirect_grefs[0] =
		0x7fffffff;
	send(&request);
	CHECK(receive(request.id, BLKIF_OP_READ) == BLKIF_RSP_ERROR);
	end();
}

static void test_indirect(void)
{
	indirect_segments(true);
	indirect_segments(false);
}

static void test_read_only(void)
{
	struct blkif_request request = plain(BLKIF_OP_WRITE, 0, 1);

	open_disk("file", "/guests/image", "r", true);
	CHECK_TEXT(key_get(OWN, "info"), "4");
	CHECK_TEXT(key_get(OWN, "feature-discard"), "0");
	CHECK(ask(&request) == BLKIF_RSP_ERROR);
	request = plain(BLKIF_OP_WRITE_BARRIER, 0, 1);
	CHECK(ask(&request) == BLKIF_RSP_ERROR);
	request = plain(BLKIF_OP_DISCARD, 0, 0);
	CHECK(ask(&request) == BLKIF_RSP_EOPNOTSUPP);
	request = plain(BLKIF_OP_FLUSH_DISKCACHE, 0, 0);
	CHECK(ask(&request) == BLKIF_RSP_OKAY);
	request = plain(BLKIF_OP_READ, 0, 1);
	CHECK(ask(&request) == BLKIF_RSP_OKAY);
	CHECK(!memcmp(data(0), image, 4096));
	end();
}

static void test_large_sectors(void)
{
	struct blkif_request request = plain(BLKIF_OP_WRITE, 8, 1);

	open_disk("ram", "1M/4096", "w", true);
	CHECK_TEXT(key_get(OWN, "sectors"), "2048");
	CHECK_TEXT(key_get(OWN, "sector-size"), "4096");
	CHECK(ask(&request) == BLKIF_RSP_OKAY);
	request = plain(BLKIF_OP_READ, 4, 1);
	CHECK(ask(&request) == BLKIF_RSP_ERROR);
	request = plain(BLKIF_OP_READ, 8, 2);
	request.seg[0].last_sect = 3;
	request.seg[1].first_sect = 4;
	CHECK(ask(&request) == BLKIF_RSP_ERROR);
	end();
}

/* What a front end may not ask for costs it this request and nothing else. */
static void test_bad_requests(void)
{
	struct blkif_request good = plain(BLKIF_OP_READ, 0, 1), request;

	open_disk("file", "/guests/image", "w", true);
	request = plain(BLKIF_OP_READ, 2047, 1);
	CHECK(ask(&request) == BLKIF_RSP_ERROR);
	request = plain(BLKIF_OP_READ, UINT64_MAX, 1);
	CHECK(ask(&request) == BLKIF_RSP_ERROR);
	request = plain(BLKIF_OP_WRITE, UINT64_MAX - 7, 1);
	CHECK(ask(&request) == BLKIF_RSP_ERROR);
	request = plain(BLKIF_OP_READ, 0, 0);
	CHECK(ask(&request) == BLKIF_RSP_ERROR);
	request = plain(BLKIF_OP_READ, 0, 12);
	CHECK(ask(&request) == BLKIF_RSP_ERROR);
	request = plain(BLKIF_OP_READ, 0, 255);
	CHECK(ask(&request) == BLKIF_RSP_ERROR);
	request = plain(BLKIF_OP_READ, 0, 1);
	request.seg[0].last_sect = 8;
	CHECK(ask(&request) == BLKIF_RSP_ERROR);
	request.seg[0].first_sect = 255;
	request.seg[0].last_sect = 255;
	CHECK(ask(&request) == BLKIF_RSP_ERROR);
	request.seg[0].first_sect = 3;
	request.seg[0].last_sect = 2;
	CHECK(ask(&request) == BLKIF_RSP_ERROR);
	request = plain(77, 0, 1);
	CHECK(ask(&request) == BLKIF_RSP_EOPNOTSUPP);
	CHECK(ask(&good) == BLKIF_RSP_OKAY);
	CHECK_TEXT(key_get(OWN, "state"), "4");
	end();
}

static void bad_grants(bool persistent)
{
	struct blkif_request request = plain(BLKIF_OP_READ, 0, 3);

	open_disk("file", "/guests/image", "w", persistent);
	request.seg[1].gref = 0xffffffff;
	CHECK(ask(&request) == BLKIF_RSP_ERROR);
	request.seg[1].gref = DATA_PAGE + 1;
	fake_grant(DATA_PAGE + 1, DATA_PAGE + 1, false);
	CHECK(ask(&request) == BLKIF_RSP_ERROR);
	/* Reading the guest's page for a write is all right. */
	request.operation = BLKIF_OP_WRITE;
	CHECK(ask(&request) == BLKIF_RSP_OKAY);
	request.operation = BLKIF_OP_READ;
	CHECK(fake_revoke(DATA_PAGE + 1));
	CHECK(ask(&request) == BLKIF_RSP_ERROR);
	fake_grant(DATA_PAGE + 1, DATA_PAGE + 1, true);
	CHECK(ask(&request) == BLKIF_RSP_OKAY);
	/* The same page twice in a request. */
	request.seg[1].gref = request.seg[0].gref;
	CHECK(ask(&request) == BLKIF_RSP_OKAY);
	request = indirect(BLKIF_OP_READ, 0, 3, 3);
	CHECK(fake_revoke(DATA_PAGE + 3));
	send(&request);
	CHECK(receive(request.id, BLKIF_OP_READ) == BLKIF_RSP_ERROR);
	end();
}

static void test_bad_grants(void)
{
	bad_grants(true);
	bad_grants(false);
}

static void test_impossible_indices(void)
{
	static const uint32_t bad[] = { 33, 0xffffffff, 0x80000000, 1u << 16 };
	size_t i;

	open_disk("file", "/guests/image", "w", true);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ring.shared->req_prod = bad[i];
		fake_guest_notify(PORT);
		run();
		CHECK_TEXT(key_get(OWN, "state"), "5");
		CHECK(fake_pv_is_clean());
		/* It comes back, and is served. */
		key_put(FRONT, "state", "6");
		key_put(FRONT, "state", "1");
		publish_ring(0);
		go(true);
		run();
	}
	end();
}

/* A ring that is full all the time does not keep others waiting. */
static void test_busy_ring(void)
{
	struct blkif_request request;
	unsigned int i, rounds = 0;

	open_disk("file", "/guests/image", "w", true);
	for (i = 0; i < 32; i++) {
		request = plain(BLKIF_OP_READ, i * 8, 1);
		pv_front_ring_put(&ring, &request, sizeof(request));
	}
	pv_front_ring_publish(&ring);
	fake_guest_notify(PORT);
	fake_pv.notifications = 0;
	while (fake_run_events())
		rounds++;
	CHECK(pv_front_ring_waiting(&ring) == 32);
	CHECK(fake_pv.notifications == 1 && rounds < 4);
	end();
}

static void test_large_ring(void)
{
	struct blkif_request request;
	unsigned int i;

	start();
	create("file", "/guests/image", "w");
	publish_ring(3);
	go(true);
	run();
	for (i = 0; i < 200; i++) {
		request = plain(BLKIF_OP_READ, i, 1);
		pv_front_ring_put(&ring, &request, sizeof(request));
	}
	pv_front_ring_publish(&ring);
	fake_guest_notify(PORT);
	run();
	CHECK(pv_front_ring_waiting(&ring) == 200);
	end();
}

static void test_queues(void)
{
	struct blkif_request request = plain(BLKIF_OP_READ, 0, 1);

	start();
	create("file", "/guests/image", "w");
	key_put(FRONT, "multi-queue-num-queues", "2");
	publish_ring(0);
	key_put_number(FRONT, "queue-0/ring-ref", RING_REF);
	key_put_number(FRONT, "queue-0/event-channel", PORT);
	fake_grant(RING_REF + 1, RING_PAGE + 1, true);
	memset(fake_guest_page(RING_PAGE + 1), 0, 4096);
	key_put_number(FRONT, "queue-1/ring-ref", RING_REF + 1);
	key_put_number(FRONT, "queue-1/event-channel", PORT + 1);
	go(true);
	CHECK(fake_pv.ports == 2);
	run();
	CHECK(ask(&request) == BLKIF_RSP_OKAY);
	pv_front_ring_init(&ring, fake_guest_page(RING_PAGE + 1), 4096,
			   sizeof(request));
	pv_front_ring_put(&ring, &request, sizeof(request));
	pv_front_ring_publish(&ring);
	fake_guest_notify(PORT + 1);
	run();
	CHECK(receive(request.id, BLKIF_OP_READ) == BLKIF_RSP_OKAY);
	end();
}

static const struct {
	const char *key;
	const char *value;
} bad_keys[] = {
	{ "ring-ref", "" },
	{ "ring-ref", "999999" },
	{ "ring-ref", "18446744073709551626" },
	{ "ring-ref", "-1" },
	{ "ring-ref", "ring" },
	{ "event-channel", "0" },
	{ "event-channel", "4000000000" },
	{ "event-channel", "99999999999999999999999999999999999999" },
	{ "ring-page-order", "4" },
	{ "ring-page-order", "31" },
	{ "ring-page-order", "2" },
	{ "multi-queue-num-queues", "0" },
	{ "multi-queue-num-queues", "5" },
	{ "multi-queue-num-queues", "2" },
	{ "protocol", "x86_32-abi" },
};

static void test_bad_keys(void)
{
	size_t i;

	start();
	create("file", "/guests/image", "w");
	for (i = 0; i < sizeof(bad_keys) / sizeof(bad_keys[0]); i++) {
		publish_ring(0);
		xs_local_rm(FRONT "/ring-page-order");
		xs_local_rm(FRONT "/multi-queue-num-queues");
		key_put(FRONT, bad_keys[i].key, bad_keys[i].value);
		key_put(FRONT, "state", "3");
		CHECK_TEXT(key_get(OWN, "state"), "5");
		CHECK(*key_get(OWN, "error"));
		CHECK(fake_pv_is_clean());
		key_put(FRONT, "state", "6");
		key_put(FRONT, "state", "1");
		CHECK_TEXT(key_get(OWN, "state"), "2");
	}
	end();
}

/* I/O under way --------------------------------------------------------- */

static void test_late_answers(void)
{
	struct blkif_request first = plain(BLKIF_OP_READ, 0, 1);
	struct blkif_request second = plain(BLKIF_OP_WRITE, 8, 1);

	open_disk("phy", "/dev/late0", "w", true);
	send(&first);
	send(&second);
	CHECK(n_waiting == 2 && pv_front_ring_waiting(&ring) == 0);
	/* DMA goes to the guest's own page. */
	CHECK(waiting[0]->segments[0].maddr ==
	      0x100000000ULL + DATA_PAGE * 4096);
	fake_pv.notifications = 0;
	late_done(-XEN_EIO);
	late_done(0);
	run();
	CHECK(fake_pv.notifications == 1);
	CHECK(receive(first.id, BLKIF_OP_READ) == BLKIF_RSP_ERROR);
	CHECK(receive(second.id, BLKIF_OP_WRITE) == BLKIF_RSP_OKAY);
	end();
}

/* A barrier waits for what came before, and all else waits for it. */
static void test_barrier(void)
{
	struct blkif_request before = plain(BLKIF_OP_WRITE, 0, 1);
	struct blkif_request barrier = plain(BLKIF_OP_WRITE_BARRIER, 8, 2);
	struct blkif_request after = plain(BLKIF_OP_READ, 0, 1);

	open_disk("phy", "late0", "w", true);
	send(&before);
	send(&barrier);
	send(&after);
	CHECK(n_waiting == 1);
	late_done(0);
	run();
	CHECK(n_waiting == 1 && waiting[0]->op == BLOCK_FLUSH);
	late_done(0);
	CHECK(n_waiting == 1 && waiting[0]->op == BLOCK_WRITE);
	CHECK(waiting[0]->sectors == 16 && waiting[0]->segment_count == 2);
	late_done(0);
	CHECK(n_waiting == 1 && waiting[0]->op == BLOCK_FLUSH);
	CHECK(waiting[0]->segment_count == 0);
	late_done(0);
	run();
	CHECK(n_waiting == 1 && waiting[0]->op == BLOCK_READ);
	late_done(0);
	run();
	CHECK(receive(before.id, BLKIF_OP_WRITE) == BLKIF_RSP_OKAY);
	CHECK(receive(barrier.id, BLKIF_OP_WRITE_BARRIER) == BLKIF_RSP_OKAY);
	CHECK(receive(after.id, BLKIF_OP_READ) == BLKIF_RSP_OKAY);
	end();
}

static void test_barrier_fails(void)
{
	struct blkif_request barrier = plain(BLKIF_OP_WRITE_BARRIER, 8, 2);

	open_disk("phy", "late0", "w", false);
	send(&barrier);
	late_done(0);
	late_done(-XEN_EIO);
	run();
	CHECK(receive(barrier.id, BLKIF_OP_WRITE_BARRIER) == BLKIF_RSP_ERROR);
	barrier = plain(BLKIF_OP_WRITE_BARRIER, 0, 0);
	send(&barrier);
	late_done(0);
	late_done(0);
	run();
	CHECK(receive(barrier.id, BLKIF_OP_WRITE_BARRIER) == BLKIF_RSP_OKAY);
	end();
}

static void death(bool persistent, bool with_barrier)
{
	struct blkif_request request = plain(BLKIF_OP_READ, 0, 2);
	struct blkif_request barrier = plain(BLKIF_OP_WRITE_BARRIER, 0, 1);

	open_disk("phy", "late0", "w", persistent);
	send(&request);
	request.operation = BLKIF_OP_WRITE;
	send(&request);
	if (with_barrier)
		send(&barrier);
	xs_local_rm(OWN);
	xs_local_rm(FRONT);
	/* The disk still has our pages, and the guest's. */
	CHECK(backend_next(NULL) && !fake_pv.ports);
	CHECK(persistent ? fake_pv.mapped == 3
			 : fake_pv.pages == 4u + with_barrier);
	late_done(0);
	CHECK(backend_next(NULL));
	late_done(-XEN_EIO);
	end();
}

static void test_death_in_io(void)
{
	death(true, false);
	death(false, false);
	death(true, true);
	death(false, true);
}

static void test_closed_in_io(void)
{
	struct blkif_request request = plain(BLKIF_OP_READ, 0, 2);

	open_disk("phy", "late0", "w", true);
	send(&request);
	key_put(FRONT, "state", "6");
	key_put(FRONT, "state", "1");
	CHECK_TEXT(key_get(OWN, "state"), "4");
	late_done(0);
	CHECK_TEXT(key_get(OWN, "state"), "2");
	CHECK(fake_pv_is_clean());
	publish_ring(0);
	go(true);
	end();
}

static uint64_t waits(void)
{
	return ((struct blk_device *)backend_next(NULL))->counters.waits;
}

/* Copies wait for pages, and none is lost. */
static void test_pages_run_out(void)
{
	struct blkif_request request;
	unsigned int i, answered = 0;

	open_disk("phy", "late0", "w", false);
	for (i = 0; i < 32; i++) {
		request = plain(BLKIF_OP_READ, 0, 11);
		send(&request);
	}
	CHECK(n_waiting < 32 && fake_pv.pages <= BLK_COPY_PAGES_MAX);
	while (n_waiting) {
		late_done(0);
		run();
		answered++;
	}
	CHECK(answered == 32 && pv_front_ring_waiting(&ring) == 32);
	CHECK(waits() > 0);
	end();
}

static void test_no_pages_at_all(void)
{
	struct blkif_request request = plain(BLKIF_OP_READ, 0, 11);

	open_disk("phy", "late0", "w", false);
	fake_pv.pages_left = 4;
	CHECK(ask(&request) == BLKIF_RSP_ERROR);
	fake_pv.pages_left = 100;
	send(&request);
	late_done(0);
	run();
	CHECK(receive(request.id, BLKIF_OP_READ) == BLKIF_RSP_OKAY);
	CHECK(!waits());
	end();
}

static void test_reconnects(void)
{
	struct blkif_request request;
	int i;

	open_disk("file", "/guests/image", "w", true);
	for (i = 0; i < 100; i++) {
		request = plain(BLKIF_OP_READ, 0, 11);
		CHECK(ask(&request) == BLKIF_RSP_OKAY);
		key_put(FRONT, "state", "5");
		key_put(FRONT, "state", "6");
		CHECK(fake_pv_is_clean());
		key_put(FRONT, "state", "1");
		publish_ring(0);
		go(i % 2);
		run();
	}
	end();
}

/* Sources ----------------------------------------------------------------- */

static const struct {
	const char *type, *params, *why;
} bad_sources[] = {
	{ "file", "/guests/none", "/guests/none: no such file" },
	{ "phy", "/dev/none", "/dev/none: no such disk" },
	{ "ram", "", "ram:: not a size" },
	{ "ram", "-1", "not a size" },
	{ "ram", "1X", "not a size" },
	{ "ram", "1M/1024", "not a size" },
	{ "ram", "99999999999G", "not a size" },
	{ "ram", "100", "not a size" },
};

static void test_bad_sources(void)
{
	size_t i;

	for (i = 0; i < sizeof(bad_sources) / sizeof(bad_sources[0]); i++) {
		start();
		create(bad_sources[i].type, bad_sources[i].params, "w");
		CHECK_TEXT(key_get(OWN, "hotplug-status"), "error");
		CHECK_HAS(key_get(OWN, "error"), bad_sources[i].why);
		end();
	}
}

/* What was written stays as long as the toolstack wants it. */
static void test_contents_are_kept(void)
{
	struct blkif_request request = plain(BLKIF_OP_WRITE, 0, 1);

	open_disk("file", "image", "w", true);
	memset(data(0), 0x55, 4096);
	CHECK(ask(&request) == BLKIF_RSP_OKAY);
	xs_local_rm(OWN);
	CHECK(fake_pv.pages == 2); /* the page and its table */
	create("file", "image", "w");
	publish_ring(0);
	go(true);
	run();
	memset(data(0), 0, 4096);
	request = plain(BLKIF_OP_READ, 0, 1);
	CHECK(ask(&request) == BLKIF_RSP_OKAY);
	CHECK(data(0)[0] == 0x55 && data(0)[4095] == 0x55);
	/* Forgotten while it is open: with its end. */
	blk_source_forget("1/xvda");
	CHECK(ask(&request) == BLKIF_RSP_OKAY);
	xs_local_rm(OWN);
	CHECK(fake_pv.pages == 0);
	end();
}

static void test_memory_runs_out(void)
{
	struct blkif_request request = plain(BLKIF_OP_WRITE, 0, 4);

	open_disk("ram", "1M", "w", true);
	fake_pv.pages_left = 2048 + 3;
	CHECK(ask(&request) == BLKIF_RSP_ERROR);
	request = plain(BLKIF_OP_READ, 0, 4);
	CHECK(ask(&request) == BLKIF_RSP_OKAY);
	end();
}

/* One writer, or any number of readers. */
static void test_one_writer(void)
{
	struct blk_source_request request = { "phy", "late0", "", true };
	struct blk_source *first;
	char why[100];

	start();
	first = blk_source_open(&request, why, sizeof(why));
	CHECK(first);
	CHECK(!blk_source_open(&request, why, sizeof(why)));
	CHECK_TEXT(why, "late0: in use by another guest");
	request.writable = false;
	CHECK(!blk_source_open(&request, why, sizeof(why)));
	blk_source_close(first, true);
	first = blk_source_open(&request, why, sizeof(why));
	CHECK(first && blk_source_open(&request, why, sizeof(why)) == first);
	request.writable = true;
	CHECK(!blk_source_open(&request, why, sizeof(why)));
	blk_source_close(first, false);
	blk_source_close(first, false);
	/* A partition and its disk are the same bytes. */
	first = blk_source_open(&request, why, sizeof(why));
	CHECK(first);
	request.params = "late0p1";
	CHECK(!blk_source_open(&request, why, sizeof(why)));
	CHECK_TEXT(why, "late0p1: in use by another guest");
	blk_source_close(first, true);
	first = blk_source_open(&request, why, sizeof(why));
	CHECK(first);
	request.params = "/dev/late0";
	CHECK(!blk_source_open(&request, why, sizeof(why)));
	blk_source_close(first, true);
	end();
}

/* clang-format off */
static const struct test tests[] = {
	TEST(test_keys),
	TEST(test_persistent),
	TEST(test_copied),
	TEST(test_no_more_mappings),
	TEST(test_flush_and_discard),
	TEST(test_indirect),
	TEST(test_read_only),
	TEST(test_large_sectors),
	TEST(test_bad_requests),
	TEST(test_bad_grants),
	TEST(test_impossible_indices),
	TEST(test_busy_ring),
	TEST(test_large_ring),
	TEST(test_queues),
	TEST(test_bad_keys),
	TEST(test_late_answers),
	TEST(test_barrier),
	TEST(test_barrier_fails),
	TEST(test_death_in_io),
	TEST(test_closed_in_io),
	TEST(test_pages_run_out),
	TEST(test_no_pages_at_all),
	TEST(test_reconnects),
	TEST(test_bad_sources),
	TEST(test_contents_are_kept),
	TEST(test_memory_runs_out),
	TEST(test_one_writer),
};
/* clang-format on */

int main(void)
{
	return RUN_TESTS(tests);
}
