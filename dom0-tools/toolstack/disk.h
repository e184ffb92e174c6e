/* SPDX-License-Identifier: MIT */
/*
 * One entry of `disk = [ ... ]`, in xl's syntax: up to four fields by their
 * place (target, format, vdev, access), and fields by name; a target with
 * commas comes last as target=. A prefix file:, phy: or ram: says what the
 * target is and leaves out the field for the format, as in old files.
 *
 * Owns: `target`, until tk_disk_free().
 */
#ifndef TOOLSTACK_DISK_H
#define TOOLSTACK_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

enum tk_disk_type {
	TK_DISK_FILE, /* a file under /guests; writes go to memory */
	TK_DISK_PHY,  /* a disk or partition of the machine */
	TK_DISK_RAM,  /* zeros; target is SIZE or SIZE/SECTOR */
};

struct tk_disk {
	enum tk_disk_type type;
	char *target;
	char vdev[16];   /* "xvda1" */
	uint32_t number; /* what the guest's kernel calls it by */
	bool read_only;
	bool is_cdrom;
	bool no_discard;
};

/* The error names the field and what is wrong with it. */
tk_must_check int tk_disk_parse(struct tk_disk *disk, const char *spec,
				struct tk_error *err);
void tk_disk_free(struct tk_disk *disk);

/* "file", "phy" or "ram". */
const char *tk_disk_type_name(enum tk_disk_type type);

/* "xvda1", "sdb", "hdc", "d0p1" or a number; false: no such device. */
bool tk_vdev_number(const char *vdev, uint32_t *number);

#endif /* TOOLSTACK_DISK_H */
