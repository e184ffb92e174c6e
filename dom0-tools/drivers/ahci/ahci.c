/* SPDX-License-Identifier: MIT */
/*
 * AHCI controllers [AHCI 1.3.1]: registers (section 3), memory structures (4),
 * initialization (10.1), errors and resets (10.4), and IDENTIFY DEVICE
 * [ACS-3, 7.12]. Each port with a disk is a disk; others, such as those with
 * CD drives, are left alone.
 */
#include "drivers/ahci/ahci.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <public/errno.h>
#include <pvguest/mm.h>

#include "drivers/ahci/ahci_internal.h"

/* Registers of the controller (3.1). */
#define HOST_CAPABILITIES 0x00
#define HOST_CONTROL      0x04
#define HOST_INTERRUPTS   0x08
#define HOST_PORTS        0x0c
#define HOST_PORT(n)      (0x100 + 0x80 * (n))
#define HOST_LENGTH       0x1100
#define HOST_BAR          5

#define CAP_SLOTS(cap)     (((cap) >> 8 & 31) + 1)
#define CAP_NCQ            (1u << 30)
#define CAP_64             (1u << 31)
#define CONTROL_RESET      1u
#define CONTROL_INTERRUPTS 2u
#define CONTROL_AHCI       (1u << 31)

/* Of a port (3.3.7, 3.3.10). */
#define COMMAND_START        (1u << 0)
#define COMMAND_SPIN_UP      (1u << 1)
#define COMMAND_POWER        (1u << 2)
#define COMMAND_FIS          (1u << 4)
#define COMMAND_FIS_RUNNING  (1u << 14)
#define COMMAND_RUNNING      (1u << 15)
#define COMMAND_ACTIVE_STATE (1u << 28)
#define LINK_DETECT(status)  ((status)&0xf)
#define LINK_NONE            0
#define LINK_UP              3
#define CONTROL_LINK_RESET   1
#define TASK_BUSY            0x80
#define TASK_DATA            0x08
#define TASK_ERROR           0x01
#define SIGNATURE_DISK       0x00000101

#define ATA_IDENTIFY   0xec
#define FIS_COMMAND    0x27
#define FIS_IS_COMMAND 0x80

/* Words of IDENTIFY DEVICE. */
#define ID_DEPTH        75
#define ID_SATA         76
#define ID_COMMANDS     83
#define ID_SECTORS      100
#define ID_SECTOR_SIZE  106
#define ID_SECTOR_WORDS 117
#define ID_DATASET      169
#define SATA_NCQ        (1u << 8)
#define COMMANDS_48     (1u << 10)
#define COMMANDS_FLUSH  (1u << 13)
#define TRIM_MOST       (64u * 65535u)

#define MS        1000000ull
#define RESET_NS  (1000 * MS)
#define DETECT_NS (50 * MS)
#define LINK_NS   (1000 * MS)
#define BUSY_NS   (10000 * MS)
#define STOP_NS   (500 * MS)

/* Registers --------------------------------------------------------------- */

uint32_t ahci_get(const struct ahci_port *port, size_t reg)
{
	return *(volatile uint32_t *)(port->registers + reg);
}

void ahci_put(const struct ahci_port *port, size_t reg, uint32_t value)
{
	*(volatile uint32_t *)(port->registers + reg) = value;
}

static uint32_t host_get(const struct ahci *ahci, size_t reg)
{
	return *(volatile uint32_t *)(ahci->registers + reg);
}

static void host_put(const struct ahci *ahci, size_t reg, uint32_t value)
{
	*(volatile uint32_t *)(ahci->registers + reg) = value;
}

/* True when the bits are all clear in time. */
static bool wait_clear(const struct ahci_port *port, size_t reg, uint32_t bits,
		       uint64_t ns)
{
	uint64_t deadline = pv_time_ns() + ns;

	while (ahci_get(port, reg) & bits) {
		if (pv_time_ns() > deadline)
			return false;
	}
	return true;
}

static bool wait_link(const struct ahci_port *port, uint64_t ns)
{
	uint64_t deadline = pv_time_ns() + ns;

	while (LINK_DETECT(ahci_get(port, PORT_SATA_STATUS)) != LINK_UP) {
		if (pv_time_ns() > deadline)
			return false;
	}
	return true;
}

static void change_command(const struct ahci_port *port, uint32_t set,
			   uint32_t clear)
{
	uint32_t value = ahci_get(port, PORT_COMMAND);

	ahci_put(port, PORT_COMMAND, (value | set) & ~clear);
}

