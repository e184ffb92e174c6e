/* SPDX-License-Identifier: MIT */
/* Intel 82574 network cards: e1000e.c. */
#ifndef DRIVERS_E1000E_E1000E_H
#define DRIVERS_E1000E_E1000E_H

#include "drivers/pci/pci.h"

#define E1000E_VENDOR 0x8086
#define E1000E_82574L 0x10d3

/* A row of the table of drivers. */
int e1000e_probe(struct pci_device *pci);

#endif /* DRIVERS_E1000E_E1000E_H */
