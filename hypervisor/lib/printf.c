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
	bool left, zero, alternate;
	int width, precision; /* precision -1: none given */
	int size;             /* bytes of the integer argument */
};

static void put(struct output *o, char c)
{
	if (o->length + 1 < o->size)
		o->buf[o->length] = c;
	o->length++;
}

static void pad(struct output *o, char c, int n)
{
	while (n-- > 0)
		put(o, c);
}

/* Text that a prefix ("-", "0x") and zeros may precede. */
static void put_field(struct output *o, const struct format *f,
		      const char *prefix, int zeros, const char *text, int n)
{
	int prefix_length = (int)strlen(prefix);
	int blanks = f->width - prefix_length - zeros - n;

	if (!f->left)
		pad(o, ' ', blanks);
	while (*prefix)
		put(o, *prefix++);
	pad(o, '0', zeros);
	while (n-- > 0)
		put(o, *text++);
	if (f->left)
		pad(o, ' ', blanks);
}

static void put_number(struct output *o, const struct format *f, uint64_t value,
		       unsigned int base, bool upper, const char *prefix)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[24], *p = text + sizeof(text);
	int n, zeros = 0;

	do {
		*--p = digits[value % base];
		value /= base;
	} while (value);
	n = (int)(text + sizeof(text) - p);
	if (f->precision >= 0)
		zeros = f->precision - n;
	else if (f->zero && !f->left)
		zeros = f->width - n - (int)strlen(prefix);
	put_field(o, f, prefix, zeros > 0 ? zeros : 0, p, n);
}

static uint64_t truncate(uint64_t value, int size)
{
	return size == 8 ? value : value & ((1ull << size * 8) - 1);
}

static void put_signed(struct output *o, const struct format *f, uint64_t raw)
{
	int shift = 64 - f->size * 8;
	int64_t value = (int64_t)(raw << shift) >> shift;

	if (value < 0)
		put_number(o, f, -(uint64_t)value, 10, false, "-");
	else
		put_number(o, f, (uint64_t)value, 10, false, "");
}

static const char *parse_number(const char *p, int *value, va_list *ap)
{
	*value = 0;
	if (*p == '*') {
		*value = va_arg(*ap, int);
		return p + 1;
	}
	for (; *p >= '0' && *p <= '9'; p++)
		*value = *value * 10 + (*p - '0');
	return p;
}

static const char *parse_size(const char *p, int *size)
{
	*size = 4;
	for (;; p++) {
		switch (*p) {
		case 'h':
			*size /= 2;
			break;
		case 'l':
		case 'z':
			*size = 8;
			break;
		default:
			return p;
		}
	}
}

static const char *parse_format(const char *p, struct format *f, va_list *ap)
{
	*f = (struct format){ .precision = -1 };
	for (;; p++) {
		if (*p == '-')
			f->left = true;
		else if (*p == '0')
			f->zero = true;
		else if (*p == '#')
			f->alternate = true;
		else
			break;
	}
	p = parse_number(p, &f->width, ap);
	if (f->width < 0) {
		f->left = true;
		f->width = -f->width;
	}
	if (*p == '.')
		p = parse_number(p + 1, &f->precision, ap);
	return parse_size(p, &f->size);
}

static uint64_t next_integer(const struct format *f, va_list *ap)
{
	if (f->size == 8)
		return va_arg(*ap, uint64_t);
	return truncate(va_arg(*ap, unsigned int), f->size);
}

static void convert(struct output *o, struct format *f, char kind, va_list *ap)
{
	const char *s, *prefix;
	uint64_t value;
	char c;

	switch (kind) {
	case 'd':
	case 'i':
		put_signed(o, f, next_integer(f, ap));
		break;
	case 'u':
		put_number(o, f, next_integer(f, ap), 10, false, "");
		break;
	case 'x':
	case 'X':
		value = next_integer(f, ap);
		prefix = kind == 'X' ? "0X" : "0x";
		put_number(o, f, value, 16, kind == 'X',
			   f->alternate && value ? prefix : "");
		break;
	case 'p':
		put_number(o, f, (uintptr_t)va_arg(*ap, void *), 16, false,
			   "0x");
		break;
	case 's':
		s = va_arg(*ap, const char *);
		if (!s)
			s = "(null)";
		put_field(o, f, "", 0, s,
			  (int)strnlen(s, f->precision >= 0
						  ? (size_t)f->precision
						  : SIZE_MAX));
		break;
	case 'c':
		c = (char)va_arg(*ap, int);
		put_field(o, f, "", 0, &c, 1);
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
	while (*fmt) {
		if (*fmt != '%') {
			put(&o, *fmt++);
			continue;
		}
		fmt = parse_format(fmt + 1, &f, &args);
		if (!*fmt)
			break;
		convert(&o, &f, *fmt++, &args);
	}
	va_end(args);
	if (size)
		buf[o.length < size ? o.length : size - 1] = 0;
	return (int)o.length;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
