/* SPDX-License-Identifier: MIT */
/*
 * The verbs of the command line: one row of a table each. To add a verb, add
 * a row; help and completion follow.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include <stdint.h>

/* Names that tab completes after the verb. */
enum command_words {
	WORDS_NONE,
	WORDS_VERBS,
	WORDS_FILES,
	WORDS_GUESTS,
};

struct command {
	const char *name;
	const char *arguments; /* for help: "NAME", "FILE [-c] [-p]" */
	const char *help;      /* one line, no full stop */
	int min_words;         /* after the verb */
	int max_words;
	enum command_words words;
	/* words[0] is the verb; words[count] is NULL. */
	void (*run)(int count, char **words);
};

/* Ends with a row without a name. */
extern const struct command commands[];

/* "(null)" for a domain that is not of our making. */
const char *command_domain_name(uint16_t domid);

struct tk_error;
struct tk_guest;

/* For handlers in files of their own: NULL after saying that there is none. */
struct tk_guest *cli_find_guest(const char *name);
void cli_print_error(const struct tk_error *err);

/* NULL when there is no such verb. */
const struct command *command_find(const char *name);

#endif /* CLI_COMMANDS_H */
