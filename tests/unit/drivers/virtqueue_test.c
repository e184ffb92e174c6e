/* SPDX-License-Identifier: MIT */
/*
 * Virtqueues against a device that follows the rules, and one that does not:
 * the rings are read here by the specification, not by the driver's code.
 */
#include <stdlib.h>
#include <string.h>

#include <public/errno.h>
#include <pvguest/mm.h>

#include "check.h"
#include "drivers/virtio/virtio.h"

#define SIZE 8

struct descriptor {
	uint64_t maddr;
	uint32_t bytes;
	uint16_t flags, next;
};

static struct virtio_device device;
static struct virtqueue queue;
static unsigned int notifications;
static void *memory[16];
static unsigned int allocated;

void *pv_dma_alloc(size_t count, unsigned int bits, uint64_t *maddr)
{
	void *block = aligned_alloc(PV_PAGE_SIZE, count * PV_PAGE_SIZE);

	CHECK(bits == 44 && allocated < 16);
	memset(block, 0, count * PV_PAGE_SIZE);
	*maddr = (uint64_t)(uintptr_t)block;
	memory[allocated++] = block;
	return block;
}

void *pv_page_alloc(void)
{
	uint64_t ignored;

	return pv_dma_alloc(1, 44, &ignored);
}

uint64_t pv_va_to_mfn(const void *va)
{
	return (uint64_t)(uintptr_t)va >> PV_PAGE_SHIFT;
}

void virtio_notify(struct virtqueue *q)
{
	CHECK(q == &queue);
	notifications++;
}

static void begin(uint64_t features)
{
	device.features = features;
	memset(&queue, 0, sizeof(queue));
	queue.device = &device;
	queue.size = SIZE;
	notifications = 0;
	CHECK(virtqueue_create(&queue) == 0);
}

static void end(void)
{
	free(queue.next);
	free(queue.tokens);
	free(queue.indirect);
	while (allocated > 0)
		free(memory[--allocated]);
}

/* The device's side ------------------------------------------------------- */

static uint16_t seen, used_index;

static const struct descriptor *table(void)
{
	return (const struct descriptor *)(uintptr_t)queue.maddr;
}

static uint16_t *avail(void)
{
	return (uint16_t *)(uintptr_t)virtqueue_avail_maddr(&queue);
}

static uint16_t *used(void)
{
	return (uint16_t *)(uintptr_t)virtqueue_used_maddr(&queue);
}

/* The next head; -1: there is none. */
static int next_head(void)
{
	if (avail()[1] == seen)
		return -1;
	return avail()[2 + seen++ % SIZE];
}

static void give_back(uint32_t id, uint32_t bytes)
{
	uint32_t *element = (uint32_t *)(used() + 2) + 2 * (used_index % SIZE);

	element[0] = id;
	element[1] = bytes;
	used()[1] = ++used_index;
}

/* Follows a chain; the total of its bytes, readable ones first. */
static unsigned int chain(unsigned int head, uint32_t *read, uint32_t *written)
{
	const struct descriptor *d = &table()[head], *base = table();
	unsigned int n = 1;

	*read = *written = 0;
	if (d->flags & 4) {
		base = (const struct descriptor *)(uintptr_t)d->maddr;
		CHECK(d->flags == 4 && d->bytes % 16 == 0);
		d = base;
	}
	for (;; n++) {
		if (d->flags & 2)
			*written += d->bytes;
		else
			*read += d->bytes;
		CHECK(!(*written && !(d->flags & 2)) && n <= 256);
		if (!(d->flags & 1))
			return n;
		d = &base[d->next];
	}
}

static void reset_device(void)
{
	seen = used_index = 0;
}

static int add(unsigned int count, void *token)
{
	struct virtio_buffer buffers[300];

	for (unsigned int i = 0; i < count; i++)
		buffers[i] =
			(struct virtio_buffer){ 0x1000 * (i + 1), 16, i > 0 };
	return virtqueue_add(&queue, buffers, count, token);
}

static int tokens[100];

static void run_chains(uint64_t features)
{
	uint32_t read, written, bytes;
	unsigned int i;

	begin(features);
	reset_device();
	/* More than 65536 times round, in all lengths. */
	for (i = 0; i < 70000; i++) {
		unsigned int count = 1 + i % 5;
		int head;

		CHECK(add(count, &tokens[i % 100]) == 0);
		head = next_head();
		CHECK(head >= 0 && head < SIZE && next_head() < 0);
		CHECK(chain((unsigned int)head, &read, &written) == count);
		CHECK(read == 16 && written == 16 * (count - 1));
		CHECK(!virtqueue_take(&queue, NULL));
		give_back((uint32_t)head, i);
		CHECK(virtqueue_take(&queue, &bytes) == &tokens[i % 100]);
		CHECK(bytes == i && queue.free == SIZE);
	}
	end();
}

