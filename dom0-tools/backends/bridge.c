/* SPDX-License-Identifier: MIT */
/*
 * The bridge: bridge.h. Guests' addresses are looked up among the ports, what
 * is learned from cards in a hash table where an address has a few places and
 * the longest unheard one gives way.
 */
#include "backends/bridge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <public/errno.h>
#include <pvguest/time.h>

static struct bridge *bridges;
static uint64_t now_ns; /* when the packet at hand was received */

/* Addresses --------------------------------------------------------------- */

static bool same_mac(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, NET_MAC_SIZE) == 0;
}

static bool is_group(const uint8_t *mac)
{
	return mac[0] & 1;
}

static bool is_zero(const uint8_t *mac)
{
	static const uint8_t zero[NET_MAC_SIZE];

	return same_mac(mac, zero);
}

/* For bridges themselves; never forwarded [IEEE 802.1D 7.12.6]. */
static bool is_link_local(const uint8_t *mac)
{
	static const uint8_t reserved[5] = { 0x01, 0x80, 0xc2, 0x00, 0x00 };

	return memcmp(mac, reserved, sizeof(reserved)) == 0 && mac[5] < 0x10;
}

/* The table --------------------------------------------------------------- */

static uint32_t hash(const uint8_t *mac)
{
	uint32_t low = net_get32(mac + 2);

	low ^= net_get16(mac) * 0x85ebca6bu;
	low *= 0x9e3779b1u;
	return low ^ low >> 16;
}

static bool is_alive(const struct bridge_entry *entry)
{
	return entry->port && now_ns - entry->heard_ns < BRIDGE_AGE_NS;
}

static struct bridge_entry *entry_at(struct bridge *bridge, uint32_t place)
{
	return &bridge->table[place % BRIDGE_TABLE];
}

/* The entry of `mac`, or NULL. */
static struct bridge_entry *find_entry(struct bridge *bridge,
				       const uint8_t *mac)
{
	uint32_t place = hash(mac);
	unsigned int i;

	for (i = 0; i < BRIDGE_PROBES; i++) {
		struct bridge_entry *entry = entry_at(bridge, place + i);

		if (is_alive(entry) && same_mac(entry->mac, mac))
			return entry;
	}
	return NULL;
}

/* A free place for `mac`, or the one that was not heard of for longest. */
static struct bridge_entry *place_for(struct bridge *bridge, const uint8_t *mac)
{
	uint32_t place = hash(mac);
	struct bridge_entry *oldest = entry_at(bridge, place);
	unsigned int i;

	for (i = 0; i < BRIDGE_PROBES; i++) {
		struct bridge_entry *entry = entry_at(bridge, place + i);

		if (!is_alive(entry))
			return entry;
		if (entry->heard_ns < oldest->heard_ns)
			oldest = entry;
	}
	return oldest;
}

static void learn(struct bridge *bridge, struct net_port *port,
		  const uint8_t *mac)
{
	struct bridge_entry *entry = find_entry(bridge, mac);

	if (!entry) {
		entry = place_for(bridge, mac);
		memcpy(entry->mac, mac, NET_MAC_SIZE);
	}
	entry->port = port;
	entry->heard_ns = now_ns;
}

unsigned int bridge_learned(const struct net_port *port)
{
	const struct bridge *bridge = port->bridge;
	unsigned int i, count = 0;

	now_ns = pv_time_ns();
	for (i = 0; bridge && i < BRIDGE_TABLE; i++) {
		if (bridge->table[i].port == port &&
		    is_alive(&bridge->table[i]))
			count++;
	}
	return count;
}

/* Forwarding -------------------------------------------------------------- */

static struct net_port *guest_with(const struct bridge *bridge,
				   const uint8_t *mac)
{
	unsigned int i;

	for (i = 0; i < bridge->port_count; i++) {
		struct net_port *port = bridge->ports[i];

		if (!port->is_card && same_mac(port->mac, mac))
			return port;
	}
	return NULL;
}

static bool wants(const struct net_port *port, const uint8_t *group)
{
	return !port->ops->wants || port->ops->wants(port, group);
}

static void flood_group(const struct bridge *bridge,
			const struct net_port *from, struct net_packet *packet,
			const uint8_t *group)
{
	unsigned int i;

	for (i = 0; i < bridge->port_count; i++) {
		if (bridge->ports[i] != from && wants(bridge->ports[i], group))
			net_port_send(bridge->ports[i], packet);
	}
}

static void flood_cards(const struct bridge *bridge,
			const struct net_port *from, struct net_packet *packet)
{
	unsigned int i;

	for (i = 0; i < bridge->port_count; i++) {
		if (bridge->ports[i] != from && bridge->ports[i]->is_card)
			net_port_send(bridge->ports[i], packet);
	}
}

static void forward(struct bridge *bridge, const struct net_port *from,
		    struct net_packet *packet, const uint8_t *to)
{
	struct net_port *port = guest_with(bridge, to);
	const struct bridge_entry *entry;

