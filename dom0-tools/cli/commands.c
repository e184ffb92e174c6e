/* SPDX-License-Identifier: MIT */
/*
 * The verbs; see commands.h for how to add one. Every handler says its result
 * or one line that begins with "error:".
 */
#include "cli/commands.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/block_commands.h"
#include "cli/cli.h"
#include "cli/disk_commands.h"
#include "cli/network_commands.h"
#include "cli/platform.h"
#include "cli/vcpu_commands.h"
#include "drivers/drivers.h"
#include "toolstack/domain_config.h"
#include "toolstack/guests.h"
#include "toolstack/hypercalls.h"
#include "xenstore/local.h"

#define CONTROL(letter) ((letter)&0x1f)

const struct command *command_find(const char *name)
{
	const struct command *command;

	for (command = commands; command->name; command++) {
		if (!strcmp(command->name, name))
			return command;
	}
	return NULL;
}

static void run_help(int count, char **words)
{
	const struct command *command;
	char usage[48];

	if (count > 1 && !command_find(words[1])) {
		cli_print("error: no command %s\n", words[1]);
		return;
	}
	for (command = commands; command->name; command++) {
		if (count > 1 && strcmp(command->name, words[1]) != 0)
			continue;
		snprintf(usage, sizeof(usage), "%s %s", command->name,
			 command->arguments);
		cli_print("%-26s %s\n", usage, command->help);
	}
}

struct tk_guest *cli_find_guest(const char *name)
{
	struct tk_guest *guest = tk_guests_find(name);

	if (!guest)
		cli_print("error: no guest %s\n", name);
	return guest;
}

void cli_print_error(const struct tk_error *err)
{
	cli_print("error: %s\n", err->text);
}

/* Machine ----------------------------------------------------------------- */

static void print_holds(void)
{
	const struct platform_holds holds = platform_holds();

	cli_print("%-23s: %lu\n", "control_heap",
		  (unsigned long)holds.heap_bytes);
	cli_print("%-23s: %lu\n", "control_pages", (unsigned long)holds.pages);
	cli_print("%-23s: %lu\n", "control_grants",
		  (unsigned long)holds.mapped_grants);
	cli_print("%-23s: %u\n", "control_ports", holds.ports);
}

static void run_info(int count, char **words)
{
	struct tk_host_info info;
	int rc = tk_host_info(&info);

	(void)count;
	(void)words;
	if (rc) {
		cli_print("error: asking the hypervisor: %s (%d)\n",
			  tk_errno_text(rc), rc);
		return;
	}
	cli_print("%-23s: %u\n", "nr_cpus", info.cpus);
	cli_print("%-23s: %u.%03u\n", "cpu_mhz", info.cpu_khz / 1000,
		  info.cpu_khz % 1000);
	cli_print("%-23s: %lu\n", "total_memory",
		  (unsigned long)(info.total_pages / 256));
	cli_print("%-23s: %lu\n", "free_memory",
		  (unsigned long)(info.free_pages / 256));
	cli_print("%-23s: %lu\n", "free_pages", (unsigned long)info.free_pages);
	cli_print("%-23s: %u\n", "xen_major", info.version_major);
	cli_print("%-23s: %u\n", "xen_minor", info.version_minor);
	cli_print("%-23s: %s\n", "xen_extra", info.version_extra);
	cli_print("%-23s: %u.%u%s\n", "xen_version", info.version_major,
		  info.version_minor, info.version_extra);
	cli_print("%-23s: %s\n", "xen_caps", info.capabilities);
	cli_print("%-23s: %s\n", "xen_commandline", info.command_line);
	print_holds();
}

static void run_dmesg(int count, char **words)
{
	char buffer[1024];
	uint32_t index = 0;
	long size;

	(void)count;
	(void)words;
	while ((size = tk_host_log(buffer, sizeof(buffer), &index)) > 0)
		cli_print_text(buffer, (size_t)size);
	if (size < 0)
		cli_print("error: reading the hypervisor's log: %s (%ld)\n",
			  tk_errno_text(size), size);
}

