/* SPDX-License-Identifier: MIT */
/*
 * Clocks and sleeping. All times are nanoseconds in 64 bits.
 * Context: pv_sleep_ns() runs event handlers; the others may be called
 * everywhere.
 */
#ifndef PVGUEST_TIME_H
#define PVGUEST_TIME_H

#include <stdint.h>

/* The hypervisor's system time: since the machine's start, never backwards. */
uint64_t pv_time_ns(void);

/* Since 1970-01-01 UTC. */
uint64_t pv_wallclock_ns(void);

/* Sleeps at least that long; handlers of events run meanwhile. */
void pv_sleep_ns(uint64_t duration);

#endif /* PVGUEST_TIME_H */
