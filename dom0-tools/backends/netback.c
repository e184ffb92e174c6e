/* SPDX-License-Identifier: MIT */
/*
 * Guests' network cards: their keys in xenstore, rings and event channels,
 * and their ports on a bridge. What goes through the rings:
 * netback_transmit.c and netback_receive.c.
 *
 * Owns: struct netback. Its port exists from create() to destroy(), so that
 * its address is taken; its link is up while a front end is connected.
 * A card that breaks the protocol is marked in the middle of work and let go
 * of at the end of a handler of its own.
 */
#include "backends/netback.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <public/errno.h>
#include <pvguest/event.h>
#include <pvguest/time.h>
#include <pvguest/xenbus.h>

#include "backends/bridge.h"
#include "backends/netback_queue.h"
#include "toolstack/mac.h"

#define QUEUES         4u
#define TEXT_SIZE      64
#define DEFAULT_BRIDGE BRIDGE_PREFIX "0"
#define RATE_MAX       (1ull << 40) /* bytes a second */
#define TX_SLOT_SIZE   12u
#define RX_SLOT_SIZE   8u

struct netback {
	struct backend_device device; /* first */
	struct netback_card card;
	struct pv_ring_pages tx_pages[QUEUES], rx_pages[QUEUES];
	struct pv_timer timer; /* the end of waiting for the limit */
};

static struct netback *netback_of(struct netback_card *card)
{
	return (struct netback *)((char *)card -
				  offsetof(struct netback, card));
}

/* Turns ------------------------------------------------------------------- */

/* The last thing that a handler does. */
static void finish_turn(struct netback_queue *queue)
{
	struct netback *netback = netback_of(queue->card);

	net_ports_run();
	if (queue->card->broken)
		backend_fail(&netback->device,
			     "the front end broke the rules: "
			     "%s",
			     queue->card->broken);
}

static void transmit(struct netback_queue *queue)
{
	struct netback *netback = netback_of(queue->card);
	uint64_t now = pv_time_ns(), when;

	switch (netback_transmit(queue, now, &when)) {
	case NETBACK_BUSY:
		pv_event_again(queue->tx_event);
		break;
	case NETBACK_LIMITED:
		pv_timer_start(&netback->timer, when);
		break;
	case NETBACK_IDLE:
		break;
	}
}

static void tx_event(uint32_t port, void *context)
{
	(void)port;
	transmit(context);
	finish_turn(context);
}

static void rx_event(uint32_t port, void *context)
{
	(void)port;
	netback_receive(context);
	finish_turn(context);
}

static void event(uint32_t port, void *context)
{
	(void)port;
	transmit(context);
	netback_receive(context);
	finish_turn(context);
}

static void limit_over(void *context)
{
	struct netback *netback = context;
	unsigned int i;

	for (i = 0; i < netback->card.queue_count; i++)
		pv_event_again(netback->card.queues[i].tx_event);
}

/* Inside another's turn: if this breaks the card, its own handler ends it. */
static void start(struct net_port *port)
{
	struct netback_card *card = port->driver;
	unsigned int i;

	for (i = 0; i < card->queue_count; i++)
		netback_receive(&card->queues[i]);
	if (card->broken && card->queue_count > 0)
		pv_event_again(card->queues[0].rx_event);
}

/* For front ends that want to know whether there is a way out. */
static void uplink_changed(struct net_port *port, bool is_up)
{
	struct pv_keys *own = &netback_of(port->driver)->device.own;
	uint32_t state;

	/* Not in a directory that has been removed: that would make it anew. */
	if (!pv_keys_number(own, "state", &state))
		pv_keys_put(own, "carrier", is_up);
}

static const struct net_port_ops port_ops = {
	.start = start,
	.wants = netback_wants,
	.uplink_changed = uplink_changed,
};

/* Creation ---------------------------------------------------------------- */

static const struct pv_key_value features[] = {
	{ "feature-sg", 1 },
	{ "feature-gso-tcpv4", 1 },
	{ "feature-gso-tcpv6", 1 },
	{ "feature-ipv6-csum-offload", 1 },
	{ "feature-rx-copy", 1 },
	{ "feature-rx-flip", 0 },
	{ "feature-multicast-control", 1 },
	{ "feature-split-event-channels", 1 },
	{ "multi-queue-max-queues", QUEUES },
};

static int read_mac(struct netback *netback)
{
	struct pv_keys *own = &netback->device.own;
	char text[TEXT_SIZE];

	if (own->read(own->context, "mac", text, sizeof(text)) < 0 ||
	    !tk_mac_parse(text, netback->card.port.mac)) {
		backend_say(&netback->device, "mac: six bytes in hexadecimal");
		return -XEN_EINVAL;
	}
	return 0;
}

