/* SPDX-License-Identifier: MIT */
/*
 * The verbs that follow what guests do: their consoles and their end. What a
 * wait has to look for may be renamed or replaced meanwhile, so guests are
 * looked up again after each.
 */
#include "cli/console.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/groups.h"
#include "cli/platform.h"
#include "cli/result.h"
#include "toolstack/guest_events.h"
#include "toolstack/guests.h"

/* console ----------------------------------------------------------------- */

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

	while ((byte = cli_input()) >= 0 && byte != CLI_CONTROL(']')) {
		text[size++] = (char)byte;
		if (size < sizeof(text))
			continue;
		tk_console_type(&guest->console, text, size);
		size = 0;
	}
	if (size)
		tk_console_type(&guest->console, text, size);
	return byte == CLI_CONTROL(']');
}

static void stop_viewing(void)
{
	struct tk_guest *guest = NULL;

	while ((guest = tk_guests_next(guest)))
		tk_console_view(&guest->console, NULL, NULL);
}

/*
 * Until the guest ends or the user leaves. The ring is looked at whatever woke
 * us, for some guests (GRUB) do not send an event for all that they write.
 */
void cli_attach_console(struct tk_guest *guest)
{
	char name[128];
	struct tk_guest *now = guest;
	bool left = false;

	snprintf(name, sizeof(name), "%s", guest->config.name);
	platform_grab_keys(true);
	tk_console_view(&guest->console, view_text, NULL);
	while (!left && !guest->has_ended) {
		cli_wait();
		now = tk_guests_find(name);
		if (now != guest)
			break;
		tk_console_serve(&guest->console);
		left = type_into(guest);
	}
	stop_viewing();
	platform_grab_keys(false);
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
static void show_history(struct tk_guest *guest)
{
	char last = '\n';

	tk_console_serve(&guest->console);
	tk_console_replay(&guest->console, view_text_and_end, &last);
	if (last != '\n')
		cli_print("\n");
}

#define OPTION_HISTORY OPTION_LONG(0)

static const struct command_option console_options[] = {
	{ OPTION_HISTORY, "history", NULL },
	{ 't', NULL, "TYPE" },
	{ 0 },
};

static int run_console(struct command_call *call)
{
	const char *type = call_value(call, 't');
	struct tk_guest *guest;

	if (type && strcmp(type, "pv") != 0)
		return call_fail("console type %s: a PV guest has only pv",
				 type);
	guest = call_guest(call->words[0]);
	if (!guest)
		return COMMAND_FAILED;
	if (call_has(call, OPTION_HISTORY))
		show_history(guest);
	else
		cli_attach_console(guest);
	return COMMAND_DONE;
}

/* wait -------------------------------------------------------------------- */

/* Ctrl-C gives up waiting. */
int cli_wait_for_end(const char *guest_name, bool also_restart)
{
	const struct tk_guest *guest = tk_guests_find(guest_name);
	uint16_t domid = guest ? guest->domid : 0;
	char name[128];

	snprintf(name, sizeof(name), "%s", guest_name);
	while (guest && !guest->has_ended &&
	       !(also_restart && guest->domid != domid)) {
		if (cli_interrupted())
			return COMMAND_FAILED;
		cli_wait();
		guest = tk_guests_find(name);
	}
	if (guest && guest->has_ended)
		cli_print("%s ended: %s\n", name, guest->end_reason);
	else if (guest)
		cli_print("%s restarted\n", name);
	return COMMAND_DONE;
}

static int run_wait(struct command_call *call)
{
	const struct tk_guest *guest = call_guest(call->words[0]);

	return guest ? cli_wait_for_end(guest->config.name, false)
		     : COMMAND_FAILED;
}

/* events ------------------------------------------------------------------ */

#define OPTION_PAST OPTION_LONG(0)

static const struct command_option events_options[] = {
	{ OPTION_PAST, "past", NULL },
	{ 0 },
};

static void put_event(bool is_json, const struct tk_event *event)
{
	static const struct result_shape shape = {
		NULL, "{time:10} {guest} ({domid}) {event}{detail?: }"
	};
	struct result *result = result_begin(is_json);

	result->json.one_line = true;
	result_open_object(result, NULL, &shape);
	result_number(result, "number", event->number);
	result_seconds(result, "time", event->time_ns);
	result_text(result, "guest", event->guest);
	result_number(result, "domid", event->domid);
	result_text(result, "event", event->what);
	result_text(result, "detail", *event->detail ? event->detail : NULL);
	result_close_object(result);
}

/* JSON is one object on each line, for there is no end. */
static int run_events(struct command_call *call)
{
	const struct tk_event *event;
	unsigned long shown = 0;

	for (;;) {
		while ((event = tk_event_after(shown))) {
			put_event(call->json, event);
			shown = event->number;
		}
		if (call_has(call, OPTION_PAST) || cli_interrupted())
			return COMMAND_DONE;
		cli_wait();
	}
}

const struct command console_commands[] = {
	{ .name = "console",
	  .arguments = "[--history] NAME",
	  .help = "attach a guest's console, Ctrl-] leaves; or what it printed",
	  .example = "console --history hello",
	  .options = console_options,
	  .min_words = 1,
	  .max_words = 1,
	  .words = WORDS_GUESTS,
	  .run = run_console },
	{ .name = "wait",
	  .arguments = "NAME",
	  .help = "wait until a guest has ended, Ctrl-C gives up",
	  .example = "wait hello",
	  .min_words = 1,
	  .max_words = 1,
	  .words = WORDS_GUESTS,
	  .run = run_wait },
	{ .name = "events",
	  .arguments = "[--past]",
	  .help = "follow what happens to guests, Ctrl-C ends; or what did",
	  .example = "events --past",
	  .options = events_options,
	  .reads = true,
	  .run = run_events },
	{ 0 },
};
