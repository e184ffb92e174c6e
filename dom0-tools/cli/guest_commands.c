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

static int run_rename(struct command_call *call)
{
	struct tk_guest *guest = call_guest(call->words[0]);
	struct tk_error err;

	if (!guest)
		return COMMAND_FAILED;
	return tk_guest_rename(guest, call->words[1], &err)
		       ? call_fail_error(&err)
		       : COMMAND_DONE;
}

/* shutdown, reboot -------------------------------------------------------- */

static const struct command_option ask_options[] = {
	{ 'w', "wait", NULL },
	{ 'a', "all", NULL },
	{ 'F', NULL, NULL }, /* what HVM guests without drivers need */
	{ 0 },
};

/* One whose end is to be waited for: names are looked up after each wait. */
struct asked {
	char name[64];
	unsigned long serial;
};

static size_t ask_each(guest_change *ask, struct asked *asked, size_t room,
		       int *status)
{
	struct tk_guest *guest = NULL;
	struct tk_error err;
	size_t count = 0;

	while ((guest = tk_guests_next(guest))) {
		if (!tk_guest_is_alive(guest))
			continue;
		if (ask(guest, &err)) {
			*status = call_fail_error(&err);
			continue;
		}
		if (count < room) {
			snprintf(asked[count].name, sizeof(asked[count].name),
				 "%s", guest->config.name);
			asked[count++].serial = guest->serial;
		}
	}
	return count;
}

#define ASKED_MAX 256

static int ask_all(const struct command_call *call, guest_change *ask)
{
	static struct asked asked[ASKED_MAX];
	int status = COMMAND_DONE;
	size_t count = ask_each(ask, asked, ASKED_MAX, &status), i;

	for (i = 0; call_has(call, 'w') && i < count; i++) {
		const struct tk_guest *guest = tk_guests_find(asked[i].name);

		/* Another guest of this name is none of ours. */
		if (guest && guest->serial == asked[i].serial &&
		    cli_wait_for_end(asked[i].name, true))
			return COMMAND_FAILED;
	}
	return status;
}

static int ask_guest(struct command_call *call, guest_change *ask)
{
	int status;

	if (call_has(call, 'a') != !call->count)
		return call_usage(call, "either a name or --all");
	if (!call->count)
		return ask_all(call, ask);
	status = change_guest(call->words[0], ask);
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
	return call->count || call_has(call, 'a')
		       ? ask_guest(call, tk_guest_reboot)
		       : cli_end_machine(TK_HOST_REBOOT, false);
}

/* Keys and triggers ------------------------------------------------------- */

static int run_sysrq(struct command_call *call)
{
	struct tk_guest *guest = call_guest(call->words[0]);
	const char *key = call->words[1];
	struct tk_error err;

	if (!guest)
		return COMMAND_FAILED;
	if (strlen(key) != 1)
		return call_usage(call, "\"%s\" is not one letter", key);
	return tk_guest_sysrq(guest, *key, &err) ? call_fail_error(&err)
						 : COMMAND_DONE;
}

static int run_trigger(struct command_call *call)
{
	struct tk_guest *guest = call_guest(call->words[0]);
	const char *what = call->words[1];
	unsigned long vcpu = 0;
	struct tk_error err;

	if (!guest)
		return COMMAND_FAILED;
	if (strcmp(what, "nmi") != 0)
		return call_fail("trigger %s: a PV guest has only nmi", what);
	if (call->count > 2 && !call_number(call->words[2], &vcpu))
		return call_usage(call, "%s is no number of a vcpu",
				  call->words[2]);
	if (vcpu >= guest->config.max_vcpus)
		return call_fail("%s has no vcpu %lu", call->words[0], vcpu);
	return tk_guest_nmi(guest, (unsigned int)vcpu, &err)
		       ? call_fail_error(&err)
		       : COMMAND_DONE;
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
	  .arguments = "[-w] NAME|--all",
	  .help = "ask a guest, or all, to shut down; -w wait for it",
	  .example = "shutdown -w debian",
	  .options = ask_options,
	  .max_words = 1,
	  .words = WORDS_GUESTS,
	  .run = run_shutdown },
	{ .name = "reboot",
	  .arguments = "[[-w] NAME|--all]",
	  .help = "ask a guest to restart; without NAME: the whole machine",
	  .example = "reboot -w debian",
	  .options = ask_options,
	  .max_words = 1,
	  .words = WORDS_GUESTS,
	  .run = run_reboot },
	{ .name = "rename",
	  .arguments = "NAME NEW_NAME",
	  .help = "give a guest another name",
	  .example = "rename hello hello-old",
	  .min_words = 2,
	  .max_words = 2,
	  .words = WORDS_GUESTS,
	  .run = run_rename },
	{ .name = "sysrq",
	  .arguments = "NAME LETTER",
	  .help = "a SysRq key for the guest's kernel: h shows those there are",
	  .example = "sysrq debian h",
	  .min_words = 2,
	  .max_words = 2,
	  .words = WORDS_GUESTS,
	  .run = run_sysrq },
	{ .name = "trigger",
	  .arguments = "NAME nmi [VCPU]",
	  .help = "a non-maskable interrupt for one vcpu of a guest",
	  .example = "trigger debian nmi 0",
	  .min_words = 2,
	  .max_words = 3,
	  .words = WORDS_GUESTS,
	  .run = run_trigger },
	{ 0 },
};
