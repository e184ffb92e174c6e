/* SPDX-License-Identifier: MIT */
/*
 * The keys of a guest's configuration: one table lists those that are
 * supported, where the value goes and which reader takes it; a second names
 * what xl knows and we do not do yet. What nobody knows is refused with the
 * nearest key that there is.
 */
#include "config_wishes.h"

#include <string.h>

#define MAX_KEY_LENGTH 40

struct key_rule {
	const char *key;
	int (*read)(struct wishes *wishes,
		    const struct tk_config_setting *setting, void *target);
	size_t target; /* offset in struct wishes or tk_domain_config */
	bool in_domain;
};

/* clang-format off */
#define WISH(key, read) { #key, read, offsetof(struct wishes, key), false }
#define DOMAIN(key, read) \
	{ #key, read, offsetof(struct tk_domain_config, key), true }
#define CHECK(key, read) { #key, read, 0, false }

static const struct key_rule key_rules[] = {
	WISH(name, tk_read_name),
	WISH(kernel, tk_read_text),
	WISH(ramdisk, tk_read_text),
	WISH(cmdline, tk_read_text),
	WISH(root, tk_read_text),
	WISH(extra, tk_read_text),
	WISH(memory, tk_read_memory),
	WISH(maxmem, tk_read_memory),
	WISH(vcpus, tk_read_vcpus),
	WISH(maxvcpus, tk_read_vcpus),
	WISH(cpu_weight, tk_read_weight),
	WISH(cap, tk_read_number),
	WISH(cpus, tk_read_cpus),
	WISH(cpus_soft, tk_read_cpus),
	CHECK(type, tk_read_type),
	CHECK(builder, tk_read_builder),
	CHECK(disk, tk_read_disks),
	CHECK(vif, tk_read_vifs),
	CHECK(start_after, tk_read_names),
	{ "min_memory", tk_read_memory,
	  offsetof(struct tk_domain_config, min_memory_mib), true },
	DOMAIN(uuid, tk_read_uuid),
	DOMAIN(on_poweroff, tk_read_action),
	DOMAIN(on_reboot, tk_read_action),
	DOMAIN(on_crash, tk_read_action),
};

static const char *const unsupported_keys[] = {
	/* what a PV guest could have */
	"bootloader", "bootloader_args", "bootargs", "firmware",
	"vfb", "vkb", "vdispl", "vsnd", "p9", "pvcalls", "pvcallsif", "vtpm",
	"usbctrl", "usbdev", "channel", "virtio", "vnc", "vnclisten",
	"vncdisplay", "vncunused", "vncpasswd", "sdl", "opengl", "keymap",
	"pci", "pci_permissive", "pci_seize", "pci_msitranslate",
	"pci_power_mgmt", "rdm", "passthrough", "ioports", "irqs", "iomem",
	"e820_host", "dtdev", "pool", "period", "slice", "latency", "extratime", "budget", "vnuma",
	"on_watchdog", "on_soft_reset", "tsc_mode", "rtc_timeoffset",
	"localtime", "nomigrate", "shadow_memory", "max_grant_frames",
	"max_maptrack_frames", "max_grant_version", "max_event_channels",
	"xend_suspend_evtchn_compat", "seclabel", "init_seclabel",
	"device_model_seclabel", "driver_domain", "cpuid", "msr_relaxed",
	"vmtrace_buf_kb", "vpmu", "claim_mode", "gic_version", "device_tree",
	"device_model_version", "device_model_override", "device_model_args",
	"device_model_user", "vuart", "tee", "iommu",
	/* of HVM and PVH guests */
	"pvshim", "pvshim_path", "pvshim_cmdline", "pvshim_extra", "hap",
	"apic", "acpi", "acpi_s3", "acpi_s4", "acpi_laptop_slate", "hpet",
	"vpt_align", "viridian", "boot", "bios", "bios_path_override",
	"serial", "usb", "usbversion", "usbdevice", "soundhw", "vga",
	"videoram", "stdvga", "spice", "spicehost", "spiceport",
	"gfx_passthru", "nestedhvm", "altp2m", "stubdomain_memory",
	"stubdomain_kernel", "stubdomain_ramdisk", "stubdomain_cmdline",
	"pae", "nx", "timer_mode", "mmio_hole", "ms_vm_genid", "vendor_device",
	"xen_platform_pci", "hdtype", "nographic", "acpi_firmware",
	"smbios_firmware", "smbios", "oos", "mca_caps",
};
/* clang-format on */

#define N_RULES       (sizeof(key_rules) / sizeof(key_rules[0]))
#define N_UNSUPPORTED (sizeof(unsupported_keys) / sizeof(unsupported_keys[0]))

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int least = a < b ? a : b;

	return least < c ? least : c;
}

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/*
 * How many characters to insert, delete, change or swap with their neighbour
 * to get from one word to the other. Three rows of the classic table; words
 * longer than a key are cut, which is near enough for a suggestion.
 */
