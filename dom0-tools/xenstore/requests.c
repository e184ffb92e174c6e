/* SPDX-License-Identifier: MIT */
/*
 * What a guest can ask of xenstore: one row of a table for each kind of
 * message. A handler gets the payload, answers with bytes of its own or
 * "OK", or returns a negative XEN_E* value that becomes an error reply.
 *
 * Contract: include/public/io/xs_wire.h.
 */
#include <public/errno.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xenstore/path.h"
#include "xenstore/store.h"
#include "xenstore/tree.h"

struct request {
	struct xs_connection *connection;
	struct xs_transaction *transaction; /* NULL outside of one */
	struct xs_tree *tree; /* the transaction's, or the store's */
	const char *payload;
	size_t size;
	char path[XS_PATH_SIZE]; /* when the row asks for it */
	const char *rest;        /* of the payload, behind the path */
	size_t rest_size;
	char reply[XENSTORE_PAYLOAD_MAX];
	size_t reply_size;
};

static int reply_text(struct request *request, const char *text)
{
	request->reply_size = strlen(text) + 1;
	memcpy(request->reply, text, request->reply_size);
	return 0;
}

/* Changes ----------------------------------------------------------------- */

static int remember_change(struct xs_transaction *transaction, const char *path,
			   bool is_removal)
{
	size_t size = strlen(path) + 1;
	struct xs_change *change;

	if (transaction->n_changes == XS_CHANGES_MAX)
		return -XEN_ENOSPC;
	change = malloc(sizeof(*change) + size);
	if (!change)
		return -XEN_ENOMEM;
	change->is_removal = is_removal;
	memcpy(change->path, path, size);
	change->next = transaction->changes;
	transaction->changes = change;
	transaction->n_changes++;
	return 0;
}

/* A change inside a transaction is nobody's business until it commits. */
static int changed(struct request *request, int rc, bool is_removal)
{
	if (rc)
		return rc;
	reply_text(request, "OK");
	if (request->transaction)
		return remember_change(request->transaction, request->path,
				       is_removal);
	xs_store_changed(request->path, is_removal);
	return 0;
}

/* Nodes ------------------------------------------------------------------- */

static int do_directory(struct request *request)
{
	return xs_tree_list(request->tree, request->connection->domid,
			    request->path, request->reply,
			    &request->reply_size);
}

static int do_read(struct request *request)
{
	const char *value;
	int rc = xs_tree_read(request->tree, request->connection->domid,
			      request->path, &value, &request->reply_size);

	if (!rc && request->reply_size)
		memcpy(request->reply, value, request->reply_size);
	return rc;
}

static int do_write(struct request *request)
{
	return changed(request,
		       xs_tree_write(request->tree, request->connection->domid,
				     request->path, request->rest,
				     request->rest_size),
		       false);
}

static int do_mkdir(struct request *request)
{
	return changed(request,
		       xs_tree_mkdir(request->tree, request->connection->domid,
				     request->path),
		       false);
}

static int do_rm(struct request *request)
{
	return changed(request,
		       xs_tree_rm(request->tree, request->connection->domid,
				  request->path),
		       true);
}

static const char right_letters[] = "nrwb";

static int do_get_perms(struct request *request)
{
	struct xs_perm perms[XS_PERMS_MAX];
	int count = xs_tree_get_perms(request->tree, request->connection->domid,
				      request->path, perms);
	int i;

	for (i = 0; i < count; i++)
		request->reply_size +=
			(size_t)sprintf(request->reply + request->reply_size,
					"%c%u", right_letters[perms[i].rights],
					perms[i].domid) +
			1;
	return count < 0 ? count : 0;
}

/* One "r12"; false when it is anything else. */
static bool parse_perm(const char *text, struct xs_perm *perm)
{
	const char *letter = *text ? strchr(right_letters, *text) : NULL;
	unsigned long domid;
	char *end;

	if (!letter || text[1] < '0' || text[1] > '9')
		return false;
	domid = strtoul(text + 1, &end, 10);
	perm->rights = (enum xs_rights)(letter - right_letters);
	perm->domid = (uint16_t)domid;
	return !*end && domid <= UINT16_MAX;
}

static int do_set_perms(struct request *request)
{
	struct xs_perm perms[XS_PERMS_MAX];
	const char *text = request->rest;
	const char *end = text + request->rest_size;
	size_t count = 0;

	if (text == end || end[-1])
		return -XEN_EINVAL;
	for (; text < end; text += strlen(text) + 1) {
		if (count == XS_PERMS_MAX)
			return -XEN_ENOSPC;
		if (!parse_perm(text, &perms[count++]))
			return -XEN_EINVAL;
	}
	return changed(request,
		       xs_tree_set_perms(request->tree,
					 request->connection->domid,
					 request->path, perms, count),
		       false);
}

/* Watches ----------------------------------------------------------------- */

/* The token is a string that fills the rest of the payload. */
static bool has_token(const struct request *request)
{
	return request->rest_size &&
	       strnlen(request->rest, request->rest_size) ==
		       request->rest_size - 1;
}

