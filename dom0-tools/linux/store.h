/* SPDX-License-Identifier: MIT */
/*
 * The connection to Linux's xenstore server. The toolstack's and the command
 * line's own views of it (tk_store_*() of toolstack/primitives.h, and
 * xenstore/local.h) are in store.c, too.
 */
#ifndef LINUX_STORE_H
#define LINUX_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* False, with errno, when there is no server. */
bool store_open(void);
/* In a process of its own: another connection, with the same watches. */
bool store_open_again(void);

/* What poll() is to look at, or -1. */
int store_fd(void);
/* Takes what has come; the handlers run in xs_local_deliver(). */
void store_receive(void);
bool store_has_events(void);

/* A value as text, or "" when there is none or it is too long. */
const char *store_text(char *value, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A decimal number, or `otherwise`. */
uint64_t store_number(uint64_t otherwise, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* 0 or a negative XEN_E* value. */
int store_put(const char *value, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * The names of children, each with its NUL, and an empty one behind the last;
 * to be freed. NULL when there is no such node.
 */
char *store_children(const char *path);

/*
 * Who may do what: "n1" its owner is domain 1 and all others may nothing, then
 * for instance "r0": domain 0 may read. NULL ends.
 */
int store_set_perms(const char *path, const char *owner, const char *other);

int store_introduce(uint16_t domid, uint64_t mfn, uint32_t port);

/*
 * Waits until is_done(), asked anew whenever something at or below `path` has
 * changed; false when the deadline, on tk_clock_ns(), has passed before.
 * Nobody's handlers run meanwhile.
 */
bool store_wait(const char *path, bool (*is_done)(void *context), void *context,
		uint64_t deadline_ns);

#endif /* LINUX_STORE_H */
