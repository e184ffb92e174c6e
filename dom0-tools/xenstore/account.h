/* SPDX-License-Identifier: MIT */
/*
 * What each domain makes us keep: the number of its nodes, and bytes of all
 * kinds in one counter with a hard limit (XS-6). Bytes are charged before
 * they are allocated. The privileged domain has no limits.
 *
 * A transaction first plans what it changes for every owner concerned, so
 * that it can be refused before anything has changed.
 */
#ifndef XENSTORE_ACCOUNT_H
#define XENSTORE_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XS_DOMAIN_NODES 1000
#define XS_DOMAIN_BYTES (1280u << 10)
/* Of these, what nodes cannot have: a transaction that removes needs room. */
#define XS_TIDY_BYTES (256u << 10)

/* -XEN_ENOSPC above the limit, -XEN_ENOMEM without memory for the account. */
int xs_account_charge(uint16_t domid, size_t bytes);
void xs_account_release(uint16_t domid, size_t bytes);

/* Nodes that come and go without being refused: at the end of a domain. */
void xs_account_node_gone(uint16_t domid, size_t bytes);
void xs_account_node_shrunk(uint16_t domid, size_t bytes);

int xs_account_plan(uint16_t domid, int nodes, long bytes);
bool xs_account_plans_fit(void);
/* Ends planning: the plans become true, or nothing has happened. */
void xs_account_settle(bool apply);

/* For tests: what is on the account now. */
size_t xs_account_nodes(uint16_t domid);
size_t xs_account_bytes(uint16_t domid);

#endif /* XENSTORE_ACCOUNT_H */
