/* SPDX-License-Identifier: MIT */
/*
 * Split virtqueues [VIRTIO 1.1, 2.6]. The memory has the layout that legacy
 * devices ask for, which suits modern ones as well:
 *
 *	descriptors[size]               16 bytes each
 *	avail: flags, index, ring[size], used_event
 *	-- next page --
 *	used: flags, index, ring[size], avail_event
 *
 * Chains of more than one buffer go into a page of indirect descriptors if
 * the device takes those, so that one chain costs one descriptor.
 */
#include <stdlib.h>
#include <string.h>

#include <public/errno.h>
#include <pvguest/mm.h>

#include "drivers/virtio/virtio.h"

#define DESCRIPTOR_NEXT     1
#define DESCRIPTOR_WRITE    2
#define DESCRIPTOR_INDIRECT 4
#define AVAIL_NO_INTERRUPT  1
#define USED_NO_NOTIFY      1
#define LEGACY_MADDR_BITS   44 /* page number in 32 bits */

struct virtq_descriptor {
	uint64_t maddr;
	uint32_t bytes;
	uint16_t flags;
	uint16_t next;
};

struct virtq_used_element {
	uint32_t id;
	uint32_t bytes;
};

#define INDIRECT_MAX (PV_PAGE_SIZE / sizeof(struct virtq_descriptor))

/* Offsets in the two rings, in units of 16 bits. */
#define FLAGS 0
#define INDEX 1
#define RING  2

static size_t avail_offset(const struct virtqueue *queue)
{
	return queue->size * sizeof(struct virtq_descriptor);
}

static size_t used_offset(const struct virtqueue *queue)
{
	size_t end = avail_offset(queue) +
		     (RING + queue->size + 1) * sizeof(uint16_t);

	return (end + PV_PAGE_SIZE - 1) & ~(PV_PAGE_SIZE - 1);
}

static size_t total_size(const struct virtqueue *queue)
{
	return used_offset(queue) + (RING + 1) * sizeof(uint16_t) +
	       queue->size * sizeof(struct virtq_used_element);
}

uint64_t virtqueue_avail_maddr(const struct virtqueue *queue)
{
	return queue->maddr + avail_offset(queue);
}

uint64_t virtqueue_used_maddr(const struct virtqueue *queue)
{
	return queue->maddr + used_offset(queue);
}

static bool has_event_index(const struct virtqueue *queue)
{
	return queue->device->features & VIRTIO_F_EVENT_INDEX;
}

static volatile uint16_t *used_event(const struct virtqueue *queue)
{
	return &queue->avail[RING + queue->size];
}

static uint16_t avail_event(const struct virtqueue *queue)
{
	return queue->used[RING + queue->size * 4];
}

void virtqueue_clear(struct virtqueue *queue)
{
	unsigned int i;

	memset((void *)queue->descriptors, 0, total_size(queue));
	memset(queue->tokens, 0, queue->size * sizeof(*queue->tokens));
	for (i = 0; i < queue->size; i++)
		queue->next[i] = (uint16_t)(i + 1);
	queue->free = queue->size;
	queue->free_head = 0;
	queue->avail_index = queue->kicked_index = queue->used_index = 0;
}

int virtqueue_create(struct virtqueue *queue)
{
	size_t pages = (total_size(queue) + PV_PAGE_SIZE - 1) / PV_PAGE_SIZE;
	char *memory = pv_dma_alloc(pages, LEGACY_MADDR_BITS, &queue->maddr);

	queue->next = calloc(queue->size, sizeof(*queue->next));
	queue->tokens = calloc(queue->size, sizeof(*queue->tokens));
	queue->indirect = calloc(queue->size, sizeof(*queue->indirect));
	if (!memory || !queue->next || !queue->tokens || !queue->indirect)
		return -XEN_ENOMEM;
	queue->descriptors = (void *)memory;
	queue->avail = (void *)(memory + avail_offset(queue));
	queue->used = (void *)(memory + used_offset(queue));
	queue->used_ring = (void *)(queue->used + RING);
	virtqueue_clear(queue);
	return 0;
}

/* Adding ------------------------------------------------------------------ */

static bool may_be_indirect(const struct virtqueue *queue)
{
	return queue->device->features & VIRTIO_F_INDIRECT;
}

unsigned int virtqueue_buffers_max(const struct virtqueue *queue)
{
	return may_be_indirect(queue) && queue->size < INDIRECT_MAX
		       ? INDIRECT_MAX
		       : queue->size;
}

static void fill(volatile struct virtq_descriptor *d,
		 const struct virtio_buffer *buffer, bool last, uint16_t next)
{
	d->maddr = buffer->maddr;
	d->bytes = buffer->bytes;
	d->flags = (buffer->device_writes ? DESCRIPTOR_WRITE : 0) |
		   (last ? 0 : DESCRIPTOR_NEXT);
	d->next = last ? 0 : next;
}