static void run_pci(int count, char **words)
{
	char text[96];
	size_t i;

	(void)count;
	(void)words;
	for (i = 0; drivers_describe(i, text, sizeof(text)); i++)
		cli_print("%s\n", text);
}

static void end_machine(enum tk_host_end end)
{
	int rc = tk_host_shutdown(end);

	if (rc)
		cli_print("error: ending the machine: %s (%d)\n",
			  tk_errno_text(rc), rc);
}

static void run_poweroff(int count, char **words)
{
	(void)count;
	(void)words;
	end_machine(TK_HOST_POWEROFF);
}

/* Files ------------------------------------------------------------------- */

static int find_file(const char *path, const void **data, size_t *size)
{
	if (!cli_find_file(path, data, size))
		return 0;
	cli_print("error: %s: no such file\n", path);
	return -1;
}

static void run_cat(int count, char **words)
{
	const void *data;
	size_t size;

	(void)count;
	if (find_file(words[1], &data, &size))
		return;
	cli_print_text(data, size);
	if (size && ((const char *)data)[size - 1] != '\n')
		cli_print("\n");
}

/* A file, or what lies below a folder: paths that go on after a slash. */
static bool is_listed(const char *path, const char *wanted)
{
	size_t length = strlen(wanted);

	while (length > 1 && wanted[length - 1] == '/')
		length--;
	if (strncmp(path, wanted, length) != 0)
		return false;
	return length == 1 || path[length] == '/' || !path[length];
}

static void run_ls(int count, char **words)
{
	const char *wanted = count > 1 ? words[1] : "/";
	size_t i, size, found = 0;
	const char *path;

	for (i = 0; (path = platform_file_at(i, &size)); i++) {
		if (!is_listed(path, wanted))
			continue;
		cli_print("%10lu %s\n", (unsigned long)size, path);
		found++;
	}
	if (!found)
		cli_print("error: %s: no such file\n", wanted);
}

/* Guests ------------------------------------------------------------------ */

/* As other tools of this ABI print it, for scripts that know that. */
static void state_text(const struct tk_domain_info *info, char text[7])
{
	static const char reasons[] = "-rscwS";

	memcpy(text, "------", 7);
	if (info->is_running)
		text[0] = 'r';
	if (info->is_blocked)
		text[1] = 'b';
	if (info->is_paused)
		text[2] = 'p';
	if (info->is_shutdown) {
		text[3] = 's';
		text[4] = info->shutdown_reason < sizeof(reasons) - 1
				  ? reasons[info->shutdown_reason]
				  : '?';
	}
	if (info->is_dying)
		text[5] = 'd';
}

const char *command_domain_name(uint16_t domid)
{
	const struct tk_guest *guest = tk_guests_find_domid(domid);

	if (guest)
		return guest->config.name;
	return domid == TK_DOMID_CONTROL ? "Domain-0" : "(null)";
}

static void list_domain(const struct tk_domain_info *info)
{
	const struct tk_guest *guest = tk_guests_find_domid(info->domid);
	char state[7];

	state_text(info, state);
	cli_print("%-40s %5u %5lu %5u     %s  %6lu.%lu",
		  command_domain_name(info->domid), info->domid,
		  (unsigned long)(info->pages / 256), info->vcpus, state,
		  (unsigned long)(info->cpu_time_ns / 1000000000),
		  (unsigned long)(info->cpu_time_ns / 100000000 % 10));
	if (guest && guest->has_ended)
		cli_print("  %s", guest->end_reason);
	cli_print("\n");
}

static void run_list(int count, char **words)
{
	const struct tk_guest *only = NULL;
	struct tk_domain_info info;
	uint16_t next = 0;

	if (count > 1) {
		only = cli_find_guest(words[1]);
		if (!only)
			return;
	}
	cli_print("%-40s %5s %5s %5s\t%s\t%s\n", "Name", "ID", "Mem", "VCPUs",
		  "State", "Time(s)");
	while (next < TK_DOMID_FIRST_RESERVED &&
	       !tk_domain_info_next(next, &info)) {
		if (!only || (only->has_domain && only->domid == info.domid))
			list_domain(&info);
		next = info.domid + 1;
	}
}

