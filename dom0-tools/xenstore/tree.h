/* SPDX-License-Identifier: MIT */
/*
 * The nodes of xenstore: a tree of values with permissions. No I/O and no
 * knowledge of connections, so that it can be tested and copied (a
 * transaction works on a copy).
 *
 * Paths are canonical (path.h). `domid` is who asks; XS_PRIVILEGED may do
 * everything. Errors are negative XEN_E* values; nothing has changed then.
 * Quota: what a domain's nodes take is counted by a walk over the tree when
 * it adds something, so no account can go wrong.
 */
#ifndef XENSTORE_TREE_H
#define XENSTORE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XS_PRIVILEGED   0
#define XS_PERMS_MAX    5
#define XS_VALUE_MAX    2048
#define XS_DOMAIN_NODES 1000
#define XS_DOMAIN_BYTES (256u << 10)
/* A list of names or permissions, as one message carries it. */
#define XS_LIST_MAX 4096

enum xs_rights {
	XS_MAY_NOTHING = 0,
	XS_MAY_READ = 1,
	XS_MAY_WRITE = 2,
	XS_MAY_BOTH = 3,
};

/* The first entry names the owner; its rights are everybody else's. */
struct xs_perm {
	uint16_t domid;
	enum xs_rights rights;
};

struct xs_tree;

/* NULL without memory. */
struct xs_tree *xs_tree_new(void);
struct xs_tree *xs_tree_copy(const struct xs_tree *tree);
void xs_tree_free(struct xs_tree *tree);

/* The value stays valid until the next change. */
int xs_tree_read(const struct xs_tree *tree, uint16_t domid, const char *path,
		 const char **value, size_t *size);
/* Names of the children, each with its NUL. */
int xs_tree_list(const struct xs_tree *tree, uint16_t domid, const char *path,
		 char names[XS_LIST_MAX], size_t *size);
/* Creates the node and those above it that do not exist. */
int xs_tree_write(struct xs_tree *tree, uint16_t domid, const char *path,
		  const char *value, size_t size);
/* Creates it without value; no error when it exists. */
int xs_tree_mkdir(struct xs_tree *tree, uint16_t domid, const char *path);
/* With everything below. */
int xs_tree_rm(struct xs_tree *tree, uint16_t domid, const char *path);

/* Returns how many, up to XS_PERMS_MAX. */
int xs_tree_get_perms(const struct xs_tree *tree, uint16_t domid,
		      const char *path, struct xs_perm perms[XS_PERMS_MAX]);
int xs_tree_set_perms(struct xs_tree *tree, uint16_t domid, const char *path,
		      const struct xs_perm *perms, size_t count);

/* May `domid` know that something changed at this path? */
bool xs_tree_may_see(const struct xs_tree *tree, uint16_t domid,
		     const char *path);

/* A domain is no more: its nodes go, wherever they are. */
void xs_tree_forget_domain(struct xs_tree *tree, uint16_t domid);

#endif /* XENSTORE_TREE_H */
