/* SPDX-License-Identifier: MIT */
/*
 * Ports, their queues, and what is done to packets for ports that cannot do
 * it themselves: net_device.h.
 *
 * The pool is shared. A port may always queue a few pages; beyond that, a
 * share of what is free and not set aside for the few of all others, or for
 * packets on their way in. So a port that nobody empties, or any number of
 * them, cannot stop the traffic of another.
 */
#include "drivers/net_device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <public/errno.h>

#define PAGES_ALWAYS NET_SEGMENTS_MAX /* the largest packet */
#define PAGES_MAX    512u
#define PAGES_SHARE  4u /* one in four */
#define PORTS        128u
/* of so many ports, and for turns of back ends, and cards */
#define PAGES_ASIDE (PORTS * PAGES_ALWAYS + 1024u)

static struct net_port *ports;
static struct net_port *to_run;

/* The list ---------------------------------------------------------------- */

int net_port_register(struct net_port *port)
{
	struct net_port **end = &ports;

	if (port->queue_count == 0 || port->queue_count > NET_QUEUES_MAX)
		return -XEN_EINVAL;
	port->queues = calloc(port->queue_count, sizeof(*port->queues));
	if (!port->queues)
		return -XEN_ENOMEM;
	port->queues_made = port->queue_count;
	while (*end)
		end = &(*end)->next;
	port->next = NULL;
	*end = port;
	return 0;
}

int net_card_register(struct net_port *port)
{
	static unsigned int cards;
	int rc;

	port->is_card = true;
	snprintf(port->name, sizeof(port->name), "eth%u", cards);
	rc = net_port_register(port);
	if (!rc)
		cards++;
	return rc;
}

static void remove_from(struct net_port **list, struct net_port *port)
{
	while (*list && *list != port)
		list = &(*list)->next;
	if (*list)
		*list = port->next;
}

static void forget_to_run(struct net_port *port)
{
	struct net_port **at = &to_run;

	while (*at && *at != port)
		at = &(*at)->next_to_run;
	if (*at)
		*at = port->next_to_run;
	port->is_to_run = false;
}

void net_port_unregister(struct net_port *port)
{
	net_port_drain(port);
	forget_to_run(port);
	remove_from(&ports, port);
	free(port->queues);
	port->queues = NULL;
}

struct net_port *net_port_next(const struct net_port *port)
{
	return port ? port->next : ports;
}

struct net_port *net_port_find(const char *name)
{
	struct net_port *port = ports;

	while (port && strcmp(port->name, name) != 0)
		port = port->next;
	return port;
}

/* Queues ------------------------------------------------------------------ */

static void drain_queue(struct net_port *port, struct net_queue *queue)
{
	while (queue->head != queue->tail)
		net_packet_put(queue->slots[queue->head++ % NET_QUEUE_LENGTH]);
	net_segmenter_end(&queue->batch);
	if (queue->ready)
		net_packet_put(queue->ready);
	queue->ready = NULL;
	port->pages_queued = 0;
}

void net_port_drain(struct net_port *port)
{
	unsigned int i;

	for (i = 0; i < port->queues_made; i++)
		drain_queue(port, &port->queues[i]);
}

void net_port_set_queues(struct net_port *port, unsigned int count)
{
	net_port_drain(port);
	port->queue_count =
		count < port->queues_made ? count : port->queues_made;
}

/* Pages that a port's queues may hold together, at this moment. */
static unsigned int page_limit(void)
{
	unsigned int free_pages = net_pages_free();
	unsigned int share = 0;

	if (free_pages > PAGES_ASIDE)
		share = (free_pages - PAGES_ASIDE) / PAGES_SHARE;
	if (share > PAGES_MAX)
		return PAGES_MAX;
	return share > PAGES_ALWAYS ? share : PAGES_ALWAYS;
}

static bool has_room(const struct net_port *port, const struct net_queue *queue,
		     const struct net_packet *packet)
{
	return queue->tail - queue->head < NET_QUEUE_LENGTH &&
	       port->pages_queued + packet->segment_count <= page_limit();
}

static void run_later(struct net_port *port)
{
	if (port->is_to_run)
		return;
	port->is_to_run = true;
	port->next_to_run = to_run;
	to_run = port;
}

