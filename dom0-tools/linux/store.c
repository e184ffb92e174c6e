/* SPDX-License-Identifier: MIT */
/*
 * Linux's xenstore; see store.h. Requests are not put into transactions: what
 * is written is complete before anybody is told of it.
 *
 * Owns: the connection.
 */
#include "linux/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <public/errno.h>

#include "linux/store_link.h"
#include "toolstack/config.h"
#include "toolstack/primitives.h"
#include "xenstore/local_watch.h"

#define SOCKET    "/var/run/xenstored/socket"
#define XENBUS    "/dev/xen/xenbus"
#define PERM_SIZE 8

static struct store_link server = { .fd = -1 };
static bool is_delivering;

/* The connection ---------------------------------------------------------- */

static int open_socket(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", SOCKET);
	if (fd >= 0 &&
	    connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

bool store_open(void)
{
	int fd = open_socket();

	if (fd < 0)
		fd = open(XENBUS, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		store_link_init(&server, fd);
	return fd >= 0;
}

int store_fd(void)
{
	return server.fd;
}

void store_receive(void)
{
	store_link_receive(&server);
}

bool store_has_events(void)
{
	return server.events != NULL;
}

/* Requests ---------------------------------------------------------------- */

static int ask(uint32_t type, const char *path)
{
	const struct store_part part = { path, strlen(path) + 1 };

	return store_link_ask(&server, type, &part, 1);
}

static int ask_two(uint32_t type, const char *first, const char *second)
{
	const struct store_part parts[] = { { first, strlen(first) + 1 },
					    { second, strlen(second) + 1 } };

	return store_link_ask(&server, type, parts, 2);
}

int tk_store_write(const char *path, const char *value)
{
	const struct store_part parts[] = { { path, strlen(path) + 1 },
					    { value, strlen(value) } };

	return store_link_ask(&server, XS_WRITE, parts, 2);
}

int store_set_perms(const char *path, const char *owner, const char *other)
{
	const struct store_part parts[] = { { path, strlen(path) + 1 },
					    { owner, strlen(owner) + 1 },
					    { other,
					      other ? strlen(other) + 1 : 0 } };

	return store_link_ask(&server, XS_SET_PERMS, parts, other ? 3 : 2);
}

int tk_store_mkdir(const char *path, uint16_t owner, uint16_t reader)
{
	char first[PERM_SIZE], second[PERM_SIZE];
	int rc = ask(XS_MKDIR, path);

	snprintf(first, sizeof(first), "n%u", owner);
	snprintf(second, sizeof(second), "r%u", reader);
	return rc ? rc : store_set_perms(path, first, second);
}

int tk_store_remove(const char *path)
{
	int rc = ask(XS_RM, path);

	return rc == -XEN_ENOENT ? 0 : rc;
}

int tk_store_read(const char *path, char *value, size_t size)
{
	int rc = ask(XS_READ, path);

	if (rc)
		return rc;
	if (server.reply_size >= size)
		return -XEN_E2BIG;
	memcpy(value, server.reply, server.reply_size + 1);
	return 0;
}

const char *store_text(char *value, size_t size, const char *format, ...)
{
	char path[XS_PATH_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	if (tk_store_read(path, value, size))
		*value = '\0';
	return value;
}

uint64_t store_number(uint64_t otherwise, const char *format, ...)
{
	char path[XS_PATH_SIZE], text[24];
	uint64_t number;
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	if (tk_store_read(path, text, sizeof(text)) ||
	    !tk_config_number(text, &number))
		return otherwise;
	return number;
}

int store_put(const char *value, const char *format, ...)
{
	char path[XS_PATH_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	return tk_store_write(path, value);
}

char *store_children(const char *path)
{
	char *names;

	if (ask(XS_DIRECTORY, path))
		return NULL;
	names = calloc(1, server.reply_size + 2);
	if (names)
		memcpy(names, server.reply, server.reply_size);
	return names;
}

int store_introduce(uint16_t domid, uint64_t mfn, uint32_t port)
{
	char number[8], frame[24], channel[12];
	struct store_part parts[3];

	snprintf(number, sizeof(number), "%u", domid);
	snprintf(frame, sizeof(frame), "%" PRIu64, mfn);
	snprintf(channel, sizeof(channel), "%u", port);
	parts[0] = (struct store_part){ number, strlen(number) + 1 };
	parts[1] = (struct store_part){ frame, strlen(frame) + 1 };
	parts[2] = (struct store_part){ channel, strlen(channel) + 1 };
	return store_link_ask(&server, XS_INTRODUCE, parts, 3);
}

/* The command line's view ------------------------------------------------- */

/* The node that was asked for last. */
static struct xs_node *last_node;

const struct xs_node *xs_local_node(const char *path)
{
	size_t path_size = strlen(path) + 1, names_size;
	struct xs_node *node;
	char *names = store_children(path);

	free(last_node);
	last_node = NULL;
	if (!names)
		return NULL;
	names_size = server.reply_size;
	if (ask(XS_READ, path)) {
		free(names);
		return NULL;
	}
	node = calloc(1, sizeof(*node) + path_size + server.reply_size +
				 names_size);
	if (node) {
		memcpy(node->path, path, path_size);
		node->value_size = server.reply_size;
		node->value = node->path + path_size;
		memcpy(node->value, server.reply, server.reply_size);
		node->names_size = names_size;
		node->names = node->value + node->value_size;
		memcpy(node->names, names, names_size);
	}
	free(names);
	last_node = node;
	return node;
}

int xs_local_write(const char *path, const char *text)
{
	return tk_store_write(path, text);
}

int xs_local_rm(const char *path)
{
	return ask(XS_RM, path);
}

/* Goes from a node to what is behind it in its parent's list. */
static bool step_aside(char path[XS_PATH_SIZE])
{
	char name[XS_PATH_SIZE], *names;
	const char *at;
	bool found = false;

	xs_path_copy(name, xs_path_name(path));
	if (!xs_path_up(path))
		return false;
	names = store_children(path);
	for (at = names; at && *at && !found; at += strlen(at) + 1)
		found = !strcmp(at, name);
	found = found && *at && xs_path_append(path, at, strlen(at));
	free(names);
	return found;
}

bool xs_local_walk(char path[XS_PATH_SIZE], const char *top)
{
	char *names = store_children(path);
	bool found =
		names && *names && xs_path_append(path, names, strlen(names));

	free(names);
	while (!found && strcmp(path, top) != 0)
		found = step_aside(path);
	return found;
}

/* Watches ----------------------------------------------------------------- */

struct xs_local_watch *xs_local_watch(const char *path,
				      xs_local_handler *handler, void *context)
{
	struct xs_local_watch *watch = local_watch_new(path, handler, context);

	if (!watch)
		return NULL;
	if (ask_two(XS_WATCH, path, watch->token)) {
		free(watch);
		return NULL;
	}
	local_watch_list(watch);
	return watch;
}

void xs_local_unwatch(struct xs_local_watch *watch)
{
	if (!local_watch_unlist(watch))
		return;
	ask_two(XS_UNWATCH, watch->path, watch->token);
	free(watch);
}

static void deliver(const struct store_event *event)
{
	const struct xs_local_watch *watch = local_watch_find(event->token);

	if (watch && watch->handler)
		watch->handler(watch->context, event->path);
}

void xs_local_deliver(void)
{
	struct store_event *event;

	if (is_delivering)
		return;
	is_delivering = true;
	while ((event = store_link_take_event(&server))) {
		deliver(event);
		free(event);
	}
	is_delivering = false;
}

bool store_open_again(void)
{
	const struct xs_local_watch *watch = NULL;

	store_link_close(&server);
	if (!store_open())
		return false;
	while ((watch = local_watch_next(watch))) {
		if (ask_two(XS_WATCH, watch->path, watch->token))
			return false;
	}
	return true;
}

bool store_wait(const char *path, bool (*is_done)(void *context), void *context,
		uint64_t deadline_ns)
{
	struct xs_local_watch *watch = xs_local_watch(path, NULL, NULL);
	bool done = is_done(context);

	while (!done && watch && server.fd >= 0 &&
	       tk_clock_ns() < deadline_ns) {
		uint64_t left = deadline_ns - tk_clock_ns();
		struct pollfd poll_fd = { .fd = server.fd, .events = POLLIN };

		if (poll(&poll_fd, 1, (int)(left / 1000000) + 1) > 0)
			store_receive();
		done = is_done(context);
	}
	if (watch)
		xs_local_unwatch(watch);
	return done;
}
