/* SPDX-License-Identifier: MIT */
/*
 * The toolstack's side of xenstore: what build_domain.h asks of a server.
 * Writes the nodes that every guest finds about itself, serves its ring, and
 * takes both away when the domain ends.
 *
 * XS-10: nothing that a guest writes to nodes of its own is read back to decide
 * anything.
 */
#include <public/errno.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/build_domain.h"
#include "toolstack/guest_folder.h"
#include "toolstack/primitives.h"
#include "xenstore/connection.h"
#include "xenstore/local.h"
#include "xenstore/path.h"
#include "xenstore/store.h"
#include "xenstore/tree.h"

bool tk_xenstore_present(void)
{
	return true;
}

/* Nodes ------------------------------------------------------------------- */

/* All nodes of one guest come in one transaction. */
struct writer {
	struct xs_transaction transaction;
	uint16_t domid;
	int rc;                  /* the first failure */
	char path[XS_PATH_SIZE]; /* the guest's folder, then a name in it */
	size_t folder_length;
};

static void domain_path(uint16_t domid, const char *name,
			char path[XS_PATH_SIZE])
{
	snprintf(path, XS_PATH_SIZE, XS_DOMAIN_DIR "%u%s%s", domid,
		 *name ? "/" : "", name);
}

static void write_path(struct writer *writer, const char *path,
		       const char *value)
{
	const struct xs_bytes bytes = { value, strlen(value) };

	if (!writer->rc)
		writer->rc = xs_tree_write(&writer->transaction, XS_PRIVILEGED,
					   path, bytes);
}

/* Names are ours, and short. */
static const char *path_of(struct writer *writer, const char *name)
{
	writer->path[writer->folder_length] = '\0';
	if (*name)
		xs_path_append(writer->path, name, strlen(name));
	return writer->path;
}

static void write_node(struct writer *writer, const char *name,
		       const char *value)
{
	write_path(writer, path_of(writer, name), value);
}

static void write_as(struct writer *writer, const char *name,
		     const struct xs_perms *perms)
{
	const struct xs_bytes nothing = { NULL, 0 };

	if (!writer->rc)
		writer->rc =
			xs_tree_write_as(&writer->transaction,
					 path_of(writer, name), nothing, perms);
}

/* Its folder is the guest's to read, except what is its own to write. */
static void write_folder(struct writer *writer)
{
	const struct xs_perms perms = { 2,
					{ { XS_PRIVILEGED, XS_MAY_NOTHING },
					  { writer->domid, XS_MAY_READ } } };

	write_as(writer, "", &perms);
}

static void put(void *context, const char *name, const char *value)
{
	write_node(context, name, value);
}

static void let_write(void *context, const char *name)
{
	struct writer *writer = context;
	const struct xs_perms perms = { 1,
					{ { writer->domid, XS_MAY_NOTHING } } };

	write_as(writer, name, &perms);
}

/* What all domains of one machine description share, by libxl's custom. */
static void write_vm(struct writer *writer,
		     const struct tk_xenstore_guest *guest)
{
	char vm[TK_VM_PATH_SIZE], path[XS_PATH_SIZE];

	tk_guest_vm_path(guest->uuid, vm);
	snprintf(path, sizeof(path), "%s/name", vm);
	write_path(writer, path, guest->name);
	snprintf(path, sizeof(path), "%s/uuid", vm);
	write_path(writer, path, vm + strlen(TK_VM_DIR));
}

static void write_all(struct writer *writer,
		      const struct tk_xenstore_guest *guest)
{
	const struct tk_folder_writer folder = { put, let_write, writer };

	write_folder(writer);
	write_vm(writer, guest);
	tk_guest_folder_write(&folder, guest);
}

static int write_nodes(const struct tk_xenstore_guest *guest)
{
	struct writer writer;

	writer.rc = xs_store_init();
	if (writer.rc)
		return writer.rc;
	writer.domid = guest->domid;
	domain_path(guest->domid, "", writer.path);
	writer.folder_length = strlen(writer.path);
	xs_transaction_begin(&writer.transaction, XS_PRIVILEGED);
	write_path(&writer, "/tool/xenstored", "");
	write_all(&writer, guest);
	if (!writer.rc)
		return xs_transaction_commit(&writer.transaction);
	xs_transaction_abort(&writer.transaction);
	return writer.rc;
}

