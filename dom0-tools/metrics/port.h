/* SPDX-License-Identifier: MIT */
/*
 * The control domain's own port of the first bridge, below a TCP/IP stack
 * (lwIP) that has no thread: frames that come wait in the port's queue until
 * the turn of a timer, which also runs the stack's time-outs.
 *
 * On the bridge it is as a guest is: only frames to its address reach it, and
 * no guest can have that address. It takes no group frames but broadcasts.
 *
 * Owns: the network interface, the port. At most one of each.
 * Context: one thread.
 */
#ifndef METRICS_PORT_H
#define METRICS_PORT_H

#include "metrics/settings.h"

/*
 * Joins the bridge; has_address(TEXT) is called whenever there is one.
 * Negative: no memory, or no room on the bridge.
 */
int metrics_port_start(const struct metrics_settings *settings,
		       void (*has_address)(const char *text));

#endif /* METRICS_PORT_H */
