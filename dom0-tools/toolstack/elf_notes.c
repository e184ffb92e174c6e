/* SPDX-License-Identifier: MIT */
/*
 * Reads Xen's ELF notes and their predecessor, the string section.
 *
 * An ELF note is three 32-bit words (length of the name, length of the
 * contents, type), the name and the contents, both padded to 4 bytes:
 *
 *   +0 namesz  +4 descsz  +8 type  +12 name...  +12+pad4(namesz) contents...
 *
 * Both forms end up in struct elf_notes through one table each, which says
 * where a value goes.
 */
#include "elf_notes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#define NOTE_HEADER_SIZE        12
#define NOTE_ENTRY              1
#define NOTE_HYPERCALL_PAGE     2
#define NOTE_VIRT_BASE          3
#define NOTE_PADDR_OFFSET       4
#define NOTE_XEN_VERSION        5
#define NOTE_GUEST_OS           6
#define NOTE_LOADER             8
#define NOTE_FEATURES           10
#define NOTE_SUSPEND_CANCEL     14
#define NOTE_INIT_P2M           15
#define NOTE_MOD_START_PFN      16
#define NOTE_SUPPORTED_FEATURES 17
#define NOTE_PHYS32_ENTRY       18

/* Areas may overlap, so only a sum bounds the work. */
#define MAX_NOTE_BYTES     (1ull << 20)
#define FEATURES_TEXT_SIZE 512
#define LEGACY_TEXT_SIZE   4096

enum value_kind {
	VALUE_NUMBER,
	VALUE_TEXT,
	VALUE_FEATURES,
	VALUE_FLAG,
};

struct value_rule {
	uint32_t type; /* of a note */
	enum value_kind kind;
	const char *legacy; /* the key in the string section, or NULL */
	const char *name;   /* for messages */
	size_t target;      /* offset in struct elf_notes */
};

/* clang-format off */
#define RULE(type, legacy, kind, field) \
	{ NOTE_##type, VALUE_##kind, legacy, #type, \
	  offsetof(struct elf_notes, field) }

static const struct value_rule value_rules[] = {
	RULE(ENTRY,              "VIRT_ENTRY",        NUMBER,   entry),
	RULE(HYPERCALL_PAGE,     NULL,                NUMBER,   hypercall_page),
	RULE(VIRT_BASE,          "VIRT_BASE",         NUMBER,   virt_base),
	RULE(PADDR_OFFSET,       "ELF_PADDR_OFFSET",  NUMBER,   paddr_offset),
	RULE(XEN_VERSION,        "XEN_VER",           TEXT,     xen_version),
	RULE(GUEST_OS,           "GUEST_OS",          TEXT,     guest_os),
	RULE(LOADER,             "LOADER",            TEXT,     loader),
	RULE(FEATURES,           "FEATURES",          FEATURES, any),
	RULE(SUSPEND_CANCEL,     NULL,                NUMBER,   suspend_cancel),
	RULE(INIT_P2M,           NULL,                NUMBER,   init_p2m),
	RULE(MOD_START_PFN,      NULL,                NUMBER,   mod_start_pfn),
	RULE(SUPPORTED_FEATURES, NULL,              NUMBER, supported_features),
	RULE(PHYS32_ENTRY,       NULL,                FLAG,     phys32_entry),
	{ 0, VALUE_NUMBER, "HYPERCALL_PAGE", "HYPERCALL_PAGE",
	  offsetof(struct elf_notes, hypercall_page_number) },
};

static const struct {
	const char *name;
	enum tk_kernel_feature bit;
} feature_names[] = {
	{ "writable_page_tables",       TK_FEATURE_WRITABLE_PAGE_TABLES },
	{ "writable_descriptor_tables", TK_FEATURE_WRITABLE_DESCRIPTOR_TABLES },
	{ "auto_translated_physmap",    TK_FEATURE_AUTO_TRANSLATED_PHYSMAP },
	{ "supervisor_mode_kernel",     TK_FEATURE_SUPERVISOR_MODE_KERNEL },
	{ "pae_pgdir_above_4gb",        TK_FEATURE_PAE_PGDIR_ABOVE_4GB },
	{ "dom0",                       TK_FEATURE_DOM0 },
};
/* clang-format on */