void net_port_send(struct net_port *port, struct net_packet *packet)
{
	struct net_queue *queue =
		&port->queues[packet->flow % port->queue_count];

	if (!port->link_up || !has_room(port, queue, packet)) {
		port->counters.dropped++;
		return;
	}
	queue->slots[queue->tail++ % NET_QUEUE_LENGTH] = net_packet_get(packet);
	port->pages_queued += packet->segment_count;
	run_later(port);
}

void net_ports_run(void)
{
	while (to_run) {
		struct net_port *port = to_run;

		to_run = port->next_to_run;
		port->is_to_run = false;
		port->ops->start(port);
	}
}

/* Receiving --------------------------------------------------------------- */

void net_port_receive(struct net_port *port, struct net_packet *packet)
{
	struct net_headers headers;

	net_headers_read(packet, &headers);
	if (packet->bytes < NET_HEADER_SIZE ||
	    packet->segments[0].bytes < NET_HEADER_SIZE ||
	    !net_offload_check(packet, &headers) || !port->listener) {
		port->counters.refused++;
		net_packet_put(packet);
		return;
	}
	packet->flow = net_headers_flow(packet, &headers);
	port->counters.received_packets++;
	port->counters.received_bytes += packet->bytes;
	port->listener(port, packet);
}

void net_port_set_link(struct net_port *port, bool is_up)
{
	if (port->link_up == is_up)
		return;
	port->link_up = is_up;
	if (port->link_changed)
		port->link_changed(port);
}

/* Finishing packets ------------------------------------------------------- */

static bool must_cut(const struct net_port *port,
		     const struct net_packet *packet)
{
	if (packet->gso == NET_GSO_TCP4)
		return !port->offloads.tso4;
	return packet->gso == NET_GSO_TCP6 && !port->offloads.tso6;
}

static bool must_sum(const struct net_port *port,
		     const struct net_packet *packet)
{
	struct net_headers headers;

	if (!packet->checksum_blank || packet->gso != NET_GSO_NONE)
		return false;
	net_headers_read(packet, &headers);
	return headers.ethertype == NET_ETHERTYPE_IP4
		       ? !port->offloads.checksum4
		       : !port->offloads.checksum6;
}

/* One that may be changed: the same, or a copy. Takes over and gives. */
static struct net_packet *make_private(struct net_packet *packet)
{
	struct net_packet *copy = packet;

	if (net_packet_is_shared(packet)) {
		copy = net_packet_clone(packet);
		net_packet_put(packet);
	}
	return copy;
}

/* As the port can take it; NULL when it cannot be made so. */
static struct net_packet *finish(struct net_port *port,
				 struct net_packet *packet)
{
	if (packet->gso == NET_GSO_NONE &&
	    packet->bytes > port->offloads.packet_max) {
		net_packet_put(packet);
		return NULL;
	}
	if (packet->segment_count > port->offloads.segments_max) {
		struct net_packet *packed = net_packet_clone(packet);

		net_packet_put(packet);
		packet = packed;
	}
	if (packet && must_sum(port, packet)) {
		packet = make_private(packet);
		if (packet)
			net_checksum_fill(packet);
	}
	return packet;
}

static struct net_packet *pop(struct net_port *port, struct net_queue *queue)
{
	struct net_packet *packet;

	if (queue->head == queue->tail)
		return NULL;
	packet = queue->slots[queue->head++ % NET_QUEUE_LENGTH];
	port->pages_queued -= packet->segment_count;
	return packet;
}

static void make_ready(struct net_port *port, struct net_queue *queue)
{
	struct net_packet *packet;

	while (!queue->ready) {
		queue->ready = net_segmenter_next(&queue->batch);
		if (queue->ready)
			return;
		packet = pop(port, queue);
		if (!packet)
			return;
		if (must_cut(port, packet)) {
			net_segmenter_begin(&queue->batch, packet);
			continue;
		}
		queue->ready = finish(port, packet);
		if (!queue->ready)
			port->counters.dropped++;
	}
}

struct net_packet *net_port_peek(struct net_port *port, unsigned int number)
{
	struct net_queue *queue = &port->queues[number];

	make_ready(port, queue);
	return queue->ready;
}

struct net_packet *net_port_take(struct net_port *port, unsigned int number)
{
	struct net_queue *queue = &port->queues[number];
	struct net_packet *packet = net_port_peek(port, number);

	queue->ready = NULL;
	if (packet) {
		port->counters.sent_packets++;
		port->counters.sent_bytes += packet->bytes;
	}
	return packet;
}
