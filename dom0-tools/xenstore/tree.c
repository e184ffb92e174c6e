/* SPDX-License-Identifier: MIT */
/*
 * Operations on nodes; see tree.h. All walks are loops over the text of a
 * path: the depth of the tree is a guest's choice and must not become the
 * depth of our stack (XS-3).
 */
#include "xenstore/tree.h"

#include <public/errno.h>

#include <string.h>

#include "xenstore/path.h"
#include "xenstore/store.h"

static const struct xs_bytes nothing = { NULL, 0 };

/* Access ------------------------------------------------------------------ */

/* A path, and where it leads to. */
struct walk {
	struct xs_key keys[XS_KEYS_MAX]; /* from the top to the path itself */
	size_t count;
	/* The nearest node that there is: so many of the keys exist. */
	size_t found;
	const struct xs_node *node;
	struct xs_entry *entry; /* NULL without a transaction */
};

static int look(struct xs_transaction *transaction, const struct xs_key *key,
		struct xs_entry **entry, const struct xs_node **node)
{
	int rc = 0;

	*entry = NULL;
	if (transaction)
		rc = xs_transaction_look(transaction, key, entry);
	*node = *entry ? xs_entry_node(*entry) : xs_store_find_key(key);
	return rc;
}

/* The node at `path` or the nearest above it that exists. */
static int find_nearest(struct xs_transaction *transaction, const char *path,
			struct walk *walk)
{
	int rc = 0;

	walk->node = NULL;
	walk->count = xs_path_keys(path, walk->keys);
	if (!walk->count)
		return -XEN_EINVAL;
	for (walk->found = walk->count; walk->found && !rc; walk->found--) {
		rc = look(transaction, &walk->keys[walk->found - 1],
			  &walk->entry, &walk->node);
		if (walk->node)
			break;
	}
	return rc;
}

/*
 * Whether a node is missing may only be learned by those who could see it:
 * for them -XEN_ENOENT, for others -XEN_EACCES as for any node out of reach.
 */
static int find(struct xs_transaction *transaction, uint16_t domid,
		const char *path, enum xs_rights wanted, struct walk *walk)
{
	int rc = find_nearest(transaction, path, walk);

	if (rc)
		return rc;
	if (!walk->node || !xs_node_allows(walk->node, domid, wanted))
		return -XEN_EACCES;
	return walk->found == walk->count ? 0 : -XEN_ENOENT;
}

static int find_ordinary(struct xs_transaction *transaction, uint16_t domid,
			 const char *path, enum xs_rights wanted,
			 struct walk *walk)
{
	if (path[0] == '@')
		return -XEN_EINVAL;
	return find(transaction, domid, path, wanted, walk);
}

int xs_tree_read(struct xs_transaction *transaction, uint16_t domid,
		 const char *path, const struct xs_node **node)
{
	struct walk walk;
	int rc = find_ordinary(transaction, domid, path, XS_MAY_READ, &walk);

	*node = rc ? NULL : walk.node;
	return rc;
}

int xs_tree_read_perms(struct xs_transaction *transaction, uint16_t domid,
		       const char *path, struct xs_perms *perms)
{
	struct walk walk;
	int rc = find(transaction, domid, path, XS_MAY_READ, &walk);

	if (!rc)
		*perms = walk.node->perms;
	return rc;
}

/* Changes ----------------------------------------------------------------- */

/* Puts a node that was just allocated, or could not be. */
static int put(struct xs_transaction *transaction, struct xs_entry *entry,
	       struct xs_node *node, enum xs_change change)
{
	if (!node)
		return -XEN_ENOMEM;
	return xs_transaction_put(transaction, entry, node, change);
}

static int add_child(struct xs_transaction *transaction,
		     struct xs_entry *parent, struct xs_bytes name)
{
	struct xs_node *own = xs_entry_change(parent, XS_CHANGE_SILENT);

	if (own && xs_node_add_child(own, name))
		return 0;
	return put(transaction, parent,
		   xs_node_with_child(xs_entry_node(parent), name),
		   XS_CHANGE_SILENT);
}

/* What the path of `key` has behind that of the node above it. */
static struct xs_bytes name_below(const struct xs_key *key,
				  const struct xs_key *parent)
{
	/* The root ends in a slash already. */
	size_t at = parent->length == 1 ? 1 : parent->length + 1;

	return (struct xs_bytes){ key->path + at, key->length - at };
}

/*
 * New nodes are like their parent, but belong to the guest that made them. The
 * last has other permissions if they are said.
 */
static int create(struct xs_transaction *transaction, uint16_t domid,
		  struct walk *walk, struct xs_bytes value,
		  const struct xs_perms *last_perms)
{
	struct xs_perms perms = walk->node->perms;
	int rc = 0;

	if (domid != XS_PRIVILEGED)
		perms.list[0].domid = domid;
	for (; !rc && walk->found < walk->count; walk->found++) {
		const struct xs_key *key = &walk->keys[walk->found];
		bool is_last = walk->found + 1 == walk->count;

		rc = add_child(transaction, walk->entry,
			       name_below(key, key - 1));
		if (is_last && last_perms)
			perms = *last_perms;
		if (!rc)
			rc = xs_transaction_look(transaction, key,
						 &walk->entry);
		if (!rc)
			rc = put(transaction, walk->entry,
				 xs_node_new(key, &perms,
					     is_last ? value : nothing),
				 is_last ? XS_CHANGE_BELOW : XS_CHANGE_SILENT);
	}
	return rc;
}

