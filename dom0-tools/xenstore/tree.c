/* SPDX-License-Identifier: MIT */
/*
 * The tree of nodes; see tree.h. All walks are loops along parent pointers:
 * the depth of the tree is a guest's choice and must not become the depth of
 * our stack.
 */
#include "xenstore/tree.h"

#include <public/errno.h>

#include <stdlib.h>
#include <string.h>

struct node {
	struct node *parent;
	struct node *next; /* sibling */
	struct node *children;
	char *name; /* without slashes; "" for the root */
	char *value;
	size_t size;
	struct xs_perm perms[XS_PERMS_MAX];
	size_t n_perms;
};

struct xs_tree {
	struct node *root;
};

/*
 * Invariant: every node but the root is in its parent's list, and on a walk
 * below a node the parents lead back to that node. The analyser cannot know.
 * NOLINTBEGIN(clang-analyzer-core.NullDereference,clang-analyzer-unix.Malloc)
 */

/* Nodes ------------------------------------------------------------------- */

static void free_node(struct node *node)
{
	free(node->name);
	free(node->value);
	free(node);
}

static struct node *new_node(const char *name, size_t length)
{
	struct node *node = calloc(1, sizeof(*node));

	if (!node)
		return NULL;
	node->name = malloc(length + 1);
	if (!node->name) {
		free(node);
		return NULL;
	}
	memcpy(node->name, name, length);
	node->name[length] = '\0';
	return node;
}

static int set_value(struct node *node, const char *value, size_t size)
{
	char *copy = NULL;

	if (size) {
		copy = malloc(size);
		if (!copy)
			return -XEN_ENOMEM;
		memcpy(copy, value, size);
	}
	free(node->value);
	node->value = copy;
	node->size = size;
	return 0;
}

/* At the end, so that lists come in the order of creation. */
static void link_node(struct node *parent, struct node *node)
{
	struct node **place = &parent->children;

	while (*place)
		place = &(*place)->next;
	node->parent = parent;
	*place = node;
}

static void unlink_node(struct node *node)
{
	struct node **place = &node->parent->children;

	while (*place != node)
		place = &(*place)->next;
	*place = node->next;
	node->next = NULL;
	node->parent = NULL;
}

/* The next node of the whole below `top`, parents before children. */
static struct node *walk(const struct node *top, struct node *node)
{
	if (node->children)
		return node->children;
	while (node && node != top && !node->next)
		node = node->parent;
	return node && node != top ? node->next : NULL;
}

/* Frees an unlinked node and what is below, children first. */
static void free_below(struct node *top)
{
	struct node *node = top;

	while (node) {
		struct node *parent = node->parent;

		if (node->children) {
			node = node->children;
			continue;
		}
		if (node == top) {
			free_node(node);
			return;
		}
		unlink_node(node);
		free_node(node);
		node = parent;
	}
}

/* Trees ------------------------------------------------------------------- */

struct xs_tree *xs_tree_new(void)
{
	struct xs_tree *tree = calloc(1, sizeof(*tree));

	if (tree)
		tree->root = new_node("", 0);
	if (!tree || !tree->root) {
		free(tree);
		return NULL;
	}
	tree->root->perms[0] =
		(struct xs_perm){ XS_PRIVILEGED, XS_MAY_NOTHING };
	tree->root->n_perms = 1;
	return tree;
}

void xs_tree_free(struct xs_tree *tree)
{
	if (tree)
		free_below(tree->root);
	free(tree);
}

static struct node *copy_node(const struct node *from)
{
	struct node *node = new_node(from->name, strlen(from->name));

	if (!node)
		return NULL;
	if (set_value(node, from->value, from->size)) {
		free_node(node);
		return NULL;
	}
	memcpy(node->perms, from->perms, sizeof(node->perms));
	node->n_perms = from->n_perms;
	return node;
}

/* Both trees are walked in step; `to` is the copy of `from`'s parent. */
static int copy_children(struct node *to_top, const struct node *from_top)
{
	const struct node *from = from_top;
	struct node *to = to_top, *copy;

	for (;;) {
		if (from->children) {
			from = from->children;
		} else {
			while (from != from_top && !from->next) {
				from = from->parent;
				to = to->parent;
			}
			if (from == from_top)
				return 0;
			from = from->next;
			to = to->parent;
		}
		copy = copy_node(from);
		if (!copy)
			return -XEN_ENOMEM;
		link_node(to, copy);
		to = copy;
	}
}

struct xs_tree *xs_tree_copy(const struct xs_tree *tree)
{
	struct xs_tree *copy = xs_tree_new();

