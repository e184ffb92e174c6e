/* SPDX-License-Identifier: MIT */
/* Messages to and from a xenstore server; see store_link.h. */
#include "linux/store_link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <public/errno.h>

void store_link_init(struct store_link *link, int fd)
{
	memset(link, 0, sizeof(*link));
	link->fd = fd;
	link->events_end = &link->events;
}

void store_link_close(struct store_link *link)
{
	struct store_event *event;

	while ((event = store_link_take_event(link)))
		free(event);
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
}

/* Bytes ------------------------------------------------------------------- */

static int fail(struct store_link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
	return -XEN_EIO;
}

/* A server that is gone is an error, not a signal. */
static ssize_t send_some(int fd, const char *bytes, size_t size)
{
	ssize_t done = send(fd, bytes, size, MSG_NOSIGNAL);

	return done < 0 && errno == ENOTSOCK ? write(fd, bytes, size) : done;
}

static int send_all(struct store_link *link, const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size) {
		ssize_t done = send_some(link->fd, at, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return fail(link);
		at += done;
		size -= (size_t)done;
	}
	return 0;
}

static int receive_all(struct store_link *link, void *bytes, size_t size)
{
	char *at = bytes;

	while (size) {
		ssize_t done = read(link->fd, at, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return fail(link);
		at += done;
		size -= (size_t)done;
	}
	return 0;
}

/* Into link->reply. */
static int receive_message(struct store_link *link, struct xsd_sockmsg *head)
{
	if (link->fd < 0 || receive_all(link, head, sizeof(*head)))
		return -XEN_EIO;
	if (head->len > XENSTORE_PAYLOAD_MAX)
		return fail(link);
	if (receive_all(link, link->reply, head->len))
		return -XEN_EIO;
	link->reply_size = head->len;
	link->reply[head->len] = '\0';
	return 0;
}

/* Events ------------------------------------------------------------------ */

/* link->reply is path NUL token NUL. */
static int keep_event(struct store_link *link)
{
	size_t path_size = strlen(link->reply) + 1;
	struct store_event *event;

	/* The NUL behind the payload is ours: both must have one of theirs. */
	if (path_size >= link->reply_size ||
	    path_size + strlen(link->reply + path_size) >= link->reply_size)
		return fail(link);
	event = malloc(sizeof(*event) + link->reply_size);
	if (!event)
		return fail(link);
	memcpy(event->path, link->reply, link->reply_size);
	event->token = event->path + path_size;
	event->next = NULL;
	*link->events_end = event;
	link->events_end = &event->next;
	return 0;
}

int store_link_receive(struct store_link *link)
{
	struct xsd_sockmsg head;

	if (receive_message(link, &head))
		return -XEN_EIO;
	return head.type == XS_WATCH_EVENT ? keep_event(link) : fail(link);
}

struct store_event *store_link_take_event(struct store_link *link)
{
	struct store_event *event = link->events;

	if (!event)
		return NULL;
	link->events = event->next;
	if (!link->events)
		link->events_end = &link->events;
	return event;
}

/* Requests ---------------------------------------------------------------- */

static int send_request(struct store_link *link, uint32_t type,
			const struct store_part *parts, size_t count)
{
	struct xsd_sockmsg head = { .type = type, .req_id = ++link->last_id };
	char message[sizeof(head) + XENSTORE_PAYLOAD_MAX];
	size_t size = 0, i;

	for (i = 0; i < count; i++) {
		if (parts[i].size > XENSTORE_PAYLOAD_MAX - size)
			return -XEN_E2BIG;
		memcpy(message + sizeof(head) + size, parts[i].bytes,
		       parts[i].size);
		size += parts[i].size;
	}
	head.len = (uint32_t)size;
	memcpy(message, &head, sizeof(head));
	return send_all(link, message, sizeof(head) + size);
}

static const struct {
	const char *name;
	int error;
} errors[] = {
	{ "EINVAL", XEN_EINVAL },   { "EACCES", XEN_EACCES },
	{ "EEXIST", XEN_EEXIST },   { "EISDIR", XEN_EISDIR },
	{ "ENOENT", XEN_ENOENT },   { "ENOMEM", XEN_ENOMEM },
	{ "ENOSPC", XEN_ENOSPC },   { "ENOTEMPTY", XEN_ENOTEMPTY },
	{ "ENOSYS", XEN_ENOSYS },   { "EROFS", XEN_EROFS },
	{ "EBUSY", XEN_EBUSY },     { "EAGAIN", XEN_EAGAIN },
	{ "EISCONN", XEN_EISCONN }, { "E2BIG", XEN_E2BIG },
	{ "EPERM", XEN_EPERM },
};

static int error_number(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (!strcmp(errors[i].name, name))
			return -errors[i].error;
	}
	return -XEN_EIO;
}

int store_link_ask(struct store_link *link, uint32_t type,
		   const struct store_part *parts, size_t count)
{
	struct xsd_sockmsg head;
	int rc;

	if (link->fd < 0)
		return -XEN_EIO;
	rc = send_request(link, type, parts, count);
	if (rc)
		return rc;
	do {
		rc = receive_message(link, &head);
		if (!rc && head.type == XS_WATCH_EVENT)
			rc = keep_event(link);
	} while (!rc && head.type == XS_WATCH_EVENT);
	if (rc)
		return rc;
	if (head.req_id != link->last_id ||
	    (head.type != type && head.type != XS_ERROR))
		return fail(link);
	return head.type == XS_ERROR ? error_number(link->reply) : 0;
}
