/* SPDX-License-Identifier: MIT */
/*
 * The formatting behind error.h.
 */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Texts quote files and guests, so they may hold anything. */
static void error_make_printable(struct tk_error *err)
{
	char *p;

	for (p = err->text; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	}
}

void tk_error_set(struct tk_error *err, const char *format, ...)
{
	va_list args;

	if (!err)
		return;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	error_make_printable(err);
}

void tk_error_prefix(struct tk_error *err, const char *prefix)
{
	char inner[TK_ERROR_TEXT_SIZE];

	if (!err)
		return;
	memcpy(inner, err->text, sizeof(inner));
	tk_error_set(err, "%s: %s", prefix, inner);
}

int tk_go_on(tk_interrupted *interrupted, const char *name,
	     struct tk_error *err)
{
	if (!interrupted || !interrupted())
		return 0;
	return tk_fail(err, "%s: interrupted, nothing of it is left", name);
}