static void tell_special(const char *path)
{
	const struct xs_node *node = xs_store_find(path);

	if (node)
		xs_watches_tell(path, XS_CHANGE_BELOW, node);
}

/* What the guest's node "vm" points to; guests can read it, not write it. */
static void remove_vm(uint16_t domid)
{
	char path[XS_PATH_SIZE];
	const struct xs_node *node;

	domain_path(domid, "vm", path);
	node = xs_store_find(path);
	if (!node || node->value_size >= sizeof(path))
		return;
	memcpy(path, node->value, node->value_size);
	path[node->value_size] = '\0';
	if (!strncmp(path, TK_VM_DIR, strlen(TK_VM_DIR)))
		xs_store_delete(path);
}

static void remove_nodes(uint16_t domid)
{
	char path[XS_PATH_SIZE];

	remove_vm(domid);
	domain_path(domid, "", path);
	xs_store_delete(path);
	xs_store_forget_domain(domid);
}

/* Connections ------------------------------------------------------------- */

static void store_event(uint32_t port, void *context)
{
	(void)port;
	xs_connection_serve(context);
	xs_local_deliver();
}

bool tk_xenstore_poll(void)
{
	bool has_more = xs_connections_poll();

	xs_local_deliver();
	return has_more;
}

static int connect_ring(struct xs_connection *connection,
			const struct tk_xenstore_guest *guest)
{
	struct tk_map_failure failure = { 0 };
	int port;

	connection->domid = guest->domid;
	connection->ring =
		tk_map_foreign(guest->domid, &guest->mfn, 1, true, &failure);
	if (!connection->ring)
		return failure.error < 0 ? failure.error : -XEN_EINVAL;
	port = tk_evtchn_bind_interdomain(guest->domid, guest->port,
					  store_event, connection);
	if (port < 0) {
		tk_unmap_foreign(connection->ring, 1);
		return port;
	}
	connection->port = (uint32_t)port;
	xs_connection_announce(connection);
	xs_connection_add(connection);
	return 0;
}

int tk_xenstore_introduce(const struct tk_xenstore_guest *guest)
{
	struct xs_connection *connection = calloc(1, sizeof(*connection));
	int rc;

	if (!connection)
		return -XEN_ENOMEM;
	/* Whatever an earlier domain of this number left, if anything. */
	remove_nodes(guest->domid);
	rc = write_nodes(guest);
	if (!rc)
		rc = connect_ring(connection, guest);
	if (rc) {
		remove_nodes(guest->domid);
		free(connection);
	} else {
		tell_special(XS_INTRODUCE_DOMAIN);
	}
	xs_local_deliver();
	return rc;
}

void tk_xenstore_release(uint16_t domid)
{
	struct xs_connection *connection = xs_connection_find(domid);

	if (!connection || !connection->ring)
		return;
	xs_connection_remove(connection);
	tk_evtchn_close(connection->port);
	tk_unmap_foreign(connection->ring, 1);
	free(connection);
	remove_nodes(domid);
	tell_special(XS_RELEASE_DOMAIN);
	xs_local_deliver();
}

/* The toolstack's primitives ---------------------------------------------- */

int tk_store_write(const char *path, const char *value)
{
	return xs_local_write(path, value);
}

int tk_store_mkdir(const char *path, uint16_t owner, uint16_t reader)
{
	const struct xs_perms perms = {
		2, { { owner, XS_MAY_NOTHING }, { reader, XS_MAY_READ } }
	};

	return xs_local_mkdir(path, &perms);
}

int tk_store_remove(const char *path)
{
	int rc = xs_local_rm(path);

	return rc == -XEN_ENOENT ? 0 : rc;
}

int tk_store_read(const char *path, char *value, size_t size)
{
	int rc = xs_local_read(path, value, size);

	return rc < 0 ? rc : 0;
}