static void test_direct(void)
{
	run_chains(0);
}

static void test_indirect(void)
{
	run_chains(VIRTIO_F_INDIRECT);
}

static void test_full(void)
{
	unsigned int i;
	int heads[SIZE];

	begin(0);
	reset_device();
	CHECK(virtqueue_buffers_max(&queue) == SIZE);
	CHECK(add(SIZE + 1, tokens) == -XEN_EAGAIN);
	CHECK(add(5, &tokens[0]) == 0 && add(4, &tokens[1]) == -XEN_EAGAIN);
	CHECK(add(3, &tokens[1]) == 0 && add(1, &tokens[2]) == -XEN_EAGAIN);
	heads[0] = next_head();
	heads[1] = next_head();
	give_back((uint32_t)heads[1], 0); /* in any order */
	CHECK(virtqueue_take(&queue, NULL) == &tokens[1]);
	CHECK(add(3, &tokens[2]) == 0);
	end();
	begin(VIRTIO_F_INDIRECT);
	reset_device();
	CHECK(virtqueue_buffers_max(&queue) == 256);
	for (i = 0; i < SIZE; i++)
		CHECK(add(200, &tokens[i]) == 0);
	CHECK(add(1, &tokens[8]) == -XEN_EAGAIN);
	for (i = 0; i < SIZE; i++)
		heads[i] = next_head();
	for (i = SIZE; i-- > 0;)
		give_back((uint32_t)heads[i], i);
	for (i = SIZE; i-- > 0;)
		CHECK(virtqueue_take(&queue, NULL) == &tokens[i]);
	end();
}

static void test_broken_device(void)
{
	int head;

	begin(0);
	reset_device();
	CHECK(add(3, &tokens[0]) == 0);
	head = next_head();
	give_back(SIZE, 0);
	give_back(~0u, 0);
	give_back((uint32_t)(head + 1) % SIZE, 0); /* the middle of a chain */
	CHECK(!virtqueue_take(&queue, NULL) && queue.free == SIZE - 3);
	give_back((uint32_t)head, 7);
	give_back((uint32_t)head, 7); /* twice */
	CHECK(virtqueue_take(&queue, NULL) == &tokens[0]);
	CHECK(!virtqueue_take(&queue, NULL) && queue.free == SIZE);
	used()[1] = (uint16_t)(used()[1] - 5); /* backwards */
	CHECK(!virtqueue_take(&queue, NULL) && queue.free == SIZE);
	/* Scribbles over what only we read. */
	memset((void *)(uintptr_t)queue.maddr, 0xff,
	       SIZE * sizeof(struct descriptor));
	CHECK(add(3, &tokens[0]) == 0 && add(5, &tokens[1]) == 0);
	end();
}

static void test_notifications(void)
{
	begin(0);
	reset_device();
	virtqueue_kick(&queue);
	CHECK(notifications == 0); /* nothing new */
	add(1, tokens);
	virtqueue_kick(&queue);
	CHECK(notifications == 1);
	used()[0] = 1; /* not now */
	add(1, tokens);
	virtqueue_kick(&queue);
	CHECK(notifications == 1);
	virtqueue_events_off(&queue);
	CHECK(avail()[0] == 1);
	CHECK(!virtqueue_events_on(&queue) && avail()[0] == 0);
	give_back(0, 0);
	CHECK(virtqueue_events_on(&queue));
	end();
}

static void test_event_index(void)
{
	uint16_t *avail_event, *used_event;

	begin(VIRTIO_F_EVENT_INDEX);
	reset_device();
	used_event = &avail()[2 + SIZE];
	avail_event = &used()[2 + 4 * SIZE];
	add(1, tokens);
	virtqueue_kick(&queue);
	CHECK(notifications == 1); /* event index 0 was passed */
	add(1, tokens);
	virtqueue_kick(&queue);
	CHECK(notifications == 1);
	*avail_event = 3;
	add(1, tokens);
	virtqueue_kick(&queue); /* index 3: not passed yet */
	CHECK(notifications == 1);
	add(1, tokens);
	virtqueue_kick(&queue);
	CHECK(notifications == 2);
	give_back((uint32_t)next_head(), 0);
	CHECK(virtqueue_take(&queue, NULL) && *used_event == 0);
	CHECK(!virtqueue_events_on(&queue) && *used_event == 1);
	end();
}

static const struct test tests[] = {
	TEST(test_direct),        TEST(test_indirect),
	TEST(test_full),          TEST(test_broken_device),
	TEST(test_notifications), TEST(test_event_index),
};

int main(void)
{
	return RUN_TESTS(tests);
}
