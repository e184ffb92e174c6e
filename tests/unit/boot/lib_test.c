/* SPDX-License-Identifier: MIT */
/*
 * vsnprintf and the string functions against the C library's. Ours are
 * compiled under other names (rename.h).
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(c)                                                               \
	do {                                                                   \
		if (!(c)) {                                                    \
			printf("not ok line %d: %s\n", __LINE__, #c);          \
			exit(1);                                               \
		}                                                              \
	} while (0)

int our_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
void *our_memcpy(void *dst, const void *src, size_t n);
void *our_memmove(void *dst, const void *src, size_t n);
void *our_memset(void *dst, int c, size_t n);
int our_memcmp(const void *a, const void *b, size_t n);
size_t our_strlen(const char *s);
int our_strcmp(const char *a, const char *b);
void string_copy(char *dst, const char *src, size_t size);

#define SAME(...)                                                              \
	do {                                                                   \
		char a[80], b[80];                                             \
		size_t n = (size_t)random() % 24 + 40 * (random() & 1);        \
		int x = our_snprintf(a, n, __VA_ARGS__);                       \
		int y = snprintf(b, n, __VA_ARGS__);                           \
		CHECK(x == y);                                                 \
		CHECK(!n || !strcmp(a, b));                                    \
	} while (0)

__attribute__((format(printf, 3, 4))) static int
our_snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = our_vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

static uint64_t random64(void)
{
	uint64_t v = (uint64_t)random() << 42 ^ (uint64_t)random() << 21 ^
		     (uint64_t)random();

	return v >> random() % 64;
}

/* Formats are literals: both implementations get the same checked ones. */
static void test_printf(void)
{
	for (unsigned int i = 0; i < 3000; i++) {
		uint64_t v = random64();

		SAME("%d|%5d|%u", (int)v, (int)v, (unsigned int)v);
		SAME("%ld|%lu|%lx|%0x", (long)v, v, v, (unsigned int)v);
		SAME("%016lx|%08x|%x", v, (unsigned int)v, (unsigned int)v);
		SAME("%012u|%12d|%20lx|%020lx", (unsigned int)v, (int)v, v, v);
		SAME("%zu|%llx|%%", (size_t)v, (unsigned long long)v);
		SAME("%s|%10s|%1s|%u", "text", "abc", "xyz", i);
	}
	SAME("%d|%ld", INT32_MIN, INT64_MIN);
}

static void test_memory_functions(void)
{
	unsigned char a[300], b[300];

	for (unsigned int i = 0; i < 20000; i++) {
		size_t from = (size_t)random() % 100;
		size_t to = (size_t)random() % 100;
		size_t n = (size_t)random() % 150;

		for (unsigned int j = 0; j < sizeof(a); j++)
			a[j] = b[j] = (unsigned char)(random() % 4);
		our_memmove(a + to, a + from, n);
		memmove(b + to, b + from, n);
		CHECK(!memcmp(a, b, sizeof(a)));
		our_memset(a + from, (int)to - 50, n);
		memset(b + from, (int)to - 50, n);
		CHECK(!memcmp(a, b, sizeof(a)));
		our_memcpy(a, b + 150, n);
		memcpy(b, b + 150, n);
		CHECK(!memcmp(a, b, sizeof(a)));
		CHECK((our_memcmp(a, a + to, n) < 0) ==
		      (memcmp(a, a + to, n) < 0));
	}
}

static void random_text(char *s, size_t size)
{
	size_t n = (size_t)random() % size;

	for (size_t i = 0; i < n; i++)
		s[i] = (char)('a' + random() % 2);
	s[n] = 0;
}

static void test_strings(void)
{
	char a[20], b[4], c[8], d[8];

	for (unsigned int i = 0; i < 20000; i++) {
		random_text(a, sizeof(a));
		random_text(b, sizeof(b));
		CHECK(our_strlen(a) == strlen(a));
		CHECK((our_strcmp(a, b) > 0) == (strcmp(a, b) > 0));
		memset(c, 'x', sizeof(c));
		string_copy(c, a, sizeof(c));
		strncpy(d, a, sizeof(d));
		d[7] = 0;
		CHECK(!memcmp(c, d, sizeof(c)));
	}
}

int main(void)
{
	srandom(1);
	test_printf();
	test_memory_functions();
	test_strings();
	printf("ok lib\n");
	return 0;
}
