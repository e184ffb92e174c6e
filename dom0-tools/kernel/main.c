/* SPDX-License-Identifier: MIT */
/*
 * The control domain's start: files, console input, then the command line.
 */
#include <stddef.h>
#include <stdio.h>

#include <pvguest/console.h>
#include <pvguest/newlib.h>

#include "backends/netback.h"
#include "cli/cli.h"
#include "drivers/drivers.h"
#include "kernel/ramdisk.h"

int main(void);

static void start_backends(void)
{
	if (netback_init())
		printf("network back end: not enough memory\n");
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
	return cli_main() ? 0 : 1;
}
