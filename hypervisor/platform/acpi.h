/* SPDX-License-Identifier: MIT */
/* What we use of the ACPI tables, read once at boot. */
#pragma once

#include "lib/types.h"
#include "x86/layout.h"

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