/* "rate" is BYTES,MICROSECONDS. Without it there is no limit. */
static int read_rate(struct netback *netback)
{
	struct pv_keys *own = &netback->device.own;
	unsigned long long bytes, us;
	char text[TEXT_SIZE];

	token_bucket_init(&netback->card.limit, 0, 0, 0);
	if (own->read(own->context, "rate", text, sizeof(text)) < 0)
		return 0;
	if (sscanf(text, "%llu,%llu", &bytes, &us) != 2 || us == 0 ||
	    us > 1000000 || bytes == 0 || bytes > RATE_MAX / 1000000 * us) {
		backend_say(&netback->device,
			    "rate: BYTES,MICROSECONDS, up to one second");
		return -XEN_EINVAL;
	}
	token_bucket_init(&netback->card.limit, bytes * 1000000 / us, us,
			  pv_time_ns());
	return 0;
}

static void name_port(struct netback *netback)
{
	struct pv_keys *own = &netback->device.own;
	char *name = netback->card.port.name;
	size_t size = sizeof(netback->card.port.name);

	if (own->read(own->context, "vifname", name, size) <= 0)
		snprintf(name, size, "vif%u.%u", netback->device.domid,
			 netback->device.handle);
}

static struct bridge *find_bridge(struct netback *netback)
{
	struct pv_keys *own = &netback->device.own;
	char name[BRIDGE_NAME_SIZE];
	int rc = own->read(own->context, "bridge", name, sizeof(name));
	struct bridge *bridge = NULL;

	if (rc != -XEN_E2BIG)
		bridge = bridge_get(rc > 0 ? name : DEFAULT_BRIDGE);
	if (!bridge)
		backend_say(&netback->device,
			    "bridge: name too long, or no memory");
	return bridge;
}

static int attach(struct netback *netback)
{
	struct net_port *port = &netback->card.port;
	struct bridge *bridge = find_bridge(netback);
	int rc;

	if (!bridge)
		return -XEN_ENOMEM;
	rc = bridge_attach(bridge, port);
	if (rc == -XEN_EEXIST)
		backend_say(&netback->device,
			    "another guest on bridge %s has this mac",
			    bridge->name);
	else if (rc == -XEN_EINVAL)
		backend_say(&netback->device, "mac: not of a single card");
	else if (rc)
		backend_say(&netback->device, "bridge %s is full",
			    bridge->name);
	else
		uplink_changed(port, bridge_uplink(bridge));
	return rc;
}

static int make_port(struct netback *netback)
{
	struct net_port *port = &netback->card.port;
	int rc;

	name_port(netback);
	port->ops = &port_ops;
	port->driver = &netback->card;
	port->queue_count = QUEUES;
	port->offloads.segments_max = NET_SEGMENTS_MAX;
	port->offloads.packet_max = NET_PACKET_MAX;
	rc = net_port_register(port);
	if (rc) {
		backend_say(&netback->device, "not enough memory");
		return rc;
	}
	rc = attach(netback);
	if (rc)
		net_port_unregister(port);
	return rc;
}

static int create(struct backend_device *device)
{
	struct netback *netback = (struct netback *)device;
	int rc;

	netback->card.domid = device->domid;
	netback->timer.handler = limit_over;
	netback->timer.context = netback;
	rc = read_mac(netback);
	if (!rc)
		rc = read_rate(netback);
	if (!rc)
		rc = pv_keys_put_all(&device->own, features,
				     sizeof(features) / sizeof(features[0]));
	return rc ? rc : make_port(netback);
}

static void destroy(struct backend_device *device)
{
	struct netback *netback = (struct netback *)device;

	bridge_detach(&netback->card.port);
	net_port_unregister(&netback->card.port);
}

/* Connection -------------------------------------------------------------- */

static void read_features(struct netback *netback)
{
	struct netback_card *card = &netback->card;
	struct net_offloads *offloads = &card->port.offloads;
	const struct pv_keys *front = &netback->device.front;
	bool has_sg = pv_keys_flag(front, "feature-sg");

	offloads->tso4 = has_sg && pv_keys_flag(front, "feature-gso-tcpv4");
	offloads->tso6 = has_sg && pv_keys_flag(front, "feature-gso-tcpv6");
	offloads->checksum4 = !pv_keys_flag(front, "feature-no-csum-offload");
	offloads->checksum6 = pv_keys_flag(front, "feature-ipv6-csum-offload");
	offloads->packet_max = has_sg ? NET_PACKET_MAX : NET_PAGE_SIZE;
	card->filters_multicast =
		pv_keys_flag(front, "request-multicast-control");
	card->multicast_count = 0;
}

