/* SPDX-License-Identifier: MIT */
/*
 * The client in our own program; see local.h. It is a connection like those
 * of guests, but events go to functions instead of a ring.
 */
#include "xenstore/local.h"

#include <public/errno.h>

#include <stdlib.h>
#include <string.h>

#include "xenstore/connection.h"
#include "xenstore/local_watch.h"
#include "xenstore/store.h"
#include "xenstore/tree.h"

static struct xs_connection local;
static bool is_listed;
static bool is_delivering;

const struct xs_node *xs_local_node(const char *path)
{
	return xs_store_find(path);
}

int xs_local_read(const char *path, char *value, size_t size)
{
	const struct xs_node *node = xs_local_node(path);

	if (!node)
		return -XEN_ENOENT;
	if (node->value_size >= size)
		return -XEN_E2BIG;
	memcpy(value, node->value, node->value_size);
	value[node->value_size] = '\0';
	return (int)node->value_size;
}

static int finish(struct xs_transaction *transaction, int rc)
{
	if (rc)
		xs_transaction_abort(transaction);
	else
		rc = xs_transaction_commit(transaction);
	xs_local_deliver();
	return rc;
}

int xs_local_write(const char *path, const char *text)
{
	const struct xs_bytes value = { text, strlen(text) };
	struct xs_transaction transaction;
	int rc = xs_store_init();

	if (rc)
		return rc;
	xs_transaction_begin(&transaction, XS_PRIVILEGED);
	return finish(&transaction,
		      xs_tree_write(&transaction, XS_PRIVILEGED, path, value));
}

int xs_local_mkdir(const char *path, const struct xs_perms *perms)
{
	struct xs_transaction transaction;
	int rc = xs_store_init();

	if (rc)
		return rc;
	xs_transaction_begin(&transaction, XS_PRIVILEGED);
	rc = xs_tree_mkdir(&transaction, XS_PRIVILEGED, path);
	if (!rc)
		rc = xs_tree_set_perms(&transaction, XS_PRIVILEGED, path,
				       perms);
	return finish(&transaction, rc);
}

int xs_local_rm(const char *path)
{
	struct xs_transaction transaction;

	xs_transaction_begin(&transaction, XS_PRIVILEGED);
	return finish(&transaction,
		      xs_tree_rm(&transaction, XS_PRIVILEGED, path));
}

/* Walking ----------------------------------------------------------------- */

/* The name behind `name` in the list of its parent, NULL for the last. */
static const char *next_name(const struct xs_node *parent, const char *name)
{
	const char *at = parent->names;
	const char *end = at + parent->names_size;

	while (at < end && strcmp(at, name) != 0)
		at += strlen(at) + 1;
	if (at < end)
		at += strlen(at) + 1;
	return at < end ? at : NULL;
}

bool xs_local_walk(char path[XS_PATH_SIZE], const char *top)
{
	const struct xs_node *node = xs_store_find(path);

	if (node && node->names_size)
		return xs_path_append(path, node->names, strlen(node->names));
	while (strcmp(path, top) != 0) {
		char name[XS_PATH_SIZE];
		const char *next;

		xs_path_copy(name, xs_path_name(path));
		if (!xs_path_up(path))
			return false;
		node = xs_store_find(path);
		next = node ? next_name(node, name) : NULL;
		if (next)
			return xs_path_append(path, next, strlen(next));
	}
	return false;
}

/* Watches ----------------------------------------------------------------- */

struct xs_local_watch *xs_local_watch(const char *path,
				      xs_local_handler *handler, void *context)
{
	struct xs_local_watch *watch = local_watch_new(path, handler, context);
	struct xs_watch *added;

	if (!watch)
		return NULL;
	if (!is_listed)
		xs_connection_add(&local);
	is_listed = true;
	if (xs_watch_add(&local, path, watch->token, false, &added)) {
		free(watch);
		return NULL;
	}
	local_watch_list(watch);
	xs_watch_queue(&local, added, path);
	return watch;
}

void xs_local_unwatch(struct xs_local_watch *watch)
{
	if (!local_watch_unlist(watch))
		return;
	xs_watch_remove(&local, watch->path, watch->token);
	free(watch);
}

static void deliver_first(void)
{
	char path[XS_PATH_SIZE];
	const struct xs_event *event = local.events;
	const char *payload = event->bytes + sizeof(struct xsd_sockmsg);
	struct xs_local_watch *watch =
		local_watch_find(payload + strlen(payload) + 1);

	xs_path_copy(path, payload);
	xs_connection_drop_event(&local);
	if (watch)
		watch->handler(watch->context, path);
}

void xs_local_deliver(void)
{
	if (is_delivering)
		return;
	is_delivering = true;
	for (;;) {
		if (!local.events)
			xs_watches_catch_up(&local);
		if (!local.events)
			break;
		deliver_first();
	}
	is_delivering = false;
}
