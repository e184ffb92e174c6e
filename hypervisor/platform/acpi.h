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

struct acpi_info {
	unsigned int cpu_count;
	uint32_t apic_ids[MAX_CPUS];
	uint64_t lapic_address;
	unsigned int ioapic_count;
	struct ioapic_info ioapics[MAX_IOAPICS];
	struct isa_override isa[MAX_ISA_IRQ];
	uint16_t pm_timer_port; /* 0 = none */
	uint16_t pm1a_control, pm1b_control, smi_command;
	uint8_t acpi_enable;
	bool has_s5;
	uint8_t s5_type_a, s5_type_b;
	uint16_t reset_port; /* 0 = none */
	uint8_t reset_value;
};

extern struct acpi_info acpi;
void acpi_init(void);
