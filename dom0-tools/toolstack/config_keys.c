/* SPDX-License-Identifier: MIT */
/*
 * The keys of a guest's configuration: one table lists those that have an
 * effect, where the value goes and which reader takes it; a second what
 * becomes of xl's other keys, and why. What nobody knows is refused with the
 * nearest key that there is.
 */
#include "config_wishes.h"

#include <string.h>

#define MAX_KEY_LENGTH 40

struct key_rule {
	const char *key;
	tk_wishes_reader *read;
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
	DOMAIN(on_watchdog, tk_read_action),
	DOMAIN(max_grant_frames, tk_read_limit),
	DOMAIN(max_maptrack_frames, tk_read_limit),
	DOMAIN(max_event_channels, tk_read_limit),
	DOMAIN(rtc_timeoffset, tk_read_seconds),
	CHECK(max_grant_version, tk_read_grant_version),
	CHECK(tsc_mode, tk_read_tsc_mode),
	CHECK(pool, tk_read_pool),
	CHECK(passthrough, tk_read_passthrough),
};

/* What becomes of a key of xl that has no reader here. */
enum fate {
	FATE_QUIET,  /* has no effect on a PV guest, or no effect that shows */
	FATE_NOTICE, /* the guest works without it, but not as it was meant */
	FATE_REFUSE, /* it would not be the guest that was asked for */
};

#define HVM     FATE_REFUSE, "is for HVM guests, this one is PV"
#define PVH     FATE_REFUSE, "is for PVH guests, this one is PV"
#define ARM     FATE_REFUSE, "is for Arm machines"
#define DEVICE  FATE_REFUSE, "is not supported: no back end for such devices"
#define HOST    FATE_REFUSE, "is not supported: a guest gets no device of " \
			     "the machine but disks and networks"
#define DISPLAY FATE_NOTICE, "is ignored: there is no display; see console"
#define RTDS    FATE_NOTICE, "is ignored: it is of another scheduler"
#define MODEL   FATE_NOTICE, "is ignored: there is no device model"
#define LABEL   FATE_REFUSE, "is not supported: there are no security labels"

static const struct other_key {
	const char *key;
	enum fate fate;
	const char *why; /* behind the key: "is ..."; NULL when quiet */
} other_keys[] = {
	{ "bootloader", FATE_REFUSE,
	  "is not supported: set kernel, which may be PV GRUB" },
	{ "firmware", FATE_REFUSE,
	  "is not supported: set kernel, which may be PV GRUB" },
	{ "bootloader_args", FATE_NOTICE, "is ignored without bootloader" },
	{ "bootargs", FATE_NOTICE, "is ignored without bootloader" },
	{ "vfb", DISPLAY }, { "vkb", DISPLAY }, { "vnc", DISPLAY },
	{ "vnclisten", DISPLAY }, { "vncdisplay", DISPLAY },
	{ "vncunused", DISPLAY }, { "vncpasswd", DISPLAY },
	{ "sdl", DISPLAY }, { "opengl", DISPLAY }, { "keymap", DISPLAY },
	{ "vdispl", DEVICE }, { "vsnd", DEVICE }, { "p9", DEVICE },
	{ "pvcalls", DEVICE }, { "pvcallsif", DEVICE }, { "vtpm", DEVICE },
	{ "usbctrl", DEVICE }, { "usbdev", DEVICE }, { "channel", DEVICE },
	{ "virtio", DEVICE },
	{ "pci", HOST }, { "rdm", HOST }, { "ioports", HOST },
	{ "irqs", HOST }, { "iomem", HOST }, { "dtdev", HOST },
	{ "pci_permissive", FATE_QUIET, NULL },
	{ "pci_seize", FATE_QUIET, NULL },
	{ "pci_msitranslate", FATE_QUIET, NULL },
	{ "pci_power_mgmt", FATE_QUIET, NULL },
	{ "e820_host", FATE_REFUSE,
	  "is not supported: a guest does not see the machine's memory map" },
	{ "vnuma", FATE_REFUSE, "is not for PV guests" },
	{ "period", RTDS }, { "slice", RTDS }, { "latency", RTDS },
	{ "extratime", RTDS }, { "budget", RTDS },
	{ "on_soft_reset", FATE_QUIET, NULL }, /* a PV guest cannot do it */
	{ "localtime", FATE_REFUSE,
	  "is not supported: no time zone is known; see rtc_timeoffset" },
	{ "nomigrate", FATE_QUIET, NULL },
	{ "shadow_memory", FATE_QUIET, NULL },
	{ "xend_suspend_evtchn_compat", FATE_QUIET, NULL },
	{ "claim_mode", FATE_QUIET, NULL },
	{ "seclabel", LABEL }, { "init_seclabel", LABEL },
	{ "device_model_seclabel", LABEL },
	{ "driver_domain", FATE_REFUSE,
	  "is not supported: back ends are in the control domain" },
	{ "cpuid", FATE_REFUSE,
	  "is not supported: all guests see the same processor" },
	{ "msr_relaxed", FATE_NOTICE,
	  "is ignored: unknown MSRs fault in every guest" },
	{ "vmtrace_buf_kb", FATE_REFUSE, "is not supported" },
	{ "vpmu", FATE_REFUSE, "is not supported" },
	{ "device_model_version", MODEL }, { "device_model_override", MODEL },
	{ "device_model_args", MODEL }, { "device_model_user", MODEL },
	{ "gic_version", ARM }, { "device_tree", ARM }, { "vuart", ARM },
	{ "tee", ARM },
	{ "pvshim", PVH }, { "pvshim_path", PVH }, { "pvshim_cmdline", PVH },
	{ "pvshim_extra", PVH },
	{ "hap", HVM }, { "apic", HVM }, { "acpi", HVM }, { "acpi_s3", HVM },
	{ "acpi_s4", HVM }, { "acpi_laptop_slate", HVM }, { "hpet", HVM },
	{ "vpt_align", HVM }, { "viridian", HVM }, { "boot", HVM },
	{ "bios", HVM }, { "bios_path_override", HVM }, { "serial", HVM },
	{ "usb", HVM }, { "usbversion", HVM }, { "usbdevice", HVM },
	{ "soundhw", HVM }, { "vga", HVM }, { "videoram", HVM },
	{ "stdvga", HVM }, { "spice", HVM }, { "spicehost", HVM },
	{ "spiceport", HVM }, { "gfx_passthru", HVM }, { "nestedhvm", HVM },
	{ "altp2m", HVM }, { "stubdomain_memory", HVM },
	{ "stubdomain_kernel", HVM }, { "stubdomain_ramdisk", HVM },
	{ "stubdomain_cmdline", HVM }, { "pae", HVM }, { "nx", HVM },
	{ "timer_mode", HVM }, { "mmio_hole", HVM }, { "ms_vm_genid", HVM },
	{ "vendor_device", HVM }, { "xen_platform_pci", HVM },
	{ "hdtype", HVM }, { "nographic", HVM }, { "acpi_firmware", HVM },
	{ "smbios_firmware", HVM }, { "smbios", HVM }, { "oos", HVM },
	{ "mca_caps", HVM }, { "iommu", HVM },
};
/* clang-format on */