static int bind_event(struct netback *netback, unsigned int queue,
		      const char *name, pv_event_handler *handler)
{
	struct netback_card *card = &netback->card;

	return pv_queue_port_bind(&netback->device.front, card->domid, queue,
				  card->queue_count, name, handler,
				  &card->queues[queue]);
}

/* Two channels, or one for both directions. */
static int bind_events(struct netback *netback, unsigned int number)
{
	struct netback_queue *queue = &netback->card.queues[number];
	int rc = bind_event(netback, number, "event-channel-tx", tx_event);

	if (rc == -XEN_ENOENT) {
		rc = bind_event(netback, number, "event-channel", event);
		if (rc < 0)
			return rc;
		queue->tx_event = queue->rx_event = (uint32_t)rc;
		return 0;
	}
	if (rc < 0)
		return rc;
	queue->tx_event = (uint32_t)rc;
	rc = bind_event(netback, number, "event-channel-rx", rx_event);
	if (rc < 0)
		return rc;
	queue->rx_event = (uint32_t)rc;
	return 0;
}

static int map_ring(struct netback *netback, unsigned int number,
		    const char *name, struct pv_ring_pages *pages,
		    struct pv_ring *ring, size_t slot_size)
{
	int rc = pv_ring_pages_map(pages, &netback->device.front,
				   netback->card.domid, number,
				   netback->card.queue_count, name, 0);

	if (rc)
		return rc;
	return pv_back_ring_attach(ring, pages->va, NET_PAGE_SIZE, slot_size);
}

static int connect_queue(struct netback *netback, unsigned int number)
{
	struct netback_queue *queue = &netback->card.queues[number];
	int rc;

	memset(queue, 0, sizeof(*queue));
	queue->card = &netback->card;
	queue->number = number;
	rc = map_ring(netback, number, "tx-ring-ref",
		      &netback->tx_pages[number], &queue->tx, TX_SLOT_SIZE);
	if (!rc)
		rc = map_ring(netback, number, "rx-ring-ref",
			      &netback->rx_pages[number], &queue->rx,
			      RX_SLOT_SIZE);
	return rc ? rc : bind_events(netback, number);
}

static void disconnect_queue(struct netback *netback, unsigned int number)
{
	struct netback_queue *queue = &netback->card.queues[number];

	if (queue->tx_event)
		pv_event_close(queue->tx_event);
	if (queue->rx_event && queue->rx_event != queue->tx_event)
		pv_event_close(queue->rx_event);
	queue->tx_event = queue->rx_event = 0;
	pv_ring_pages_unmap(&netback->tx_pages[number]);
	pv_ring_pages_unmap(&netback->rx_pages[number]);
}

static void release(struct netback *netback)
{
	struct netback_card *card = &netback->card;

	net_port_set_link(&card->port, false);
	pv_timer_stop(&netback->timer);
	while (card->queue_count > 0)
		disconnect_queue(netback, --card->queue_count);
	net_port_drain(&card->port);
	card->broken = NULL;
}

/* Packets may wait in the rings since before we were bound. */
static void kick(struct netback_card *card)
{
	unsigned int i;

	for (i = 0; i < card->queue_count; i++)
		pv_event_again(card->queues[i].tx_event);
}

static int connect(struct backend_device *device)
{
	struct netback *netback = (struct netback *)device;
	struct netback_card *card = &netback->card;
	uint32_t queues, i;
	int rc = pv_queues_read(&device->front, QUEUES, &queues);

	if (!rc && !pv_keys_flag(&device->front, "request-rx-copy"))
		rc = -XEN_EOPNOTSUPP;
	if (rc) {
		backend_say(device, "queues or request-rx-copy: %d", rc);
		return rc;
	}
	read_features(netback);
	card->queue_count = queues;
	memset(card->queues, 0, sizeof(card->queues));
	for (i = 0; i < queues && !rc; i++)
		rc = connect_queue(netback, i);
	if (rc) {
		backend_say(device, "rings of queue %u: %d", i - 1, rc);
		release(netback);
		return rc;
	}
	net_port_set_queues(&card->port, queues);
	net_port_set_link(&card->port, true);
	kick(card);
	return 0;
}

static void disconnect(struct backend_device *device)
{
	release((struct netback *)device);
	backend_disconnected(device);
}

const struct backend_type netback_type = {
	.kind = "vif",
	.device_size = sizeof(struct netback),
	.create = create,
	.destroy = destroy,
	.connect = connect,
	.disconnect = disconnect,
};
