/* SPDX-License-Identifier: MIT */
/*
 * The verbs of all files, their options and their help; see commands.h.
 */
#include "cli/commands.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/groups.h"
#include "toolstack/error.h"
#include "toolstack/guests.h"
#include "toolstack/hypercalls.h"

static int run_help(struct command_call *call);

static const struct command help_commands[] = {
	{ .name = "help",
	  .arguments = "[VERB]",
	  .help = "what each command does; of one: its options, an example",
	  .example = "help create",
	  .max_words = 1,
	  .words = WORDS_VERBS,
	  .run = run_help },
	{ 0 },
};

static const struct command_group groups[] = {
	{ "Help", help_commands },
	{ "Guests", create_commands },
	{ NULL, guest_commands },
	{ NULL, memory_commands },
	{ NULL, console_commands },
	{ "What there is", list_commands },
	{ NULL, top_commands },
	{ NULL, inspect_commands },
	{ NULL, core_commands },
	{ "CPUs", vcpu_commands },
	{ "Disks and networks of guests", device_commands },
	{ "Xenstore", xenstore_commands },
	{ "The machine", machine_commands },
	{ NULL, pci_commands },
	{ NULL, file_commands },
	{ "Its disks and networks", disk_commands },
	{ NULL, network_commands },
};

#define N_GROUPS (sizeof(groups) / sizeof(groups[0]))

const struct command *command_next(const struct command *command)
{
	size_t i;

	if (!command)
		return groups[0].commands;
	if (command[1].name)
		return command + 1;
	for (i = 0; i + 1 < N_GROUPS; i++) {
		const struct command *last = groups[i].commands;

		while (last[1].name)
			last++;
		if (last == command)
			return groups[i + 1].commands;
	}
	return NULL;
}

const struct command *command_find(const char *name)
{
	const struct command *command = NULL;

	while ((command = command_next(command))) {
		if (!strcmp(command->name, name) ||
		    (command->alias && !strcmp(command->alias, name)))
			return command;
	}
	return NULL;
}

/* Complaints -------------------------------------------------------------- */

int call_fail(const char *format, ...)
{
	char text[512], line[sizeof(text) + 16];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(line, sizeof(line), "error: %s\n", text);
	cli_complain(line);
	return COMMAND_FAILED;
}

int call_usage(const struct command_call *call, const char *format, ...)
{
	const struct command *command = call->command;
	char text[256], line[768];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(line, sizeof(line),
		 "error: %s: %s; usage: %s%s%s (see help %s)\n", command->name,
		 text, command->name, *command->arguments ? " " : "",
		 command->arguments, command->name);
	cli_complain(line);
	return COMMAND_USAGE;
}

int call_fail_rc(const char *what, long rc)
{
	return call_fail("%s: %s (%ld)", what, tk_errno_text(rc), rc);
}

int call_fail_error(const struct tk_error *err)
{
	return call_fail("%s", err->text);
}

/* Options ----------------------------------------------------------------- */

static int option_index(const struct command *command, int id)
{
	int i;

	for (i = 0; command->options && command->options[i].id; i++) {
		if (command->options[i].id == id)
			return i;
	}
	return -1;
}

bool call_has(const struct command_call *call, int option)
{
	return call_value(call, option) != NULL;
}

const char *call_value(const struct command_call *call, int option)
{
	int index = option_index(call->command, option);

	return index < 0 ? NULL : call->values[index];
}

static const struct command_option *find_long(const struct command *command,
					      const char *name, size_t length)
{
	const struct command_option *option = command->options;

	for (; option && option->id; option++) {
		if (option->name && strlen(option->name) == length &&
		    !memcmp(option->name, name, length))
			return option;
	}
	return NULL;
}

/* The words that are being read. */
struct reading {
	struct command_call *call;
	char **words;
	int count;
	int next;
};

/* `attached` is what stands in the same word behind the option, or NULL. */
static int take_option(struct reading *reading,
		       const struct command_option *option,
		       const char *attached)
{
	struct command_call *call = reading->call;
	const char **value = &call->values[option - call->command->options];

	*value = "";
	if (!option->argument) {
		return attached ? call_usage(call, "--%s takes no value",
					     option->name)
				: 0;
	}
	if (attached) {
		*value = attached;
		return 0;
	}
	if (reading->next == reading->count)
		return call_usage(call, "%s has to follow %s", option->argument,
				  reading->words[reading->next - 1]);
	*value = reading->words[reading->next++];
	return 0;
}

/* --name, --name value or --name=value. */
static int take_long(struct reading *reading, const char *word)
{
	const struct command_call *call = reading->call;
	size_t length = strcspn(word + 2, "=");
	const char *value = word + 2 + length;
	const struct command_option *option;

	if (call->command->reads && !strcmp(word, "--json")) {
		reading->call->json = true;
		return 0;
	}
	option = find_long(call->command, word + 2, length);
	if (!option)
		return call_usage(call, "unknown option %s", word);
	return take_option(reading, option, *value ? value + 1 : NULL);
}

/* -a, -ab, -a value or -avalue. */
static int take_letters(struct reading *reading, const char *word)
{
	const struct command_call *call = reading->call;
	const char *letter;

	for (letter = word + 1; *letter; letter++) {
		int index = option_index(call->command, *letter);
		const struct command_option *option;
		int status;

		if (index < 0)
			return call_usage(call, "unknown option -%c", *letter);
		option = &call->command->options[index];
		status = take_option(reading, option,
				     option->argument && letter[1] ? letter + 1
								   : NULL);
		if (status || option->argument)
			return status;
	}
	return 0;
}

