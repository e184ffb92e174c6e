/* SPDX-License-Identifier: MIT */
/* The verbs of the network: cards, bridges and guests' cards. */
#include "cli/network.h"

#include <stdio.h>

#include "backends/bridge.h"
#include "cli/cli.h"
#include "drivers/net_device.h"
#include "toolstack/mac.h"

static void print_port(const struct net_port *port)
{
	const struct bridge *bridge = port->bridge;
	const struct net_port_counters *counters = &port->counters;
	char mac[TK_MAC_TEXT_SIZE];

	tk_mac_print(mac, port->mac);
	cli_print("%-12s %-12s %s %-4s %10lu %10lu %8lu %8lu %6lu\n",
		  port->name, bridge ? bridge->name : "-", mac,
		  port->link_up ? "up" : "down",
		  (unsigned long)counters->received_packets,
		  (unsigned long)counters->sent_packets,
		  (unsigned long)counters->refused,
		  (unsigned long)counters->dropped,
		  (unsigned long)counters->errors);
}

void run_network(int count, char **words)
{
	const struct net_port *port = NULL;

	(void)count;
	(void)words;
	cli_print("%-12s %-12s %-17s %-4s %10s %10s %8s %8s %6s\n", "Port",
		  "Bridge", "Mac Addr.", "Link", "Received", "Sent", "Refused",
		  "Dropped", "Errors");
	while ((port = net_port_next(port)))
		print_port(port);
}
