/* SPDX-License-Identifier: MIT */
/*
 * The nodes of xenstore as everybody sees them: a table from path to node.
 * No I/O and no knowledge of connections.
 *
 * Owns: all nodes in the table, and the count of generations. Every change
 * has a generation of its own and stamps the nodes that it puts in, so two
 * looks at one path saw the same if and only if the generations are equal.
 * Invariant: a node is in the table exactly when its parent is and has its
 * name in the list of children (the root and '@' names have no parent).
 * Requests change the table through transaction.h only; what is here besides
 * serves the end of a domain.
 */
#ifndef XENSTORE_STORE_H
#define XENSTORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "xenstore/node.h"

#define XS_INTRODUCE_DOMAIN "@introduceDomain"
#define XS_RELEASE_DOMAIN   "@releaseDomain"

/* Makes the nodes that always exist, if they do not. Negative XEN_E*. */
int xs_store_init(void);

/* NULL: no such node. Valid until the table changes. */
const struct xs_node *xs_store_find(const char *path);
const struct xs_node *xs_store_find_key(const struct xs_key *key);

/* A new generation, for a change that is about to happen. */
uint64_t xs_store_next_generation(void);

/* Replaces the node at this path, or removes it (NULL); returns the old. */
struct xs_node *xs_store_exchange(const struct xs_key *key,
				  struct xs_node *node, uint64_t generation);

/* These cannot fail, and tell those who watch. */
void xs_store_delete(const char *path);
/*
 * A domain is no more: its nodes go, wherever they are, and so does every
 * mention in the permissions of others. A later domain of this number
 * inherits nothing (XS-5). Transactions that are open now will not commit.
 */
void xs_store_forget_domain(uint16_t domid);
/* Counts domains forgotten. */
uint64_t xs_store_epoch(void);

/* For tests: frees everything; the next xs_store_init() begins afresh. */
void xs_store_clear(void);

#endif /* XENSTORE_STORE_H */
