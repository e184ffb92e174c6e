/* SPDX-License-Identifier: MIT */
/*
 * The table of drivers. To add one: its header, and a row here
 * (docs/devices.md).
 */
#include "drivers/drivers.h"

#include <stdio.h>

#include "drivers/e1000e/e1000e.h"
#include "drivers/pci/pci.h"
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtio_net.h"

/* clang-format off */
static const struct pci_driver pci_drivers[] = {
	{ "virtio-net", VIRTIO_PCI_VENDOR, VIRTIO_NET_MODERN, 0, 0,
	  virtio_net_probe },
	{ "virtio-net", VIRTIO_PCI_VENDOR, VIRTIO_NET_TRANSITIONAL, 0, 0,
	  virtio_net_probe },
	{ "e1000e", E1000E_VENDOR, E1000E_82574L, 0, 0, e1000e_probe },
	{ .name = NULL },
};
/* clang-format on */

void drivers_start(void)
{
	pci_init();
	pci_probe_all(pci_drivers);
}

static const char *irq_text(const struct pci_device *device)
{
	static const char *const names[] = { "", "line", "MSI", "MSI-X" };

	return names[device->irq_kind];
}

bool drivers_describe(size_t index, char *text, size_t size)
{
	const struct pci_device *device = pci_next(NULL);

	while (device && index-- > 0)
		device = pci_next(device);
	if (!device)
		return false;
	snprintf(text, size, "%s %04x:%04x class %06x %-12s %s", device->name,
		 device->vendor, device->device, device->class_code,
		 device->driver ? device->driver->name : "-", irq_text(device));
	return true;
}
