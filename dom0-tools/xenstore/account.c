/* SPDX-License-Identifier: MIT */
/*
 * Quotas; see account.h.
 *
 * Owns: one struct account per domain that has something here. One that is
 * empty is freed, so domain numbers leave nothing behind.
 */
#include "xenstore/account.h"

#include <public/errno.h>

#include <stdlib.h>

#include "xenstore/node.h"

struct account {
	struct account *next;
	struct account *next_planned;
	bool is_planned;
	uint16_t domid;
	long nodes;
	long bytes;
	long planned_nodes;
	long planned_bytes;
};

static struct account *accounts;
static struct account *planned; /* those that plans are about */

/* To the front with it: the next question is likely about the same domain. */
static struct account *find(uint16_t domid)
{
	struct account **place = &accounts, *account;

	while (*place && (*place)->domid != domid)
		place = &(*place)->next;
	account = *place;
	if (account) {
		*place = account->next;
		account->next = accounts;
		accounts = account;
	}
	return account;
}

static struct account *find_or_make(uint16_t domid)
{
	struct account *account = find(domid);

	if (account)
		return account;
	account = calloc(1, sizeof(*account));
	if (!account)
		return NULL;
	account->domid = domid;
	account->next = accounts;
	accounts = account;
	return account;
}

/* Of the account that was found last, which is the first. */
static void free_if_empty(struct account *account)
{
	if (account->nodes || account->bytes || account->is_planned)
		return;
	accounts = account->next;
	free(account);
}

static void take_off(uint16_t domid, long nodes, size_t bytes)
{
	struct account *account = find(domid);

	if (!account)
		return;
	account->nodes -= nodes;
	account->bytes -= (long)bytes;
	free_if_empty(account);
}

int xs_account_charge(uint16_t domid, size_t bytes)
{
	struct account *account;

	if (domid == XS_PRIVILEGED)
		return 0;
	account = find_or_make(domid);
	if (!account)
		return -XEN_ENOMEM;
	if (account->bytes + (long)bytes > (long)XS_DOMAIN_BYTES) {
		free_if_empty(account);
		return -XEN_ENOSPC;
	}
	account->bytes += (long)bytes;
	return 0;
}

void xs_account_release(uint16_t domid, size_t bytes)
{
	if (domid != XS_PRIVILEGED)
		take_off(domid, 0, bytes);
}

void xs_account_node_gone(uint16_t domid, size_t bytes)
{
	take_off(domid, 1, bytes);
}

void xs_account_node_shrunk(uint16_t domid, size_t bytes)
{
	take_off(domid, 0, bytes);
}

int xs_account_plan(uint16_t domid, int nodes, long bytes)
{
	struct account *account = find_or_make(domid);

	if (!account)
		return -XEN_ENOMEM;
	if (!account->is_planned) {
		account->is_planned = true;
		account->next_planned = planned;
		planned = account;
	}
	account->planned_nodes += nodes;
	account->planned_bytes += bytes;
	return 0;
}

/* Only growth is refused: a domain at its limit may still tidy up. */
static bool fits(const struct account *account)
{
	const long limit = XS_DOMAIN_BYTES - XS_TIDY_BYTES;

	if (account->domid == XS_PRIVILEGED)
		return true;
	if (account->planned_nodes > 0 &&
	    account->nodes + account->planned_nodes > XS_DOMAIN_NODES)
		return false;
	return account->planned_bytes <= 0 ||
	       account->bytes + account->planned_bytes <= limit;
}

bool xs_account_plans_fit(void)
{
	const struct account *account;

	for (account = planned; account; account = account->next_planned) {
		if (!fits(account))
			return false;
	}
	return true;
}

void xs_account_settle(bool apply)
{
	struct account *account;

	while ((account = planned)) {
		planned = account->next_planned;
		if (apply) {
			account->nodes += account->planned_nodes;
			account->bytes += account->planned_bytes;
		}
		account->planned_nodes = 0;
		account->planned_bytes = 0;
		account->is_planned = false;
		account = find(account->domid); /* now it is the first */
		if (account)
			free_if_empty(account);
	}
}

size_t xs_account_nodes(uint16_t domid)
{
	const struct account *account = find(domid);

	return account ? (size_t)account->nodes : 0;
}

size_t xs_account_bytes(uint16_t domid)
{
	const struct account *account = find(domid);

	return account ? (size_t)account->bytes : 0;
}
