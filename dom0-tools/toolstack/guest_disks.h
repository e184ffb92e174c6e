/* SPDX-License-Identifier: MIT */
/*
 * The disks of guests, from the configuration to devices in xenstore.
 *
 * What a guest has written to a disk in memory belongs to the guest and the
 * device: it outlives a restart (on_reboot, on_crash) and is forgotten with
 * the end of the guest, or when the disk is detached.
 */
#ifndef TOOLSTACK_GUEST_DISKS_H
#define TOOLSTACK_GUEST_DISKS_H

#include "error.h"
#include "guests.h"

/* All disks of the configuration. On failure some may be attached. */
tk_must_check int tk_guest_disks_attach(const struct tk_guest *guest,
					struct tk_error *err);

/* The contents of all disks in memory are no longer needed. */
void tk_guest_disks_forget(const struct tk_guest *guest);

/*
 * One more disk for a guest that runs. Takes over `disk` when it succeeds.
 */
tk_must_check int tk_guest_disk_attach(struct tk_guest *guest,
				       struct tk_disk *disk,
				       struct tk_error *err);

/* By the name or number of its device; NULL: there is none. */
const struct tk_disk *tk_guest_disk_find(const struct tk_guest *guest,
					 const char *vdev);
/* Asks the guest to let go of a disk. */
tk_must_check int tk_guest_disk_close(const struct tk_guest *guest,
				      const struct tk_disk *disk,
				      struct tk_error *err);
bool tk_guest_disk_is_closed(const struct tk_guest *guest,
			     const struct tk_disk *disk);
/* Takes it away, whether the guest has let go or not. */
void tk_guest_disk_detach(struct tk_guest *guest, const struct tk_disk *disk);

struct tk_device_id;
/* What its device is called in xenstore. */
struct tk_device_id tk_guest_disk_id(const struct tk_guest *guest,
				     const struct tk_disk *disk);

#endif /* TOOLSTACK_GUEST_DISKS_H */
