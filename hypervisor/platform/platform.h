/* SPDX-License-Identifier: MIT */
/* Devices of the PC that the hypervisor itself drives. */
#pragma once

#include "lib/types.h"

/*
 * Consoles: COM1 and a text screen. Until they are set up, and if there is no
 * such device, nothing is written or read. Writes poll.
 */
void uart_init(unsigned int baud);
void uart_write(const char *s, size_t n);
int uart_read(void);        /* next typed character; -1 = none */
void uart_enable_irq(void); /* input, once the IO-APICs are set up */
void vga_init(void);
void vga_write(const char *s, size_t n);

/* Configuration space: bus << 8 | devfn, register below 256, a multiple of 4.
 */
struct spinlock;
extern struct spinlock pci_lock; /* RANK_IRQ: around accesses of guests */
uint32_t pci_read(uint16_t device, unsigned int reg);
void pci_write(uint16_t device, unsigned int reg, uint32_t value);

/* The clock of known rate (reftime.c): ticks per second, and where it wraps. */
uint64_t reference_start(uint64_t *mask);
uint64_t reference_read(void);
uint64_t rtc_seconds(void); /* battery clock, seconds since 1970 UTC */
