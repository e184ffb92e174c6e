/* SPDX-License-Identifier: MIT */
/*
 * A recursive-descent parser for the grammar in config.h:
 *
 *   file    = { [ setting ] [ comment ] ( newline | ';' ) }
 *   setting = key ( '=' | '+=' ) value
 *   value   = string | number | '[' [ value { ',' value } [ ',' ] ] ']'
 *
 * Newlines and comments may stand anywhere between the brackets of a list
 * and nowhere else inside a setting. Strings end on the line they began.
 *
 * Every function that takes a parser leaves `pos` behind what it consumed,
 * or reports an error and returns -1 with nothing left allocated in its
 * result.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lists of lists are the deepest thing xl's keys use; bounds the recursion. */
#define MAX_LIST_DEPTH 8
/* Keys are looked up one by one; far more than xl knows. */
#define MAX_SETTINGS 1000
/* Bounds what repeated += can cost. */
#define MAX_FILE_SIZE (256u << 10)

struct parser {
	const char *file_name;
	const char *text;
	size_t size;
	size_t pos;
	size_t line_start;
	unsigned int line;
	struct tk_error *err;
};

struct position {
	unsigned int line;
	unsigned int column;
};

static int parse_value(struct parser *p, unsigned int depth,
		       struct tk_config_value *value);

static int parser_peek(const struct parser *p)
{
	return p->pos < p->size ? (unsigned char)p->text[p->pos] : -1;
}

static int parser_peek_next(const struct parser *p)
{
	return p->pos + 1 < p->size ? (unsigned char)p->text[p->pos + 1] : -1;
}

static struct position parser_position(const struct parser *p)
{
	return (struct position){
		.line = p->line,
		.column = (unsigned int)(p->pos - p->line_start) + 1,
	};
}

static int parser_fail(struct parser *p, struct position at, const char *format,
		       ...) __attribute__((format(printf, 3, 4)));

