/* SPDX-License-Identifier: MIT */
/*
 * Configuration space by ports 0xcf8 and 0xcfc [PCI 3.0 "Configuration Space
 * Decoding"], and the list of devices: buses are followed from bus 0 through
 * bridges, as firmware has numbered them.
 */
#include "drivers/pci/pci.h"

#include <stdio.h>
#include <stdlib.h>

#include <public/physdev.h>
#include <pvguest/hypercall.h>
#include <pvguest/mm.h>

#define PORT_ADDRESS 0xcf8
#define PORT_DATA    0xcfc
#define ENABLE       0x80000000u

#define VENDOR        0x00
#define DEVICE        0x02
#define REVISION      0x08 /* and the class above it */
#define HEADER_TYPE   0x0e
#define HEADER_MULTI  0x80
#define HEADER_BRIDGE 0x01
#define BAR(n)        (0x10 + 4 * (n))
#define SECONDARY_BUS 0x19
#define SUBSYSTEM     0x2c
#define CAPABILITIES  0x34
#define STATUS_LIST   0x10
#define CLASS_HOST    0x0600
#define BAR_IO        0x1u
#define BAR_64        0x4u
#define LIST_MAX      48 /* capabilities that fit */
#define DEVICE_MAX    1024

static struct pci_device *first, **end = &first;
static unsigned int count;

/* Registers --------------------------------------------------------------- */

static void select_register(const struct pci_device *device, unsigned int reg)
{
	uint32_t address = ENABLE | (uint32_t)device->bus << 16 |
			   (uint32_t)device->devfn << 8 | (reg & 0xfc);

	__asm__ volatile("outl %0, %w1" : : "a"(address), "Nd"(PORT_ADDRESS));
}

#define DEFINE_ACCESS(bits, suffix)                                            \
	uint##bits##_t pci_read##bits(const struct pci_device *device,         \
				      unsigned int reg)                        \
	{                                                                      \
		uint16_t port = (uint16_t)(PORT_DATA + (reg & 3));             \
		uint##bits##_t value;                                          \
                                                                               \
		select_register(device, reg);                                  \
		__asm__ volatile("in" suffix " %w1, %0"                        \
				 : "=a"(value)                                 \
				 : "Nd"(port));                                \
		return value;                                                  \
	}                                                                      \
	void pci_write##bits(const struct pci_device *device,                  \
			     unsigned int reg, uint##bits##_t value)           \
	{                                                                      \
		uint16_t port = (uint16_t)(PORT_DATA + (reg & 3));             \
                                                                               \
		select_register(device, reg);                                  \
		__asm__ volatile("out" suffix " %0, %w1"                       \
				 :                                             \
				 : "a"(value), "Nd"(port));                    \
	}
DEFINE_ACCESS(8, "b")
DEFINE_ACCESS(16, "w")
DEFINE_ACCESS(32, "l")

unsigned int pci_capability(const struct pci_device *device, uint8_t id,
			    unsigned int after)
{
	unsigned int at, i;

	if (!(pci_read16(device, PCI_STATUS) & STATUS_LIST))
		return 0;
	at = pci_read8(device, after ? after + 1 : CAPABILITIES) & 0xfc;
	for (i = 0; at && i < LIST_MAX; i++) {
		if (pci_read8(device, at) == id)
			return at;
		at = pci_read8(device, at + 1) & 0xfc;
	}
	return 0;
}

void pci_enable(const struct pci_device *device, bool master)
{
	uint16_t command = pci_read16(device, PCI_COMMAND);

	command |= PCI_COMMAND_IO | PCI_COMMAND_MEMORY;
	if (master)
		command |= PCI_COMMAND_MASTER;
	else
		command &= (uint16_t)~PCI_COMMAND_MASTER;
	pci_write16(device, PCI_COMMAND, command);
}

volatile void *pci_map_bar(const struct pci_device *device, unsigned int bar,
			   size_t size)
{
	const struct pci_bar *b = &device->bars[bar];

	if (bar >= PCI_BARS || b->is_io || b->size == 0 || b->size < size)
		return NULL;
	return pv_map_device(b->base, size);
}

/* Finding devices --------------------------------------------------------- */

static uint32_t size_mask(const struct pci_device *device, unsigned int bar)
{
	uint32_t saved = pci_read32(device, BAR(bar)), mask;

	pci_write32(device, BAR(bar), ~0u);
	mask = pci_read32(device, BAR(bar));
	pci_write32(device, BAR(bar), saved);
	return mask;
}

static void read_port_bar(struct pci_bar *b, uint32_t low, uint32_t mask)
{
	b->is_io = true;
	b->base = low & ~3u;
	b->size = ((~mask & 0xffff) | 3u) + 1;
}

