/* SPDX-License-Identifier: MIT */
/*
 * COM1, a 16550: output by polling, input by interrupt. The interrupt only
 * raises SOFTIRQ_CONSOLE on the CPU that takes it; the FIFO is emptied there.
 * [PC16550D data sheet, "Registers"]
 */
#include "core/services.h"
#include "platform/platform.h"
#include "x86/machine.h"

#define COM1       0x3f8
#define COM1_IRQ   4
#define CLOCK_HZ   115200
#define SPIN_LIMIT 100000 /* a transmitter that is stuck */

enum uart_register {
	UART_DATA = COM1,
	UART_INTERRUPTS,
	UART_FIFO,
	UART_LINE_CONTROL,
	UART_MODEM_CONTROL,
	UART_LINE_STATUS,
	UART_MODEM_STATUS,
	UART_SCRATCH,
};

#define STATUS_RECEIVED    0x01
#define STATUS_CAN_SEND    0x20
#define LINE_8N1           3
#define LINE_DIVISOR       0x80
#define FIFO_ON_AND_CLEAR  7
#define MODEM_DTR_RTS_OUT2 0x0b /* OUT2 lets the interrupt through */

static bool present;

static void put(char c)
{
	unsigned int left = SPIN_LIMIT;

	while (!(in8(UART_LINE_STATUS) & STATUS_CAN_SEND) && left--)
		cpu_relax();
	out8(UART_DATA, (uint8_t)c);
}

void uart_write(const char *s, size_t n)
{
	for (; present && n; n--, s++) {
		if (*s == '\n')
			put('\r');
		put(*s);
	}
}

int uart_read(void)
{
	if (!present || !(in8(UART_LINE_STATUS) & STATUS_RECEIVED))
		return -1;
	return in8(UART_DATA);
}

void uart_init(unsigned int baud)
{
	out8(UART_SCRATCH, 0x5a);
	if (in8(UART_SCRATCH) != 0x5a)
		return; /* no such device */
	present = true;
	out8(UART_INTERRUPTS, 0);
	if (baud && baud <= CLOCK_HZ) {
		uint16_t divisor = (uint16_t)(CLOCK_HZ / baud);

		out8(UART_LINE_CONTROL, LINE_DIVISOR);
		out8(UART_DATA, (uint8_t)divisor);
		out8(UART_INTERRUPTS, (uint8_t)(divisor >> 8));
	}
	out8(UART_LINE_CONTROL, LINE_8N1);
	out8(UART_FIFO, FIFO_ON_AND_CLEAR);
	out8(UART_MODEM_CONTROL, MODEM_DTR_RTS_OUT2);
	console_replay(uart_write);
}

static void uart_interrupt(unsigned int vector)
{
	softirq_raise(this_cpu()->id, SOFTIRQ_CONSOLE);
}

void uart_enable_irq(void)
{
	const struct isa_override *o = &acpi.isa[COM1_IRQ];
	unsigned int gsi = o->present ? o->gsi : COM1_IRQ;

	if (!present || !ioapic_has_gsi(gsi))
		return;
	irq_set_handler(VECTOR_DEVICE, uart_interrupt);
	ioapic_route(gsi, VECTOR_DEVICE, o->level, o->active_low);
	ioapic_mask(gsi, false);
	out8(UART_INTERRUPTS, 1);
	/* Characters from before would leave the line high: no edge. */
	softirq_raise(this_cpu()->id, SOFTIRQ_CONSOLE);
}
