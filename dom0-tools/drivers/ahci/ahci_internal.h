/* SPDX-License-Identifier: MIT */
/*
 * What the two files of the driver share: ahci.c has the controller and its
 * ports, ahci_io.c the commands for data.
 */
#ifndef DRIVERS_AHCI_AHCI_INTERNAL_H
#define DRIVERS_AHCI_AHCI_INTERNAL_H

#include "drivers/block_queue.h"
#include "drivers/pci/pci.h"

#define AHCI_SLOTS        32
#define AHCI_SEGMENTS_MAX 120

/* Registers of a port [AHCI 1.3.1, 3.3]. */
#define PORT_LIST         0x00
#define PORT_FIS          0x08
#define PORT_INTERRUPTS   0x10
#define PORT_ENABLE       0x14
#define PORT_COMMAND      0x18
#define PORT_TASK_FILE    0x20
#define PORT_SIGNATURE    0x24
#define PORT_SATA_STATUS  0x28
#define PORT_SATA_CONTROL 0x2c
#define PORT_SATA_ERROR   0x30
#define PORT_SATA_ACTIVE  0x34
#define PORT_ISSUE        0x38

/* Bits of PORT_INTERRUPTS: answers of any kind, and errors (3.3.5). */
#define INT_ANSWERS                                                            \
	0x0000000fu /* D2H, PIO set-up, DMA set-up, set device bits */
#define INT_ERRORS 0x7c000000u /* task file, bus, data, interface */

/* One entry of the command list (4.2.2). */
struct ahci_header {
	uint16_t flags;
	uint16_t regions;
	uint32_t transferred;
	uint64_t table;
	uint32_t reserved[4];
};

#define HEADER_FIS_WORDS 5u
#define HEADER_WRITE     0x40u

/* A command's table (4.2.3). */
struct ahci_region {
	uint64_t maddr;
	uint32_t reserved;
	uint32_t bytes; /* less 1 */
};

struct ahci_table {
	uint8_t fis[64];
	uint8_t packet[16];
	uint8_t reserved[48];
	struct ahci_region regions[AHCI_SEGMENTS_MAX];
};

_Static_assert(sizeof(struct ahci_header) == 32, "4.2.2");
_Static_assert(sizeof(struct ahci_table) % 128 == 0, "4.2.3");

/* What a port's disk shares with us, one DMA block; lists aligned (4.2). */
struct ahci_memory {
	struct ahci_header list[AHCI_SLOTS]; /* 1 KiB */
	uint8_t fis[256];
	uint8_t pad[768];
	uint8_t identify[512];
	uint8_t pad2[1536];
	uint8_t discards[AHCI_SLOTS][512];
	struct ahci_table tables[AHCI_SLOTS];
};

struct ahci_port {
	struct ahci *ahci;
	unsigned int number;
	volatile uint8_t *registers;
	struct ahci_memory *memory;
	uint64_t maddr;
	struct block_device disk;
	struct block_queue queue;
	bool has_ncq;
	/* Commands in the hardware, and of which kind: they cannot mix. */
	uint32_t issued, to_issue;
	bool queued;
	/* After an error: that many requests one by one, to find the bad one.
	 */
	unsigned int careful;
};

struct ahci {
	struct pci_device *pci;
	volatile uint8_t *registers;
	uint32_t capabilities;
	struct ahci_port *ports[32];
};

/* ahci.c */
uint32_t ahci_get(const struct ahci_port *port, size_t reg);
void ahci_put(const struct ahci_port *port, size_t reg, uint32_t value);
/* Fills the slot's header and the command's registers (ahci_io.c). */
struct ata_command {
	uint8_t command;
	uint16_t features;
	uint16_t count;
	uint64_t sector;
	uint8_t device;
	bool write;
	unsigned int regions; /* filled in the slot's table */
};
void ahci_fill(struct ahci_port *port, unsigned int slot,
	       const struct ata_command *command);
/* The engine off and on again, the link reset if need be (10.4). */
int ahci_port_restart(struct ahci_port *port);

/* ahci_io.c */
extern const struct block_queue_ops ahci_queue_ops;
extern const struct block_ops ahci_disk_ops;
void ahci_port_interrupt(struct ahci_port *port);

#endif /* DRIVERS_AHCI_AHCI_INTERNAL_H */
