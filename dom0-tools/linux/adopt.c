/* SPDX-License-Identifier: MIT */
/*
 * Finds the guests that there are: each call of the command is a process of
 * its own. See adopt.h.
 *
 * Trust: these nodes are the control domain's; guests do not write them.
 */
#include "linux/adopt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/commands.h"
#include "linux/guest_nodes.h"
#include "linux/store.h"
#include "toolstack/build_domain.h"
#include "toolstack/domain_config.h"
#include "toolstack/guests.h"
#include "toolstack/hypercalls.h"
#include "toolstack/primitives.h"
#include "toolstack/uuid.h"

#define VALUE_SIZE 1024
#define VM_SIZE    80
#define PATH_SIZE  96

/* Devices ----------------------------------------------------------------- */

static enum tk_disk_type disk_type(const char *name)
{
	return strcmp(name, "file") ? TK_DISK_PHY : TK_DISK_FILE;
}

/* False: not a disk, or not enough memory. */
static bool read_disk(struct tk_disk *disk, const char *back)
{
	char value[VALUE_SIZE];

	memset(disk, 0, sizeof(*disk));
	disk->type =
		disk_type(store_text(value, sizeof(value), "%s/type", back));
	store_text(disk->vdev, sizeof(disk->vdev), "%s/dev", back);
	disk->read_only =
		strchr(store_text(value, sizeof(value), "%s/mode", back),
		       'w') == NULL;
	disk->is_cdrom = !strcmp(
		store_text(value, sizeof(value), "%s/device-type", back),
		"cdrom");
	disk->target = tk_text_copy(
		store_text(value, sizeof(value), "%s/params", back));
	return disk->target && tk_vdev_number(disk->vdev, &disk->number);
}

static void add_disk(struct tk_domain_config *config, const char *back)
{
	struct tk_error ignored;
	struct tk_disk disk;

	if (!read_disk(&disk, back) ||
	    tk_domain_config_add_disk(config, &disk, &ignored))
		tk_disk_free(&disk);
}

static void add_vif(struct tk_domain_config *config, const char *back)
{
	struct tk_vif vif = { .has_handle = true };
	char mac[TK_MAC_TEXT_SIZE];
	struct tk_error ignored;

	vif.handle = (uint32_t)strtoul(strrchr(back, '/') + 1, NULL, 10);
	vif.has_mac = tk_mac_parse(store_text(mac, sizeof(mac), "%s/mac", back),
				   vif.mac);
	store_text(vif.bridge, sizeof(vif.bridge), "%s/bridge", back);
	store_text(vif.vifname, sizeof(vif.vifname), "%s/vifname", back);
	store_text(vif.ip, sizeof(vif.ip), "%s/ip", back);
	/* Without memory, it is not shown. */
	if (tk_domain_config_add_vif(config, &vif, &ignored))
		return;
}

static void
each_device(struct tk_domain_config *config, uint16_t domid, const char *kind,
	    void (*add)(struct tk_domain_config *config, const char *back))
{
	char folder[PATH_SIZE], path[2 * PATH_SIZE];
	char *names, *name;

	snprintf(folder, sizeof(folder), "/local/domain/%u/backend/%s/%u",
		 TK_DOMID_CONTROL, kind, domid);
	names = store_children(folder);
	for (name = names; name && *name; name += strlen(name) + 1) {
		snprintf(path, sizeof(path), "%s/%.*s", folder, PATH_SIZE - 1,
			 name);
		add(config, path);
	}
	free(names);
}

/* Settings ---------------------------------------------------------------- */

static enum tk_action read_action(const char *vm, const char *node)
{
	char text[32];
	int action;

	store_text(text, sizeof(text), "%s/%s", vm, node);
	for (action = TK_ACTION_DESTROY; action <= TK_ACTION_COREDUMP_RESTART;
	     action++) {
		if (!strcmp(tk_action_name((enum tk_action)action), text))
			return (enum tk_action)action;
	}
	return TK_ACTION_DESTROY;
}

static char *copy_text(const char *folder, const char *node)
{
	char text[VALUE_SIZE];

	return tk_text_copy(
		store_text(text, sizeof(text), "%s/%s", folder, node));
}

/* Other tools' domains may be without. */
static char *copy_name(const char *domain)
{
	char text[VALUE_SIZE];

	store_text(text, sizeof(text), "%s/name", domain);
	return tk_text_copy(*text ? text : "(null)");
}

static unsigned int online_vcpus(const char *domain, unsigned int max)
{
	unsigned int i, online = 0;
	char text[16];

	for (i = 0; i < max; i++)
		online +=
			!strcmp(store_text(text, sizeof(text),
					   "%s/cpu/%u/availability", domain, i),
				"online");
	return online;
}

static void read_sizes(struct tk_domain_config *config, const char *domain,
		       const struct tk_domain_info *info)
{
	uint64_t kib = info->pages * 4;

	config->memory_mib =
		store_number(kib, "%s/memory/target", domain) / 1024;
	config->maxmem_mib =
		store_number(kib, "%s/memory/static-max", domain) / 1024;
	config->max_vcpus = info->max_vcpus;
	config->vcpus = online_vcpus(domain, info->max_vcpus);
	config->has_uuid = true;
	memcpy(config->uuid, info->uuid, sizeof(config->uuid));
}

static bool read_config(struct tk_domain_config *config, const char *vm,
			const struct tk_domain_info *info)
{
	char domain[PATH_SIZE];

	memset(config, 0, sizeof(*config));
	snprintf(domain, sizeof(domain), "/local/domain/%u", info->domid);
	config->name = copy_name(domain);
	config->kernel = copy_text(vm, VM_KERNEL);
	config->cmdline = copy_text(vm, VM_CMDLINE);
	config->ramdisk = copy_text(vm, VM_RAMDISK);
	if (config->ramdisk && !*config->ramdisk) {
		free(config->ramdisk);
		config->ramdisk = NULL;
	}
	config->on_poweroff = read_action(vm, VM_ON_POWEROFF);
	config->on_reboot = read_action(vm, VM_ON_REBOOT);
	config->on_crash = read_action(vm, VM_ON_CRASH);
	config->min_memory_mib = store_number(0, "%s/" VM_MIN_MEMORY, vm);
	read_sizes(config, domain, info);
	each_device(config, info->domid, "vbd", add_disk);
	each_device(config, info->domid, "vif", add_vif);
	return config->name && config->kernel && config->cmdline;
}

/* On tk_clock_ns(): before our clock began to run counts as its beginning. */
static uint64_t start_time(const char *vm)
{
	uint64_t now = tk_clock_ns(), age;
	char text[32];
	time_t started = (time_t)strtoll(
		store_text(text, sizeof(text), "%s/" VM_START_TIME, vm), NULL,
		10);

	age = started ? (uint64_t)(time(NULL) - started) * 1000000000u : 0;
	return age < now ? now - age : 0;
}

static int adopt(const struct tk_domain_info *info, void *context)
{
	struct tk_built_domain domain = { .domid = info->domid };
	struct tk_domain_config config;
	struct tk_error err;
	char vm[VM_SIZE];

	(void)context;
	if (info->domid == TK_DOMID_CONTROL || info->is_dying)
		return 0;
	store_text(vm, sizeof(vm), "/local/domain/%u/vm", info->domid);
	if (!read_config(&config, vm, info)) {
		tk_domain_config_free(&config);
		return call_fail("out of memory");
	}
	if (tk_guests_adopt(&config, &domain, start_time(vm), &err))
		return 0;
	return call_fail_error(&err);
}

void adopt_guests(void)
{
	command_each_domain(adopt, NULL);
}
