/* SPDX-License-Identifier: MIT */
/*
 * Interrupt hardware for core_fake.h: an IO-APIC with 24 lines, of which the
 * hypervisor has line 4, the handlers of vectors, and PCI devices on bus 0.
 */
#ifndef TESTS_UNIT_FAKE_IRQ_FAKE_H
#define TESTS_UNIT_FAKE_IRQ_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#define FAKE_LINES   24
#define FAKE_DEVICES 4

struct fake_line {
	unsigned int vector;
	bool masked, level, active_low;
};
extern struct fake_line fake_lines[FAKE_LINES];

/* Configuration space of devices 00:00.0 to 00:03.0; all ones: no device. */
extern uint32_t fake_config[FAKE_DEVICES][64];
/* What is behind a machine address: one page of registers. */
#define FAKE_TABLE 0xfeb00000ul
extern uint32_t fake_table[1024];

/* An interrupt with the vector arrives; false: nobody handles it. */
bool fake_interrupt(unsigned int vector);
/* The handlers that are set, apart from the hypervisor's own. */
unsigned int fake_handlers(void);

#endif
