/* SPDX-License-Identifier: MIT */
/* See result.h. */
#include "cli/result.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

struct result *result_begin(bool is_json)
{
	static struct result the_result;
	struct result *result = &the_result;

	result->is_json = is_json;
	result->only = NULL;
	memset(&result->json, 0, sizeof(result->json));
	result->shape = NULL;
	result->depth = 0;
	result->is_open = false;
	result->n_fields = 0;
	result->text_size = 0;
	return result;
}

/* Text -------------------------------------------------------------------- */

/* What stands between braces. */
struct slot {
	char key[32];
	int width; /* negative: to the left */
	char without[16];
	char before[16];
};

/* Copies up to one of the characters in `stops`, and returns that place. */
static const char *take(const char *at, const char *stops, char *text,
			size_t size)
{
	size_t length = strcspn(at, stops);

	snprintf(text, size, "%.*s", (int)length, at);
	return at + length;
}

/* `at` is behind the opening brace; the result behind the closing one. */
static const char *read_slot(const char *at, struct slot *slot)
{
	char width[8] = "";

	memset(slot, 0, sizeof(*slot));
	at = take(at, ":|?}", slot->key, sizeof(slot->key));
	if (*at == ':')
		at = take(at + 1, "|?}", width, sizeof(width));
	if (*at == '|')
		at = take(at + 1, "?}", slot->without, sizeof(slot->without));
	if (*at == '?')
		at = take(at + 1, "}", slot->before, sizeof(slot->before));
	slot->width = atoi(width);
	return *at ? at + 1 : at;
}

static const char *field_text(const struct result *result, const char *key)
{
	size_t i;

	for (i = 0; i < result->n_fields; i++) {
		if (!strcmp(result->fields[i].key, key))
			return result->fields[i].text;
	}
	return NULL;
}

/* Guests choose some of it: what is not printable must not reach a terminal. */
static void put_printable(const char *text)
{
	size_t plain;

	while (*text) {
		for (plain = 0; text[plain] >= ' ' && text[plain] != 0x7f;
		     plain++)
			;
		cli_print_text(text, plain);
		text += plain;
		if (*text)
			cli_print("\\x%02x", (unsigned char)*text++);
	}
}

static void put_slot(const struct result *result, const struct slot *slot)
{
	const char *text = field_text(result, slot->key);
	int width = slot->width;
	int padding;

	cli_print("%s", text ? slot->before : "");
	text = text ? text : slot->without;
	padding = abs(width) - (int)strlen(text);
	if (width > 0 && padding > 0)
		cli_print("%*s", padding, "");
	put_printable(text);
	if (width < 0 && padding > 0)
		cli_print("%*s", padding, "");
}

static void put_template(const struct result *result, const char *at)
{
	while (*at) {
		size_t plain = strcspn(at, "{");
		struct slot slot;

		cli_print_text(at, plain);
		at += plain;
		if (!*at)
			break;
		at = read_slot(at + 1, &slot);
		put_slot(result, &slot);
	}
	cli_print("\n");
}

static void put_fields(const struct result *result)
{
	size_t i;

	for (i = 0; i < result->n_fields; i++) {
		const char *key = result->fields[i].key;

		if (!result->fields[i].text ||
		    (result->only && strcmp(result->only, key) != 0))
			continue;
		if (!result->only)
			cli_print("%-23s: ", key);
		put_printable(result->fields[i].text);
		cli_print("\n");
	}
}

static void show_row(struct result *result)
{
	if (!result->is_open)
		return;
	result->is_open = false;
	if (!result->shape || !result->shape->row)
		put_fields(result);
	else if (*result->shape->row)
		put_template(result, result->shape->row);
}

static void open_text_row(struct result *result)
{
	result->is_open = true;
	result->n_fields = 0;
	result->text_size = 0;
}

static void enter(struct result *result, const struct result_shape *shape)
{
	show_row(result);
	result->outer[result->depth++] = result->shape;
	result->shape = shape;
	if (shape && shape->heading)
		cli_print("%s\n", shape->heading);
}

static void leave(struct result *result)
{
	result->shape = result->outer[--result->depth];
}

/* A field whose text does not fit is cut; that happens to no known one. */
static void add_text(struct result *result, const char *key, const char *text,
		     size_t size)
{
	size_t room = sizeof(result->text) - result->text_size;
	char *copy = result->text + result->text_size;

	if (!result->is_open || result->n_fields == RESULT_FIELDS || !room)
		return;
	result->fields[result->n_fields].key = key;
	result->fields[result->n_fields].text = text ? copy : NULL;
	result->n_fields++;
	if (!text)
		return;
	size = size < room ? size : room - 1;
	memcpy(copy, text, size);
	copy[size] = '\0';
	result->text_size += size + 1;
}

/* Both renderings --------------------------------------------------------- */

void result_open_list(struct result *result, const char *key,
		      const struct result_shape *shape)
{
	if (result->is_json)
		json_open(&result->json, key, '[');
	else
		enter(result, shape);
}

void result_close_list(struct result *result)
{
	if (result->is_json)
		json_close(&result->json);
	else
		leave(result);
}

void result_open_row(struct result *result)
{
	if (result->is_json)
		json_open(&result->json, NULL, '{');
	else
		open_text_row(result);
}

void result_close_row(struct result *result)
{
	if (result->is_json)
		json_close(&result->json);
	else
		show_row(result);
}

void result_open_object(struct result *result, const char *key,
			const struct result_shape *shape)
{
	if (result->is_json) {
		json_open(&result->json, key, '{');
	} else {
		enter(result, shape);
		open_text_row(result);
	}
}

void result_close_object(struct result *result)
{
	if (result->is_json) {
		json_close(&result->json);
	} else {
		show_row(result);
		leave(result);
	}
}

void result_bytes(struct result *result, const char *key, const char *bytes,
		  size_t size)
{
	if (result->is_json)
		json_text(&result->json, key, bytes, size);
	else
		add_text(result, key, bytes, size);
}

void result_text(struct result *result, const char *key, const char *text)
{
	if (text)
		result_bytes(result, key, text, strlen(text));
	else
		result_null(result, key);
}

void result_number(struct result *result, const char *key, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	if (result->is_json)
		json_number(&result->json, key, number);
	else
		add_text(result, key, text, strlen(text));
}

void result_hex(struct result *result, const char *key, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%016" PRIx64, number);
	result_text(result, key, text);
}

void result_seconds(struct result *result, const char *key, uint64_t ns)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64 ".%" PRIu64, ns / 1000000000,
		 ns / 100000000 % 10);
	if (result->is_json)
		json_nanoseconds(&result->json, key, ns);
	else
		add_text(result, key, text, strlen(text));
}

void result_flag(struct result *result, const char *key, bool flag)
{
	const char *text = flag ? "yes" : "no";

	if (result->is_json)
		json_flag(&result->json, key, flag);
	else
		add_text(result, key, text, strlen(text));
}

void result_null(struct result *result, const char *key)
{
	if (result->is_json)
		json_null(&result->json, key);
	else
		add_text(result, key, NULL, 0);
}
