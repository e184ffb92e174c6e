/* SPDX-License-Identifier: MIT */
/* Both ends of a shared ring against each other, and against nonsense. */
#include <pvguest/ring.h>

#include <public/errno.h>
#include <public/io/blkif.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define BYTES 4096

static _Alignas(4096) uint8_t area[4 * BYTES];
static struct pv_ring front, back;

struct message {
	uint64_t number;
	uint8_t filling[104];
};

static void start(size_t bytes)
{
	pv_front_ring_init(&front, area, bytes, sizeof(struct message));
	CHECK(!pv_back_ring_attach(&back, area, bytes, sizeof(struct message)));
}

static void put(uint64_t number)
{
	struct message message = { .number = number };

	pv_front_ring_put(&front, &message, sizeof(message));
}

static uint64_t take(void)
{
	struct message message;

	pv_back_ring_take(&back, &message, sizeof(message));
	return message.number;
}

static void answer(uint64_t number)
{
	pv_back_ring_answer(&back, &number, sizeof(number));
}

static uint64_t take_answer(void)
{
	uint64_t number;

	pv_front_ring_take(&front, &number, sizeof(number));
	return number;
}

/* The same place and size as the ABI's own ring. */
static void test_layout(void)
{
	CHECK(sizeof(struct blkif_sring) - sizeof(union blkif_sring_entry) ==
	      sizeof(struct pv_ring_shared));
	CHECK(offsetof(struct blkif_sring, rsp_event) ==
	      offsetof(struct pv_ring_shared, rsp_event));
	CHECK(pv_ring_slots(BYTES, 112) == __CONST_RING_SIZE(blkif, BYTES));
	CHECK(pv_ring_slots(4 * BYTES, 112) == 128);
	CHECK(pv_ring_slots(BYTES, 12) == 256 &&
	      pv_ring_slots(BYTES, 8) == 256);
	start(BYTES);
	CHECK(front.shared->req_event == 1 && front.shared->rsp_event == 1);
}

static void test_one(void)
{
	start(BYTES);
	CHECK(pv_back_ring_waiting(&back) == 0);
	put(7);
	CHECK(pv_back_ring_waiting(&back) == 0);
	CHECK(pv_front_ring_publish(&front));
	CHECK(!pv_front_ring_publish(&front));
	CHECK(pv_back_ring_waiting(&back) == 1);
	CHECK(take() == 7);
	answer(8);
	CHECK(pv_front_ring_waiting(&front) == 0);
	CHECK(pv_back_ring_publish(&back));
	CHECK(!pv_back_ring_publish(&back));
	CHECK(pv_front_ring_waiting(&front) == 1);
	CHECK(take_answer() == 8);
}

/* Notifications come once per rearming, however much is put. */
static void test_notifications(void)
{
	start(BYTES);
	put(1);
	CHECK(pv_front_ring_publish(&front));
	put(2);
	CHECK(!pv_front_ring_publish(&front));
	take();
	take();
	CHECK(!pv_back_ring_rearm(&back));
	put(3);
	put(4);
	CHECK(pv_front_ring_publish(&front));
	take();
	CHECK(pv_back_ring_rearm(&back));
	answer(1);
	CHECK(pv_back_ring_publish(&back));
	answer(2);
	CHECK(!pv_back_ring_publish(&back));
	take_answer();
	CHECK(pv_front_ring_rearm(&front));
	take_answer();
	CHECK(!pv_front_ring_rearm(&front));
	answer(3);
	CHECK(pv_back_ring_publish(&back));
}

/* Everything arrives, once, in order, over wrapping indices. */
static void test_random(void)
{
	uint64_t sent = 0, taken = 0, answered = 0, got = 0;
	int i;

	start(4 * BYTES);
	front.req = front.rsp = front.published = 0xffffff00;
	front.shared->req_prod = front.shared->rsp_prod = 0xffffff00;
	CHECK(!pv_back_ring_attach(&back, area, 4 * BYTES, 112));
	srand(1);
	for (i = 0; i < 100000; i++) {
		switch (rand() % 5) {
		case 0:
			if (pv_front_ring_room(&front))
				put(sent++);
			break;
		case 1:
			pv_front_ring_publish(&front);
			break;
		case 2:
			CHECK(pv_back_ring_waiting(&back) >= 0);
			if (pv_back_ring_waiting(&back) > 0)
				CHECK(take() == taken++);
			break;
		case 3:
			if (answered < taken)
				answer(answered++);
			pv_back_ring_publish(&back);
			break;
		default:
			CHECK(pv_front_ring_waiting(&front) >= 0);
			if (pv_front_ring_waiting(&front) > 0)
				CHECK(take_answer() == got++);
		}
		CHECK(sent - got <= 128);
	}
	CHECK(got > 10000);
}

static void test_impossible_requests(void)
{
	start(BYTES);
	front.shared->req_prod = 33;
	CHECK(pv_back_ring_waiting(&back) == -XEN_EBADMSG);
	front.shared->req_prod = 0xffffffff;
	CHECK(pv_back_ring_waiting(&back) == -XEN_EBADMSG);
	front.shared->req_prod = 32;
	CHECK(pv_back_ring_waiting(&back) == 32);
	take();
	take();
	/* Behind what was taken, and so many that answers have no room. */
	front.shared->req_prod = 1;
	CHECK(pv_back_ring_waiting(&back) == -XEN_EBADMSG);
	front.shared->req_prod = 33;
	CHECK(pv_back_ring_waiting(&back) == -XEN_EBADMSG);
	answer(0);
	CHECK(pv_back_ring_waiting(&back) == 31);
	CHECK(pv_back_ring_attach(&back, area, BYTES, 112) == -XEN_EBADMSG);
}

static void test_impossible_responses(void)
{
	start(BYTES);
	put(1);
	pv_front_ring_publish(&front);
	front.shared->rsp_prod = 2;
	CHECK(pv_front_ring_waiting(&front) == -XEN_EBADMSG);
	front.shared->rsp_prod = 0xffffffff;
	CHECK(pv_front_ring_waiting(&front) == -XEN_EBADMSG);
	front.shared->rsp_prod = 1;
	CHECK(pv_front_ring_waiting(&front) == 1);
}

/* What is taken is a copy. */
static void test_copy(void)
{
	struct message message;

	start(BYTES);
	put(5);
	pv_front_ring_publish(&front);
	pv_back_ring_take(&back, &message, sizeof(message));
	memset(area + 64, 0xff, 112);
	CHECK(message.number == 5);
}

/* clang-format off */
static const struct test tests[] = {
	TEST(test_layout),
	TEST(test_one),
	TEST(test_notifications),
	TEST(test_random),
	TEST(test_impossible_requests),
	TEST(test_impossible_responses),
	TEST(test_copy),
};
/* clang-format on */

int main(void)
{
	return RUN_TESTS(tests);
}
