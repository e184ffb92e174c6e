/* SPDX-License-Identifier: MIT */
/*
 * Interrupt vectors and who handles them. entry.S calls handle_interrupt()
 * with interrupts off for every vector of 32 and above.
 */
#pragma once

#include "x86/cpu.h"

#define VECTOR_PIC        0x20 /* 16: where the masked PICs point */
#define VECTOR_DEVICE     0x30 /* first for IO-APIC lines, MSI */
#define VECTOR_DEVICE_END 0xf0
#define VECTOR_RESCHEDULE 0xfb /* nothing to do: softirqs run on exit */
#define VECTOR_TLB_FLUSH  0xfd
#define VECTOR_TIMER      0xfe
#define VECTOR_SPURIOUS   0xff

typedef void irq_handler_fn(unsigned int vector);

/*
 * NULL removes. The handler runs with interrupts off, after the EOI when eoi
 * is set; otherwise it, or whoever it tells, calls apic_eoi().
 */
void irq_set_handler(unsigned int vector, irq_handler_fn *handler, bool eoi);
