/* SPDX-License-Identifier: MIT */
/* The verbs about the machine and its hypervisor. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define __XEN_TOOLS__ 1
#include <public/sysctl.h>

#include "cli/autostart.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/groups.h"
#include "cli/platform.h"
#include "cli/result.h"
#include "toolstack/hypercalls.h"
#include "toolstack/primitives.h"

/* info -------------------------------------------------------------------- */

static void put_cpus(struct result *result, const struct tk_host_info *info)
{
	char text[80];

	result_number(result, "nr_cpus", info->cpus);
	result_number(result, "max_cpu_id", info->max_cpu_id);
	result_number(result, "nr_nodes", info->nodes);
	result_number(result, "cores_per_socket", info->cores_per_socket);
	result_number(result, "threads_per_core", info->threads_per_core);
	snprintf(text, sizeof(text), "%u.%03u", info->cpu_khz / 1000,
		 info->cpu_khz % 1000);
	result_text(result, "cpu_mhz", text);
	snprintf(text, sizeof(text), "%08x:%08x:%08x:%08x:%08x:%08x:%08x:%08x",
		 info->features[0], info->features[1], info->features[2],
		 info->features[3], info->features[4], info->features[5],
		 info->features[6], info->features[7]);
	result_text(result, "hw_caps", text);
}

/* What the machine could do for guests, in xl's words. */
static void put_abilities(struct result *result, uint32_t abilities)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = {
		{ XEN_SYSCTL_PHYSCAP_pv, "pv" },
		{ XEN_SYSCTL_PHYSCAP_hvm, "hvm" },
		{ XEN_SYSCTL_PHYSCAP_directio, "pv_directio" },
		{ XEN_SYSCTL_PHYSCAP_hap, "hap" },
		{ XEN_SYSCTL_PHYSCAP_shadow, "shadow" },
		{ XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share, "iommu_hap_pt_share" },
		{ XEN_SYSCTL_PHYSCAP_vmtrace, "vmtrace" },
		{ XEN_SYSCTL_PHYSCAP_vpmu, "vpmu" },
		{ XEN_SYSCTL_PHYSCAP_gnttab_v1, "gnttab-v1" },
		{ XEN_SYSCTL_PHYSCAP_gnttab_v2, "gnttab-v2" },
	};
	char text[128] = "";
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t length = strlen(text);

		if (abilities & names[i].bit)
			snprintf(text + length, sizeof(text) - length, "%s%s",
				 length ? " " : "", names[i].name);
	}
	result_text(result, "virt_caps", text);
}

static void put_memory(struct result *result, const struct tk_host_info *info)
{
	result_number(result, "total_memory", info->total_pages / 256);
	result_number(result, "free_memory", info->free_pages / 256);
	result_number(result, "free_pages", info->free_pages);
	result_number(result, "outstanding_claims", info->claimed_pages / 256);
}

static const char *scheduler_name(unsigned int id)
{
	static const char *const names[] = { [5] = "credit",
					     [6] = "credit2",
					     [7] = "arinc653",
					     [8] = "rtds",
					     [9] = "null" };

	return id < sizeof(names) / sizeof(names[0]) ? names[id] : NULL;
}

static void put_version(struct result *result, const struct tk_host_info *info)
{
	char text[48];

	result_number(result, "xen_major", info->version_major);
	result_number(result, "xen_minor", info->version_minor);
	result_text(result, "xen_extra", info->version_extra);
	snprintf(text, sizeof(text), "%u.%u%s", info->version_major,
		 info->version_minor, info->version_extra);
	result_text(result, "xen_version", text);
	result_text(result, "xen_caps", info->capabilities);
	result_text(result, "xen_scheduler",
		    scheduler_name(info->scheduler_id));
	result_number(result, "xen_pagesize", info->page_size);
	snprintf(text, sizeof(text), "virt_start=0x%lx",
		 (unsigned long)info->virt_start);
	result_text(result, "platform_params", text);
	result_text(result, "xen_changeset", info->changeset);
	result_text(result, "xen_commandline", info->command_line);
}