#define N_RULES    (sizeof(value_rules) / sizeof(value_rules[0]))
#define N_FEATURES (sizeof(feature_names) / sizeof(feature_names[0]))

static int feature_store(struct elf_notes *notes, const char *name,
			 bool required, struct tk_error *err)
{
	size_t i;

	for (i = 0; i < N_FEATURES; i++) {
		if (strcmp(name, feature_names[i].name) != 0)
			continue;
		notes->features_supported |= 1u << feature_names[i].bit;
		if (required)
			notes->features_required |= 1u << feature_names[i].bit;
		return 0;
	}
	if (required)
		return tk_fail(err,
			       "the kernel requires the unknown feature "
			       "\"%.64s\"",
			       name);
	return 0;
}

/* Tokens between '|'; a leading '!' marks what the kernel cannot do without. */
static int features_store(struct elf_notes *notes, char *text,
			  struct tk_error *err)
{
	char *token = text;

	while (token) {
		char *end = strchr(token, '|');
		bool required = *token == '!';

		if (end)
			*end = '\0';
		if (feature_store(notes, token + required, required, err))
			return -1;
		token = end ? end + 1 : NULL;
	}
	return 0;
}

static void *rule_target(struct elf_notes *notes, const struct value_rule *rule)
{
	return (char *)notes + rule->target;
}

static int number_store(struct elf_notes *notes, const struct value_rule *rule,
			const struct tk_reader *contents, struct tk_error *err)
{
	struct note_number *number = rule_target(notes, rule);
	unsigned int width = (unsigned int)contents->size;

	if (contents->size != 1 && contents->size != 2 && contents->size != 4 &&
	    contents->size != 8)
		return tk_fail(err,
			       "the Xen note %s holds %llu bytes, not a number",
			       rule->name, (unsigned long long)contents->size);
	number->present = tk_reader_number(contents, 0, width, &number->value);
	return 0;
}

static int text_store(struct elf_notes *notes, const struct value_rule *rule,
		      const struct tk_reader *contents, struct tk_error *err)
{
	if (tk_reader_string(contents, 0, rule_target(notes, rule),
			     TK_NOTE_TEXT_SIZE))
		return 0;
	return tk_fail(err, "the Xen note %s is longer than %d characters",
		       rule->name, TK_NOTE_TEXT_SIZE - 1);
}

static int features_note_store(struct elf_notes *notes,
			       const struct tk_reader *contents,
			       struct tk_error *err)
{
	char text[FEATURES_TEXT_SIZE];

	if (!tk_reader_string(contents, 0, text, sizeof(text)))
		return tk_fail(err,
			       "the Xen note FEATURES is longer than %d "
			       "characters",
			       FEATURES_TEXT_SIZE - 1);
	return features_store(notes, text, err);
}

static int note_store(struct elf_notes *notes, uint32_t type,
		      const struct tk_reader *contents, struct tk_error *err)
{
	const struct value_rule *rule = value_rules;
	size_t i;

	notes->any = true;
	for (i = 0; i < N_RULES && value_rules[i].type != type; i++)
		;
	if (!type || i == N_RULES)
		return 0;
	rule += i;
	switch (rule->kind) {
	case VALUE_NUMBER:
		return number_store(notes, rule, contents, err);
	case VALUE_TEXT:
		return text_store(notes, rule, contents, err);
	case VALUE_FEATURES:
		return features_note_store(notes, contents, err);
	case VALUE_FLAG:
		*(bool *)rule_target(notes, rule) = true;
		return 0;
	}
	return 0;
}

static uint64_t pad4(uint64_t length)
{
	return (length + 3) & ~3ull;
}

static bool rest_is_zero(const struct tk_reader *area, uint64_t offset)
{
	uint8_t byte;

	while (tk_reader_u8(area, offset, &byte)) {
		if (byte)
			return false;
		offset++;
	}
	return true;
}

