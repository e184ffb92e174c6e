/* SPDX-License-Identifier: MIT */
/*
 * Requests; see requests.h. A handler gets the payload, answers with bytes of
 * its own or "OK", or returns a negative XEN_E* value that becomes an error
 * reply. Handlers that change nodes get a transaction in any case: the one
 * that the client named, or one that lasts for this request.
 *
 * Contract: include/public/io/xs_wire.h.
 */
#include "xenstore/requests.h"

#include <public/errno.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xenstore/account.h"
#include "xenstore/connection.h"
#include "xenstore/path.h"
#include "xenstore/tree.h"

struct request {
	struct xs_connection *connection;
	struct xs_transaction *transaction; /* NULL: none, and only looks */
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

static int reply_ok(struct request *request, int rc)
{
	return rc ? rc : reply_text(request, "OK");
}

static int reply_bytes(struct request *request, const char *bytes, size_t size)
{
	if (size > sizeof(request->reply) - request->reply_size)
		return -XEN_E2BIG;
	if (size)
		memcpy(request->reply + request->reply_size, bytes, size);
	request->reply_size += size;
	return 0;
}

static int reply_number(struct request *request, uint64_t number)
{
	char text[24];
	int length = snprintf(text, sizeof(text), "%" PRIu64, number);

	return reply_bytes(request, text, (size_t)length + 1);
}

/* The payload from `text` on is one decimal number with its NUL. */
static int parse_number(const char *text, size_t size, unsigned long max,
			unsigned long *number)
{
	size_t i;

	*number = 0;
	if (size < 2 || text[size - 1])
		return -XEN_EINVAL;
	for (i = 0; i < size - 1; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -XEN_EINVAL;
		*number = *number * 10 + (unsigned long)(text[i] - '0');
		if (*number > max)
			return -XEN_EINVAL;
	}
	return 0;
}

/* Looking at nodes -------------------------------------------------------- */

static int find(struct request *request, const struct xs_node **node)
{
	return xs_tree_read(request->transaction, request->connection->domid,
			    request->path, node);
}

static int do_directory(struct request *request)
{
	const struct xs_node *node;
	int rc = find(request, &node);

	return rc ? rc : reply_bytes(request, node->names, node->names_size);
}

/* Whole names from `offset` on that fit beside `used` and a last NUL. */
static size_t names_that_fit(const struct xs_node *node, size_t offset,
			     size_t used)
{
	size_t end = offset;

	while (end < node->names_size) {
		size_t size = strlen(node->names + end) + 1;

		if (used + (end - offset) + size + 1 > XENSTORE_PAYLOAD_MAX)
			break;
		end += size;
	}
	return end - offset;
}

/* An empty name ends the last part. */
static int do_directory_part(struct request *request)
{
	const struct xs_node *node;
	unsigned long offset;
	size_t size;
	int rc = parse_number(request->rest, request->rest_size, UINT32_MAX,
			      &offset);

	if (!rc)
		rc = find(request, &node);
	if (rc)
		return rc;
	if (offset > node->names_size)
		return -XEN_EINVAL;
	rc = reply_number(request, node->generation);
	size = names_that_fit(node, offset, request->reply_size);
	if (!rc)
		rc = reply_bytes(request, node->names + offset, size);
	if (!rc && offset + size == node->names_size)
		rc = reply_bytes(request, "", 1);
	return rc;
}

static int do_read(struct request *request)
{
	const struct xs_node *node;
	int rc = find(request, &node);

	return rc ? rc : reply_bytes(request, node->value, node->value_size);
}

static const char right_letters[] = "nrwb";

static int do_get_perms(struct request *request)
{
	struct xs_perms perms;
	int rc = xs_tree_read_perms(request->transaction,
				    request->connection->domid, request->path,
				    &perms);
	size_t i;

	for (i = 0; !rc && i < perms.count; i++) {
		rc = reply_bytes(request, &right_letters[perms.list[i].rights],
				 1);
		if (!rc)
			rc = reply_number(request, perms.list[i].domid);
	}
	return rc;
}

/* Changing nodes ---------------------------------------------------------- */

static int do_write(struct request *request)
{
	const struct xs_bytes value = { request->rest, request->rest_size };

	return reply_ok(request, xs_tree_write(request->transaction,
					       request->connection->domid,
					       request->path, value));
}

static int do_mkdir(struct request *request)
{
	return reply_ok(request, xs_tree_mkdir(request->transaction,
					       request->connection->domid,
					       request->path));
}

static int do_rm(struct request *request)
{
	return reply_ok(request,
			xs_tree_rm(request->transaction,
				   request->connection->domid, request->path));
}

/* One "r12". */
static int parse_perm(const char *text, struct xs_perm *perm)
{
	const char *letter = *text ? strchr(right_letters, *text) : NULL;
	unsigned long domid;
	int rc = -XEN_EINVAL;

	if (letter)
		rc = parse_number(text + 1, strlen(text + 1) + 1, UINT16_MAX,
				  &domid);
	if (rc)
		return rc;
	perm->rights = (enum xs_rights)(letter - right_letters);
	perm->domid = (uint16_t)domid;
	return 0;
}

static int do_set_perms(struct request *request)
{
	struct xs_perms perms = { .count = 0 };
	const char *text = request->rest;
	const char *end = text + request->rest_size;

	if (text == end || end[-1])
		return -XEN_EINVAL;
	for (; text < end; text += strlen(text) + 1) {
		if (perms.count == XS_PERMS_MAX)
			return -XEN_ENOSPC;
		if (parse_perm(text, &perms.list[perms.count++]))
			return -XEN_EINVAL;
	}
	return reply_ok(request, xs_tree_set_perms(request->transaction,
						   request->connection->domid,
						   request->path, &perms));
}

/* Watches ----------------------------------------------------------------- */

/* The token is a string that fills the rest of the payload. */
static bool has_token(const struct request *request)
{
	return request->rest_size &&
	       strnlen(request->rest, request->rest_size) ==
		       request->rest_size - 1;
}

static int do_watch(struct request *request)
{
	bool is_relative =
		request->payload[0] != '/' && request->payload[0] != '@';
	struct xs_watch *watch;
	int rc;

	if (!has_token(request))
		return -XEN_EINVAL;
	rc = xs_watch_add(request->connection, request->path, request->rest,
			  is_relative, &watch);
	if (rc)
		return rc;
	/* The first event comes at once, whatever may be seen there. */
	xs_watch_queue(request->connection, watch, watch->path);
	return reply_text(request, "OK");
}

static int do_unwatch(struct request *request)
{
	if (!has_token(request))
		return -XEN_EINVAL;
	return reply_ok(request, xs_watch_remove(request->connection,
						 request->path, request->rest));
}

/* Transactions ------------------------------------------------------------ */

static struct xs_transaction **find_transaction(struct xs_connection *client,
						uint32_t id)
{
	struct xs_transaction **place = &client->transactions;

	while (*place && (*place)->id != id)
		place = &(*place)->next;
	return place;
}

static uint32_t unused_id(struct xs_connection *client)
{
	do {
		client->last_transaction++;
	} while (!client->last_transaction ||
		 *find_transaction(client, client->last_transaction));
	return client->last_transaction;
}

static int do_transaction_start(struct request *request)
{
	struct xs_connection *client = request->connection;
	struct xs_transaction *transaction;
	int rc;

	if (request->transaction)
		return -XEN_EBUSY;
	if (client->n_transactions == XS_TRANSACTIONS_MAX)
		return -XEN_ENOSPC;
	rc = xs_account_charge(client->domid, sizeof(*transaction));
	if (rc)
		return rc;
	transaction = malloc(sizeof(*transaction));
	if (!transaction) {
		xs_account_release(client->domid, sizeof(*transaction));
		return -XEN_ENOMEM;
	}
	xs_transaction_begin(transaction, client->domid);
	transaction->id = unused_id(client);
	transaction->next = client->transactions;
	client->transactions = transaction;
	client->n_transactions++;
	return reply_number(request, transaction->id);
}

/* Takes it off the connection and ends it. */
static int end_transaction(struct xs_connection *client,
			   struct xs_transaction *transaction, bool commit)
{
	int rc = 0;

