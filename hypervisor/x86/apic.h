/* SPDX-License-Identifier: MIT */
/* Local APIC (xAPIC and x2APIC) and the IO-APICs. */
#pragma once

#include "lib/types.h"

void apic_init(void);     /* boot CPU: mode, PICs off, timer rate */
void apic_init_cpu(void); /* each CPU */
uint32_t apic_id(void);   /* this CPU's */
void apic_eoi(void);

/*
 * One interrupt on this CPU at now() == deadline or soon after: the time may
 * be past; ~0 = none.
 */
void apic_timer_arm(uint64_t deadline_ns);

void apic_send_ipi(uint32_t id, unsigned int vector);
void apic_send_nmi(uint32_t id);
void apic_send_init(uint32_t id);
void apic_send_startup(uint32_t id, unsigned int page);

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
