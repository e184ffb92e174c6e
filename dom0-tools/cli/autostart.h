/* SPDX-License-Identifier: MIT */
/*
 * The guests of /guests/auto: every NAME.cfg there is started at boot, in the
 * order of the files' names, but behind those that it names in start_after;
 * they are stopped in the reverse order before the machine ends.
 */
#ifndef CLI_AUTOSTART_H
#define CLI_AUTOSTART_H

#include <stdbool.h>

void cli_autostart(void);

/*
 * Asks each to shut down and waits for it, at most half a minute, then
 * destroys it. False when Ctrl-C was typed: the rest still runs.
 */
bool cli_autostop(void);

#endif /* CLI_AUTOSTART_H */
