/* SPDX-License-Identifier: MIT */
/*
 * Runner behind check.h. A failing check leaves its test by longjmp, which
 * may leak what the test held; leaks are reported only after success, when
 * they mean something, because the process then exits through the leak check.
 */
#include "check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum outcome {
	RAN,
	FAILED,
	SKIPPED,
};

static jmp_buf leave_test;
static char why[512];

void check_fail(const char *file, int line, const char *format, ...)
{
	va_list args;
	int length = snprintf(why, sizeof(why), "%s:%d: ", file, line);

	va_start(args, format);
	vsnprintf(why + length, sizeof(why) - (size_t)length, format, args);
	va_end(args);
	longjmp(leave_test, FAILED);
}

void check_skip(const char *reason)
{
	snprintf(why, sizeof(why), "%s", reason);
	longjmp(leave_test, SKIPPED);
}

void check_has(const char *file, int line, const char *text, const char *part)
{
	if (!strstr(text, part))
		check_fail(file, line, "\"%s\" does not contain \"%s\"", text,
			   part);
}

void check_text(const char *file, int line, const char *text,
		const char *expected)
{
	if (strcmp(text, expected))
		check_fail(file, line, "\"%s\" is not \"%s\"", text, expected);
}

static int run_one(const struct test *test)
{
	switch (setjmp(leave_test)) {
	case RAN:
		test->run();
		printf("ok %s\n", test->name);
		return 0;
	case SKIPPED:
		printf("skip %s: %s\n", test->name, why);
		return 0;
	default:
		printf("not ok %s: %s\n", test->name, why);
		return 1;
	}
}

int check_run(const struct test *tests, size_t count)
{
	int failures = 0;
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < count; i++) {
		alloc_fail_never();
		failures += run_one(&tests[i]);
	}
	if (!failures)
		return 0;
	/* Without the leak check: failed tests leak. */
	fflush(stdout);
	_Exit(1);
}