static void view_text(void *context, const char *text, size_t size)
{
	(void)context;
	platform_write(text, size);
}

/* Passes typed bytes on; true when Ctrl-] was among them. */
static bool type_into(struct tk_guest *guest)
{
	char text[64];
	size_t size = 0;
	int byte;

	while ((byte = cli_input()) >= 0 && byte != CONTROL(']')) {
		text[size++] = (char)byte;
		if (size < sizeof(text))
			continue;
		tk_console_type(&guest->console, text, size);
		size = 0;
	}
	if (size)
		tk_console_type(&guest->console, text, size);
	return byte == CONTROL(']');
}

static void stop_viewing(void)
{
	struct tk_guest *guest = NULL;

	while ((guest = tk_guests_next(guest)))
		tk_console_view(&guest->console, NULL, NULL);
}

/*
 * Until the guest ends or the user leaves. The guest is looked up again
 * after each wait: it may have been renamed, or replaced by a new one.
 */
static void attach_console(struct tk_guest *guest)
{
	char name[128];
	struct tk_guest *now = guest;
	bool left = false;

	snprintf(name, sizeof(name), "%s", guest->config.name);
	tk_console_view(&guest->console, view_text, NULL);
	while (!left && now == guest && !guest->has_ended) {
		cli_wait();
		now = tk_guests_find(name);
		if (now == guest)
			left = type_into(guest);
	}
	stop_viewing();
	if (now && now->has_ended)
		cli_print("\n[%s ended: %s]\n", name, now->end_reason);
	else
		cli_print("\n[left the console of %s]\n", name);
}

static void view_text_and_end(void *context, const char *text, size_t size)
{
	*(char *)context = text[size - 1];
	platform_write(text, size);
}

/* The prompt that follows gets a line of its own. */
static void show_history(const struct tk_guest *guest)
{
	char last = '\n';

	tk_console_replay(&guest->console, view_text_and_end, &last);
	if (last != '\n')
		cli_print("\n");
}

static void run_console(int count, char **words)
{
	bool history = !strcmp(words[1], "--history");
	struct tk_guest *guest;

	if (count - 1 != (history ? 2 : 1)) {
		cli_print("error: usage: console [--history] NAME\n");
		return;
	}
	guest = cli_find_guest(words[count - 1]);
	if (!guest)
		return;
	if (history)
		show_history(guest);
	else
		attach_console(guest);
}

/* Reads and checks the file; the result belongs to the caller. */
static int read_config(const char *path, struct tk_domain_config *config)
{
	struct tk_error err;
	const void *data;
	size_t size;

	if (find_file(path, &data, &size))
		return -1;
	if (!tk_domain_config_parse(config, path, data, size, &err))
		return 0;
	cli_print_error(&err);
	return -1;
}

static void run_create(int count, char **words)
{
	bool console = false, paused = false;
	const char *path = NULL;
	struct tk_domain_config config;
	struct tk_guest *guest;
	struct tk_error err;
	int i;

	for (i = 1; i < count; i++) {
		if (!strcmp(words[i], "-c"))
			console = true;
		else if (!strcmp(words[i], "-p"))
			paused = true;
		else if (words[i][0] != '-' && !path)
			path = words[i];
		else
			path = "";
	}
	if (!path || !*path) {
		cli_print("error: usage: create FILE [-c] [-p]\n");
		return;
	}
	if (read_config(path, &config))
		return;
	guest = tk_guests_create(&config, paused, &err);
	if (!guest)
		cli_print_error(&err);
	else if (console)
		attach_console(guest);
}

