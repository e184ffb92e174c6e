/* SPDX-License-Identifier: MIT */
/*
 * Clocks of known rate, to measure the TSC with: ACPI PM timer, PIT channel 2;
 * and the battery clock. Used by the boot CPU during boot only.
 */
#include "platform/platform.h"
#include "x86/cpu.h"

#define PIT_DATA2   0x42
#define PIT_COMMAND 0x43
#define PIT_GATE    0x61

uint64_t reference_read(void)
{
	uint8_t low;

	if (acpi.fadt.pm_timer)
		return in32(acpi.fadt.pm_timer);
	/* It counts down from 65535 again and again. */
	out8(PIT_COMMAND, 0x80); /* latch channel 2 */
	low = in8(PIT_DATA2);
	return 0xffffu - (in8(PIT_DATA2) << 8 | low);
}

uint64_t reference_start(uint64_t *mask)
{
	/* 24 bits, whatever the table says about 32. */
	*mask = acpi.fadt.pm_timer ? 0xffffff : 0xffff;
	if (acpi.fadt.pm_timer)
		return 3579545;
	/* Gate on, speaker off; mode 2, both bytes, full count. */
	out8(PIT_GATE, (uint8_t)((in8(PIT_GATE) & ~2) | 1));
	out8(PIT_COMMAND, 0xb4);
	out8(PIT_DATA2, 0);
	out8(PIT_DATA2, 0);
	return 1193182;
}

static uint8_t rtc_read(uint8_t reg)
{
	out8(0x70, reg);
	return in8(0x71);
}

/* In BCD, but for clocks that say otherwise. */
static unsigned int rtc_number(uint8_t v)
{
	return rtc_read(0x0b) & 4 ? v : (v >> 4) * 10u + (v & 15);
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
	uint64_t days =
		days_of(2000 + rtc_number(rtc_read(9)), rtc_number(rtc_read(8)),
			rtc_number(rtc_read(7)));
	unsigned int hour = rtc_number(rtc_read(4)); /* of 24 */
	unsigned int minute = rtc_number(rtc_read(2));
	unsigned int second = rtc_number(rtc_read(0));

	return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

uint64_t rtc_seconds(void)
{
	uint64_t a = 0, b = rtc_read_once();

	/* The registers may change while we read: twice the same is right. */
	for (unsigned int i = 0; a != b && i < 10; i++) {
		a = b;
		b = rtc_read_once();
	}
	return b;
}
