/* SPDX-License-Identifier: MIT */
/*
 * The command line on the fake machine, for its tests: a terminal whose
 * output is kept and whose input is a text, and a few files. start() makes a
 * new machine; end() checks that everything was given back.
 */
#ifndef TESTS_UNIT_CLI_FIXTURE_H
#define TESTS_UNIT_CLI_FIXTURE_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <public/io/console.h>
#include <public/sched.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "toolstack/guests.h"
#include "toolstack/primitives.h"
#include "xenstore/local.h"

/* What was printed since run() or clear(). */
extern char output[65536];
/* What is typed, one byte at each reading. */
extern const char *input;
/* The file /guests/autorun; NULL: none. */
extern const char *autorun;

/* The file /guests/map. */
extern char map_text[256];

/* One more file, until the next start(). */
void add_file(const char *path, const char *text);

/* A prompt that waits when everything typed is read goes there instead. */
extern jmp_buf input_is_over;
extern bool leave_when_over;
bool no_more_input(void);

void start(void);
void end(void);
void clear(void);
/* Executes the line; its output is then in `output`. */
void run(const char *line);

#endif /* TESTS_UNIT_CLI_FIXTURE_H */
