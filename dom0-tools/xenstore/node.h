/* SPDX-License-Identifier: MIT */
/*
 * One node of xenstore: value, permissions and the names of its children.
 *
 * A node is one block of memory. In the store it is never changed, only
 * replaced by a new one, so that a failed request has nothing to undo. The two
 * functions that do change one there only make it smaller; they serve the end
 * of a domain, which must not fail. As long as it is a transaction's alone it
 * has room for more children, so that a folder is not copied for each of them.
 *
 *   struct xs_node | path NUL | value | name NUL name NUL ... | room
 */
#ifndef XENSTORE_NODE_H
#define XENSTORE_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xenstore/path.h"

#define XS_PRIVILEGED 0
#define XS_PERMS_MAX  5

enum xs_rights {
	XS_MAY_NOTHING = 0,
	XS_MAY_READ = 1,
	XS_MAY_WRITE = 2,
	XS_MAY_BOTH = 3
};

/* The first entry names the owner; its rights are everybody else's. */
struct xs_perm {
	uint16_t domid;
	enum xs_rights rights;
};

struct xs_perms {
	size_t count;
	struct xs_perm list[XS_PERMS_MAX];
};

struct xs_bytes {
	const char *bytes; /* may be NULL when size is 0 */
	size_t size;
};

struct xs_node {
	struct xs_node *next; /* in the store's table */
	uint64_t generation;  /* of the change that put it into the store */
	struct xs_key key;    /* its path */
	struct xs_perms perms;
	char *value;
	size_t value_size;
	char *names;
	size_t names_size;
	size_t names_room; /* names_size at least */
	char path[];
};

/* Without children. This and the next ones: NULL without memory. */
struct xs_node *xs_node_new(const struct xs_key *key,
			    const struct xs_perms *perms,
			    struct xs_bytes value);
struct xs_node *xs_node_with_value(const struct xs_node *node,
				   struct xs_bytes value);
struct xs_node *xs_node_with_perms(const struct xs_node *node,
				   const struct xs_perms *perms);
/* With room for some more. */
struct xs_node *xs_node_with_child(const struct xs_node *node,
				   struct xs_bytes name);
struct xs_node *xs_node_without_child(const struct xs_node *node,
				      const char *name);

/* In place; false when there is no room. The name has no NUL yet. */
bool xs_node_add_child(struct xs_node *node, struct xs_bytes name);

/* In place; no effect when there is none. True when something changed. */
bool xs_node_drop_child(struct xs_node *node, const char *name);
bool xs_node_drop_perms(struct xs_node *node, uint16_t domid);

/* The one place that decides about access (XS-4). */
bool xs_node_allows(const struct xs_node *node, uint16_t domid,
		    enum xs_rights wanted);

uint16_t xs_node_owner(const struct xs_node *node);
/* What it takes of its owner's quota, in bytes. */
size_t xs_node_cost(const struct xs_node *node);

#endif /* XENSTORE_NODE_H */
