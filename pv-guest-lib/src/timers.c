/* SPDX-License-Identifier: MIT */
/*
 * Timers: a list in the order of their deadlines. There are few.
 */
#include <pvguest/event.h>
#include <pvguest/time.h>

#include "internal.h"

static struct pv_timer *first;

void pv_timer_stop(struct pv_timer *timer)
{
	struct pv_timer **at = &first;

	if (!timer->running)
		return;
	while (*at != timer)
		at = &(*at)->next;
	*at = timer->next;
	timer->running = false;
}

void pv_timer_start(struct pv_timer *timer, uint64_t deadline)
{
	struct pv_timer **at = &first;

	pv_timer_stop(timer);
	while (*at && (*at)->deadline <= deadline)
		at = &(*at)->next;
	timer->deadline = deadline;
	timer->running = true;
	timer->next = *at;
	*at = timer;
}

uint64_t pv_timers_next(void)
{
	return first ? first->deadline : PV_FOREVER;
}

/* What a handler starts for the past is left for the next call. */
bool pv_timers_run(void)
{
	uint64_t now;
	bool any = false;

	if (!first)
		return false;
	now = pv_time_ns();
	while (first && first->deadline <= now) {
		struct pv_timer *timer = first;

		pv_timer_stop(timer);
		timer->handler(timer->context);
		any = true;
	}
	return any;
}
