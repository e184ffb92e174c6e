/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of PCI devices. The hypervisor writes addresses and data of
 * messages [PCI 3.0 "MSI and MSI-X Capability Structures"]; the enable bits
 * in the control words are ours. A line has one event channel, however many
 * devices share it.
 *
 * Lines are those that firmware wrote into the devices' registers: there is
 * no interpreter of ACPI here that could tell more.
 */
#include <stdlib.h>

#include <public/errno.h>
#include <public/physdev.h>
#include <pvguest/event.h>
#include <pvguest/hypercall.h>

#include "drivers/pci/pci.h"

#define MSI_CONTROL   2 /* offset in the capability, MSI-X the same */
#define MSI_ENABLE    0x0001
#define MSIX_TABLE    4
#define MSIX_SIZE     0x07ff
#define MSIX_MASK_ALL 0x4000
#define MSIX_ENABLE   0x8000
#define LINE_NONE     0xf0 /* and above: not connected */

struct pci_irq {
	struct pci_irq *next; /* on the same line */
	pci_irq_handler *handler;
	void *context;
	int pirq;
	int port; /* event channel, 0: not bound */
	struct line *line;
};

static struct line {
	struct line *next;
	struct pci_irq *irqs; /* bound ones */
	int pirq;
	int port;
} * lines;

static long physdev_op(int cmd, void *op)
{
	return pv_hypercall2(__HYPERVISOR_physdev_op, (uint64_t)cmd,
			     PV_ARG(op));
}

static void set_intx(const struct pci_device *device, bool on)
{
	uint16_t command = pci_read16(device, PCI_COMMAND);

	if (on)
		command &= (uint16_t)~PCI_COMMAND_INTX_OFF;
	else
		command |= PCI_COMMAND_INTX_OFF;
	pci_write16(device, PCI_COMMAND, command);
}

/* Messages ---------------------------------------------------------------- */

/* The pirq or a negative errno; table_base 0: MSI. */
static int map_message(const struct pci_device *device, unsigned int entry,
		       uint64_t table_base)
{
	struct physdev_map_pirq op = {
		.domid = DOMID_SELF,
		.type = MAP_PIRQ_TYPE_MSI_SEG,
		.index = -1,
		.pirq = -1,
		.bus = device->bus,
		.devfn = device->devfn,
		.entry_nr = (int)entry,
		.table_base = table_base,
	};
	long rc = physdev_op(PHYSDEVOP_map_pirq, &op);

	return rc < 0 ? (int)rc : op.pirq;
}

static void unmap_pirq(int pirq)
{
	struct physdev_unmap_pirq op = { .domid = DOMID_SELF, .pirq = pirq };

	physdev_op(PHYSDEVOP_unmap_pirq, &op);
}

static unsigned int try_msix(struct pci_device *device, unsigned int wanted)
{
	unsigned int cap = pci_capability(device, PCI_CAP_MSIX, 0);
	unsigned int bar, size, n = 0;
	uint16_t control;
	int pirq;

	if (!cap)
		return 0;
	control = pci_read16(device, cap + MSI_CONTROL);
	bar = pci_read32(device, cap + MSIX_TABLE) & 7;
	if (bar >= PCI_BARS || device->bars[bar].size == 0)
		return 0;
	size = (control & MSIX_SIZE) + 1u;
	/* On, as the hypervisor wants to see it, but silent. */
	pci_write16(device, cap + MSI_CONTROL,
		    control | MSIX_ENABLE | MSIX_MASK_ALL);
	while (n < wanted && n < size) {
		pirq = map_message(device, n, device->bars[bar].base);
		if (pirq < 0)
			break;
		device->irqs[n++].pirq = pirq;
	}
	control &= (uint16_t) ~(MSIX_ENABLE | MSIX_MASK_ALL);
	if (n > 0) {
		set_intx(device, false);
		control |= MSIX_ENABLE;
		device->irq_kind = PCI_IRQ_MSIX;
	}
	pci_write16(device, cap + MSI_CONTROL, control);
	return n;
}

static unsigned int try_msi(struct pci_device *device)
{
	unsigned int cap = pci_capability(device, PCI_CAP_MSI, 0);
	uint16_t control;
	int pirq;

	if (!cap)
		return 0;
	control = pci_read16(device, cap + MSI_CONTROL) & (uint16_t)~MSI_ENABLE;
	pci_write16(device, cap + MSI_CONTROL, control);
	pirq = map_message(device, 0, 0);
	if (pirq < 0)
		return 0;
	device->irqs[0].pirq = pirq;
	device->irq_kind = PCI_IRQ_MSI;
	set_intx(device, false);
	control = pci_read16(device, cap + MSI_CONTROL);
	pci_write16(device, cap + MSI_CONTROL, control | MSI_ENABLE);
	return 1;
}

static void messages_off(const struct pci_device *device)
{
	bool msix = device->irq_kind == PCI_IRQ_MSIX;
	unsigned int cap =
		pci_capability(device, msix ? PCI_CAP_MSIX : PCI_CAP_MSI, 0);
	uint16_t control = pci_read16(device, cap + MSI_CONTROL);

	control &= (uint16_t) ~(msix ? MSIX_ENABLE : MSI_ENABLE);
	pci_write16(device, cap + MSI_CONTROL, control);
}