static int parser_fail(struct parser *p, struct position at, const char *format,
		       ...)
{
	char text[TK_ERROR_TEXT_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return tk_fail(p->err, "%s:%u:%u: %s", p->file_name, at.line, at.column,
		       text);
}

static int parser_no_memory(struct parser *p)
{
	return parser_fail(p, parser_position(p), "out of memory");
}

/* "expected WHAT, found ..." at the current position. */
static int parser_expected(struct parser *p, const char *what)
{
	struct position at = parser_position(p);
	int c = parser_peek(p);

	if (c < 0)
		return parser_fail(p, at, "expected %s, found the end of file",
				   what);
	if (c == '\n' || c == '\r')
		return parser_fail(p, at, "expected %s, found the end of line",
				   what);
	if (c < 0x20 || c >= 0x7f)
		return parser_fail(p, at, "expected %s, found byte 0x%02x",
				   what, c);
	return parser_fail(p, at, "expected %s, found '%c'", what, c);
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool is_key_start(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_key_part(int c)
{
	return is_key_start(c) || is_digit(c) || c == '.';
}

static bool is_number_part(int c)
{
	return is_digit(c) || is_key_start(c);
}

static void skip_comment(struct parser *p)
{
	if (parser_peek(p) != '#')
		return;
	while (p->pos < p->size && p->text[p->pos] != '\n')
		p->pos++;
}

/* Blanks and a comment, up to the end of the line. */
static void skip_blanks(struct parser *p)
{
	for (;;) {
		int c = parser_peek(p);

		if (c == '\r' && parser_peek_next(p) != '\n')
			break;
		if (c != ' ' && c != '\t' && c != '\r')
			break;
		p->pos++;
	}
	skip_comment(p);
}

static bool skip_newline(struct parser *p)
{
	if (parser_peek(p) != '\n')
		return false;
	p->pos++;
	p->line++;
	p->line_start = p->pos;
	return true;
}

static void skip_blanks_and_newlines(struct parser *p)
{
	do {
		skip_blanks(p);
	} while (skip_newline(p));
}

static char *copy_text(const char *text, size_t length)
{
	char *copy = malloc(length + 1);

	if (!copy)
		return NULL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

static int digit_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

bool tk_config_number(const char *text, uint64_t *number)
{
	uint64_t base = 10, value = 0;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	} else if (text[0] == '0' && text[1]) {
		base = 8;
		text++;
	}
	if (!*text)
		return false;
	for (; *text; text++) {
		uint64_t digit = (uint64_t)digit_value(*text);

		if (digit >= base || value > (UINT64_MAX - digit) / base)
			return false;
		value = value * base + digit;
	}
	*number = value;
	return true;
}

static int parse_number(struct parser *p, struct tk_config_value *value)
{
	struct position at = parser_position(p);
	size_t start = p->pos;

	while (is_number_part(parser_peek(p)))
		p->pos++;
	value->type = TK_CONFIG_NUMBER;
	value->text = copy_text(p->text + start, p->pos - start);
	if (!value->text)
		return parser_no_memory(p);
	if (tk_config_number(value->text, &value->number))
		return 0;
	parser_fail(p, at, "\"%s\" is not a number, or too large", value->text);
	free(value->text);
	value->text = NULL;
	return -1;
}

/*
 * A numeric escape: up to `max_digits` digits. NUL is refused: the rest of
 * such a string would silently be lost.
 */
static int parse_numeric_escape(struct parser *p, int base,
				unsigned int max_digits, char *out)
{
	struct position at = parser_position(p);
	unsigned int n, value = 0;

	for (n = 0; n < max_digits && p->pos < p->size; n++, p->pos++) {
		int digit = digit_value(p->text[p->pos]);

		if (digit >= base)
			break;
		value = value * (unsigned int)base + (unsigned int)digit;
	}
	if (!n)
		return parser_fail(p, at, "no digits in a numeric escape");
	if (!value || value > 255)
		return parser_fail(p, at,
				   "escaped character %u is not in 1 to 255",
				   value);
	*out = (char)value;
	return 0;
}

/* `pos` is behind the backslash. */
static int parse_escape(struct parser *p, char *out)
{
	static const char names[] = "abfnrtv\\'\"";
	static const char values[] = "\a\b\f\n\r\t\v\\'\"";
	struct position at = parser_position(p);
	int c = parser_peek(p);
	const char *name;

	if (c >= '0' && c <= '7')
		return parse_numeric_escape(p, 8, 3, out);
	if (c == 'x') {
		p->pos++;
		return parse_numeric_escape(p, 16, 2, out);
	}
	name = c > 0 ? strchr(names, c) : NULL;
	if (!name)
		return parser_fail(p, at, "unknown escape after a backslash");
	*out = values[name - names];
	p->pos++;
	return 0;
}

/*
 * How many characters of the file belong to the string that starts at `pos`.
 * Looks no further than the string itself: a line may hold many of them.
 */
static size_t string_length(const struct parser *p, char quote)
{
	size_t at = p->pos;

	while (at < p->size && p->text[at] != '\n' && p->text[at] != quote) {
		if (p->text[at] == '\\' && at + 1 < p->size &&
		    p->text[at + 1] != '\n')
			at++;
		at++;
	}
	return at - p->pos;
}

static int parse_string_body(struct parser *p, struct position start,
			     char quote, char *out)
{
	char c;

	for (;;) {
		if (p->pos >= p->size || p->text[p->pos] == '\n')
			return parser_fail(p, start,
					   "the string has no closing %c on "
					   "its line",
					   quote);
		c = p->text[p->pos];
		if (!c)
			return parser_fail(p, parser_position(p),
					   "NUL byte in a string");
		p->pos++;
		if (c == quote)
			break;
		if (c == '\\' && parse_escape(p, &c))
			return -1;
		*out++ = c;
	}
	*out = '\0';
	return 0;
}

static int parse_string(struct parser *p, struct tk_config_value *value)
{
	struct position start = parser_position(p);
	char quote = p->text[p->pos++];

	value->type = TK_CONFIG_STRING;
	/* Escapes only shorten. */
	value->text = malloc(string_length(p, quote) + 1);
	if (!value->text)
		return parser_no_memory(p);
	if (!parse_string_body(p, start, quote, value->text))
		return 0;
	free(value->text);
	value->text = NULL;
	return -1;
}

static void value_free(struct tk_config_value *value)
{
	size_t i;

	for (i = 0; i < value->n_items; i++)
		value_free(&value->items[i]);
	free(value->items);
	free(value->text);
	memset(value, 0, sizeof(*value));
}

/*
 * Room for one more element behind `count`. Capacity is the next power of
 * two, so it needs no field of its own. NULL leaves the array as it was.
 */
static void *array_grow(void *array, size_t count, size_t element_size)
{
	if (count & (count - 1))
		return array;
	if (count > SIZE_MAX / 2 / element_size)
		return NULL;
	return realloc(array, (count ? 2 * count : 1) * element_size);
}

/* Takes `item` over, also on failure. */
static int list_append(struct parser *p, struct tk_config_value *list,
		       struct tk_config_value *item)
{
	struct tk_config_value *items =
		array_grow(list->items, list->n_items, sizeof(*items));

	if (!items) {
		value_free(item);
		return parser_no_memory(p);
	}
	list->items = items;
	list->items[list->n_items++] = *item;
	return 0;
}

static int parse_list_items(struct parser *p, unsigned int depth,
			    struct tk_config_value *list)
{
	struct tk_config_value item;

	for (;;) {
		skip_blanks_and_newlines(p);
		if (parser_peek(p) == ']')
			break;
		if (parse_value(p, depth, &item))
			return -1;
		if (list_append(p, list, &item))
			return -1;
		skip_blanks_and_newlines(p);
		if (parser_peek(p) == ']')
			break;
		if (parser_peek(p) != ',')
			return parser_expected(p, "',' or ']'");
		p->pos++;
	}
	p->pos++;
	return 0;
}

static int parse_list(struct parser *p, unsigned int depth,
		      struct tk_config_value *value)
{
	struct position start = parser_position(p);

	if (depth >= MAX_LIST_DEPTH)
		return parser_fail(p, start,
				   "lists are nested deeper than %d levels",
				   MAX_LIST_DEPTH);
	p->pos++;
	value->type = TK_CONFIG_LIST;
	if (!parse_list_items(p, depth + 1, value))
		return 0;
	value_free(value);
	return -1;
}

static int parse_value(struct parser *p, unsigned int depth,
		       struct tk_config_value *value)
{
	struct position at = parser_position(p);
	int c = parser_peek(p);

	memset(value, 0, sizeof(*value));
	value->line = at.line;
	value->column = at.column;
	if (c == '"' || c == '\'')
		return parse_string(p, value);
	if (c == '[')
		return parse_list(p, depth, value);
	if (is_digit(c))
		return parse_number(p, value);
	if (is_key_start(c))
		return parser_fail(p, at,
				   "expected a value; strings need quotes");
	return parser_expected(p, "a value");
}

static struct tk_config_setting *config_lookup(const struct tk_config *config,
					       const char *key)
{
	size_t i;

	for (i = 0; i < config->n_settings; i++) {
		if (!strcmp(config->settings[i].key, key))
			return &config->settings[i];
	}
	return NULL;
}

const struct tk_config_setting *tk_config_find(const struct tk_config *config,
					       const char *key)
{
	return config_lookup(config, key);
}

/* Moves the items of `extra` to the end of `list`; `extra` is emptied. */
static int append_list(struct parser *p, struct tk_config_value *list,
		       struct tk_config_value *extra)
{
	size_t i;

	for (i = 0; i < extra->n_items; i++) {
		struct tk_config_value item = extra->items[i];

		memset(&extra->items[i], 0, sizeof(item));
		if (list_append(p, list, &item))
			break;
	}
	if (i < extra->n_items) {
		value_free(extra);
		return -1;
	}
	value_free(extra);
	return 0;
}

static int append_string(struct parser *p, struct tk_config_value *value,
			 struct tk_config_value *extra)
{
	size_t old_length = strlen(value->text);
	size_t extra_length = strlen(extra->text);
	char *joined = realloc(value->text, old_length + extra_length + 1);

	if (!joined) {
		value_free(extra);
		return parser_no_memory(p);
	}
	memcpy(joined + old_length, extra->text, extra_length + 1);
	value->text = joined;
	value_free(extra);
	return 0;
}

/* `key += extra`; takes `extra` over, also on failure. */
static int setting_append(struct parser *p, struct tk_config_setting *setting,
			  struct tk_config_value *extra)
{
	struct position at = { extra->line, extra->column };

	if (setting->value.type == extra->type) {
		if (extra->type == TK_CONFIG_LIST)
			return append_list(p, &setting->value, extra);
		if (extra->type == TK_CONFIG_STRING)
			return append_string(p, &setting->value, extra);
	}
	value_free(extra);
	return parser_fail(p, at,
			   "%s += can add a list to a list or a string to a "
			   "string, nothing else",
			   setting->key);
}

/* A new setting without a value; takes `key` over, also on failure. */
static struct tk_config_setting *config_add(struct parser *p,
					    struct tk_config *config, char *key)
{
	struct tk_config_setting *settings = NULL;

	if (config->n_settings < MAX_SETTINGS)
		settings = array_grow(config->settings, config->n_settings,
				      sizeof(*settings));
	else
		parser_fail(p, parser_position(p),
			    "there are more than %d settings", MAX_SETTINGS);
	if (!settings) {
		free(key);
		if (config->n_settings < MAX_SETTINGS)
			parser_no_memory(p);
		return NULL;
	}
	config->settings = settings;
	settings += config->n_settings++;
	memset(settings, 0, sizeof(*settings));
	settings->key = key;
	return settings;
}

/* Takes `key` and `value` over, also on failure. */
static int config_store(struct parser *p, struct tk_config *config, char *key,
			struct position at, bool append,
			struct tk_config_value *value)
{
	struct tk_config_setting *setting = config_lookup(config, key);

	if (setting) {
		free(key);
		if (append)
			return setting_append(p, setting, value);
		value_free(&setting->value);
	} else {
		setting = config_add(p, config, key);
		if (!setting) {
			value_free(value);
			return -1;
		}
	}
	setting->line = at.line;
	setting->column = at.column;
	setting->value = *value;
	return 0;
}

/* The operator between key and value. */
static int parse_operator(struct parser *p, bool *append)
{
	*append = parser_peek(p) == '+' && parser_peek_next(p) == '=';
	if (*append)
		p->pos++;
	if (parser_peek(p) != '=')
		return parser_expected(p, "'=' or '+=' after the key");
	p->pos++;
	return 0;
}

static int parse_setting(struct parser *p, struct tk_config *config)
{
	struct position at = parser_position(p);
	struct tk_config_value value;
	size_t start = p->pos, length;
	bool append;
	char *key;

	if (!is_key_start(parser_peek(p)))
		return parser_expected(p, "a key");
	while (is_key_part(parser_peek(p)))
		p->pos++;
	length = p->pos - start;
	skip_blanks(p);
	if (parse_operator(p, &append))
		return -1;
	skip_blanks(p);
	if (parse_value(p, 0, &value))
		return -1;
	key = copy_text(p->text + start, length);
	if (!key) {
		value_free(&value);
		return parser_no_memory(p);
	}
	return config_store(p, config, key, at, append, &value);
}

static int parse_file(struct parser *p, struct tk_config *config)
{
	for (;;) {
		int c;

		skip_blanks_and_newlines(p);
		c = parser_peek(p);
		if (c < 0)
			return 0;
		if (c != ';' && parse_setting(p, config))
			return -1;
		skip_blanks(p);
		c = parser_peek(p);
		if (c == ';')
			p->pos++;
		else if (c >= 0 && c != '\n')
			return parser_expected(p, "the end of line or ';'");
	}
}

int tk_config_parse(struct tk_config *config, const char *file_name,
		    const char *text, size_t size, struct tk_error *err)
{
	struct parser p = {
		.file_name = file_name,
		.text = text,
		.size = size,
		.line = 1,
		.err = err,
	};

	memset(config, 0, sizeof(*config));
	if (size > MAX_FILE_SIZE)
		return tk_fail(err, "%s: larger than %u KiB", file_name,
			       MAX_FILE_SIZE >> 10);
	config->file_name = copy_text(file_name, strlen(file_name));
	if (!config->file_name)
		return tk_fail(err, "%s: out of memory", file_name);
	if (!parse_file(&p, config))
		return 0;
	tk_config_free(config);
	return -1;
}

/* A parser at line 0, which no file has. */
static int parse_override(struct tk_config *config, const char *text,
			  struct tk_error *err)
{
	struct parser p = {
		.file_name = "command line",
		.text = text,
		.size = strlen(text),
		.err = err,
	};

	return parse_file(&p, config);
}

/* KEY=VALUE as KEY="VALUE"; NULL when it is quoted already, or no setting. */
static char *quote_value(const char *text)
{
	const char *value = strchr(text, '=');
	size_t room = 2 * strlen(text) + 3, length;
	char *quoted;

	if (!value || !is_key_start((unsigned char)*text) ||
	    (value[1] && strchr("\"'[", value[1])))
		return NULL;
	quoted = malloc(room);
	if (!quoted)
		return NULL;
	length = (size_t)(value + 1 - text);
	memcpy(quoted, text, length);
	quoted[length++] = '"';
	while (*++value) {
		if (*value == '"' || *value == '\\')
			quoted[length++] = '\\';
		quoted[length++] = *value;
	}
	quoted[length++] = '"';
	quoted[length] = '\0';
	return quoted;
}

int tk_config_override(struct tk_config *config, const char *text,
		       struct tk_error *err)
{
	struct tk_error ignored;
	char *quoted;
	int rc;

	if (!parse_override(config, text, err))
		return 0;
	quoted = quote_value(text);
	rc = quoted ? parse_override(config, quoted, &ignored) : -1;
	free(quoted);
	return rc;
}

void tk_config_free(struct tk_config *config)
{
	size_t i;

	for (i = 0; i < config->n_settings; i++) {
		free(config->settings[i].key);
		value_free(&config->settings[i].value);
	}
	free(config->settings);
	free(config->file_name);
	memset(config, 0, sizeof(*config));
}
