/* SPDX-License-Identifier: MIT */
/*
 * Disks in configuration files; see disk.h.
 *
 * One field after the other, as xl reads them: a field with a known name
 * before '=' or a known word is taken by that; all others fill the places.
 */
#include "disk.h"

#include <stdlib.h>
#include <string.h>

#define SPEC_SIZE 1024

struct parser {
	struct tk_disk *disk;
	struct tk_error *err;
	bool has_prefix; /* so there is no place for a format */
	bool has_format;
	bool has_vdev;
	bool has_access;
};

static const char *const type_names[] = {
	[TK_DISK_FILE] = "file",
	[TK_DISK_PHY] = "phy",
	[TK_DISK_RAM] = "ram",
};

#define N_TYPES (sizeof(type_names) / sizeof(type_names[0]))

const char *tk_disk_type_name(enum tk_disk_type type)
{
	return type_names[type];
}

/* Device numbers ---------------------------------------------------------- */

/* Digits and nothing else; none at all is 0. */
static bool parse_digits(const char *text, uint32_t *number)
{
	uint32_t value = 0;

	for (; *text; text++) {
		if (*text < '0' || *text > '9' || value > 100000000)
			return false;
		value = value * 10 + (uint32_t)(*text - '0');
	}
	*number = value;
	return true;
}

/* a is 0, z 25, aa 26, ...; moves *text behind the letters. */
static bool parse_letters(const char **text, uint32_t *index)
{
	const char *at = *text;
	uint32_t value = 0;

	for (; *at >= 'a' && *at <= 'z'; at++) {
		if (value > 100000)
			return false;
		value = value * 26 + (uint32_t)(*at - 'a') + 1;
	}
	if (at == *text)
		return false;
	*text = at;
	*index = value - 1;
	return true;
}

/* Small numbers have a major number of their own, large ones bit 28. */
static bool xvd_number(uint32_t disk, uint32_t partition, uint32_t *number)
{
	if (disk < 16 && partition < 16)
		*number = 202 << 8 | disk << 4 | partition;
	else if (disk < 1 << 20 && partition < 256)
		*number = 1U << 28 | disk << 8 | partition;
	else
		return false;
	return true;
}

static bool sd_number(uint32_t disk, uint32_t partition, uint32_t *number)
{
	*number = 8 << 8 | disk << 4 | partition;
	return disk < 16 && partition < 16;
}

static bool hd_number(uint32_t disk, uint32_t partition, uint32_t *number)
{
	*number = (disk < 2 ? 3U : 22U) << 8 | (disk % 2) << 6 | partition;
	return disk < 4 && partition < 64;
}

static const struct {
	const char *prefix;
	bool (*number)(uint32_t disk, uint32_t partition, uint32_t *number);
} families[] = {
	{ "xvd", xvd_number },
	{ "sd", sd_number },
	{ "hd", hd_number },
};

/* "d0p1" */
static bool parse_dp(const char *text, uint32_t *number)
{
	char disk_text[12];
	const char *p = strchr(text, 'p');
	size_t length = p ? (size_t)(p - text - 1) : sizeof(disk_text);
	uint32_t disk, partition;

	if (length == 0 || length >= sizeof(disk_text) || !p[1])
		return false;
	memcpy(disk_text, text + 1, length);
	disk_text[length] = '\0';
	return parse_digits(disk_text, &disk) &&
	       parse_digits(p + 1, &partition) &&
	       xvd_number(disk, partition, number);
}

bool tk_vdev_number(const char *vdev, uint32_t *number)
{
	uint32_t disk, partition;
	size_t i;

	if (*vdev >= '0' && *vdev <= '9')
		return parse_digits(vdev, number);
	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		const char *at = vdev + strlen(families[i].prefix);

		if (strncmp(vdev, families[i].prefix, (size_t)(at - vdev)))
			continue;
		return parse_letters(&at, &disk) &&
		       parse_digits(at, &partition) &&
		       families[i].number(disk, partition, number);
	}
	return *vdev == 'd' && parse_dp(vdev, number);
}

/* Fields ------------------------------------------------------------------ */

static int set_format(struct parser *parser, const char *value)
{
	parser->has_format = true;
	if (!*value || !strcmp(value, "raw"))
		return 0;
	return tk_fail(parser->err,
		       "format \"%s\": only raw disks are supported", value);
}

static int set_devtype(struct parser *parser, const char *value)
{
	parser->disk->is_cdrom = !strcmp(value, "cdrom");
	if (parser->disk->is_cdrom || !strcmp(value, "disk"))
		return 0;
	return tk_fail(parser->err, "devtype \"%s\": must be disk or cdrom",
		       value);
}

/* Old files have the type behind the name: "hdc:cdrom". */
static int set_vdev(struct parser *parser, const char *value)
{
	struct tk_disk *disk = parser->disk;
	size_t length = strcspn(value, ":");

	parser->has_vdev = true;
	if (length < sizeof(disk->vdev)) {
		memcpy(disk->vdev, value, length);
		disk->vdev[length] = '\0';
	}
	if (length >= sizeof(disk->vdev) ||
	    !tk_vdev_number(disk->vdev, &disk->number))
		return tk_fail(parser->err,
			       "vdev \"%s\": must be like xvda, xvda1, sda or "
			       "hda",
			       value);
	return value[length] ? set_devtype(parser, value + length + 1) : 0;
}

static int set_access(struct parser *parser, const char *value)
{
	bool reads = !strcmp(value, "r") || !strcmp(value, "ro");
	bool writes = !strcmp(value, "w") || !strcmp(value, "rw");

	parser->has_access = true;
	parser->disk->read_only = reads;
	if (reads || writes || !*value)
		return 0;
	return tk_fail(parser->err, "access \"%s\": must be r, ro, w or rw",
		       value);
}

