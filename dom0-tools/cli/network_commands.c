/* SPDX-License-Identifier: MIT */
/* The verbs of the network: cards, bridges and guests' cards. */
#include "cli/network_commands.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "backends/bridge.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "drivers/net_device.h"
#include "toolstack/device.h"
#include "toolstack/guest_vifs.h"
#include "toolstack/primitives.h"

#define DETACH_LIMIT_NS 10000000000ull

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
	cli_print("%u of %u pages in use\n", NET_POOL_PAGES - net_pages_free(),
		  NET_POOL_PAGES);
}

/* Cards of a guest -------------------------------------------------------- */

/* "-1" as other tools of this ABI print it: the guest has not said it yet. */
static void front_text(const struct tk_device_id *id, const char *key,
		       char text[12])
{
	uint32_t number;

	if (tk_device_front_number(id, key, &number))
		snprintf(text, 12, "%u", number);
	else
		strcpy(text, "-1");
}

static void list_vif(const struct tk_guest *guest, const struct tk_vif *vif)
{
	const struct tk_device_id id = tk_guest_vif_id(guest, vif);
	char path[TK_DEVICE_PATH_SIZE], mac[TK_MAC_TEXT_SIZE];
	char port[12], tx[12], rx[12];

	front_text(&id, "event-channel", port);
	if (!strcmp(port, "-1"))
		front_text(&id, "event-channel-tx", port);
	front_text(&id, "tx-ring-ref", tx);
	front_text(&id, "rx-ring-ref", rx);
	tk_device_back_path(&id, path);
	tk_mac_print(mac, vif->mac);
	cli_print("%-3u %-2u %-17s %6u %5u %6s %5s/%-11s %s\n", vif->handle, 0,
		  mac, vif->handle, tk_device_back_state(&id), port, tx, rx,
		  path);
}

void run_network_list(int count, char **words)
{
	const struct tk_guest *guest = cli_find_guest(words[1]);
	size_t i;

	(void)count;
	if (!guest)
		return;
	cli_print("%-3s %-2s %-17s %-6s %-5s %-6s %5s/%-11s %s\n", "Idx", "BE",
		  "Mac Addr.", "handle", "state", "evt-ch", "tx-",
		  "rx-ring-ref", "BE-path");
	for (i = 0; guest->has_domain && i < guest->config.n_vifs; i++)
		list_vif(guest, &guest->config.vifs[i]);
}

/* The words are joined again: a card may be written with blanks. */
void run_network_attach(int count, char **words)
{
	struct tk_guest *guest = cli_find_guest(words[1]);
	char spec[256] = "";
	struct tk_error err;
	struct tk_vif vif;
	int i;

	if (!guest)
		return;
	for (i = 2; i < count; i++)
		snprintf(spec + strlen(spec), sizeof(spec) - strlen(spec),
			 "%s%s", i > 2 ? "," : "", words[i]);
	if (tk_vif_parse(&vif, spec, &err))
		cli_print("error: vif: %s\n", err.text);
	else if (tk_guest_vif_attach(guest, &vif, &err))
		cli_print_error(&err);
}

/* NULL when the guest or the card is gone: events are handled meanwhile. */
static const struct tk_vif *find_again(const char *name, const char *which,
				       struct tk_guest **guest)
{
	*guest = tk_guests_find(name);
	return *guest && (*guest)->has_domain ? tk_guest_vif_find(*guest, which)
					      : NULL;
}

static void detach(const char *name, const char *which, bool force)
{
	uint64_t deadline = tk_clock_ns() + DETACH_LIMIT_NS;
	const struct tk_vif *vif;
	struct tk_guest *guest;

	while ((vif = find_again(name, which, &guest)) && !force &&
	       !tk_guest_vif_is_closed(guest, vif)) {
		if (cli_wait_until(deadline))
			continue;
		cli_print("error: %s: %s: the guest does not let go of it; "
			  "use --force\n",
			  name, which);
		return;
	}
	if (vif)
		tk_guest_vif_detach(guest, vif);
}

void run_network_detach(int count, char **words)
{
	struct tk_guest *guest = cli_find_guest(words[1]);
	bool force = count > 3 && !strcmp(words[3], "--force");
	const struct tk_vif *vif;
	struct tk_error err;
	char name[128];

	if (!guest)
		return;
	vif = tk_guest_vif_find(guest, words[2]);
	if (!vif) {
		cli_print("error: %s: no card %s\n", words[1], words[2]);
		return;
	}
	snprintf(name, sizeof(name), "%s", guest->config.name);
	if (tk_guest_vif_close(guest, vif, &err))
		cli_print_error(&err);
	else
		detach(name, words[2], force);
}
