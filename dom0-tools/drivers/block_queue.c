/* SPDX-License-Identifier: MIT */
/* Requests between block_device.h and the hardware: block_queue.h. */
#include "drivers/block_queue.h"

#include <stddef.h>
#include <stdio.h>

#include <public/errno.h>

uint64_t block_timeout_ns = 30000000000ull;

/* device_data of a request that waits */
#define DATA_DEVICE 0
#define DATA_DONE   1 /* sectors of a discard that are done */

static void start_timer(struct block_queue *queue)
{
	if (block_queue_active(queue) == 0)
		pv_timer_stop(&queue->timer);
	else
		pv_timer_start(&queue->timer, pv_time_ns() + block_timeout_ns);
}

static void append(struct block_queue *queue, struct block_request *request)
{
	request->next = NULL;
	*queue->waiting_end = request;
	queue->waiting_end = &request->next;
}

static struct block_request *pop(struct block_queue *queue)
{
	struct block_request *request = queue->waiting;

	queue->waiting = request->next;
	if (!queue->waiting)
		queue->waiting_end = &queue->waiting;
	return request;
}

static uint32_t unit_of(const struct block_device *device)
{
	return device->sector_size / BLOCK_SECTOR;
}

static struct block_command command_of(const struct block_queue *queue,
				       struct block_request *request)
{
	uint32_t done = (uint32_t)request->device_data[DATA_DONE];
	struct block_command command = {
		.request = request,
		.device = (void *)(uintptr_t)request->device_data[DATA_DEVICE],
		.sector = request->sector + done,
		.sectors = request->sectors - done,
	};

	if (request->op == BLOCK_DISCARD && queue->discard_max &&
	    command.sectors > queue->discard_max)
		command.sectors = queue->discard_max -
				  queue->discard_max % unit_of(command.device);
	return command;
}

/* Starts the first request that waits; false: it has to go on waiting. */
static bool start_one(struct block_queue *queue)
{
	struct block_request *request = queue->waiting;
	struct block_command command = command_of(queue, request);
	unsigned int tag = queue->free_tags[queue->free_count - 1];
	int error;

	queue->active[tag] = command;
	error = queue->ops->start(queue, tag, &command);
	if (error)
		queue->active[tag].request = NULL;
	if (error == -XEN_EAGAIN && block_queue_active(queue) > 0)
		return false;
	pop(queue);
	if (error) {
		request->done(request, error);
		return true;
	}
	queue->free_count--;
	if (!queue->timer.running)
		start_timer(queue);
	return true;
}

/* A done() that submits comes back here: the outer call goes on with it. */
static void pump(struct block_queue *queue)
{
	if (queue->pumping)
		return;
	queue->pumping = true;
	while (queue->waiting && (queue->dead || queue->free_count > 0)) {
		if (queue->dead) {
			struct block_request *request = pop(queue);

			request->done(request, -XEN_EIO);
		} else if (!start_one(queue)) {
			break;
		}
	}
	queue->pumping = false;
}

void block_queue_submit(struct block_queue *queue, struct block_device *device,
			struct block_request *request)
{
	request->device_data[DATA_DEVICE] = (uintptr_t)device;
	request->device_data[DATA_DONE] = 0;
	append(queue, request);
	pump(queue);
}

void block_queue_kick(struct block_queue *queue)
{
	if (queue->ops->kick)
		queue->ops->kick(queue);
}

unsigned int block_queue_active(const struct block_queue *queue)
{
	return queue->depth - queue->free_count;
}

static void free_tag(struct block_queue *queue, unsigned int tag)
{
	queue->active[tag].request = NULL;
	queue->free_tags[queue->free_count++] = (uint16_t)tag;
}

/* The rest of a discard goes before all that waits. */
static void continue_discard(struct block_queue *queue,
			     struct block_request *request)
{
	if (!queue->waiting)
		queue->waiting_end = &request->next;
	request->next = queue->waiting;
	queue->waiting = request;
}

void block_queue_done(struct block_queue *queue, unsigned int tag, int error)
{
	struct block_command command;
	struct block_request *request;

	if (tag >= queue->depth || !queue->active[tag].request)
		return;
	queue->progress++;
	command = queue->active[tag];
	request = command.request;
	free_tag(queue, tag);
	start_timer(queue);
	if (request->op == BLOCK_DISCARD)
		request->device_data[DATA_DONE] += command.sectors;
	if (!error && request->op == BLOCK_DISCARD &&
	    request->device_data[DATA_DONE] < request->sectors)
		continue_discard(queue, request);
	else
		request->done(request, error);
	pump(queue);
	block_queue_kick(queue);
}

/* All that the hardware has, as a list in the order of their tags. */
static struct block_request *take_active(struct block_queue *queue)
{
	struct block_request *list = NULL, **end = &list;
	unsigned int tag;

	for (tag = 0; tag < queue->depth; tag++) {
		if (!queue->active[tag].request)
			continue;
		*end = queue->active[tag].request;
		end = &(*end)->next;
		free_tag(queue, tag);
	}
	*end = NULL;
	start_timer(queue);
	return list;
}

static void fail_list(struct block_request *list, int error)
{
	struct block_request *next;

	for (; list; list = next) {
		next = list->next;
		list->done(list, error);
	}
}

void block_queue_requeue(struct block_queue *queue)
{
	struct block_request *list = take_active(queue), *last = list;

	if (!list)
		return;
	while (last->next)
		last = last->next;
	last->next = queue->waiting;
	if (!queue->waiting)
		queue->waiting_end = &last->next;
	queue->waiting = list;
	pump(queue);
	block_queue_kick(queue);
}

static void timed_out(void *context)
{
	struct block_queue *queue = context;
	struct block_request *list;
	unsigned long before = queue->progress;

	/* Perhaps only an interrupt was lost. */
	queue->ops->poll(queue);
	if (queue->progress != before)
		return;
	printf("%s: no answer for %u s, resetting the device\n", queue->name,
	       (unsigned int)(block_timeout_ns / 1000000000));
	if (queue->ops->reset(queue)) {
		queue->dead = true;
		printf("%s: the device does not come back\n", queue->name);
	}
	list = take_active(queue);
	fail_list(list, -XEN_ETIMEDOUT);
	pump(queue);
	block_queue_kick(queue);
}

void block_queue_init(struct block_queue *queue)
{
	unsigned int tag;

	queue->waiting = NULL;
	queue->waiting_end = &queue->waiting;
	queue->free_count = 0;
	for (tag = queue->depth; tag-- > 0;)
		free_tag(queue, tag);
	queue->timer =
		(struct pv_timer){ .handler = timed_out, .context = queue };
	queue->progress = 0;
	queue->dead = queue->pumping = false;
}
