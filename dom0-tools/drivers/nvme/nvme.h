/* SPDX-License-Identifier: MIT */
/* NVMe controllers and their namespaces as disks: nvme.c. */
#ifndef DRIVERS_NVME_NVME_H
#define DRIVERS_NVME_NVME_H

#include "drivers/pci/pci.h"

int nvme_probe(struct pci_device *pci);

#endif /* DRIVERS_NVME_NVME_H */