	*find_transaction(client, transaction->id) = transaction->next;
	client->n_transactions--;
	if (commit)
		rc = xs_transaction_commit(transaction);
	else
		xs_transaction_abort(transaction);
	xs_account_release(client->domid, sizeof(*transaction));
	free(transaction);
	return rc;
}

static int do_transaction_end(struct request *request)
{
	struct xs_transaction *transaction = request->transaction;

	if (!transaction)
		return -XEN_ENOENT;
	if (request->size != 2 || request->payload[1] ||
	    (request->payload[0] != 'T' && request->payload[0] != 'F'))
		return -XEN_EINVAL;
	request->transaction = NULL;
	return reply_ok(request,
			end_transaction(request->connection, transaction,
					request->payload[0] == 'T'));
}

/* For a new kernel in an old domain: nothing of the old one is left. */
static int do_reset_watches(struct request *request)
{
	struct xs_connection *client = request->connection;

	request->transaction = NULL;
	xs_watches_remove_all(client);
	while (client->transactions)
		end_transaction(client, client->transactions, false);
	return reply_text(request, "OK");
}

/* Domains ----------------------------------------------------------------- */

static int parse_domid(const struct request *request, uint16_t *domid)
{
	unsigned long number;
	int rc = parse_number(request->payload, request->size, UINT16_MAX,
			      &number);

	*domid = (uint16_t)number;
	return rc;
}

static int do_get_domain_path(struct request *request)
{
	uint16_t domid;
	int rc = parse_domid(request, &domid);

	if (!rc)
		rc = reply_bytes(request, XS_DOMAIN_DIR, strlen(XS_DOMAIN_DIR));
	return rc ? rc : reply_number(request, domid);
}

static int do_is_domain_introduced(struct request *request)
{
	uint16_t domid;
	int rc = parse_domid(request, &domid);

	if (rc)
		return rc;
	return reply_text(request, xs_connection_find(domid) ? "T" : "F");
}

/* The toolstack is in our own program and does these without a message. */
static int do_nothing(struct request *request)
{
	(void)request;
	return -XEN_ENOSYS;
}

/* Dispatch ---------------------------------------------------------------- */

enum {
	HAS_PATH = 1,      /* the payload begins with a path */
	CHANGES = 2,       /* needs a transaction; a failure spoils it */
	PRIVILEGED = 4,    /* not for guests */
	NO_TRANSACTION = 8 /* the transaction it is asked in is ignored */
};

static const struct {
	int (*handle)(struct request *request);
	unsigned int flags;
} rows[XS_TYPE_COUNT] = {
	[XS_CONTROL] = { do_nothing, PRIVILEGED },
	[XS_DIRECTORY] = { do_directory, HAS_PATH },
	[XS_READ] = { do_read, HAS_PATH },
	[XS_GET_PERMS] = { do_get_perms, HAS_PATH },
	[XS_WATCH] = { do_watch, HAS_PATH | NO_TRANSACTION },
	[XS_UNWATCH] = { do_unwatch, HAS_PATH | NO_TRANSACTION },
	[XS_TRANSACTION_START] = { do_transaction_start, 0 },
	[XS_TRANSACTION_END] = { do_transaction_end, 0 },
	[XS_INTRODUCE] = { do_nothing, PRIVILEGED },
	[XS_RELEASE] = { do_nothing, PRIVILEGED },
	[XS_GET_DOMAIN_PATH] = { do_get_domain_path, NO_TRANSACTION },
	[XS_WRITE] = { do_write, HAS_PATH | CHANGES },
	[XS_MKDIR] = { do_mkdir, HAS_PATH | CHANGES },
	[XS_RM] = { do_rm, HAS_PATH | CHANGES },
	[XS_SET_PERMS] = { do_set_perms, HAS_PATH | CHANGES },
	[XS_IS_DOMAIN_INTRODUCED] = { do_is_domain_introduced, PRIVILEGED },
	[XS_RESUME] = { do_nothing, PRIVILEGED },
	[XS_SET_TARGET] = { do_nothing, PRIVILEGED },
	[XS_RESET_WATCHES] = { do_reset_watches, NO_TRANSACTION },
	[XS_DIRECTORY_PART] = { do_directory_part, HAS_PATH },
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

/* In the client's transaction. */
static int handle_within(struct request *request, unsigned int type)
{
	struct xs_transaction *transaction = request->transaction;
	int rc = rows[type].handle(request);

	/* "Not there" has changed nothing; clients live with it. */
	if (rc && rc != -XEN_ENOENT && (rows[type].flags & CHANGES))
		transaction->has_failed = true;
	return rc;
}

/* A change of its own. */
static int handle_alone(struct request *request, unsigned int type)
{
	struct xs_transaction transaction;
	int rc;

	if (!(rows[type].flags & CHANGES))
		return rows[type].handle(request);
	xs_transaction_begin(&transaction, request->connection->domid);
	request->transaction = &transaction;
	rc = rows[type].handle(request);
	if (rc)
		xs_transaction_abort(&transaction);
	else
		rc = xs_transaction_commit(&transaction);
	request->transaction = NULL;
	return rc;
}

static int handle(struct request *request, const struct xsd_sockmsg *header)
{
	unsigned int type = header->type;
	int rc = 0;

	if (type >= XS_TYPE_COUNT || !rows[type].handle)
		return -XEN_ENOSYS;
	if ((rows[type].flags & PRIVILEGED) &&
	    request->connection->domid != XS_PRIVILEGED)
		return -XEN_EACCES;
	if (header->tx_id && !(rows[type].flags & NO_TRANSACTION)) {
		request->transaction =
			*find_transaction(request->connection, header->tx_id);
		if (!request->transaction)
			return -XEN_ENOENT;
	}
	if (rows[type].flags & HAS_PATH)
		rc = take_path(request);
	if (rc)
		return rc;
	if (request->transaction)
		return handle_within(request, type);
	return handle_alone(request, type);
}

void xs_request_handle(struct xs_connection *connection)
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
	xs_connection_reply(connection, &header, request.reply);
}
