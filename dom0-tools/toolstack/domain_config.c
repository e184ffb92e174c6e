/* SPDX-License-Identifier: MIT */
/*
 * From the tree of config.h to struct tk_domain_config.
 *
 * One table lists the supported keys: where the value goes and which handler
 * reads it. A second list names what xl knows and we do not do yet. The
 * handlers see one setting each; what depends on several keys (the command
 * line, maxmem, what is required) is settled when all have been read.
 */
#include "domain_config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_MEMORY_MIB 32
#define MAX_MEMORY_MIB     (16ull << 20) /* 16 TiB */
#define MAX_NAME_LENGTH    63
#define MAX_KEY_LENGTH     40

/* What the keys say, before their combination is judged. */
struct wishes {
	const struct tk_config *config;
	struct tk_error *err;
	struct tk_domain_config *domain;
	const char *name;
	const char *kernel;
	const char *ramdisk;
	const char *cmdline;
	const char *root;
	const char *extra;
	uint64_t memory;
	uint64_t maxmem;
	uint64_t vcpus;
	uint64_t maxvcpus;
	uint64_t cpu_weight;
	uint64_t cap;
	const struct tk_config_setting *cpus;
	const struct tk_config_setting *cpus_soft;
};

struct key_rule {
	const char *key;
	int (*read)(struct wishes *wishes,
		    const struct tk_config_setting *setting, void *target);
	size_t target; /* offset in struct wishes or tk_domain_config */
	bool in_domain;
};

static const char *const action_names[] = {
	[TK_ACTION_DESTROY] = "destroy",
	[TK_ACTION_RESTART] = "restart",
	[TK_ACTION_RENAME_RESTART] = "rename-restart",
	[TK_ACTION_PRESERVE] = "preserve",
};

#define N_ACTIONS (sizeof(action_names) / sizeof(action_names[0]))

const char *tk_action_name(enum tk_action action)
{
	return (size_t)action < N_ACTIONS ? action_names[action] : "unknown";
}

static int value_fail(struct wishes *wishes,
		      const struct tk_config_value *value, const char *format,
		      ...) __attribute__((format(printf, 3, 4)));
static int key_fail(struct wishes *wishes,
		    const struct tk_config_setting *setting, const char *format,
		    ...) __attribute__((format(printf, 3, 4)));

