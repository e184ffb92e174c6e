/* SPDX-License-Identifier: MIT */
/*
 * Readers of the values of single keys: each checks one setting and puts what
 * it says into its place. Owns nothing.
 */
#include "config_wishes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_MEMORY_MIB  (16ull << 20) /* 16 TiB */
#define MAX_NAME_LENGTH 63

static const char *const action_names[] = {
	[TK_ACTION_DESTROY] = "destroy",
	[TK_ACTION_RESTART] = "restart",
	[TK_ACTION_RENAME_RESTART] = "rename-restart",
	[TK_ACTION_PRESERVE] = "preserve",
	[TK_ACTION_COREDUMP_DESTROY] = "coredump-destroy",
	[TK_ACTION_COREDUMP_RESTART] = "coredump-restart",
};

#define N_ACTIONS (sizeof(action_names) / sizeof(action_names[0]))

const char *tk_action_name(enum tk_action action)
{
	return (size_t)action < N_ACTIONS ? action_names[action] : "unknown";
}

int tk_wishes_value_fail(struct wishes *wishes,
			 const struct tk_config_value *value,
			 const char *format, ...)
{
	char text[TK_ERROR_TEXT_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!value->line)
		return tk_fail(wishes->err, "command line: %s", text);
	return tk_fail(wishes->err, "%s:%u:%u: %s", wishes->config->file_name,
		       value->line, value->column, text);
}

