/* SPDX-License-Identifier: MIT */
/*
 * The queue between block_device.h and the hardware, over hardware that does
 * what the test says: full, failing, silent, lost.
 */
#include "drivers/block_queue.h"

#include <string.h>

#include <public/errno.h>

#include "check.h"

#define DEPTH 4

static struct block_queue queue;
static struct block_device disk = { .name = "vd0",
				    .sectors = 1ull << 40,
				    .sector_size = 512 };
static struct block_command started[64]; /* in the order of start() */
static unsigned int tags[64], start_count, kicks, resets;
static unsigned int room; /* commands that the hardware takes */
static int start_error, reset_error;
static bool answers_when_polled;
static uint64_t now;
static struct pv_timer *timer;

uint64_t pv_time_ns(void)
{
	return now;
}

void pv_timer_start(struct pv_timer *t, uint64_t deadline)
{
	t->deadline = deadline;
	t->running = true;
	timer = t;
}

void pv_timer_stop(struct pv_timer *t)
{
	t->running = false;
}

static bool time_passes(uint64_t ns)
{
	now += ns;
	if (!timer || !timer->running || timer->deadline > now)
		return false;
	timer->running = false;
	timer->handler(timer->context);
	return true;
}

static int start(struct block_queue *q, unsigned int tag,
		 const struct block_command *command)
{
	CHECK(q == &queue && tag < DEPTH && command->device == &disk);
	if (start_error)
		return start_error;
	if (room == 0)
		return -XEN_EAGAIN;
	room--;
	tags[start_count] = tag;
	started[start_count++] = *command;
	return 0;
}

static void kick(struct block_queue *q)
{
	(void)q;
	kicks++;
}

static void poll(struct block_queue *q)
{
	if (answers_when_polled)
		block_queue_done(q, tags[start_count - 1], 0);
}

static int reset(struct block_queue *q)
{
	(void)q;
	resets++;
	room = DEPTH;
	return reset_error;
}

static const struct block_queue_ops ops = { start, kick, poll, reset };

static void begin(void)
{
	memset(&queue, 0, sizeof(queue));
	queue.ops = &ops;
	queue.name = disk.name;
	queue.depth = DEPTH;
	start_count = kicks = resets = 0;
	room = 64;
	start_error = reset_error = 0;
	answers_when_polled = false;
	timer = NULL;
	block_queue_init(&queue);
}

static struct block_request requests[16];
static int results[16]; /* 1: not done */
static struct block_request *submit_when_done;

static void done(struct block_request *request, int error)
{
	struct block_request *next = submit_when_done;

	CHECK(results[request - requests] == 1);
	results[request - requests] = error;
	submit_when_done = NULL;
	if (next)
		block_queue_submit(&queue, &disk, next);
}

static struct block_request *prepare(unsigned int i, enum block_op op)
{
	requests[i] = (struct block_request){
		.op = op, .sector = 1000 * i, .sectors = 8, .done = done
	};
	results[i] = 1;
	return &requests[i];
}

static void submit(unsigned int i)
{
	block_queue_submit(&queue, &disk, prepare(i, BLOCK_READ));
}

static void test_order(void)
{
	unsigned int i;

	begin();
	for (i = 0; i < 10; i++)
		submit(i);
	CHECK(start_count == DEPTH && block_queue_active(&queue) == DEPTH);
	for (i = 0; i < 10; i++)
		block_queue_done(&queue, tags[i], i == 3 ? -XEN_EIO : 0);
	for (i = 0; i < 10; i++) {
		CHECK(started[i].request == &requests[i]);
		CHECK(results[i] == (i == 3 ? -XEN_EIO : 0));
	}
	CHECK(block_queue_active(&queue) == 0 && kicks > 0);
	CHECK(!timer->running);
}

static void test_wrong_tags(void)
{
	begin();
	submit(0);
	block_queue_done(&queue, (tags[0] + 1) % DEPTH, 0);
	block_queue_done(&queue, DEPTH, 0);
	block_queue_done(&queue, ~0u, 0);
	CHECK(results[0] == 1);
	block_queue_done(&queue, tags[0], 0);
	block_queue_done(&queue, tags[0], -XEN_EIO); /* twice */
	CHECK(results[0] == 0 && block_queue_active(&queue) == 0);
}

static void test_full_hardware(void)
{
	begin();
	room = 1;
	submit(0);
	submit(1);
	CHECK(start_count == 1 && results[1] == 1);
	room = 1;
	block_queue_done(&queue, tags[0], 0);
	CHECK(start_count == 2 && started[1].request == &requests[1]);
	block_queue_done(&queue, tags[1], 0);
	CHECK(results[1] == 0);
	/* It has nothing and still refuses: nobody would ask again. */
	room = 0;
	submit(2);
	CHECK(results[2] == -XEN_EAGAIN);
	start_error = -XEN_EINVAL;
	submit(3);
	CHECK(results[3] == -XEN_EINVAL && block_queue_active(&queue) == 0);
}

