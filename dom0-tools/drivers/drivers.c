/* SPDX-License-Identifier: MIT */
/*
 * The table of drivers. To add one: its header, and a row here
 * (docs/devices.md).
 */
#include "drivers/drivers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pvguest/start.h>

#include "drivers/ahci/ahci.h"
#include "drivers/block_device.h"
#include "drivers/block_queue.h"
#include "drivers/e1000e/e1000e.h"
#include "drivers/nvme/nvme.h"
#include "drivers/partition.h"
#include "drivers/pci/pci.h"
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtio_blk.h"
#include "drivers/virtio/virtio_net.h"

/* clang-format off */
static const struct pci_driver pci_drivers[] = {
	{ "virtio-blk", VIRTIO_PCI_VENDOR, VIRTIO_BLK_TRANSITIONAL, 0, 0,
	  virtio_blk_probe },
	{ "virtio-blk", VIRTIO_PCI_VENDOR, VIRTIO_BLK_MODERN, 0, 0,
	  virtio_blk_probe },
	{ "nvme", PCI_ANY, PCI_ANY, 0x010802, 0xffffff, nvme_probe },
	{ "ahci", PCI_ANY, PCI_ANY, 0x010601, 0xffffff, ahci_probe },
	{ "virtio-net", VIRTIO_PCI_VENDOR, VIRTIO_NET_MODERN, 0, 0,
	  virtio_net_probe },
	{ "virtio-net", VIRTIO_PCI_VENDOR, VIRTIO_NET_TRANSITIONAL, 0, 0,
	  virtio_net_probe },
	{ "e1000e", E1000E_VENDOR, E1000E_82574L, 0, 0, e1000e_probe },
	{ .name = NULL },
};
/* clang-format on */

/* The partitions found are added at the list's end, and not scanned. */
static void scan_disks(void)
{
	struct block_device *disk = NULL;
	unsigned int i, count = 0;

	while ((disk = block_next(disk)))
		count++;
	for (i = 0; i < count; i++) {
		disk = block_next(disk);
		partitions_scan(disk);
	}
}

/* Words of the control domain's command line. */
static void read_options(void)
{
	static const char option[] = "disk-timeout=";
	const char *at = strstr((const char *)pv_start_info->cmd_line, option);
	unsigned long seconds;

	if (!at)
		return;
	seconds = strtoul(at + sizeof(option) - 1, NULL, 10);
	if (seconds > 0 && seconds <= 3600)
		block_timeout_ns = seconds * 1000000000ul;
}

void drivers_start(void)
{
	read_options();
	pci_init();
	pci_probe_all(pci_drivers);
	scan_disks();
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
