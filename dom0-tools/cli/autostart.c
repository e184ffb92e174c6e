/* SPDX-License-Identifier: MIT */
/*
 * See autostart.h.
 *
 * Owns: the list of files, while cli_autostart() runs.
 */
#include "cli/autostart.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/config_json.h"
#include "cli/platform.h"
#include "toolstack/domain_config.h"
#include "toolstack/guests.h"
#include "toolstack/primitives.h"

#define FOLDER        "/guests/auto/"
#define SUFFIX        ".cfg"
#define GUESTS_MAX    256
#define STOP_LIMIT_NS 30000000000ull

enum entry_state {
	ENTRY_WAITING,
	ENTRY_STARTING, /* what it needs is being started */
	ENTRY_STARTED,
	ENTRY_FAILED,
};

static struct entry {
	const char *path;
	enum entry_state state;
	struct tk_domain_config config; /* while waiting or starting */
} entries[GUESTS_MAX];

static size_t n_entries;

/* Files ------------------------------------------------------------------- */

static bool is_auto_file(const char *path)
{
	size_t length = strlen(path);

	return !strncmp(path, FOLDER, strlen(FOLDER)) &&
	       length > strlen(FOLDER SUFFIX) &&
	       !strcmp(path + length - strlen(SUFFIX), SUFFIX);
}

static int compare_paths(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;

	return strcmp(left->path, right->path);
}

static void read_entry(struct entry *entry)
{
	struct tk_error err;
	const void *data;
	size_t size;

	entry->state = ENTRY_FAILED;
	if (platform_file(entry->path, &data, &size))
		return;
	if (tk_domain_config_parse(&entry->config, entry->path, data, size,
				   &err)) {
		call_fail_error(&err);
		return;
	}
	entry->state = ENTRY_WAITING;
	cli_show_notices(entry->path, &entry->config);
}

static void read_folder(void)
{
	const char *path;
	size_t i, size;

	n_entries = 0;
	for (i = 0; (path = platform_file_at(i, &size)); i++) {
		if (!is_auto_file(path))
			continue;
		if (n_entries == GUESTS_MAX) {
			call_fail(FOLDER ": more than %d files", GUESTS_MAX);
			break;
		}
		entries[n_entries++].path = path;
	}
	qsort(entries, n_entries, sizeof(entries[0]), compare_paths);
	for (i = 0; i < n_entries; i++)
		read_entry(&entries[i]);
}

/* Starting ---------------------------------------------------------------- */

static struct entry *find_entry(const char *name)
{
	size_t i;

	for (i = 0; i < n_entries; i++) {
		if (entries[i].config.name &&
		    !strcmp(entries[i].config.name, name))
			return &entries[i];
	}
	return NULL;
}

static bool is_alive(const char *name)
{
	const struct tk_guest *guest = tk_guests_find(name);

	return guest && tk_guest_is_alive(guest);
}

static void fail_entry(struct entry *entry)
{
	tk_domain_config_free(&entry->config);
	entry->state = ENTRY_FAILED;
}

static void start_itself(struct entry *entry)
{
	struct tk_guest *guest;
	struct tk_error err;

	guest = tk_guests_create(&entry->config, false, &err);
	memset(&entry->config, 0, sizeof(entry->config));
	entry->state = guest ? ENTRY_STARTED : ENTRY_FAILED;
	if (!guest) {
		call_fail_error(&err);
		return;
	}
	guest->is_auto = true;
	cli_print("started %s\n", guest->config.name);
}

/*
 * Depth first: what it is to come after is started before it. An entry that
 * is met while it waits for itself is part of a circle.
 */
static void start_entry(struct entry *entry)
{
	size_t i;

	entry->state = ENTRY_STARTING;
	for (i = 0; i < entry->config.n_start_after; i++) {
		const char *name = entry->config.start_after[i];
		struct entry *other = find_entry(name);

		if (other && other->state == ENTRY_WAITING)
			start_entry(other);
		if (is_alive(name))
			continue;
		call_fail("%s: not started: it is to come after %s, which %s",
			  entry->config.name, name,
			  other && other->state == ENTRY_STARTING
				  ? "is to come after it"
				  : "is not running");
		fail_entry(entry);
		return;
	}
	start_itself(entry);
}

void cli_autostart(void)
{
	size_t i;

	read_folder();
	for (i = 0; i < n_entries; i++) {
		if (entries[i].state == ENTRY_WAITING)
			start_entry(&entries[i]);
	}
}

/* Stopping ---------------------------------------------------------------- */

/* The list is in the order of creation; NULL when none is left. */
static struct tk_guest *last_auto(void)
{
	struct tk_guest *guest = NULL, *last = NULL;

	while ((guest = tk_guests_next(guest))) {
		if (guest->is_auto && tk_guest_is_alive(guest))
			last = guest;
	}
	return last;
}

/* The domain that was asked; NULL once it is gone or replaced. */
static struct tk_guest *still_there(uint16_t domid, unsigned long serial)
{
	struct tk_guest *guest = tk_guests_find_domid(domid);

	return guest && guest->serial == serial && !guest->has_ended ? guest
								     : NULL;
}

/* False: Ctrl-C. */
static bool wait_for_end(uint16_t domid, unsigned long serial)
{
	uint64_t deadline = tk_clock_ns() + STOP_LIMIT_NS;

	while (still_there(domid, serial)) {
		if (cli_interrupted())
			return false;
		if (!cli_wait_until(deadline))
			return true;
	}
	return true;
}

static bool stop(struct tk_guest *guest)
{
	unsigned long serial = guest->serial;
	uint16_t domid = guest->domid;
	struct tk_error err;

	cli_print("stopping %s\n", guest->config.name);
	/* One that starts again by its configuration is not stopped twice. */
	guest->is_auto = false;
	guest->config.on_poweroff = TK_ACTION_DESTROY;
	if (tk_guest_shutdown(guest, &err))
		call_fail_error(&err);
	else if (!wait_for_end(domid, serial))
		return false;
	guest = still_there(domid, serial);
	if (!guest)
		return true;
	cli_print("%s does not stop: it is destroyed\n", guest->config.name);
	if (tk_guest_destroy(guest, &err))
		call_fail_error(&err);
	return true;
}

bool cli_autostop(void)
{
	struct tk_guest *guest;

	while ((guest = last_auto())) {
		if (!stop(guest))
			return false;
	}
	return true;
}