static void change_guest(const char *name, int (*change)(struct tk_guest *guest,
							 struct tk_error *err))
{
	struct tk_guest *guest = cli_find_guest(name);
	struct tk_error err;

	if (guest && change(guest, &err))
		cli_print_error(&err);
}

static void run_pause(int count, char **words)
{
	(void)count;
	change_guest(words[1], tk_guest_pause);
}

static void run_unpause(int count, char **words)
{
	(void)count;
	change_guest(words[1], tk_guest_unpause);
}

static void run_destroy(int count, char **words)
{
	(void)count;
	change_guest(words[1], tk_guest_destroy);
}

/*
 * The guest has to be looked up again after each wait: it may have been
 * renamed, or replaced by a new one. Ctrl-C gives up waiting.
 */
static void wait_for_end(const char *guest_name, bool also_restart)
{
	const struct tk_guest *guest = tk_guests_find(guest_name);
	uint16_t domid = guest ? guest->domid : 0;
	char name[128];
	int byte;

	snprintf(name, sizeof(name), "%s", guest_name);
	while (guest && !guest->has_ended &&
	       !(also_restart && guest->domid != domid)) {
		while ((byte = cli_input()) >= 0) {
			if (byte == CONTROL('C'))
				return;
		}
		cli_wait();
		guest = tk_guests_find(name);
	}
	if (guest && guest->has_ended)
		cli_print("%s ended: %s\n", name, guest->end_reason);
	else if (guest)
		cli_print("%s restarted\n", name);
}

static void run_wait(int count, char **words)
{
	const struct tk_guest *guest = cli_find_guest(words[1]);

	(void)count;
	if (guest)
		wait_for_end(guest->config.name, false);
}

/* shutdown [-w] NAME, and so reboot, which is the machine's without a name. */
static void ask_guest(int count, char **words,
		      int (*ask)(struct tk_guest *guest, struct tk_error *err))
{
	bool waits = !strcmp(words[1], "-w");
	struct tk_guest *guest;
	struct tk_error err;

	if (count - 1 != (waits ? 2 : 1)) {
		cli_print("error: usage: %s [-w] NAME\n", words[0]);
		return;
	}
	guest = cli_find_guest(words[count - 1]);
	if (!guest)
		return;
	if (ask(guest, &err))
		cli_print_error(&err);
	else if (waits)
		wait_for_end(guest->config.name, true);
}

static void run_shutdown(int count, char **words)
{
	ask_guest(count, words, tk_guest_shutdown);
}

static void run_reboot(int count, char **words)
{
	if (count > 1)
		ask_guest(count, words, tk_guest_reboot);
	else
		end_machine(TK_HOST_REBOOT);
}

/* A value is a guest's text: what is not printable must not reach us. */
static void print_node(const struct xs_node *node)
{
	size_t i;

	cli_print("%s = \"", node->path);
	for (i = 0; i < node->value_size; i++) {
		unsigned char c = (unsigned char)node->value[i];

		if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\')
			cli_print("%c", c);
		else
			cli_print("\\x%02x", c);
	}
	cli_print("\"\n");
}

static void run_xenstore_ls(int count, char **words)
{
	const char *name = count > 1 ? words[1] : "/";
	char top[XS_PATH_SIZE], path[XS_PATH_SIZE];

	if (!xs_path_canonical(top, TK_DOMID_CONTROL, name, strlen(name) + 1) ||
	    !xs_local_node(top)) {
		cli_print("error: %s: no such node\n", name);
		return;
	}
	memcpy(path, top, sizeof(path));
	do {
		print_node(xs_local_node(path));
	} while (xs_local_walk(path, top));
}

