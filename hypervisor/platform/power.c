/* SPDX-License-Identifier: MIT */
/*
 * The end of the machine: power off by ACPI S5, reboot by whatever works.
 * Any context; the other CPUs are stopped first.
 */
#include "core/services.h"
#include "platform/platform.h"
#include "x86/machine.h"
#include "x86/paging.h"

#define PM1_SCI_ENABLE   1u
#define PM1_SLEEP_TYPE   10
#define PM1_SLEEP_ENABLE (1u << 13)

static void enter_sleep(uint16_t port, unsigned int type)
{
	uint16_t v;

	if (!port)
		return;
	v = (uint16_t)((in16(port) & ~(7u << PM1_SLEEP_TYPE)) |
		       type << PM1_SLEEP_TYPE);
	out16(port, v);
	out16(port, (uint16_t)(v | PM1_SLEEP_ENABLE));
}

/* Firmware hands over when told through its SMI port [ACPI, "SMI_CMD"]. */
static void enable_acpi(void)
{
	for (unsigned int i = 0; acpi.fadt.smi_command && i < 300; i++) {
		if (in16(acpi.fadt.pm1a_control) & PM1_SCI_ENABLE)
			return;
		if (!i)
			out8(acpi.fadt.smi_command, acpi.fadt.acpi_enable);
		delay_us(10000);
	}
}

static void stop_others(const char *why)
{
	irq_disable();
	smp_stop_others();
	log_info("%s\n", why);
}

void machine_poweroff(void)
{
	stop_others("power off");
	if (acpi.has_s5 && acpi.fadt.pm1a_control) {
		enable_acpi();
		enter_sleep(acpi.fadt.pm1a_control, acpi.s5_type_a);
		enter_sleep(acpi.fadt.pm1b_control, acpi.s5_type_b);
		delay_us(1000000);
	}
	log_error("the machine does not power off; halted\n");
	for (;;)
		halt();
}

/* Write a port that may reset the machine, and see. */
static void try_reset(uint16_t port, uint8_t value)
{
	out8(port, value);
	delay_us(100000);
}

void machine_reboot(void)
{
	struct descriptor_table none = { 0, 0 };

	stop_others("reboot");
	if (acpi.fadt.reset_port)
		try_reset(acpi.fadt.reset_port, acpi.fadt.reset_value);
	out8(0xcf9, 0x02);
	try_reset(0xcf9, 0x06);
	try_reset(0x64, 0xfe); /* keyboard controller: pulse the reset line */
	/* At last a fault that cannot be delivered: a triple fault. */
	lidt(none);
	__asm__ volatile("int3");
	for (;;)
		halt();
}