/* Lines ------------------------------------------------------------------- */

static int map_line(int gsi)
{
	struct physdev_map_pirq op = {
		.domid = DOMID_SELF,
		.type = MAP_PIRQ_TYPE_GSI,
		.index = gsi,
		.pirq = gsi,
	};
	/* What PCI has; refused where firmware has said what is true. */
	struct physdev_setup_gsi mode = {
		.gsi = gsi,
		.triggering = 1,
		.polarity = 1,
	};
	long rc = physdev_op(PHYSDEVOP_map_pirq, &op);

	if (rc < 0)
		return (int)rc;
	physdev_op(PHYSDEVOP_setup_gsi, &mode);
	return op.pirq;
}

static struct line *find_line(int pirq)
{
	struct line *line = lines;

	while (line && line->pirq != pirq)
		line = line->next;
	if (line)
		return line;
	line = calloc(1, sizeof(*line));
	if (!line)
		return NULL;
	line->pirq = pirq;
	line->next = lines;
	lines = line;
	return line;
}

static int try_line(struct pci_device *device)
{
	uint8_t gsi = pci_read8(device, PCI_INTERRUPT_LINE);
	int pirq;

	if (pci_read8(device, PCI_INTERRUPT_PIN) == 0 || gsi == 0 ||
	    gsi >= LINE_NONE)
		return -XEN_ENODEV;
	pirq = map_line(gsi);
	if (pirq < 0)
		return pirq;
	device->irqs[0].pirq = pirq;
	device->irqs[0].line = find_line(pirq);
	if (!device->irqs[0].line)
		return -XEN_ENOMEM;
	device->irq_kind = PCI_IRQ_INTX;
	set_intx(device, true);
	return 1;
}

static void run_line(uint32_t port, void *context)
{
	struct line *line = context;
	struct pci_irq *irq, *next;

	(void)port;
	for (irq = line->irqs; irq; irq = next) {
		next = irq->next;
		irq->handler(irq->context);
	}
}

static int join_line(struct pci_irq *irq)
{
	struct line *line = irq->line;
	int port = line->port;

	if (port == 0)
		port = pv_event_bind_pirq((uint32_t)line->pirq, run_line, line);
	if (port < 0)
		return port;
	line->port = irq->port = port;
	irq->next = line->irqs;
	line->irqs = irq;
	return 0;
}

static void leave_line(struct pci_irq *irq)
{
	struct pci_irq **at = &irq->line->irqs;

	while (*at != irq)
		at = &(*at)->next;
	*at = irq->next;
	if (irq->line->irqs)
		return;
	pv_event_close((uint32_t)irq->line->port);
	irq->line->port = 0;
}

/* Both -------------------------------------------------------------------- */

int pci_irq_setup(struct pci_device *device, unsigned int wanted)
{
	int n;

	device->irqs = calloc(wanted, sizeof(*device->irqs));
	if (!device->irqs)
		return -XEN_ENOMEM;
	n = (int)try_msix(device, wanted);
	if (n == 0)
		n = (int)try_msi(device);
	if (n == 0)
		n = try_line(device);
	if (n > 0) {
		device->irq_count = (unsigned int)n;
		return n;
	}
	free(device->irqs);
	device->irqs = NULL;
	return n;
}

static void run_message(uint32_t port, void *context)
{
	struct pci_irq *irq = context;

	(void)port;
	irq->handler(irq->context);
}

int pci_irq_bind(struct pci_device *device, unsigned int number,
		 pci_irq_handler *handler, void *context)
{
	struct pci_irq *irq;
	int port;

	if (number >= device->irq_count)
		return -XEN_EINVAL;
	irq = &device->irqs[number];
	if (irq->port > 0)
		return -XEN_EEXIST;
	irq->handler = handler;
	irq->context = context;
	if (irq->line)
		return join_line(irq);
	port = pv_event_bind_pirq((uint32_t)irq->pirq, run_message, irq);
	if (port < 0)
		return port;
	irq->port = port;
	return 0;
}

static void release(struct pci_irq *irq)
{
	if (irq->line) {
		if (irq->port > 0)
			leave_line(irq);
		return; /* other devices may use it: it stays mapped */
	}
	if (irq->port > 0)
		pv_event_close((uint32_t)irq->port);
	unmap_pirq(irq->pirq);
}

void pci_irq_release(struct pci_device *device)
{
	unsigned int i;

	if (device->irq_kind == PCI_IRQ_NONE)
		return;
	if (device->irq_kind == PCI_IRQ_INTX)
		set_intx(device, false);
	else
		messages_off(device);
	for (i = 0; i < device->irq_count; i++)
		release(&device->irqs[i]);
	free(device->irqs);
	device->irqs = NULL;
	device->irq_count = 0;
	device->irq_kind = PCI_IRQ_NONE;
}
