/* SPDX-License-Identifier: MIT */
/*
 * Xenstore for a guest: one request at a time over the ring that the domain
 * builder made. Each function sends, and waits for the answer; handlers of
 * events run meanwhile. Paths are absolute, or relative to the domain's own
 * directory ("device/vbd/51712").
 *
 * Context: not from event handlers, where it says nothing else. Errors are
 * negative XEN_E*; -XEN_ENODEV: there is no xenstore.
 */
#ifndef PVGUEST_XENSTORE_H
#define PVGUEST_XENSTORE_H

#include <stddef.h>
#include <stdint.h>

#include <pvguest/xenbus.h>

/* The value as text: its length; -XEN_E2BIG when it does not fit. */
int pv_xenstore_read(const char *path, char *value, size_t size);
int pv_xenstore_write(const char *path, const char *value);
/* With everything below. */
int pv_xenstore_remove(const char *path);

/*
 * The names of the nodes below `path`, each with its NUL: how many bytes;
 * -XEN_E2BIG when they do not fit.
 */
int pv_xenstore_list(const char *path, char *names, size_t size);

/*
 * Counts the changes at and below a path: each is an event, so it ends
 * pv_wait(), and adds to `changes`, which begins with one. Whoever has seen a
 * new count reads again what is there. The structure is the caller's and
 * stays where it is until pv_xenstore_unwatch().
 */
struct pv_xenstore_watch {
	struct pv_xenstore_watch *next; /* the library's */
	uint32_t token;                 /* the library's */
	uint32_t changes;               /* OUT */
};
int pv_xenstore_watch(struct pv_xenstore_watch *watch, const char *path);
/* With the same path. */
void pv_xenstore_unwatch(struct pv_xenstore_watch *watch, const char *path);

/* Keys below `directory`, a string that must stay where it is. */
struct pv_keys pv_xenstore_keys(const char *directory);

#endif /* PVGUEST_XENSTORE_H */
