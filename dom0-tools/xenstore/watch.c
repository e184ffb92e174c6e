/* SPDX-License-Identifier: MIT */
/*
 * Watches; see watch.h.
 */
#include "xenstore/watch.h"

#include <public/errno.h>
#include <public/io/xs_wire.h>

#include <stdlib.h>
#include <string.h>

#include "xenstore/account.h"
#include "xenstore/connection.h"
#include "xenstore/node.h"
#include "xenstore/path.h"

/*
 * All watches by their paths: what a change costs does not depend on how many
 * there are elsewhere.
 */
#define BUCKETS 256u

static struct xs_watch *buckets[BUCKETS];

static struct xs_watch **bucket_of(const struct xs_key *key)
{
	return &buckets[key->hash % BUCKETS];
}

/* List -------------------------------------------------------------------- */

static struct xs_watch **find(struct xs_connection *connection,
			      const char *path, const char *token)
{
	struct xs_watch **place = &connection->watches;

	while (*place && (strcmp((*place)->path, path) != 0 ||
			  strcmp((*place)->token, token) != 0))
		place = &(*place)->next;
	return place;
}

static void remove_at(struct xs_connection *connection, struct xs_watch **place)
{
	struct xs_watch *watch = *place;
	struct xs_watch **by_path = bucket_of(&watch->key);

	while (*by_path != watch)
		by_path = &(*by_path)->next_by_path;
	*by_path = watch->next_by_path;
	*place = watch->next;
	xs_account_release(connection->domid, watch->charged);
	free(watch);
	connection->n_watches--;
}

int xs_watch_add(struct xs_connection *connection, const char *path,
		 const char *token, bool is_relative, struct xs_watch **added)
{
	size_t path_size = strlen(path) + 1, token_size = strlen(token) + 1;
	size_t size = sizeof(struct xs_watch) + path_size + token_size;
	struct xs_watch *watch;
	int rc;

	if (*find(connection, path, token))
		return -XEN_EEXIST;
	if (connection->domid != XS_PRIVILEGED &&
	    connection->n_watches == XS_WATCHES_MAX)
		return -XEN_ENOSPC;
	rc = xs_account_charge(connection->domid, size);
	if (rc)
		return rc;
	watch = calloc(1, size);
	if (!watch) {
		xs_account_release(connection->domid, size);
		return -XEN_ENOMEM;
	}
	/* Both texts lie behind it, in the same block. */
	watch->path = (char *)(watch + 1);
	watch->token = watch->path + path_size;
	memcpy(watch->path, path, path_size);
	memcpy(watch->token, token, token_size);
	watch->key = xs_key_of(watch->path);
	watch->next_by_path = *bucket_of(&watch->key);
	*bucket_of(&watch->key) = watch;
	watch->connection = connection;
	watch->charged = size;
	watch->is_relative = is_relative;
	watch->next = connection->watches;
	connection->watches = watch;
	connection->n_watches++;
	*added = watch;
	return 0;
}

int xs_watch_remove(struct xs_connection *connection, const char *path,
		    const char *token)
{
	struct xs_watch **place = find(connection, path, token);

	if (!*place)
		return -XEN_ENOENT;
	remove_at(connection, place);
	return 0;
}

void xs_watches_remove_all(struct xs_connection *connection)
{
	while (connection->watches)
		remove_at(connection, &connection->watches);
}

/* Events ------------------------------------------------------------------ */

void xs_watch_queue(struct xs_connection *connection, struct xs_watch *watch,
		    const char *path)
{
	char payload[XENSTORE_PAYLOAD_MAX];
	const char *shown = path;
	size_t path_size, token_size = strlen(watch->token) + 1;

	if (watch->is_relative)
		shown = xs_path_relative(path, connection->domid);
	path_size = strlen(shown) + 1;
	/* Paths of long watches can outgrow a message: then say less. */
	if (path_size + token_size > sizeof(payload)) {
		watch->is_missed = strcmp(path, watch->path) != 0;
		return;
	}
	memcpy(payload, shown, path_size);
	memcpy(payload + path_size, watch->token, token_size);
	if (!xs_connection_queue_event(connection, payload,
				       path_size + token_size))
		watch->is_missed = true;
}

void xs_watches_catch_up(struct xs_connection *connection)
{
	struct xs_watch *watch;

	for (watch = connection->watches; watch; watch = watch->next) {
		if (!watch->is_missed)
			continue;
		watch->is_missed = false;
		xs_watch_queue(connection, watch, watch->path);
		if (watch->is_missed)
			return;
	}
}

/* Those at one path; who is told something is put in front of `told`. */
static struct xs_connection *tell_at(const struct xs_key *key, const char *path,
				     const struct xs_node *node,
				     struct xs_connection *told)
{
	struct xs_watch *watch;

	for (watch = *bucket_of(key); watch; watch = watch->next_by_path) {
		struct xs_connection *connection = watch->connection;

		if (!xs_key_is(&watch->key, key) ||
		    !xs_node_allows(node, connection->domid, XS_MAY_READ))
			continue;
		xs_watch_queue(connection, watch, path);
		if (connection->is_told)
			continue;
		connection->is_told = true;
		connection->next_told = told;
		told = connection;
	}
	return told;
}

void xs_watches_tell(const char *path, enum xs_change change,
		     const struct xs_node *node)
{
	struct xs_key keys[XS_KEYS_MAX];
	size_t count = xs_path_keys(path, keys);
	size_t i = change == XS_CHANGE_EXACT && count ? count - 1 : 0;
	struct xs_connection *told = NULL;

	for (; i < count; i++)
		told = tell_at(&keys[i], path, node, told);
	for (; told; told = told->next_told) {
		told->is_told = false;
		xs_connection_flush(told);
	}
}
