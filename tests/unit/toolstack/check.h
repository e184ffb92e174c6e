/* SPDX-License-Identifier: MIT */
/*
 * What the toolstack's host tests share: a test is a function that makes
 * checks; the first failing check names its line and ends the test. Every
 * test prints one line, `ok NAME` or `not ok NAME: why`.
 *
 *   static void test_empty(void) { CHECK(f("") == 0); }
 *   static const struct test tests[] = { TEST(test_empty) };
 *   int main(void) { return RUN_TESTS(tests); }
 *
 * Also a countdown that makes the n-th allocation fail, for sweeps over all
 * of them; programs that use it are linked with SWEEP_LDFLAGS (the makefile
 * fragment has them).
 */
#ifndef TESTS_UNIT_TOOLSTACK_CHECK_H
#define TESTS_UNIT_TOOLSTACK_CHECK_H

#include <stdbool.h>
#include <stddef.h>

struct test {
	const char *name;
	void (*run)(void);
};

/* clang-format off */
#define TEST(function) { #function, function }
/* clang-format on */

#define RUN_TESTS(tests) check_run(tests, sizeof(tests) / sizeof((tests)[0]))

#define CHECK(condition)                                                       \
	do {                                                                   \
		if (!(condition))                                              \
			check_fail(__FILE__, __LINE__, "%s", #condition);      \
	} while (0)

/* The text must contain the part. */
#define CHECK_HAS(text, part) check_has(__FILE__, __LINE__, text, part)
#define CHECK_TEXT(text, expected)                                             \
	check_text(__FILE__, __LINE__, text, expected)

int check_run(const struct test *tests, size_t count);
void check_fail(const char *file, int line, const char *format, ...)
	__attribute__((noreturn, format(printf, 3, 4)));
void check_has(const char *file, int line, const char *text, const char *part);
void check_text(const char *file, int line, const char *text,
		const char *expected);

/* Ends the running test as not applicable; prints `skip NAME: why`. */
void check_skip(const char *why) __attribute__((noreturn));

/*
 * The allocation after `successes` more fails, and all behind it until
 * alloc_fail_never(). alloc_failed() tells whether one did.
 */
void alloc_fail_after(unsigned int successes);
void alloc_fail_never(void);
bool alloc_failed(void);

#endif /* TESTS_UNIT_TOOLSTACK_CHECK_H */
