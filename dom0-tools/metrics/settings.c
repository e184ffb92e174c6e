/* SPDX-License-Identifier: MIT */
/* The word `metrics=` of the command line: settings.h. */
#include "metrics/settings.h"

#include <string.h>

static const char option[] = "metrics=";

/* Behind the option, where it begins a word; NULL: it is not there. */
static const char *find_option(const char *line)
{
	const char *at = line;

	while ((at = strstr(at, option))) {
		if (at == line || at[-1] == ' ')
			return at + sizeof(option) - 1;
		at++;
	}
	return NULL;
}

static bool take_number(const char **at, unsigned int most,
			unsigned int *number)
{
	const char *from = *at;

	*number = 0;
	for (; **at >= '0' && **at <= '9' && *at < from + 3; (*at)++)
		*number = *number * 10 + (unsigned int)(**at - '0');
	return *at > from && *number <= most;
}

static bool take_address(const char **at, uint8_t address[4])
{
	unsigned int i, number;

	for (i = 0; i < 4; i++) {
		if (i && *(*at)++ != '.')
			return false;
		if (!take_number(at, 255, &number))
			return false;
		address[i] = (uint8_t)number;
	}
	return true;
}

static void set_mask(uint8_t mask[4], unsigned int bits)
{
	uint32_t all = (uint32_t)(0xffffffff00000000ull >> bits);
	unsigned int i;

	for (i = 0; i < 4; i++)
		mask[i] = (uint8_t)(all >> (24 - 8 * i));
}

static bool is_end(char c)
{
	return c == '\0' || c == ' ';
}

static bool read_static(struct metrics_settings *settings, const char *at)
{
	unsigned int bits;

	if (!take_address(&at, settings->address) || *at++ != '/' ||
	    !take_number(&at, 30, &bits) || bits < 1)
		return false;
	/* 0.0.0.0/8 and groups are nobody's. */
	if (!settings->address[0] || settings->address[0] >= 224)
		return false;
	set_mask(settings->mask, bits);
	if (*at == ',') {
		at++;
		if (!take_address(&at, settings->gateway))
			return false;
	}
	return is_end(*at);
}

bool metrics_settings_read(struct metrics_settings *settings,
			   const char *command_line)
{
	const char *value = find_option(command_line);
	struct metrics_settings read = { .is_on = true };

	memset(settings, 0, sizeof(*settings));
	if (!value)
		return true;
	if (!strncmp(value, "dhcp", 4) && is_end(value[4]))
		read.is_dhcp = true;
	else if (!read_static(&read, value))
		return false;
	*settings = read;
	return true;
}