/* Ways to a file that are long gone; then it is just that file. */
static const char *skip_old_prefixes(const char *value, bool *has_any)
{
	static const char *const old[] = { "tap:", "tap2:", "aio:", "ioemu:" };
	size_t i;

	for (i = 0; i < sizeof(old) / sizeof(old[0]); i++) {
		size_t length = strlen(old[i]);

		if (strncmp(value, old[i], length) != 0)
			continue;
		*has_any = true;
		return skip_old_prefixes(value + length, has_any);
	}
	return value;
}

/* What a path without a prefix is, does not depend on what exists. */
static int set_target(struct parser *parser, const char *value)
{
	struct tk_disk *disk = parser->disk;
	size_t i;

	if (disk->target)
		return tk_fail(parser->err, "target is given twice");
	value = skip_old_prefixes(value, &parser->has_prefix);
	disk->type = strncmp(value, "/dev/", 5) ? TK_DISK_FILE : TK_DISK_PHY;
	for (i = 0; i < N_TYPES; i++) {
		size_t length = strlen(type_names[i]);

		if (strncmp(value, type_names[i], length) != 0 ||
		    value[length] != ':')
			continue;
		disk->type = (enum tk_disk_type)i;
		value += length + 1;
		parser->has_prefix = true;
		break;
	}
	disk->target = malloc(strlen(value) + 1);
	if (!disk->target)
		return tk_fail(parser->err, "out of memory");
	memcpy(disk->target, value, strlen(value) + 1);
	return 0;
}

/* Keys of xl with the one value that we can do. */
static const struct {
	const char *key;
	const char *value;
} fixed[] = {
	{ "backend", "0" },       { "backend", "Domain-0" },
	{ "backendtype", "phy" }, { "specification", "xen" },
	{ "script", "" },
};

static int set_fixed(struct parser *parser, const char *key, const char *value)
{
	bool is_known = false;
	size_t i;

	for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (strcmp(key, fixed[i].key) != 0)
			continue;
		is_known = true;
		if (!strcmp(value, fixed[i].value))
			return 0;
	}
	if (!is_known)
		return tk_fail(parser->err, "unknown key \"%.40s\"", key);
	return tk_fail(parser->err, "%s \"%.80s\" is not supported", key,
		       value);
}

static int set_named(struct parser *parser, const char *key, const char *value)
{
	static const struct {
		const char *key;
		int (*set)(struct parser *parser, const char *value);
	} named[] = {
		{ "target", set_target },   { "format", set_format },
		{ "vdev", set_vdev },       { "access", set_access },
		{ "devtype", set_devtype },
	};
	size_t i;

	for (i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		if (!strcmp(key, named[i].key))
			return named[i].set(parser, value);
	}
	return set_fixed(parser, key, value);
}

/* Words without a value; false: it is none. */
static bool set_word(struct parser *parser, const char *word)
{
	struct tk_disk *disk = parser->disk;

	if (!strcmp(word, "no-discard"))
		disk->no_discard = true;
	else if (!strcmp(word, "discard"))
		disk->no_discard = false;
	else if (!strcmp(word, "cdrom"))
		disk->is_cdrom = true;
	else if (strcmp(word, "direct-io-safe") != 0 &&
		 strcmp(word, "trusted") != 0)
		return false;
	return true;
}

static int set_place(struct parser *parser, const char *value)
{
	if (!parser->disk->target)
		return set_target(parser, value);
	if (!parser->has_prefix && !parser->has_format)
		return set_format(parser, value);
	if (!parser->has_vdev)
		return set_vdev(parser, value);
	if (!parser->has_access)
		return set_access(parser, value);
	return tk_fail(parser->err, "\"%s\": one field too many", value);
}

static char *trim(char *text)
{
	char *end = text + strlen(text);

	while (*text == ' ' || *text == '\t')
		text++;
	while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	return text;
}

static int set_field(struct parser *parser, char *field)
{
	char *equals = strchr(field, '=');

	if (equals) {
		*equals = '\0';
		return set_named(parser, trim(field), trim(equals + 1));
	}
	return set_word(parser, field) ? 0 : set_place(parser, field);
}

/* target= takes all the rest, commas too. */
static int read_fields(struct parser *parser, char *text)
{
	while (text) {
		char *comma = strchr(text, ',');
		char *start = text + strspn(text, " \t");

		if (!strncmp(start, "target=", 7))
			comma = NULL;
		if (comma)
			*comma++ = '\0';
		if (set_field(parser, trim(start)))
			return -1;
		text = comma;
	}
	return 0;
}

static int check(struct parser *parser)
{
	struct tk_disk *disk = parser->disk;

	if (!disk->target || !*disk->target)
		return tk_fail(parser->err, "target is not set");
	if (!parser->has_vdev)
		return tk_fail(parser->err, "vdev is not set");
	if (disk->is_cdrom)
		disk->read_only = true;
	return 0;
}

int tk_disk_parse(struct tk_disk *disk, const char *spec, struct tk_error *err)
{
	struct parser parser = { .disk = disk, .err = err };
	char text[SPEC_SIZE];

	memset(disk, 0, sizeof(*disk));
	if (strlen(spec) >= sizeof(text))
		return tk_fail(err, "longer than %d characters", SPEC_SIZE - 1);
	memcpy(text, spec, strlen(spec) + 1);
	if (!read_fields(&parser, text) && !check(&parser))
		return 0;
	tk_disk_free(disk);
	return -1;
}

void tk_disk_free(struct tk_disk *disk)
{
	free(disk->target);
	memset(disk, 0, sizeof(*disk));
}
