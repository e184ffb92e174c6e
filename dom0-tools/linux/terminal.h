/* SPDX-License-Identifier: MIT */
/*
 * The command line's terminal on Linux: standard input, output and error. What
 * the command line needs of it is in cli/platform.h.
 */
#ifndef LINUX_TERMINAL_H
#define LINUX_TERMINAL_H

#include <stdbool.h>

/* From here on SIGINT and the like count as Ctrl-C, once somebody looks. */
void terminal_start(void);
/* Where keys come from while they are wanted, else -1. */
int terminal_fd(void);
/* A signal has come that nobody has taken as a key yet. */
bool terminal_is_interrupted(void);
void terminal_flush(void);
/* All that is written goes to this file instead, and no keys come. */
void terminal_leave(const char *log_file);

#endif /* LINUX_TERMINAL_H */
