/* SPDX-License-Identifier: MIT */
/* Freestanding memory and string functions, as in C11 7.24. */
#pragma once

#include <stddef.h>

void *memcpy(void *dst, const void *src, size_t n);

/* memcpy() inline, for hot paths. */
static inline void copy_bytes(void *dst, const void *src, size_t n)
{
	size_t words = n / 8;

	__asm__ volatile("rep movsq; mov %3, %%rcx; rep movsb"
			 : "+D"(dst), "+S"(src), "+c"(words)
			 : "r"(n % 8)
			 : "memory");
}

void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
/* Copy at most size-1 bytes, always terminate, zero-fill the rest (IL-2). */
void string_copy(char *dst, const char *src, size_t size);
