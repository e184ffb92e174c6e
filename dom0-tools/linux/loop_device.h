/* SPDX-License-Identifier: MIT */
/*
 * A file as a block device: Linux's loop devices.
 *
 * The device ends by itself when the last who has it open closes it, so nobody
 * has to be alive to take it away: not whoever attached it, not the guest.
 */
#ifndef LINUX_LOOP_DEVICE_H
#define LINUX_LOOP_DEVICE_H

#include <stdbool.h>

#include "toolstack/error.h"

struct loop_device {
	int fd; /* keeps it, until somebody else has it open too */
	char path[24];
};

/*
 * The error names the file and what is wrong: it cannot be opened, holds
 * nothing, is not to be written, or another device has it and one of both
 * writes. The caller closes `fd`.
 */
tk_must_check int loop_attach(struct loop_device *loop, const char *file,
			      bool read_only, struct tk_error *err);

#endif /* LINUX_LOOP_DEVICE_H */
