/* SPDX-License-Identifier: MIT */
/* The verbs about configuration files: create and config. */
#include <string.h>

#include "cli/autoballoon.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/config_json.h"
#include "cli/console.h"
#include "cli/groups.h"
#include "cli/guest_json.h"
#include "cli/platform.h"
#include "toolstack/domain_config.h"
#include "toolstack/guests.h"
#include "toolstack/hypercalls.h"

/* Operand `first` is the file, those behind it are settings over it. */
static int read_config(const struct command_call *call, int first,
		       struct tk_domain_config *config)
{
	const char *path = call->words[first];
	struct tk_error err;
	const void *data;
	size_t size;

	memset(config, 0, sizeof(*config));
	if (cli_find_file(path, &data, &size))
		return call_fail("%s: no such file", path);
	if (tk_domain_config_parse_with(
		    config, path, data, size, call->words + first + 1,
		    (size_t)(call->count - first - 1), &err))
		return call_fail_error(&err);
	cli_show_notices(path, config);
	return COMMAND_DONE;
}

static void show_config(const struct tk_domain_config *config)
{
	struct json json = { 0 };

	config_json(&json, NULL, config, NULL);
}

static const struct command_option create_options[] = {
	{ 'c', "console", NULL }, { 'p', "paused", NULL },
	{ 'n', "dryrun", NULL },  { 'd', "debug", NULL },
	{ 'q', "quiet", NULL },   { 'f', "defconfig", "FILE" },
	{ 'F', NULL, NULL },      { 0 },
};

/* Whether it could be built, and if not, why. */
static int try_out(struct tk_domain_config *config)
{
	uint64_t pages, free_pages = 0;
	struct tk_error err;
	int rc = tk_guests_check(config, &pages, &err);

	if (!rc)
		rc = tk_host_free_pages(&free_pages);
	if (!rc)
		cli_print("%s fits: it needs %lu MiB of %lu MiB that are free"
			  "\n",
			  config->name, (unsigned long)(pages + 255) / 256,
			  (unsigned long)free_pages / 256);
	tk_domain_config_free(config);
	return rc ? call_fail_error(&err) : COMMAND_DONE;
}

static int build(const struct command_call *call,
		 struct tk_domain_config *config)
{
	struct tk_guest *guest;
	struct tk_error err;

	cli_make_room(config);
	guest = tk_guests_create_unless(config, call_has(call, 'p'),
					cli_interrupt_typed, &err);
	if (!guest)
		return call_fail_error(&err);
	if (!platform_keep_guests())
		return call_fail("%s: nobody will act when it ends",
				 guest->config.name);
	if (call_has(call, 'c'))
		cli_attach_console(guest);
	return COMMAND_DONE;
}

/* -f FILE is an old way to name the file. */
static int run_create(struct command_call *call)
{
	const char *file = call_value(call, 'f');
	struct tk_domain_config config;
	int status;

	if (!file && !call->count)
		return call_usage(call, "no configuration file");
	if (file) {
		/* There is room: the verb's word was among them. */
		memmove(call->words + 1, call->words,
			((size_t)call->count + 1) * sizeof(*call->words));
		call->words[0] = (char *)(uintptr_t)file;
		call->count++;
	}
	status = read_config(call, 0, &config);
	if (status)
		return status;
	if (call_has(call, 'd'))
		show_config(&config);
	return call_has(call, 'n') ? try_out(&config) : build(call, &config);
}

/* As create would take it; or as a guest is now. */
static int run_config(struct command_call *call)
{
	struct tk_domain_config config;
	const struct tk_guest *guest;
	int status;

	if (strcmp(call->words[0], "show") != 0)
		return call_usage(call,
				  "\"%s\" is nothing to do with a "
				  "configuration",
				  call->words[0]);
	guest = call->count == 2 ? tk_guests_find(call->words[1]) : NULL;
	if (guest) {
		struct json json = { 0 };

		guest_json(&json, NULL, guest);
		return COMMAND_DONE;
	}
	status = read_config(call, 1, &config);
	if (status)
		return status;
	show_config(&config);
	tk_domain_config_free(&config);
	return COMMAND_DONE;
}

const struct command create_commands[] = {
	{ .name = "create",
	  .arguments = "[-c] [-p] [-n] [-d] FILE [KEY=VALUE]...",
	  .help = "build and start a guest; -c its console, -p paused, -n try",
	  .example = "create -c hello.cfg memory=32",
	  .options = create_options,
	  .max_words = 15,
	  .words = WORDS_FILES,
	  .run = run_create },
	{ .name = "config",
	  .arguments = "show FILE|NAME [KEY=VALUE]...",
	  .help = "how a file is understood, or a guest's configuration: JSON",
	  .example = "config show hello.cfg",
	  .min_words = 2,
	  .max_words = 15,
	  .words = WORDS_FILES,
	  .reads = true,
	  .run = run_config },
	{ 0 },
};
