/* SPDX-License-Identifier: MIT */
/* The verbs about configuration files: create. */
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/groups.h"
#include "toolstack/domain_config.h"
#include "toolstack/guests.h"

/* Reads and checks the file; the result belongs to the caller. */
static int read_config(const char *path, struct tk_domain_config *config)
{
	struct tk_error err;
	const void *data;
	size_t size;

	if (cli_find_file(path, &data, &size))
		return call_fail("%s: no such file", path);
	if (tk_domain_config_parse(config, path, data, size, &err))
		return call_fail_error(&err);
	return COMMAND_DONE;
}

static const struct command_option create_options[] = {
	{ 'c', "console", NULL },
	{ 'p', "paused", NULL },
	{ 0 },
};

static int run_create(struct command_call *call)
{
	struct tk_domain_config config;
	struct tk_guest *guest;
	struct tk_error err;
	int status = read_config(call->words[0], &config);

	if (status)
		return status;
	guest = tk_guests_create(&config, call_has(call, 'p'), &err);
	if (!guest)
		return call_fail_error(&err);
	if (call_has(call, 'c'))
		cli_attach_console(guest);
	return COMMAND_DONE;
}

const struct command create_commands[] = {
	{ .name = "create",
	  .arguments = "[-c] [-p] FILE",
	  .help = "build and start a guest; -c attach its console, -p paused",
	  .example = "create -c hello.cfg",
	  .options = create_options,
	  .min_words = 1,
	  .max_words = 1,
	  .words = WORDS_FILES,
	  .run = run_create },
	{ 0 },
};
