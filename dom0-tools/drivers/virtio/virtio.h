/* SPDX-License-Identifier: MIT */
/*
 * Virtio devices on PCI [VIRTIO 1.1]: the transport, modern (4.1) and, where a
 * device has nothing else, legacy (4.1.4.8), and split queues (2.6) with
 * indirect descriptors and event indices. What a device is for is its
 * driver's business: virtio_blk.c is an example.
 *
 * A driver's probe, in this order:
 *	virtio_open, virtio_negotiate, virtio_irq_setup,
 *	virtio_queue_setup for each queue, virtio_start
 *
 * Context: one thread; handlers run in pv_poll() and pv_wait(). What the
 * device writes is checked before it is used; it cannot make us crash.
 */
#ifndef DRIVERS_VIRTIO_VIRTIO_H
#define DRIVERS_VIRTIO_VIRTIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/pci/pci.h"

#define VIRTIO_PCI_VENDOR 0x1af4
/* Device numbers on PCI, of the transitional and of the modern kind. */
#define VIRTIO_NET_TRANSITIONAL 0x1000
#define VIRTIO_BLK_TRANSITIONAL 0x1001
#define VIRTIO_NET_MODERN       0x1041
#define VIRTIO_BLK_MODERN       0x1042

/* Features of the transport; a device's own are numbered from 0. */
#define VIRTIO_F_INDIRECT    (1ull << 28)
#define VIRTIO_F_EVENT_INDEX (1ull << 29)
#define VIRTIO_F_VERSION_1   (1ull << 32)

#define VIRTIO_QUEUES_MAX 16

struct virtqueue;

struct virtio_device {
	struct pci_device *pci;
	uint64_t offered, features; /* the device's; what we agreed on */
	bool modern;
	/* Runs when the device says that its configuration changed; or NULL. */
	void (*config_changed)(void *context);
	void *context;

	/* The transport's. */
	volatile uint8_t *common, *notify, *isr, *config;
	size_t config_size, notify_size;
	uint32_t notify_unit;
	uint16_t port; /* legacy */
	unsigned int queue_count;
	struct virtqueue *queues[VIRTIO_QUEUES_MAX];
};

/* Finds the device's registers and resets it. */
int virtio_open(struct virtio_device *device, struct pci_device *pci);
/* A probe that failed gives the device and its interrupts back. */
void virtio_close(struct virtio_device *device);
/* Agrees on those of the wanted features, and of the transport's, that exist.
 */
int virtio_negotiate(struct virtio_device *device, uint64_t wanted);
/* One for each queue and one for the configuration, or one for all. */
int virtio_irq_setup(struct virtio_device *device, unsigned int queues);
/* The device may run now. */
void virtio_start(struct virtio_device *device);
/*
 * Stops the device; when this returns it touches no memory any more. Then
 * virtio_negotiate(), virtio_queue_restart() and virtio_start() revive it.
 * -ETIMEDOUT: it did not stop.
 */
int virtio_reset(struct virtio_device *device);
/* It broke the rules: driver should reset it. */
bool virtio_needs_reset(const struct virtio_device *device);

/* A device's configuration, little-endian as it is; beyond its end: zeroes. */
void virtio_config_read(const struct virtio_device *device, size_t offset,
			void *to, size_t size);

/* Queues ------------------------------------------------------------------ */

struct virtio_buffer {
	uint64_t maddr;
	uint32_t bytes;
	bool device_writes; /* such buffers come last */
};

struct virtq_descriptor;
struct virtq_used_element;

struct virtqueue {
	struct virtio_device *device;
	unsigned int index;
	unsigned int size; /* descriptors, a power of two */
	void (*handler)(void *context);
	void *context;

	/* Shared with the device. */
	volatile struct virtq_descriptor *descriptors;
	volatile uint16_t *avail; /* flags, index, ring[size], used_event */
	volatile uint16_t *used;  /* flags, index, ring[size], avail_event */
	volatile struct virtq_used_element *used_ring;
	uint64_t maddr;
	volatile uint16_t *doorbell; /* modern */

	/* Ours. */
	unsigned int free; /* descriptors */
	uint16_t free_head;
	uint16_t avail_index, kicked_index, used_index;
	uint16_t *next;  /* [size] chains, as we know them */
	void **tokens;   /* [size] by head of chain; NULL: not in use */
	void **indirect; /* [size] pages of indirect descriptors, on demand */
};

/*
 * Makes queue number `index` of at most `size` descriptors (a power of two; a
 * legacy device insists on its own number). The handler runs when buffers
 * have come back: it takes them until there is none, then asks
 * virtqueue_events_on(), and goes on if that says that more came.
 */
int virtio_queue_setup(struct virtio_device *device, struct virtqueue *queue,
		       unsigned int index, unsigned int size,
		       void (*handler)(void *context), void *context);
/* After virtio_reset(): empty, as new. The tokens are forgotten. */
int virtio_queue_restart(struct virtqueue *queue);

/* The most buffers that one virtqueue_add() takes. */
unsigned int virtqueue_buffers_max(const struct virtqueue *queue);

/*
 * Puts a chain of buffers into the queue: 0, or -EAGAIN when there is no room
 * now. `token`, not NULL, comes back from virtqueue_take(). The device sees it
 * after virtqueue_kick() at the latest.
 */
int virtqueue_add(struct virtqueue *queue, const struct virtio_buffer *buffers,
		  unsigned int count, void *token);
void virtqueue_kick(struct virtqueue *queue);

/* A token that came back, NULL: none; and the bytes that the device wrote. */
void *virtqueue_take(struct virtqueue *queue, uint32_t *written);

/* Interrupts for used buffers; on: true if some came meanwhile. */
void virtqueue_events_off(struct virtqueue *queue);
bool virtqueue_events_on(struct virtqueue *queue);

/* virtqueue.c, for the transport: memory for the rings; and empty rings. */
int virtqueue_create(struct virtqueue *queue);
void virtqueue_clear(struct virtqueue *queue);
/* Where the parts are, for the device. */
uint64_t virtqueue_avail_maddr(const struct virtqueue *queue);
uint64_t virtqueue_used_maddr(const struct virtqueue *queue);
/* virtio_pci.c, for virtqueue.c */
void virtio_notify(struct virtqueue *queue);

#endif /* DRIVERS_VIRTIO_VIRTIO_H */
