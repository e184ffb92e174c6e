/* SPDX-License-Identifier: MIT */
/*
 * The domain's console: the machine's own for the first domain, the shared
 * ring of the console daemon for every other. The same calls serve both.
 *
 * Context: everywhere after the library's start, trap handlers included.
 */
#ifndef PVGUEST_CONSOLE_H
#define PVGUEST_CONSOLE_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Writes all `length` bytes, "\n" as "\r\n". When the ring is full it waits
 * for the other end.
 */
void pv_console_write(const char *text, size_t length);

/* Takes up to `size` bytes of input; 0 when there is none, never waits. */
size_t pv_console_read(char *buffer, size_t size);

/*
 * Runs `handler` in pv_poll() and pv_wait() when input may have come; NULL
 * ends that. One handler at a time.
 */
void pv_console_on_input(void (*handler)(void *context), void *context);

/*
 * A small printf for kernels without a C library: %d %i %u %x %p %s %c %%
 * with the flags '-' and '0', a width, a precision for %s, and the lengths
 * l, ll and z. pv_vsnprintf() returns the length of the whole text, which is
 * cut to `size` - 1 bytes and always terminated when `size` is not 0.
 */
int pv_vsnprintf(char *buffer, size_t size, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));
int pv_snprintf(char *buffer, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void pv_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* PVGUEST_CONSOLE_H */
