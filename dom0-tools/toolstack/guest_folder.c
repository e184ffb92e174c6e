/* SPDX-License-Identifier: MIT */
/* See guest_folder.h. */
#include "guest_folder.h"

#include <stddef.h>
#include <stdio.h>

static const char *const writable[] = {
	"attr",
	"control/shutdown",
	"control/feature-poweroff",
	"control/feature-reboot",
	"control/feature-suspend",
	"control/sysrq",
	"data",
	"device/suspend/event-channel",
	"drivers",
	"error",
	"feature",
};

/* Where guests look for devices, and find none. */
static const char *const empty[] = {
	"device",
	"device/vbd",
	"device/vif",
};

static void put(const struct tk_folder_writer *writer, const char *name,
		const char *value)
{
	writer->put(writer->context, name, value);
}

static void put_number(const struct tk_folder_writer *writer, const char *name,
		       uint64_t number)
{
	char text[24], *at = text + sizeof(text) - 1;

	for (*at = '\0'; number >= 10; number /= 10)
		*--at = (char)('0' + number % 10);
	*--at = (char)('0' + number);
	put(writer, name, at);
}

/* Which vCPUs the guest may use; vcpu-set changes it. */
static void put_cpus(const struct tk_folder_writer *writer,
		     const struct tk_xenstore_guest *guest)
{
	char name[32];
	unsigned int i;

	for (i = 0; i < guest->max_vcpus; i++) {
		snprintf(name, sizeof(name), "cpu/%u/availability", i);
		put(writer, name, i < guest->vcpus ? "online" : "offline");
	}
}

static void put_rings(const struct tk_folder_writer *writer,
		      const struct tk_xenstore_guest *guest)
{
	put_number(writer, "store/port", guest->port);
	put_number(writer, "store/ring-ref", guest->mfn);
	put_number(writer, "console/port", guest->console_port);
	put_number(writer, "console/ring-ref", guest->console_ring_mfn);
	put(writer, "console/type", "xenconsoled");
	put(writer, "console/limit", "1048576");
}

void tk_guest_folder_write(const struct tk_folder_writer *writer,
			   const struct tk_xenstore_guest *guest)
{
	char vm[TK_VM_PATH_SIZE];
	size_t i;

	tk_guest_vm_path(guest->uuid, vm);
	put(writer, "name", guest->name);
	put_number(writer, "domid", guest->domid);
	put(writer, "vm", vm);
	put_number(writer, "memory/target", guest->memory_kib);
	put_number(writer, "memory/static-max", guest->max_memory_kib);
	put_cpus(writer, guest);
	put_rings(writer, guest);
	put(writer, "control/platform-feature-xs_reset_watches", "1");
	for (i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
		put(writer, empty[i], "");
	for (i = 0; i < sizeof(writable) / sizeof(writable[0]); i++)
		writer->let_write(writer->context, writable[i]);
}

void tk_guest_vm_path(const uint8_t uuid[TK_UUID_SIZE],
		      char path[TK_VM_PATH_SIZE])
{
	tk_uuid_print(path + sprintf(path, TK_VM_DIR), uuid);
}
