/* SPDX-License-Identifier: MIT */
/*
 * What build_domain.h asks of a xenstore server, of Linux's: the nodes that
 * guests, xenconsoled and other tools look for, and those by which a later
 * process finds the guest again (adopt.c).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "linux/guest_nodes.h"
#include "linux/store.h"
#include "toolstack/build_domain.h"
#include "toolstack/primitives.h"
#include "toolstack/uuid.h"

/* What the guest may write, and how it finds it. */
static const struct {
	const char *name, *value;
} writable[] = {
	{ "attr", "" },
	{ "control/shutdown", "" },
	{ "control/feature-poweroff", "" },
	{ "control/feature-reboot", "" },
	{ "control/feature-suspend", "" },
	{ "control/sysrq", "" },
	{ "data", "" },
	{ "device/suspend/event-channel", "" },
	{ "drivers", "" },
	{ "error", "" },
	{ "feature", "" },
};

/* One folder that is being written; the first failure is kept. */
struct writer {
	char folder[80];
	int rc;
};

static void put(struct writer *writer, const char *name, const char *value)
{
	if (!writer->rc)
		writer->rc = store_put(value, "%s/%s", writer->folder, name);
}

static void put_number(struct writer *writer, const char *name, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	put(writer, name, text);
}

bool tk_xenstore_present(void)
{
	return store_fd() >= 0;
}

/* What all domains of one machine description share, by libxl's custom. */
static void write_vm(struct writer *vm, const struct tk_xenstore_guest *guest)
{
	const struct tk_domain_config *config = guest->config;
	char text[32];

	put(vm, "name", guest->name);
	put(vm, "uuid", vm->folder + strlen(VM_DIR));
	snprintf(text, sizeof(text), "%lld.00", (long long)time(NULL));
	put(vm, VM_START_TIME, text);
	put(vm, "image/ostype", "linux");
	put(vm, VM_KERNEL, config->kernel);
	if (config->ramdisk)
		put(vm, VM_RAMDISK, config->ramdisk);
	put(vm, VM_CMDLINE, config->cmdline);
	put(vm, VM_ON_POWEROFF, tk_action_name(config->on_poweroff));
	put(vm, VM_ON_REBOOT, tk_action_name(config->on_reboot));
	put(vm, VM_ON_CRASH, tk_action_name(config->on_crash));
	put_number(vm, VM_MIN_MEMORY, config->min_memory_mib);
}

static void write_rings(struct writer *writer,
			const struct tk_xenstore_guest *guest)
{
	put_number(writer, "store/port", guest->port);
	put_number(writer, "store/ring-ref", guest->mfn);
	put(writer, "console/type", "xenconsoled");
	put(writer, "console/output", "pty");
	put(writer, "console/limit", "1048576");
	put(writer, "console/tty", "");
	put_number(writer, "console/port", guest->console_port);
	put_number(writer, "console/ring-ref", guest->console_ring_mfn);
}

static void write_cpus(struct writer *writer,
		       const struct tk_xenstore_guest *guest)
{
	char name[32];
	unsigned int i;

	for (i = 0; i < guest->max_vcpus; i++) {
		snprintf(name, sizeof(name), "cpu/%u/availability", i);
		put(writer, name, i < guest->vcpus ? "online" : "offline");
	}
}

static void let_write(struct writer *writer, const char *name,
		      const char *value, const char *owner)
{
	char path[128];

	put(writer, name, value);
	snprintf(path, sizeof(path), "%s/%s", writer->folder, name);
	if (!writer->rc)
		writer->rc = store_set_perms(path, owner, NULL);
}

/* Nodes inherit permissions, so the folder and its own come first. */
static void write_domain(struct writer *writer, const char *vm,
			 const struct tk_xenstore_guest *guest)
{
	char reader[8], owner[8];
	size_t i;

	snprintf(reader, sizeof(reader), "r%u", guest->domid);
	snprintf(owner, sizeof(owner), "n%u", guest->domid);
	writer->rc = tk_store_write(writer->folder, "");
	if (!writer->rc)
		writer->rc = store_set_perms(writer->folder, "n0", reader);
	put(writer, "name", guest->name);
	put_number(writer, "domid", guest->domid);
	put(writer, "vm", vm);
	put_number(writer, "memory/target", guest->memory_kib);
	put_number(writer, "memory/static-max", guest->max_memory_kib);
	write_cpus(writer, guest);
	write_rings(writer, guest);
	put(writer, "control/platform-feature-xs_reset_watches", "1");
	put(writer, "device/vbd", "");
	put(writer, "device/vif", "");
	for (i = 0; i < sizeof(writable) / sizeof(writable[0]); i++)
		let_write(writer, writable[i].name, writable[i].value, owner);
}

int tk_xenstore_introduce(const struct tk_xenstore_guest *guest)
{
	struct writer vm = { .rc = 0 }, domain = { .rc = 0 };
	char uuid[TK_UUID_TEXT_SIZE];
	int rc;

	tk_uuid_print(uuid, guest->uuid);
	snprintf(vm.folder, sizeof(vm.folder), VM_DIR "%s", uuid);
	snprintf(domain.folder, sizeof(domain.folder), "/local/domain/%u",
		 guest->domid);
	tk_xenstore_release(guest->domid);
	write_vm(&vm, guest);
	write_domain(&domain, vm.folder, guest);
	rc = vm.rc ? vm.rc : domain.rc;
	if (!rc)
		rc = store_introduce(guest->domid, guest->mfn, guest->port);
	if (rc)
		tk_xenstore_release(guest->domid);
	return rc;
}

/* The server itself lets go of the ring when the domain is destroyed. */
void tk_xenstore_release(uint16_t domid)
{
	char path[80];

	store_text(path, sizeof(path), "/local/domain/%u/vm", domid);
	if (!strncmp(path, VM_DIR, strlen(VM_DIR)))
		tk_store_remove(path);
	/* Folders that other tools make for theirs. */
	snprintf(path, sizeof(path), "/libxl/%u", domid);
	tk_store_remove(path);
	snprintf(path, sizeof(path), "/local/domain/0/backend/console/%u",
		 domid);
	tk_store_remove(path);
	snprintf(path, sizeof(path), "/local/domain/%u", domid);
	tk_store_remove(path);
}

/* It is another process: there is nothing to do for it here. */
bool tk_xenstore_poll(void)
{
	return false;
}
