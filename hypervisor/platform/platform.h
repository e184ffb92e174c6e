/* SPDX-License-Identifier: MIT */
/* Devices of the PC that the hypervisor itself drives, and its ACPI tables. */
#pragma once

#include "lib/types.h"
#include "x86/layout.h"

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

/* What we use of the ACPI tables, read once at boot (acpi.c). */
#define MAX_IOAPICS 16
#define MAX_ISA_IRQ 16

struct ioapic_info {
	uint32_t address;
	uint32_t gsi_base;
};

struct isa_override {
	bool present, level, active_low;
	uint32_t gsi;
};

/*
 * [ACPI 6.4, "Fixed ACPI Description Table"]; registers are I/O ports, which
 * the lower halves of their fields can name, or 0.
 */
struct fadt {
	uint8_t unused1[40];
	uint32_t dsdt;
	uint8_t unused2[4];
	uint16_t smi_command, unused3;
	uint8_t acpi_enable, unused4[11];
	uint16_t pm1a_control, unused5, pm1b_control, unused6[3];
	uint16_t pm_timer, unused7[17];
	uint32_t flags;
	uint8_t reset_space, unused8[3];
	uint16_t reset_port, unused9[3]; /* 0, too, when it is no port */
	uint8_t reset_value, unused10[11];
	uint64_t x_dsdt;
} __attribute__((packed));
_Static_assert(sizeof(struct fadt) == 148, "FADT of ACPI 2.0");

struct acpi_info {
	unsigned int cpu_count;
	uint32_t apic_ids[MAX_CPUS];
	uint64_t lapic_address;
	unsigned int ioapic_count;
	struct ioapic_info ioapics[MAX_IOAPICS];
	struct isa_override isa[MAX_ISA_IRQ];
	struct fadt fadt; /* zeros when there is none */
	bool has_s5;
	uint8_t s5_type_a, s5_type_b;
};

extern struct acpi_info acpi;
void acpi_init(void);