static struct xs_watch **find_watch(struct request *request)
{
	struct xs_watch **place = &request->connection->watches;

	while (*place && (strcmp((*place)->path, request->path) != 0 ||
			  strcmp((*place)->token, request->rest) != 0))
		place = &(*place)->next;
	return place;
}

static void free_watch(struct xs_watch *watch)
{
	free(watch->path);
	free(watch->token);
	free(watch);
}

static struct xs_watch *new_watch(const struct request *request)
{
	struct xs_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->path = strdup(request->path);
	watch->token = strdup(request->rest);
	watch->is_relative =
		request->payload[0] != '/' && request->payload[0] != '@';
	if (watch->path && watch->token)
		return watch;
	free_watch(watch);
	return NULL;
}

static int do_watch(struct request *request)
{
	struct xs_connection *connection = request->connection;
	struct xs_watch *watch;

	if (!has_token(request))
		return -XEN_EINVAL;
	if (*find_watch(request))
		return -XEN_EEXIST;
	if (connection->n_watches == XS_WATCHES_MAX)
		return -XEN_ENOSPC;
	watch = new_watch(request);
	if (!watch)
		return -XEN_ENOMEM;
	watch->next = connection->watches;
	connection->watches = watch;
	connection->n_watches++;
	/* Its first event comes at once; xs_store_request() sends it. */
	return reply_text(request, "OK");
}

static int do_unwatch(struct request *request)
{
	struct xs_watch **place, *watch;

	if (!has_token(request))
		return -XEN_EINVAL;
	place = find_watch(request);
	watch = *place;
	if (!watch)
		return -XEN_ENOENT;
	*place = watch->next;
	free_watch(watch);
	request->connection->n_watches--;
	return reply_text(request, "OK");
}

static int do_reset_watches(struct request *request)
{
	while (request->connection->watches) {
		struct xs_watch *watch = request->connection->watches;

		request->connection->watches = watch->next;
		free_watch(watch);
	}
	request->connection->n_watches = 0;
	return reply_text(request, "OK");
}

/* Transactions ------------------------------------------------------------ */

static int do_transaction_start(struct request *request)
{
	struct xs_connection *connection = request->connection;
	struct xs_transaction *transaction;

	if (request->transaction)
		return -XEN_EBUSY;
	if (connection->n_transactions == XS_TRANSACTIONS_MAX)
		return -XEN_ENOSPC;
	transaction = calloc(1, sizeof(*transaction));
	if (transaction)
		transaction->tree = xs_tree_copy(request->tree);
	if (!transaction || !transaction->tree) {
		free(transaction);
		return -XEN_ENOMEM;
	}
	transaction->base = xs_store_generation();
	transaction->id = ++connection->last_transaction;
	transaction->next = connection->transactions;
	connection->transactions = transaction;
	connection->n_transactions++;
	request->reply_size =
		(size_t)snprintf(request->reply, sizeof(request->reply), "%u",
				 (unsigned int)transaction->id) +
		1;
	return 0;
}

/* The changes were put in front of each other: bring them in order. */
static struct xs_change *reverse(struct xs_change *change)
{
	struct xs_change *done = NULL;

	while (change) {
		struct xs_change *next = change->next;

		change->next = done;
		done = change;
		change = next;
	}
	return done;
}

static int commit(struct xs_transaction *transaction)
{
	const struct xs_change *change;

	if (transaction->has_failed)
		return -XEN_EINVAL;
	if (!transaction->changes)
		return 0;
	if (transaction->base != xs_store_generation())
		return -XEN_EAGAIN;
	xs_store_replace(transaction->tree);
	transaction->tree = NULL;
	transaction->changes = reverse(transaction->changes);
	for (change = transaction->changes; change; change = change->next)
		xs_store_changed(change->path, change->is_removal);
	return 0;
}

static int do_transaction_end(struct request *request)
{
	struct xs_transaction *transaction = request->transaction;
	struct xs_transaction **place = &request->connection->transactions;
	int rc = 0;

	if (!transaction)
		return -XEN_ENOENT;
	if (request->size != 2 || request->payload[1] ||
	    (request->payload[0] != 'T' && request->payload[0] != 'F'))
		return -XEN_EINVAL;
	if (request->payload[0] == 'T')
		rc = commit(transaction);
	while (*place != transaction)
		place = &(*place)->next;
	*place = transaction->next;
	request->connection->n_transactions--;
	xs_transaction_free(transaction);
	request->transaction = NULL;
	return rc ? rc : reply_text(request, "OK");
}

/* Domains ----------------------------------------------------------------- */

static int do_get_domain_path(struct request *request)
{
	unsigned long domid;
	char *end;

	if (!request->size || request->payload[request->size - 1])
		return -XEN_EINVAL;
	domid = strtoul(request->payload, &end, 10);
	if (*end || end == request->payload || domid > UINT16_MAX)
		return -XEN_EINVAL;
	request->reply_size =
		(size_t)snprintf(request->reply, sizeof(request->reply),
				 XS_DOMAIN_DIR "%lu", domid) +
		1;
	return 0;
}

