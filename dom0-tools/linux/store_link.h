/* SPDX-License-Identifier: MIT */
/*
 * A connection to a xenstore server: one request and its reply at a time,
 * with watch events kept aside in the order in which they come.
 *
 * Owns: the file descriptor, and the events that nobody has taken.
 * Trust: the server is another program. A message that is longer than the
 * protocol allows, or not the answer to what was asked, ends the connection:
 * from then on every request fails with -XEN_EIO.
 */
#ifndef LINUX_STORE_LINK_H
#define LINUX_STORE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <public/io/xs_wire.h>

struct store_event {
	struct store_event *next;
	const char *token; /* behind the path, in the same memory */
	char path[];
};

struct store_link {
	int fd; /* -1: there is no connection */
	uint32_t last_id;
	struct store_event *events, **events_end;
	size_t reply_size;
	char reply[XENSTORE_PAYLOAD_MAX + 1]; /* with a NUL behind */
};

/* What a request consists of, in order. */
struct store_part {
	const void *bytes;
	size_t size;
};

/* Takes over `fd`. */
void store_link_init(struct store_link *link, int fd);
void store_link_close(struct store_link *link);

/*
 * Sends a request and waits for its reply, which is in link->reply until the
 * next. A negative XEN_E* value if the server refuses or is gone.
 */
int store_link_ask(struct store_link *link, uint32_t type,
		   const struct store_part *parts, size_t count);

/* Takes one message that is there or on its way: an event. Negative: gone. */
int store_link_receive(struct store_link *link);
/* The oldest event, which is the caller's to free(), or NULL. */
struct store_event *store_link_take_event(struct store_link *link);

#endif /* LINUX_STORE_LINK_H */
