/* SPDX-License-Identifier: MIT */
/*
 * Virtio over PCI [VIRTIO 1.1, 4.1]. A modern device tells by vendor
 * capabilities where its register blocks are (4.1.4); a legacy one has them
 * at the begin of its first, I/O, BAR (4.1.4.8).
 */
#include <string.h>

#include <public/errno.h>
#include <pvguest/time.h>

#include "drivers/virtio/virtio.h"

/* Vendor capability: offsets, and types of what it tells (4.1.4). */
#define CAP_TYPE        3
#define CAP_BAR         4
#define CAP_OFFSET      8
#define CAP_LENGTH      12
#define CAP_NOTIFY_UNIT 16
#define TYPE_COMMON     1
#define TYPE_NOTIFY     2
#define TYPE_ISR        3
#define TYPE_DEVICE     4

/* Common configuration (4.1.4.3). */
#define COMMON_DEVICE_FEATURE_SELECT 0
#define COMMON_DEVICE_FEATURE        4
#define COMMON_DRIVER_FEATURE_SELECT 8
#define COMMON_DRIVER_FEATURE        12
#define COMMON_CONFIG_VECTOR         16
#define COMMON_STATUS                20
#define COMMON_GENERATION            21
#define COMMON_QUEUE_SELECT          22
#define COMMON_QUEUE_SIZE            24
#define COMMON_QUEUE_VECTOR          26
#define COMMON_QUEUE_ENABLE          28
#define COMMON_QUEUE_NOTIFY_OFFSET   30
#define COMMON_QUEUE_DESCRIPTORS     32
#define COMMON_QUEUE_AVAIL           40
#define COMMON_QUEUE_USED            48
#define COMMON_LENGTH                56

/* Legacy registers (4.1.4.8). */
#define LEGACY_DEVICE_FEATURES 0
#define LEGACY_DRIVER_FEATURES 4
#define LEGACY_QUEUE_PAGE      8
#define LEGACY_QUEUE_SIZE      12
#define LEGACY_QUEUE_SELECT    14
#define LEGACY_QUEUE_NOTIFY    16
#define LEGACY_STATUS          18
#define LEGACY_ISR             19
#define LEGACY_CONFIG_VECTOR   20 /* with MSI-X only */
#define LEGACY_QUEUE_VECTOR    22
#define LEGACY_CONFIG          20 /* 24 with MSI-X */
#define LEGACY_LENGTH          24

/* Device status (2.1). */
#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER      2
#define STATUS_DRIVER_OK   4
#define STATUS_FEATURES_OK 8
#define STATUS_NEEDS_RESET 64

#define ISR_QUEUE  1
#define ISR_CONFIG 2

#define RESET_NS 1000000000ul

/* Access ------------------------------------------------------------------ */

