/* SPDX-License-Identifier: MIT */
/*
 * What every guest finds about itself in xenstore, in its folder
 * /local/domain/N, and which of it is its own to write (XS-10). Our server and
 * the one of Linux are told of it in their own ways.
 */
#ifndef TOOLSTACK_GUEST_FOLDER_H
#define TOOLSTACK_GUEST_FOLDER_H

#include <stdint.h>

#include "build_domain.h"
#include "uuid.h"

#define TK_VM_DIR       "/vm/"
#define TK_VM_PATH_SIZE (sizeof(TK_VM_DIR) + TK_UUID_TEXT_SIZE)

/* Names are relative to the folder. Failures are the writer's to keep. */
struct tk_folder_writer {
	/* With the permissions of the folder, which the guest may read. */
	void (*put)(void *context, const char *name, const char *value);
	/* Empty, and the guest's own. */
	void (*let_write)(void *context, const char *name);
	void *context;
};

/* The folder is there, and has its permissions: nodes inherit them. */
void tk_guest_folder_write(const struct tk_folder_writer *writer,
			   const struct tk_xenstore_guest *guest);

/* Of what all domains of one machine description share. */
void tk_guest_vm_path(const uint8_t uuid[TK_UUID_SIZE],
		      char path[TK_VM_PATH_SIZE]);

#endif /* TOOLSTACK_GUEST_FOLDER_H */
