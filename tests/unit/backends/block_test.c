/* SPDX-License-Identifier: MIT */
/*
 * The library's block front end: against the real back end, with disks in
 * memory and with one that answers when the test says so; and against a back
 * end that lies, which the test plays itself.
 */
#include <pvguest/block.h>

#include <stdlib.h>
#include <string.h>

#include <public/errno.h>
#include <pvguest/event.h>
#include <pvguest/front.h>

#include "backends/blk_source.h"
#include "backends/blkback.h"
#include "backends/fake_guest.h"
#include "backends/fake_pv.h"
#include "backends/keys.h"
#include "check.h"
#include "xenstore/local.h"

#define OWN       "/local/domain/0/backend/vbd/5/51712"
#define FRONT     "/local/domain/5/device/vbd/51712"
#define HANDLE    51712
#define DISK_SIZE (1u << 20)

static uint8_t image[DISK_SIZE];
static uint8_t data[(1024 + 64) * 512], more[512 * 1024];
static struct pv_block *block;

/* A disk that answers late ------------------------------------------------ */

static struct block_request *waiting[1024];
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
	.sector_size = 4096,
	.max_sectors = 1024,
	.max_segments = 64,
	.ops = &late_ops,
};

/* The newest one is done. */
static void late_done(int error)
{
	struct block_request *request = waiting[--n_waiting];

	request->done(request, error);
}

/* Devices ----------------------------------------------------------------- */

static void begin(void)
{
	static bool is_registered;
	unsigned int i;

	fake_pv_start();
	fake_guest_start();
	n_waiting = 0;
	if (!is_registered) {
		CHECK(!backend_register(&blkback_type));
		block_register(&late_disk);
	}
	is_registered = true;
	for (i = 0; i < DISK_SIZE; i++)
		image[i] = (uint8_t)(i / 512 * 7 + i);
	fake_file("/guests/image", image, sizeof(image));
	key_put(FRONT, "backend", OWN);
	key_put(FRONT, "backend-id", "0");
	key_put(FRONT, "state", "1");
}

static void create(const char *kind, const char *params, const char *mode)
{
	key_put(OWN, "online", "1");
	key_put(OWN, "type", kind);
	key_put(OWN, "params", params);
	key_put(OWN, "contents", "1/xvda");
	key_put(OWN, "mode", mode);
	key_put(OWN, "state", "1");
}

static void open_disk(const struct pv_block_options *options)
{
	int error;

	block = pv_block_open(HANDLE, options, &error);
	CHECK(block && !error);
	CHECK_TEXT(key_get(OWN, "state"), "4");
	CHECK_TEXT(key_get(FRONT, "state"), "4");
}

static void begin_file(const struct pv_block_options *options)
{
	begin();
	create("file", "/guests/image", "w");
	open_disk(options);
}

static void begin_late(const struct pv_block_options *options)
{
	begin();
	create("phy", "late0", "w");
	open_disk(options);
}

/* Both ends have given everything back. */
static void end(void)
{
	xs_local_rm(OWN);
	xs_local_rm(FRONT);
	blk_source_forget("1/xvda");
	CHECK(!backend_next(NULL));
	CHECK(fake_pv_is_clean());
	CHECK(fake_guest_is_clean());
	fake_pv_end();
}

static void end_closed(void)
{
	CHECK(!pv_block_close(block));
	CHECK_TEXT(key_get(OWN, "state"), "6");
	end();
}

/* Many requests ----------------------------------------------------------- */

static struct pv_block_request requests[1200];
static unsigned int n_done;

static void count_done(struct pv_block_request *request)
{
	n_done++;
	request->context = &n_done;
}

static int submit_read(unsigned int i, uint64_t sector, uint32_t sectors)
{
	requests[i] = (struct pv_block_request){
		.op = PV_BLOCK_READ,
		.sector = sector,
		.sectors = sectors,
		.buffer = data + i % 1024 * 512,
		.done = count_done,
		.error = -1,
	};
	return pv_block_submit(block, &requests[i]);
}

static void wait_done(unsigned int count)
{
	while (pv_block_check(block) && n_done < count)
		guest_wait(PV_FOREVER);
}

/* Tests ------------------------------------------------------------------- */

