/* SPDX-License-Identifier: MIT */
/*
 * The small printf. Works everywhere: no memory, no state, no SSE.
 */
#include <stdbool.h>

#include <pvguest/console.h>

#include "internal.h"

struct output {
	char *buffer;
	size_t size;
	size_t length; /* of the whole text, cut or not */
};

struct field {
	bool left, zero;
	int width;
	int precision; /* -1: none */
	int longs;
};

static void put(struct output *o, char c)
{
	if (o->length + 1 < o->size)
		o->buffer[o->length] = c;
	o->length++;
}

static void put_padded(struct output *o, const struct field *f,
		       const char *text, size_t length)
{
	size_t width = f->width > 0 ? (size_t)f->width : 0;
	size_t pad = width > length ? width - length : 0;
	size_t i;

	if (!f->left && f->zero && length > 0 && text[0] == '-') {
		put(o, '-');
		text++;
		length--;
	}
	for (i = 0; i < pad && !f->left; i++)
		put(o, f->zero ? '0' : ' ');
	for (i = 0; i < length; i++)
		put(o, text[i]);
	for (i = 0; i < pad && f->left; i++)
		put(o, ' ');
}

static void put_number(struct output *o, const struct field *f, uint64_t n,
		       unsigned int base, bool negative)
{
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[n % base];
		n /= base;
	} while (n != 0);
	if (negative)
		digits[--at] = '-';
	put_padded(o, f, digits + at, sizeof(digits) - at);
}

static void put_string(struct output *o, struct field *f, const char *s)
{
	size_t length = 0;

	if (!s)
		s = "(null)";
	while ((f->precision < 0 || length < (size_t)f->precision) && s[length])
		length++;
	f->zero = false;
	put_padded(o, f, s, length);
}

static int parse_number(const char **format)
{
	int n = 0;

	for (; **format >= '0' && **format <= '9'; (*format)++)
		n = n * 10 + (**format - '0');
	return n;
}

static void parse_field(const char **format, struct field *f, va_list *args)
{
	f->left = f->zero = false;
	f->precision = -1;
	f->longs = 0;
	for (; **format == '-' || **format == '0'; (*format)++) {
		f->left |= **format == '-';
		f->zero |= **format == '0';
	}
	f->width = parse_number(format);
	if (**format == '*') {
		f->width = va_arg(*args, int);
		(*format)++;
	}
	if (**format == '.') {
		(*format)++;
		f->precision = parse_number(format);
		if (**format == '*') {
			f->precision = va_arg(*args, int);
			(*format)++;
		}
	}
	for (; **format == 'l' || **format == 'z'; (*format)++)
		f->longs++;
}

static void put_conversion(struct output *o, char kind, struct field *f,
			   va_list *args)
{
	uint64_t n;
	int64_t i;
	char c;

	switch (kind) {
	case 'd':
	case 'i':
		i = f->longs ? va_arg(*args, int64_t) : va_arg(*args, int);
		put_number(o, f, i < 0 ? -(uint64_t)i : (uint64_t)i, 10, i < 0);
		break;
	case 'u':
	case 'x':
		n = f->longs ? va_arg(*args, uint64_t)
			     : va_arg(*args, unsigned int);
		put_number(o, f, n, kind == 'x' ? 16 : 10, false);
		break;
	case 'p':
		put(o, '0');
		put(o, 'x');
		put_number(o, f, (uintptr_t)va_arg(*args, void *), 16, false);
		break;
	case 's':
		put_string(o, f, va_arg(*args, const char *));
		break;
	case 'c':
		c = (char)va_arg(*args, int);
		put_padded(o, f, &c, 1);
		break;
	default:
		put(o, kind);
		break;
	}
}

int pv_vsnprintf(char *buffer, size_t size, const char *format, va_list args)
{
	struct output o = { buffer, size, 0 };
	struct field f;
	va_list rest;

	va_copy(rest, args);
	while (*format) {
		if (*format != '%') {
			put(&o, *format++);
			continue;
		}
		format++;
		parse_field(&format, &f, &rest);
		if (*format)
			put_conversion(&o, *format++, &f, &rest);
	}
	va_end(rest);
	if (size > 0)
		buffer[o.length < size ? o.length : size - 1] = '\0';
	return (int)o.length;
}

int pv_snprintf(char *buffer, size_t size, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = pv_vsnprintf(buffer, size, format, args);
	va_end(args);
	return length;
}

void pv_printf(const char *format, ...)
{
	char text[512];
	va_list args;
	int length;

	va_start(args, format);
	length = pv_vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (length >= (int)sizeof(text))
		length = sizeof(text) - 1;
	pv_console_write(text, (size_t)length);
}
