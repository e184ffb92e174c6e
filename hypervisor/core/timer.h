/* SPDX-License-Identifier: MIT */
/* Timers: see timer.c. Times are absolute, in ns of now(). */
#pragma once

#include "lib/heap.h"

#define TIMER_NEVER (~0ull)

struct timer {
	struct heap_node node; /* key: the deadline */
	void (*handler)(void *data);
	void *data;
	unsigned int cpu;     /* whose heap it is in, or was last */
	unsigned int running; /* atomic: CPUs that are in the handler */
};

/* Handlers run in softirq context, on the CPU that set the timer. */
void timer_init(struct timer *t, void (*handler)(void *), void *data);
void timer_set(struct timer *t, uint64_t deadline); /* past: fires at once */
/* Waits for a handler that runs; not to be called by one. */
void timer_stop(struct timer *t);
void timer_softirq(void);
