/* SPDX-License-Identifier: MIT */
/*
 * vsnprintf for the log: integers and strings, and no more of C's formats than
 * the hypervisor uses (log.h). One bounded output buffer.
 */
#include "lib/log.h"

#include "lib/string.h"

struct output {
	char *buf;
	size_t size, length; /* length may exceed size: what was asked for */
};

static void put(struct output *o, char c)
{
	if (o->length + 1 < o->size)
		o->buf[o->length] = c;
	o->length++;
}

static void put_field(struct output *o, const char *text, size_t n,
		      size_t width, char pad)
{
	for (; width > n; width--)
		put(o, pad);
	for (; n; n--)
		put(o, *text++);
}

static void put_integer(struct output *o, char kind, uint64_t value,
			size_t width, char pad)
{
	bool minus = kind == 'd' && (int64_t)value < 0;
	unsigned int base = kind == 'x' ? 16 : 10;
	char text[24], *end = text + sizeof(text), *p = end;

	if (minus)
		value = -value;
	do {
		*--p = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	if (minus)
		*--p = '-';
	put_field(o, p, (size_t)(end - p), width, pad);
}

/* What follows a %; returns what comes behind it. */
static const char *convert(struct output *o, const char *f, va_list *ap)
{
	char pad = *f == '0' ? '0' : ' ';
	size_t width = 0;
	bool wide = false;
	uint64_t value;
	const char *s;

	for (; *f >= '0' && *f <= '9'; f++)
		width = width * 10 + (size_t)(*f - '0');
	for (; *f == 'l' || *f == 'z'; f++)
		wide = true;
	if (*f == 's') {
		s = va_arg(*ap, const char *);
		put_field(o, s, strlen(s), width, ' ');
	} else if (*f == 'd' || *f == 'u' || *f == 'x') {
		value = wide ? va_arg(*ap, uint64_t)
			     : va_arg(*ap, unsigned int);
		if (*f == 'd' && !wide)
			value = (uint64_t)(int)value;
		put_integer(o, *f, value, width, pad);
	} else if (*f) {
		put(o, *f);
	}
	return *f ? f + 1 : f;
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct output o = { .buf = buf, .size = size };
	va_list args;

	va_copy(args, ap);
	while (*fmt) {
		if (*fmt == '%')
			fmt = convert(&o, fmt + 1, &args);
		else
			put(&o, *fmt++);
	}
	va_end(args);
	if (size)
		buf[o.length < size ? o.length : size - 1] = 0;
	return (int)o.length;
}
