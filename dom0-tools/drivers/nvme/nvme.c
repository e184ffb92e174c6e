/* SPDX-License-Identifier: MIT */
/*
 * NVMe controllers [NVM Express 1.4]: registers (3.1), initialization (7.6.1),
 * queues (4.1), Identify (5.15) and Create I/O Queue (5.3, 5.4). One pair of
 * queues for data, shared by the namespaces; administration is polled.
 *
 * Every status and number that the controller reports is checked; one that
 * does not answer is not waited for longer than it says it needs.
 */
#include "drivers/nvme/nvme.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <public/errno.h>
#include <pvguest/mm.h>

#include "drivers/nvme/nvme_internal.h"

/* Registers (3.1). */
#define REG_CAPABILITIES  0x00
#define REG_CONFIGURATION 0x14
#define REG_STATUS        0x1c
#define REG_ADMIN_SIZES   0x24
#define REG_ADMIN_SQ      0x28
#define REG_ADMIN_CQ      0x30
#define REG_DOORBELLS     0x1000
#define REG_LENGTH        0x2000

#define CAP_ENTRIES(cap)    ((unsigned int)((cap)&0xffff) + 1)
#define CAP_TIMEOUT(cap)    ((cap) >> 24 & 0xff) /* half seconds */
#define CAP_STRIDE(cap)     (4u << ((cap) >> 32 & 0xf))
#define CAP_NVM(cap)        ((cap) >> 37 & 1)
#define CAP_PAGE_SHIFT(cap) (12 + ((cap) >> 48 & 0xf)) /* smallest */
#define CONFIG_ENABLE       1u
#define CONFIG_ENTRIES      (6u << 16 | 4u << 20) /* 64 and 16 bytes */
#define STATUS_READY        1u
#define STATUS_FATAL        2u

#define ADMIN_CREATE_SQ     0x01
#define ADMIN_CREATE_CQ     0x05
#define ADMIN_IDENTIFY      0x06
#define ADMIN_SET_FEATURES  0x09
#define FEATURE_QUEUES      0x07
#define IDENTIFY_NAMESPACE  0
#define IDENTIFY_CONTROLLER 1
#define IDENTIFY_ACTIVE     2
#define QUEUE_CONTIGUOUS    1u
#define QUEUE_INTERRUPTS    2u

/* Identify Controller (5.15.2.2), offsets. */
#define ID_MAX_TRANSFER   77
#define ID_NVM_COMMANDS   520
#define ID_VOLATILE_CACHE 525
#define NVM_DATASET       4u

/* Identify Namespace (5.15.2.1), offsets. */
#define NS_SIZE       0
#define NS_FORMAT     26
#define NS_ATTRIBUTES 99
#define NS_FORMATS    128
#define NS_READ_ONLY  1u

#define ADMIN_ENTRIES 16
#define IO_ENTRIES    128
#define NS_PER_HALF   500000000ull
#define HALVES_MOST   20
#define SPIN_NS       5000000000ull

static unsigned int controllers;

/* Registers --------------------------------------------------------------- */

static uint32_t get32(const struct nvme *nvme, size_t reg)
{
	return *(volatile uint32_t *)(nvme->registers + reg);
}

static void put32(const struct nvme *nvme, size_t reg, uint32_t value)
{
	*(volatile uint32_t *)(nvme->registers + reg) = value;
}

static void put64(const struct nvme *nvme, size_t reg, uint64_t value)
{
	put32(nvme, reg, (uint32_t)value);
	put32(nvme, reg + 4, (uint32_t)(value >> 32));
}

/* Waits until the controller is (or is not) ready. */
static int wait_ready(const struct nvme *nvme, uint32_t wanted)
{
	uint64_t halves = CAP_TIMEOUT(nvme->capabilities) + 1;
	uint64_t deadline;
	uint32_t status;

	if (halves > HALVES_MOST)
		halves = HALVES_MOST;
	deadline = pv_time_ns() + halves * NS_PER_HALF;
	while (((status = get32(nvme, REG_STATUS)) & STATUS_READY) != wanted ||
	       status == ~0u) {
		if (pv_time_ns() > deadline || status == ~0u ||
		    (wanted && (status & STATUS_FATAL)))
			return -XEN_ETIMEDOUT;
	}
	return 0;
}