static void test_info(void)
{
	const struct pv_block_info *info;

	begin_file(NULL);
	info = pv_block_info(block);
	CHECK(info->sectors == DISK_SIZE / 512 && info->sector_size == 512);
	CHECK(info->max_sectors == 32 * 8);
	CHECK(info->queues == 1 && info->depth == 32);
	CHECK(info->has_flush && info->has_discard && info->is_persistent);
	CHECK(!info->is_read_only && !info->is_cdrom);
	end_closed();
}

static void read_and_write(const struct pv_block_options *options)
{
	begin_file(options);
	CHECK(!pv_block_read(block, 16, data, 256));
	CHECK(!memcmp(data, image + 16 * 512, 256 * 512));
	CHECK(!pv_block_read(block, 3, data + 1, 13)); /* not aligned */
	CHECK(!memcmp(data + 1, image + 3 * 512, 13 * 512));
	memset(data, 0xa5, sizeof(data));
	CHECK(!pv_block_write(block, 7, data, 100));
	CHECK(!pv_block_flush(block));
	CHECK(!pv_block_read(block, 0, more, 200));
	CHECK(!memcmp(more, image, 7 * 512));
	CHECK(!memcmp(more + 7 * 512, data, 100 * 512));
	CHECK(!memcmp(more + 107 * 512, image + 107 * 512, 93 * 512));
	end_closed();
}

static void test_persistent(void)
{
	read_and_write(NULL);
}

static void test_map_each(void)
{
	static const struct pv_block_options options = { .needs_map_each =
								 true };

	read_and_write(&options);
}

static void test_queues_and_pages(void)
{
	static const struct pv_block_options options = { .queues = 9,
							 .depth = 200 };

	read_and_write(&options);
	begin_file(&options);
	CHECK(pv_block_info(block)->queues == 4);
	CHECK(pv_block_info(block)->depth == 4 * 256);
	CHECK(fake_pv.ports == 4);
	end_closed();
}

static void test_discard(void)
{
	struct pv_block_request request = { .op = PV_BLOCK_DISCARD,
					    .sector = 8,
					    .sectors = 16 };

	begin_file(NULL);
	CHECK(!pv_block_do(block, &request));
	CHECK(!pv_block_read(block, 0, data, 32));
	CHECK(!memcmp(data, image, 8 * 512));
	CHECK(!memcmp(data + 24 * 512, image + 24 * 512, 8 * 512));
	request.sector = 2040;
	CHECK(pv_block_do(block, &request) == -XEN_EINVAL);
	end_closed();
}

static void test_refused(void)
{
	begin_file(NULL);
	CHECK(pv_block_read(block, 0, data, 0) == -XEN_EINVAL);
	CHECK(pv_block_read(block, 0, data, 257) == -XEN_EINVAL);
	CHECK(pv_block_read(block, 2048, data, 1) == -XEN_EINVAL);
	CHECK(pv_block_read(block, 2047, data, 2) == -XEN_EINVAL);
	CHECK(pv_block_read(block, UINT64_MAX, data, 8) == -XEN_EINVAL);
	CHECK(!pv_block_read(block, 2047, data, 1));
	end_closed();
	begin();
	create("file", "/guests/image", "r");
	open_disk(NULL);
	CHECK(pv_block_info(block)->is_read_only);
	CHECK(pv_block_write(block, 0, data, 1) == -XEN_EROFS);
	CHECK(!pv_block_read(block, 0, data, 1));
	end_closed();
}

/* Sectors of 4096 bytes, answers in any order, errors of the disk. */
static void test_late(void)
{
	unsigned int i;

	begin_late(NULL);
	n_done = 0;
	CHECK(pv_block_info(block)->sector_size == 4096);
	CHECK(pv_block_flush(block) == -XEN_EOPNOTSUPP);
	CHECK(submit_read(0, 1, 8) == -XEN_EINVAL);
	CHECK(submit_read(0, 8, 4) == -XEN_EINVAL);
	for (i = 0; i < 32; i++)
		CHECK(!submit_read(i, i * 8, 8));
	CHECK(submit_read(32, 0, 8) == -XEN_EAGAIN);
	CHECK(fake_guest.notifications == 0);
	pv_block_kick(block);
	CHECK(fake_guest.notifications == 1);
	while (fake_run_events())
		;
	CHECK(n_waiting == 32 && n_done == 0);
	while (n_waiting)
		late_done(n_waiting == 5 ? -XEN_EIO : 0);
	wait_done(32);
	for (i = 0; i < 32; i++)
		CHECK(requests[i].error == (i == 4 ? -XEN_EIO : 0));
	end_closed();
}

