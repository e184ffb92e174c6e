/* SPDX-License-Identifier: MIT */
/* Waiting for guests, for several verbs; see console_commands.c. */
#ifndef CLI_CONSOLE_H
#define CLI_CONSOLE_H

#include <stdbool.h>

struct tk_guest;

/* Until the guest ends or the user leaves with Ctrl-]. */
void cli_attach_console(struct tk_guest *guest);

/*
 * Says how the guest ended, or that it has restarted, if that counts as well.
 * COMMAND_FAILED when Ctrl-C was typed.
 */
int cli_wait_for_end(const char *guest_name, bool also_restart);

#endif /* CLI_CONSOLE_H */
