/* SPDX-License-Identifier: MIT */
/* See autoballoon.h. */
#include "cli/autoballoon.h"

#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "toolstack/config.h"
#include "toolstack/guest_memory.h"
#include "toolstack/guests.h"
#include "toolstack/hypercalls.h"
#include "toolstack/primitives.h"

#define SETTINGS  "/guests/xl.conf"
#define LIMIT_NS  30000000000ull
#define PERIOD_NS 200000000ull

static bool is_on(void)
{
	const struct tk_config_setting *setting;
	struct tk_config config;
	struct tk_error err;
	const void *data;
	size_t size;
	bool on;

	if (cli_find_file(SETTINGS, &data, &size))
		return false;
	if (tk_config_parse(&config, SETTINGS, data, size, &err)) {
		call_fail_error(&err);
		return false;
	}
	setting = tk_config_find(&config, "autoballoon");
	on = setting && setting->value.type != TK_CONFIG_LIST &&
	     (!strcmp(setting->value.text, "on") ||
	      !strcmp(setting->value.text, "1"));
	tk_config_free(&config);
	return on;
}

/* What a guest has been asked to have above its minimum. */
static uint64_t spare_kib(const struct tk_guest *guest)
{
	uint64_t least = guest->config.min_memory_mib * 1024;
	uint64_t target = tk_guest_memory_target(guest);

	if (!tk_guest_is_alive(guest) || !least)
		return 0;
	return target > least ? target - least : 0;
}

static uint64_t missing_kib(uint64_t pages)
{
	uint64_t free_pages = 0;

	if (tk_host_free_pages(&free_pages) || free_pages >= pages)
		return 0;
	return (pages - free_pages) * 4;
}

/* What guests were asked to have before, to ask them again if it fails. */
static struct {
	unsigned long serial;
	uint64_t kib;
} before[64];
static size_t n_before;

static void ask(struct tk_guest *guest, uint64_t kib)
{
	struct tk_error err;

	if (tk_guest_set_memory(guest, kib, &err))
		call_fail_error(&err);
}

static void give_back(void)
{
	struct tk_guest *guest = NULL;
	size_t i;

	while ((guest = tk_guests_next(guest))) {
		for (i = 0; i < n_before; i++) {
			if (before[i].serial == guest->serial &&
			    guest->has_domain)
				ask(guest, before[i].kib);
		}
	}
}

/* From each the same part of what it can spare. */
static void take(uint64_t wanted, uint64_t spare)
{
	struct tk_guest *guest = NULL;

	n_before = 0;
	while ((guest = tk_guests_next(guest)) &&
	       n_before < sizeof(before) / sizeof(before[0])) {
		uint64_t now = tk_guest_memory_target(guest);
		uint64_t own = spare_kib(guest);
		uint64_t part = (wanted * own + spare - 1) / spare;

		if (!own)
			continue;
		part = part < own ? part : own;
		before[n_before].serial = guest->serial;
		before[n_before++].kib = now;
		ask(guest, now - part);
		cli_print("%s is asked for %" PRIu64 " MiB\n",
			  guest->config.name, (part + 1023) / 1024);
	}
}

static void wait_for_room(uint64_t pages)
{
	uint64_t deadline = tk_clock_ns() + LIMIT_NS;

	while (missing_kib(pages) && tk_clock_ns() < deadline &&
	       !cli_interrupted())
		cli_wait_until(tk_clock_ns() + PERIOD_NS);
}

void cli_make_room(const struct tk_domain_config *config)
{
	struct tk_guest *guest = NULL;
	uint64_t pages, missing, spare = 0;
	struct tk_error err;

	if (!is_on() || !tk_guests_check(config, &pages, &err) || !pages)
		return;
	missing = missing_kib(pages);
	while ((guest = tk_guests_next(guest)))
		spare += spare_kib(guest);
	if (!missing || missing > spare)
		return;
	take(missing, spare);
	wait_for_room(pages);
	if (missing_kib(pages))
		give_back();
}