/* Options may stand anywhere up to "--"; "-" is an operand. */
static int take_words(struct reading *reading)
{
	struct command_call *call = reading->call;
	bool no_more = false;
	int status = 0;

	while (!status && reading->next < reading->count) {
		char *word = reading->words[reading->next++];

		if (no_more || word[0] != '-' || !word[1])
			call->words[call->count++] = word;
		else if (!strcmp(word, "--"))
			no_more = true;
		else if (word[1] == '-')
			status = take_long(reading, word);
		else
			status = take_letters(reading, word);
	}
	call->words[call->count] = NULL;
	return status;
}

int command_run(int count, char **words)
{
	struct command_call call = { .command = command_find(words[0]) };
	struct reading reading = { &call, words, count, 1 };
	int status;

	if (!call.command)
		return call_fail("no command %s; see help", words[0]);
	/* What has been read makes room for the operands. */
	call.words = words;
	status = take_words(&reading);
	if (status)
		return status;
	if (call.count < call.command->min_words)
		return call_usage(&call, "%s",
				  call.count ? "something is missing"
					     : "it needs a name or value");
	if (call.count > call.command->max_words)
		return call_usage(&call, "\"%s\" is one word too many",
				  call.words[call.command->max_words]);
	return call.command->run(&call);
}

/* For handlers ------------------------------------------------------------ */

struct tk_guest *call_guest(const char *name)
{
	struct tk_guest *guest = tk_guests_find(name);

	if (!guest)
		call_fail("no guest %s; list shows those that there are", name);
	return guest;
}

bool call_domain(const char *name, struct tk_domain_info *info)
{
	const struct tk_guest *guest = tk_guests_find(name);
	bool control = !strcmp(name, "0") || !strcmp(name, "Domain-0");

	if ((control && !tk_domain_info(TK_DOMID_CONTROL, info)) ||
	    (guest && guest->has_domain && !tk_domain_info(guest->domid, info)))
		return true;
	if (guest)
		call_fail("%s is not running: it ended by %s", name,
			  guest->end_reason ? guest->end_reason : "itself");
	else
		call_fail("no guest %s; list shows those that there are", name);
	return false;
}

bool call_number(const char *text, unsigned long *number)
{
	char *end;

	*number = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end;
}

void call_join(const struct command_call *call, int first, const char *between,
	       char *text, unsigned long size)
{
	int i;

	text[0] = '\0';
	for (i = first; i < call->count; i++) {
		size_t length = strlen(text);

		snprintf(text + length, size - length, "%s%s",
			 i > first ? between : "", call->words[i]);
	}
}

const char *command_domain_name(uint16_t domid)
{
	const struct tk_guest *guest = tk_guests_find_domid(domid);

	if (guest)
		return guest->config.name;
	return domid == TK_DOMID_CONTROL ? "Domain-0" : "(null)";
}

int command_each_domain(int (*show)(const struct tk_domain_info *info,
				    void *context),
			void *context)
{
	struct tk_domain_info info;
	uint16_t next = 0;
	int status = 0;

	while (!status && next < TK_DOMID_FIRST_RESERVED &&
	       !tk_domain_info_next(next, &info)) {
		status = show(&info, context);
		next = info.domid + 1;
	}
	return status;
}

/* help -------------------------------------------------------------------- */

static void help_line(const struct command *command)
{
	char usage[64];

	snprintf(usage, sizeof(usage), "%s %s", command->name,
		 command->arguments);
	if (strlen(usage) > 33)
		snprintf(usage, sizeof(usage), "%s ...", command->name);
	cli_print("  %-33s %s\n", usage, command->help);
}

static void help_option(const struct command_option *option)
{
	char text[48];
	bool has_letter = option->id < OPTION_LONG(0);

	snprintf(text, sizeof(text), has_letter ? "-%c" : "  ", option->id);
	if (option->name)
		snprintf(text + 2, sizeof(text) - 2, "%s--%s",
			 has_letter ? ", " : "  ", option->name);
	cli_print("  %s%s%s\n", text, option->argument ? " " : "",
		  option->argument ? option->argument : "");
}

static int help_on(const char *name)
{
	const struct command *command = command_find(name);
	const struct command_option *option;

	if (!command)
		return call_fail("no command %s; see help", name);
	cli_print("%s %s\n", command->name, command->arguments);
	cli_print("  %s\n", command->help);
	if (command->alias)
		cli_print("  also called %s\n", command->alias);
	for (option = command->options; option && option->id; option++)
		help_option(option);
	if (command->reads)
		cli_print("      --json\n");
	cli_print("example: %s\n", command->example);
	return COMMAND_DONE;
}

static int run_help(struct command_call *call)
{
	const struct command *command;
	size_t i;

	if (call->count)
		return help_on(call->words[0]);
	for (i = 0; i < N_GROUPS; i++) {
		if (groups[i].title)
			cli_print("%s\n", groups[i].title);
		for (command = groups[i].commands; command->name; command++)
			help_line(command);
	}
	cli_print("help VERB says more of each.\n");
	return COMMAND_DONE;
}
