/* SPDX-License-Identifier: MIT */
/* Frames between the bridge and lwIP: port.h. */
#include "metrics/port.h"

#include <stdlib.h>
#include <string.h>

#include <lwip/dhcp.h>
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/sys.h>
#include <lwip/timeouts.h>
#include <public/errno.h>
#include <pvguest/time.h>

#include "backends/bridge.h"
#include "drivers/net_device.h"
#include "toolstack/vif.h"

#define NAME      "dom0"
#define MTU       1500u
#define TURN      64 /* frames, before others are served */
#define MS        1000000ull
#define OWNER     "Domain-0" /* no guest has this name */
#define FRAME_MAX (MTU + NET_HEADER_SIZE)

static struct netif netif;
static struct net_port port;
static struct pv_timer timer;
static void (*report)(const char *text);

u32_t sys_now(void)
{
	return (u32_t)(pv_time_ns() / MS);
}

static void receive(struct net_packet *packet)
{
	struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)packet->bytes, PBUF_POOL);
	struct pbuf *part;
	uint32_t at = 0;

	for (part = p; part; at += part->len, part = part->next)
		net_packet_read(packet, at, part->payload, part->len);
	net_packet_put(packet);
	if (p && netif.input(p, &netif) != ERR_OK)
		pbuf_free(p);
}

/* Starts nothing: the turn that this is part of ends with that. */
static err_t transmit(struct netif *to, struct pbuf *p)
{
	struct net_packet *packet = net_packet_sized(p->tot_len);
	uint32_t at = 0;

	(void)to;
	if (!packet)
		return ERR_MEM;
	for (; p; at += p->len, p = p->next)
		net_packet_write(packet, at, p->payload, p->len);
	net_port_receive(&port, packet);
	return ERR_OK;
}

static void turn(void *context)
{
	struct net_packet *packet;
	int left = TURN;

	(void)context;
	while (left-- > 0 && (packet = net_port_take(&port, 0)))
		receive(packet);
	sys_check_timeouts();
	net_ports_run();
	if (net_port_peek(&port, 0))
		pv_timer_start(&timer, 0);
	else
		pv_timer_start(&timer,
			       pv_time_ns() + sys_timeouts_sleeptime() * MS);
}

/* Inside another's turn. */
static void wake(struct net_port *ours)
{
	(void)ours;
	pv_timer_start(&timer, 0);
}

static bool wants(const struct net_port *ours, const uint8_t *mac)
{
	static const uint8_t broadcast[NET_MAC_SIZE] = { 0xff, 0xff, 0xff,
							 0xff, 0xff, 0xff };

	(void)ours;
	return memcmp(mac, broadcast, NET_MAC_SIZE) == 0;
}

static const struct net_port_ops ops = {
	.start = wake,
	.wants = wants,
};

static int join_bridge(void)
{
	struct bridge *bridge = bridge_get(TK_VIF_BRIDGE);
	struct tk_vif vif = { 0 };
	int rc;

	tk_vif_choose_mac(&vif, OWNER);
	memcpy(port.mac, vif.mac, sizeof(port.mac));
	strcpy(port.name, NAME);
	port.ops = &ops;
	port.queue_count = 1;
	port.offloads.segments_max = NET_SEGMENTS_MAX;
	port.offloads.packet_max = FRAME_MAX;
	rc = net_port_register(&port);
	if (rc)
		return rc;
	rc = bridge ? bridge_attach(bridge, &port) : -XEN_ENOMEM;
	if (rc)
		net_port_unregister(&port);
	else
		net_port_set_link(&port, true);
	return rc;
}

static err_t prepare(struct netif *new)
{
	memcpy(new->hwaddr, port.mac, ETH_HWADDR_LEN);
	new->hwaddr_len = ETH_HWADDR_LEN;
	new->mtu = MTU;
	new->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
		     NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
	new->output = etharp_output;
	new->linkoutput = transmit;
	return ERR_OK;
}

static void changed(struct netif *interface)
{
	const ip4_addr_t *address = netif_ip4_addr(interface);

	if (!ip4_addr_isany(address))
		report(ip4addr_ntoa(address));
}

static ip4_addr_t address_of(const uint8_t bytes[4])
{
	ip4_addr_t address;

	IP4_ADDR(&address, bytes[0], bytes[1], bytes[2], bytes[3]);
	return address;
}

/* The first turn, when the command line can show what is reported. */
static void first_turn(void *context)
{
	const struct metrics_settings *settings = context;

	timer.handler = turn;
	netif_set_up(&netif);
	if (settings->is_dhcp)
		dhcp_start(&netif);
	turn(NULL);
}

int metrics_port_start(const struct metrics_settings *settings,
		       void (*has_address)(const char *text))
{
	const ip4_addr_t address = address_of(settings->address);
	const ip4_addr_t mask = address_of(settings->mask);
	const ip4_addr_t gateway = address_of(settings->gateway);
	static struct metrics_settings kept;
	int rc = join_bridge();

	kept = *settings;
	if (rc)
		return rc;
	report = has_address;
	timer.handler = first_turn;
	timer.context = &kept;
	/* For the numbers that TCP and DHCP begin with. */
	srand((unsigned int)(pv_time_ns() ^ pv_wallclock_ns()));
	lwip_init();
	netif_add(&netif, &address, &mask, &gateway, NULL, prepare,
		  netif_input);
	netif_set_status_callback(&netif, changed);
	netif_set_default(&netif);
	pv_timer_start(&timer, 0);
	return 0;
}
