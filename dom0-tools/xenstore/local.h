/* SPDX-License-Identifier: MIT */
/*
 * Xenstore for our own program: the toolstack and the command line use it
 * without messages. They are privileged: permissions and quotas do not stand
 * in their way.
 *
 * Errors are negative XEN_E* values.
 */
#ifndef XENSTORE_LOCAL_H
#define XENSTORE_LOCAL_H

#include <stdbool.h>
#include <stddef.h>

#include "xenstore/node.h"
#include "xenstore/path.h"

/*
 * Paths are absolute and canonical (path.h).
 * NULL: no such node. Valid until the next change.
 */
const struct xs_node *xs_local_node(const char *path);

/*
 * Its value with a NUL: the length without; -XEN_ENOENT, or -XEN_E2BIG when it
 * does not fit.
 */
int xs_local_read(const char *path, char *value, size_t size);

int xs_local_write(const char *path, const char *text);
/* Makes the node if need be, and sets who may do what with it. */
int xs_local_mkdir(const char *path, const struct xs_perms *perms);
int xs_local_rm(const char *path);

/* Moves `path` to the next node at or below `top`; false after the last. */
bool xs_local_walk(char path[XS_PATH_SIZE], const char *top);

/*
 * Runs once soon after the beginning, then after every change at or below
 * `path`; `changed` is where. It may change the store and watch, never from
 * within another call into the store.
 */
typedef void xs_local_handler(void *context, const char *changed);
struct xs_local_watch;
/* NULL without memory. */
struct xs_local_watch *xs_local_watch(const char *path,
				      xs_local_handler *handler, void *context);
void xs_local_unwatch(struct xs_local_watch *watch);

/* Runs the handlers of what has changed; whoever changes the store calls it
 * when he has done. No effect inside a handler. */
void xs_local_deliver(void);

#endif /* XENSTORE_LOCAL_H */