static int disable(const struct nvme *nvme)
{
	put32(nvme, REG_CONFIGURATION, 0);
	return wait_ready(nvme, 0);
}

/* Queues ------------------------------------------------------------------ */

void nvme_push(struct nvme_queue *queue, const struct nvme_command *command)
{
	queue->commands[queue->tail] = *command;
	queue->tail = (queue->tail + 1) % queue->size;
}

void nvme_ring(struct nvme_queue *queue)
{
	if (queue->rung_tail == queue->tail)
		return;
	queue->rung_tail = queue->tail;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	*queue->tail_bell = queue->tail;
}

bool nvme_take(struct nvme_queue *queue, struct nvme_completion *completion)
{
	volatile struct nvme_completion *e = &queue->completions[queue->head];

	if ((e->status & 1) != queue->phase)
		return false;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	*completion = *e;
	queue->head++;
	if (queue->head == queue->size) {
		queue->head = 0;
		queue->phase ^= 1;
	}
	*queue->head_bell = queue->head;
	return true;
}

/* Generic status codes (4.6.1.2.1) that say more than "failed". */
int nvme_error(uint16_t status)
{
	switch (status >> 1 & 0x7ff) {
	case 0:
		return 0;
	case 1: /* invalid opcode */
	case 2: /* invalid field */
		return -XEN_EOPNOTSUPP;
	default:
		return -XEN_EIO;
	}
}

static int make_queue(struct nvme_queue *queue, unsigned int size)
{
	size_t pages = (size * sizeof(struct nvme_command) + NVME_PAGE - 1) /
		       NVME_PAGE;

	queue->size = size;
	queue->commands = pv_dma_alloc(pages, 0, &queue->commands_maddr);
	queue->completions = pv_dma_alloc(1, 0, &queue->completions_maddr);
	return queue->commands && queue->completions ? 0 : -XEN_ENOMEM;
}

static void clear_queue(struct nvme *nvme, struct nvme_queue *queue,
			unsigned int number)
{
	size_t stride = CAP_STRIDE(nvme->capabilities);
	volatile uint8_t *bells = nvme->registers + REG_DOORBELLS;

	memset((void *)queue->completions, 0, NVME_PAGE);
	queue->tail_bell = (volatile uint32_t *)(bells + 2 * number * stride);
	queue->head_bell =
		(volatile uint32_t *)(bells + (2 * number + 1) * stride);
	queue->tail = queue->head = queue->rung_tail = 0;
	queue->phase = 1;
}

_Static_assert(IO_ENTRIES * sizeof(struct nvme_completion) <= NVME_PAGE,
	       "completions fit in their page");

/* Administration ---------------------------------------------------------- */

/* One command, waited for. */
static int admin(struct nvme *nvme, const struct nvme_command *command)
{
	uint64_t deadline = pv_time_ns() + SPIN_NS;
	struct nvme_completion completion;

	nvme_push(&nvme->admin, command);
	nvme_ring(&nvme->admin);
	while (!nvme_take(&nvme->admin, &completion)) {
		if (pv_time_ns() > deadline)
			return -XEN_ETIMEDOUT;
	}
	return nvme_error(completion.status);
}

static int identify(struct nvme *nvme, uint32_t what, uint32_t namespace_id)
{
	struct nvme_command c = { .opcode = ADMIN_IDENTIFY,
				  .namespace_id = namespace_id,
				  .prp1 = nvme->page_maddr,
				  .dword10 = what };

	memset(nvme->page, 0, NVME_PAGE);
	return admin(nvme, &c);
}

static int create_io_queues(struct nvme *nvme)
{
	uint32_t id_and_size = 1 | (nvme->io.size - 1) << 16;
	struct nvme_command number = { .opcode = ADMIN_SET_FEATURES,
				       .dword10 = FEATURE_QUEUES,
				       .dword11 = 0 /* one and one */ };
	struct nvme_command cq = { .opcode = ADMIN_CREATE_CQ,
				   .prp1 = nvme->io.completions_maddr,
				   .dword10 = id_and_size,
				   .dword11 = QUEUE_CONTIGUOUS |
					      QUEUE_INTERRUPTS |
					      nvme->io_vector << 16 };
	struct nvme_command sq = { .opcode = ADMIN_CREATE_SQ,
				   .prp1 = nvme->io.commands_maddr,
				   .dword10 = id_and_size,
				   .dword11 = QUEUE_CONTIGUOUS | 1u << 16 };
	int error = admin(nvme, &number);

	if (!error)
		error = admin(nvme, &cq);
	return error ? error : admin(nvme, &sq);
}

