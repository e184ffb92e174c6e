/* SPDX-License-Identifier: MIT */
/*
 * What can be done with nodes, by whom: each function looks the path up in a
 * transaction and decides with xs_node_allows(). `domid` is who asks;
 * XS_PRIVILEGED may do everything.
 *
 * Paths are canonical (path.h). Errors are negative XEN_E* values. After an
 * error other than -XEN_ENOENT a change may be half in the transaction, which
 * then must not be committed.
 * Looking is possible without a transaction (NULL).
 */
#ifndef XENSTORE_TREE_H
#define XENSTORE_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "xenstore/node.h"
#include "xenstore/transaction.h"

#define XS_VALUE_MAX 2048

/* For its value and the names of its children. Valid until a change. */
int xs_tree_read(struct xs_transaction *transaction, uint16_t domid,
		 const char *path, const struct xs_node **node);
/* Also for the special names that begin with '@'. */
int xs_tree_read_perms(struct xs_transaction *transaction, uint16_t domid,
		       const char *path, struct xs_perms *perms);

/* Creates the node and those above it that do not exist. */
int xs_tree_write(struct xs_transaction *transaction, uint16_t domid,
		  const char *path, struct xs_bytes value);
/* The same of the privileged domain, with permissions in one go. */
int xs_tree_write_as(struct xs_transaction *transaction, const char *path,
		     struct xs_bytes value, const struct xs_perms *perms);
/* Creates it without value; no error when it exists. */
int xs_tree_mkdir(struct xs_transaction *transaction, uint16_t domid,
		  const char *path);
/* With everything below. */
int xs_tree_rm(struct xs_transaction *transaction, uint16_t domid,
	       const char *path);
int xs_tree_set_perms(struct xs_transaction *transaction, uint16_t domid,
		      const char *path, const struct xs_perms *perms);

#endif /* XENSTORE_TREE_H */
