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
	uint16_t domid;
	long nodes;
	long bytes;
	long planned_nodes;
	long planned_bytes;
};

static struct account *accounts;

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

static bool is_empty(const struct account *account)
{
	return !account->nodes && !account->bytes && !account->planned_nodes &&
	       !account->planned_bytes;
}

static void free_empty(void)
{
	struct account **place = &accounts;

	while (*place) {
		struct account *account = *place;

		if (!is_empty(account)) {
			place = &account->next;
			continue;
		}
		*place = account->next;
		free(account);
	}
}

static void take_off(uint16_t domid, long nodes, size_t bytes)
{
	struct account *account = find(domid);

	if (!account)
		return;
	account->nodes -= nodes;
	account->bytes -= (long)bytes;
	free_empty();
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
		free_empty();
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

	for (account = accounts; account; account = account->next) {
		if (!fits(account))
			return false;
	}
	return true;
}

void xs_account_settle(bool apply)
{
	struct account *account;

	for (account = accounts; account; account = account->next) {
		if (apply) {
			account->nodes += account->planned_nodes;
			account->bytes += account->planned_bytes;
		}
		account->planned_nodes = 0;
		account->planned_bytes = 0;
	}
	free_empty();
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
