/* SPDX-License-Identifier: MIT */
/*
 * PCI configuration space by the two ports [PCI 3.0 "Configuration Space
 * Decoding"], which the control domain uses as well: each of its accesses
 * takes the lock too, and finds the address register as it left it.
 */
#include "lib/spinlock.h"
#include "platform/platform.h"

#define PCI_ADDRESS 0xcf8
#define PCI_DATA    0xcfc
#define PCI_ENABLE  0x80000000u

struct spinlock pci_lock = SPINLOCK_INIT(RANK_IRQ);

uint32_t pci_read(uint16_t device, unsigned int reg)
{
	uint64_t flags = spin_lock_irqsave(&pci_lock);
	uint32_t value, saved = in32(PCI_ADDRESS);

	out32(PCI_ADDRESS, PCI_ENABLE | (uint32_t)device << 8 | reg);
	value = in32(PCI_DATA);
	out32(PCI_ADDRESS, saved);
	spin_unlock_irqrestore(&pci_lock, flags);
	return value;
}

void pci_write(uint16_t device, unsigned int reg, uint32_t value)
{
	uint64_t flags = spin_lock_irqsave(&pci_lock);
	uint32_t saved = in32(PCI_ADDRESS);

	out32(PCI_ADDRESS, PCI_ENABLE | (uint32_t)device << 8 | reg);
	out32(PCI_DATA, value);
	out32(PCI_ADDRESS, saved);
	spin_unlock_irqrestore(&pci_lock, flags);
}
