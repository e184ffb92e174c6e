/* SPDX-License-Identifier: MIT */
/* Local APIC (xAPIC and x2APIC) and the IO-APICs. */
#pragma once

#include "lib/types.h"

void apic_init(void);     /* boot CPU: mode, PICs off, timer rate */
void apic_init_cpu(void); /* each CPU */
void apic_eoi(void);

/*
 * One interrupt on this CPU at now() == deadline or soon after: the time may
 * be past.
 */
void apic_timer_arm(uint64_t deadline_ns);

enum apic_command {
	APIC_IPI = 0x4000, /* | vector */
	APIC_NMI = 0x4400,
	APIC_INIT = 0x4500,
	APIC_STARTUP = 0x4600, /* | page */
};
void apic_send(uint32_t id, uint32_t command);

/* IO-APIC lines by global system interrupt; all masked after ioapic_init. */
void ioapic_init(void);
bool ioapic_has_gsi(unsigned int gsi);
/* Route gsi to vector on the boot CPU, masked; vector 0: to nobody. */
void ioapic_route(unsigned int gsi, unsigned int vector, bool level,
		  bool active_low);
bool ioapic_is_routed(unsigned int gsi);
void ioapic_mask(unsigned int gsi, bool masked);
unsigned int ioapic_gsi_count(void);
/* ISA interrupt -> GSI, trigger and polarity (MADT overrides). */
unsigned int ioapic_isa_gsi(unsigned int irq, bool *level, bool *active_low);