/* Returns how many of the registers it takes. */
static unsigned int read_bar(struct pci_device *device, unsigned int n)
{
	struct pci_bar *b = &device->bars[n];
	uint32_t low = pci_read32(device, BAR(n));
	uint32_t mask = size_mask(device, n);
	bool wide = !(low & BAR_IO) && (low & BAR_64) && n + 1 < PCI_BARS;
	uint64_t high_mask = ~0u;

	if (wide) {
		b->base = (uint64_t)pci_read32(device, BAR(n + 1)) << 32;
		high_mask = size_mask(device, n + 1);
	}
	if (mask == 0 || mask == ~0u)
		return wide ? 2 : 1;
	if (low & BAR_IO) {
		read_port_bar(b, low, mask);
	} else {
		b->base |= low & ~15u;
		b->size = ~(high_mask << 32 | (mask & ~15u)) + 1;
	}
	if (b->base == 0)
		b->size = 0;
	return wide ? 2 : 1;
}

/* Its registers must not answer while their addresses are all ones. */
static void read_bars(struct pci_device *device)
{
	uint16_t command = pci_read16(device, PCI_COMMAND);
	unsigned int n;

	if (device->class_code >> 8 == CLASS_HOST)
		return;
	pci_write16(device, PCI_COMMAND,
		    command & ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
	for (n = 0; n < PCI_BARS;)
		n += read_bar(device, n);
	pci_write16(device, PCI_COMMAND, command);
}

static void announce(const struct pci_device *device)
{
	struct physdev_pci_device_add op = {
		.bus = device->bus,
		.devfn = device->devfn,
	};

	pv_hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_pci_device_add,
		      PV_ARG(&op));
}

static void identify(struct pci_device *device)
{
	uint32_t class_revision = pci_read32(device, REVISION);

	snprintf(device->name, sizeof(device->name), "%02x:%02x.%x",
		 device->bus, device->devfn >> 3, device->devfn & 7);
	device->vendor = pci_read16(device, VENDOR);
	device->device = pci_read16(device, DEVICE);
	device->class_code = class_revision >> 8;
	device->revision = (uint8_t)class_revision;
}

static void scan_bus(uint8_t bus);

static void add(struct pci_device *device, uint8_t header)
{
	uint8_t behind;

	*end = device;
	end = &device->next;
	count++;
	announce(device);
	if ((header & 0x7f) == 0) {
		device->subsystem_vendor = pci_read16(device, SUBSYSTEM);
		device->subsystem = pci_read16(device, SUBSYSTEM + 2);
		read_bars(device);
	} else if ((header & 0x7f) == HEADER_BRIDGE) {
		behind = pci_read8(device, SECONDARY_BUS);
		/* Numbers grow downwards: no circles. */
		if (behind > device->bus)
			scan_bus(behind);
	}
}

/* Returns the header's type, 0 for no device. */
static uint8_t scan_function(uint8_t bus, uint8_t devfn)
{
	struct pci_device probe = { .bus = bus, .devfn = devfn };
	struct pci_device *device;
	uint8_t header;

	if (pci_read16(&probe, VENDOR) == 0xffff || count == DEVICE_MAX)
		return 0;
	device = calloc(1, sizeof(*device));
	if (!device)
		return 0;
	*device = probe;
	identify(device);
	header = pci_read8(device, HEADER_TYPE);
	add(device, header);
	return header;
}

static void scan_bus(uint8_t bus)
{
	unsigned int slot, function;

	for (slot = 0; slot < 32; slot++) {
		if (!(scan_function(bus, (uint8_t)(slot << 3)) & HEADER_MULTI))
			continue;
		for (function = 1; function < 8; function++)
			scan_function(bus, (uint8_t)(slot << 3 | function));
	}
}

void pci_init(void)
{
	struct physdev_set_iopl iopl = { .iopl = 1 };

	if (pv_hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl,
			  PV_ARG(&iopl)) == 0)
		scan_bus(0);
}

struct pci_device *pci_next(const struct pci_device *device)
{
	return device ? device->next : first;
}

/* Drivers ----------------------------------------------------------------- */

static bool matches(const struct pci_driver *driver,
		    const struct pci_device *device)
{
	return (driver->vendor == PCI_ANY ||
		driver->vendor == device->vendor) &&
	       (driver->device == PCI_ANY ||
		driver->device == device->device) &&
	       !((driver->class_code ^ device->class_code) &
		 driver->class_mask);
}

void pci_probe_all(const struct pci_driver *drivers)
{
	const struct pci_driver *driver;
	struct pci_device *device;

	for (device = first; device; device = device->next) {
		for (driver = drivers; driver->name && !device->driver;
		     driver++) {
			if (matches(driver, device) && !driver->probe(device))
				device->driver = driver;
		}
	}
}
