/* SPDX-License-Identifier: MIT */
/*
 * Verbs for what the built-in control domain does itself, and Linux with its
 * own commands: each says so.
 */
#include <string.h>

#include "cli/commands.h"
#include "cli/groups.h"

#define ELSEWHERE "is Linux's own affair here"

static const struct {
	const char *verb, *instead;
} others[] = {
	{ "ls", "ls" },       { "cat", "cat" },         { "pci", "lspci" },
	{ "disks", "lsblk" }, { "network", "ip addr" },
};

static int run_elsewhere(struct command_call *call)
{
	const char *name = call->command->name;
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (!strcmp(others[i].verb, name))
			return call_fail("%s " ELSEWHERE ": see %s", name,
					 others[i].instead);
	}
	return call_fail("%s " ELSEWHERE, name);
}

#define OTHER_VERB(verb)                                                       \
	{                                                                      \
		.name = (verb), .arguments = "", .help = ELSEWHERE,            \
		.example = (verb), .max_words = 15, .run = run_elsewhere       \
	}

const struct command file_commands[] = { OTHER_VERB("ls"),
					 OTHER_VERB("cat"),
					 { 0 } };
const struct command pci_commands[] = { OTHER_VERB("pci"), { 0 } };
const struct command disk_commands[] = { OTHER_VERB("disks"), { 0 } };
const struct command network_commands[] = { OTHER_VERB("network"), { 0 } };
