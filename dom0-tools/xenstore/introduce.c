/* SPDX-License-Identifier: MIT */
/*
 * The toolstack's side of xenstore: what build_domain.h asks of a server.
 * Writes the nodes that every guest finds about itself, serves its ring, and
 * takes both away when the domain ends.
 *
 * XS-10: a guest may write only below the nodes of writable[]; nothing that
 * it writes there is read back to decide anything.
 */
#include <public/errno.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/build_domain.h"
#include "toolstack/primitives.h"
#include "xenstore/path.h"
#include "xenstore/store.h"
#include "xenstore/tree.h"

bool tk_xenstore_present(void)
{
	return true;
}

/* Nodes ------------------------------------------------------------------- */

static const char *const writable[] = {
	"attr",
	"control/shutdown",
	"control/feature-poweroff",
	"control/feature-reboot",
	"control/feature-suspend",
	"control/sysrq",
	"data",
	"device/suspend/event-channel",
	"drivers",
	"error",
	"feature",
};

struct writer {
	struct xs_tree *tree;
	uint16_t domid;
	int rc; /* the first failure */
};

static void node_path(const struct writer *writer, const char *name,
		      char path[XS_PATH_SIZE])
{
	snprintf(path, XS_PATH_SIZE, XS_DOMAIN_DIR "%u%s%s", writer->domid,
		 *name ? "/" : "", name);
}

static void write_node(struct writer *writer, const char *name,
		       const char *value)
{
	char path[XS_PATH_SIZE];

	node_path(writer, name, path);
	if (!writer->rc)
		writer->rc = xs_tree_write(writer->tree, XS_PRIVILEGED, path,
					   value, strlen(value));
}

static void write_number(struct writer *writer, const char *name,
			 uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	write_node(writer, name, text);
}

/* Its folder is the guest's to read, except what is its own to write. */
static void let_read(struct writer *writer)
{
	const struct xs_perm perms[] = { { XS_PRIVILEGED, XS_MAY_NOTHING },
					 { writer->domid, XS_MAY_READ } };
	char path[XS_PATH_SIZE];

	node_path(writer, "", path);
	if (!writer->rc)
		writer->rc = xs_tree_set_perms(writer->tree, XS_PRIVILEGED,
					       path, perms, 2);
}

static void let_write(struct writer *writer, const char *name)
{
	const struct xs_perm perm = { writer->domid, XS_MAY_NOTHING };
	char path[XS_PATH_SIZE];

	write_node(writer, name, "");
	node_path(writer, name, path);
	if (!writer->rc)
		writer->rc = xs_tree_set_perms(writer->tree, XS_PRIVILEGED,
					       path, &perm, 1);
}

static int write_nodes(const struct tk_xenstore_guest *guest)
{
	struct writer writer = { .tree = xs_store_tree(),
				 .domid = guest->domid };
	size_t i;

	if (!writer.tree)
		return -XEN_ENOMEM;
	/* Nodes inherit permissions, so the folder and its own come first. */
	write_node(&writer, "", "");
	let_read(&writer);
	write_node(&writer, "name", guest->name);
	write_number(&writer, "domid", guest->domid);
	write_number(&writer, "memory/target", guest->memory_kib);
	write_number(&writer, "memory/static-max", guest->memory_kib);
	write_number(&writer, "store/port", guest->port);
	write_number(&writer, "store/ring-ref", guest->mfn);
	write_number(&writer, "console/port", guest->console_port);
	write_number(&writer, "console/ring-ref", guest->console_ring_mfn);
	write_node(&writer, "console/type", "xenconsoled");
	write_node(&writer, "cpu/0/availability", "online");
	write_node(&writer, "device", "");
	for (i = 0; i < sizeof(writable) / sizeof(writable[0]); i++)
		let_write(&writer, writable[i]);
	return writer.rc;
}

static void remove_nodes(uint16_t domid)
{
	struct writer writer = { .domid = domid };
	char path[XS_PATH_SIZE];

	if (!xs_store_tree())
		return;
	node_path(&writer, "", path);
	xs_tree_rm(xs_store_tree(), XS_PRIVILEGED, path);
	xs_tree_forget_domain(xs_store_tree(), domid);
	xs_store_changed(path, true);
	xs_store_changed("@releaseDomain", false);
}

/* Connections ------------------------------------------------------------- */

static void store_event(uint32_t port, void *context)
{
	(void)port;
	xs_connection_serve(context);
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
	xs_store_add(connection);
	return 0;
}

int tk_xenstore_introduce(const struct tk_xenstore_guest *guest)
{
	struct xs_connection *connection = calloc(1, sizeof(*connection));
	int rc;

	if (!connection)
		return -XEN_ENOMEM;
	rc = write_nodes(guest);
	if (!rc)
		rc = connect_ring(connection, guest);
	if (rc) {
		remove_nodes(guest->domid);
		free(connection);
		return rc;
	}
	xs_store_changed("@introduceDomain", false);
	return 0;
}

void tk_xenstore_release(uint16_t domid)
{
	struct xs_connection *connection = xs_store_connection(domid);

	if (!connection)
		return;
	xs_store_remove(connection);
	tk_evtchn_close(connection->port);
	tk_unmap_foreign(connection->ring, 1);
	xs_connection_clear(connection);
	free(connection);
	remove_nodes(domid);
}
