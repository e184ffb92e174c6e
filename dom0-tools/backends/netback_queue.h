/* SPDX-License-Identifier: MIT */
/*
 * The two rings between a guest's network front end and us, named from the
 * front end's side: transmit brings its packets, receive is pages of its that
 * we fill. One pair is a queue; a virtual card has one or more.
 *
 * The guest writes into both rings at any time and anything it likes. So a
 * request is copied before it is looked at, and never read again; indices of
 * ours are private; what the ring protocol forbids breaks the whole card, with
 * a reason for the administrator, and what is only wrong with a packet is
 * answered with an error.
 *
 * Data moves by grant copies, many in one hypercall: into pages of the pool
 * on transmit, into the guest's on receive. So no request stays with us
 * beyond a turn and nothing of a guest is ever mapped but the rings.
 *
 * Owns: struct netback_queue. The port's queues are net_device.h's.
 * Context: one thread.
 */
#ifndef BACKENDS_NETBACK_QUEUE_H
#define BACKENDS_NETBACK_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include <pvguest/ring.h>

#include "backends/token_bucket.h"
#include "drivers/net_device.h"

#define NETBACK_MULTICAST_MAX 64u

/* Slots for a packet above which a guest is broken, not just wrong. */
#define NETBACK_SLOTS_FATAL 36u
#define NETBACK_EXTRAS_MAX  8u

/* A turn on the transmit ring: so much, then others are served. */
#define NETBACK_TURN_PACKETS 32u
/* Grant copies of one hypercall. */
#define NETBACK_COPIES 256u

struct netback_card;

struct netback_queue {
	struct netback_card *card;
	unsigned int number;
	struct pv_ring tx, rx;
	uint32_t tx_event, rx_event; /* ports; the same without split ones */
};

/* A guest's card as the rings need it; netback.c has the rest. */
struct netback_card {
	struct net_port port;
	uint16_t domid;
	unsigned int queue_count; /* connected */
	struct netback_queue queues[NET_QUEUES_MAX];
	struct token_bucket limit; /* on what the guest sends */
	const char *broken;        /* why; NULL: it works */

	bool filters_multicast;
	unsigned int multicast_count;
	uint8_t multicast[NETBACK_MULTICAST_MAX][NET_MAC_SIZE];
};

enum netback_more {
	NETBACK_IDLE,   /* the guest will notify us */
	NETBACK_BUSY,   /* another turn is due */
	NETBACK_LIMITED /* another turn at *when_ns */
};

/*
 * Takes packets from the guest, hands them to the port's listener and answers.
 * The caller then runs the ports.
 */
enum netback_more netback_transmit(struct netback_queue *queue, uint64_t now_ns,
				   uint64_t *when_ns);

/* Gives the guest what the port's queue holds, as far as it has pages. */
void netback_receive(struct netback_queue *queue);

/* net_port_ops.wants of these ports. */
bool netback_wants(const struct net_port *port, const uint8_t *mac);

void netback_break(struct netback_card *card, const char *why);

#endif /* BACKENDS_NETBACK_QUEUE_H */
