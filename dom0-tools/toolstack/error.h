/* SPDX-License-Identifier: MIT */
/*
 * How toolstack functions report failure: they return a negative value (or
 * NULL) and leave one line in a struct tk_error that names the cause, the
 * object and the value, ready to be shown to the user.
 *
 * Owns: nothing; the caller provides the struct, there is no global state.
 * Context: any; allocates nothing, so running out of memory can be reported.
 */
#ifndef TOOLSTACK_ERROR_H
#define TOOLSTACK_ERROR_H

#include <stdbool.h>

#define TK_ERROR_TEXT_SIZE 256

/* For functions whose result must not be ignored. */
#define tk_must_check __attribute__((warn_unused_result))

struct tk_error {
	char text[TK_ERROR_TEXT_SIZE];
};

/*
 * tk_fail(err, format, ...) sets the text and has the value -1, so that
 * `return tk_fail(err, ...)` reads as one step. It is a macro because
 * compilers and analysers then know the value.
 */
#define tk_fail(err, ...) (tk_error_set(err, __VA_ARGS__), tk_failure())

/* Puts "prefix: " in front of the text that is there; also -1. */
#define tk_fail_within(err, prefix) (tk_error_prefix(err, prefix), tk_failure())

/* A call, so that nobody is warned about a value that is not used. */
static inline int tk_failure(void)
{
	return -1;
}

/*
 * Replaces the text, cut to fit, with control characters made visible as '?'
 * so that a hostile file name cannot drive the terminal. `err` may be NULL.
 */
void tk_error_set(struct tk_error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void tk_error_prefix(struct tk_error *err, const char *prefix);

/* Whether the user wants no more of what is being done. */
typedef bool tk_interrupted(void);

/* Fails with a line that it is so; NULL stands for never. */
tk_must_check int tk_go_on(tk_interrupted *interrupted, const char *name,
			   struct tk_error *err);

#endif /* TOOLSTACK_ERROR_H */
