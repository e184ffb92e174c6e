/* SPDX-License-Identifier: MIT */
/*
 * Who hears of a change.
 *
 * Nothing that a watcher does not read can pile up: equal events are one, and
 * a watch for which there is no room is only marked. When there is room again
 * it reports its own path, which says as much as watches ever promise: look
 * again.
 */
#ifndef XENSTORE_WATCH_H
#define XENSTORE_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "xenstore/path.h"

struct xs_connection;
struct xs_node;

enum xs_change {
	XS_CHANGE_SILENT, /* a parent that got or lost a child */
	XS_CHANGE_EXACT,  /* gone with a node above: for its own watchers */
	XS_CHANGE_BELOW   /* for watchers of it and of all above it */
};

struct xs_watch {
	struct xs_watch *next;         /* of its connection */
	struct xs_watch *next_by_path; /* in the table of all */
	struct xs_connection *connection;
	struct xs_key key; /* its path */
	char *path;        /* absolute */
	char *token;
	size_t charged;   /* to its domain */
	bool is_relative; /* report paths as they were named */
	bool is_missed;   /* an event found no room */
};

/*
 * Tells all watchers of `path` that may read it. `node` is what was changed:
 * the new state, or the last one of a node that is gone. Only queues and
 * sends: no watcher runs code of its own in here.
 */
void xs_watches_tell(const char *path, enum xs_change change,
		     const struct xs_node *node);

/* Adds one, without its first event. -XEN_EEXIST, -XEN_ENOSPC, ... */
int xs_watch_add(struct xs_connection *connection, const char *path,
		 const char *token, bool is_relative, struct xs_watch **added);
int xs_watch_remove(struct xs_connection *connection, const char *path,
		    const char *token);
void xs_watches_remove_all(struct xs_connection *connection);

/* Queues an event about `path` (absolute). */
void xs_watch_queue(struct xs_connection *connection, struct xs_watch *watch,
		    const char *path);

/* Queues what was missed, as far as there is room. */
void xs_watches_catch_up(struct xs_connection *connection);

#endif /* XENSTORE_WATCH_H */