static int enable(struct nvme *nvme)
{
	uint32_t entries = ADMIN_ENTRIES - 1;

	clear_queue(nvme, &nvme->admin, 0);
	put32(nvme, REG_ADMIN_SIZES, entries << 16 | entries);
	put64(nvme, REG_ADMIN_SQ, nvme->admin.commands_maddr);
	put64(nvme, REG_ADMIN_CQ, nvme->admin.completions_maddr);
	put32(nvme, REG_CONFIGURATION, CONFIG_ENTRIES | CONFIG_ENABLE);
	return wait_ready(nvme, STATUS_READY);
}

int nvme_restart(struct nvme *nvme)
{
	int error = disable(nvme);

	if (!error)
		error = enable(nvme);
	if (error)
		return error;
	clear_queue(nvme, &nvme->io, 1);
	return create_io_queues(nvme);
}

/* Namespaces -------------------------------------------------------------- */

static uint32_t page32(const struct nvme *nvme, size_t offset)
{
	uint32_t value;

	memcpy(&value, (char *)nvme->page + offset, sizeof(value));
	return value;
}

static uint8_t page8(const struct nvme *nvme, size_t offset)
{
	return ((uint8_t *)nvme->page)[offset];
}

static bool describe(struct nvme *nvme, struct nvme_namespace *ns)
{
	uint32_t format =
		page32(nvme, NS_FORMATS + 4 * (page8(nvme, NS_FORMAT) & 15));
	unsigned int data_shift = format >> 16 & 0xff;
	uint64_t blocks = page32(nvme, NS_SIZE) |
			  (uint64_t)page32(nvme, NS_SIZE + 4) << 32;
	struct block_device *disk = &ns->disk;

	/* Blocks with metadata are not for us. */
	if ((data_shift != 9 && data_shift != 12) || (format & 0xffff) != 0 ||
	    blocks == 0)
		return false;
	ns->block_shift = data_shift - 9;
	snprintf(disk->name, sizeof(disk->name), "%sn%u", nvme->name,
		 (unsigned int)ns->id);
	disk->sectors = blocks << ns->block_shift;
	disk->sector_size = 1u << data_shift;
	disk->max_sectors = nvme->max_sectors;
	disk->max_segments = NVME_SEGMENTS_MAX;
	disk->read_only = page8(nvme, NS_ATTRIBUTES) & NS_READ_ONLY;
	disk->has_flush = nvme->has_cache;
	disk->has_discard = nvme->has_discard;
	disk->ops = &nvme_disk_ops;
	disk->driver = ns;
	return true;
}

static void add_namespace(struct nvme *nvme, unsigned int i, uint32_t id)
{
	struct nvme_namespace *ns;

	if (identify(nvme, IDENTIFY_NAMESPACE, id))
		return;
	ns = calloc(1, sizeof(*ns));
	if (!ns)
		return;
	ns->nvme = nvme;
	ns->id = id;
	if (!describe(nvme, ns)) {
		printf("%s: namespace %u has a format that is not known\n",
		       nvme->name, (unsigned int)id);
		free(ns);
		return;
	}
	nvme->namespaces[i] = ns;
	block_register(&ns->disk);
}

static void add_namespaces(struct nvme *nvme)
{
	uint32_t ids[NVME_NAMESPACES];
	unsigned int i;

	/* The list came with 1.1; before, they are counted from 1. */
	if (identify(nvme, IDENTIFY_ACTIVE, 0)) {
		memset(ids, 0, sizeof(ids));
		ids[0] = 1;
	} else {
		memcpy(ids, nvme->page, sizeof(ids));
	}
	for (i = 0; i < NVME_NAMESPACES && ids[i] != 0; i++)
		add_namespace(nvme, i, ids[i]);
}

/* Starting ---------------------------------------------------------------- */

