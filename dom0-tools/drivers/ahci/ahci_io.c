/* SPDX-License-Identifier: MIT */
/*
 * Commands for data [ACS-3, section 7]: queued ones (NCQ) if the disk has
 * them, else DMA EXT; FLUSH CACHE EXT and TRIM, which cannot be queued and
 * wait until nothing else is in the hardware.
 *
 * After an error the disk has dropped all that it had, and does not say by
 * itself which command was to blame: they are done again one by one, so that
 * only the one that fails again fails.
 */
#include <stddef.h>
#include <string.h>

#include <public/errno.h>

#include "drivers/ahci/ahci_internal.h"

#define ATA_DATASET      0x06
#define ATA_READ_DMA     0x25
#define ATA_WRITE_DMA    0x35
#define ATA_READ_QUEUED  0x60
#define ATA_WRITE_QUEUED 0x61
#define ATA_FLUSH        0xea
#define DATASET_TRIM     1
#define DEVICE_LBA       0x40
#define TRIM_RANGES      64
#define TRIM_BLOCKS      65535u

static unsigned int shift_of(const struct ahci_port *port)
{
	return port->disk.sector_size == BLOCK_SECTOR ? 0 : 3;
}

static void add_region(struct ahci_table *table, unsigned int i, uint64_t maddr,
		       uint32_t bytes)
{
	table->regions[i] =
		(struct ahci_region){ .maddr = maddr, .bytes = bytes - 1 };
}

static void describe_data(struct ahci_port *port, unsigned int slot,
			  const struct block_request *request, bool queued,
			  struct ata_command *c)
{
	struct ahci_table *table = &port->memory->tables[slot];
	unsigned int shift = shift_of(port), i;
	uint16_t blocks = (uint16_t)(request->sectors >> shift);

	for (i = 0; i < request->segment_count; i++)
		add_region(table, i, request->segments[i].maddr,
			   request->segments[i].bytes);
	c->regions = i;
	c->write = request->op == BLOCK_WRITE;
	c->sector = request->sector >> shift;
	c->device = DEVICE_LBA;
	if (queued) {
		c->command = c->write ? ATA_WRITE_QUEUED : ATA_READ_QUEUED;
		c->features = blocks;
		c->count = (uint16_t)(slot << 3);
	} else {
		c->command = c->write ? ATA_WRITE_DMA : ATA_READ_DMA;
		c->count = blocks;
	}
}

/* A block of ranges: 48 bits of address, 16 of length [ACS-3, 7.5]. */
static void describe_discard(struct ahci_port *port, unsigned int slot,
			     const struct block_command *command,
			     struct ata_command *c)
{
	uint8_t *ranges = port->memory->discards[slot];
	uint64_t block = command->sector >> shift_of(port), range;
	uint32_t left = command->sectors >> shift_of(port), n;
	unsigned int i;

	memset(ranges, 0, sizeof(port->memory->discards[slot]));
	for (i = 0; i < TRIM_RANGES && left > 0; i++) {
		n = left < TRIM_BLOCKS ? left : TRIM_BLOCKS;
		range = block | (uint64_t)n << 48;
		memcpy(ranges + 8 * i, &range, sizeof(range));
		block += n;
		left -= n;
	}
	add_region(&port->memory->tables[slot], 0,
		   port->maddr + offsetof(struct ahci_memory, discards) +
			   slot * sizeof(port->memory->discards[slot]),
		   sizeof(port->memory->discards[slot]));
	c->regions = 1;
	c->write = true;
	c->command = ATA_DATASET;
	c->features = DATASET_TRIM;
	c->count = 1;
	c->device = DEVICE_LBA;
}

static int start(struct block_queue *queue, unsigned int tag,
		 const struct block_command *command)
{
	const struct block_request *request = command->request;
	struct ahci_port *port = queue->driver;
	struct ata_command c = { .command = ATA_FLUSH, .device = DEVICE_LBA };
	bool queued = port->has_ncq && port->careful == 0 &&
		      (request->op == BLOCK_READ || request->op == BLOCK_WRITE);

	if (port->issued && (port->careful > 0 || queued != port->queued))
		return -XEN_EAGAIN;
	if (request->op == BLOCK_DISCARD)
		describe_discard(port, tag, command, &c);
	else if (request->op != BLOCK_FLUSH)
		describe_data(port, tag, request, queued, &c);
	ahci_fill(port, tag, &c);
	port->queued = queued;
	port->issued |= 1u << tag;
	port->to_issue |= 1u << tag;
	return 0;
}

static void kick(struct block_queue *queue)
{
	struct ahci_port *port = queue->driver;
	uint32_t slots = port->to_issue;

	if (slots == 0)
		return;
	port->to_issue = 0;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	if (port->queued)
		ahci_put(port, PORT_SATA_ACTIVE, slots);
	ahci_put(port, PORT_ISSUE, slots);
}

/* Answers ----------------------------------------------------------------- */

static void finish(struct ahci_port *port, unsigned int slot, int error)
{
	port->issued &= ~(1u << slot);
	if (port->careful > 0)
		port->careful--;
	block_queue_done(&port->queue, slot, error);
}

/* What the hardware still has of what we gave it. */
static uint32_t pending(const struct ahci_port *port)
{
	uint32_t slots = ahci_get(port, PORT_ISSUE);

	if (port->queued)
		slots |= ahci_get(port, PORT_SATA_ACTIVE);
	return slots | port->to_issue;
}

static void take_answers(struct ahci_port *port)
{
	uint32_t done = port->issued & ~pending(port);
	unsigned int slot;

	for (slot = 0; done != 0; slot++, done >>= 1) {
		if (done & 1)
			finish(port, slot, 0);
	}
}

static void take_error(struct ahci_port *port)
{
	uint32_t lost;

	take_answers(port);
	lost = port->issued & ~port->to_issue;
	if (ahci_port_restart(port)) {
		/* Nothing moves any more: the queue's time-out will see that.
		 */
		return;
	}
	if (lost == 0)
		return;
	if ((lost & (lost - 1)) == 0 && lost == port->issued) {
		finish(port, (unsigned int)__builtin_ctz(lost), -XEN_EIO);
		return;
	}
	port->careful = block_queue_active(&port->queue);
	port->issued = port->to_issue = 0;
	block_queue_requeue(&port->queue);
}

void ahci_port_interrupt(struct ahci_port *port)
{
	uint32_t reasons = ahci_get(port, PORT_INTERRUPTS);

	ahci_put(port, PORT_INTERRUPTS, reasons);
	if (reasons & INT_ERRORS)
		take_error(port);
	else
		take_answers(port);
}

static void poll(struct block_queue *queue)
{
	ahci_port_interrupt(queue->driver);
}

static int reset(struct block_queue *queue)
{
	struct ahci_port *port = queue->driver;

	port->issued = port->to_issue = 0;
	port->careful = 0;
	return ahci_port_restart(port);
}

const struct block_queue_ops ahci_queue_ops = { start, kick, poll, reset };

static void submit(struct block_device *device, struct block_request *request)
{
	struct ahci_port *port = device->driver;

	block_queue_submit(&port->queue, device, request);
}

static void kick_disk(struct block_device *device)
{
	struct ahci_port *port = device->driver;

	block_queue_kick(&port->queue);
}

const struct block_ops ahci_disk_ops = { submit, kick_disk };
