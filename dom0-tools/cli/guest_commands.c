/* SPDX-License-Identifier: MIT */
/* The verbs that change the state of a guest that there is. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/groups.h"
#include "toolstack/guests.h"
#include "toolstack/hypercalls.h"

typedef int guest_change(struct tk_guest *guest, struct tk_error *err);

static int change_guest(const char *name, guest_change *change)
{
	struct tk_guest *guest = call_guest(name);
	struct tk_error err;

	if (!guest)
		return COMMAND_FAILED;
	return change(guest, &err) ? call_fail_error(&err) : COMMAND_DONE;
}

static int run_pause(struct command_call *call)
{
	return change_guest(call->words[0], tk_guest_pause);
}

static int run_unpause(struct command_call *call)
{
	return change_guest(call->words[0], tk_guest_unpause);
}

static int run_destroy(struct command_call *call)
{
	return change_guest(call->words[0], tk_guest_destroy);
}

static const struct command_option ask_options[] = {
	{ 'w', "wait", NULL },
	{ 0 },
};

static int ask_guest(struct command_call *call, guest_change *ask)
{
	int status = change_guest(call->words[0], ask);

	if (status || !call_has(call, 'w'))
		return status;
	return cli_wait_for_end(call->words[0], true);
}

static int run_shutdown(struct command_call *call)
{
	return ask_guest(call, tk_guest_shutdown);
}

static int run_reboot(struct command_call *call)
{
	return call->count ? ask_guest(call, tk_guest_reboot)
			   : cli_end_machine(TK_HOST_REBOOT);
}

const struct command guest_commands[] = {
	{ .name = "destroy",
	  .arguments = "NAME",
	  .help = "end a guest at once",
	  .example = "destroy hello",
	  .min_words = 1,
	  .max_words = 1,
	  .words = WORDS_GUESTS,
	  .run = run_destroy },
	{ .name = "pause",
	  .arguments = "NAME",
	  .help = "stop a guest for a while",
	  .example = "pause hello",
	  .min_words = 1,
	  .max_words = 1,
	  .words = WORDS_GUESTS,
	  .run = run_pause },
	{ .name = "unpause",
	  .arguments = "NAME",
	  .help = "let it go on",
	  .example = "unpause hello",
	  .min_words = 1,
	  .max_words = 1,
	  .words = WORDS_GUESTS,
	  .run = run_unpause },
	{ .name = "shutdown",
	  .arguments = "[-w] NAME",
	  .help = "ask a guest to shut down; -w wait for it",
	  .example = "shutdown -w debian",
	  .options = ask_options,
	  .min_words = 1,
	  .max_words = 1,
	  .words = WORDS_GUESTS,
	  .run = run_shutdown },
	{ .name = "reboot",
	  .arguments = "[[-w] NAME]",
	  .help = "ask a guest to restart; without NAME: the whole machine",
	  .example = "reboot -w debian",
	  .options = ask_options,
	  .max_words = 1,
	  .words = WORDS_GUESTS,
	  .run = run_reboot },
	{ 0 },
};