static unsigned int edit_distance(const char *a, const char *b)
{
	unsigned int rows[3][MAX_KEY_LENGTH + 1];
	size_t a_length = strnlen(a, MAX_KEY_LENGTH);
	size_t b_length = strnlen(b, MAX_KEY_LENGTH);
	size_t i, j;

	for (j = 0; j <= b_length; j++)
		rows[0][j] = (unsigned int)j;
	for (i = 1; i <= a_length; i++) {
		unsigned int *row = rows[i % 3], *above = rows[(i + 2) % 3];

		row[0] = (unsigned int)i;
		for (j = 1; j <= b_length; j++) {
			char ca = lower(a[i - 1]), cb = lower(b[j - 1]);

			row[j] = min3(above[j] + 1, row[j - 1] + 1,
				      above[j - 1] + (ca != cb));
			if (i > 1 && j > 1 && ca == lower(b[j - 2]) &&
			    lower(a[i - 2]) == cb)
				row[j] = min3(row[j], row[j],
					      rows[(i + 1) % 3][j - 2] + 1);
		}
	}
	return rows[a_length % 3][b_length];
}

struct suggestion {
	const char *key;
	unsigned int distance;
};

static void consider(struct suggestion *best, const char *key,
		     const char *candidate)
{
	unsigned int distance = edit_distance(key, candidate);

	if (distance < best->distance)
		*best = (struct suggestion){ candidate, distance };
}

/* NULL when nothing is near: half of the key would have to change. */
static const char *nearest_key(const char *key)
{
	struct suggestion best = { NULL, (unsigned int)strlen(key) / 2 + 1 };
	size_t i;

	for (i = 0; i < N_RULES; i++)
		consider(&best, key, key_rules[i].key);
	for (i = 0; i < N_UNSUPPORTED; i++)
		consider(&best, key, unsupported_keys[i]);
	return best.key;
}

static const struct key_rule *find_rule(const char *key)
{
	size_t i;

	for (i = 0; i < N_RULES; i++) {
		if (!strcmp(key, key_rules[i].key))
			return &key_rules[i];
	}
	return NULL;
}

static bool is_unsupported_key(const char *key)
{
	size_t i;

	for (i = 0; i < N_UNSUPPORTED; i++) {
		if (!strcmp(key, unsupported_keys[i]))
			return true;
	}
	return false;
}

/* Files often spell out that they want none of something. */
static bool value_asks_for_nothing(const struct tk_config_value *value)
{
	uint64_t number;

	if (value->type == TK_CONFIG_LIST)
		return !value->n_items;
	return !*value->text ||
	       (tk_config_number(value->text, &number) && !number);
}

static int refuse_key(struct wishes *wishes,
		      const struct tk_config_setting *setting)
{
	const char *nearest;

	if (is_unsupported_key(setting->key)) {
		if (value_asks_for_nothing(&setting->value))
			return 0;
		return tk_wishes_key_fail(wishes, setting,
					  "%s is not supported yet",
					  setting->key);
	}
	nearest = nearest_key(setting->key);
	if (nearest)
		return tk_wishes_key_fail(
			wishes, setting,
			"unknown key \"%.*s\"; did you mean \"%s\"?",
			MAX_KEY_LENGTH, setting->key, nearest);
	return tk_wishes_key_fail(wishes, setting, "unknown key \"%.*s\"",
				  MAX_KEY_LENGTH, setting->key);
}

int tk_wishes_read(struct wishes *wishes)
{
	size_t i;

	for (i = 0; i < wishes->config->n_settings; i++) {
		const struct tk_config_setting *setting =
			&wishes->config->settings[i];
		const struct key_rule *rule = find_rule(setting->key);
		char *base;

		if (!rule) {
			if (refuse_key(wishes, setting))
				return -1;
			continue;
		}
		base = rule->in_domain ? (char *)wishes->domain
				       : (char *)wishes;
		if (rule->read(wishes, setting, base + rule->target))
			return -1;
	}
	return 0;
}
