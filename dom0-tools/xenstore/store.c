/* SPDX-License-Identifier: MIT */
/*
 * The table of nodes; see store.h.
 */
#include "xenstore/store.h"

#include <public/errno.h>

#include <stdlib.h>
#include <string.h>

#include "xenstore/account.h"
#include "xenstore/path.h"
#include "xenstore/transaction.h"
#include "xenstore/tree.h"
#include "xenstore/watch.h"

#define BUCKETS 2048u

static struct xs_node *buckets[BUCKETS];
static uint64_t last_generation;
static uint64_t epoch;

/* A bit for each domain that permissions in the table may mention. */
static uint8_t mentioned[(UINT16_MAX + 1) / 8];

/* Table ------------------------------------------------------------------- */

/* The link that points to the node, or to the end of its chain. */
static struct xs_node **find_key(const struct xs_key *key)
{
	struct xs_node **place = &buckets[key->hash % BUCKETS];

	while (*place && !xs_key_is(&(*place)->key, key))
		place = &(*place)->next;
	return place;
}

static struct xs_node **find_place(const char *path)
{
	const struct xs_key key = xs_key_of(path);

	return find_key(&key);
}

const struct xs_node *xs_store_find(const char *path)
{
	return *find_place(path);
}

const struct xs_node *xs_store_find_key(const struct xs_key *key)
{
	return *find_key(key);
}

uint64_t xs_store_next_generation(void)
{
	return ++last_generation;
}

uint64_t xs_store_epoch(void)
{
	return epoch;
}

static void note_mentions(const struct xs_node *node)
{
	size_t i;

	for (i = 1; i < node->perms.count; i++) {
		uint16_t domid = node->perms.list[i].domid;

		mentioned[domid / 8] |= (uint8_t)(1u << domid % 8);
	}
}

/* Whether it may be; from now on it is not. */
static bool take_mentions(uint16_t domid)
{
	uint8_t bit = (uint8_t)(1u << domid % 8);
	bool was_mentioned = mentioned[domid / 8] & bit;

	mentioned[domid / 8] &= (uint8_t)~bit;
	return was_mentioned;
}

struct xs_node *xs_store_exchange(const struct xs_key *key,
				  struct xs_node *node, uint64_t generation)
{
	struct xs_node **place = find_key(key);
	struct xs_node *old = *place;
	struct xs_node *next = old ? old->next : NULL;

	if (node) {
		node->generation = generation;
		node->next = next;
		*place = node;
		note_mentions(node);
	} else {
		*place = next;
	}
	return old;
}

/* Beginning --------------------------------------------------------------- */

static int add_root(const char *path)
{
	const struct xs_perms perms = { 1, { { XS_PRIVILEGED, 0 } } };
	const struct xs_bytes none = { NULL, 0 };
	const struct xs_key key = xs_key_of(path);
	struct xs_node *node;
	int rc;

	if (xs_store_find_key(&key))
		return 0;
	node = xs_node_new(&key, &perms, none);
	if (!node)
		return -XEN_ENOMEM;
	rc = xs_account_plan(XS_PRIVILEGED, 1, (long)xs_node_cost(node));
	if (rc) {
		free(node);
		return rc;
	}
	xs_account_settle(true);
	xs_store_exchange(&key, node, xs_store_next_generation());
	return 0;
}

int xs_store_init(void)
{
	int rc = add_root("/");

	if (!rc)
		rc = add_root(XS_INTRODUCE_DOMAIN);
	if (!rc)
		rc = add_root(XS_RELEASE_DOMAIN);
	return rc;
}

void xs_store_clear(void)
{
	unsigned int i;

	for (i = 0; i < BUCKETS; i++) {
		while (buckets[i]) {
			struct xs_node *node = buckets[i];

			buckets[i] = node->next;
			xs_account_node_gone(xs_node_owner(node),
					     xs_node_cost(node));
			free(node);
		}
	}
}

/* End of a domain --------------------------------------------------------- */

static void delete_one(struct xs_node **place, enum xs_change change)
{
	struct xs_node *node = *place;

	*place = node->next;
	xs_account_node_gone(xs_node_owner(node), xs_node_cost(node));
	xs_watches_tell(node->path, change, node);
	free(node);
}

static void leave_parent(const char *path, uint64_t generation)
{
	char parent_path[XS_PATH_SIZE];
	struct xs_node *parent;
	size_t cost;

	xs_path_copy(parent_path, path);
	if (!xs_path_up(parent_path))
		return;
	parent = *find_place(parent_path);
	if (!parent)
		return;
	cost = xs_node_cost(parent);
	if (!xs_node_drop_child(parent, xs_path_name(path)))
		return;
	xs_account_node_shrunk(xs_node_owner(parent),
			       cost - xs_node_cost(parent));
	parent->generation = generation;
}

/* A scan of the whole table: simple, and nobody waits for it. */
static void delete_below(const char *top)
{
	unsigned int i;

	for (i = 0; i < BUCKETS; i++) {
		struct xs_node **place = &buckets[i];

		while (*place) {
			const char *path = (*place)->path;

			if (!xs_path_is_below(path, top) || !strcmp(path, top))
				place = &(*place)->next;
			else
				delete_one(place, XS_CHANGE_EXACT);
		}
	}
}

void xs_store_delete(const char *path)
{
	struct xs_node **place = find_place(path);
	char top[XS_PATH_SIZE];

	if (!*place)
		return;
	/* The caller's text may be the node's own. */
	xs_path_copy(top, path);
	leave_parent(top, xs_store_next_generation());
	delete_below(top);
	delete_one(find_place(top), XS_CHANGE_BELOW);
}

static const struct xs_node *find_owned(uint16_t domid)
{
	const struct xs_node *node;
	unsigned int i;

	for (i = 0; i < BUCKETS; i++) {
		for (node = buckets[i]; node; node = node->next) {
			if (xs_node_owner(node) == domid)
				return node;
		}
	}
	return NULL;
}

/* A new domain is hardly ever mentioned: the table is not searched then. */
static void drop_mentions(uint16_t domid)
{
	struct xs_node *node;
	unsigned int i;

	if (!take_mentions(domid))
		return;
	for (i = 0; i < BUCKETS; i++) {
		for (node = buckets[i]; node; node = node->next)
			xs_node_drop_perms(node, domid);
	}
}

void xs_store_forget_domain(uint16_t domid)
{
	const struct xs_node *node;

	epoch++;
	while (xs_account_nodes(domid) && (node = find_owned(domid)) &&
	       node->path[1])
		xs_store_delete(node->path);
	drop_mentions(domid);
}
