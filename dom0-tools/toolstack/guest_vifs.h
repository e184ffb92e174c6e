/* SPDX-License-Identifier: MIT */
/*
 * The network cards of guests, from the configuration to devices in xenstore.
 */
#ifndef TOOLSTACK_GUEST_VIFS_H
#define TOOLSTACK_GUEST_VIFS_H

#include "device.h"
#include "error.h"
#include "guests.h"

/* All cards of the configuration. On failure some may be attached. */
tk_must_check int tk_guest_vifs_attach(const struct tk_guest *guest,
				       struct tk_error *err);

/* Takes all away, for a guest that has ended and stays to be looked at. */
void tk_guest_vifs_remove(const struct tk_guest *guest);

/* One more card for a guest that runs; `vif` is copied. */
tk_must_check int tk_guest_vif_attach(struct tk_guest *guest,
				      const struct tk_vif *vif,
				      struct tk_error *err);

/* By its number or address; NULL: there is none. */
const struct tk_vif *tk_guest_vif_find(const struct tk_guest *guest,
				       const char *which);
/* Asks the guest to let go of a card. */
tk_must_check int tk_guest_vif_close(const struct tk_guest *guest,
				     const struct tk_vif *vif,
				     struct tk_error *err);
bool tk_guest_vif_is_closed(const struct tk_guest *guest,
			    const struct tk_vif *vif);
/* Takes it away, whether the guest has let go or not. */
void tk_guest_vif_detach(struct tk_guest *guest, const struct tk_vif *vif);

/* What the back end calls its side of the card. */
void tk_guest_vif_name(const struct tk_guest *guest, const struct tk_vif *vif,
		       char name[TK_VIF_NAME_SIZE]);

/* What its device is called in xenstore. */
struct tk_device_id tk_guest_vif_id(const struct tk_guest *guest,
				    const struct tk_vif *vif);

#endif /* TOOLSTACK_GUEST_VIFS_H */
