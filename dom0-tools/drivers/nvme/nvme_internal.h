/* SPDX-License-Identifier: MIT */
/*
 * What the two files of the driver share: nvme.c has the controller and its
 * queues, nvme_io.c the commands for data.
 */
#ifndef DRIVERS_NVME_NVME_INTERNAL_H
#define DRIVERS_NVME_NVME_INTERNAL_H

#include "drivers/block_queue.h"
#include "drivers/pci/pci.h"

#define NVME_PAGE         4096u
#define NVME_SEGMENTS_MAX 128
#define NVME_NAMESPACES   16
#define NVME_BOUNCES      4

/* A submission queue's entry [NVMe 1.4, 4.2]. */
struct nvme_command {
	uint8_t opcode, flags;
	uint16_t id;
	uint32_t namespace_id;
	uint64_t reserved;
	uint64_t metadata;
	uint64_t prp1, prp2;
	uint32_t dword10, dword11, dword12, dword13, dword14, dword15;
};

/* A completion queue's entry (4.6); bit 0 of status is the phase. */
struct nvme_completion {
	uint32_t result;
	uint32_t reserved;
	uint16_t head, queue;
	uint16_t id, status;
};

_Static_assert(sizeof(struct nvme_command) == 64, "4.2");
_Static_assert(sizeof(struct nvme_completion) == 16, "4.6");

struct nvme_queue {
	volatile struct nvme_command *commands;
	volatile struct nvme_completion *completions;
	uint64_t commands_maddr, completions_maddr;
	volatile uint32_t *tail_bell, *head_bell;
	unsigned int size, tail, head, rung_tail;
	uint16_t phase;
};

/* What one command has beside the queues. */
#define NVME_SCRATCH 1024u
union nvme_scratch {
	uint64_t prps[NVME_SCRATCH / 8]; /* from the second page on */
	struct {
		uint32_t attributes, blocks;
		uint64_t block;
	} discard;
};

/* A request whose segments no list of pages can describe goes through here. */
struct nvme_bounce {
	bool used;
	void *pages[NVME_SEGMENTS_MAX];
	uint64_t maddrs[NVME_SEGMENTS_MAX];
};

struct nvme_namespace {
	struct block_device disk;
	struct nvme *nvme;
	uint32_t id;
	unsigned int block_shift; /* from sectors of 512 bytes to blocks */
};

struct nvme {
	struct pci_device *pci;
	volatile uint8_t *registers;
	uint64_t capabilities;
	char name[8];
	struct nvme_queue admin, io;
	unsigned int io_vector;
	void *page; /* what Identify answers */
	uint64_t page_maddr;
	uint32_t max_sectors;
	bool has_cache, has_discard;
	struct block_queue queue;
	union nvme_scratch *scratch; /* by tag */
	uint64_t scratch_maddr;
	struct nvme_bounce *bounce_of[BLOCK_DEPTH_MAX]; /* by tag */
	struct nvme_bounce bounces[NVME_BOUNCES];
	struct nvme_namespace *namespaces[NVME_NAMESPACES];
};

/* nvme.c: put a command into a queue, and show it to the device. */
void nvme_push(struct nvme_queue *queue, const struct nvme_command *command);
void nvme_ring(struct nvme_queue *queue);
/* The next completion, once; false: there is none. */
bool nvme_take(struct nvme_queue *queue, struct nvme_completion *completion);
int nvme_error(uint16_t status); /* 0 or -XEN_E* */
/* All queues anew; the device's work is lost. */
int nvme_restart(struct nvme *nvme);

/* nvme_io.c */
extern const struct block_queue_ops nvme_queue_ops;
extern const struct block_ops nvme_disk_ops;
void nvme_io_interrupt(void *context);

#endif /* DRIVERS_NVME_NVME_INTERNAL_H */
