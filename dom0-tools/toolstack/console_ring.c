/* SPDX-License-Identifier: MIT */
/*
 * Serves a guest's console ring; see console_ring.h.
 *
 * Barriers: the guest fills the ring before it moves out_prod, so we read
 * out_prod with acquire and then the bytes; we give room back by moving
 * out_cons with release after the bytes are copied. Input mirrors this.
 */
#include "console_ring.h"

#include <stdlib.h>
#include <string.h>

#include <public/io/console.h>
#include <public/xen.h>

#include "hypercalls.h"
#include "primitives.h"

#define load_acquire(place) __atomic_load_n(place, __ATOMIC_ACQUIRE)
#define store_release(place, value)                                            \
	__atomic_store_n(place, value, __ATOMIC_RELEASE)

int tk_console_init(struct tk_console *console, struct tk_error *err)
{
	memset(console, 0, sizeof(*console));
	console->history = malloc(TK_CONSOLE_HISTORY);
	if (!console->history)
		return tk_fail(err, "not enough memory in the control domain"
				    " to keep console output");
	return 0;
}

void tk_console_free(struct tk_console *console)
{
	tk_console_detach(console);
	free(console->history);
	console->history = NULL;
}

/* Output ------------------------------------------------------------------ */

static void remember(struct tk_console *console, const char *text, size_t size)
{
	while (size) {
		size_t at = console->written % TK_CONSOLE_HISTORY;
		size_t count = TK_CONSOLE_HISTORY - at;

		if (count > size)
			count = size;
		memcpy(console->history + at, text, count);
		console->written += count;
		text += count;
		size -= count;
	}
}

static void show(struct tk_console *console, const char *text, size_t size)
{
	remember(console, text, size);
	if (!console->viewer)
		return;
	console->viewed = console->written;
	console->viewer(console->viewer_context, text, size);
}

static void mark_broken(struct tk_console *console)
{
	static const char text[] = "\r\n[the guest broke its console ring]\r\n";

	console->is_broken = true;
	show(console, text, sizeof(text) - 1);
}

/* Returns whether anything moved. */
static bool take_output(struct tk_console *console)
{
	struct xencons_interface *ring = console->ring;
	XENCONS_RING_IDX produced = load_acquire(&ring->out_prod);
	XENCONS_RING_IDX consumed = ring->out_cons;
	size_t size = produced - consumed, i;
	char text[sizeof(ring->out)];

	if (size > sizeof(ring->out)) {
		mark_broken(console);
		return false;
	}
	if (!size)
		return false;
	for (i = 0; i < size; i++)
		text[i] = ring->out[MASK_XENCONS_IDX(consumed + i, ring->out)];
	store_release(&ring->out_cons, consumed + (XENCONS_RING_IDX)size);
	show(console, text, size);
	return true;
}

/* Input ------------------------------------------------------------------- */

static bool give_input(struct tk_console *console)
{
	struct xencons_interface *ring = console->ring;
	XENCONS_RING_IDX consumed = load_acquire(&ring->in_cons);
	XENCONS_RING_IDX produced = ring->in_prod;
	size_t used = produced - consumed;
	size_t count, i;

	if (used > sizeof(ring->in)) {
		mark_broken(console);
		return false;
	}
	count = sizeof(ring->in) - used;
	if (count > console->input_size)
		count = console->input_size;
	if (!count)
		return false;
	for (i = 0; i < count; i++)
		ring->in[MASK_XENCONS_IDX(produced + i, ring->in)] =
			console->input[i];
	store_release(&ring->in_prod, produced + (XENCONS_RING_IDX)count);

	console->input_size -= count;
	memmove(console->input, console->input + count, console->input_size);
	return true;
}

size_t tk_console_type(struct tk_console *console, const char *text,
		       size_t size)
{
	size_t room = sizeof(console->input) - console->input_size;

	if (!console->ring || console->is_broken)
		return 0;
	if (size > room)
		size = room;
	memcpy(console->input + console->input_size, text, size);
	console->input_size += size;
	tk_console_serve(console);
	return size;
}

/* Service ----------------------------------------------------------------- */

void tk_console_serve(struct tk_console *console)
{
	bool moved = false;

	if (!console->ring || console->is_broken)
		return;
	moved |= take_output(console);
	if (!console->is_broken)
		moved |= give_input(console);
	if (moved)
		tk_evtchn_notify(console->port);
}

static void console_event(uint32_t port, void *context)
{
	(void)port;
	tk_console_serve(context);
}

int tk_console_attach(struct tk_console *console, uint16_t domid, uint64_t mfn,
		      uint32_t remote_port, struct tk_error *err)
{
	struct tk_map_failure failure = { 0 };
	int port;

	console->ring = tk_map_foreign(domid, &mfn, 1, true, &failure);
	if (!console->ring)
		return tk_fail(err, "mapping the console page: %s (%d)",
			       tk_errno_text(failure.error), failure.error);
	port = tk_evtchn_bind_interdomain(domid, remote_port, console_event,
					  console);
	if (port < 0) {
		tk_unmap_foreign(console->ring, 1);
		console->ring = NULL;
		return tk_fail(err, "binding the console port: %s (%d)",
			       tk_errno_text(port), port);
	}
	console->domid = domid;
	console->port = (uint32_t)port;
	console->is_broken = false;
	console->input_size = 0;
	return 0;
}

void tk_console_detach(struct tk_console *console)
{
	if (!console->ring)
		return;
	tk_console_serve(console);
	tk_evtchn_close(console->port);
	tk_unmap_foreign(console->ring, 1);
	console->ring = NULL;
}

/* Viewing ----------------------------------------------------------------- */

/* The kept text from byte `from` on; older bytes are gone. */
static void replay_from(const struct tk_console *console, uint64_t from,
			tk_console_viewer *viewer, void *context)
{
	if (console->written - from > TK_CONSOLE_HISTORY)
		from = console->written - TK_CONSOLE_HISTORY;
	while (from < console->written) {
		size_t at = from % TK_CONSOLE_HISTORY;
		size_t count = TK_CONSOLE_HISTORY - at;

		if (count > console->written - from)
			count = console->written - from;
		viewer(context, console->history + at, count);
		from += count;
	}
}

void tk_console_view(struct tk_console *console, tk_console_viewer *viewer,
		     void *context)
{
	console->viewer = viewer;
	console->viewer_context = context;
	if (!viewer)
		return;
	replay_from(console, console->viewed, viewer, context);
	console->viewed = console->written;
}

void tk_console_replay(const struct tk_console *console,
		       tk_console_viewer *viewer, void *context)
{
	replay_from(console, 0, viewer, context);
}
