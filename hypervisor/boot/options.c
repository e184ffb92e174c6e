/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's command line: words separated by blanks, NAME or
 * NAME=VALUE. One table row per option; docs/boot.md describes them.
 */
#include "boot/boot.h"

#include "lib/string.h"

struct options options = {
	.console = "com1",
	.maxcpus = 256,
	.loglevel = LOG_INFO,
};

static uint64_t parse_number(const char *s, const char **end)
{
	uint64_t n = 0;

	for (; *s >= '0' && *s <= '9'; s++)
		n = n * 10 + (uint64_t)(*s - '0');
	*end = s;
	return n;
}

/* Bytes with a suffix K, M, G or T; without one, KiB as in Xen. */
static uint64_t parse_size(const char *s)
{
	const char *end;
	uint64_t n = parse_number(s, &end);

	switch (*end | 0x20) {
	case 'b':
		return n;
	case 'm':
		return n << 20;
	case 'g':
		return n << 30;
	case 't':
		return n << 40;
	default:
		return n << 10;
	}
}

static void set_console(const char *value)
{
	string_copy(options.console, value, sizeof(options.console));
}

/* com1=115200,8n1: the frame format is the only one that we know. */
static void set_com1(const char *value)
{
	const char *end;

	options.baud = (unsigned int)parse_number(value, &end);
}

/* dom0_mem=512M or dom0_mem=min:1G,max:2G; the last number counts. */
static void set_dom0_mem(const char *value)
{
	const char *p;

	for (p = value; *p; p++) {
		if (*p == ':' || *p == ',')
			value = p + 1;
	}
	options.dom0_mem = parse_size(value);
}

static void set_maxcpus(const char *value)
{
	const char *end;
	uint64_t n = parse_number(value, &end);

	options.maxcpus = n ? (unsigned int)min_u64(n, 256) : 1;
}

/* loglvl=all, or the most verbose level: error, warning, info, debug. */
static void set_loglvl(const char *value)
{
	static const char *const names[] = { "error", "warning", "info",
					     "debug", "all" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (strncmp(value, names[i], strlen(names[i])) == 0)
			options.loglevel =
				(enum log_level)min_u64(i, LOG_DEBUG);
	}
}

static void set_noreboot(const char *value)
{
	options.noreboot = strncmp(value, "0", 2) && strncmp(value, "no", 3);
}

static const struct option {
	const char *name;
	void (*set)(const char *value);
} option_table[] = {
	{ "console", set_console },   { "com1", set_com1 },
	{ "dom0_mem", set_dom0_mem }, { "maxcpus", set_maxcpus },
	{ "loglvl", set_loglvl },     { "noreboot", set_noreboot },
};

static void parse_word(char *word)
{
	char *value = strchr(word, '=');
	unsigned int i;

	if (value)
		*value++ = 0;
	for (i = 0; i < ARRAY_SIZE(option_table); i++) {
		if (strcmp(word, option_table[i].name) == 0) {
			option_table[i].set(value ? value : "");
			return;
		}
	}
	log_warning("unknown option: %s\n", word);
}

void options_parse(const char *cmdline)
{
	char word[128];
	size_t n;

	while (*cmdline) {
		for (n = 0; cmdline[n] && cmdline[n] != ' ';)
			n++;
		if (n) {
			string_copy(word, cmdline,
				    min_u64(n + 1, sizeof(word)));
			parse_word(word);
		}
		cmdline += n;
		while (*cmdline == ' ')
			cmdline++;
	}
}