int xs_tree_write(struct xs_transaction *transaction, uint16_t domid,
		  const char *path, struct xs_bytes value)
{
	struct walk walk;
	int rc = find_ordinary(transaction, domid, path, XS_MAY_WRITE, &walk);

	if (rc && rc != -XEN_ENOENT)
		return rc;
	if (domid != XS_PRIVILEGED && value.size > XS_VALUE_MAX)
		return -XEN_ENOSPC;
	if (rc)
		return create(transaction, domid, &walk, value, NULL);
	return put(transaction, walk.entry,
		   xs_node_with_value(walk.node, value), XS_CHANGE_BELOW);
}

int xs_tree_write_as(struct xs_transaction *transaction, const char *path,
		     struct xs_bytes value, const struct xs_perms *perms)
{
	struct walk walk;
	int rc = find_ordinary(transaction, XS_PRIVILEGED, path, XS_MAY_WRITE,
			       &walk);

	if (rc == -XEN_ENOENT)
		return create(transaction, XS_PRIVILEGED, &walk, value, perms);
	if (!rc)
		rc = xs_tree_write(transaction, XS_PRIVILEGED, path, value);
	return rc ? rc
		  : xs_tree_set_perms(transaction, XS_PRIVILEGED, path, perms);
}

int xs_tree_mkdir(struct xs_transaction *transaction, uint16_t domid,
		  const char *path)
{
	struct walk walk;
	int rc = find_ordinary(transaction, domid, path, XS_MAY_WRITE, &walk);

	if (rc != -XEN_ENOENT)
		return rc;
	return create(transaction, domid, &walk, nothing, NULL);
}

/*
 * Without a parent the transaction has no future: it removed the parent, and
 * somebody else made it anew with this child, which is a conflict.
 */
static int remove_child(struct xs_transaction *transaction, const char *path)
{
	char parent_path[XS_PATH_SIZE];
	const struct xs_node *parent;
	struct xs_entry *entry;
	struct xs_key key;
	int rc;

	xs_path_copy(parent_path, path);
	xs_path_up(parent_path);
	key = xs_key_of(parent_path);
	rc = look(transaction, &key, &entry, &parent);
	if (rc || !parent)
		return rc;
	return put(transaction, entry,
		   xs_node_without_child(parent, xs_path_name(path)),
		   XS_CHANGE_SILENT);
}

/* Down to the first leaf of what is left, which goes; until `top` has gone. */
static int remove_below(struct xs_transaction *transaction, const char *top)
{
	char at[XS_PATH_SIZE];
	const struct xs_node *node;
	struct xs_entry *entry;
	int rc;

	xs_path_copy(at, top);
	for (;;) {
		const struct xs_key key = xs_key_of(at);
		bool is_top = !strcmp(at, top);

		rc = look(transaction, &key, &entry, &node);
		if (rc)
			return rc;
		if (node && node->names_size) {
			if (!xs_path_append(at, node->names,
					    strlen(node->names)))
				return -XEN_EINVAL;
			continue;
		}
		rc = remove_child(transaction, at);
		if (!rc)
			rc = xs_transaction_put(transaction, entry, NULL,
						is_top ? XS_CHANGE_BELOW
						       : XS_CHANGE_EXACT);
		if (rc || is_top)
			return rc;
		xs_path_up(at);
	}
}

int xs_tree_rm(struct xs_transaction *transaction, uint16_t domid,
	       const char *path)
{
	struct walk walk;
	int rc = find_ordinary(transaction, domid, path, XS_MAY_WRITE, &walk);

	if (!rc && !path[1])
		return -XEN_EINVAL;
	if (!rc)
		return remove_below(transaction, path);
	/* Fine when only the last part of the path is missing. */
	if (rc == -XEN_ENOENT && walk.found + 1 == walk.count)
		return 0;
	return rc;
}

int xs_tree_set_perms(struct xs_transaction *transaction, uint16_t domid,
		      const char *path, const struct xs_perms *perms)
{
	bool has_parent = path[0] == '/' && path[1];
	struct walk walk;
	int rc = find(transaction, domid, path, XS_MAY_WRITE, &walk);
	struct xs_node *own;
	uint16_t owner;

	if (rc)
		return rc;
	owner = xs_node_owner(walk.node);
	/* Only the owner says who may do what, and cannot give it away. */
	if (domid != XS_PRIVILEGED && owner != domid)
		return -XEN_EACCES;
	if (perms->list[0].domid != owner &&
	    (domid != XS_PRIVILEGED || !has_parent))
		return -XEN_EPERM;
	own = xs_entry_change(walk.entry, XS_CHANGE_BELOW);
	if (own) {
		own->perms = *perms;
		return 0;
	}
	return put(transaction, walk.entry,
		   xs_node_with_perms(walk.node, perms), XS_CHANGE_BELOW);
}
