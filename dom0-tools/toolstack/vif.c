/* SPDX-License-Identifier: MIT */
/*
 * Virtual network cards in configuration files; see vif.h. A table has the
 * fields; what xl knows and has no meaning here is in it as well.
 */
#include "vif.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#define SPEC_SIZE       1024
#define DEFAULT_RATE_US 50000u
#define RATE_BYTES_MAX  UINT32_MAX /* in an interval */
#define INTERVAL_US_MAX 1000000u
#define MTU_MIN         68u
#define MTU_MAX         65521u
#define HANDLE_MAX      255u
#define BILLION         1000000000u
#define HASH_BASIS      0xcbf29ce484222325ull
#define HASH_PRIME      0x100000001b3ull

typedef int field_reader(struct tk_vif *vif, const char *value,
			 struct tk_error *err);

/* Values ------------------------------------------------------------------ */

static int read_mac(struct tk_vif *vif, const char *value, struct tk_error *err)
{
	if (!tk_mac_parse(value, vif->mac))
		return tk_fail(err, "must be six bytes in hexadecimal with "
				    "colons");
	if (vif->mac[0] & 1)
		return tk_fail(err, "is the address of a group");
	vif->has_mac = true;
	return 0;
}

static int copy(char *to, size_t size, const char *value, struct tk_error *err)
{
	if (strlen(value) >= size)
		return tk_fail(err, "is longer than %zu characters", size - 1);
	memcpy(to, value, strlen(value) + 1);
	return 0;
}

static int read_bridge(struct tk_vif *vif, const char *value,
		       struct tk_error *err)
{
	return copy(vif->bridge, sizeof(vif->bridge), value, err);
}

static int read_vifname(struct tk_vif *vif, const char *value,
			struct tk_error *err)
{
	return copy(vif->vifname, sizeof(vif->vifname), value, err);
}

static int read_ip(struct tk_vif *vif, const char *value, struct tk_error *err)
{
	return copy(vif->ip, sizeof(vif->ip), value, err);
}

static int read_script(struct tk_vif *vif, const char *value,
		       struct tk_error *err)
{
	return copy(vif->script, sizeof(vif->script), value, err);
}

/* PV guests have no other. */
static int read_type(struct tk_vif *vif, const char *value,
		     struct tk_error *err)
{
	(void)vif;
	if (strcmp(value, "vif") != 0)
		return tk_fail(err, "must be vif: only that is for PV guests");
	return 0;
}

/* For emulated cards; xl does not look at it for PV guests either. */
static int ignore(struct tk_vif *vif, const char *value, struct tk_error *err)
{
	(void)vif;
	(void)value;
	(void)err;
	return 0;
}

static int read_backend(struct tk_vif *vif, const char *value,
			struct tk_error *err)
{
	(void)vif;
	if (strcmp(value, "0") != 0 && strcmp(value, "Domain-0") != 0)
		return tk_fail(err, "must be 0: the control domain");
	return 0;
}

static int refuse(struct tk_vif *vif, const char *value, struct tk_error *err)
{
	(void)vif;
	(void)value;
	return tk_fail(err, "is not supported: cards are on a bridge");
}

static int read_number(const char *value, uint32_t least, uint32_t most,
		       uint32_t *number, struct tk_error *err)
{
	uint64_t parsed;

	if (!tk_config_number(value, &parsed) || parsed < least ||
	    parsed > most)
		return tk_fail(err, "must be a number from %u to %u", least,
			       most);
	*number = (uint32_t)parsed;
	return 0;
}

static int read_mtu(struct tk_vif *vif, const char *value, struct tk_error *err)
{
	return read_number(value, MTU_MIN, MTU_MAX, &vif->mtu, err);
}

static int read_devid(struct tk_vif *vif, const char *value,
		      struct tk_error *err)
{
	vif->has_handle = true;
	return read_number(value, 0, HANDLE_MAX, &vif->handle, err);
}

static int read_trusted(struct tk_vif *vif, const char *value,
			struct tk_error *err)
{
	uint32_t trusted = 0;

	if (read_number(value, 0, 1, &trusted, err))
		return -1;
	vif->is_untrusted = !trusted;
	return 0;
}

/* Rates: 10Mb/s, 250KB/s@20ms --------------------------------------------- */

/* Digits, moving *text behind them; false without any. */
static bool read_digits(const char **text, uint64_t *value)
{
	const char *begin = *text;

	*value = 0;
	for (; **text >= '0' && **text <= '9'; (*text)++) {
		if (*value > UINT32_MAX)
			return false;
		*value = *value * 10 + (uint64_t)(**text - '0');
	}
	return *text != begin;
}

static uint64_t read_scale(const char **text)
{
	static const struct {
		char letter;
		uint64_t factor;
	} scales[] = { { 'K', 1000 }, { 'M', 1000000 }, { 'G', BILLION } };
	size_t i;

	for (i = 0; i < sizeof(scales) / sizeof(scales[0]); i++) {
		if (**text == scales[i].letter) {
			(*text)++;
			return scales[i].factor;
		}
	}
	return 1;
}

