/* SPDX-License-Identifier: MIT */
/*
 * What the machine has beside the instructions of its processors: interrupts,
 * their controllers, time, and the other CPUs.
 */
#pragma once

#include "x86/cpu.h"

/*
 * Vectors and who handles them. entry.S calls handle_interrupt() with
 * interrupts off for every vector of 32 and above.
 */
#define VECTOR_PIC        0x20 /* 16: where the masked PICs point */
#define VECTOR_DEVICE     0x30 /* first for IO-APIC lines, MSI */
#define VECTOR_DEVICE_END 0xf0
#define VECTOR_RESCHEDULE 0xfb /* nothing to do: softirqs run on exit */
#define VECTOR_TLB_FLUSH  0xfd
#define VECTOR_TIMER      0xfe
#define VECTOR_SPURIOUS   0xff

typedef void irq_handler_fn(unsigned int vector);

/* NULL removes. The handler runs with interrupts off, before the EOI. */
void irq_set_handler(unsigned int vector, irq_handler_fn *handler);

/* Local APIC (xAPIC and x2APIC) and the IO-APICs. */
void apic_init(void);     /* boot CPU: mode, PICs off, timer rate */
void apic_init_cpu(void); /* each CPU */
void apic_eoi(void);      /* after each interrupt but spurious ones */

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
extern unsigned int ioapic_gsi_count; /* one more than the highest */

/*
 * Time from the TSC. now() itself is declared in core/services.h. All CPUs
 * share one scale; a CPU whose TSC started elsewhere has a tsc_offset.
 */

/*
 * ns = ((ticks << CLOCK_SHIFT) * clock_mul) >> 32, as in vcpu_time_info
 * (pvclock). For rates above 250 MHz; at 4 GHz the scale is good to 4e-9.
 */
#define CLOCK_SHIFT 2
extern uint32_t clock_mul;
extern uint64_t tsc_khz;

/* Boot CPU: calibrate; now() starts at 0, and the battery clock's time. */
void clock_init(void);
void clock_sync_cpu(void); /* a new CPU; meanwhile, on the boot CPU: */
void clock_sync_serve(void);
/* A counter's value and the TSC at one moment. */
void clock_pair(uint64_t (*read)(void), uint64_t *value, uint64_t *tsc);
/* This CPU's TSC and the now() that belongs to it. */
void clock_read(uint64_t *tsc, uint64_t *ns);
/* Busy wait; after clock_init(). */
void delay_us(unsigned int us);

/* Starting the other CPUs, and interrupts between CPUs. */

/* Memory of the boot CPU's block; head.S maps it at ENTRY_REGION. */
extern char boot_cpu_block[CPU_BLOCK_SIZE];
/* Make block, zeroed memory, the block of a CPU; its window and GDT, too. */
void cpu_prepare(unsigned int id, char *block);
/* That for every other CPU that ACPI lists, and start it. */
void smp_start_cpus(void);

/* VECTOR_TLB_FLUSH, VECTOR_RESCHEDULE, APIC_NMI. Any context. */
void smp_send_ipi(unsigned int cpu, unsigned int what);
/* Panic and power-off: the others halt for good. */
void smp_stop_others(void);
