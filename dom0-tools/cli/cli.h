/* SPDX-License-Identifier: MIT */
/*
 * The command line of the control domain: reads lines at a prompt, or from
 * /guests/autorun first, and runs them one after another.
 *
 * One thread does everything. A command that takes long calls tk_wait() in a
 * loop of its own; the rings of all guests are served in there, whoever
 * waits. Input is taken through cli_input() wherever it is needed, so what is
 * typed ahead goes to whatever reads next.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "toolstack/hypercalls.h"

/* Never returns, unless it cannot even start: then false, after saying why. */
bool cli_main(void);

/* What it consists of: to be called in this order, the last never returns. */
bool cli_start(void);
void cli_autorun(void);
void cli_prompt(void);

/* Formatted text to the terminal; "\n" starts a new line. */
void cli_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, for what tells of a failure. */
void cli_complain(const char *text);
/* Long text, the same way. */
void cli_print_text(const char *text, size_t size);

/* The whole of a file; "/guests/" in front may be left out. Negative: none. */
int cli_find_file(const char *path, const void **data, size_t *size);

/* What Ctrl with a letter or sign sends. */
#define CLI_CONTROL(letter) ((letter)&0x1f)

/* The next byte that was typed, or -1 when there is none yet. */
int cli_input(void);
/* Waits for typing or for a guest's event. */
void cli_wait(void);
/* The same until a time on tk_clock_ns(); false when that has come. */
bool cli_wait_until(uint64_t deadline);

/* Takes all that was typed; true when Ctrl-C was among it. */
bool cli_interrupted(void);
/* The same, but what is typed ahead stays, unless Ctrl-C came behind it. */
bool cli_interrupt_typed(void);

/*
 * Runs one line; says what was wrong with it, if anything, in a line that
 * begins with "error:". The result is an exit status (commands.h).
 */
int cli_execute(const char *line);

/*
 * Ends the whole machine, after the guests of /guests/auto unless `now`; an
 * exit status if that fails.
 */
int cli_end_machine(enum tk_host_end end, bool now);

#endif /* CLI_CLI_H */
