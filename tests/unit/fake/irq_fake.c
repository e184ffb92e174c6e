/* SPDX-License-Identifier: MIT */
/* The hardware described in irq_fake.h. */
#include "irq_fake.h"

#include "core/services.h"
#include "core_fake.h"
#include "mm/mm.h"
#include "platform/platform.h"
#include "x86/machine.h"
#include "x86/paging.h"

struct acpi_info acpi;
struct fake_line fake_lines[FAKE_LINES] = { [4] = { .vector = 0x30 } };
uint32_t fake_config[FAKE_DEVICES][64];
uint32_t fake_table[1024];
unsigned int ioapic_gsi_count = FAKE_LINES;

static irq_handler_fn *handlers[256];

void irq_set_handler(unsigned int vector, irq_handler_fn *handler)
{
	CHECK(vector > VECTOR_DEVICE && vector < VECTOR_DEVICE_END);
	handlers[vector] = handler;
}

bool fake_interrupt(unsigned int vector)
{
	if (!handlers[vector])
		return false;
	handlers[vector](vector);
	return true;
}

unsigned int fake_handlers(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < 256; i++)
		n += handlers[i] != NULL;
	return n;
}

bool ioapic_has_gsi(unsigned int gsi)
{
	return gsi < FAKE_LINES;
}

bool ioapic_is_routed(unsigned int gsi)
{
	CHECK(gsi < FAKE_LINES);
	return fake_lines[gsi].vector != 0;
}

void ioapic_route(unsigned int gsi, unsigned int vector, bool level,
		  bool active_low)
{
	CHECK(gsi < FAKE_LINES && gsi != 4);
	fake_lines[gsi] = (struct fake_line){ vector, true, level, active_low };
}

void ioapic_mask(unsigned int gsi, bool masked)
{
	CHECK(gsi < FAKE_LINES && gsi != 4);
	fake_lines[gsi].masked = masked;
}

uint32_t pci_read(uint16_t device, unsigned int reg)
{
	CHECK(reg < 256 && reg % 4 == 0);
	return device % 8 == 0 && device / 8 < FAKE_DEVICES
		       ? fake_config[device / 8][reg / 4]
		       : ~0u;
}

void pci_write(uint16_t device, unsigned int reg, uint32_t value)
{
	CHECK(pci_read(device, 0) != ~0u);
	fake_config[device / 8][reg / 4] = value;
}

volatile uint32_t *paging_device_window(uint64_t pa)
{
	CHECK(pa >= FAKE_TABLE && pa < FAKE_TABLE + sizeof(fake_table));
	return &fake_table[(pa - FAKE_TABLE) / 4];
}

bool mfn_is_ram(mfn_t m)
{
	return m.n < 0x1000;
}

void machine_poweroff(void)
{
	CHECK(!"power off");
	__builtin_unreachable();
}