/* More than there are slots and pages, over and over. */
static void test_many(void)
{
	static const struct pv_block_options options = { .queues = 2,
							 .depth = 64 };
	unsigned int i, again = 0;

	begin_file(&options);
	n_done = 0;
	for (i = 0; i < 1200; i++) {
		int rc;

		while ((rc = submit_read(i, i % 1000, i % 64 + 1)) ==
		       -XEN_EAGAIN) {
			pv_block_kick(block);
			guest_wait(PV_FOREVER);
			again++;
		}
		CHECK(!rc);
	}
	pv_block_kick(block);
	wait_done(1200);
	CHECK(n_done == 1200 && again > 0);
	for (i = 0; i < 1200; i++)
		CHECK(!requests[i].error);
	end_closed();
}

static void test_shared(void)
{
	char *pages;
	size_t held;

	begin_file(NULL);
	pages = fake_guest_pages(64);
	CHECK(pv_block_share(block, pages + 1, 1) == -XEN_EINVAL);
	CHECK(pv_block_share(block, pages, 0) == -XEN_EINVAL);
	CHECK(!pv_block_share(block, pages, 32));
	CHECK(!pv_block_share(block, pages + 32 * 4096, 32));
	held = fake_guest.pages;
	CHECK(!pv_block_read(block, 5, pages + 512, 200));
	CHECK(!memcmp(pages + 512, image + 5 * 512, 200 * 512));
	CHECK(!pv_block_read(block, 9, pages + 40 * 4096 + 3584, 2));
	CHECK(!memcmp(pages + 40 * 4096 + 3584, image + 9 * 512, 1024));
	/* One page for the list of segments, none for data. */
	CHECK(fake_guest.pages == held + 1);
	/* Across the end of what is shared, or between sectors: copied. */
	CHECK(!pv_block_read(block, 5, pages + 31 * 4096, 16));
	CHECK(!memcmp(pages + 31 * 4096, image + 5 * 512, 16 * 512));
	CHECK(!pv_block_read(block, 5, pages + 8, 8));
	CHECK(!memcmp(pages + 8, image + 5 * 512, 8 * 512));
	CHECK(fake_guest.pages == held + 2);
	/* 33 segments for 32 pages' worth: more than a request has. */
	CHECK(!pv_block_read(block, 5, pages + 512, 31 * 8));
	CHECK(!pv_block_read(block, 0, pages + 32 * 4096 - 512, 1));
	end_closed();
}

static void test_find(void)
{
	uint32_t handle;

	begin();
	key_put("/local/domain/5/device/vbd/768", "state", "1");
	key_put("/local/domain/5/device/vbd/xvda", "state", "1");
	key_put("/local/domain/5/device/vbd/99999999999", "state", "1");
	CHECK(!pv_front_find("vbd", 0, &handle) && handle == 768);
	CHECK(!pv_front_find("vbd", 1, &handle) && handle == HANDLE);
	CHECK(pv_front_find("vbd", 2, &handle) == -XEN_ENOENT);
	CHECK(pv_front_find("vif", 0, &handle) == -XEN_ENOENT);
	xs_local_rm("/local/domain/5/device/vbd");
	end();
}

/* A kernel before us has left everything as it was. */
static void test_reopen(void)
{
	struct pv_block *first;
	int error, i;

	begin_file(NULL);
	first = block;
	block = pv_block_open(HANDLE, NULL, &error);
	CHECK(block && !pv_block_read(block, 0, data, 8));
	CHECK(!pv_block_close(block));
	CHECK(!pv_block_check(first));
	block = first;
	CHECK(!pv_block_close(block));
	for (i = 0; i < 20; i++) {
		const struct pv_block_options options = { .depth = i % 2 ? 256
									 : 0 };

		open_disk(&options);
		CHECK(!pv_block_read(block, 0, data, 8));
		CHECK(!pv_block_close(block));
	}
	end();
}

