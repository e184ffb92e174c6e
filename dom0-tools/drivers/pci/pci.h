/* SPDX-License-Identifier: MIT */
/*
 * The PCI devices of this machine: finding them, their registers, and their
 * interrupts through the hypervisor's physdev operations. How to write a
 * driver on it: docs/devices.md.
 *
 * Owns: the list of devices, made once by pci_init() and never changed.
 * Context: one thread; interrupt handlers run in pv_poll() and pv_wait().
 * Errors: 0 or a negative XEN_E*.
 */
#ifndef DRIVERS_PCI_PCI_H
#define DRIVERS_PCI_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCI_BARS 6

/* Registers of the header [PCI 3.0 "Configuration Space Organization"]. */
#define PCI_COMMAND          0x04
#define PCI_COMMAND_IO       0x0001
#define PCI_COMMAND_MEMORY   0x0002
#define PCI_COMMAND_MASTER   0x0004
#define PCI_COMMAND_INTX_OFF 0x0400
#define PCI_STATUS           0x06
#define PCI_INTERRUPT_LINE   0x3c
#define PCI_INTERRUPT_PIN    0x3d

/* Identifiers of capabilities. */
#define PCI_CAP_MSI    0x05
#define PCI_CAP_VENDOR 0x09
#define PCI_CAP_MSIX   0x11

enum pci_irq_kind {
	PCI_IRQ_NONE,
	PCI_IRQ_INTX, /* one, level-triggered, perhaps shared */
	PCI_IRQ_MSI,  /* one */
	PCI_IRQ_MSIX, /* as many as the device has */
};

struct pci_bar {
	uint64_t base; /* machine address, or first port */
	uint64_t size; /* 0: not there, or firmware gave it no address */
	bool is_io;
};

struct pci_irq; /* pci_irq.c */

struct pci_device {
	struct pci_device *next;
	char name[12]; /* "00:1f.2" */
	uint8_t bus, devfn;
	uint16_t vendor, device;
	uint16_t subsystem_vendor, subsystem;
	uint32_t class_code; /* class << 16 | subclass << 8 | interface */
	uint8_t revision;
	struct pci_bar bars[PCI_BARS];
	const struct pci_driver *driver; /* that took it, or NULL */

	/* pci_irq.c */
	enum pci_irq_kind irq_kind;
	unsigned int irq_count;
	struct pci_irq *irqs;
};

#define PCI_ANY 0xffff

/* A row of the table of drivers (drivers/drivers.c); all fields must match. */
struct pci_driver {
	const char *name;
	uint16_t vendor, device;         /* PCI_ANY: all */
	uint32_t class_code, class_mask; /* mask 0: all */
	/* Takes the device: 0. Anything else leaves it as it was found. */
	int (*probe)(struct pci_device *device);
};

/* Finds all devices and announces them to the hypervisor. */
void pci_init(void);
/* Begin with NULL, ends with NULL; in the order of bus, device, function. */
struct pci_device *pci_next(const struct pci_device *device);
/* Offers each device to the drivers of the table, which ends with no name. */
void pci_probe_all(const struct pci_driver *drivers);

/* Configuration space; `reg` below 256, a multiple of the access's size. */
uint8_t pci_read8(const struct pci_device *device, unsigned int reg);
uint16_t pci_read16(const struct pci_device *device, unsigned int reg);
uint32_t pci_read32(const struct pci_device *device, unsigned int reg);
void pci_write8(const struct pci_device *device, unsigned int reg,
		uint8_t value);
void pci_write16(const struct pci_device *device, unsigned int reg,
		 uint16_t value);
void pci_write32(const struct pci_device *device, unsigned int reg,
		 uint32_t value);

/*
 * The first capability with this identifier behind `after`, an earlier result
 * or 0 for the list's begin; 0: there is none.
 */
unsigned int pci_capability(const struct pci_device *device, uint8_t id,
			    unsigned int after);

/* Decoding of memory and ports on, and bus mastering on or off. */
void pci_enable(const struct pci_device *device, bool master);

/*
 * The registers behind a memory BAR, uncached, at least `size` bytes; NULL
 * when the BAR is absent or smaller, or memory ran out. Never unmapped.
 */
volatile void *pci_map_bar(const struct pci_device *device, unsigned int bar,
			   size_t size);

/*
 * Interrupts. pci_irq_setup() takes up to `wanted` messages of MSI-X, or one
 * of MSI, or the line, whatever the device has and the hypervisor grants
 * first, and returns how many: 1 to `wanted`, or a negative errno. They are
 * numbered from 0, which with MSI-X is the entry of the device's table;
 * device->irq_kind says what they are. Memory decoding must be on.
 *
 * A handler of a line must find out whether its device asked, and have it
 * stop asking before it returns: other devices may share the line. The
 * hypervisor is told of the end of interrupt afterwards, not by the handler.
 */
typedef void pci_irq_handler(void *context);
int pci_irq_setup(struct pci_device *device, unsigned int wanted);
int pci_irq_bind(struct pci_device *device, unsigned int number,
		 pci_irq_handler *handler, void *context);
/* Unbinds and gives back all of them. */
void pci_irq_release(struct pci_device *device);

#endif /* DRIVERS_PCI_PCI_H */
