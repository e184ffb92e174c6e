/* SPDX-License-Identifier: MIT */
/* Disks of guests; see guest_disks.h. */
#include "guest_disks.h"

#include <stdio.h>
#include <string.h>

#include "device.h"
#include "hypercalls.h"

#define CONTENTS_SIZE 48

struct tk_device_id tk_guest_disk_id(const struct tk_guest *guest,
				     const struct tk_disk *disk)
{
	return (struct tk_device_id){ guest->domid, "vbd", disk->number };
}

/* The name of what is written to it: another guest's is never the same. */
static void contents_name(const struct tk_guest *guest,
			  const struct tk_disk *disk, char name[CONTENTS_SIZE])
{
	if (disk->type == TK_DISK_PHY)
		name[0] = '\0';
	else
		snprintf(name, CONTENTS_SIZE, "%lu/%s", guest->serial,
			 disk->vdev);
}

static int attach(const struct tk_guest *guest, const struct tk_disk *disk,
		  struct tk_error *err)
{
	const struct tk_device_id id = tk_guest_disk_id(guest, disk);
	const char *kind = disk->is_cdrom ? "cdrom" : "disk";
	char contents[CONTENTS_SIZE], number[12];
	const struct tk_device_key back[] = {
		{ "type", tk_disk_type_name(disk->type) },
		{ "params", disk->target },
		{ "contents", contents },
		{ "mode", disk->read_only ? "r" : "w" },
		{ "device-type", kind },
		{ "dev", disk->vdev },
		{ "bootable", "1" },
		{ "discard-enable", disk->no_discard ? "0" : "1" },
		{ "specification", "xen" },
	};
	const struct tk_device_key front[] = {
		{ "virtual-device", number },
		{ "device-type", kind },
		{ "trusted", "1" },
		{ "protocol", "x86_64-abi" },
	};

	contents_name(guest, disk, contents);
	snprintf(number, sizeof(number), "%u", disk->number);
	if (!tk_device_attach(&id, back, sizeof(back) / sizeof(back[0]), front,
			      sizeof(front) / sizeof(front[0]), err))
		return 0;
	tk_fail_within(err, disk->vdev);
	return tk_fail_within(err, guest->config.name);
}

static void forget(const struct tk_guest *guest, const struct tk_disk *disk)
{
	char contents[CONTENTS_SIZE];

	contents_name(guest, disk, contents);
	if (*contents)
		tk_guests_forget_contents(contents);
}

int tk_guest_disks_attach(const struct tk_guest *guest, struct tk_error *err)
{
	size_t i;

	for (i = 0; i < guest->config.n_disks; i++) {
		if (attach(guest, &guest->config.disks[i], err))
			return -1;
	}
	return 0;
}

void tk_guest_disks_forget(const struct tk_guest *guest)
{
	size_t i;

	for (i = 0; i < guest->config.n_disks; i++)
		forget(guest, &guest->config.disks[i]);
}

/* While it runs ----------------------------------------------------------- */

int tk_guest_disk_attach(struct tk_guest *guest, struct tk_disk *disk,
			 struct tk_error *err)
{
	struct tk_disk *added;

	if (tk_guest_need_domain(guest, err))
		return -1;
	if (tk_domain_config_add_disk(&guest->config, disk, err))
		return tk_fail_within(err, guest->config.name);
	added = &guest->config.disks[guest->config.n_disks - 1];
	if (!attach(guest, added, err))
		return 0;
	/* It stays the caller's. */
	added->target = NULL;
	tk_domain_config_drop_disk(&guest->config, guest->config.n_disks - 1);
	return -1;
}

const struct tk_disk *tk_guest_disk_find(const struct tk_guest *guest,
					 const char *vdev)
{
	uint32_t number;
	size_t i;

	if (!tk_vdev_number(vdev, &number))
		return NULL;
	for (i = 0; i < guest->config.n_disks; i++) {
		if (guest->config.disks[i].number == number)
			return &guest->config.disks[i];
	}
	return NULL;
}

int tk_guest_disk_close(const struct tk_guest *guest,
			const struct tk_disk *disk, struct tk_error *err)
{
	const struct tk_device_id id = tk_guest_disk_id(guest, disk);
	int rc;

	if (tk_guest_need_domain(guest, err))
		return -1;
	rc = tk_device_close(&id);
	if (!rc)
		return 0;
	return tk_fail(err, "%s: %s: %s (%d)", guest->config.name, disk->vdev,
		       tk_errno_text(rc), rc);
}

bool tk_guest_disk_is_closed(const struct tk_guest *guest,
			     const struct tk_disk *disk)
{
	const struct tk_device_id id = tk_guest_disk_id(guest, disk);

	return tk_device_is_closed(&id);
}

void tk_guest_disk_detach(struct tk_guest *guest, const struct tk_disk *disk)
{
	const struct tk_device_id id = tk_guest_disk_id(guest, disk);

	tk_device_remove(&id);
	forget(guest, disk);
	tk_domain_config_drop_disk(&guest->config,
				   (size_t)(disk - guest->config.disks));
}