/* Commands ---------------------------------------------------------------- */

/* A register FIS to the device [SATA 3.0, 10.3.4]. */
static void fill_fis(uint8_t *fis, const struct ata_command *c)
{
	unsigned int i;

	memset(fis, 0, 20);
	fis[0] = FIS_COMMAND;
	fis[1] = FIS_IS_COMMAND;
	fis[2] = c->command;
	fis[3] = (uint8_t)c->features;
	fis[7] = c->device;
	fis[11] = (uint8_t)(c->features >> 8);
	fis[12] = (uint8_t)c->count;
	fis[13] = (uint8_t)(c->count >> 8);
	for (i = 0; i < 3; i++) {
		fis[4 + i] = (uint8_t)(c->sector >> 8 * i);
		fis[8 + i] = (uint8_t)(c->sector >> (24 + 8 * i));
	}
}

void ahci_fill(struct ahci_port *port, unsigned int slot,
	       const struct ata_command *command)
{
	struct ahci_header *header = &port->memory->list[slot];

	fill_fis(port->memory->tables[slot].fis, command);
	header->flags = HEADER_FIS_WORDS | (command->write ? HEADER_WRITE : 0);
	header->regions = (uint16_t)command->regions;
	header->transferred = 0;
	header->table = port->maddr + offsetof(struct ahci_memory, tables) +
			slot * sizeof(struct ahci_table);
}

/* Ports ------------------------------------------------------------------- */

static bool stop(const struct ahci_port *port)
{
	change_command(port, 0, COMMAND_START);
	return wait_clear(port, PORT_COMMAND, COMMAND_RUNNING, STOP_NS);
}

static void set_up_memory(const struct ahci_port *port)
{
	uint64_t list = port->maddr + offsetof(struct ahci_memory, list);
	uint64_t fis = port->maddr + offsetof(struct ahci_memory, fis);

	ahci_put(port, PORT_LIST, (uint32_t)list);
	ahci_put(port, PORT_LIST + 4, (uint32_t)(list >> 32));
	ahci_put(port, PORT_FIS, (uint32_t)fis);
	ahci_put(port, PORT_FIS + 4, (uint32_t)(fis >> 32));
}

static int start_engine(const struct ahci_port *port)
{
	ahci_put(port, PORT_SATA_ERROR, ~0u);
	ahci_put(port, PORT_INTERRUPTS, ~0u);
	if (!wait_clear(port, PORT_TASK_FILE, TASK_BUSY | TASK_DATA, BUSY_NS))
		return -XEN_ETIMEDOUT;
	change_command(port, COMMAND_START, 0);
	ahci_put(port, PORT_ENABLE, INT_ANSWERS | INT_ERRORS);
	return 0;
}

/*
 * The link is reset in any case (10.4.2): after the error of a queued command
 * a disk takes no other before that.
 */
int ahci_port_restart(struct ahci_port *port)
{
	uint64_t begin;

	if (!stop(port))
		return -XEN_ETIMEDOUT;
	ahci_put(port, PORT_SATA_CONTROL, CONTROL_LINK_RESET);
	begin = pv_time_ns();
	while (pv_time_ns() < begin + MS)
		;
	ahci_put(port, PORT_SATA_CONTROL, 0);
	if (!wait_link(port, LINK_NS))
		return -XEN_ENODEV;
	return start_engine(port);
}

/* Into memory->identify, waited for. */
static int identify(struct ahci_port *port)
{
	struct ata_command c = { .command = ATA_IDENTIFY, .regions = 1 };

	port->memory->tables[0].regions[0] = (struct ahci_region){
		.maddr = port->maddr + offsetof(struct ahci_memory, identify),
		.bytes = sizeof(port->memory->identify) - 1,
	};
	ahci_fill(port, 0, &c);
	ahci_put(port, PORT_ISSUE, 1);
	if (!wait_clear(port, PORT_ISSUE, 1, BUSY_NS))
		return -XEN_ETIMEDOUT;
	return ahci_get(port, PORT_TASK_FILE) & TASK_ERROR ? -XEN_EIO : 0;
}

static uint16_t id_word(const struct ahci_port *port, unsigned int n)
{
	return (uint16_t)(port->memory->identify[2 * n] |
			  port->memory->identify[2 * n + 1] << 8);
}

