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
#include "toolstack/guest_folder.h"
#include "toolstack/primitives.h"

/* One folder that is being written; the first failure is kept. */
struct writer {
	char folder[80];
	uint16_t domid;
	int rc;
};

static void put(struct writer *writer, const char *name, const char *value)
{
	if (!writer->rc)
		writer->rc = store_put(value, "%s/%s", writer->folder, name);
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
	put(vm, "uuid", vm->folder + strlen(TK_VM_DIR));
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
	snprintf(text, sizeof(text), "%" PRIu64, config->min_memory_mib);
	put(vm, VM_MIN_MEMORY, text);
}

/* For a tk_folder_writer. */
static void put_node(void *context, const char *name, const char *value)
{
	put(context, name, value);
}

static void let_write(void *context, const char *name)
{
	struct writer *writer = context;
	char path[128], owner[8];

	put(writer, name, "");
	snprintf(path, sizeof(path), "%s/%s", writer->folder, name);
	snprintf(owner, sizeof(owner), "n%u", writer->domid);
	if (!writer->rc)
		writer->rc = store_set_perms(path, owner, NULL);
}

static void write_domain(struct writer *writer,
			 const struct tk_xenstore_guest *guest)
{
	const struct tk_folder_writer folder = { put_node, let_write, writer };
	char reader[8];

	snprintf(reader, sizeof(reader), "r%u", guest->domid);
	writer->rc = tk_store_write(writer->folder, "");
	if (!writer->rc)
		writer->rc = store_set_perms(writer->folder, "n0", reader);
	tk_guest_folder_write(&folder, guest);
	/* xenconsoled makes the guest a terminal, and says here which. */
	put(writer, "console/output", "pty");
	put(writer, "console/tty", "");
}

int tk_xenstore_introduce(const struct tk_xenstore_guest *guest)
{
	struct writer vm = { .rc = 0 }, domain = { .domid = guest->domid };
	int rc;

	tk_guest_vm_path(guest->uuid, vm.folder);
	snprintf(domain.folder, sizeof(domain.folder), "/local/domain/%u",
		 guest->domid);
	tk_xenstore_release(guest->domid);
	write_vm(&vm, guest);
	write_domain(&domain, guest);
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
	if (!strncmp(path, TK_VM_DIR, strlen(TK_VM_DIR)))
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