/* Every page that is not there in turn. */
static void test_no_memory(void)
{
	const struct pv_block_options options = { .queues = 2, .depth = 128 };
	size_t left;
	int error;

	begin();
	create("file", "/guests/image", "w");
	for (left = 0; left < 40; left++) {
		fake_guest.pages_left = left;
		block = pv_block_open(HANDLE, &options, &error);
		if (block)
			break;
		CHECK(error == -XEN_ENOMEM);
		CHECK(fake_guest_is_clean());
	}
	CHECK(left == 12);
	CHECK(pv_block_read(block, 0, data, 8) == -XEN_ENOMEM);
	fake_guest.pages_left = 12;
	CHECK(pv_block_read(block, 0, data, 8 * 12) == -XEN_ENOMEM);
	CHECK(!pv_block_read(block, 0, data, 8 * 11));
	end_closed();
}

static void check_lost(void)
{
	unsigned int i;

	CHECK(!pv_block_check(block) && n_done == 10);
	for (i = 0; i < 10; i++)
		CHECK(requests[i].error == -XEN_EIO);
	CHECK(submit_read(10, 0, 8) == -XEN_ENODEV);
	CHECK(pv_block_read(block, 0, data, 8) == -XEN_ENODEV);
	pv_block_kick(block);
}

/* In the middle of things: its directory, or its state, goes. */
static void lose(const char *state)
{
	unsigned int i;

	begin_late(NULL);
	n_done = 0;
	for (i = 0; i < 10; i++)
		CHECK(!submit_read(i, i * 8, 8));
	pv_block_kick(block);
	CHECK(pv_block_check(block));
	guest_wait(PV_FOREVER);
	if (state)
		key_put(OWN, "state", state);
	else
		xs_local_rm(OWN);
	check_lost();
	while (n_waiting)
		late_done(0);
	pv_block_close(block);
	end();
}

static void test_lost(void)
{
	lose("5");
	lose("6");
	lose("nonsense");
	lose(NULL);
}

/* A back end that lies ---------------------------------------------------- */

static struct pv_ring liar; /* its end of the ring */
static uint32_t liar_port;
static const char *liar_size, *liar_unit;

static void liar_connect(void *context, const char *changed)
{
	struct pv_ring_shared *shared;

	(void)context;
	(void)changed;
	if (strcmp(key_get(FRONT, "state"), "3") != 0) {
		if (!strcmp(key_get(FRONT, "state"), "6"))
			key_put(OWN, "state", "6");
		return;
	}
	shared = fake_granted((uint32_t)atoi(key_get(FRONT, "ring-ref")));
	CHECK(!pv_back_ring_attach(&liar, shared, 4096, 112));
	liar_port = (uint32_t)atoi(key_get(FRONT, "event-channel"));
	key_put(OWN, "sectors", liar_size);
	key_put(OWN, "sector-size", liar_unit);
	/* Like Linux's, which only now says what it can. */
	CHECK_TEXT(key_get(FRONT, "feature-persistent"), "1");
	key_put(OWN, "feature-persistent", "1");
	key_put(OWN, "feature-flush-cache", "1");
	key_put(OWN, "state", "4");
}

static int begin_liar(const char *size, const char *unit)
{
	struct xs_local_watch *watch;
	int error;

	begin();
	liar_size = size;
	liar_unit = unit;
	key_put(OWN, "state", "2");
	watch = xs_local_watch(FRONT "/state", liar_connect, NULL);
	block = pv_block_open(HANDLE, NULL, &error);
	if (block) {
		CHECK(pv_block_info(block)->is_persistent);
		n_done = 0;
		CHECK(!submit_read(0, 0, 8) && !submit_read(1, 8, 8));
		pv_block_kick(block);
		CHECK(pv_back_ring_waiting(&liar) == 2);
	}
	xs_local_unwatch(watch);
	return error;
}

static void liar_say(uint64_t id, uint8_t operation, int16_t status)
{
	struct blkif_response response = { .id = id,
					   .operation = operation,
					   .status = status };

	pv_back_ring_answer(&liar, &response, sizeof(response));
	pv_back_ring_publish(&liar);
	fake_guest_event(liar_port);
	guest_wait(PV_FOREVER);
}

