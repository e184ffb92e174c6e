/* SPDX-License-Identifier: MIT */
/*
 * The network back end: serves "vif" devices (backend.h), each a port of a
 * bridge. Keys and features as Linux's netback has them.
 *
 * Own keys that the toolstack writes: "mac", "bridge", "rate" (bytes, then
 * microseconds in which they may be sent), "vifname". Guests cannot change
 * them.
 */
#ifndef BACKENDS_NETBACK_H
#define BACKENDS_NETBACK_H

#include "backends/backend.h"

extern const struct backend_type netback_type;

#endif /* BACKENDS_NETBACK_H */
