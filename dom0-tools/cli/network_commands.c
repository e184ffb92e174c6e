/* SPDX-License-Identifier: MIT */
/* The verb `network`: all ports of all bridges. */
#include "backends/bridge.h"
#include "cli/commands.h"
#include "cli/groups.h"
#include "cli/result.h"
#include "drivers/net_device.h"
#include "toolstack/mac.h"

static void put_port(struct result *result, const struct net_port *port)
{
	const struct net_port_counters *counters = &port->counters;
	const struct bridge *bridge = port->bridge;
	char mac[TK_MAC_TEXT_SIZE];

	tk_mac_print(mac, port->mac);
	result_open_row(result);
	result_text(result, "name", port->name);
	result_text(result, "bridge", bridge ? bridge->name : NULL);
	result_text(result, "mac", mac);
	result_text(result, "link", port->link_up ? "up" : "down");
	result_number(result, "received", counters->received_packets);
	result_number(result, "sent", counters->sent_packets);
	result_number(result, "refused", counters->refused);
	result_number(result, "dropped", counters->dropped);
	result_number(result, "errors", counters->errors);
	result_close_row(result);
}

static int run_network(struct command_call *call)
{
	static const struct result_shape pool = {
		NULL, "{pages_used} of {pages} pages in use"
	};
	static const struct result_shape ports = {
		"Port         Bridge       Mac Addr.         Link   Received"
		"       Sent  Refused  Dropped Errors",
		"{name:-12} {bridge:-12|-} {mac} {link:-4} {received:10}"
		" {sent:10} {refused:8} {dropped:8} {errors:6}",
	};
	const struct net_port *port = NULL;
	struct result *result = result_begin(call->json);

	result_open_object(result, NULL, &pool);
	result_number(result, "pages_used", NET_POOL_PAGES - net_pages_free());
	result_number(result, "pages", NET_POOL_PAGES);
	result_open_list(result, "ports", &ports);
	while ((port = net_port_next(port)))
		put_port(result, port);
	result_close_list(result);
	result_close_object(result);
	return COMMAND_DONE;
}

const struct command network_commands[] = {
	{ .name = "network",
	  .arguments = "",
	  .help = "cards, guests' cards, and the bridges they are on",
	  .example = "network",
	  .reads = true,
	  .run = run_network },
	{ 0 },
};
