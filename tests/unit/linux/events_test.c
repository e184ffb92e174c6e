/* SPDX-License-Identifier: MIT */
/*
 * What happened to guests, told from one process to another: a store that is a
 * list of nodes, in which other processes are lines that this test writes.
 */
#include "toolstack/guest_events.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <public/errno.h>

#include "check.h"
#include "linux/store.h"
#include "toolstack/primitives.h"
#include "xenstore/local.h"

#define FOLDER "/tool/tenon/events/"
#define NODES  100

static struct node {
	char path[96], value[192];
} nodes[NODES];
static uint64_t now;
static int write_error;
static unsigned int watches;

/* The store --------------------------------------------------------------- */

static struct node *find(const char *path)
{
	unsigned int i = 0;

	while (i < NODES && strcmp(nodes[i].path, path) != 0)
		i++;
	return i < NODES ? &nodes[i] : NULL;
}

static void put(const char *path, const char *value)
{
	struct node *node = find("");

	CHECK(node && !find(path));
	snprintf(node->path, sizeof(node->path), "%s", path);
	snprintf(node->value, sizeof(node->value), "%s", value);
}

int store_put(const char *value, const char *format, ...)
{
	char path[96];
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	if (!write_error)
		put(path, value);
	return write_error;
}

const char *store_text(char *value, size_t size, const char *format, ...)
{
	const struct node *node;
	char path[96];
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	node = find(path);
	snprintf(value, size, "%s", node ? node->value : "");
	return value;
}

int tk_store_remove(const char *path)
{
	struct node *node = find(path);

	if (node)
		memset(node, 0, sizeof(*node));
	return 0;
}

char *store_children(const char *path)
{
	size_t prefix = strlen(path) + 1, used = 0;
	char *names = calloc(NODES, sizeof(nodes[0].path));
	unsigned int i;

	CHECK(names);
	for (i = 0; i < NODES; i++) {
		if (*nodes[i].path)
			used += (size_t)sprintf(names + used, "%s",
						nodes[i].path + prefix) +
				1;
	}
	return names;
}

struct xs_local_watch *xs_local_watch(const char *path,
				      xs_local_handler *handler, void *context)
{
	CHECK(!strcmp(path, "/tool/tenon/events") && !handler && !context);
	watches++;
	return (struct xs_local_watch *)&watches;
}

uint64_t tk_clock_ns(void)
{
	return now++;
}

/* Tests ------------------------------------------------------------------- */

/* Each goes on where the last one stopped, as a process does. */
static unsigned long shown;

static void shows(const char *guest, uint16_t domid, const char *what,
		  const char *detail)
{
	const struct tk_event *event = tk_event_after(shown);

	CHECK(event && event->number == shown + 1);
	shown = event->number;
	CHECK_TEXT(event->guest, guest);
	CHECK_TEXT(event->what, what);
	CHECK_TEXT(event->detail, detail);
	CHECK(event->domid == domid);
}

static void no_more(void)
{
	CHECK(!tk_event_after(shown));
}

static void test_own_and_others(void)
{
	now = 0x100;
	no_more();
	tk_event_note("web", 1, "created", "");
	put(FOLDER "00000000000000ff-9", "created\t\t2\tdb");
	shows("db", 2, "created", "");
	shows("web", 1, "created", "");
	no_more();
	put(FOLDER "0000000000000050-9", "renamed\tbase\t2\tdb");
	shows("db", 2, "renamed", "base");
	no_more();
	CHECK(watches == 1);
}

static void test_an_end_is_one(void)
{
	tk_event_seen("web", 1, "ended", "destroyed");
	put(FOLDER "0000000000001000-9", "ended\tpoweroff\t1\tweb");
	put(FOLDER "0000000000001001-9", "ended\tpoweroff\t2\tbase");
	tk_event_seen("base", 2, "ended", "destroyed");
	shows("web", 1, "ended", "destroyed");
	shows("base", 2, "ended", "poweroff");
	no_more();
}

static void test_no_event(void)
{
	put(FOLDER "0000000000002000-9", "");
	put(FOLDER "0000000000002001-9", "a\tb");
	no_more();
	write_error = -XEN_EIO;
	tk_event_note("web", 1, "paused", "");
	write_error = 0;
	no_more();
}

static void test_old_ones_go(void)
{
	unsigned int i, count = 0;

	now = 0x3000;
	for (i = 0; i < 500; i++)
		tk_event_note("web", 1, "paused", "");
	for (i = 0; i < NODES; i++)
		count += *nodes[i].path != '\0';
	CHECK(count == 64);
	for (i = 0; i < 64; i++)
		shows("web", 1, "paused", "");
	no_more();
}

/* More than are kept, a few at a time. */
static void test_rounds(void)
{
	unsigned int i;

	for (i = 0; i < 2 * TK_EVENTS_KEPT; i++) {
		tk_event_note("web", 1, i % 2 ? "paused" : "unpaused", "");
		shows("web", 1, i % 2 ? "paused" : "unpaused", "");
	}
	no_more();
	CHECK(tk_event_after(0)->number == shown - TK_EVENTS_KEPT + 1);
}

static const struct test tests[] = {
	TEST(test_own_and_others), TEST(test_an_end_is_one),
	TEST(test_no_event),       TEST(test_old_ones_go),
	TEST(test_rounds),
};

int main(void)
{
	return RUN_TESTS(tests);
}
