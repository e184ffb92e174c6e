/* SPDX-License-Identifier: MIT */
/*
 * The control domain's start: files, console input, back ends, then the command
 * line.
 */
#include <stddef.h>
#include <stdio.h>

#include <pvguest/console.h>
#include <pvguest/newlib.h>
#include <pvguest/start.h>

#include "backends/blkback.h"
#include "backends/bridge.h"
#include "backends/netback.h"
#include "cli/cli.h"
#include "drivers/drivers.h"
#include "drivers/net_device.h"
#include "kernel/ramdisk.h"
#include "metrics/server.h"
#include "toolstack/vif.h"

int main(void);

/* The addresses that guests get here must not be those of another machine. */
static void salt_addresses(void)
{
	const struct net_port *card = net_port_next(NULL);

	if (card)
		tk_vif_set_salt(card->mac, sizeof(card->mac));
}

static void start_backends(void)
{
	static const struct backend_type *const types[] = {
		&blkback_type,
		&netback_type,
	};
	size_t i;

	salt_addresses();
	if (bridge_attach_cards())
		printf("bridges: not enough memory\n");
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (backend_register(types[i]))
			printf("backend %s: not enough memory\n",
			       types[i]->kind);
	}
}

/* The event only has to end the wait; the reader then looks for input. */
static void input_arrived(void *context)
{
	(void)context;
}

int main(void)
{
	pv_console_on_input(input_arrived, NULL);
	ramdisk_init();
	pv_files_register(ramdisk_open);
	drivers_start();
	start_backends();
	metrics_start((const char *)pv_start_info->cmd_line);
	return cli_main() ? 0 : 1;
}
