/* SPDX-License-Identifier: MIT */
/*
 * The word `metrics=` of the control domain's command line: dhcp, or
 * ADDRESS/BITS and, if there is one, ,GATEWAY. A pure function.
 */
#ifndef METRICS_SETTINGS_H
#define METRICS_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

struct metrics_settings {
	bool is_on;
	bool is_dhcp; /* else: */
	uint8_t address[4];
	uint8_t mask[4];
	uint8_t gateway[4]; /* all 0: none */
};

/* False: there is such a word, and it makes no sense. */
bool metrics_settings_read(struct metrics_settings *settings,
			   const char *command_line);

#endif /* METRICS_SETTINGS_H */
