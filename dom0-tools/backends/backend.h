/* SPDX-License-Identifier: MIT */
/*
 * Back ends of split devices in the control domain: what all kinds share. It
 * watches xenstore for devices, keeps each one's state in step with its front
 * end's, and tells the kind when to connect and when to let go.
 *
 *	backend directory     /local/domain/0/backend/KIND/DOMID/HANDLE
 *	frontend directory    /local/domain/DOMID/device/KIND/HANDLE
 *
 * The toolstack writes both (the backend's "state" last), with "frontend",
 * "frontend-id" and "online" in the backend's; setting "online" to 0 asks for
 * an orderly end, removing the backend directory ends it at once. The guest
 * owns the frontend directory: nothing there is trusted.
 *
 * Owns: every struct backend_device, from create() to destroy().
 * Invariant: connect() and disconnect() of a device alternate; destroy()
 * comes only after the last disconnect() is over.
 * Context: one thread, from event handlers and from calls into the store.
 * Next to read: docs/split-drivers.md, blkback.c.
 */
#ifndef BACKENDS_BACKEND_H
#define BACKENDS_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pvguest/xenbus.h>

#define BACKEND_PATH_SIZE 96

enum backend_phase {
	BACKEND_WAITING,   /* for a front end: InitWait */
	BACKEND_CONNECTED, /* Connected; or Closing, and still serving */
	BACKEND_LEAVING,   /* disconnect() has begun, I/O is under way */
	BACKEND_CLOSED,
};

struct backend_type;
struct xs_local_watch;

/* A kind's own structure begins with this one. The kind may read it. */
struct backend_device {
	const struct backend_type *type;
	uint16_t domid;
	uint32_t handle;
	enum backend_phase phase;
	struct pv_keys own;   /* the backend directory */
	struct pv_keys front; /* the frontend directory */
	char own_path[BACKEND_PATH_SIZE];
	char front_path[BACKEND_PATH_SIZE];

	/* backend.c's: */
	struct backend_device *next;
	struct xs_local_watch *watch;
	bool is_marked;  /* something changed: look at it */
	bool is_failed;  /* do not connect before the front end begins anew */
	bool is_removed; /* the toolstack has removed its directory */
};

struct backend_type {
	const char *kind;   /* "vbd" */
	size_t device_size; /* of the kind's structure; it starts zeroed */

	/*
	 * A new device. Reads own keys, writes the features that a front end
	 * may choose from. 0, or an error after backend_say(); then there is
	 * no device, and the toolstack finds the text.
	 */
	int (*create)(struct backend_device *device);
	void (*destroy)(struct backend_device *device);

	/*
	 * The front end has chosen: read its keys, map its rings, bind its
	 * ports, write what it needs to know. 0, or an error after
	 * backend_say(), with nothing held any more.
	 */
	int (*connect)(struct backend_device *device);
	/*
	 * Give everything back that connect() took; at once, or when the I/O
	 * under way is done. Ends with backend_disconnected() either way.
	 */
	void (*disconnect)(struct backend_device *device);
};

/*
 * Serves devices of this kind from now on, those that are there already as
 * well. Once per kind. -XEN_ENOMEM.
 */
int backend_register(const struct backend_type *type);

void backend_disconnected(struct backend_device *device);

/*
 * A front end that breaks the protocol: says so, lets go of it, and serves it
 * again when it begins anew. Only while connected, and the last thing that
 * the caller does with the device.
 */
void backend_fail(struct backend_device *device, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* One line for the administrator, in the key "error" of the own directory. */
void backend_say(struct backend_device *device, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* All devices of all kinds: begin with NULL, ends with NULL. */
struct backend_device *backend_next(const struct backend_device *device);

#endif