	if (!copy)
		return NULL;
	memcpy(copy->root->perms, tree->root->perms, sizeof(copy->root->perms));
	copy->root->n_perms = tree->root->n_perms;
	if (set_value(copy->root, tree->root->value, tree->root->size) ||
	    copy_children(copy->root, tree->root)) {
		xs_tree_free(copy);
		return NULL;
	}
	return copy;
}

/* NOLINTEND(clang-analyzer-core.NullDereference,clang-analyzer-unix.Malloc) */

/* Finding and permissions ------------------------------------------------- */

static struct node *child(const struct node *parent, const char *name,
			  size_t length)
{
	struct node *node;

	for (node = parent->children; node; node = node->next) {
		if (!strncmp(node->name, name, length) && !node->name[length])
			return node;
	}
	return NULL;
}

/*
 * The node, or the deepest one on the way that exists; *rest is what is left
 * of the path then, "" when the node was found.
 */
static struct node *find_deepest(const struct xs_tree *tree, const char *path,
				 const char **rest)
{
	struct node *node = tree->root;

	while (*path == '/' && path[1]) {
		size_t length = strcspn(path + 1, "/");
		struct node *next = child(node, path + 1, length);

		if (!next)
			break;
		node = next;
		path += 1 + length;
	}
	*rest = *path == '/' && !path[1] ? "" : path;
	return node;
}

static bool is_allowed(const struct node *node, uint16_t domid,
		       enum xs_rights wanted)
{
	enum xs_rights rights = node->perms[0].rights;
	size_t i;

	if (domid == XS_PRIVILEGED || node->perms[0].domid == domid)
		return true;
	for (i = 1; i < node->n_perms; i++) {
		if (node->perms[i].domid == domid)
			rights = node->perms[i].rights;
	}
	return (rights & wanted) == wanted;
}

/*
 * The one place that decides about access (XS-4). Whether a node is missing
 * may only be learned by those who could see it.
 */
static int find(const struct xs_tree *tree, uint16_t domid, const char *path,
		enum xs_rights wanted, struct node **node)
{
	const char *rest;

	if (path[0] != '/')
		return -XEN_EINVAL;
	*node = find_deepest(tree, path, &rest);
	if (!is_allowed(*node, domid, wanted))
		return -XEN_EACCES;
	return *rest ? -XEN_ENOENT : 0;
}

/* Quota ------------------------------------------------------------------- */

static size_t cost(const struct node *node)
{
	return sizeof(*node) + strlen(node->name) + 1 + node->size;
}

static int check_quota(const struct xs_tree *tree, uint16_t domid, size_t nodes,
		       size_t bytes)
{
	struct node *node;

	if (domid == XS_PRIVILEGED)
		return 0;
	for (node = tree->root; node; node = walk(tree->root, node)) {
		if (node->perms[0].domid != domid)
			continue;
		nodes++;
		bytes += cost(node);
	}
	return nodes > XS_DOMAIN_NODES || bytes > XS_DOMAIN_BYTES ? -XEN_ENOSPC
								  : 0;
}

/* Operations -------------------------------------------------------------- */

int xs_tree_read(const struct xs_tree *tree, uint16_t domid, const char *path,
		 const char **value, size_t *size)
{
	struct node *node;
	int rc = find(tree, domid, path, XS_MAY_READ, &node);

	if (rc)
		return rc;
	*value = node->value;
	*size = node->size;
	return 0;
}

int xs_tree_list(const struct xs_tree *tree, uint16_t domid, const char *path,
		 char names[XS_LIST_MAX], size_t *size)
{
	struct node *node;
	int rc = find(tree, domid, path, XS_MAY_READ, &node);

	*size = 0;
	if (rc)
		return rc;
	for (node = node->children; node; node = node->next) {
		size_t length = strlen(node->name) + 1;

		if (length > XS_LIST_MAX - *size)
			return -XEN_E2BIG;
		memcpy(names + *size, node->name, length);
		*size += length;
	}
	return 0;
}

static size_t count_parts(const char *rest)
{
	size_t parts = 0;

	for (; *rest; rest++)
		parts += *rest == '/';
	return parts;
}

/* New nodes are like their parent, but belong to the guest that made them. */
static struct node *make_child(const struct node *parent, uint16_t domid,
			       const char *name, size_t length)
{
	struct node *node = new_node(name, length);

	if (!node)
		return NULL;
	memcpy(node->perms, parent->perms, sizeof(node->perms));
	node->n_perms = parent->n_perms;
	if (domid != XS_PRIVILEGED)
		node->perms[0].domid = domid;
	return node;
}