/* Reads the note at *offset and moves the offset behind it. */
static int note_read(struct elf_notes *notes, const struct tk_reader *area,
		     uint64_t *offset, struct tk_error *err)
{
	uint32_t name_size = 0, contents_size = 0, type = 0;
	struct tk_reader contents;
	uint64_t at = *offset;

	if (!tk_reader_u32(area, at, &name_size) ||
	    !tk_reader_u32(area, at + 4, &contents_size) ||
	    !tk_reader_u32(area, at + 8, &type))
		return tk_fail(err,
			       "the ELF note at offset %llu of its area of "
			       "%llu bytes is cut short",
			       (unsigned long long)at,
			       (unsigned long long)area->size);
	at += NOTE_HEADER_SIZE;
	/* The padding behind the last contents may be missing. */
	if (!tk_reader_has(area, at, pad4(name_size)) ||
	    !tk_reader_sub(area, at + pad4(name_size), contents_size,
			   &contents))
		return tk_fail(err,
			       "the ELF note at offset %llu (name %u bytes, "
			       "contents %u bytes) runs past its area of %llu "
			       "bytes",
			       (unsigned long long)*offset, name_size,
			       contents_size, (unsigned long long)area->size);
	*offset = at + pad4(name_size) + pad4(contents_size);
	if (name_size != 4 || !tk_reader_matches(area, at, "Xen", 4))
		return 0;
	return note_store(notes, type, &contents, err);
}

int elf_notes_read(struct elf_notes *notes, const struct tk_reader *area,
		   struct tk_error *err)
{
	uint64_t offset = 0;

	if (area->size > MAX_NOTE_BYTES - notes->bytes_read)
		return tk_fail(err, "more than %llu KiB of ELF notes",
			       MAX_NOTE_BYTES >> 10);
	notes->bytes_read += area->size;
	while (offset < area->size) {
		if (area->size - offset < NOTE_HEADER_SIZE &&
		    rest_is_zero(area, offset))
			break;
		if (note_read(notes, area, &offset, err))
			return -1;
	}
	return 0;
}

static const struct value_rule *find_legacy_rule(const char *key)
{
	size_t i;

	for (i = 0; i < N_RULES; i++) {
		if (value_rules[i].legacy &&
		    !strcmp(value_rules[i].legacy, key))
			return &value_rules[i];
	}
	return NULL;
}

static int legacy_store(struct elf_notes *notes, const char *key, char *value,
			struct tk_error *err)
{
	const struct value_rule *rule = find_legacy_rule(key);
	struct note_number *number;

	if (!rule)
		return 0;
	if (rule->kind == VALUE_FEATURES)
		return features_store(notes, value, err);
	if (rule->kind == VALUE_TEXT) {
		if (strlen(value) >= TK_NOTE_TEXT_SIZE)
			return tk_fail(err, "__xen_guest: %s is too long", key);
		memcpy(rule_target(notes, rule), value, strlen(value) + 1);
		return 0;
	}
	number = rule_target(notes, rule);
	number->present = tk_config_number(value, &number->value);
	if (!number->present)
		return tk_fail(err, "__xen_guest: %s=%.32s is not a number",
			       key, value);
	return 0;
}

int elf_notes_read_legacy(struct elf_notes *notes, const struct tk_reader *area,
			  struct tk_error *err)
{
	char text[LEGACY_TEXT_SIZE];
	char *item = text;

	if (!tk_reader_string(area, 0, text, sizeof(text)))
		return tk_fail(err,
			       "the section __xen_guest is longer than %d "
			       "characters",
			       LEGACY_TEXT_SIZE - 1);
	notes->any = true;
	notes->legacy = true;
	while (item) {
		char *end = strchr(item, ',');
		char *value;

		if (end)
			*end = '\0';
		value = strchr(item, '=');
		if (value)
			*value++ = '\0';
		if (legacy_store(notes, item,
				 value ? value : item + strlen(item), err))
			return -1;
		item = end ? end + 1 : NULL;
	}
	return 0;
}