#define N_RULES (sizeof(key_rules) / sizeof(key_rules[0]))
#define N_OTHER (sizeof(other_keys) / sizeof(other_keys[0]))

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
	for (i = 0; i < N_OTHER; i++)
		consider(&best, key, other_keys[i].key);
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

static const struct other_key *find_other(const char *key)
{
	size_t i;

	for (i = 0; i < N_OTHER; i++) {
		if (!strcmp(key, other_keys[i].key))
			return &other_keys[i];
	}
	return NULL;
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

static int read_other(struct wishes *wishes,
		      const struct tk_config_setting *setting,
		      const struct other_key *other)
{
	if (other->fate == FATE_QUIET ||
	    value_asks_for_nothing(&setting->value))
		return 0;
	if (other->fate == FATE_NOTICE)
		return tk_wishes_note(wishes, "%s %s", other->key, other->why);
	return tk_wishes_key_fail(wishes, setting, "%s %s", other->key,
				  other->why);
}

static int refuse_unknown(struct wishes *wishes,
			  const struct tk_config_setting *setting)
{
	const char *nearest = nearest_key(setting->key);

	if (nearest)
		return tk_wishes_key_fail(
			wishes, setting,
			"unknown key \"%.*s\"; did you mean \"%s\"?",
			MAX_KEY_LENGTH, setting->key, nearest);
	return tk_wishes_key_fail(wishes, setting, "unknown key \"%.*s\"",
				  MAX_KEY_LENGTH, setting->key);
}

static int read_setting(struct wishes *wishes,
			const struct tk_config_setting *setting)
{
	const struct key_rule *rule = find_rule(setting->key);
	const struct other_key *other;
	char *base;

	if (rule) {
		base = rule->in_domain ? (char *)wishes->domain
				       : (char *)wishes;
		return rule->read(wishes, setting, base + rule->target);
	}
	other = find_other(setting->key);
	return other ? read_other(wishes, setting, other)
		     : refuse_unknown(wishes, setting);
}

int tk_wishes_read(struct wishes *wishes)
{
	size_t i;

	for (i = 0; i < wishes->config->n_settings; i++) {
		if (read_setting(wishes, &wishes->config->settings[i]))
			return -1;
	}
	return 0;
}