static int value_fail(struct wishes *wishes,
		      const struct tk_config_value *value, const char *format,
		      ...)
{
	char text[TK_ERROR_TEXT_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return tk_fail(wishes->err, "%s:%u:%u: %s", wishes->config->file_name,
		       value->line, value->column, text);
}

/* Complaints about a key itself point at the key, not at its value. */
static int key_fail(struct wishes *wishes,
		    const struct tk_config_setting *setting, const char *format,
		    ...)
{
	struct tk_config_value at = { .line = setting->line,
				      .column = setting->column };
	char text[TK_ERROR_TEXT_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return value_fail(wishes, &at, "%s", text);
}

/* xl takes a number where text is meant and quoted text as a number. */
static int require_text(struct wishes *wishes,
			const struct tk_config_setting *setting)
{
	if (setting->value.type == TK_CONFIG_LIST)
		return value_fail(wishes, &setting->value,
				  "%s must be a string, not a list",
				  setting->key);
	return 0;
}

static int read_text(struct wishes *wishes,
		     const struct tk_config_setting *setting, void *target)
{
	const char **text = target;

	*text = setting->value.text;
	return require_text(wishes, setting);
}

static int read_number(struct wishes *wishes,
		       const struct tk_config_setting *setting, void *target)
{
	const struct tk_config_value *value = &setting->value;

	if (value->type == TK_CONFIG_LIST)
		return value_fail(wishes, value,
				  "%s must be a number, not a list",
				  setting->key);
	if (!tk_config_number(value->text, target))
		return value_fail(wishes, value,
				  "%s = \"%s\": must be a number", setting->key,
				  value->text);
	return 0;
}

static int read_memory(struct wishes *wishes,
		       const struct tk_config_setting *setting, void *target)
{
	uint64_t *mib = target;

	if (read_number(wishes, setting, mib))
		return -1;
	if (!*mib || *mib > MAX_MEMORY_MIB)
		return value_fail(wishes, &setting->value,
				  "%s = %s: must be 1 to %llu MiB",
				  setting->key, setting->value.text,
				  MAX_MEMORY_MIB);
	return 0;
}

static int read_vcpus(struct wishes *wishes,
		      const struct tk_config_setting *setting, void *target)
{
	uint64_t *count = target;

	if (read_number(wishes, setting, count))
		return -1;
	if (!*count || *count > TK_VCPUS_MAX)
		return value_fail(wishes, &setting->value,
				  "%s = %s: must be 1 to %u", setting->key,
				  setting->value.text, TK_VCPUS_MAX);
	return 0;
}

static int read_weight(struct wishes *wishes,
		       const struct tk_config_setting *setting, void *target)
{
	uint64_t *weight = target;

	if (read_number(wishes, setting, weight))
		return -1;
	if (*weight > UINT16_MAX)
		return value_fail(wishes, &setting->value,
				  "%s = %s: must be 1 to %u", setting->key,
				  setting->value.text, UINT16_MAX);
	return 0;
}

/* Its meaning depends on the number of vCPUs. */
static int read_cpus(struct wishes *wishes,
		     const struct tk_config_setting *setting, void *target)
{
	const struct tk_config_value *value = &setting->value;
	bool empty =
		value->type == TK_CONFIG_LIST ? !value->n_items : !*value->text;

	(void)wishes;
	*(const struct tk_config_setting **)target = empty ? NULL : setting;
	return 0;
}

static bool is_decimal(const char *text)
{
	return text[strspn(text, "0123456789")] == '\0';
}

static bool is_name_character(char c)
{
	return c > ' ' && c < 0x7f && c != '/';
}

static int read_name(struct wishes *wishes,
		     const struct tk_config_setting *setting, void *target)
{
	const struct tk_config_value *value = &setting->value;
	const char *p;

	if (read_text(wishes, setting, target))
		return -1;
	if (!*value->text)
		return value_fail(wishes, value, "name is empty");
	if (strlen(value->text) > MAX_NAME_LENGTH)
		return value_fail(wishes, value,
				  "name is %zu characters long; the limit "
				  "is %d",
				  strlen(value->text), MAX_NAME_LENGTH);
	for (p = value->text; *p; p++) {
		if (!is_name_character(*p))
			return value_fail(wishes, value,
					  "name = \"%s\": only printable "
					  "ASCII without blanks and '/'",
					  value->text);
	}
	/* Commands take a name or a number; such a name would be neither. */
	if (is_decimal(value->text))
		return value_fail(wishes, value,
				  "name = \"%s\": a name of digits only would "
				  "look like a domain number",
				  value->text);
	return 0;
}

static int read_type(struct wishes *wishes,
		     const struct tk_config_setting *setting, void *target)
{
	const char *type = setting->value.text;

	(void)target;
	if (require_text(wishes, setting))
		return -1;
	if (strcmp(type, "pv") != 0)
		return value_fail(wishes, &setting->value,
				  "type = \"%s\": only \"pv\" guests are "
				  "supported",
				  type);
	return 0;
}

static int read_builder(struct wishes *wishes,
			const struct tk_config_setting *setting, void *target)
{
	const char *builder = setting->value.text;

	(void)target;
	if (require_text(wishes, setting))
		return -1;
	if (strcmp(builder, "generic") != 0)
		return value_fail(wishes, &setting->value,
				  "builder = \"%s\": only \"generic\", for PV "
				  "guests, is supported",
				  builder);
	return 0;
}

/* Actions of xl that need what a guest here cannot have. */
static const char *refused_action_reason(const char *name)
{
	if (!strncmp(name, "coredump-", 9))
		return "core dumps are not supported yet";
	if (!strcmp(name, "soft-reset"))
		return "only HVM guests have a soft reset";
	return NULL;
}

static int read_action(struct wishes *wishes,
		       const struct tk_config_setting *setting, void *target)
{
	const char *name = setting->value.text;
	const char *reason;
	size_t i;

	if (require_text(wishes, setting))
		return -1;
	for (i = 0; i < N_ACTIONS; i++) {
		if (!strcmp(name, action_names[i])) {
			*(enum tk_action *)target = (enum tk_action)i;
			return 0;
		}
	}
	reason = refused_action_reason(name);
	if (!reason)
		reason = "must be destroy, restart, rename-restart or preserve";
	return value_fail(wishes, &setting->value, "%s = \"%s\": %s",
			  setting->key, name, reason);
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)((at - digits) % 16) : -1;
}

/* 32 hexadecimal digits; dashes may stand between bytes, as in 8-4-4-4-12. */
static bool uuid_from_text(const char *text, uint8_t uuid[16])
{
	size_t i;

	for (i = 0; i < 16; i++) {
		int high, low;

		if (*text == '-' && i)
			text++;
		high = hex_digit(text[0]);
		low = high < 0 ? -1 : hex_digit(text[1]);
		if (low < 0)
			return false;
		uuid[i] = (uint8_t)(high << 4 | low);
		text += 2;
	}
	return !*text;
}

static int read_uuid(struct wishes *wishes,
		     const struct tk_config_setting *setting, void *target)
{
	const char *text = setting->value.text;

	if (require_text(wishes, setting))
		return -1;
	if (!uuid_from_text(text, target))
		return value_fail(wishes, &setting->value,
				  "uuid = \"%s\": must be 32 hexadecimal "
				  "digits with dashes",
				  text);
	wishes->domain->has_uuid = true;
	return 0;
}

/* Cards ------------------------------------------------------------------- */

static bool has_vif(const struct tk_domain_config *domain, uint32_t handle)
{
	size_t i;

	for (i = 0; i < domain->n_vifs; i++) {
		if (domain->vifs[i].handle == handle)
			return true;
	}
	return false;
}

/* Without an address: the guest's name may not be known yet. */
static int add_vif(struct tk_domain_config *domain, const struct tk_vif *vif,
		   struct tk_error *err)
{
	struct tk_vif *vifs, *added;

	if (vif->has_handle && has_vif(domain, vif->handle))
		return tk_fail(err, "there is a card %u already", vif->handle);
	vifs = realloc(domain->vifs, (domain->n_vifs + 1) * sizeof(*vifs));
	if (!vifs)
		return tk_fail(err, "out of memory");
	domain->vifs = vifs;
	added = &vifs[domain->n_vifs];
	*added = *vif;
	while (!added->has_handle && has_vif(domain, added->handle))
		added->handle++;
	added->has_handle = true;
	domain->n_vifs++;
	return 0;
}

static void choose_addresses(struct tk_domain_config *domain)
{
	size_t i;

	for (i = 0; i < domain->n_vifs; i++) {
		if (!domain->vifs[i].has_mac)
			tk_vif_choose_mac(&domain->vifs[i], domain->name);
	}
}

int tk_domain_config_add_vif(struct tk_domain_config *domain,
			     const struct tk_vif *vif, struct tk_error *err)
{
	if (add_vif(domain, vif, err))
		return -1;
	choose_addresses(domain);
	return 0;
}

void tk_domain_config_drop_vif(struct tk_domain_config *domain, size_t index)
{
	domain->n_vifs--;
	memmove(&domain->vifs[index], &domain->vifs[index + 1],
		(domain->n_vifs - index) * sizeof(domain->vifs[0]));
}

static int copy_vifs(struct tk_domain_config *to,
		     const struct tk_domain_config *from)
{
	size_t size = from->n_vifs * sizeof(*from->vifs);

	to->vifs = NULL;
	to->n_vifs = 0;
	if (!size)
		return 0;
	to->vifs = malloc(size);
	if (!to->vifs)
		return -1;
	memcpy(to->vifs, from->vifs, size);
	to->n_vifs = from->n_vifs;
	return 0;
}

/* Lists ------------------------------------------------------------------- */

static int read_disk(struct wishes *wishes, const struct tk_config_value *item)
{
	struct tk_error why;
	struct tk_disk disk;

	if (item->type == TK_CONFIG_LIST)
		return value_fail(wishes, item,
				  "disk: an entry must be a string");
	if (tk_disk_parse(&disk, item->text, &why))
		return value_fail(wishes, item, "disk: %s", why.text);
	if (tk_domain_config_add_disk(wishes->domain, &disk, &why)) {
		tk_disk_free(&disk);
		return value_fail(wishes, item, "disk: %s", why.text);
	}
	return 0;
}

/* xl takes one string for a list of one. */
static int read_disks(struct wishes *wishes,
		      const struct tk_config_setting *setting, void *target)
{
	const struct tk_config_value *value = &setting->value;
	size_t i;

	(void)target;
	if (value->type != TK_CONFIG_LIST)
		return *value->text ? read_disk(wishes, value) : 0;
	for (i = 0; i < value->n_items; i++) {
		if (read_disk(wishes, &value->items[i]))
			return -1;
	}
	return 0;
}

static int read_vif(struct wishes *wishes, const struct tk_config_value *item)
{
	struct tk_error why;
	struct tk_vif vif;

	if (item->type == TK_CONFIG_LIST)
		return value_fail(wishes, item,
				  "vif: an entry must be a string");
	if (tk_vif_parse(&vif, item->text, &why) ||
	    add_vif(wishes->domain, &vif, &why))
		return value_fail(wishes, item, "vif: %s", why.text);
	return 0;
}

static int read_vifs(struct wishes *wishes,
		     const struct tk_config_setting *setting, void *target)
{
	const struct tk_config_value *value = &setting->value;
	size_t i;

	(void)target;
	if (value->type != TK_CONFIG_LIST)
		return *value->text ? read_vif(wishes, value) : 0;
	for (i = 0; i < value->n_items; i++) {
		if (read_vif(wishes, &value->items[i]))
			return -1;
	}
	return 0;
}

/* clang-format off */
#define WISH(key, read) { #key, read, offsetof(struct wishes, key), false }
#define DOMAIN(key, read) \
	{ #key, read, offsetof(struct tk_domain_config, key), true }
#define CHECK(key, read) { #key, read, 0, false }

static const struct key_rule key_rules[] = {
	WISH(name, read_name),
	WISH(kernel, read_text),
	WISH(ramdisk, read_text),
	WISH(cmdline, read_text),
	WISH(root, read_text),
	WISH(extra, read_text),
	WISH(memory, read_memory),
	WISH(maxmem, read_memory),
	WISH(vcpus, read_vcpus),
	WISH(maxvcpus, read_vcpus),
	WISH(cpu_weight, read_weight),
	WISH(cap, read_number),
	WISH(cpus, read_cpus),
	WISH(cpus_soft, read_cpus),
	CHECK(type, read_type),
	CHECK(builder, read_builder),
	CHECK(disk, read_disks),
	CHECK(vif, read_vifs),
	DOMAIN(uuid, read_uuid),
	DOMAIN(on_poweroff, read_action),
	DOMAIN(on_reboot, read_action),
	DOMAIN(on_crash, read_action),
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
		return key_fail(wishes, setting, "%s is not supported yet",
				setting->key);
	}
	nearest = nearest_key(setting->key);
	if (nearest)
		return key_fail(wishes, setting,
				"unknown key \"%.*s\"; did you mean \"%s\"?",
				MAX_KEY_LENGTH, setting->key, nearest);
	return key_fail(wishes, setting, "unknown key \"%.*s\"", MAX_KEY_LENGTH,
			setting->key);
}

static int read_settings(struct wishes *wishes)
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

static int check_required(struct wishes *wishes)
{
	if (!wishes->name)
		return tk_fail(wishes->err, "%s: name is not set",
			       wishes->config->file_name);
	if (!wishes->kernel || !*wishes->kernel)
		return tk_fail(wishes->err, "%s: kernel is not set",
			       wishes->config->file_name);
	return 0;
}

static int settle_memory(struct wishes *wishes)
{
	struct tk_domain_config *domain = wishes->domain;

	domain->memory_mib = wishes->memory ? wishes->memory : wishes->maxmem;
	if (!domain->memory_mib)
		domain->memory_mib = DEFAULT_MEMORY_MIB;
	domain->maxmem_mib =
		wishes->maxmem ? wishes->maxmem : domain->memory_mib;
	if (domain->maxmem_mib >= domain->memory_mib)
		return 0;
	return key_fail(wishes, tk_config_find(wishes->config, "maxmem"),
			"maxmem = %llu is less than memory = %llu",
			(unsigned long long)domain->maxmem_mib,
			(unsigned long long)domain->memory_mib);
}

/* More than `vcpus` only become possible: the guest starts with those. */
static int settle_vcpus(struct wishes *wishes)
{
	struct tk_domain_config *domain = wishes->domain;

	domain->vcpus = wishes->vcpus ? (unsigned int)wishes->vcpus : 1;
	domain->max_vcpus = wishes->maxvcpus ? (unsigned int)wishes->maxvcpus
					     : domain->vcpus;
	if (domain->max_vcpus < domain->vcpus)
		return key_fail(wishes,
				tk_config_find(wishes->config, "maxvcpus"),
				"maxvcpus = %u is less than vcpus = %u",
				domain->max_vcpus, domain->vcpus);
	domain->weight = (uint16_t)wishes->cpu_weight;
	if (wishes->cap > 100ull * domain->max_vcpus)
		return key_fail(wishes, tk_config_find(wishes->config, "cap"),
				"cap = %llu: %u vCPUs can use %u per cent",
				(unsigned long long)wishes->cap,
				domain->max_vcpus, 100 * domain->max_vcpus);
	domain->cap = (uint16_t)wishes->cap;
	return 0;
}

static int read_map(struct wishes *wishes, const char *key,
		    const struct tk_config_value *value, struct tk_cpu_map *map)
{
	if (value->type != TK_CONFIG_LIST && tk_cpu_map_parse(map, value->text))
		return 0;
	return value_fail(wishes, value, "%s: must be CPUs as in \"0-3,8,^2\"",
			  key);
}

/*
 * As xl: text is for every vCPU; of a list each element is for one, and those
 * without an element may run anywhere.
 */
static int settle_cpus(struct wishes *wishes,
		       const struct tk_config_setting *setting,
		       struct tk_cpu_map **maps)
{
	unsigned int count = wishes->domain->max_vcpus, i;
	const struct tk_config_value *value;

	if (!setting)
		return 0;
	value = &setting->value;
	*maps = malloc(count * sizeof(**maps));
	if (!*maps)
		return tk_fail(wishes->err, "%s: out of memory",
			       wishes->config->file_name);
	memset(*maps, 0xff, count * sizeof(**maps));
	if (value->type == TK_CONFIG_LIST) {
		for (i = 0; i < count && i < value->n_items; i++) {
			if (read_map(wishes, setting->key, &value->items[i],
				     &(*maps)[i]))
				return -1;
		}
		return 0;
	}
	if (read_map(wishes, setting->key, value, &(*maps)[0]))
		return -1;
	for (i = 1; i < count; i++)
		(*maps)[i] = (*maps)[0];
	return 0;
}

/* A copy, or an error and NULL. */
static char *wishes_copy(struct wishes *wishes, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = malloc(size);

	if (copy)
		memcpy(copy, text, size);
	else
		tk_fail(wishes->err, "%s: out of memory",
			wishes->config->file_name);
	return copy;
}

/* As xl: cmdline alone when it is set, else root= before extra. */
static char *make_cmdline(struct wishes *wishes)
{
	const char *root = wishes->root ? wishes->root : "";
	const char *extra = wishes->extra ? wishes->extra : "";
	size_t size = strlen(root) + strlen(extra) + sizeof("root= ");
	char *text;

	if (wishes->cmdline)
		return wishes_copy(wishes, wishes->cmdline);
	if (!*root)
		return wishes_copy(wishes, extra);
	text = malloc(size);
	if (text)
		snprintf(text, size, "root=%s%s%s", root, *extra ? " " : "",
			 extra);
	else
		tk_fail(wishes->err, "%s: out of memory",
			wishes->config->file_name);
	return text;
}

static int settle_cmdline(struct wishes *wishes)
{
	char *cmdline = make_cmdline(wishes);

	wishes->domain->cmdline = cmdline;
	if (!cmdline)
		return -1;
	if (strlen(cmdline) < TK_CMDLINE_SIZE)
		return 0;
	return tk_fail(wishes->err,
		       "%s: the kernel command line has %zu characters; "
		       "the limit is %d",
		       wishes->config->file_name, strlen(cmdline),
		       TK_CMDLINE_SIZE - 1);
}

static int settle_strings(struct wishes *wishes)
{
	struct tk_domain_config *domain = wishes->domain;

	domain->name = wishes_copy(wishes, wishes->name);
	if (!domain->name)
		return -1;
	domain->kernel = wishes_copy(wishes, wishes->kernel);
	if (!domain->kernel)
		return -1;
	if (!wishes->ramdisk || !*wishes->ramdisk)
		return 0;
	domain->ramdisk = wishes_copy(wishes, wishes->ramdisk);
	return domain->ramdisk ? 0 : -1;
}

static int settle(struct wishes *wishes)
{
	if (check_required(wishes) || settle_memory(wishes) ||
	    settle_vcpus(wishes))
		return -1;
	if (settle_cpus(wishes, wishes->cpus, &wishes->domain->hard) ||
	    settle_cpus(wishes, wishes->cpus_soft, &wishes->domain->soft))
		return -1;
	if (settle_cmdline(wishes) || settle_strings(wishes))
		return -1;
	choose_addresses(wishes->domain);
	return 0;
}

int tk_domain_config_from(struct tk_domain_config *domain,
			  const struct tk_config *config, struct tk_error *err)
{
	struct wishes wishes = {
		.config = config,
		.err = err,
		.domain = domain,
	};

	*domain = (struct tk_domain_config){
		.on_poweroff = TK_ACTION_DESTROY,
		.on_reboot = TK_ACTION_RESTART,
		.on_crash = TK_ACTION_DESTROY,
	};
	if (!read_settings(&wishes) && !settle(&wishes))
		return 0;
	tk_domain_config_free(domain);
	return -1;
}

int tk_domain_config_parse(struct tk_domain_config *domain,
			   const char *file_name, const char *text, size_t size,
			   struct tk_error *err)
{
	struct tk_config config;
	int rc;

	if (tk_config_parse(&config, file_name, text, size, err))
		return -1;
	rc = tk_domain_config_from(domain, &config, err);
	tk_config_free(&config);
	return rc;
}

void tk_domain_config_free(struct tk_domain_config *domain)
{
	size_t i;

	for (i = 0; i < domain->n_disks; i++)
		tk_disk_free(&domain->disks[i]);
	free(domain->disks);
	free(domain->vifs);
	free(domain->name);
	free(domain->kernel);
	free(domain->ramdisk);
	free(domain->cmdline);
	free(domain->hard);
	free(domain->soft);
	memset(domain, 0, sizeof(*domain));
}

/* NULL without memory, or when there is no text to copy. */
static char *copy_text(const char *text)
{
	size_t size = text ? strlen(text) + 1 : 0;
	char *copy = text ? malloc(size) : NULL;

	return copy ? memcpy(copy, text, size) : NULL;
}

static int copy_disks(struct tk_domain_config *to,
		      const struct tk_domain_config *from)
{
	size_t i;

	to->disks = NULL;
	to->n_disks = 0;
	if (!from->n_disks)
		return 0;
	to->disks = calloc(from->n_disks, sizeof(*to->disks));
	if (!to->disks)
		return -1;
	to->n_disks = from->n_disks;
	for (i = 0; i < from->n_disks; i++) {
		to->disks[i] = from->disks[i];
		to->disks[i].target = copy_text(from->disks[i].target);
	}
	for (i = 0; i < from->n_disks; i++) {
		if (!to->disks[i].target)
			return -1;
	}
	return 0;
}

/* NULL for NULL; else whether there was memory shows in *rc. */
static struct tk_cpu_map *copy_maps(const struct tk_cpu_map *maps,
				    unsigned int count, int *rc)
{
	size_t size = count * sizeof(*maps);
	struct tk_cpu_map *copy = maps ? malloc(size) : NULL;

	if (copy)
		memcpy(copy, maps, size);
	else if (maps)
		*rc = -1;
	return copy;
}

int tk_domain_config_copy(struct tk_domain_config *to,
			  const struct tk_domain_config *from)
{
	int rc;

	*to = *from;
	to->name = copy_text(from->name);
	to->kernel = copy_text(from->kernel);
	to->ramdisk = copy_text(from->ramdisk);
	to->cmdline = copy_text(from->cmdline);
	rc = copy_disks(to, from);
	if (copy_vifs(to, from))
		rc = -1;
	to->hard = copy_maps(from->hard, from->max_vcpus, &rc);
	to->soft = copy_maps(from->soft, from->max_vcpus, &rc);
	if (!rc && to->name && to->kernel && to->cmdline &&
	    (to->ramdisk || !from->ramdisk))
		return 0;
	tk_domain_config_free(to);
	return -1;
}

int tk_domain_config_add_disk(struct tk_domain_config *domain,
			      struct tk_disk *disk, struct tk_error *err)
{
	struct tk_disk *disks;
	size_t i;

	for (i = 0; i < domain->n_disks; i++) {
		if (domain->disks[i].number == disk->number)
			return tk_fail(err, "%s is there already", disk->vdev);
	}
	disks = realloc(domain->disks, (domain->n_disks + 1) * sizeof(*disks));
	if (!disks)
		return tk_fail(err, "out of memory");
	domain->disks = disks;
	disks[domain->n_disks++] = *disk;
	return 0;
}

void tk_domain_config_drop_disk(struct tk_domain_config *domain, size_t index)
{
	tk_disk_free(&domain->disks[index]);
	domain->n_disks--;
	memmove(&domain->disks[index], &domain->disks[index + 1],
		(domain->n_disks - index) * sizeof(domain->disks[0]));
}