static void test_submit_when_done(void)
{
	begin();
	submit(0);
	submit_when_done = prepare(1, BLOCK_WRITE);
	block_queue_done(&queue, tags[0], 0);
	CHECK(start_count == 2);
	start_error = -XEN_EIO;
	submit_when_done = prepare(2, BLOCK_WRITE);
	block_queue_done(&queue, tags[1], 0);
	CHECK(results[1] == 0 && results[2] == -XEN_EIO);
}

static void test_discard(void)
{
	struct block_request *r;

	begin();
	queue.discard_max = 100;
	r = prepare(0, BLOCK_DISCARD);
	r->sectors = 250;
	block_queue_submit(&queue, &disk, r);
	submit(1);
	CHECK(started[0].sectors == 100 && started[0].sector == 0);
	block_queue_done(&queue, tags[0], 0);
	CHECK(started[2].sectors == 100 && started[2].sector == 100);
	block_queue_done(&queue, tags[2], 0);
	CHECK(started[3].sectors == 50 && started[3].sector == 200);
	CHECK(results[0] == 1);
	block_queue_done(&queue, tags[3], 0);
	CHECK(results[0] == 0 && results[1] == 1);
	block_queue_done(&queue, tags[1], 0);
	r = prepare(2, BLOCK_DISCARD);
	r->sectors = 250;
	block_queue_submit(&queue, &disk, r);
	block_queue_done(&queue, tags[start_count - 1], -XEN_EIO);
	CHECK(results[2] == -XEN_EIO && block_queue_active(&queue) == 0);
	/* Parts are whole sectors of the disk. */
	disk.sector_size = 4096;
	r = prepare(3, BLOCK_DISCARD);
	r->sectors = 256;
	block_queue_submit(&queue, &disk, r);
	CHECK(started[start_count - 1].sectors == 96);
	block_queue_done(&queue, tags[start_count - 1], -XEN_EIO);
	disk.sector_size = 512;
}

static void test_time_out(void)
{
	unsigned int i;

	begin();
	for (i = 0; i < 6; i++)
		submit(i);
	CHECK(!time_passes(block_timeout_ns - 1));
	block_queue_done(&queue, tags[0], 0); /* progress */
	CHECK(!time_passes(block_timeout_ns - 1));
	CHECK(time_passes(1) && resets == 1);
	CHECK(results[0] == 0);
	for (i = 1; i < 5; i++)
		CHECK(results[i] == -XEN_ETIMEDOUT);
	CHECK(results[5] == 1 &&
	      started[start_count - 1].request == &requests[5]);
	block_queue_done(&queue, tags[start_count - 1], 0);
	CHECK(results[5] == 0 && !time_passes(1ull << 60));
}

static void test_lost_interrupt(void)
{
	begin();
	submit(0);
	answers_when_polled = true;
	CHECK(time_passes(block_timeout_ns) && resets == 0);
	CHECK(results[0] == 0 && !timer->running);
}

static void test_dead(void)
{
	unsigned int i;

	begin();
	reset_error = -XEN_ENODEV;
	for (i = 0; i < 6; i++)
		submit(i);
	CHECK(time_passes(block_timeout_ns));
	for (i = 0; i < 4; i++)
		CHECK(results[i] == -XEN_ETIMEDOUT);
	CHECK(results[4] == -XEN_EIO && results[5] == -XEN_EIO);
	submit_when_done = prepare(7, BLOCK_READ);
	submit(6);
	CHECK(results[6] == -XEN_EIO && results[7] == -XEN_EIO);
	CHECK(!time_passes(1ull << 60));
}

static void test_requeue(void)
{
	unsigned int i;

	begin();
	for (i = 0; i < 6; i++)
		submit(i);
	room = 0;
	block_queue_requeue(&queue);
	CHECK(start_count == DEPTH); /* refused, and nothing active: fails */
	CHECK(results[0] != 1 || results[1] != 1);
	begin();
	for (i = 0; i < 6; i++)
		submit(i);
	block_queue_requeue(&queue);
	CHECK(start_count == 2 * DEPTH);
	for (i = DEPTH; i < start_count; i++)
		block_queue_done(&queue, tags[i], 0);
	for (i = 0; i < 6; i++)
		CHECK(results[i] == 0);
}

static const struct test tests[] = {
	TEST(test_order),          TEST(test_wrong_tags),
	TEST(test_full_hardware),  TEST(test_submit_when_done),
	TEST(test_discard),        TEST(test_time_out),
	TEST(test_lost_interrupt), TEST(test_dead),
	TEST(test_requeue),
};

int main(void)
{
	return RUN_TESTS(tests);
}