/* Complaints about a key itself point at the key, not at its value. */
int tk_wishes_key_fail(struct wishes *wishes,
		       const struct tk_config_setting *setting,
		       const char *format, ...)
{
	struct tk_config_value at = { .line = setting->line,
				      .column = setting->column };
	char text[TK_ERROR_TEXT_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return tk_wishes_value_fail(wishes, &at, "%s", text);
}

int tk_wishes_note(struct wishes *wishes, const char *format, ...)
{
	struct tk_domain_config *domain = wishes->domain;
	size_t length = domain->notices ? strlen(domain->notices) : 0;
	struct tk_error note; /* makes what it quotes printable */
	char text[TK_ERROR_TEXT_SIZE];
	char *notices;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	tk_error_set(&note, "%s", text);
	notices = realloc(domain->notices, length + strlen(note.text) + 2);
	if (!notices)
		return tk_fail(wishes->err, "out of memory");
	domain->notices = notices;
	snprintf(notices + length, strlen(note.text) + 2, "%s\n", note.text);
	return 0;
}

/* xl takes a number where text is meant and quoted text as a number. */
static int require_text(struct wishes *wishes,
			const struct tk_config_setting *setting)
{
	if (setting->value.type == TK_CONFIG_LIST)
		return tk_wishes_value_fail(wishes, &setting->value,
					    "%s must be a string, not a list",
					    setting->key);
	return 0;
}

int tk_read_text(struct wishes *wishes, const struct tk_config_setting *setting,
		 void *target)
{
	const char **text = target;

	*text = setting->value.text;
	return require_text(wishes, setting);
}

int tk_read_number(struct wishes *wishes,
		   const struct tk_config_setting *setting, void *target)
{
	const struct tk_config_value *value = &setting->value;

	if (value->type == TK_CONFIG_LIST)
		return tk_wishes_value_fail(wishes, value,
					    "%s must be a number, not a list",
					    setting->key);
	if (!tk_config_number(value->text, target))
		return tk_wishes_value_fail(wishes, value,
					    "%s = \"%s\": must be a number",
					    setting->key, value->text);
	return 0;
}

int tk_read_memory(struct wishes *wishes,
		   const struct tk_config_setting *setting, void *target)
{
	uint64_t *mib = target;

	if (tk_read_number(wishes, setting, mib))
		return -1;
	if (!*mib || *mib > MAX_MEMORY_MIB)
		return tk_wishes_value_fail(wishes, &setting->value,
					    "%s = %s: must be 1 to %llu MiB",
					    setting->key, setting->value.text,
					    MAX_MEMORY_MIB);
	return 0;
}

int tk_read_vcpus(struct wishes *wishes,
		  const struct tk_config_setting *setting, void *target)
{
	uint64_t *count = target;

	if (tk_read_number(wishes, setting, count))
		return -1;
	if (!*count || *count > TK_VCPUS_MAX)
		return tk_wishes_value_fail(
			wishes, &setting->value, "%s = %s: must be 1 to %u",
			setting->key, setting->value.text, TK_VCPUS_MAX);
	return 0;
}

int tk_read_weight(struct wishes *wishes,
		   const struct tk_config_setting *setting, void *target)
{
	uint64_t *weight = target;

	if (tk_read_number(wishes, setting, weight))
		return -1;
	if (*weight > UINT16_MAX)
		return tk_wishes_value_fail(
			wishes, &setting->value, "%s = %s: must be 1 to %u",
			setting->key, setting->value.text, UINT16_MAX);
	return 0;
}

/* Its meaning depends on the number of vCPUs. */
int tk_read_cpus(struct wishes *wishes, const struct tk_config_setting *setting,
		 void *target)
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

int tk_domain_name_check(const char *name, struct tk_error *err)
{
	const char *p;

	if (!*name)
		return tk_fail(err, "name is empty");
	if (strlen(name) > MAX_NAME_LENGTH)
		return tk_fail(err,
			       "name is %zu characters long; the limit is %d",
			       strlen(name), MAX_NAME_LENGTH);
	for (p = name; *p; p++) {
		if (!is_name_character(*p))
			return tk_fail(err,
				       "name = \"%s\": only printable ASCII "
				       "without blanks and '/'",
				       name);
	}
	/* Commands take a name or a number; such a name would be neither. */
	if (is_decimal(name))
		return tk_fail(err,
			       "name = \"%s\": a name of digits only would "
			       "look like a domain number",
			       name);
	return 0;
}

int tk_read_name(struct wishes *wishes, const struct tk_config_setting *setting,
		 void *target)
{
	struct tk_error why;

	if (tk_read_text(wishes, setting, target))
		return -1;
	if (tk_domain_name_check(setting->value.text, &why))
		return tk_wishes_value_fail(wishes, &setting->value, "%s",
					    why.text);
	return 0;
}

int tk_read_type(struct wishes *wishes, const struct tk_config_setting *setting,
		 void *target)
{
	const char *type = setting->value.text;

	(void)target;
	if (require_text(wishes, setting))
		return -1;
	if (strcmp(type, "pv") != 0)
		return tk_wishes_value_fail(
			wishes, &setting->value,
			"type = \"%s\": only \"pv\" guests are "
			"supported",
			type);
	return 0;
}

int tk_read_builder(struct wishes *wishes,
		    const struct tk_config_setting *setting, void *target)
{
	const char *builder = setting->value.text;

	(void)target;
	if (require_text(wishes, setting))
		return -1;
	if (strcmp(builder, "generic") != 0)
		return tk_wishes_value_fail(
			wishes, &setting->value,
			"builder = \"%s\": only \"generic\", for PV "
			"guests, is supported",
			builder);
	return 0;
}

int tk_read_action(struct wishes *wishes,
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
	reason = strcmp(name, "soft-reset")
			 ? "must be destroy, restart, rename-restart, "
			   "preserve, coredump-destroy or coredump-restart"
			 : "only HVM guests have a soft reset";
	return tk_wishes_value_fail(wishes, &setting->value, "%s = \"%s\": %s",
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

int tk_read_uuid(struct wishes *wishes, const struct tk_config_setting *setting,
		 void *target)
{
	const char *text = setting->value.text;

	if (require_text(wishes, setting))
		return -1;
	if (!uuid_from_text(text, target))
		return tk_wishes_value_fail(
			wishes, &setting->value,
			"uuid = \"%s\": must be 32 hexadecimal "
			"digits with dashes",
			text);
	wishes->domain->has_uuid = true;
	return 0;
}

/* Lists ------------------------------------------------------------------- */

/* xl takes one string for a list of one. */
static int read_list(struct wishes *wishes, const struct tk_config_value *value,
		     int (*read_item)(struct wishes *wishes,
				      const struct tk_config_value *item))
{
	size_t i;

	if (value->type != TK_CONFIG_LIST)
		return *value->text ? read_item(wishes, value) : 0;
	for (i = 0; i < value->n_items; i++) {
		if (read_item(wishes, &value->items[i]))
			return -1;
	}
	return 0;
}

static int read_disk(struct wishes *wishes, const struct tk_config_value *item)
{
	struct tk_error why;
	struct tk_disk disk;

	if (item->type == TK_CONFIG_LIST)
		return tk_wishes_value_fail(wishes, item,
					    "disk: an entry must be a string");
	if (tk_disk_parse(&disk, item->text, &why))
		return tk_wishes_value_fail(wishes, item, "disk: %s", why.text);
	if (tk_domain_config_add_disk(wishes->domain, &disk, &why)) {
		tk_disk_free(&disk);
		return tk_wishes_value_fail(wishes, item, "disk: %s", why.text);
	}
	return 0;
}

int tk_read_disks(struct wishes *wishes,
		  const struct tk_config_setting *setting, void *target)
{
	(void)target;
	return read_list(wishes, &setting->value, read_disk);
}

static int read_vif(struct wishes *wishes, const struct tk_config_value *item)
{
	struct tk_error why;
	struct tk_vif vif;

	if (item->type == TK_CONFIG_LIST)
		return tk_wishes_value_fail(wishes, item,
					    "vif: an entry must be a string");
	if (tk_vif_parse(&vif, item->text, &why) ||
	    tk_wishes_add_vif(wishes->domain, &vif, &why))
		return tk_wishes_value_fail(wishes, item, "vif: %s", why.text);
	return 0;
}

int tk_read_vifs(struct wishes *wishes, const struct tk_config_setting *setting,
		 void *target)
{
	(void)target;
	return read_list(wishes, &setting->value, read_vif);
}

static int add_name(struct wishes *wishes, const struct tk_config_value *item)
{
	struct tk_domain_config *domain = wishes->domain;
	struct tk_error why;
	char **names;

	if (item->type == TK_CONFIG_LIST)
		return tk_wishes_value_fail(
			wishes, item, "start_after: an entry must be a name");
	if (tk_domain_name_check(item->text, &why))
		return tk_wishes_value_fail(wishes, item, "start_after: %s",
					    why.text);
	names = realloc(domain->start_after,
			(domain->n_start_after + 1) * sizeof(*names));
	if (!names)
		return tk_fail(wishes->err, "out of memory");
	domain->start_after = names;
	names[domain->n_start_after] = tk_text_copy(item->text);
	if (!names[domain->n_start_after])
		return tk_fail(wishes->err, "out of memory");
	domain->n_start_after++;
	return 0;
}

int tk_read_names(struct wishes *wishes,
		  const struct tk_config_setting *setting, void *target)
{
	(void)target;
	return read_list(wishes, &setting->value, add_name);
}

/* Limits ------------------------------------------------------------------ */

int tk_read_limit(struct wishes *wishes,
		  const struct tk_config_setting *setting, void *target)
{
	uint64_t limit = 0;

	if (tk_read_number(wishes, setting, &limit))
		return -1;
	if (!limit || limit > INT32_MAX)
		return tk_wishes_value_fail(
			wishes, &setting->value, "%s = %s: must be 1 to %d",
			setting->key, setting->value.text, INT32_MAX);
	*(uint32_t *)target = (uint32_t)limit;
	return 0;
}

/* A negative one has to be quoted: the syntax has no sign. */
int tk_read_seconds(struct wishes *wishes,
		    const struct tk_config_setting *setting, void *target)
{
	const char *text = setting->value.text;
	bool is_negative;
	uint64_t seconds = 0;

	if (require_text(wishes, setting))
		return -1;
	is_negative = *text == '-';
	if (!tk_config_number(text + is_negative, &seconds) ||
	    seconds > INT32_MAX)
		return tk_wishes_value_fail(wishes, &setting->value,
					    "%s = \"%s\": must be seconds",
					    setting->key, text);
	*(int32_t *)target = is_negative ? -(int32_t)seconds : (int32_t)seconds;
	return 0;
}

int tk_read_grant_version(struct wishes *wishes,
			  const struct tk_config_setting *setting, void *target)
{
	uint64_t version = 0;

	(void)target;
	if (tk_read_number(wishes, setting, &version))
		return -1;
	if (version == 2)
		return tk_wishes_note(wishes, "max_grant_version = 2 is taken "
					      "for 1: there is no other");
	if (version != 1)
		return tk_wishes_value_fail(
			wishes, &setting->value,
			"max_grant_version = %s: only 1 is supported",
			setting->value.text);
	return 0;
}

int tk_read_tsc_mode(struct wishes *wishes,
		     const struct tk_config_setting *setting, void *target)
{
	const char *mode = setting->value.text;

	(void)target;
	if (require_text(wishes, setting))
		return -1;
	/* Names and numbers of the modes in which the clock is the machine's.
	 */
	if (!strcmp(mode, "default") || !strcmp(mode, "0"))
		return 0;
	if (!strcmp(mode, "native") || !strcmp(mode, "2")) {
		wishes->domain->has_native_tsc = true;
		return 0;
	}
	return tk_wishes_value_fail(wishes, &setting->value,
				    "tsc_mode = \"%s\": must be default or "
				    "native",
				    mode);
}

int tk_read_pool(struct wishes *wishes, const struct tk_config_setting *setting,
		 void *target)
{
	const char *pool = setting->value.text;

	(void)target;
	if (require_text(wishes, setting))
		return -1;
	if (!*pool || !strcmp(pool, "Pool-0") || !strcmp(pool, "0"))
		return 0;
	return tk_wishes_value_fail(wishes, &setting->value,
				    "pool = \"%s\": there is only Pool-0",
				    pool);
}

int tk_read_passthrough(struct wishes *wishes,
			const struct tk_config_setting *setting, void *target)
{
	const char *mode = setting->value.text;

	(void)target;
	if (require_text(wishes, setting))
		return -1;
	if (!strcmp(mode, "disabled") || !strcmp(mode, "0"))
		return 0;
	return tk_wishes_value_fail(wishes, &setting->value,
				    "passthrough = \"%s\": a guest gets no "
				    "device of the machine; set disabled",
				    mode);
}
