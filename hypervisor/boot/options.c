/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's command line: words separated by blanks, NAME or
 * NAME=VALUE. docs/boot.md describes them.
 */
#include "boot/boot.h"

#include "lib/string.h"
#include "x86/layout.h"

struct options options = {
	.com1 = true,
	.maxcpus = MAX_CPUS,
	.loglevel = LOG_INFO,
};

/* Call take() with a copy of each part of s. */
static void for_each_part(const char *s, char separator, void (*take)(char *))
{
	char part[128];

	while (*s) {
		size_t n = 0;

		while (s[n] && s[n] != separator)
			n++;
		string_copy(part, s, min_u64(n + 1, sizeof(part)));
		if (n)
			take(part);
		s += s[n] ? n + 1 : n;
	}
}

static uint64_t parse_number(const char **s)
{
	uint64_t n = 0;

	for (; **s >= '0' && **s <= '9'; ++*s)
		n = n * 10 + (uint64_t)(**s - '0');
	return n;
}

/*
 * Bytes with a suffix B, K, M, G or T; without one, KiB as in Xen. Of 512M or
 * min:1G,max:2G the last number counts.
 */
static uint64_t parse_size(const char *s)
{
	static const char suffixes[] = "bkmgt";
	uint64_t n;

	for (const char *at = s; *at; at++)
		if (*at == ':' || *at == ',')
			s = at + 1;
	n = parse_number(&s);
	for (unsigned int i = 0; i < sizeof(suffixes) - 1; i++)
		if ((*s | 0x20) == suffixes[i])
			return n << 10 * i;
	return n << 10;
}

static void add_console(char *name)
{
	options.com1 |= !strcmp(name, "com1");
	options.vga |= !strcmp(name, "vga");
}

static void take_option(char *word)
{
	static const char *const levels[] = { "error", "warning", "info",
					      "debug", "all" };
	const char *value;
	char *end = word;

	while (*end && *end != '=')
		end++;
	value = *end ? end + 1 : end;
	*end = 0;
	if (!strcmp(word, "console")) {
		options.com1 = options.vga = false;
		for_each_part(value, ',', add_console);
	} else if (!strcmp(word, "com1")) {
		/* RATE,8n1: the frame format is the only one that we know. */
		options.baud = (unsigned int)parse_number(&value);
	} else if (!strcmp(word, "dom0_mem")) {
		options.dom0_mem = parse_size(value);
	} else if (!strcmp(word, "maxcpus")) {
		options.maxcpus = (unsigned int)min_u64(
			max_u64(parse_number(&value), 1), MAX_CPUS);
	} else if (!strcmp(word, "loglvl")) {
		/* The most verbose level shown. */
		for (unsigned int i = 0; i < ARRAY_SIZE(levels); i++)
			if (!memcmp(value, levels[i], strlen(levels[i])))
				options.loglevel = min_u64(i, LOG_DEBUG);
	} else if (!strcmp(word, "noreboot")) {
		options.noreboot = strcmp(value, "0") && strcmp(value, "no");
	} else if (!strcmp(word, "spec-ctrl")) {
		options.spec_off = !strcmp(value, "off");
		options.spec_on = !strcmp(value, "on");
	} else {
		log_warning("unknown option: %s\n", word);
	}
}

void options_parse(const char *cmdline)
{
	for_each_part(cmdline, ' ', take_option);
}
