/* SPDX-License-Identifier: MIT */
/*
 * The tree, the list of connections, and who hears of a change.
 */
#include "xenstore/store.h"

#include <string.h>

#include "xenstore/path.h"
#include "xenstore/tree.h"

static struct xs_tree *tree;
static uint64_t generation;
static struct xs_connection *connections;

struct xs_tree *xs_store_tree(void)
{
	if (!tree)
		tree = xs_tree_new();
	return tree;
}

void xs_store_replace(struct xs_tree *new_tree)
{
	xs_tree_free(tree);
	tree = new_tree;
}

uint64_t xs_store_generation(void)
{
	return generation;
}

struct xs_connection *xs_store_connection(uint16_t domid)
{
	struct xs_connection *connection;

	for (connection = connections; connection;
	     connection = connection->next) {
		if (connection->domid == domid)
			return connection;
	}
	return NULL;
}

void xs_store_add(struct xs_connection *connection)
{
	connection->next = connections;
	connections = connection;
}

void xs_store_remove(struct xs_connection *connection)
{
	struct xs_connection **place = &connections;

	while (*place && *place != connection)
		place = &(*place)->next;
	if (*place)
		*place = connection->next;
}

/* Watches ----------------------------------------------------------------- */

void xs_store_tell(struct xs_connection *connection,
		   const struct xs_watch *watch, const char *path)
{
	struct xsd_sockmsg header = { .type = XS_WATCH_EVENT };
	char payload[XENSTORE_PAYLOAD_MAX];
	const char *shown = path;
	size_t path_size, token_size = strlen(watch->token) + 1;

	if (!xs_tree_may_see(tree, connection->domid, path))
		return;
	if (watch->is_relative)
		shown = xs_path_relative(path, connection->domid);
	path_size = strlen(shown) + 1;
	if (path_size + token_size > sizeof(payload))
		return;
	memcpy(payload, shown, path_size);
	memcpy(payload + path_size, watch->token, token_size);
	header.len = (uint32_t)(path_size + token_size);
	xs_connection_send(connection, &header, payload);
}

static void tell_connection(struct xs_connection *connection, const char *path,
			    bool is_removal)
{
	const struct xs_watch *watch;

	for (watch = connection->watches; watch; watch = watch->next) {
		if (xs_path_is_below(path, watch->path))
			xs_store_tell(connection, watch, path);
		else if (is_removal && xs_path_is_below(watch->path, path))
			xs_store_tell(connection, watch, watch->path);
	}
	xs_connection_flush(connection);
}

void xs_store_changed(const char *path, bool is_removal)
{
	struct xs_connection *connection;

	generation++;
	for (connection = connections; connection;
	     connection = connection->next)
		tell_connection(connection, path, is_removal);
}
