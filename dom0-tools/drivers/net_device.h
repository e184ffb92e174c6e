/* SPDX-License-Identifier: MIT */
/*
 * A port of the network: a card, or a guest's virtual card. Both are struct
 * net_port, and a bridge connects them.
 *
 * Packets flow in one way only. A driver that has got one gives it to
 * net_port_receive(); the bridge picks the ports that it goes to and calls
 * net_port_send(), which puts it in one of the port's queues (by flow, so that
 * a flow keeps its order) or drops it when the queue has its share of the
 * pool. Nothing else happens until whoever received says net_ports_run(): then
 * each port with work is started once, and its driver takes as many packets
 * from the queues as it has room for. So work is done in batches, and a slow
 * port costs nobody else a thing.
 *
 * What the driver takes is ready for it: batches are cut and checksums filled
 * in when the port does not offer that (struct net_offloads).
 *
 * Owns: the list of ports of this machine, the queues.
 * Context: one thread. start() and the listener never call net_ports_run().
 */
#ifndef DRIVERS_NET_DEVICE_H
#define DRIVERS_NET_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/net_offload.h"
#include "drivers/net_packet.h"

#define NET_QUEUES_MAX   8u
#define NET_QUEUE_LENGTH 512u /* packets; a power of two */

struct net_port;

struct net_port_ops {
	/*
	 * Takes packets from the queues, by net_port_take(), as long as there
	 * is room, and makes the hardware or the guest notice. Called again
	 * only when more has been queued: a driver whose room comes back goes
	 * on by itself.
	 */
	void (*start)(struct net_port *port);
	/* Whether packets to this group address are wanted; NULL: all are. */
	bool (*wants)(const struct net_port *port, const uint8_t *mac);
	/*
	 * Whether any card of the bridge has a link, when that changes; may be
	 * NULL.
	 */
	void (*uplink_changed)(struct net_port *port, bool is_up);
};

/* What the port can be given unfinished. */
struct net_offloads {
	bool checksum4, checksum6; /* blank checksums of TCP and UDP */
	bool tso4, tso6;           /* batches */
	unsigned int segments_max; /* of one packet; the rest is repacked */
	uint32_t packet_max;       /* bytes of a packet that is no batch */
};

struct net_queue {
	struct net_packet *slots[NET_QUEUE_LENGTH];
	uint32_t head, tail; /* run freely */
	struct net_segmenter batch;
	struct net_packet *ready; /* finished, not yet taken */
};

struct net_port_counters {
	/* as the bridge sees it: received from the port, sent to it */
	uint64_t received_packets, received_bytes;
	uint64_t sent_packets, sent_bytes;
	uint64_t refused; /* received, but not allowed or broken */
	uint64_t dropped; /* not sent: the queue had its share */
	uint64_t errors;  /* the driver's */
};

/* Who gets what a port receives. The packet is the listener's from then on. */
typedef void net_listener(struct net_port *port, struct net_packet *packet);

struct net_port {
	struct net_port *next;
	char name[32]; /* "eth0", "vif3.0" */
	uint8_t mac[NET_MAC_SIZE];
	bool is_card;
	bool link_up;
	struct net_offloads offloads;
	const struct net_port_ops *ops;
	void *driver;             /* the driver's own */
	unsigned int queue_count; /* in use */
	unsigned int queues_made; /* as registered */
	struct net_queue *queues;
	unsigned int pages_queued;
	struct net_port_counters counters;

	net_listener *listener; /* NULL: what is received is dropped */
	void *bridge;           /* the listener's own */
	/* Called when link_up has changed; may be NULL. */
	void (*link_changed)(struct net_port *port);

	struct net_port *next_to_run;
	bool is_to_run;
};

/*
 * The port stays the caller's; ops, name, mac, offloads and queue_count are
 * set. Negative: no memory, or too many queues.
 */
int net_port_register(struct net_port *port);
/* A port of hardware: gets its name, "eth0" for the first, and is registered.
 */
int net_card_register(struct net_port *port);
/* Drops what is queued. The bridge must have let go of it. */
void net_port_unregister(struct net_port *port);
struct net_port *net_port_find(const char *name); /* NULL: none */
/* Begin with NULL, ends with NULL. */
struct net_port *net_port_next(const struct net_port *port);

/* How many queues are used from now on, at most as registered; drains. */
void net_port_set_queues(struct net_port *port, unsigned int count);
/* Drops what is queued. */
void net_port_drain(struct net_port *port);

/* Takes the packet over. What it says of itself is checked here. */
void net_port_receive(struct net_port *port, struct net_packet *packet);
/*
 * Adds a reference if it keeps the packet; the caller's stays the caller's.
 * Drops it when the port's link is down.
 */
void net_port_send(struct net_port *port, struct net_packet *packet);
void net_port_set_link(struct net_port *port, bool is_up);

/* The next packet of a queue: looks, or takes it over. NULL: none. */
struct net_packet *net_port_peek(struct net_port *port, unsigned int queue);
struct net_packet *net_port_take(struct net_port *port, unsigned int queue);

/* Starts the ports that something was sent to. */
void net_ports_run(void);

#endif /* DRIVERS_NET_DEVICE_H */