/* The chain of missing nodes is made apart and hung in when it is whole. */
static int create(struct xs_tree *tree, uint16_t domid, struct node *parent,
		  const char *rest, const char *value, size_t size)
{
	size_t parts = count_parts(rest);
	struct node *first = NULL, *last = parent;
	int rc = check_quota(tree, domid, parts,
			     parts * sizeof(*parent) + strlen(rest) + size);

	while (!rc && *rest) {
		size_t length = strcspn(rest + 1, "/");
		struct node *node = make_child(last, domid, rest + 1, length);

		if (!node) {
			rc = -XEN_ENOMEM;
			break;
		}
		if (first)
			link_node(last, node);
		else
			first = node;
		last = node;
		rest += 1 + length;
	}
	if (!rc)
		rc = set_value(last, value, size);
	if (!first)
		return rc;
	if (rc)
		free_below(first);
	else
		link_node(parent, first);
	return rc;
}

int xs_tree_write(struct xs_tree *tree, uint16_t domid, const char *path,
		  const char *value, size_t size)
{
	const char *rest;
	struct node *node;
	int rc = find(tree, domid, path, XS_MAY_WRITE, &node);

	if (rc && rc != -XEN_ENOENT)
		return rc;
	if (size > XS_VALUE_MAX)
		return -XEN_ENOSPC;
	if (rc) {
		node = find_deepest(tree, path, &rest);
		return create(tree, domid, node, rest, value, size);
	}
	if (size > node->size)
		rc = check_quota(tree, domid, 0, size - node->size);
	return rc ? rc : set_value(node, value, size);
}

int xs_tree_mkdir(struct xs_tree *tree, uint16_t domid, const char *path)
{
	const char *rest;
	struct node *node;
	int rc = find(tree, domid, path, XS_MAY_WRITE, &node);

	if (rc != -XEN_ENOENT)
		return rc;
	node = find_deepest(tree, path, &rest);
	return create(tree, domid, node, rest, NULL, 0);
}

int xs_tree_rm(struct xs_tree *tree, uint16_t domid, const char *path)
{
	struct node *node;
	int rc = find(tree, domid, path, XS_MAY_WRITE, &node);

	if (rc == -XEN_ENOENT) {
		/* Fine when only the last part of the path is missing. */
		const char *rest;

		find_deepest(tree, path, &rest);
		return count_parts(rest) == 1 ? 0 : rc;
	}
	if (rc)
		return rc;
	if (node == tree->root)
		return -XEN_EINVAL;
	unlink_node(node);
	free_below(node);
	return 0;
}

int xs_tree_get_perms(const struct xs_tree *tree, uint16_t domid,
		      const char *path, struct xs_perm perms[XS_PERMS_MAX])
{
	struct node *node;
	int rc = find(tree, domid, path, XS_MAY_READ, &node);

	if (rc)
		return rc;
	memcpy(perms, node->perms, sizeof(node->perms));
	return (int)node->n_perms;
}

int xs_tree_set_perms(struct xs_tree *tree, uint16_t domid, const char *path,
		      const struct xs_perm *perms, size_t count)
{
	struct node *node;
	int rc = find(tree, domid, path, XS_MAY_WRITE, &node);

	if (rc)
		return rc;
	if (!count || count > XS_PERMS_MAX)
		return -XEN_EINVAL;
	/* Only the owner says who may do what, and cannot give it away. */
	if (domid != XS_PRIVILEGED &&
	    (node->perms[0].domid != domid || perms[0].domid != domid))
		return -XEN_EPERM;
	memset(node->perms, 0, sizeof(node->perms));
	memcpy(node->perms, perms, count * sizeof(*perms));
	node->n_perms = count;
	return 0;
}

bool xs_tree_may_see(const struct xs_tree *tree, uint16_t domid,
		     const char *path)
{
	const char *rest;

	if (path[0] != '/')
		return domid == XS_PRIVILEGED;
	return is_allowed(find_deepest(tree, path, &rest), domid, XS_MAY_READ);
}

static void drop_entries(struct node *node, uint16_t domid)
{
	size_t i, kept = 1;

	for (i = 1; i < node->n_perms; i++) {
		if (node->perms[i].domid != domid)
			node->perms[kept++] = node->perms[i];
	}
	node->n_perms = kept;
}

static struct node *find_owned(const struct xs_tree *tree, uint16_t domid)
{
	struct node *node = walk(tree->root, tree->root);

	while (node && node->perms[0].domid != domid)
		node = walk(tree->root, node);
	return node;
}

/*
 * Entries in the lists of others' nodes are taken out too, so that a later
 * domain of the same number inherits nothing (XS-5).
 */
void xs_tree_forget_domain(struct xs_tree *tree, uint16_t domid)
{
	struct node *node;

	while ((node = find_owned(tree, domid))) {
		unlink_node(node);
		free_below(node);
	}
	for (node = tree->root; node; node = walk(tree->root, node))
		drop_entries(node, domid);
}