/* Moves *text behind the word, if it is there. */
static bool skip(const char **text, const char *word)
{
	size_t size = strlen(word);

	if (strncmp(*text, word, size) != 0)
		return false;
	*text += size;
	return true;
}

/* Bytes a second. */
static bool read_speed(const char **text, uint64_t *speed)
{
	uint64_t number;

	if (!read_digits(text, &number))
		return false;
	if (number > 1000 * (uint64_t)BILLION)
		return false;
	*speed = number * read_scale(text);
	if (skip(text, "b/s"))
		*speed /= 8;
	else if (!skip(text, "B/s"))
		return false;
	return true;
}

/* Without a unit, seconds. */
static bool read_interval(const char **text, uint64_t *us)
{
	*us = DEFAULT_RATE_US;
	if (!skip(text, "@"))
		return true;
	if (!read_digits(text, us))
		return false;
	if (skip(text, "us"))
		return true;
	if (skip(text, "ms")) {
		*us *= 1000;
		return true;
	}
	skip(text, "s");
	*us *= 1000000;
	return true;
}

static int read_rate(struct tk_vif *vif, const char *value,
		     struct tk_error *err)
{
	uint64_t speed, us;

	if (!read_speed(&value, &speed) || !read_interval(&value, &us) ||
	    *value)
		return tk_fail(err, "must look like 10Mb/s, 250KB/s or "
				    "10Mb/s@20ms");
	if (us == 0 || us > INTERVAL_US_MAX)
		return tk_fail(err, "the interval must be up to a second");
	if (speed > 1000 * (uint64_t)BILLION)
		return tk_fail(err, "is too much");
	vif->rate_us = (uint32_t)us;
	vif->rate_bytes = speed * us / 1000000;
	if (vif->rate_bytes == 0 || vif->rate_bytes > RATE_BYTES_MAX)
		return tk_fail(err, "is too little or too much for the "
				    "interval");
	return 0;
}

/* The table --------------------------------------------------------------- */

static const struct {
	const char *name;
	field_reader *read;
} fields[] = {
	{ "mac", read_mac },         { "bridge", read_bridge },
	{ "vifname", read_vifname }, { "ip", read_ip },
	{ "script", read_script },   { "type", read_type },
	{ "model", ignore },         { "backend", read_backend },
	{ "gatewaydev", refuse },    { "netdev", refuse },
	{ "rate", read_rate },       { "mtu", read_mtu },
	{ "devid", read_devid },     { "trusted", read_trusted },
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static int read_field(struct tk_vif *vif, const char *name, const char *value,
		      struct tk_error *err)
{
	size_t i;

	for (i = 0; i < N_FIELDS; i++) {
		if (strcmp(name, fields[i].name) != 0)
			continue;
		if (!*value)
			return tk_fail(err, "%s has no value", name);
		if (!fields[i].read(vif, value, err))
			return 0;
		return tk_fail_within(err, name);
	}
	return tk_fail(err, "there is no field \"%s\"", name);
}

static char *trim(char *text)
{
	char *end;

	text += strspn(text, " \t");
	end = text + strlen(text);
	while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	return text;
}

int tk_vif_parse(struct tk_vif *vif, const char *spec, struct tk_error *err)
{
	char text[SPEC_SIZE];
	char *rest, *field, *value;

	memset(vif, 0, sizeof(*vif));
	if (strlen(spec) >= sizeof(text))
		return tk_fail(err, "the entry is too long");
	memcpy(text, spec, strlen(spec) + 1);
	for (field = strtok_r(text, ",", &rest); field;
	     field = strtok_r(NULL, ",", &rest)) {
		field = trim(field);
		value = strchr(field, '=');
		if (!value && !*field)
			continue;
		if (!value)
			return tk_fail(err, "\"%s\" has no value", field);
		*value++ = '\0';
		if (read_field(vif, trim(field), trim(value), err))
			return -1;
	}
	return 0;
}

/* Addresses --------------------------------------------------------------- */

static uint64_t salt = HASH_BASIS;

/* FNV-1a. */
static uint64_t hash(uint64_t state, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	while (size-- > 0)
		state = (state ^ *at++) * HASH_PRIME;
	return state;
}

void tk_vif_set_salt(const void *bytes, size_t size)
{
	salt = hash(HASH_BASIS, bytes, size);
}

void tk_vif_choose_mac(struct tk_vif *vif, const char *guest)
{
	static const uint8_t prefix[3] = { 0x00, 0x16, 0x3e };
	uint64_t state = hash(salt, guest, strlen(guest) + 1);

	state = hash(state, &vif->handle, sizeof(vif->handle));
	memcpy(vif->mac, prefix, sizeof(prefix));
	vif->mac[3] = (uint8_t)(state >> 40 & 0x7f);
	vif->mac[4] = (uint8_t)(state >> 32);
	vif->mac[5] = (uint8_t)(state >> 24);
	vif->has_mac = true;
}
