/* SPDX-License-Identifier: MIT */
/*
 * A guest's console on Linux, where xenconsoled serves the ring and makes a
 * terminal of it: toolstack/console_ring.h, with that instead of the ring.
 *
 * What nobody has read yet is kept there, so there is no history of our own.
 *
 * Owns: the terminal that is being viewed; one at a time.
 */
#include "toolstack/console_ring.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/commands.h"
#include "linux/primitives.h"
#include "linux/store.h"
#include "toolstack/primitives.h"

/* The daemon opens it soon after it has heard of the guest. */
#define OPEN_LIMIT_NS 10000000000ull
/* It closes the terminal of a domain that is gone, but not of a dead one. */
#define SILENCE_MS    500
#define LAST_WORDS_NS 5000000000ull

static struct {
	int fd;
	struct tk_console *console;
} view = { .fd = -1 };

int tk_console_init(struct tk_console *console, struct tk_error *err)
{
	(void)err;
	memset(console, 0, sizeof(*console));
	return 0;
}

void tk_console_free(struct tk_console *console)
{
	tk_console_detach(console);
}

int tk_console_attach(struct tk_console *console, uint16_t domid, uint64_t mfn,
		      uint32_t remote_port, struct tk_error *err)
{
	(void)mfn;
	(void)remote_port;
	(void)err;
	console->domid = domid;
	return 0;
}

/* Output ------------------------------------------------------------------ */

static void stop_view(void)
{
	primitives_watch_fd(-1, NULL, NULL);
	if (view.fd >= 0)
		close(view.fd);
	view.fd = -1;
	view.console = NULL;
}

/* A terminal that nobody has at its other end gives an error. */
static void take_output(void *context)
{
	struct tk_console *console = context;
	char text[1024];
	ssize_t size = read(view.fd, text, sizeof(text));

	if (size > 0)
		console->viewer(console->viewer_context, text, (size_t)size);
	else if (size == 0 || (errno != EAGAIN && errno != EINTR))
		stop_view();
}

static bool is_viewed(const struct tk_console *console)
{
	return console && view.console == console;
}

/* For a guest that has ended: its last words may still be with the daemon. */
void tk_console_serve(struct tk_console *console)
{
	uint64_t deadline = tk_clock_ns() + LAST_WORDS_NS;
	struct pollfd poll_fd = { .fd = view.fd, .events = POLLIN };

	while (is_viewed(console) && tk_clock_ns() < deadline &&
	       poll(&poll_fd, 1, SILENCE_MS) > 0)
		take_output(console);
}

void tk_console_detach(struct tk_console *console)
{
	if (!is_viewed(console))
		return;
	tk_console_serve(console);
	stop_view();
}

/* Viewing ----------------------------------------------------------------- */

struct tty {
	uint16_t domid;
	char path[64];
};

static bool has_tty(void *context)
{
	struct tty *tty = context;

	return *store_text(tty->path, sizeof(tty->path),
			   "/local/domain/%u/console/tty", tty->domid);
}

static int open_tty(uint16_t domid)
{
	struct tty tty = { .domid = domid };
	struct termios raw;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/local/domain/%u/console", domid);
	if (!store_wait(path, has_tty, &tty, tk_clock_ns() + OPEN_LIMIT_NS)) {
		call_fail("domain %u has no console: is xenconsoled running?",
			  domid);
		return -1;
	}
	fd = open(tty.path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		call_fail("%s: %s", tty.path, strerror(errno));
	} else if (!tcgetattr(fd, &raw)) {
		cfmakeraw(&raw);
		tcsetattr(fd, TCSANOW, &raw);
	}
	return fd;
}

void tk_console_view(struct tk_console *console, tk_console_viewer *viewer,
		     void *context)
{
	console->viewer = viewer;
	console->viewer_context = context;
	if (!viewer) {
		if (is_viewed(console))
			stop_view();
		return;
	}
	stop_view();
	view.fd = open_tty(console->domid);
	view.console = console;
	if (view.fd >= 0)
		primitives_watch_fd(view.fd, take_output, console);
}

void tk_console_replay(const struct tk_console *console,
		       tk_console_viewer *viewer, void *context)
{
	(void)console;
	(void)viewer;
	(void)context;
	call_fail("what guests printed is kept by xenconsoled, if at all: see "
		  "its option --log");
}

size_t tk_console_type(struct tk_console *console, const char *text,
		       size_t size)
{
	ssize_t done = view.console == console && view.fd >= 0
			       ? write(view.fd, text, size)
			       : 0;

	return done > 0 ? (size_t)done : 0;
}
