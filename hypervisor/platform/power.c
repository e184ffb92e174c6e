/* SPDX-License-Identifier: MIT */
/*
 * The end of the machine: power off by ACPI S5, reboot by whatever works.
 * Any context; the other CPUs are stopped first.
 */
#include "core/services.h"
#include "lib/panic.h"
#include "lib/printf.h"
#include "platform/acpi.h"
#include "x86/clock.h"
#include "x86/paging.h"
#include "x86/processor.h"
#include "x86/smp.h"

#define PM1_SCI_ENABLE   1u
#define PM1_SLEEP_TYPE   10
#define PM1_SLEEP_ENABLE (1u << 13)

static noreturn_fn void halt_forever(void)
{
	for (;;) {
		irq_disable();
		halt();
	}
}

static void enter_sleep(uint16_t port, unsigned int type)
{
	uint16_t v;

	if (!port)
		return;
	v = (uint16_t)(in16(port) & ~(7u << PM1_SLEEP_TYPE));
	v = (uint16_t)(v | type << PM1_SLEEP_TYPE);
	out16(port, v);
	out16(port, (uint16_t)(v | PM1_SLEEP_ENABLE));
}

/* Firmware hands over when told through its SMI port [ACPI, "SMI_CMD"]. */
static void enable_acpi(void)
{
	unsigned int i;

	if (in16(acpi.pm1a_control) & PM1_SCI_ENABLE || !acpi.smi_command)
		return;
	out8(acpi.smi_command, acpi.acpi_enable);
	for (i = 0; i < 300; i++) {
		if (in16(acpi.pm1a_control) & PM1_SCI_ENABLE)
			break;
		delay_us(10000);
	}
}

void machine_poweroff(void)
{
	irq_disable();
	smp_stop_others();
	log_info("power off\n");
	if (acpi.has_s5 && acpi.pm1a_control) {
		enable_acpi();
		enter_sleep(acpi.pm1a_control, acpi.s5_type_a);
		enter_sleep(acpi.pm1b_control, acpi.s5_type_b);
		delay_us(1000000);
	}
	log_error("the machine does not power off; halted\n");
	halt_forever();
}

static void reset_by_acpi(void)
{
	if (!acpi.has_reset)
		return;
	/* Memory-mapped reset registers would need a mapping made at boot. */
	if (acpi.reset_space == 1)
		out8((uint16_t)acpi.reset_address, acpi.reset_value);
	delay_us(100000);
}

static noreturn_fn void triple_fault(void)
{
	struct descriptor_table none = { 0, 0 };

	lidt(none);
	__asm__ volatile("int3");
	halt_forever();
}

void machine_reboot(void)
{
	irq_disable();
	smp_stop_others();
	log_info("reboot\n");
	reset_by_acpi();
	out8(0xcf9, 0x02);
	out8(0xcf9, 0x06);
	delay_us(100000);
	out8(0x64, 0xfe); /* keyboard controller: pulse the reset line */
	delay_us(100000);
	triple_fault();
}
