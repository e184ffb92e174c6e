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

#define TK_ERROR_TEXT_SIZE 256

/* For functions whose result must not be ignored. */
#define tk_must_check __attribute__((warn_unused_result))

struct tk_error {
	char text[TK_ERROR_TEXT_SIZE];
};

/*
 * Replaces the text (cut to fit, control characters made visible as '?' so
 * that a hostile file name cannot drive the terminal) and returns -1, so that
 * `return tk_fail(err, ...)` reads as one step. `err` may be NULL.
 */
int tk_fail(struct tk_error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Puts "prefix: " in front of the text that is there; returns -1. */
int tk_fail_within(struct tk_error *err, const char *prefix);

#endif /* TOOLSTACK_ERROR_H */