/* clang-format off */
const struct command commands[] = {
	{ "help", "[VERB]", "what each command does",
	  0, 1, WORDS_VERBS, run_help },
	{ "info", "", "the machine and the hypervisor",
	  0, 0, WORDS_NONE, run_info },
	{ "list", "[NAME]", "the domains",
	  0, 1, WORDS_GUESTS, run_list },
	{ "create", "FILE [-c] [-p]",
	  "build and start a guest; -c attach its console, -p leave it paused",
	  1, 3, WORDS_FILES, run_create },
	{ "console", "[--history] NAME",
	  "attach a guest's console, Ctrl-] leaves; or show what it printed",
	  1, 2, WORDS_GUESTS, run_console },
	{ "pause", "NAME", "stop a guest for a while",
	  1, 1, WORDS_GUESTS, run_pause },
	{ "unpause", "NAME", "let it go on",
	  1, 1, WORDS_GUESTS, run_unpause },
	{ "destroy", "NAME", "end a guest at once",
	  1, 1, WORDS_GUESTS, run_destroy },
	{ "wait", "NAME", "wait until a guest has ended, Ctrl-C gives up",
	  1, 1, WORDS_GUESTS, run_wait },
	{ "vcpu-list", "[NAME]", "the domains' vcpus and where they run",
	  0, 1, WORDS_GUESTS, run_vcpu_list },
	{ "vcpu-set", "[-i] NAME VCPUS",
	  "how many vcpus a guest may use; -i even more than CPUs",
	  1, 3, WORDS_GUESTS, run_vcpu_set },
	{ "vcpu-pin", "[-f] NAME VCPU|all HARD|- [SOFT|-]",
	  "the CPUs that a vcpu may use, and those that it should",
	  1, 5, WORDS_GUESTS, run_vcpu_pin },
	{ "sched-credit2", "[-d NAME [-w WEIGHT] [-c CAP]] | [-s [-r US]]",
	  "the domains' shares of the CPUs",
	  0, 6, WORDS_GUESTS, run_sched_credit2 },
	{ "shutdown", "[-w] NAME", "ask a guest to shut down; -w wait for it",
	  1, 2, WORDS_GUESTS, run_shutdown },
	{ "block-list", "NAME", "the disks of a guest",
	  1, 1, WORDS_GUESTS, run_block_list },
	{ "block-attach", "NAME DISK", "give a running guest one more disk",
	  2, 5, WORDS_GUESTS, run_block_attach },
	{ "block-detach", "NAME VDEV [--force]", "take a disk away from a guest",
	  2, 3, WORDS_GUESTS, run_block_detach },
	{ "dmesg", "", "the hypervisor's log",
	  0, 0, WORDS_NONE, run_dmesg },
	{ "pci", "", "the machine's devices and which driver has each",
	  0, 0, WORDS_NONE, run_pci },
	{ "disks", "[--check NAME | --copy FROM TO | --discard NAME]",
	  "the disks; read one through; overwrite one with another; empty one",
	  0, 3, WORDS_NONE, run_disks },
	{ "network-list", "NAME", "the network cards of a guest",
	  1, 1, WORDS_GUESTS, run_network_list },
	{ "network-attach", "NAME [CARD]",
	  "give a running guest one more network card",
	  1, 8, WORDS_GUESTS, run_network_attach },
	{ "network-detach", "NAME CARD [--force]",
	  "take a network card away from a guest",
	  2, 3, WORDS_GUESTS, run_network_detach },
	{ "network", "", "cards, guests' cards, and the bridges they are on",
	  0, 0, WORDS_NONE, run_network },
	{ "cat", "FILE", "show a file",
	  1, 1, WORDS_FILES, run_cat },
	{ "ls", "[PATH]", "list files",
	  0, 1, WORDS_FILES, run_ls },
	{ "xenstore-ls", "[PATH]", "the nodes of xenstore, from PATH on",
	  0, 1, WORDS_NONE, run_xenstore_ls },
	{ "poweroff", "", "end everything and switch the machine off",
	  0, 0, WORDS_NONE, run_poweroff },
	{ "reboot", "[[-w] NAME]",
	  "ask a guest to restart; without NAME: the whole machine",
	  0, 2, WORDS_GUESTS, run_reboot },
	{ NULL, NULL, NULL, 0, 0, WORDS_NONE, NULL },
};
/* clang-format on */
