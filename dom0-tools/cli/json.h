/* SPDX-License-Identifier: MIT */
/*
 * Writes JSON to the terminal, piece by piece: nothing is kept but how deep
 * we are in it. Texts come from guests and files: whatever is in them, what
 * is written is valid JSON in ASCII.
 *
 * Owns nothing. A key is NULL for an element of a list.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH 8

struct json {
	bool one_line; /* without line ends, for a stream of objects */
	unsigned int depth;
	struct {
		char bracket; /* that closes it */
		bool has_items;
	} levels[JSON_DEPTH];
};

/* '{' or '[': at the top, or inside another. */
void json_open(struct json *json, const char *key, char bracket);
/* The last one closed ends the line. */
void json_close(struct json *json);

void json_text(struct json *json, const char *key, const char *text,
	       size_t size);
void json_number(struct json *json, const char *key, uint64_t number);
/* In seconds, all nine decimals. */
void json_nanoseconds(struct json *json, const char *key, uint64_t ns);
void json_flag(struct json *json, const char *key, bool flag);
void json_null(struct json *json, const char *key);

#endif /* CLI_JSON_H */
