/* SPDX-License-Identifier: MIT */
/*
 * The watches behind xs_local_watch(), whoever the server is. A watch's token
 * is a number, by which an event finds it even if others have come and gone
 * since.
 */
#ifndef XENSTORE_LOCAL_WATCH_H
#define XENSTORE_LOCAL_WATCH_H

#include <stdbool.h>

#include "xenstore/local.h"

struct xs_local_watch {
	struct xs_local_watch *next;
	char token[24];
	xs_local_handler *handler;
	void *context;
	char path[];
};

/* Not listed yet: free() it when the server refuses. NULL without memory. */
struct xs_local_watch *
local_watch_new(const char *path, xs_local_handler *handler, void *context);
/* Events find it from now on. */
void local_watch_list(struct xs_local_watch *watch);
/* False: it was not. The caller frees it. */
bool local_watch_unlist(struct xs_local_watch *watch);

/* NULL: not, or not any more. */
struct xs_local_watch *local_watch_find(const char *token);
/* NULL begins, and ends. */
struct xs_local_watch *local_watch_next(const struct xs_local_watch *watch);

#endif /* XENSTORE_LOCAL_WATCH_H */
