/* SPDX-License-Identifier: MIT */
/*
 * Clocks and sleeping. All times are nanoseconds in 64 bits.
 * Context: pv_sleep_ns() runs event handlers; the others may be called
 * everywhere.
 */
#ifndef PVGUEST_TIME_H
#define PVGUEST_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* The hypervisor's system time: since the machine's start, never backwards. */
uint64_t pv_time_ns(void);

/* Since 1970-01-01 UTC. */
uint64_t pv_wallclock_ns(void);

/* Sleeps at least that long; handlers of events run meanwhile. */
void pv_sleep_ns(uint64_t duration);

/*
 * Calls handler(context) inside pv_poll() or pv_wait() once `deadline` has
 * passed. The timer is the caller's and stays in place while it runs; a timer
 * that runs already gets the new deadline. Handlers may start and stop timers.
 */
struct pv_timer {
	struct pv_timer *next; /* the library's */
	uint64_t deadline;
	void (*handler)(void *context);
	void *context;
	bool running; /* OUT */
};
void pv_timer_start(struct pv_timer *timer, uint64_t deadline);
void pv_timer_stop(struct pv_timer *timer);

#endif /* PVGUEST_TIME_H */
