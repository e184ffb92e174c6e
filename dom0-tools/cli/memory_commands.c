/* SPDX-License-Identifier: MIT */
/* The verbs about the memory of guests. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/groups.h"
#include "toolstack/guest_memory.h"
#include "toolstack/guests.h"
#include "toolstack/hypercalls.h"
#include "toolstack/primitives.h"

#define SECOND_NS 1000000000ull
/* A guest that has not moved for so long has come as far as it can. */
#define IDLE_LIMIT_NS (10 * SECOND_NS)
/* Nearer than this is as near as a guest with its devices' pages gets. */
#define NEAR_KIB 1024u

/* "64" or "64m": MiB; k, g and t for other units, with a b behind or not. */
static bool read_size(const char *text, uint64_t *kib)
{
	static const char units[] = "kmgt";
	char *end;
	unsigned long number = strtoul(text, &end, 10);
	const char *unit = *end ? strchr(units, *end | 0x20) : units + 1;
	unsigned int shift;

	if (*text < '0' || *text > '9' || !unit)
		return false;
	if (*end)
		end++;
	if (*end == 'b' || *end == 'B')
		end++;
	shift = 10 * (unsigned int)(unit - units);
	*kib = (uint64_t)number << shift;
	return !*end && number && *kib >> shift == number;
}

/* The guest and the size that a call names; NULL and what to return. */
static struct tk_guest *read_words(const struct command_call *call,
				   uint64_t *kib, int *status)
{
	struct tk_guest *guest;

	if (!read_size(call->words[1], kib)) {
		*status = call_usage(call,
				     "%s: must be a size like 64 (MiB), "
				     "64m or 1g",
				     call->words[1]);
		return NULL;
	}
	guest = call_guest(call->words[0]);
	*status = guest ? COMMAND_DONE : COMMAND_FAILED;
	return guest;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* What it has now; false when it is gone. */
static bool has_now(const char *name, unsigned long serial, uint64_t *kib)
{
	const struct tk_guest *guest = tk_guests_find(name);
	struct tk_domain_info info;

	if (!guest || guest->serial != serial || !guest->has_domain ||
	    tk_domain_info(guest->domid, &info))
		return false;
	*kib = info.pages * 4;
	return true;
}

/*
 * A line whenever a second has passed and something has changed. Ctrl-C
 * leaves the guest on its way.
 */
static int follow(const struct tk_guest *guest, uint64_t target)
{
	unsigned long serial = guest->serial;
	char name[64];
	uint64_t moved = tk_clock_ns(), shown = 0, kib = 0;

	snprintf(name, sizeof(name), "%s", guest->config.name);
	while (has_now(name, serial, &kib)) {
		if (distance(kib, target) <= NEAR_KIB)
			return COMMAND_DONE;
		if (kib != shown) {
			if (shown)
				cli_print("%s: %" PRIu64 " of %" PRIu64
					  " MiB\n",
					  name, kib / 1024, target / 1024);
			shown = kib;
			moved = tk_clock_ns();
		}
		if (tk_clock_ns() - moved > IDLE_LIMIT_NS)
			return call_fail("%s: it stays at %" PRIu64 " MiB of "
					 "%" PRIu64 "; has it a balloon "
					 "driver?",
					 name, kib / 1024, target / 1024);
		if (cli_interrupted())
			return COMMAND_FAILED;
		cli_wait_until(tk_clock_ns() + SECOND_NS);
	}
	return call_fail("%s: it ended meanwhile", name);
}

static const struct command_option mem_set_options[] = {
	{ 'w', "wait", NULL },
	{ 0 },
};

static int run_mem_set(struct command_call *call)
{
	struct tk_error err;
	uint64_t kib;
	int status;
	struct tk_guest *guest = read_words(call, &kib, &status);

	if (!guest)
		return status;
	if (tk_guest_set_memory(guest, kib, &err))
		return call_fail_error(&err);
	return call_has(call, 'w') ? follow(guest, kib) : COMMAND_DONE;
}

static int run_mem_max(struct command_call *call)
{
	struct tk_error err;
	uint64_t kib;
	int status;
	struct tk_guest *guest = read_words(call, &kib, &status);

	if (!guest)
		return status;
	return tk_guest_set_max_memory(guest, kib, &err) ? call_fail_error(&err)
							 : COMMAND_DONE;
}

const struct command memory_commands[] = {
	{ .name = "mem-set",
	  .arguments = "[-w] NAME SIZE",
	  .help = "ask a guest to come to a size; -w wait, with progress",
	  .example = "mem-set -w debian 192m",
	  .options = mem_set_options,
	  .min_words = 2,
	  .max_words = 2,
	  .words = WORDS_GUESTS,
	  .run = run_mem_set },
	{ .name = "mem-max",
	  .arguments = "NAME SIZE",
	  .help = "the most that mem-set may ask of a guest",
	  .example = "mem-max debian 256m",
	  .min_words = 2,
	  .max_words = 2,
	  .words = WORDS_GUESTS,
	  .run = run_mem_max },
	{ 0 },
};
