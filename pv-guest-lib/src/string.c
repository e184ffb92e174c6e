/* SPDX-License-Identifier: MIT */
/*
 * The functions that the compiler itself calls, one object file so that a
 * linked C library takes their place as a whole.
 */
#include "internal.h"

/* Eight bytes at a time: an emulated machine pays for every step of `rep`. */
void *memcpy(void *to, const void *from, size_t n)
{
	void *start = to;
	size_t words = n / 8;
	size_t rest = n % 8;

	__asm__ volatile("rep movsq\n\t"
			 "mov %3, %2\n\t"
			 "rep movsb"
			 : "+&D"(to), "+&S"(from), "+&c"(words)
			 : "r"(rest)
			 : "memory");
	return start;
}

void *memmove(void *to, const void *from, size_t n)
{
	char *t = to;
	const char *f = from;

	if (t <= f || t >= f + n)
		return memcpy(to, from, n);
	while (n-- > 0)
		t[n] = f[n];
	return to;
}

void *memset(void *to, int byte, size_t n)
{
	uint64_t pattern = (uint8_t)byte * 0x0101010101010101UL;
	void *start = to;
	size_t words = n / 8;
	size_t rest = n % 8;

	__asm__ volatile("rep stosq\n\t"
			 "mov %3, %1\n\t"
			 "rep stosb"
			 : "+&D"(to), "+&c"(words)
			 : "a"(pattern), "r"(rest)
			 : "memory");
	return start;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *p = a;
	const unsigned char *q = b;

	for (; n > 0; n--, p++, q++) {
		if (*p != *q)
			return *p - *q;
	}
	return 0;
}

size_t strlen(const char *s)
{
	const char *end = s;

	while (*end != '\0')
		end++;
	return (size_t)(end - s);
}
