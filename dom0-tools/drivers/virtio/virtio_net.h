/* SPDX-License-Identifier: MIT */
/* Virtio network cards: virtio_net.c. */
#ifndef DRIVERS_VIRTIO_VIRTIO_NET_H
#define DRIVERS_VIRTIO_VIRTIO_NET_H

#include "drivers/pci/pci.h"

/* A row of the table of drivers. */
int virtio_net_probe(struct pci_device *pci);

#endif /* DRIVERS_VIRTIO_VIRTIO_NET_H */