static int do_refuse(struct request *request)
{
	(void)request;
	return -XEN_EACCES;
}

/* Dispatch ---------------------------------------------------------------- */

static const struct {
	int (*handle)(struct request *request);
	bool has_path;       /* the payload begins with a path */
	bool in_transaction; /* a failure spoils the transaction */
} rows[XS_TYPE_COUNT] = {
	[XS_CONTROL] = { do_refuse, false, false },
	[XS_DIRECTORY] = { do_directory, true, false },
	[XS_READ] = { do_read, true, false },
	[XS_GET_PERMS] = { do_get_perms, true, false },
	[XS_WATCH] = { do_watch, true, false },
	[XS_UNWATCH] = { do_unwatch, true, false },
	[XS_TRANSACTION_START] = { do_transaction_start, false, false },
	[XS_TRANSACTION_END] = { do_transaction_end, false, false },
	[XS_INTRODUCE] = { do_refuse, false, false },
	[XS_RELEASE] = { do_refuse, false, false },
	[XS_GET_DOMAIN_PATH] = { do_get_domain_path, false, false },
	[XS_WRITE] = { do_write, true, true },
	[XS_MKDIR] = { do_mkdir, true, true },
	[XS_RM] = { do_rm, true, true },
	[XS_SET_PERMS] = { do_set_perms, true, true },
	[XS_IS_DOMAIN_INTRODUCED] = { do_refuse, false, false },
	[XS_RESUME] = { do_refuse, false, false },
	[XS_SET_TARGET] = { do_refuse, false, false },
	[XS_RESET_WATCHES] = { do_reset_watches, false, false },
};

static const struct {
	int error;
	const char *name;
} error_names[] = {
	{ XEN_EINVAL, "EINVAL" }, { XEN_EACCES, "EACCES" },
	{ XEN_EEXIST, "EEXIST" }, { XEN_ENOENT, "ENOENT" },
	{ XEN_ENOMEM, "ENOMEM" }, { XEN_ENOSPC, "ENOSPC" },
	{ XEN_ENOSYS, "ENOSYS" }, { XEN_EBUSY, "EBUSY" },
	{ XEN_EAGAIN, "EAGAIN" }, { XEN_E2BIG, "E2BIG" },
	{ XEN_EPERM, "EPERM" },
};

static const char *error_name(int error)
{
	size_t i;

	for (i = 0; i < sizeof(error_names) / sizeof(error_names[0]); i++) {
		if (error_names[i].error == -error)
			return error_names[i].name;
	}
	return "EIO";
}

/* Watches ignore the transaction they are asked for in (XS-8). */
static int find_transaction(struct request *request,
			    const struct xsd_sockmsg *header)
{
	struct xs_transaction *transaction;

	request->tree = xs_store_tree();
	if (!request->tree)
		return -XEN_ENOMEM;
	if (!header->tx_id || header->type == XS_WATCH ||
	    header->type == XS_UNWATCH)
		return 0;
	transaction = request->connection->transactions;
	while (transaction && transaction->id != header->tx_id)
		transaction = transaction->next;
	if (!transaction)
		return -XEN_ENOENT;
	request->transaction = transaction;
	request->tree = transaction->tree;
	return 0;
}

static int take_path(struct request *request)
{
	size_t length = strnlen(request->payload, request->size);

	if (length == request->size ||
	    !xs_path_canonical(request->path, request->connection->domid,
			       request->payload, length + 1))
		return -XEN_EINVAL;
	request->rest = request->payload + length + 1;
	request->rest_size = request->size - length - 1;
	return 0;
}

static int handle(struct request *request, const struct xsd_sockmsg *header)
{
	int rc;

	if (header->type >= XS_TYPE_COUNT || !rows[header->type].handle)
		return -XEN_ENOSYS;
	rc = find_transaction(request, header);
	if (!rc && rows[header->type].has_path)
		rc = take_path(request);
	if (!rc)
		rc = rows[header->type].handle(request);
	if (rc && request->transaction && rows[header->type].in_transaction)
		request->transaction->has_failed = true;
	return rc;
}

void xs_store_request(struct xs_connection *connection)
{
	/* Too large for the stack of a small kernel; one thread, no nesting. */
	static struct request request;
	struct xsd_sockmsg header;
	int rc;

	memcpy(&header, connection->request, sizeof(header));
	memset(&request, 0, sizeof(request));
	request.connection = connection;
	request.payload = connection->request + sizeof(header);
	request.size = header.len;
	rc = handle(&request, &header);
	if (rc) {
		reply_text(&request, error_name(rc));
		header.type = XS_ERROR;
	}
	header.len = (uint32_t)request.reply_size;
	xs_connection_send(connection, &header, request.reply);
	if (!rc && header.type == XS_WATCH)
		xs_store_tell(connection, connection->watches,
			      connection->watches->path);
}
