/* SPDX-License-Identifier: MIT */
/*
 * Clocks of known rate, to measure the TSC with: ACPI PM timer, PIT channel 2;
 * and the battery clock. Used by the boot CPU during boot only.
 */
#include "platform/acpi.h"
#include "platform/platform.h"
#include "x86/cpu.h"

#define PIT_DATA2   0x42
#define PIT_COMMAND 0x43
#define PIT_GATE    0x61

static uint64_t pm_timer_read(void)
{
	return in32(acpi.fadt.pm_timer);
}

/* Channel 2 counts down from 65535 again and again. */
static uint64_t pit_read(void)
{
	uint8_t low;

	out8(PIT_COMMAND, 0x80); /* latch channel 2 */
	low = in8(PIT_DATA2);
	return 0xffffu - (in8(PIT_DATA2) << 8 | low);
}

static void pit_start(void)
{
	/* Gate on, speaker off; mode 2, both bytes, full count. */
	out8(PIT_GATE, (uint8_t)((in8(PIT_GATE) & ~2) | 1));
	out8(PIT_COMMAND, 0xb4);
	out8(PIT_DATA2, 0);
	out8(PIT_DATA2, 0);
}

/* 24 bits, whatever the table says about 32. */
static const struct reference_clock pm_timer = { "PM timer", 3579545, 0xffffff,
						 pm_timer_read };
static const struct reference_clock pit = { "PIT", 1193182, 0xffff, pit_read };

const struct reference_clock *reference_clock_find(void)
{
	if (acpi.fadt.pm_timer)
		return &pm_timer;
	pit_start();
	return &pit;
}

static uint8_t rtc_read(uint8_t reg)
{
	out8(0x70, reg);
	return in8(0x71);
}

static unsigned int rtc_number(uint8_t v, bool binary)
{
	return binary ? v : (v >> 4) * 10u + (v & 15);
}

/* Days since 1970-01-01 in the Gregorian calendar; month 1..12. */
static uint64_t days_of(unsigned int year, unsigned int month, unsigned int day)
{
	/* Years begin in March, so that the leap day is the last. */
	uint64_t y = month > 2 ? year : year - 1;
	uint64_t m = month > 2 ? month - 3 : month + 9;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day -
	       719469;
}

static uint64_t rtc_read_once(void)
{
	uint8_t format = rtc_read(0x0b), hour_pm = rtc_read(4);
	bool binary = format & 4;
	uint64_t days = days_of(2000 + rtc_number(rtc_read(9), binary),
				rtc_number(rtc_read(8), binary),
				rtc_number(rtc_read(7), binary));
	unsigned int hour = rtc_number(hour_pm & 0x7f, binary);
	unsigned int minute = rtc_number(rtc_read(2), binary);
	unsigned int second = rtc_number(rtc_read(0), binary);

	if (!(format & 2))
		hour = hour % 12 + (hour_pm & 0x80 ? 12 : 0);
	return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

uint64_t rtc_seconds(void)
{
	uint64_t a, b = 0;
	unsigned int i;

	/* The registers may change while we read: twice the same is right. */
	for (i = 0; i < 10; i++) {
		a = rtc_read_once();
		if (a == b)
			break;
		b = a;
	}
	return b;
}
