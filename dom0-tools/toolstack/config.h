/* SPDX-License-Identifier: MIT */
/*
 * The syntax of guest configuration files, as xl reads it: `key = value`
 * with strings, numbers and lists, separated by newlines or semicolons,
 * `key += value` to extend, '#' comments. What keys mean is the business of
 * domain_config.h.
 *
 * Owns: the tree that tk_config_parse() fills, until tk_config_free(). Every
 * value knows the line and column where it began, so that later complaints
 * can point at it. A key given twice keeps its last value, as in xl.
 * Differences from xl: CR LF line ends, octal escapes and upper-case
 * hexadecimal numbers work; what begins with a digit must be a number.
 */
#ifndef TOOLSTACK_CONFIG_H
#define TOOLSTACK_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

enum tk_config_type {
	TK_CONFIG_NUMBER,
	TK_CONFIG_STRING,
	TK_CONFIG_LIST,
};

struct tk_config_value {
	enum tk_config_type type;
	unsigned int line;
	unsigned int column;
	char *text;      /* string without quotes, or number as written */
	uint64_t number; /* of a TK_CONFIG_NUMBER */
	struct tk_config_value *items;
	size_t n_items;
};

struct tk_config_setting {
	char *key;
	unsigned int line;
	unsigned int column;
	struct tk_config_value value;
};

struct tk_config {
	char *file_name;
	struct tk_config_setting *settings;
	size_t n_settings;
};

/*
 * Reads `size` bytes of text. On failure nothing is left to free, and the
 * error reads "FILE:LINE:COLUMN: what is wrong".
 */
tk_must_check int tk_config_parse(struct tk_config *config,
				  const char *file_name, const char *text,
				  size_t size, struct tk_error *err);

/*
 * Settings of a command line, KEY=VALUE, which count more than those of the
 * file; their line is 0. Quotes around a text may be missing, since a shell
 * takes them away. On failure the tree stays usable.
 */
tk_must_check int tk_config_override(struct tk_config *config, const char *text,
				     struct tk_error *err);

void tk_config_free(struct tk_config *config);

/* NULL when the key is not set. */
const struct tk_config_setting *tk_config_find(const struct tk_config *config,
					       const char *key);

/* A number in decimal, 0x hexadecimal or 0 octal, and nothing after it. */
bool tk_config_number(const char *text, uint64_t *number);

#endif /* TOOLSTACK_CONFIG_H */
