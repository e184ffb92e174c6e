/* SPDX-License-Identifier: MIT */
/*
 * One node of xenstore: value, permissions and the names of its children.
 *
 * A node is one block of memory and is never changed, only replaced by a new
 * one, so that a failed request has nothing to undo. The two functions that
 * do change one in place only make it smaller; they serve the end of a
 * domain, which must not fail.
 *
 *   struct xs_node | path NUL | value | name NUL name NUL ...
 */
#ifndef XENSTORE_NODE_H
#define XENSTORE_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	uint32_t hash;
	struct xs_perms perms;
	char *value;
	size_t value_size;
	char *names;
	size_t names_size;
	char path[];
};

/* NULL without memory. */
struct xs_node *xs_node_new(const char *path, const struct xs_perms *perms,
			    struct xs_bytes value, struct xs_bytes names);
struct xs_node *xs_node_with_value(const struct xs_node *node,
				   struct xs_bytes value);
struct xs_node *xs_node_with_perms(const struct xs_node *node,
				   const struct xs_perms *perms);
struct xs_node *xs_node_with_child(const struct xs_node *node,
				   const char *name);
struct xs_node *xs_node_without_child(const struct xs_node *node,
				      const char *name);

/* In place; no effect when there is none. True when something changed. */
bool xs_node_drop_child(struct xs_node *node, const char *name);
bool xs_node_drop_perms(struct xs_node *node, uint16_t domid);

/* The one place that decides about access (XS-4). */
bool xs_node_allows(const struct xs_node *node, uint16_t domid,
		    enum xs_rights wanted);

uint16_t xs_node_owner(const struct xs_node *node);
/* What it takes of its owner's quota, in bytes. */
size_t xs_node_cost(const struct xs_node *node);

uint32_t xs_hash(const char *path);

#endif /* XENSTORE_NODE_H */
