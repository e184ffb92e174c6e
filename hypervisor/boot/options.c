/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's command line: words separated by blanks, NAME or
 * NAME=VALUE. One table row per option; docs/boot.md describes them.
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

/* Bytes with a suffix B, K, M, G or T; without one, KiB as in Xen. */
static uint64_t parse_size(const char *s)
{
	static const char suffixes[] = "bkmgt";
	uint64_t n = parse_number(&s);

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

static void set_console(const char *value)
{
	options.com1 = options.vga = false;
	for_each_part(value, ',', add_console);
}

/* com1=115200,8n1: the frame format is the only one that we know. */
static void set_com1(const char *value)
{
	options.baud = (unsigned int)parse_number(&value);
}

/* dom0_mem=512M or dom0_mem=min:1G,max:2G; the last number counts. */
static void set_dom0_mem(const char *value)
{
	for (const char *p = value; *p; p++)
		if (*p == ':' || *p == ',')
			value = p + 1;
	options.dom0_mem = parse_size(value);
}

static void set_maxcpus(const char *value)
{
	uint64_t n = min_u64(parse_number(&value), MAX_CPUS);

	options.maxcpus = n ? (unsigned int)n : 1;
}

/* loglvl=all, or the most verbose level. */
static void set_loglvl(const char *value)
{
	static const char *const names[] = { "error", "warning", "info",
					     "debug", "all" };

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		if (!strncmp(value, names[i], strlen(names[i])))
			options.loglevel =
				(enum log_level)min_u64(i, LOG_DEBUG);
}

static void set_noreboot(const char *value)
{
	options.noreboot = strcmp(value, "0") && strcmp(value, "no");
}

static const struct option {
	const char *name;
	void (*set)(const char *value);
} option_table[] = {
	{ "console", set_console },   { "com1", set_com1 },
	{ "dom0_mem", set_dom0_mem }, { "maxcpus", set_maxcpus },
	{ "loglvl", set_loglvl },     { "noreboot", set_noreboot },
};

static void take_option(char *word)
{
	char *value = word;

	while (*value && *value != '=')
		value++;
	if (*value)
		*value++ = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(option_table); i++) {
		if (!strcmp(word, option_table[i].name)) {
			option_table[i].set(value);
			return;
		}
	}
	log_warning("unknown option: %s\n", word);
}

void options_parse(const char *cmdline)
{
	for_each_part(cmdline, ' ', take_option);
}
