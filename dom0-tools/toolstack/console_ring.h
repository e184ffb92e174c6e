/* SPDX-License-Identifier: MIT */
/*
 * The control domain's end of one guest's console: takes what the guest
 * writes out of the shared ring as soon as it comes, keeps the last 64 KiB of
 * it, shows it to a viewer if there is one, and passes on what is typed.
 *
 * Owns: the kept text, from tk_console_init() to tk_console_free(), longer
 * than any domain; and while attached, the mapping of the ring and our end of
 * the event channel.
 * Context: one thread; the ring is served from tk_wait().
 * Trust: the ring is the guest's memory. Its indices are read once and
 * checked; a ring that makes no sense is not served any more.
 */
#ifndef TOOLSTACK_CONSOLE_RING_H
#define TOOLSTACK_CONSOLE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define TK_CONSOLE_HISTORY 65536u
#define TK_CONSOLE_INPUT   4096u

/* Gets guest output as it comes: raw bytes, no terminator. */
typedef void tk_console_viewer(void *context, const char *text, size_t size);

struct xencons_interface;

struct tk_console {
	char *history; /* TK_CONSOLE_HISTORY bytes, written round and round */
	uint64_t written; /* bytes since the start */
	uint64_t viewed;  /* so many of them have been shown */

	uint16_t domid;                 /* that it was attached to last */
	struct xencons_interface *ring; /* NULL while not attached */
	uint32_t port;
	bool is_broken;

	char input[TK_CONSOLE_INPUT]; /* typed, no room in the ring yet */
	size_t input_size;

	tk_console_viewer *viewer;
	void *viewer_context;
};

tk_must_check int tk_console_init(struct tk_console *console,
				  struct tk_error *err);
void tk_console_free(struct tk_console *console);

/* Maps the ring of a domain and binds to the port that it set aside. */
tk_must_check int tk_console_attach(struct tk_console *console, uint16_t domid,
				    uint64_t mfn, uint32_t remote_port,
				    struct tk_error *err);
/* Takes the last output and lets go of the domain; the text stays. */
void tk_console_detach(struct tk_console *console);

/* Moves what is in the ring, both ways. */
void tk_console_serve(struct tk_console *console);

/*
 * Shows what nobody has seen yet of the kept text, then everything as it
 * comes. NULL ends viewing.
 */
void tk_console_view(struct tk_console *console, tk_console_viewer *viewer,
		     void *context);

/* Passes all kept text to `viewer`, in order, in one or two pieces. */
void tk_console_replay(const struct tk_console *console,
		       tk_console_viewer *viewer, void *context);

/* Types into the guest; returns how much was taken, the rest is lost. */
size_t tk_console_type(struct tk_console *console, const char *text,
		       size_t size);

#endif /* TOOLSTACK_CONSOLE_RING_H */