static void put_compiler(struct result *result, const struct tk_host_info *info)
{
	result_text(result, "cc_compiler", info->compiler);
	result_text(result, "cc_compile_by", info->compiled_by);
	result_text(result, "cc_compile_domain", info->compile_domain);
	result_text(result, "cc_compile_date", info->compile_date);
	result_number(result, "xend_config_format", 4);
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
	struct result *result;
	int rc = tk_host_info(&info);

	if (rc)
		return call_fail_rc("asking the hypervisor", rc);
	result = result_begin(call->json);
	result->only = call->count ? call->words[0] : NULL;
	result_open_object(result, NULL, NULL);
	result_text(result, "machine", "x86_64");
	put_cpus(result, &info);
	put_abilities(result, info.abilities);
	put_memory(result, &info);
	put_version(result, &info);
	put_compiler(result, &info);
	put_holds(result);
	result_close_object(result);
	return COMMAND_DONE;
}

/* dmesg ------------------------------------------------------------------- */

static const struct command_option dmesg_options[] = {
	{ 'c', "clear", NULL },
	{ 'f', "follow", NULL },
	{ 0 },
};

#define DMESG_PERIOD_NS 200000000ull

static long show_log(uint32_t *index)
{
	char buffer[1024];
	long size;

	while ((size = tk_host_log(buffer, sizeof(buffer), index)) > 0)
		cli_print_text(buffer, (size_t)size);
	return size;
}

static int run_dmesg(struct command_call *call)
{
	uint32_t index = 0;
	long rc = show_log(&index);

	if (!rc && call_has(call, 'c'))
		rc = tk_host_log_clear(index);
	while (!rc && call_has(call, 'f') && !cli_interrupted()) {
		cli_wait_until(tk_clock_ns() + DMESG_PERIOD_NS);
		rc = show_log(&index);
	}
	return rc ? call_fail_rc("reading the hypervisor's log", rc)
		  : COMMAND_DONE;
}

static int run_debug_keys(struct command_call *call)
{
	int rc = tk_host_debug_keys(call->words[0]);

	return rc ? call_fail_rc("sending keys to the hypervisor", rc)
		  : COMMAND_DONE;
}

/* Its end ----------------------------------------------------------------- */

#define OPTION_NOW OPTION_LONG(0)

static const struct command_option poweroff_options[] = {
	{ OPTION_NOW, "now", NULL },
	{ 0 },
};

static int run_poweroff(struct command_call *call)
{
	return cli_end_machine(TK_HOST_POWEROFF, call_has(call, OPTION_NOW));
}

int cli_end_machine(enum tk_host_end end, bool now)
{
	const char *other = platform_not_our_machine();
	int rc;

	if (other)
		return call_fail("that ends the whole machine: %s", other);
	if (!now && !cli_autostop())
		return COMMAND_FAILED;
	rc = tk_host_shutdown(end);

	return rc ? call_fail_rc("ending the machine", rc) : COMMAND_DONE;
}

const struct command machine_commands[] = {
	{ .name = "info",
	  .arguments = "[FIELD]",
	  .help = "the machine and the hypervisor, or one field of it alone",
	  .example = "info free_memory",
	  .max_words = 1,
	  .reads = true,
	  .run = run_info },
	{ .name = "dmesg",
	  .arguments = "[-c] [-f]",
	  .help = "the hypervisor's log; -c clear it, -f follow until Ctrl-C",
	  .example = "dmesg",
	  .options = dmesg_options,
	  .run = run_dmesg },
	{ .name = "debug-keys",
	  .arguments = "KEYS",
	  .help = "keys as if typed at the hypervisor's own console",
	  .example = "debug-keys h",
	  .min_words = 1,
	  .max_words = 1,
	  .run = run_debug_keys },
	{ .name = "poweroff",
	  .arguments = "[--now]",
	  .help = "stop guests of /guests/auto, end all and switch off",
	  .example = "poweroff",
	  .options = poweroff_options,
	  .run = run_poweroff },
	{ 0 },
};
