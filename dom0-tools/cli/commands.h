/* SPDX-License-Identifier: MIT */
/*
 * The verbs of the command line: one row of a table each, in the file with
 * their handlers. To add a verb, add a row; help, completion, the reading of
 * options and --json follow. Names, options and text output are xl's where xl
 * has the verb.
 *
 * A handler gets a struct command_call: its operands (words that are not
 * options) and which options were given. It says its result, or one line
 * through call_fail(), and returns an exit status.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>

/* What a command ends with, as a program would: see docs/toolstack.md. */
enum command_status {
	COMMAND_DONE = 0,
	COMMAND_FAILED = 1,
	COMMAND_USAGE = 2,
};

/* Names that tab completes after the verb. */
enum command_words {
	WORDS_NONE,
	WORDS_VERBS,
	WORDS_FILES,
	WORDS_GUESTS,
};

#define COMMAND_OPTIONS_MAX 8
/* An option without a letter has one of these instead. */
#define OPTION_LONG(n) (256 + (n))

/* A list of them ends with a row without an id. */
struct command_option {
	int id;               /* its letter, or OPTION_LONG() */
	const char *name;     /* "force": --force; NULL: letter only */
	const char *argument; /* what has to follow; NULL: nothing */
};

struct command_call;

struct command {
	const char *name;
	const char *alias;     /* or NULL */
	const char *arguments; /* for help: "NAME", "[-c] FILE" */
	const char *help;      /* one line, no full stop */
	const char *example;   /* a line that works as it stands */
	const struct command_option *options; /* NULL: none */
	int min_words;                        /* operands */
	int max_words;
	enum command_words words;
	bool reads; /* has --json */
	int (*run)(struct command_call *call);
};

struct command_call {
	const struct command *command;
	char **words; /* operands; words[count] is NULL */
	int count;
	bool json;
	const char *values[COMMAND_OPTIONS_MAX]; /* as in command->options */
};

/* Rows of `commands` end with one without a name. */
struct command_group {
	const char *title; /* NULL: belongs to the group before */
	const struct command *commands;
};

/* All verbs: begin with NULL, ends with NULL. */
const struct command *command_next(const struct command *command);
/* By name or alias; NULL when there is no such verb. */
const struct command *command_find(const char *name);

/*
 * Takes the options out of words[1] on, and runs the verb in words[0]; says
 * what is wrong with them, if anything.
 */
int command_run(int count, char **words);

/* For handlers ------------------------------------------------------------ */

bool call_has(const struct command_call *call, int option);
/* NULL when it was not given. */
const char *call_value(const struct command_call *call, int option);

/* "error: ..." on a line of its own; COMMAND_FAILED. */
int call_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with the usage of the verb; COMMAND_USAGE. */
int call_usage(const struct command_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* For a negative result of the hypervisor: "what: not permitted (-1)". */
int call_fail_rc(const char *what, long rc);

struct tk_domain_info;
struct tk_error;
struct tk_guest;

int call_fail_error(const struct tk_error *err);
/* By name or number: NULL or false after saying that there is none. */
struct tk_guest *call_guest(const char *name);
bool call_domain(const char *name, struct tk_domain_info *info);

/* A decimal number and nothing behind it. */
bool call_number(const char *text, unsigned long *number);
/* The operands from `first` on as one text with `between` between them. */
void call_join(const struct command_call *call, int first, const char *between,
	       char *text, unsigned long size);

/* "(null)" for a domain that is not of our making. */
const char *command_domain_name(uint16_t domid);

/* Calls show() for each domain until it fails; returns what it did. */
int command_each_domain(int (*show)(const struct tk_domain_info *info,
				    void *context),
			void *context);

#endif /* CLI_COMMANDS_H */
