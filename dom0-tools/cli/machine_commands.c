/* SPDX-License-Identifier: MIT */
/* The verbs about the machine and its hypervisor. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/groups.h"
#include "cli/platform.h"
#include "cli/result.h"
#include "drivers/drivers.h"
#include "toolstack/hypercalls.h"

/* info -------------------------------------------------------------------- */

static void put_machine(struct result *result, const struct tk_host_info *info)
{
	char mhz[24];

	snprintf(mhz, sizeof(mhz), "%u.%03u", info->cpu_khz / 1000,
		 info->cpu_khz % 1000);
	result_number(result, "nr_cpus", info->cpus);
	result_text(result, "cpu_mhz", mhz);
	result_number(result, "total_memory", info->total_pages / 256);
	result_number(result, "free_memory", info->free_pages / 256);
	result_number(result, "free_pages", info->free_pages);
}

static void put_hypervisor(struct result *result,
			   const struct tk_host_info *info)
{
	char version[48];

	snprintf(version, sizeof(version), "%u.%u%s", info->version_major,
		 info->version_minor, info->version_extra);
	result_number(result, "xen_major", info->version_major);
	result_number(result, "xen_minor", info->version_minor);
	result_text(result, "xen_extra", info->version_extra);
	result_text(result, "xen_version", version);
	result_text(result, "xen_caps", info->capabilities);
	result_text(result, "xen_commandline", info->command_line);
}

static void put_holds(struct result *result)
{
	const struct platform_holds holds = platform_holds();

	result_number(result, "control_heap", holds.heap_bytes);
	result_number(result, "control_pages", holds.pages);
	result_number(result, "control_grants", holds.mapped_grants);
	result_number(result, "control_ports", holds.ports);
}

static int run_info(struct command_call *call)
{
	static struct tk_host_info info;
	static struct result result;
	int rc = tk_host_info(&info);

	if (rc)
		return call_fail_rc("asking the hypervisor", rc);
	result_begin(&result, call->json);
	result_open_object(&result, NULL, NULL);
	put_machine(&result, &info);
	put_hypervisor(&result, &info);
	put_holds(&result);
	result_close_object(&result);
	return COMMAND_DONE;
}

/* dmesg ------------------------------------------------------------------- */

static int run_dmesg(struct command_call *call)
{
	char buffer[1024];
	uint32_t index = 0;
	long size;

	(void)call;
	while ((size = tk_host_log(buffer, sizeof(buffer), &index)) > 0)
		cli_print_text(buffer, (size_t)size);
	return size < 0 ? call_fail_rc("reading the hypervisor's log", size)
			: COMMAND_DONE;
}

/* Others ------------------------------------------------------------------ */

static int run_pci(struct command_call *call)
{
	static const struct result_shape shape = { NULL, "{device}" };
	static struct result result;
	char text[96];
	size_t i;

	result_begin(&result, call->json);
	result_open_list(&result, NULL, &shape);
	for (i = 0; drivers_describe(i, text, sizeof(text)); i++) {
		result_open_row(&result);
		result_text(&result, "device", text);
		result_close_row(&result);
	}
	result_close_list(&result);
	return COMMAND_DONE;
}

static int run_poweroff(struct command_call *call)
{
	(void)call;
	return cli_end_machine(TK_HOST_POWEROFF);
}

int cli_end_machine(enum tk_host_end end)
{
	int rc = tk_host_shutdown(end);

	return rc ? call_fail_rc("ending the machine", rc) : COMMAND_DONE;
}

const struct command machine_commands[] = {
	{ .name = "info",
	  .arguments = "",
	  .help = "the machine and the hypervisor",
	  .example = "info",
	  .reads = true,
	  .run = run_info },
	{ .name = "dmesg",
	  .arguments = "",
	  .help = "the hypervisor's log",
	  .example = "dmesg",
	  .run = run_dmesg },
	{ .name = "pci",
	  .arguments = "",
	  .help = "the machine's devices and which driver has each",
	  .example = "pci",
	  .reads = true,
	  .run = run_pci },
	{ .name = "poweroff",
	  .arguments = "",
	  .help = "end everything and switch the machine off",
	  .example = "poweroff",
	  .run = run_poweroff },
	{ 0 },
};
