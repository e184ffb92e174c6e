/* SPDX-License-Identifier: MIT */
/* Devices of the PC that the hypervisor itself drives. */
#pragma once

#include "lib/types.h"

void uart_init(unsigned int baud); /* COM1; adds a console when it exists */
void uart_enable_irq(void);        /* input, once the IO-APICs are set up */
void vga_init(void);               /* text mode; adds a console */

/* Configuration space: bus << 8 | devfn, register below 256, a multiple of 4.
 */
struct spinlock;
extern struct spinlock pci_lock; /* RANK_IRQ: around accesses of guests */
uint32_t pci_read(uint16_t device, unsigned int reg);
void pci_write(uint16_t device, unsigned int reg, uint32_t value);

/* Reference clocks (reftime.c). Ticks per second; 0 = no such clock. */
struct reference_clock {
	const char *name;
	uint64_t hz;
	uint64_t mask;
	uint64_t (*read)(void);
};
const struct reference_clock *reference_clock_find(void);
uint64_t rtc_seconds(void); /* battery clock, seconds since 1970 UTC */