	if (!port) {
		entry = find_entry(bridge, to);
		port = entry ? entry->port : NULL;
	}
	if (!port)
		flood_cards(bridge, from, packet);
	else if (port != from)
		net_port_send(port, packet);
}

/* Whether the port may send from this address; learns where it is. */
static bool admit(struct bridge *bridge, struct net_port *port,
		  const uint8_t *mac)
{
	if (!port->is_card)
		return same_mac(port->mac, mac);
	if (is_group(mac) || is_zero(mac) || guest_with(bridge, mac))
		return false;
	learn(bridge, port, mac);
	return true;
}

static void received(struct net_port *port, struct net_packet *packet)
{
	struct bridge *bridge = port->bridge;
	uint8_t macs[2 * NET_MAC_SIZE]; /* to, from */

	now_ns = pv_time_ns();
	net_packet_read(packet, 0, macs, sizeof(macs));
	if (!admit(bridge, port, macs + NET_MAC_SIZE))
		port->counters.refused++;
	else if (!is_group(macs))
		forward(bridge, port, packet, macs);
	else if (!is_link_local(macs))
		flood_group(bridge, port, packet, macs);
	net_packet_put(packet);
}

/* Bridges and their ports ------------------------------------------------- */

struct bridge *bridge_next(const struct bridge *bridge)
{
	return bridge ? bridge->next : bridges;
}

struct bridge *bridge_find(const char *name)
{
	struct bridge *bridge = bridges;

	while (bridge && strcmp(bridge->name, name) != 0)
		bridge = bridge->next;
	return bridge;
}

struct bridge *bridge_get(const char *name)
{
	struct bridge **end = &bridges;
	struct bridge *bridge = bridge_find(name);

	if (bridge || strlen(name) >= BRIDGE_NAME_SIZE)
		return bridge;
	bridge = calloc(1, sizeof(*bridge));
	if (!bridge)
		return NULL;
	snprintf(bridge->name, sizeof(bridge->name), "%s", name);
	bridge->has_uplink = true;
	while (*end)
		end = &(*end)->next;
	*end = bridge;
	return bridge;
}

bool bridge_uplink(const struct bridge *bridge)
{
	bool has_cards = false;
	unsigned int i;

	for (i = 0; i < bridge->port_count; i++) {
		if (!bridge->ports[i]->is_card)
			continue;
		has_cards = true;
		if (bridge->ports[i]->link_up)
			return true;
	}
	return !has_cards;
}

static void tell_uplink(struct bridge *bridge)
{
	bool has_uplink = bridge_uplink(bridge);
	unsigned int i;

	if (bridge->has_uplink == has_uplink)
		return;
	bridge->has_uplink = has_uplink;
	for (i = 0; i < bridge->port_count; i++) {
		struct net_port *port = bridge->ports[i];

		if (port->ops->uplink_changed)
			port->ops->uplink_changed(port, has_uplink);
	}
}

static void link_changed(struct net_port *port)
{
	if (port->is_card)
		tell_uplink(port->bridge);
}

int bridge_attach(struct bridge *bridge, struct net_port *port)
{
	if (bridge->port_count == BRIDGE_PORTS_MAX)
		return -XEN_ENOSPC;
	if (!port->is_card) {
		if (is_group(port->mac) || is_zero(port->mac))
			return -XEN_EINVAL;
		if (guest_with(bridge, port->mac))
			return -XEN_EEXIST;
	}
	bridge->ports[bridge->port_count++] = port;
	port->bridge = bridge;
	port->listener = received;
	port->link_changed = link_changed;
	tell_uplink(bridge);
	return 0;
}

static void unlearn(struct bridge *bridge, const struct net_port *port)
{
	unsigned int i;

	for (i = 0; i < BRIDGE_TABLE; i++) {
		if (bridge->table[i].port == port)
			bridge->table[i].port = NULL;
	}
}

void bridge_detach(struct net_port *port)
{
	struct bridge *bridge = port->bridge;
	unsigned int i = 0;

	if (!bridge)
		return;
	while (bridge->ports[i] != port)
		i++;
	bridge->ports[i] = bridge->ports[--bridge->port_count];
	unlearn(bridge, port);
	port->bridge = NULL;
	port->listener = NULL;
	port->link_changed = NULL;
	tell_uplink(bridge);
}

int bridge_attach_cards(void)
{
	struct net_port *port = NULL;
	unsigned int number = 0;

	while ((port = net_port_next(port))) {
		char name[BRIDGE_NAME_SIZE];
		struct bridge *bridge;

		if (!port->is_card)
			continue;
		snprintf(name, sizeof(name), BRIDGE_PREFIX "%u", number++);
		bridge = bridge_get(name);
		if (!bridge || bridge_attach(bridge, port))
			return -XEN_ENOMEM;
	}
	return 0;
}