/* What it said has ended the device, with all that was under way. */
static void end_liar(unsigned int good)
{
	CHECK(!pv_block_check(block) && n_done == 2);
	CHECK(requests[0].error == (good ? 0 : -XEN_EIO));
	CHECK(requests[1].error == -XEN_EIO);
	CHECK(submit_read(2, 0, 8) == -XEN_ENODEV);
	key_put(OWN, "state", "6");
	CHECK(!pv_block_close(block));
	end();
}

static void test_bad_ids(void)
{
	static const uint64_t ids[] = {
		2, 31, 32, 1000, UINT32_MAX, UINT64_MAX
	};
	size_t i;

	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		CHECK(!begin_liar("2048", "512"));
		liar_say(ids[i], BLKIF_OP_READ, BLKIF_RSP_OKAY);
		end_liar(0);
	}
}

static void test_answered_twice(void)
{
	CHECK(!begin_liar("2048", "512"));
	liar_say(0, BLKIF_OP_READ, BLKIF_RSP_OKAY);
	CHECK(pv_block_check(block) && n_done == 1);
	liar_say(0, BLKIF_OP_READ, BLKIF_RSP_OKAY);
	end_liar(1);
}

static void test_wrong_operation(void)
{
	CHECK(!begin_liar("2048", "512"));
	liar_say(0, BLKIF_OP_WRITE, BLKIF_RSP_OKAY);
	end_liar(0);
}

static void test_bad_status(void)
{
	CHECK(!begin_liar("2048", "512"));
	liar_say(0, BLKIF_OP_READ, 12345);
	liar_say(1, BLKIF_OP_READ, BLKIF_RSP_EOPNOTSUPP);
	CHECK(n_done == 2 && requests[0].error == -XEN_EIO &&
	      requests[1].error == -XEN_EOPNOTSUPP);
	key_put(OWN, "state", "6");
	CHECK(!pv_block_close(block));
	end();
}

static void test_bad_index(void)
{
	static const uint32_t ahead[] = { 3, 33, 0x80000000, UINT32_MAX };
	size_t i;

	for (i = 0; i < sizeof(ahead) / sizeof(ahead[0]); i++) {
		CHECK(!begin_liar("2048", "512"));
		liar.shared->rsp_prod += ahead[i];
		fake_guest_event(liar_port);
		guest_wait(PV_FOREVER);
		end_liar(0);
	}
}

static void test_bad_geometry(void)
{
	static const char *const sizes[][2] = {
		{ "", "512" },   { "x", "512" },
		{ "-1", "512" }, { "99999999999999999999", "512" },
		{ "2048", "0" }, { "2048", "513" },
		{ "2048", "x" }, { "2048", "1048576" },
	};
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		CHECK(begin_liar(sizes[i][0], sizes[i][1]));
		CHECK(!block && fake_guest_is_clean());
		end();
	}
}

/* It does not come, or does not go: an error, and no page is used again. */
static void test_silent(void)
{
	int error;

	begin();
	key_put(OWN, "state", "1");
	xs_local_rm(OWN);
	key_put(OWN, "state", "3");
	CHECK(!pv_block_open(HANDLE, NULL, &error));
	CHECK(error == -XEN_ETIMEDOUT && fake_guest_is_clean());
	end();
	CHECK(!begin_liar("2048", "512"));
	CHECK(pv_block_close(block) == -XEN_ETIMEDOUT);
	CHECK(n_done == 2 && requests[1].error == -XEN_EIO);
	end();
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_info),           TEST(test_persistent),
		TEST(test_map_each),       TEST(test_queues_and_pages),
		TEST(test_discard),        TEST(test_refused),
		TEST(test_late),           TEST(test_many),
		TEST(test_shared),         TEST(test_find),
		TEST(test_reopen),         TEST(test_no_memory),
		TEST(test_lost),           TEST(test_bad_ids),
		TEST(test_answered_twice), TEST(test_wrong_operation),
		TEST(test_bad_status),     TEST(test_bad_index),
		TEST(test_bad_geometry),   TEST(test_silent),
	};

	return RUN_TESTS(tests);
}
