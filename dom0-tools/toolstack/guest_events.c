/* SPDX-License-Identifier: MIT */
/* See guest_events.h. */
#include "guest_events.h"

#include <stddef.h>
#include <stdio.h>

#include "primitives.h"

static struct tk_event events[TK_EVENTS_KEPT];
static unsigned long last;

void tk_event_note(const char *guest, uint16_t domid, const char *what,
		   const char *detail)
{
	struct tk_event *event = &events[++last % TK_EVENTS_KEPT];

	event->number = last;
	event->time_ns = tk_clock_ns();
	event->domid = domid;
	event->what = what;
	snprintf(event->guest, sizeof(event->guest), "%s", guest);
	snprintf(event->detail, sizeof(event->detail), "%s", detail);
}

void tk_event_seen(const char *guest, uint16_t domid, const char *what,
		   const char *detail)
{
	tk_event_note(guest, domid, what, detail);
}

const struct tk_event *tk_event_after(unsigned long number)
{
	unsigned long oldest =
		last < TK_EVENTS_KEPT ? 1 : last - TK_EVENTS_KEPT + 1;

	number = number + 1 < oldest ? oldest : number + 1;
	return number > last ? NULL : &events[number % TK_EVENTS_KEPT];
}
