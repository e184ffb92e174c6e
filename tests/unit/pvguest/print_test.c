/* SPDX-License-Identifier: MIT */
/* The library's printf against the host's, which is the judge. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <pvguest/console.h>

static int failures;

/* print.c ends in the console; here it has none. */
void pv_console_write(const char *text, size_t length)
{
	fwrite(text, 1, length, stdout);
}

#define CHECK(format, ...)                                                     \
	do {                                                                   \
		char ours[80], theirs[80];                                     \
		int a = pv_snprintf(ours, sizeof(ours), format, __VA_ARGS__);  \
		int b = snprintf(theirs, sizeof(theirs), format, __VA_ARGS__); \
		report(format, ours, theirs, a == b);                          \
	} while (0)

static void report(const char *format, const char *ours, const char *theirs,
		   int lengths_agree)
{
	if (lengths_agree && strcmp(ours, theirs) == 0) {
		printf("ok print %s\n", format);
		return;
	}
	printf("not ok print %s: \"%s\", not \"%s\"\n", format, ours, theirs);
	failures++;
}

static void test_cut(void)
{
	char small[4] = "xxx";
	int length = pv_snprintf(small, sizeof(small), "%d", 123456);

	report("cut", small, "123", length == 6);
	small[0] = 'x';
	length = pv_snprintf(small, 0, "%d", 1);
	report("no room", small, "x23", length == 1);
}

int main(void)
{
	CHECK("%d %d %d", 0, -1, 123456);
	CHECK("%d %u", INT32_MIN, UINT32_MAX);
	CHECK("%ld %lu", INT64_MIN, UINT64_MAX);
	CHECK("%lld %llx", -5LL, 0xabcULL);
	CHECK("%zu", sizeof(int));
	CHECK("%x %lx", 0xdeadbeef, 0x123456789abcdefUL);
	CHECK("%016lx|%08x|%04d", 0x1234UL, 0xabcu, -7);
	CHECK("%5d|%-5d|%5s|%-5s|", 42, 42, "ab", "ab");
	CHECK("%.2s|%.*s", "abcdef", 3, "abcdef");
	CHECK("%*d", 6, 42);
	CHECK("%c%c%%", 'a', 'b');
	CHECK("%p", (void *)0x7000deadb000UL);
	CHECK("%s", "");
	test_cut();
	return failures != 0;
}
