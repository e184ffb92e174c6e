/* SPDX-License-Identifier: MIT */
/* SATA disks on AHCI controllers: ahci.c. */
#ifndef DRIVERS_AHCI_AHCI_H
#define DRIVERS_AHCI_AHCI_H

#include "drivers/pci/pci.h"

int ahci_probe(struct pci_device *pci);

#endif /* DRIVERS_AHCI_AHCI_H */
