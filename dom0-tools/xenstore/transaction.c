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
	uint64_t generation;  /* found in the store, 0 for no node */
	struct xs_node *node; /* when modified; NULL: removed */
	struct xs_node *old;  /* during commit */
	bool is_modified;
	enum xs_change change;
	uint32_t hash;
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
		free(entry->node);
		free(entry->old);
		free(entry);
	}
	transaction->last = NULL;
	transaction->n_entries = 0;
	release(transaction, transaction->charged);
}

/* Entries ----------------------------------------------------------------- */

static struct xs_entry *find_entry(const struct xs_transaction *transaction,
				   const char *path, uint32_t hash)
{
	struct xs_entry *entry = transaction->first;

	while (entry && (entry->hash != hash || strcmp(entry->path, path) != 0))
		entry = entry->next;
	return entry;
}

static int new_entry(struct xs_transaction *transaction, const char *path,
		     uint32_t hash, struct xs_entry **made)
{
	size_t path_size = strlen(path) + 1;
	size_t size = sizeof(struct xs_entry) + path_size;
	struct xs_entry *entry;
	int rc;

	if (transaction->domid != XS_PRIVILEGED &&
	    transaction->n_entries == XS_TRANSACTION_PATHS_MAX)
		return -XEN_ENOSPC;
	rc = charge(transaction, size);
	if (rc)
		return rc;
	/* What is charged stays charged until the transaction ends. */
	entry = calloc(1, size);
	if (!entry)
		return -XEN_ENOMEM;
	memcpy(entry->path, path, path_size);
	entry->hash = hash;
	entry->generation = xs_store_generation_of(path, hash);
	if (transaction->last)
		transaction->last->next = entry;
	else
		transaction->first = entry;
	transaction->last = entry;
	transaction->n_entries++;
	*made = entry;
	return 0;
}

static int get_entry(struct xs_transaction *transaction, const char *path,
		     struct xs_entry **entry)
{
	uint32_t hash = xs_hash(path);

	*entry = find_entry(transaction, path, hash);
	return *entry ? 0 : new_entry(transaction, path, hash, entry);
}

static const struct xs_node *in_store(const struct xs_entry *entry)
{
	return xs_store_find_hashed(entry->path, entry->hash);
}

int xs_transaction_find(struct xs_transaction *transaction, const char *path,
			const struct xs_node **node)
{
	struct xs_entry *entry;
	int rc;

	*node = NULL;
	if (!transaction) {
		*node = xs_store_find(path);
		return 0;
	}
	rc = get_entry(transaction, path, &entry);
	if (!rc)
		*node = entry->is_modified ? entry->node : in_store(entry);
	return rc;
}

int xs_transaction_put(struct xs_transaction *transaction, const char *path,
		       struct xs_node *node, enum xs_change change)
{
	struct xs_entry *entry;
	int rc = get_entry(transaction, path, &entry);

	if (!rc && node)
		rc = charge(transaction, xs_node_cost(node));
	if (rc) {
		free(node);
		return rc;
	}
	if (entry->node)
		release(transaction, xs_node_cost(entry->node));
	free(entry->node);
	entry->node = node;
	entry->is_modified = true;
	if (change > entry->change)
		entry->change = change;
	return 0;
}

/* Commit ------------------------------------------------------------------ */

static bool is_in_conflict(const struct xs_transaction *transaction)
{
	const struct xs_entry *entry;

	if (transaction->epoch != xs_store_epoch())
		return true;
	for (entry = transaction->first; entry; entry = entry->next) {
		if (entry->generation !=
		    xs_store_generation_of(entry->path, entry->hash))
			return true;
	}
	return false;
}

static int plan_entry(const struct xs_entry *entry)
{
	const struct xs_node *old = in_store(entry);
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
		entry->old = xs_store_exchange(entry->path, entry->hash,
					       entry->node, generation);
		entry->node = NULL; /* the store's now */
	}
}

/* When all is in place, so that a look at the store shows the new state. */
static void tell(const struct xs_transaction *transaction)
{
	const struct xs_entry *entry;

	for (entry = transaction->first; entry; entry = entry->next) {
		const struct xs_node *node = in_store(entry);

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