#define DEFINE_ACCESS(bits, suffix)                                            \
	static uint##bits##_t in##bits(uint16_t port)                          \
	{                                                                      \
		uint##bits##_t value;                                          \
                                                                               \
		__asm__ volatile("in" suffix " %w1, %0"                        \
				 : "=a"(value)                                 \
				 : "Nd"(port));                                \
		return value;                                                  \
	}                                                                      \
	static void out##bits(uint16_t port, uint##bits##_t value)             \
	{                                                                      \
		__asm__ volatile("out" suffix " %0, %w1"                       \
				 :                                             \
				 : "a"(value), "Nd"(port));                    \
	}                                                                      \
	static uint##bits##_t get##bits(const volatile uint8_t *block,         \
					size_t offset)                         \
	{                                                                      \
		return *(const volatile uint##bits##_t *)(block + offset);     \
	}                                                                      \
	static void put##bits(volatile uint8_t *block, size_t offset,          \
			      uint##bits##_t value)                            \
	{                                                                      \
		*(volatile uint##bits##_t *)(block + offset) = value;          \
	}
DEFINE_ACCESS(8, "b")
DEFINE_ACCESS(16, "w")
DEFINE_ACCESS(32, "l")

static void put64(volatile uint8_t *block, size_t offset, uint64_t value)
{
	put32(block, offset, (uint32_t)value);
	put32(block, offset + 4, (uint32_t)(value >> 32));
}

static uint8_t get_status(const struct virtio_device *device)
{
	return device->modern ? get8(device->common, COMMON_STATUS)
			      : in8(device->port + LEGACY_STATUS);
}

static void set_status(const struct virtio_device *device, uint8_t status)
{
	if (device->modern)
		put8(device->common, COMMON_STATUS, status);
	else
		out8(device->port + LEGACY_STATUS, status);
}

static void add_status(const struct virtio_device *device, uint8_t bit)
{
	set_status(device, get_status(device) | bit);
}

static bool has_msix(const struct virtio_device *device)
{
	return device->pci->irq_kind == PCI_IRQ_MSIX;
}

static void read_config(const struct virtio_device *device, size_t offset,
			uint8_t *to, size_t size)
{
	uint16_t port = device->port + LEGACY_CONFIG +
			(has_msix(device) ? 4 : 0) + (uint16_t)offset;
	size_t i;

	for (i = 0; i < size; i++) {
		if (!device->modern)
			to[i] = in8(port + (uint16_t)i);
		else if (offset + i < device->config_size)
			to[i] = get8(device->config, offset + i);
		else
			to[i] = 0;
	}
}

/* Fields of several bytes: again if they changed meanwhile (2.4.1). */
void virtio_config_read(const struct virtio_device *device, size_t offset,
			void *to, size_t size)
{
	unsigned int tries = 10;
	uint8_t generation;

	do {
		generation = device->modern
				     ? get8(device->common, COMMON_GENERATION)
				     : 0;
		read_config(device, offset, to, size);
	} while (device->modern && tries-- > 0 &&
		 get8(device->common, COMMON_GENERATION) != generation);
}

/* Finding the registers --------------------------------------------------- */

/* The first capability of a type whose block can be mapped. */
static volatile uint8_t *find_block(struct pci_device *pci, uint8_t type,
				    size_t least, size_t *size,
				    unsigned int *where)
{
	unsigned int cap = 0;

	while ((cap = pci_capability(pci, PCI_CAP_VENDOR, cap))) {
		uint32_t offset = pci_read32(pci, cap + CAP_OFFSET);
		uint32_t length = pci_read32(pci, cap + CAP_LENGTH);
		volatile uint8_t *registers;

		if (pci_read8(pci, cap + CAP_TYPE) != type || length < least ||
		    offset > UINT32_MAX - length)
			continue;
		registers = pci_map_bar(pci, pci_read8(pci, cap + CAP_BAR),
					(size_t)offset + length);
		if (!registers)
			continue;
		*size = length;
		*where = cap;
		return registers + offset;
	}
	return NULL;
}

static bool find_modern(struct virtio_device *device, struct pci_device *pci)
{
	unsigned int cap = 0;
	size_t size;

	device->common =
		find_block(pci, TYPE_COMMON, COMMON_LENGTH, &size, &cap);
	device->isr = find_block(pci, TYPE_ISR, 1, &size, &cap);
	device->config =
		find_block(pci, TYPE_DEVICE, 1, &device->config_size, &cap);
	device->notify =
		find_block(pci, TYPE_NOTIFY, 2, &device->notify_size, &cap);
	if (!device->common || !device->isr || !device->notify)
		return false;
	device->notify_unit = pci_read32(pci, cap + CAP_NOTIFY_UNIT);
	return true;
}

int virtio_reset(struct virtio_device *device)
{
	uint64_t deadline = pv_time_ns() + RESET_NS;

	set_status(device, 0);
	while (get_status(device) != 0) {
		if (pv_time_ns() > deadline)
			return -XEN_ETIMEDOUT;
	}
	return 0;
}

int virtio_open(struct virtio_device *device, struct pci_device *pci)
{
	device->pci = pci;
	pci_enable(pci, true);
	device->modern = find_modern(device, pci);
	if (!device->modern) {
		if (!pci->bars[0].is_io || pci->bars[0].size < LEGACY_LENGTH)
			return -XEN_ENODEV;
		device->port = (uint16_t)pci->bars[0].base;
	}
	return virtio_reset(device);
}

void virtio_close(struct virtio_device *device)
{
	if (device->modern || device->port)
		(void)virtio_reset(device);
	pci_irq_release(device->pci);
	pci_enable(device->pci, false);
}

/* Features ---------------------------------------------------------------- */

static void read_features(struct virtio_device *device)
{
	if (!device->modern) {
		device->offered = in32(device->port + LEGACY_DEVICE_FEATURES);
		return;
	}
	put32(device->common, COMMON_DEVICE_FEATURE_SELECT, 0);
	device->offered = get32(device->common, COMMON_DEVICE_FEATURE);
	put32(device->common, COMMON_DEVICE_FEATURE_SELECT, 1);
	device->offered |=
		(uint64_t)get32(device->common, COMMON_DEVICE_FEATURE) << 32;
}

static void write_features(const struct virtio_device *device)
{
	if (!device->modern) {
		out32(device->port + LEGACY_DRIVER_FEATURES,
		      (uint32_t)device->features);
		return;
	}
	put32(device->common, COMMON_DRIVER_FEATURE_SELECT, 0);
	put32(device->common, COMMON_DRIVER_FEATURE,
	      (uint32_t)device->features);
	put32(device->common, COMMON_DRIVER_FEATURE_SELECT, 1);
	put32(device->common, COMMON_DRIVER_FEATURE,
	      (uint32_t)(device->features >> 32));
}

int virtio_negotiate(struct virtio_device *device, uint64_t wanted)
{
	wanted |= VIRTIO_F_INDIRECT | VIRTIO_F_EVENT_INDEX | VIRTIO_F_VERSION_1;
	add_status(device, STATUS_ACKNOWLEDGE);
	add_status(device, STATUS_DRIVER);
	read_features(device);
	device->features = device->offered & wanted;
	write_features(device);
	if (!device->modern)
		return 0;
	if (!(device->features & VIRTIO_F_VERSION_1))
		return -XEN_ENODEV;
	add_status(device, STATUS_FEATURES_OK);
	return get_status(device) & STATUS_FEATURES_OK ? 0 : -XEN_ENODEV;
}

void virtio_start(struct virtio_device *device)
{
	add_status(device, STATUS_DRIVER_OK);
}

bool virtio_needs_reset(const struct virtio_device *device)
{
	return get_status(device) & STATUS_NEEDS_RESET;
}

/* Interrupts -------------------------------------------------------------- */

static unsigned int vector_of_queue(const struct virtio_device *device,
				    unsigned int index)
{
	return index + 1 < device->pci->irq_count ? index + 1 : 0;
}

static void run_queue(void *context)
{
	struct virtqueue *queue = context;

	queue->handler(queue->context);
}

/* Vector 0, or the line: the configuration, and queues without their own. */
static void run_shared(void *context)
{
	struct virtio_device *device = context;
	uint8_t isr = ISR_QUEUE | ISR_CONFIG;
	unsigned int i;

	/* Reading takes the line's request back. */
	if (!has_msix(device))
		isr = device->modern ? get8(device->isr, 0)
				     : in8(device->port + LEGACY_ISR);
	if ((isr & ISR_CONFIG) && device->config_changed)
		device->config_changed(device->context);
	for (i = 0; (isr & ISR_QUEUE) && i < device->queue_count; i++) {
		if (device->queues[i] && vector_of_queue(device, i) == 0)
			run_queue(device->queues[i]);
	}
}

int virtio_irq_setup(struct virtio_device *device, unsigned int queues)
{
	int n = pci_irq_setup(device->pci, 1 + queues);

	return n < 0 ? n : pci_irq_bind(device->pci, 0, run_shared, device);
}

static int bind_queue(struct virtqueue *queue)
{
	unsigned int vector = vector_of_queue(queue->device, queue->index);

	return vector == 0 ? 0
			   : pci_irq_bind(queue->device->pci, vector, run_queue,
					  queue);
}

/* The device refuses a vector by reading back another. */
static bool set_vectors(const struct virtqueue *queue)
{
	const struct virtio_device *device = queue->device;
	uint16_t vector = (uint16_t)vector_of_queue(device, queue->index);

	if (!has_msix(device))
		return true;
	if (device->modern) {
		put16(device->common, COMMON_CONFIG_VECTOR, 0);
		put16(device->common, COMMON_QUEUE_VECTOR, vector);
		return get16(device->common, COMMON_QUEUE_VECTOR) == vector;
	}
	out16(device->port + LEGACY_CONFIG_VECTOR, 0);
	out16(device->port + LEGACY_QUEUE_VECTOR, vector);
	return in16(device->port + LEGACY_QUEUE_VECTOR) == vector;
}

/* Queues ------------------------------------------------------------------ */

static unsigned int select_queue(const struct virtqueue *queue)
{
	const struct virtio_device *device = queue->device;

	if (device->modern) {
		put16(device->common, COMMON_QUEUE_SELECT,
		      (uint16_t)queue->index);
		return get16(device->common, COMMON_QUEUE_SIZE);
	}
	out16(device->port + LEGACY_QUEUE_SELECT, (uint16_t)queue->index);
	return in16(device->port + LEGACY_QUEUE_SIZE);
}

/* Its place is the device's choice, within the block that it described. */
static bool find_doorbell(struct virtqueue *queue)
{
	const struct virtio_device *device = queue->device;
	size_t offset = (size_t)device->notify_unit *
			get16(device->common, COMMON_QUEUE_NOTIFY_OFFSET);

	if (offset + sizeof(uint16_t) > device->notify_size)
		return false;
	queue->doorbell = (volatile uint16_t *)(device->notify + offset);
	return true;
}

static int publish(struct virtqueue *queue)
{
	const struct virtio_device *device = queue->device;

	if (!set_vectors(queue))
		return -XEN_ENODEV;
	if (!device->modern) {
		out32(device->port + LEGACY_QUEUE_PAGE,
		      (uint32_t)(queue->maddr >> 12));
		return 0;
	}
	if (!find_doorbell(queue))
		return -XEN_ENODEV;
	put16(device->common, COMMON_QUEUE_SIZE, (uint16_t)queue->size);
	put64(device->common, COMMON_QUEUE_DESCRIPTORS, queue->maddr);
	put64(device->common, COMMON_QUEUE_AVAIL, virtqueue_avail_maddr(queue));
	put64(device->common, COMMON_QUEUE_USED, virtqueue_used_maddr(queue));
	put16(device->common, COMMON_QUEUE_ENABLE, 1);
	return 0;
}

int virtio_queue_setup(struct virtio_device *device, struct virtqueue *queue,
		       unsigned int index, unsigned int size,
		       void (*handler)(void *context), void *context)
{
	unsigned int most;
	int rc;

	if (index >= VIRTIO_QUEUES_MAX)
		return -XEN_EINVAL;
	*queue = (struct virtqueue){ .device = device,
				     .index = index,
				     .handler = handler,
				     .context = context };
	most = select_queue(queue);
	if (most == 0 || (most & (most - 1)) != 0 || most > 32768)
		return -XEN_ENODEV;
	queue->size = device->modern && size < most ? size : most;
	rc = virtqueue_create(queue);
	if (!rc)
		rc = bind_queue(queue);
	if (!rc)
		rc = publish(queue);
	if (rc)
		return rc;
	device->queues[index] = queue;
	if (device->queue_count <= index)
		device->queue_count = index + 1;
	return 0;
}

int virtio_queue_restart(struct virtqueue *queue)
{
	virtqueue_clear(queue);
	return select_queue(queue) < queue->size ? -XEN_ENODEV : publish(queue);
}

void virtio_notify(struct virtqueue *queue)
{
	if (queue->doorbell)
		*queue->doorbell = (uint16_t)queue->index;
	else
		out16(queue->device->port + LEGACY_QUEUE_NOTIFY,
		      (uint16_t)queue->index);
}
