/* SPDX-License-Identifier: MIT */
/* Disks on virtio: virtio_blk.c. */
#ifndef DRIVERS_VIRTIO_VIRTIO_BLK_H
#define DRIVERS_VIRTIO_VIRTIO_BLK_H

#include "drivers/pci/pci.h"

int virtio_blk_probe(struct pci_device *pci);

#endif /* DRIVERS_VIRTIO_VIRTIO_BLK_H */
