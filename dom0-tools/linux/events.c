/* SPDX-License-Identifier: MIT */
/*
 * What happened to guests, where each call of the command is a process of its
 * own: every process writes what it does into xenstore, a node for each event,
 * and whoever wants to know reads them all from there. This stands for
 * toolstack/guest_events.c.
 *
 * Owns: the events of which this process knows. Names of nodes are in the order
 * of time; a value is "WHAT\tDETAIL\tDOMID\tGUEST".
 */
#include "toolstack/guest_events.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "linux/store.h"
#include "toolstack/primitives.h"
#include "xenstore/local.h"

#define FOLDER "/tool/tenon/events"
/* So many stay; their names fit well into one answer of the server. */
#define PUBLISHED_MAX 64u
#define NAMES_MAX     256u
#define VALUE_SIZE    192
#define WHAT_SIZE     16

static struct tk_event events[TK_EVENTS_KEPT];
static char kinds[TK_EVENTS_KEPT][WHAT_SIZE];
static unsigned long last;

/* Names as store_children() gives them: which there were at the last look. */
static char *known;
/* Where somebody asks for events. */
static struct xs_local_watch *follows;

/* Names of nodes ---------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* How many there are in the list. */
static unsigned int sort_names(const char *names, const char *sorted[NAMES_MAX])
{
	unsigned int count = 0;

	while (names && *names && count < NAMES_MAX) {
		sorted[count++] = names;
		names += strlen(names) + 1;
	}
	if (count)
		qsort(sorted, count, sizeof(*sorted), compare);
	return count;
}

static bool is_known(const char *name)
{
	const char *at;

	for (at = known; at && *at; at += strlen(at) + 1) {
		if (!strcmp(at, name))
			return true;
	}
	return false;
}

/* Telling others ---------------------------------------------------------- */

static void drop_oldest(void)
{
	const char *sorted[NAMES_MAX];
	char *names = store_children(FOLDER), path[96];
	unsigned int count = sort_names(names, sorted), i;

	for (i = 0; i + PUBLISHED_MAX < count; i++) {
		snprintf(path, sizeof(path), FOLDER "/%.60s", sorted[i]);
		tk_store_remove(path);
	}
	free(names);
}

/* Whoever cannot be told is none who could be helped by an error here. */
void tk_event_note(const char *guest, uint16_t domid, const char *what,
		   const char *detail)
{
	char value[VALUE_SIZE];
	int rc;

	snprintf(value, sizeof(value), "%s\t%s\t%u\t%s", what, detail, domid,
		 guest);
	rc = store_put(value, FOLDER "/%016" PRIx64 "-%x", tk_clock_ns(),
		       (unsigned int)getpid());
	if (!rc)
		drop_oldest();
}

/* Knowing ----------------------------------------------------------------- */

static bool has_ended(uint16_t domid)
{
	unsigned int i;

	for (i = 0; i < TK_EVENTS_KEPT; i++) {
		if (events[i].number && events[i].domid == domid &&
		    !strcmp(events[i].what, "ended"))
			return true;
	}
	return false;
}

/*
 * An end is told by whoever acts on it, by whoever destroys the guest, and seen
 * by all who look: it is one event, by what was known of it first.
 */
static void add(uint64_t time_ns, const char *guest, uint16_t domid,
		const char *what, const char *detail)
{
	struct tk_event *event;

	if (!strcmp(what, "ended") && has_ended(domid))
		return;
	event = &events[++last % TK_EVENTS_KEPT];
	event->what = kinds[last % TK_EVENTS_KEPT];
	snprintf(kinds[last % TK_EVENTS_KEPT], WHAT_SIZE, "%s", what);
	event->number = last;
	event->time_ns = time_ns;
	event->domid = domid;
	snprintf(event->guest, sizeof(event->guest), "%s", guest);
	snprintf(event->detail, sizeof(event->detail), "%s", detail);
}

static void add_node(const char *name)
{
	char value[VALUE_SIZE], *rest = value;
	const char *what, *detail, *domid;

	store_text(value, sizeof(value), FOLDER "/%s", name);
	what = strsep(&rest, "\t");
	detail = strsep(&rest, "\t");
	domid = strsep(&rest, "\t");
	/* One that was dropped meanwhile, say. */
	if (!rest)
		return;
	add(strtoull(name, NULL, 16), rest, (uint16_t)strtoul(domid, NULL, 10),
	    what, detail);
}

static void look(void)
{
	const char *sorted[NAMES_MAX];
	char *names = store_children(FOLDER);
	unsigned int count = sort_names(names, sorted), i;

	for (i = 0; i < count; i++) {
		if (!is_known(sorted[i]))
			add_node(sorted[i]);
	}
	free(known);
	known = names;
}

/*
 * Of a guest that others act for, who have told of it before they did. Nobody
 * asks for it whose call is about something else.
 */
void tk_event_seen(const char *guest, uint16_t domid, const char *what,
		   const char *detail)
{
	if (!follows)
		return;
	look();
	add(tk_clock_ns(), guest, domid, what, detail);
}

/* New ones end a wait. */
static void follow(void)
{
	if (!follows)
		follows = xs_local_watch(FOLDER, NULL, NULL);
}

const struct tk_event *tk_event_after(unsigned long number)
{
	unsigned long oldest;

	follow();
	look();
	oldest = last < TK_EVENTS_KEPT ? 1 : last - TK_EVENTS_KEPT + 1;
	number = number + 1 < oldest ? oldest : number + 1;
	return number > last ? NULL : &events[number % TK_EVENTS_KEPT];
}
