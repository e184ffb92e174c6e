/* SPDX-License-Identifier: MIT */
/*
 * Transactions; see transaction.h.
 */
#include "xenstore/transaction.h"

#include <public/errno.h>

#include <stdlib.h>
#include <string.h>

#include "xenstore/account.h"
#include "xenstore/store.h"

struct xs_entry {
	struct xs_entry *next;
	struct xs_entry *next_in_bucket;
	uint64_t generation;  /* found in the store, 0 for no node */
	struct xs_node *node; /* when modified; NULL: removed */
	bool is_modified;
	enum xs_change change;
	/* During commit: what the store has, then who frees what it had. */
	const struct xs_node *found;
	struct xs_node *old;
	bool is_stored;
	struct xs_key key;
	char path[];
};

void xs_transaction_begin(struct xs_transaction *transaction, uint16_t domid)
{
	memset(transaction, 0, sizeof(*transaction));
	transaction->domid = domid;
	transaction->epoch = xs_store_epoch();
}

static int charge(struct xs_transaction *transaction, size_t bytes)
{
	int rc = xs_account_charge(transaction->domid, bytes);

	if (!rc)
		transaction->charged += bytes;
	return rc;
}

static void release(struct xs_transaction *transaction, size_t bytes)
{
	xs_account_release(transaction->domid, bytes);
	transaction->charged -= bytes;
}

void xs_transaction_abort(struct xs_transaction *transaction)
{
	struct xs_entry *entry;

	while ((entry = transaction->first)) {
		transaction->first = entry->next;
		if (!entry->is_stored)
			free(entry->node);
		free(entry->old);
		free(entry);
	}
	transaction->last = NULL;
	transaction->n_entries = 0;
	memset(transaction->buckets, 0, sizeof(transaction->buckets));
	release(transaction, transaction->charged);
}

/* Entries ----------------------------------------------------------------- */

static uint64_t generation_of(const struct xs_node *node)
{
	return node ? node->generation : 0;
}

static void list_entry(struct xs_transaction *transaction,
		       struct xs_entry *entry)
{
	struct xs_entry **bucket =
		&transaction->buckets[entry->key.hash % XS_ENTRY_BUCKETS];

	entry->next_in_bucket = *bucket;
	*bucket = entry;
	if (transaction->last)
		transaction->last->next = entry;
	else
		transaction->first = entry;
	transaction->last = entry;
	transaction->n_entries++;
}

static int new_entry(struct xs_transaction *transaction,
		     const struct xs_key *key, struct xs_entry **made)
{
	size_t size = sizeof(struct xs_entry) + key->length + 1;
	struct xs_entry *entry;
	int rc;

	if (transaction->domid != XS_PRIVILEGED &&
	    transaction->n_entries == XS_TRANSACTION_PATHS_MAX)
		return -XEN_ENOSPC;
	rc = charge(transaction, size);
	if (rc)
		return rc;
	/* What is charged stays charged until the transaction ends. */
	entry = malloc(size);
	if (!entry)
		return -XEN_ENOMEM;
	memset(entry, 0, sizeof(*entry));
	memcpy(entry->path, key->path, key->length);
	entry->path[key->length] = '\0';
	entry->key = *key;
	entry->key.path = entry->path;
	entry->generation = generation_of(xs_store_find_key(key));
	list_entry(transaction, entry);
	*made = entry;
	return 0;
}

int xs_transaction_look(struct xs_transaction *transaction,
			const struct xs_key *key, struct xs_entry **found)
{
	struct xs_entry *entry =
		transaction->buckets[key->hash % XS_ENTRY_BUCKETS];

	while (entry && !xs_key_is(&entry->key, key))
		entry = entry->next_in_bucket;
	*found = entry;
	return entry ? 0 : new_entry(transaction, key, found);
}

const struct xs_node *xs_entry_node(const struct xs_entry *entry)
{
	return entry->is_modified ? entry->node
				  : xs_store_find_key(&entry->key);
}

static void note_change(struct xs_entry *entry, enum xs_change change)
{
	if (change > entry->change)
		entry->change = change;
}

struct xs_node *xs_entry_change(struct xs_entry *entry, enum xs_change change)
{
	if (!entry->node)
		return NULL;
	note_change(entry, change);
	return entry->node;
}

int xs_transaction_put(struct xs_transaction *transaction,
		       struct xs_entry *entry, struct xs_node *node,
		       enum xs_change change)
{
	int rc = node ? charge(transaction, xs_node_cost(node)) : 0;

	if (rc) {
		free(node);
		return rc;
	}
	if (entry->node)
		release(transaction, xs_node_cost(entry->node));
	free(entry->node);
	entry->node = node;
	entry->is_modified = true;
	note_change(entry, change);
	return 0;
}

/* Commit ------------------------------------------------------------------ */

/* Also finds what is there now, for the steps below. */
static bool is_in_conflict(struct xs_transaction *transaction)
{
	struct xs_entry *entry;

	if (transaction->epoch != xs_store_epoch())
		return true;
	for (entry = transaction->first; entry; entry = entry->next) {
		entry->found = xs_store_find_key(&entry->key);
		if (entry->generation != generation_of(entry->found))
			return true;
	}
	return false;
}

static int plan_entry(const struct xs_entry *entry)
{
	const struct xs_node *old = entry->found;
	int rc = 0;

	if (old)
		rc = xs_account_plan(xs_node_owner(old), -1,
				     -(long)xs_node_cost(old));
	if (!rc && entry->node)
		rc = xs_account_plan(xs_node_owner(entry->node), 1,
				     (long)xs_node_cost(entry->node));
	return rc;
}

static int plan(const struct xs_transaction *transaction)
{
	const struct xs_entry *entry;
	int rc = 0;

	for (entry = transaction->first; entry && !rc; entry = entry->next) {
		if (entry->is_modified)
			rc = plan_entry(entry);
	}
	/* No guest's quota stands in the way of the toolstack. */
	if (!rc && transaction->domid != XS_PRIVILEGED &&
	    !xs_account_plans_fit())
		rc = -XEN_ENOSPC;
	return rc;
}

static void apply(struct xs_transaction *transaction)
{
	uint64_t generation = xs_store_next_generation();
	struct xs_entry *entry;

	for (entry = transaction->first; entry; entry = entry->next) {
		if (!entry->is_modified)
			continue;
		entry->old =
			xs_store_exchange(&entry->key, entry->node, generation);
		entry->is_stored = true;
	}
}

/* When all is in place, so that a look at the store shows the new state. */
static void tell(const struct xs_transaction *transaction)
{
	const struct xs_entry *entry;

	for (entry = transaction->first; entry; entry = entry->next) {
		const struct xs_node *node = entry->node;

		if (!node)
			node = entry->old;
		if (entry->change != XS_CHANGE_SILENT && node)
			xs_watches_tell(entry->path, entry->change, node);
	}
}

int xs_transaction_commit(struct xs_transaction *transaction)
{
	int rc;

	if (transaction->has_failed)
		rc = -XEN_EINVAL;
	else if (is_in_conflict(transaction))
		rc = -XEN_EAGAIN;
	else {
		release(transaction, transaction->charged);
		rc = plan(transaction);
		xs_account_settle(!rc);
	}
	if (!rc) {
		/* Commit: nothing below can fail. */
		apply(transaction);
		tell(transaction);
	}
	xs_transaction_abort(transaction);
	return rc;
}