static uint32_t sector_size(const struct ahci_port *port)
{
	uint16_t word = id_word(port, ID_SECTOR_SIZE);

	/* Bit 14 set and 15 clear: valid; bit 12: not 512 bytes. */
	if ((word & 0xd000) != 0x5000)
		return BLOCK_SECTOR;
	return 2 * (id_word(port, ID_SECTOR_WORDS) |
		    (uint32_t)id_word(port, ID_SECTOR_WORDS + 1) << 16);
}

static int describe(struct ahci_port *port)
{
	struct block_device *disk = &port->disk;
	unsigned int depth = CAP_SLOTS(port->ahci->capabilities);
	unsigned int i, shift;

	disk->sector_size = sector_size(port);
	if (!(id_word(port, ID_COMMANDS) & COMMANDS_48) ||
	    (disk->sector_size != 512 && disk->sector_size != 4096))
		return -XEN_EOPNOTSUPP;
	shift = disk->sector_size == BLOCK_SECTOR ? 0 : 3;
	for (i = 0; i < 3; i++)
		disk->sectors |= (uint64_t)id_word(port, ID_SECTORS + i)
				 << 16 * i;
	disk->sectors <<= shift;
	port->has_ncq = (port->ahci->capabilities & CAP_NCQ) &&
			(id_word(port, ID_SATA) & SATA_NCQ);
	if (port->has_ncq && depth > (id_word(port, ID_DEPTH) & 31) + 1u)
		depth = (id_word(port, ID_DEPTH) & 31) + 1u;
	port->queue.depth = depth;
	port->queue.discard_max = TRIM_MOST << shift;
	disk->max_segments = AHCI_SEGMENTS_MAX;
	disk->max_sectors = AHCI_SEGMENTS_MAX * (PV_PAGE_SIZE / BLOCK_SECTOR);
	disk->has_flush = id_word(port, ID_COMMANDS) & COMMANDS_FLUSH;
	disk->has_discard = id_word(port, ID_DATASET) & 1;
	disk->ops = &ahci_disk_ops;
	disk->driver = port;
	return 0;
}

static void register_disk(struct ahci_port *port)
{
	block_name(&port->disk, "sd");
	port->queue.ops = &ahci_queue_ops;
	port->queue.driver = port;
	port->queue.name = port->disk.name;
	block_queue_init(&port->queue);
	port->ahci->ports[port->number] = port;
	block_register(&port->disk);
}

/* The link is up: is there a disk? */
static int start_disk(struct ahci_port *port)
{
	size_t pages =
		(sizeof(*port->memory) + PV_PAGE_SIZE - 1) / PV_PAGE_SIZE;
	int error;

	if (!wait_clear(port, PORT_TASK_FILE, TASK_BUSY | TASK_DATA, BUSY_NS))
		return -XEN_ETIMEDOUT;
	if (ahci_get(port, PORT_SIGNATURE) != SIGNATURE_DISK)
		return -XEN_ENODEV;
	/* Before the FISes go elsewhere. */
	change_command(port, 0, COMMAND_FIS);
	if (!wait_clear(port, PORT_COMMAND, COMMAND_FIS_RUNNING, STOP_NS))
		return -XEN_ETIMEDOUT;
	port->memory = pv_dma_alloc(pages, 0, &port->maddr);
	if (!port->memory)
		return -XEN_ENOMEM;
	set_up_memory(port);
	change_command(port, COMMAND_FIS, 0);
	error = start_engine(port);
	if (!error)
		error = identify(port);
	if (!error)
		error = describe(port);
	if (error)
		stop(port);
	return error;
}

/* FISes of a port without disk go to a page of nobody. */
static bool wake(const struct ahci_port *port, uint64_t fis_maddr)
{
	ahci_put(port, PORT_ENABLE, 0);
	change_command(port, 0, COMMAND_START | COMMAND_FIS);
	if (!wait_clear(port, PORT_COMMAND,
			COMMAND_RUNNING | COMMAND_FIS_RUNNING, STOP_NS))
		return false;
	ahci_put(port, PORT_FIS, (uint32_t)fis_maddr);
	ahci_put(port, PORT_FIS + 4, (uint32_t)(fis_maddr >> 32));
	change_command(port,
		       COMMAND_FIS | COMMAND_SPIN_UP | COMMAND_POWER |
			       COMMAND_ACTIVE_STATE,
		       0);
	return true;
}

static void sleep_port(const struct ahci_port *port)
{
	change_command(port, 0, COMMAND_FIS);
	wait_clear(port, PORT_COMMAND, COMMAND_FIS_RUNNING, STOP_NS);
}

