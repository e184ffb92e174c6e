/* SPDX-License-Identifier: MIT */
/*
 * vsnprintf for the log: integers, pointers, strings and characters. One
 * bounded output buffer, no locale, no floating point, no %n.
 */
#include "lib/printf.h"

#include "lib/string.h"

struct output {
	char *buf;
	size_t size, length; /* length may exceed size: what was asked for */
};

struct format {
	bool zero, alternate, wide; /* wide: an integer of 64 bits */
	size_t width, precision;
};

static void put(struct output *o, char c)
{
	if (o->length + 1 < o->size)
		o->buf[o->length] = c;
	o->length++;
}

/* Text that a prefix ("-", "0x") and zeros may precede. */
static void put_field(struct output *o, const struct format *f,
		      const char *prefix, const char *text, size_t n)
{
	size_t length = strlen(prefix) + n;
	size_t fill = f->width > length ? f->width - length : 0;

	for (; fill && !f->zero; fill--)
		put(o, ' ');
	while (*prefix)
		put(o, *prefix++);
	for (; fill; fill--)
		put(o, '0');
	for (; n; n--)
		put(o, *text++);
}

static void put_number(struct output *o, const struct format *f,
		       const char *prefix, uint64_t value, unsigned int base)
{
	char text[24], *p = text + sizeof(text);

	do {
		*--p = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	put_field(o, f, prefix, p, (size_t)(text + sizeof(text) - p));
}

static const char *parse_number(const char *p, size_t *value)
{
	for (*value = 0; *p >= '0' && *p <= '9'; p++)
		*value = *value * 10 + (size_t)(*p - '0');
	return p;
}

static const char *parse_format(const char *p, struct format *f)
{
	*f = (struct format){ .precision = SIZE_MAX };
	for (; *p == '0' || *p == '#'; p++) {
		f->zero |= *p == '0';
		f->alternate |= *p == '#';
	}
	p = parse_number(p, &f->width);
	if (*p == '.')
		p = parse_number(p + 1, &f->precision);
	for (; *p == 'l' || *p == 'z'; p++)
		f->wide = true;
	return p;
}

static void convert(struct output *o, const struct format *f, char kind,
		    va_list *ap)
{
	uint64_t value = 0;
	const char *s;
	char c;

	if (kind == 'u' || kind == 'x')
		value = f->wide ? va_arg(*ap, uint64_t)
				: va_arg(*ap, unsigned int);
	switch (kind) {
	case 'd':
		value = (uint64_t)(f->wide ? va_arg(*ap, int64_t)
					   : va_arg(*ap, int));
		if ((int64_t)value < 0)
			put_number(o, f, "-", -value, 10);
		else
			put_number(o, f, "", value, 10);
		break;
	case 'u':
		put_number(o, f, "", value, 10);
		break;
	case 'x':
		put_number(o, f, f->alternate && value ? "0x" : "", value, 16);
		break;
	case 'p':
		put_number(o, f, "0x", (uintptr_t)va_arg(*ap, void *), 16);
		break;
	case 's':
		s = va_arg(*ap, const char *);
		if (!s)
			s = "(null)";
		put_field(o, f, "", s, strnlen(s, f->precision));
		break;
	case 'c':
		c = (char)va_arg(*ap, int);
		put_field(o, f, "", &c, 1);
		break;
	default: /* includes %% */
		put(o, kind);
	}
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct output o = { .buf = buf, .size = size };
	struct format f;
	va_list args;

	va_copy(args, ap);
	for (; *fmt; fmt++) {
		if (*fmt != '%') {
			put(&o, *fmt);
			continue;
		}
		fmt = parse_format(fmt + 1, &f);
		if (!*fmt)
			break;
		convert(&o, &f, *fmt, &args);
	}
	va_end(args);
	if (size)
		buf[o.length < size ? o.length : size - 1] = 0;
	return (int)o.length;
}
