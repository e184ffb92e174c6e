/* SPDX-License-Identifier: MIT */
/*
 * The xenstore server: one tree, the connections of the guests that were
 * introduced, and watches between them.
 *
 * Owns: the tree and the list of connections.
 * The toolstack's side (build_domain.h) is in introduce.c.
 */
#ifndef XENSTORE_STORE_H
#define XENSTORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xenstore/connection.h"

struct xs_tree;

/* Handles the request that connection->request holds, and queues the reply. */
void xs_store_request(struct xs_connection *connection);

/* The tree as it is, made at first use; NULL without memory. */
struct xs_tree *xs_store_tree(void);

/* Puts a committed copy in the place of the tree. */
void xs_store_replace(struct xs_tree *tree);

/* Something changed: tells the watchers. Counts generations as well. */
void xs_store_changed(const char *path, bool is_removal);
uint64_t xs_store_generation(void);

struct xs_connection *xs_store_connection(uint16_t domid);
void xs_store_add(struct xs_connection *connection);
void xs_store_remove(struct xs_connection *connection);

/* Tells one watch of one path, if its domain may know. */
void xs_store_tell(struct xs_connection *connection,
		   const struct xs_watch *watch, const char *path);

#endif /* XENSTORE_STORE_H */
