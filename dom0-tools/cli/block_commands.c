/* SPDX-License-Identifier: MIT */
/* Disks of guests from the prompt. */
#include "cli/block_commands.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "toolstack/device.h"
#include "toolstack/guest_disks.h"
#include "toolstack/primitives.h"

#define DETACH_LIMIT_NS 10000000000ull

/* "-1" as other tools of this ABI print it: the guest has not said it yet. */
static void front_text(const struct tk_device_id *id, const char *key,
		       char text[12])
{
	uint32_t number;

	if (tk_device_front_number(id, key, &number))
		snprintf(text, 12, "%u", number);
	else
		memcpy(text, "-1", sizeof("-1"));
}

static void list_disk(const struct tk_guest *guest, const struct tk_disk *disk)
{
	const struct tk_device_id id = tk_guest_disk_id(guest, disk);
	char path[TK_DEVICE_PATH_SIZE], port[12], ring[12];

	front_text(&id, "event-channel", port);
	front_text(&id, "ring-ref", ring);
	tk_device_back_path(&id, path);
	cli_print("%-5u %-3u %-6u %-5u %-6s %-8s %s\n", disk->number, 0,
		  guest->domid, tk_device_back_state(&id), port, ring, path);
}

void run_block_list(int count, char **words)
{
	const struct tk_guest *guest = cli_find_guest(words[1]);
	size_t i;

	(void)count;
	if (!guest)
		return;
	cli_print("%-5s %-3s %-6s %-5s %-6s %-8s %s\n", "Vdev", "BE", "handle",
		  "state", "evt-ch", "ring-ref", "BE-path");
	for (i = 0; guest->has_domain && i < guest->config.n_disks; i++)
		list_disk(guest, &guest->config.disks[i]);
}

/* The words are joined again: a disk may be written with blanks. */
void run_block_attach(int count, char **words)
{
	struct tk_guest *guest = cli_find_guest(words[1]);
	char spec[256] = "";
	struct tk_error err;
	struct tk_disk disk;
	int i;

	if (!guest)
		return;
	for (i = 2; i < count; i++)
		snprintf(spec + strlen(spec), sizeof(spec) - strlen(spec),
			 "%s%s", i > 2 ? "," : "", words[i]);
	if (tk_disk_parse(&disk, spec, &err)) {
		cli_print("error: disk: %s\n", err.text);
	} else if (tk_guest_disk_attach(guest, &disk, &err)) {
		tk_disk_free(&disk);
		cli_print_error(&err);
	}
}

/*
 * NULL when the guest or the disk is gone meanwhile: events are handled while
 * we wait.
 */
static const struct tk_disk *find_again(const char *name, const char *vdev,
					struct tk_guest **guest)
{
	*guest = tk_guests_find(name);
	return *guest && (*guest)->has_domain ? tk_guest_disk_find(*guest, vdev)
					      : NULL;
}

static void detach(const char *name, const char *vdev, bool force)
{
	uint64_t deadline = tk_clock_ns() + DETACH_LIMIT_NS;
	const struct tk_disk *disk;
	struct tk_guest *guest;

	while ((disk = find_again(name, vdev, &guest)) && !force &&
	       !tk_guest_disk_is_closed(guest, disk)) {
		if (cli_wait_until(deadline))
			continue;
		cli_print("error: %s: %s: the guest does not let go of it; "
			  "use --force\n",
			  name, vdev);
		return;
	}
	if (disk)
		tk_guest_disk_detach(guest, disk);
}

void run_block_detach(int count, char **words)
{
	struct tk_guest *guest = cli_find_guest(words[1]);
	bool force = count > 3 && !strcmp(words[3], "--force");
	const struct tk_disk *disk;
	struct tk_error err;
	char name[128];

	if (!guest)
		return;
	disk = tk_guest_disk_find(guest, words[2]);
	if (!disk) {
		cli_print("error: %s: no disk %s\n", words[1], words[2]);
		return;
	}
	snprintf(name, sizeof(name), "%s", guest->config.name);
	if (tk_guest_disk_close(guest, disk, &err))
		cli_print_error(&err);
	else
		detach(name, words[2], force);
}
