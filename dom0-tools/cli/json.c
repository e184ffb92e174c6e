/* SPDX-License-Identifier: MIT */
/* See json.h. */
#include "cli/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static void put(const char *text)
{
	cli_print_text(text, strlen(text));
}

static void new_line(const struct json *json)
{
	unsigned int i;

	if (json->one_line)
		return;
	put("\n");
	for (i = 0; i < json->depth; i++)
		put("    ");
}

static void put_quoted(const char *text, size_t size)
{
	char escaped[8];
	size_t i;

	put("\"");
	for (i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\')
			snprintf(escaped, sizeof(escaped), "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			snprintf(escaped, sizeof(escaped), "\\u%04x", c);
		else
			snprintf(escaped, sizeof(escaped), "%c", c);
		put(escaped);
	}
	put("\"");
}

/* Up to where the value stands. */
static void put_key(struct json *json, const char *key)
{
	if (json->depth) {
		bool *has_items = &json->levels[json->depth - 1].has_items;

		if (*has_items)
			put(json->one_line ? ", " : ",");
		*has_items = true;
		new_line(json);
	}
	if (key) {
		put_quoted(key, strlen(key));
		put(": ");
	}
}

void json_open(struct json *json, const char *key, char bracket)
{
	const char text[2] = { bracket, '\0' };

	put_key(json, key);
	put(text);
	json->levels[json->depth].bracket = bracket == '{' ? '}' : ']';
	json->levels[json->depth].has_items = false;
	json->depth++;
}

void json_close(struct json *json)
{
	char text[2] = { 0 };

	json->depth--;
	if (json->levels[json->depth].has_items)
		new_line(json);
	text[0] = json->levels[json->depth].bracket;
	put(text);
	if (!json->depth)
		put("\n");
}

void json_text(struct json *json, const char *key, const char *text,
	       size_t size)
{
	put_key(json, key);
	put_quoted(text, size);
}

void json_number(struct json *json, const char *key, uint64_t number)
{
	put_key(json, key);
	cli_print("%" PRIu64, number);
}

void json_nanoseconds(struct json *json, const char *key, uint64_t ns)
{
	put_key(json, key);
	cli_print("%" PRIu64 ".%09" PRIu64, ns / 1000000000, ns % 1000000000);
}

void json_flag(struct json *json, const char *key, bool flag)
{
	put_key(json, key);
	put(flag ? "true" : "false");
}

void json_null(struct json *json, const char *key)
{
	put_key(json, key);
	put("null");
}