static int identify_controller(struct nvme *nvme)
{
	uint32_t sectors_most = NVME_SEGMENTS_MAX * (NVME_PAGE / BLOCK_SECTOR);
	unsigned int shift;
	int error = identify(nvme, IDENTIFY_CONTROLLER, 0);

	if (error)
		return error;
	shift = page8(nvme, ID_MAX_TRANSFER);
	nvme->max_sectors = sectors_most;
	/* In the smallest pages; 0: no limit. */
	if (shift != 0 && shift < 8 && 8u << shift < sectors_most)
		nvme->max_sectors = 8u << shift;
	nvme->has_discard = page32(nvme, ID_NVM_COMMANDS) & NVM_DATASET;
	nvme->has_cache = page8(nvme, ID_VOLATILE_CACHE) & 1;
	return 0;
}

static int make_memory(struct nvme *nvme)
{
	unsigned int entries = CAP_ENTRIES(nvme->capabilities);
	unsigned int depth;
	int error;

	if (entries > IO_ENTRIES)
		entries = IO_ENTRIES;
	depth = entries - 1; /* a queue is full with one entry free */
	if (depth == 0)
		return -XEN_EOPNOTSUPP;
	nvme->queue.depth = depth;
	nvme->page = pv_page_alloc();
	nvme->scratch =
		pv_dma_alloc((depth * NVME_SCRATCH + NVME_PAGE - 1) / NVME_PAGE,
			     0, &nvme->scratch_maddr);
	if (!nvme->page || !nvme->scratch)
		return -XEN_ENOMEM;
	nvme->page_maddr = pv_va_to_mfn(nvme->page) << PV_PAGE_SHIFT;
	error = make_queue(&nvme->admin, ADMIN_ENTRIES);
	return error ? error : make_queue(&nvme->io, entries);
}

static int open_registers(struct nvme *nvme)
{
	size_t size = nvme->pci->bars[0].size;

	pci_enable(nvme->pci, true);
	if (size > 4 * REG_LENGTH)
		size = 4 * REG_LENGTH;
	nvme->registers =
		size >= REG_LENGTH ? pci_map_bar(nvme->pci, 0, size) : NULL;
	if (!nvme->registers)
		return -XEN_ENODEV;
	nvme->capabilities = get32(nvme, REG_CAPABILITIES) |
			     (uint64_t)get32(nvme, REG_CAPABILITIES + 4) << 32;
	/* Pages of 4 KiB, and bells that we have mapped. */
	if (!CAP_NVM(nvme->capabilities) ||
	    CAP_PAGE_SHIFT(nvme->capabilities) != 12 ||
	    REG_DOORBELLS + 4 * CAP_STRIDE(nvme->capabilities) > size)
		return -XEN_EOPNOTSUPP;
	return 0;
}

static int set_up_interrupts(struct nvme *nvme)
{
	/* The first is the administration's, which nobody waits for. */
	int n = pci_irq_setup(nvme->pci, 2);

	if (n < 0)
		return n;
	nvme->io_vector = n > 1;
	return pci_irq_bind(nvme->pci, nvme->io_vector, nvme_io_interrupt,
			    nvme);
}

static int set_up(struct nvme *nvme)
{
	int error = open_registers(nvme);

	if (!error)
		error = disable(nvme);
	if (!error)
		error = make_memory(nvme);
	if (!error)
		error = set_up_interrupts(nvme);
	if (!error)
		error = nvme_restart(nvme);
	return error ? error : identify_controller(nvme);
}

int nvme_probe(struct pci_device *pci)
{
	struct nvme *nvme = calloc(1, sizeof(*nvme));
	int error;

	if (!nvme)
		return -XEN_ENOMEM;
	nvme->pci = pci;
	snprintf(nvme->name, sizeof(nvme->name), "nvme%u", controllers);
	error = set_up(nvme);
	if (error) {
		printf("%s: controller cannot be used (%d)\n", pci->name,
		       error);
		if (nvme->registers)
			put32(nvme, REG_CONFIGURATION, 0);
		pci_irq_release(pci);
		pci_enable(pci, false);
		free(nvme);
		return error;
	}
	controllers++;
	nvme->queue.ops = &nvme_queue_ops;
	nvme->queue.driver = nvme;
	nvme->queue.name = nvme->name;
	block_queue_init(&nvme->queue);
	add_namespaces(nvme);
	return 0;
}
