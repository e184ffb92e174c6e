/* SPDX-License-Identifier: MIT */
/*
 * Changes of the store, all or nothing. Every request that changes something
 * goes through a transaction; one that a guest has not opened lasts for the
 * one request.
 *
 * A transaction keeps an entry for every path that it looked at, with the
 * generation found there, and the new node if it changed it. Nobody else sees
 * anything of it. The commit refuses when one of those paths has another
 * generation now, so what was read and written forms one step (XS-8); it
 * checks the quotas of all owners, then puts the nodes in without allocating.
 *
 * Owns: its entries and their nodes, charged to `domid` while it is open.
 */
#ifndef XENSTORE_TRANSACTION_H
#define XENSTORE_TRANSACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xenstore/node.h"
#include "xenstore/watch.h"

/* Paths that a guest's transaction may touch. */
#define XS_TRANSACTION_PATHS_MAX 1024

#define XS_ENTRY_BUCKETS 64

/* What it knows of one path. */
struct xs_entry;

struct xs_transaction {
	struct xs_transaction *next; /* for the connection that has it open */
	uint32_t id;
	uint16_t domid;
	uint64_t epoch;
	bool has_failed; /* half of some change is in it: no commit */
	struct xs_entry *first;
	struct xs_entry *last;
	struct xs_entry *buckets[XS_ENTRY_BUCKETS]; /* the same, by hash */
	size_t n_entries;
	size_t charged;
};

void xs_transaction_begin(struct xs_transaction *transaction, uint16_t domid);

/*
 * Ends it either way: 0, -XEN_EAGAIN for a conflict, -XEN_ENOSPC for a quota,
 * -XEN_EINVAL when it has failed before.
 */
int xs_transaction_commit(struct xs_transaction *transaction);
void xs_transaction_abort(struct xs_transaction *transaction);

/* *found: its entry for a path; valid until the transaction ends. */
int xs_transaction_look(struct xs_transaction *transaction,
			const struct xs_key *key, struct xs_entry **found);

/* The node as the transaction sees it, NULL when there is none. */
const struct xs_node *xs_entry_node(const struct xs_entry *entry);

/*
 * The same, to be changed in place within the block of memory that it has, if
 * nobody else can see it; otherwise NULL.
 */
struct xs_node *xs_entry_change(struct xs_entry *entry, enum xs_change change);

/* Replaces the node; NULL removes it. Takes over `node` in any case. */
int xs_transaction_put(struct xs_transaction *transaction,
		       struct xs_entry *entry, struct xs_node *node,
		       enum xs_change change);

#endif /* XENSTORE_TRANSACTION_H */
