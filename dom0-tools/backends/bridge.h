/* SPDX-License-Identifier: MIT */
/*
 * A learning bridge (IEEE 802.1D 7) between cards and guests, without the
 * spanning tree: cards are the way out, and nothing is ever forwarded from
 * one card to where it came from.
 *
 * What guests see is narrower than on a plain bridge:
 *   - a guest's packets must carry the MAC address that its port was given;
 *   - a unicast packet reaches the port that has its address, or, when no
 *     port has it, the cards; a guest never sees a unicast of others;
 *   - addresses of guests are known from the beginning and cannot be taken
 *     over by who claims them later, from inside or outside.
 *
 * Owns: struct bridge, the forwarding table. It is bounded; addresses that
 * were not heard of for BRIDGE_AGE_NS leave it.
 * Context: one thread; no I/O: packets leave by net_port_send().
 */
#ifndef BACKENDS_BRIDGE_H
#define BACKENDS_BRIDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/net_device.h"

#define BRIDGE_PREFIX    "xenbr"
#define BRIDGE_NAME_SIZE 32u
#define BRIDGE_PORTS_MAX 256u
#define BRIDGE_TABLE     1024u /* learned addresses; a power of two */
#define BRIDGE_PROBES    8u    /* places that an address may be in */
#define BRIDGE_AGE_NS    (300ull * 1000000000)

struct bridge_entry {
	struct net_port *port; /* NULL: free */
	uint64_t heard_ns;
	uint8_t mac[NET_MAC_SIZE];
};

struct bridge {
	struct bridge *next;
	char name[BRIDGE_NAME_SIZE];
	bool has_uplink; /* as guests were told */
	unsigned int port_count;
	struct net_port *ports[BRIDGE_PORTS_MAX];
	struct bridge_entry table[BRIDGE_TABLE];
};

/* The bridge of that name, made if there is none; NULL without memory. */
struct bridge *bridge_get(const char *name);
struct bridge *bridge_find(const char *name);
/* Begin with NULL, ends with NULL. */
struct bridge *bridge_next(const struct bridge *bridge);

/* Each card on a bridge of its own, "xenbr0" for the first; once. */
int bridge_attach_cards(void);

/*
 * Negative: the bridge is full, or (for a guest) the address is no unicast
 * address or belongs to another guest of this bridge.
 */
int bridge_attach(struct bridge *bridge, struct net_port *port);
void bridge_detach(struct net_port *port);

/* Whether there is a way out: a card with a link, or no cards at all. */
bool bridge_uplink(const struct bridge *bridge);

/* How many learned addresses are behind the port; for people. */
unsigned int bridge_learned(const struct net_port *port);

#endif /* BACKENDS_BRIDGE_H */
