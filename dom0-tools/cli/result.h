/* SPDX-License-Identifier: MIT */
/*
 * The typed result of a command that reads: objects with named fields, and
 * lists of them, told piece by piece and rendered at once, either as JSON or
 * as text. A handler names every field once; how a row looks as text is in a
 * template, in which most fields need not appear:
 *
 *   static const struct result_shape shape = {
 *           "Name    ID  CPU", "{name:-7} {domid:2} {cpu:4|-}",
 *   };
 *   struct result *result = result_begin(is_json);
 *
 *   result_open_list(result, NULL, &shape);
 *   for each:
 *           result_open_row(result);
 *           result_text(result, "name", name);
 *           result_number(result, "domid", domid);
 *           result_null(result, "cpu");
 *           result_close_row(result);
 *   result_close_list(result);
 *
 * In a template, {KEY:WIDTH|WITHOUT?BEFORE} stands for a field: at least WIDTH
 * wide, to the left with -WIDTH; WITHOUT is shown when the field is null or
 * missing, BEFORE in front of it when it is not. All parts but KEY may be
 * left out. A shape without a template shows "key : value", a line for each
 * field. Text keeps only fields of the row that is open, its own: a list
 * inside a row ends the row's text and shows its own rows below.
 *
 * Owns: the result that is being told, and the text of one row of it.
 */
#ifndef CLI_RESULT_H
#define CLI_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/json.h"

#define RESULT_FIELDS 48
#define RESULT_TEXT   6144

struct result_shape {
	const char *heading; /* a line above the rows; NULL: none */
	const char *row;     /* template of a line; NULL: a line per field */
};

struct result {
	bool is_json;
	const char *only; /* text of an object: the value of this field alone */
	struct json json;

	/* Text: the row that is open and not shown yet. */
	const struct result_shape *shape;
	const struct result_shape *outer[JSON_DEPTH]; /* of lists around */
	unsigned int depth;
	bool is_open;
	struct {
		const char *key;
		const char *text; /* NULL: null */
	} fields[RESULT_FIELDS];
	size_t n_fields;
	char text[RESULT_TEXT];
	size_t text_size;
};

/* There is one at a time: it takes the place of the one before. */
struct result *result_begin(bool is_json);

/*
 * A list of rows; or one row alone, which is an object. Keys are NULL at the
 * top, and of a list in a list of lists never used.
 */
void result_open_list(struct result *result, const char *key,
		      const struct result_shape *shape);
void result_close_list(struct result *result);
void result_open_row(struct result *result);
void result_close_row(struct result *result);
void result_open_object(struct result *result, const char *key,
			const struct result_shape *shape);
void result_close_object(struct result *result);

/* Of the row that is open. NULL text: null. */
void result_text(struct result *result, const char *key, const char *text);
void result_bytes(struct result *result, const char *key, const char *bytes,
		  size_t size);
void result_number(struct result *result, const char *key, uint64_t number);
/* 16 hexadecimal digits; a text in JSON too, whose numbers are too short. */
void result_hex(struct result *result, const char *key, uint64_t number);
/* As text with one decimal. */
void result_seconds(struct result *result, const char *key, uint64_t ns);
void result_flag(struct result *result, const char *key, bool flag);
void result_null(struct result *result, const char *key);

#endif /* CLI_RESULT_H */
