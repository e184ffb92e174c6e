/* SPDX-License-Identifier: MIT */
/*
 * Clocks of known rate, to measure the TSC with: HPET, ACPI PM timer, PIT
 * channel 2; and the battery clock. Used by the boot CPU during boot only.
 */
#include "platform/acpi.h"
#include "platform/platform.h"
#include "x86/paging.h"
#include "x86/processor.h"

#define HPET_PERIOD  4 /* upper half of the capabilities: femtoseconds */
#define HPET_CONFIG  0x10
#define HPET_COUNTER 0xf0
#define PM_TIMER_HZ  3579545
#define PIT_HZ       1193182
#define PIT_DATA2    0x42
#define PIT_COMMAND  0x43
#define PIT_GATE     0x61

static volatile char *hpet;
static struct reference_clock clock;

static uint64_t hpet_read(void)
{
	return *(volatile uint32_t *)(hpet + HPET_COUNTER);
}

static uint64_t pm_timer_read(void)
{
	return in32(acpi.pm_timer_port);
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

static bool hpet_start(void)
{
	uint32_t period;

	if (!acpi.hpet_address)
		return false;
	hpet = ioremap(acpi.hpet_address, 0x400);
	period = *(volatile uint32_t *)(hpet + HPET_PERIOD);
	/* [IA-PC HPET 1.0a, "General Capabilities"]: at most 100 ns. */
	if (!period || period > 100000000)
		return false;
	*(volatile uint32_t *)(hpet + HPET_CONFIG) |= 1;
	clock = (struct reference_clock){ "HPET", 1000000000000000 / period,
					  0xffffffff, hpet_read };
	return true;
}

const struct reference_clock *reference_clock_find(void)
{
	if (hpet_start())
		return &clock;
	if (acpi.pm_timer_port) {
		/* 24 bits, whatever the table says about 32. */
		clock = (struct reference_clock){ "PM timer", PM_TIMER_HZ,
						  0xffffff, pm_timer_read };
		return &clock;
	}
	pit_start();
	clock = (struct reference_clock){ "PIT", PIT_HZ, 0xffff, pit_read };
	return &clock;
}

static uint8_t rtc_read(uint8_t reg)
{
	out8(0x70, reg);
	return in8(0x71);
}

static unsigned int rtc_value(uint8_t reg, bool binary)
{
	uint8_t v = rtc_read(reg);

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
	uint8_t format = rtc_read(0x0b);
	bool binary = format & 4;
	uint8_t raw_hour = rtc_read(4);
	unsigned int hour =
		binary ? raw_hour & 0x7f
		       : (raw_hour >> 4 & 7) * 10u + (raw_hour & 15);
	unsigned int minute = rtc_value(2, binary);
	unsigned int second = rtc_value(0, binary);
	uint64_t days = days_of(2000 + rtc_value(9, binary),
				rtc_value(8, binary), rtc_value(7, binary));

	if (!(format & 2))
		hour = hour % 12 + (raw_hour & 0x80 ? 12 : 0);
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
