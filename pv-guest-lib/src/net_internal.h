/* SPDX-License-Identifier: MIT */
/*
 * The parts of the network front end: net.c has what goes through the rings,
 * net_open.c how it begins and ends.
 *
 * Owns: struct pv_net and, for each queue, struct net_queue and two tables of
 * buffers, a page each; and the buffers.
 * Invariant: a transmit buffer is free or with the back end. A receive buffer
 * is with the back end, in the slot that `slots` says, or part of the frame
 * that is being received.
 */
#ifndef PVGUEST_NET_INTERNAL_H
#define PVGUEST_NET_INTERNAL_H

#include <public/io/netif.h>
#include <pvguest/front.h>
#include <pvguest/mm.h>
#include <pvguest/net.h>
#include <pvguest/ring.h>

#define NET_NONE UINT16_MAX       /* ends the list of free buffers */
#define NET_BUSY (UINT16_MAX - 1) /* the back end has it */

struct net_buffer {
	char *va;
	uint32_t ref;
	uint16_t next; /* transmit: the next free one, NET_NONE or NET_BUSY */
};

/* A frame of which not all has come yet. */
struct net_receiving {
	bool is_begun;
	bool is_bad;      /* to be dropped */
	bool wants_extra; /* extra information comes next */
	bool wants_data;  /* more data comes after it */
	unsigned int n_parts;
	uint16_t buffers[PV_NET_PARTS_MAX];
	struct pv_net_part parts[PV_NET_PARTS_MAX];
	struct pv_net_frame frame;
};

struct net_queue {
	struct pv_net *net;
	unsigned int number;
	struct pv_ring tx, rx;
	struct pv_ring_pages tx_pages, rx_pages;
	uint32_t port;           /* 0: none */
	unsigned int n_tx, n_rx; /* buffers made */
	unsigned int n_busy;     /* transmit buffers with the back end */
	uint16_t tx_free;
	struct net_buffer *tx_buffers, *rx_buffers;
	uint16_t slots[PV_NET_BUFFERS_MAX]; /* receive buffer in each slot */
	struct net_receiving receiving;
};

struct pv_net {
	struct pv_front front;
	struct pv_net_info info;
	struct pv_net_options options;
	bool is_dead;
	bool has_link;
	char link_path[PV_FRONT_PATH_SIZE + 8];
	uint32_t link_changes; /* seen of link_watch */
	struct pv_xenstore_watch link_watch;
	unsigned int n_queues; /* made so far */
	struct net_queue *queues[PV_NET_QUEUES_MAX];
};

_Static_assert(sizeof(struct pv_net) <= PV_PAGE_SIZE, "");
_Static_assert(sizeof(struct net_queue) <= PV_PAGE_SIZE, "");
_Static_assert(sizeof(struct net_buffer) * PV_NET_BUFFERS_MAX <= PV_PAGE_SIZE,
	       "");

void net_queue_event(uint32_t port, void *context);
/* Puts a receive buffer into the ring, where there is always room. */
void net_offer(struct net_queue *queue, uint16_t buffer);

#endif /* PVGUEST_NET_INTERNAL_H */
