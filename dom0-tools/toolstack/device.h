/* SPDX-License-Identifier: MIT */
/*
 * Split devices of a guest in xenstore, of whatever kind: both directories
 * with the keys and permissions that front ends and back ends expect, and
 * their end. Who serves the back end is not known here; it says in
 * "hotplug-status" whether it can, and in "error" why not.
 */
#ifndef TOOLSTACK_DEVICE_H
#define TOOLSTACK_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct tk_device_id {
	uint16_t domid;
	const char *kind; /* "vbd", "vif" */
	uint32_t handle;
};

struct tk_device_key {
	const char *key;
	const char *value;
};

/*
 * Writes both directories: these keys, and those that all kinds have. On
 * failure nothing is left, and the error is what the back end said.
 */
tk_must_check int tk_device_attach(const struct tk_device_id *id,
				   const struct tk_device_key *back,
				   size_t n_back,
				   const struct tk_device_key *front,
				   size_t n_front, struct tk_error *err);

/*
 * Has whoever serves back ends of this kind take up the device that was just
 * written, and waits until "hotplug-status" says so; or fails with why not. The
 * library's own version finds that done: what serves them in our own program
 * has seen every write. A system with others supplies a function of this name.
 */
tk_must_check int tk_device_plug(const struct tk_device_id *id,
				 struct tk_error *err);

/* Asks both ends to let go, in order. */
tk_must_check int tk_device_close(const struct tk_device_id *id);
/* True when they have, or when there is no such device. */
bool tk_device_is_closed(const struct tk_device_id *id);

/* Takes the device away, at once; no effect when there is none. */
void tk_device_remove(const struct tk_device_id *id);
/* All devices of a domain that is to be destroyed, of all kinds. */
void tk_devices_remove(uint16_t domid);

/* What the end says of itself; 0 (XenbusStateUnknown): nothing. */
unsigned int tk_device_back_state(const struct tk_device_id *id);
/* A number that the guest wrote; false when it is none. To show, no more. */
bool tk_device_front_number(const struct tk_device_id *id, const char *key,
			    uint32_t *number);
#define TK_DEVICE_PATH_SIZE 96
void tk_device_back_path(const struct tk_device_id *id,
			 char path[TK_DEVICE_PATH_SIZE]);

#endif /* TOOLSTACK_DEVICE_H */
