/* SPDX-License-Identifier: MIT */
/*
 * The log on a text-mode screen, for machines without a serial port. Nothing
 * is shown when the firmware left a graphics mode; the memory is harmless to
 * write then.
 */
#include "core/services.h"
#include "platform/platform.h"
#include "x86/paging.h"

#define VGA_TEXT  0xb8000
#define COLUMNS   80u
#define ROWS      25u
#define ATTRIBUTE 0x0700

static uint16_t *screen;
static unsigned int column;

static void scroll(void)
{
	unsigned int i;

	for (i = 0; i < COLUMNS * (ROWS - 1); i++)
		screen[i] = screen[i + COLUMNS];
	for (; i < COLUMNS * ROWS; i++)
		screen[i] = ATTRIBUTE | ' ';
	column = 0;
}

void vga_write(const char *s, size_t n)
{
	for (; screen && n; n--, s++) {
		if (*s == '\n' || column == COLUMNS)
			scroll();
		if (*s == '\r')
			column = 0;
		else if (*s != '\n')
			screen[COLUMNS * (ROWS - 1) + column++] =
				(uint16_t)(ATTRIBUTE | (unsigned char)*s);
	}
}

void vga_init(void)
{
	screen = ioremap(VGA_TEXT, COLUMNS * ROWS * 2);
	console_replay(vga_write);
}