static void try_port(struct ahci *ahci, unsigned int number, uint64_t deadline)
{
	struct ahci_port *port = calloc(1, sizeof(*port));
	int error = -XEN_ENODEV;

	if (!port)
		return;
	port->ahci = ahci;
	port->number = number;
	port->registers = ahci->registers + HOST_PORT(number);
	while (LINK_DETECT(ahci_get(port, PORT_SATA_STATUS)) == LINK_NONE &&
	       pv_time_ns() < deadline)
		;
	if (LINK_DETECT(ahci_get(port, PORT_SATA_STATUS)) != LINK_NONE &&
	    wait_link(port, LINK_NS))
		error = start_disk(port);
	if (!error) {
		register_disk(port);
		return;
	}
	sleep_port(port);
	if (error != -XEN_ENODEV)
		printf("%s: port %u cannot be used (%d)\n", ahci->pci->name,
		       number, error);
	free(port);
}

/* The controller ---------------------------------------------------------- */

static void interrupt(void *context)
{
	struct ahci *ahci = context;
	uint32_t ports = host_get(ahci, HOST_INTERRUPTS);
	unsigned int i;

	for (i = 0; i < 32; i++) {
		if ((ports & 1u << i) && ahci->ports[i])
			ahci_port_interrupt(ahci->ports[i]);
	}
	/* After the ports have taken back theirs (5.6.2). */
	host_put(ahci, HOST_INTERRUPTS, ports);
}

static int reset_host(const struct ahci *ahci)
{
	uint64_t deadline = pv_time_ns() + RESET_NS;

	host_put(ahci, HOST_CONTROL, CONTROL_AHCI);
	host_put(ahci, HOST_CONTROL, CONTROL_AHCI | CONTROL_RESET);
	while (host_get(ahci, HOST_CONTROL) & CONTROL_RESET) {
		if (pv_time_ns() > deadline)
			return -XEN_ETIMEDOUT;
	}
	host_put(ahci, HOST_CONTROL, CONTROL_AHCI);
	return 0;
}

static int set_up(struct ahci *ahci)
{
	size_t size;
	int n;

	pci_enable(ahci->pci, true);
	size = ahci->pci->bars[HOST_BAR].size;
	if (size > HOST_LENGTH)
		size = HOST_LENGTH;
	ahci->registers = size >= HOST_PORT(1)
				  ? pci_map_bar(ahci->pci, HOST_BAR, size)
				  : NULL;
	if (!ahci->registers)
		return -XEN_ENODEV;
	ahci->capabilities = host_get(ahci, HOST_CAPABILITIES);
	if (!(ahci->capabilities & CAP_64))
		return -XEN_EOPNOTSUPP;
	n = reset_host(ahci);
	if (n)
		return n;
	n = pci_irq_setup(ahci->pci, 1);
	return n < 0 ? n : pci_irq_bind(ahci->pci, 0, interrupt, ahci);
}

static void start_ports(struct ahci *ahci)
{
	uint32_t ports = host_get(ahci, HOST_PORTS);
	size_t room = ahci->pci->bars[HOST_BAR].size;
	struct ahci_port probe = { .ahci = ahci };
	uint64_t deadline, fis_maddr;
	void *page = pv_page_alloc();
	unsigned int i;

	if (!page)
		return;
	fis_maddr = pv_va_to_mfn(page) << PV_PAGE_SHIFT;
	for (i = 0; i < 32; i++) {
		probe.registers = ahci->registers + HOST_PORT(i);
		if (HOST_PORT(i + 1) > room ||
		    ((ports & 1u << i) && !wake(&probe, fis_maddr)))
			ports &= ~(1u << i);
	}
	deadline = pv_time_ns() + DETECT_NS;
	for (i = 0; i < 32; i++) {
		if (ports & 1u << i)
			try_port(ahci, i, deadline);
	}
	/* The page stays: ports that are asleep still know it. */
	host_put(ahci, HOST_INTERRUPTS, ~0u);
	host_put(ahci, HOST_CONTROL, CONTROL_AHCI | CONTROL_INTERRUPTS);
}

int ahci_probe(struct pci_device *pci)
{
	struct ahci *ahci = calloc(1, sizeof(*ahci));
	int error;

	if (!ahci)
		return -XEN_ENOMEM;
	ahci->pci = pci;
	error = set_up(ahci);
	if (error) {
		printf("%s: controller cannot be used (%d)\n", pci->name,
		       error);
		pci_irq_release(pci);
		pci_enable(pci, false);
		free(ahci);
		return error;
	}
	start_ports(ahci);
	return 0;
}
