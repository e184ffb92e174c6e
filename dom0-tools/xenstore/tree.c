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

static const struct xs_bytes nothing = { NULL, 0 };

/* Access ------------------------------------------------------------------ */

/* The node at `path` or the nearest above it that exists; cuts `path`. */
static int find_nearest(struct xs_transaction *transaction, char *path,
			const struct xs_node **node)
{
	int rc;

	do {
		rc = xs_transaction_find(transaction, path, node);
	} while (!rc && !*node && xs_path_up(path));
	return rc;
}

/*
 * Whether a node is missing may only be learned by those who could see it:
 * for them -XEN_ENOENT, for others -XEN_EACCES as for any node out of reach.
 */
static int find(struct xs_transaction *transaction, uint16_t domid,
		const char *path, enum xs_rights wanted,
		const struct xs_node **node)
{
	char nearest[XS_PATH_SIZE];
	int rc;

	xs_path_copy(nearest, path);
	rc = find_nearest(transaction, nearest, node);
	if (rc)
		return rc;
	if (!*node || !xs_node_allows(*node, domid, wanted))
		return -XEN_EACCES;
	return strcmp(nearest, path) ? -XEN_ENOENT : 0;
}

static int find_ordinary(struct xs_transaction *transaction, uint16_t domid,
			 const char *path, enum xs_rights wanted,
			 const struct xs_node **node)
{
	if (path[0] == '@')
		return -XEN_EINVAL;
	return find(transaction, domid, path, wanted, node);
}

int xs_tree_read(struct xs_transaction *transaction, uint16_t domid,
		 const char *path, const struct xs_node **node)
{
	return find_ordinary(transaction, domid, path, XS_MAY_READ, node);
}

int xs_tree_read_perms(struct xs_transaction *transaction, uint16_t domid,
		       const char *path, struct xs_perms *perms)
{
	const struct xs_node *node;
	int rc = find(transaction, domid, path, XS_MAY_READ, &node);

	if (!rc)
		*perms = node->perms;
	return rc;
}

/* Changes ----------------------------------------------------------------- */

/* Puts a node that was just allocated, or could not be. */
static int put(struct xs_transaction *transaction, const char *path,
	       struct xs_node *node, enum xs_change change)
{
	if (!node)
		return -XEN_ENOMEM;
	return xs_transaction_put(transaction, path, node, change);
}

static int add_child(struct xs_transaction *transaction, const char *path,
		     const char *name)
{
	const struct xs_node *parent;
	int rc = xs_transaction_find(transaction, path, &parent);

	if (rc || !parent)
		return rc;
	return put(transaction, path, xs_node_with_child(parent, name),
		   XS_CHANGE_SILENT);
}

/* New nodes are like their parent, but belong to the guest that made them. */
static int create(struct xs_transaction *transaction, uint16_t domid,
		  const char *path, struct xs_bytes value)
{
	const struct xs_node *parent;
	struct xs_perms perms;
	char at[XS_PATH_SIZE], name[XS_PATH_SIZE];
	int rc;

	xs_path_copy(at, path);
	rc = find_nearest(transaction, at, &parent);
	if (rc)
		return rc;
	perms = parent->perms;
	if (domid != XS_PRIVILEGED)
		perms.list[0].domid = domid;
	while (!rc && strcmp(at, path) != 0) {
		const char *rest = path + strlen(at) + (at[1] ? 1 : 0);
		size_t length = strcspn(rest, "/");
		bool is_last = !rest[length];

		memcpy(name, rest, length);
		name[length] = '\0';
		rc = add_child(transaction, at, name);
		if (rc)
			break;
		xs_path_append(at, name, length);
		rc = put(transaction, at,
			 xs_node_new(at, &perms, is_last ? value : nothing,
				     nothing),
			 is_last ? XS_CHANGE_BELOW : XS_CHANGE_SILENT);
	}
	return rc;
}

int xs_tree_write(struct xs_transaction *transaction, uint16_t domid,
		  const char *path, struct xs_bytes value)
{
	const struct xs_node *node;
	int rc = find_ordinary(transaction, domid, path, XS_MAY_WRITE, &node);

	if (rc && rc != -XEN_ENOENT)
		return rc;
	if (domid != XS_PRIVILEGED && value.size > XS_VALUE_MAX)
		return -XEN_ENOSPC;
	if (rc)
		return create(transaction, domid, path, value);
	return put(transaction, path, xs_node_with_value(node, value),
		   XS_CHANGE_BELOW);
}

int xs_tree_mkdir(struct xs_transaction *transaction, uint16_t domid,
		  const char *path)
{
	const struct xs_node *node;
	int rc = find_ordinary(transaction, domid, path, XS_MAY_WRITE, &node);

	if (rc != -XEN_ENOENT)
		return rc;
	return create(transaction, domid, path, nothing);
}

/*
 * Without a parent the transaction has no future: it removed the parent, and
 * somebody else made it anew with this child, which is a conflict.
 */
static int remove_child(struct xs_transaction *transaction, const char *path)
{
	char parent_path[XS_PATH_SIZE];
	const struct xs_node *parent;
	int rc;

	xs_path_copy(parent_path, path);
	xs_path_up(parent_path);
	rc = xs_transaction_find(transaction, parent_path, &parent);
	if (rc || !parent)
		return rc;
	return put(transaction, parent_path,
		   xs_node_without_child(parent, xs_path_name(path)),
		   XS_CHANGE_SILENT);
}

/* Down to the first leaf of what is left, which goes; until `top` has gone. */
static int remove_below(struct xs_transaction *transaction, const char *top)
{
	char at[XS_PATH_SIZE];
	const struct xs_node *node;
	int rc;

	xs_path_copy(at, top);
	for (;;) {
		bool is_top = !strcmp(at, top);

		rc = xs_transaction_find(transaction, at, &node);
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
			rc = xs_transaction_put(transaction, at, NULL,
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
	char parent_path[XS_PATH_SIZE];
	const struct xs_node *node;
	int rc = find_ordinary(transaction, domid, path, XS_MAY_WRITE, &node);

	if (!rc && !path[1])
		return -XEN_EINVAL;
	if (!rc)
		return remove_below(transaction, path);
	if (rc != -XEN_ENOENT)
		return rc;
	/* Fine when only the last part of the path is missing. */
	xs_path_copy(parent_path, path);
	xs_path_up(parent_path);
	rc = xs_transaction_find(transaction, parent_path, &node);
	return rc ? rc : node ? 0 : -XEN_ENOENT;
}

int xs_tree_set_perms(struct xs_transaction *transaction, uint16_t domid,
		      const char *path, const struct xs_perms *perms)
{
	bool has_parent = path[0] == '/' && path[1];
	const struct xs_node *node;
	int rc = find(transaction, domid, path, XS_MAY_WRITE, &node);
	uint16_t owner;

	if (rc)
		return rc;
	owner = xs_node_owner(node);
	/* Only the owner says who may do what, and cannot give it away. */
	if (domid != XS_PRIVILEGED && owner != domid)
		return -XEN_EACCES;
	if (perms->list[0].domid != owner &&
	    (domid != XS_PRIVILEGED || !has_parent))
		return -XEN_EPERM;
	return put(transaction, path, xs_node_with_perms(node, perms),
		   XS_CHANGE_BELOW);
}