/* The page of a chain that begins with this descriptor; NULL: no memory. */
static struct virtq_descriptor *indirect_page(struct virtqueue *queue,
					      uint16_t head)
{
	if (!queue->indirect[head])
		queue->indirect[head] = pv_page_alloc();
	return queue->indirect[head];
}

static bool add_indirect(struct virtqueue *queue,
			 const struct virtio_buffer *buffers,
			 unsigned int count)
{
	uint16_t head = queue->free_head;
	volatile struct virtq_descriptor *d = &queue->descriptors[head];
	struct virtq_descriptor *table = indirect_page(queue, head);
	unsigned int i;

	if (!table)
		return false;
	for (i = 0; i < count; i++)
		fill(&table[i], &buffers[i], i + 1 == count, (uint16_t)(i + 1));
	d->maddr = pv_va_to_mfn(table) << PV_PAGE_SHIFT;
	d->bytes = (uint32_t)(count * sizeof(*table));
	d->flags = DESCRIPTOR_INDIRECT;
	d->next = 0;
	queue->free_head = queue->next[head];
	queue->next[head] = (uint16_t)queue->size; /* end of chain */
	queue->free--;
	return true;
}

static void add_direct(struct virtqueue *queue,
		       const struct virtio_buffer *buffers, unsigned int count)
{
	uint16_t at = queue->free_head, last = at;
	unsigned int i;

	for (i = 0; i < count; i++) {
		last = at;
		at = queue->next[at];
		fill(&queue->descriptors[last], &buffers[i], i + 1 == count,
		     at);
	}
	queue->free_head = at;
	queue->next[last] = (uint16_t)queue->size;
	queue->free -= count;
}

int virtqueue_add(struct virtqueue *queue, const struct virtio_buffer *buffers,
		  unsigned int count, void *token)
{
	uint16_t head = queue->free_head;

	if (queue->free == 0)
		return -XEN_EAGAIN;
	if (count == 1 || !may_be_indirect(queue) || count > INDIRECT_MAX ||
	    !add_indirect(queue, buffers, count)) {
		if (queue->free < count)
			return -XEN_EAGAIN;
		add_direct(queue, buffers, count);
	}
	queue->tokens[head] = token;
	queue->avail[RING + queue->avail_index % queue->size] = head;
	queue->avail_index++;
	/* The chain before the index that shows it; x86 keeps the order. */
	__atomic_store_n(&queue->avail[INDEX], queue->avail_index,
			 __ATOMIC_RELEASE);
	return 0;
}

/* [VIRTIO 1.1, 2.6.10.1]: did the index pass the event's? */
static bool passed(uint16_t event, uint16_t now, uint16_t before)
{
	return (uint16_t)(now - event - 1) < (uint16_t)(now - before);
}

void virtqueue_kick(struct virtqueue *queue)
{
	uint16_t before = queue->kicked_index, now = queue->avail_index;
	bool wanted;

	if (before == now)
		return;
	queue->kicked_index = now;
	/* Our index first, then whether the device looks at it. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (has_event_index(queue))
		wanted = passed(avail_event(queue), now, before);
	else
		wanted = !(queue->used[FLAGS] & USED_NO_NOTIFY);
	if (wanted)
		virtio_notify(queue);
}

/* Taking ------------------------------------------------------------------ */

static void free_chain(struct virtqueue *queue, uint16_t head)
{
	uint16_t last = head;
	unsigned int n = 1;

	while (queue->next[last] != queue->size) {
		last = queue->next[last];
		n++;
	}
	queue->next[last] = queue->free_head;
	queue->free_head = head;
	queue->free += n;
}

static bool has_used(const struct virtqueue *queue)
{
	return __atomic_load_n(&queue->used[INDEX], __ATOMIC_ACQUIRE) !=
	       queue->used_index;
}

/* An element that names no chain of ours is passed over. */
void *virtqueue_take(struct virtqueue *queue, uint32_t *written)
{
	while (has_used(queue)) {
		volatile struct virtq_used_element *e =
			&queue->used_ring[queue->used_index % queue->size];
		uint32_t id = e->id;
		void *token = id < queue->size ? queue->tokens[id] : NULL;

		queue->used_index++;
		if (!token)
			continue;
		if (written)
			*written = e->bytes;
		queue->tokens[id] = NULL;
		free_chain(queue, (uint16_t)id);
		return token;
	}
	return NULL;
}

void virtqueue_events_off(struct virtqueue *queue)
{
	if (!has_event_index(queue))
		queue->avail[FLAGS] = AVAIL_NO_INTERRUPT;
}

bool virtqueue_events_on(struct virtqueue *queue)
{
	if (has_event_index(queue))
		*used_event(queue) = queue->used_index;
	else
		queue->avail[FLAGS] = 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return has_used(queue);
}
