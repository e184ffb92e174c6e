/* SPDX-License-Identifier: MIT */
/*
 * What happened to guests, for whoever wants to follow it: the last
 * TK_EVENTS_KEPT events, numbered from 1 on.
 *
 * One process notes and shows here; where there are several, another source
 * stands for guest_events.c.
 *
 * Owns: the kept events. Context: one thread, the toolstack's.
 */
#ifndef TOOLSTACK_GUEST_EVENTS_H
#define TOOLSTACK_GUEST_EVENTS_H

#include <stdint.h>

#define TK_EVENTS_KEPT 256u

struct tk_event {
	unsigned long number;
	uint64_t time_ns; /* on tk_clock_ns() */
	char guest[64];
	uint16_t domid;
	const char *what; /* "created", "ended", ... */
	char detail[64];  /* "" without */
};

void tk_event_note(const char *guest, uint16_t domid, const char *what,
		   const char *detail);

/* The same of a guest for which another process acts, which notes it itself. */
void tk_event_seen(const char *guest, uint16_t domid, const char *what,
		   const char *detail);

/* The oldest kept event behind that number; NULL: none yet. */
const struct tk_event *tk_event_after(unsigned long number);

#endif /* TOOLSTACK_GUEST_EVENTS_H */
