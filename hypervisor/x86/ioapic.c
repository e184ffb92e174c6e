/* SPDX-License-Identifier: MIT */
/*
 * IO-APICs: one redirection entry per global system interrupt (GSI). All go
 * to the boot CPU; masking is the control domain's means of flow control.
 *
 * Locks: RANK_IRQ, since index and data are two registers.
 */
#include "lib/spinlock.h"
#include "platform/acpi.h"
#include "x86/machine.h"
#include "x86/paging.h"

#define REG_VERSION     1
#define REG_REDIRECTION 0x10 /* two registers per line */
#define RTE_VECTOR      0xffu
#define RTE_MASKED      0x10000u
#define RTE_LEVEL       0x8000u
#define RTE_ACTIVE_LOW  0x2000u

static struct {
	volatile char *registers;
	unsigned int first, count; /* GSIs */
} ioapics[MAX_IOAPICS];

static unsigned int ioapic_count;
static struct spinlock ioapic_lock = SPINLOCK_INIT(RANK_IRQ);

static uint32_t reg_read(unsigned int i, unsigned int reg)
{
	*(volatile uint32_t *)ioapics[i].registers = reg;
	return *(volatile uint32_t *)(ioapics[i].registers + 0x10);
}

static void reg_write(unsigned int i, unsigned int reg, uint32_t value)
{
	*(volatile uint32_t *)ioapics[i].registers = reg;
	*(volatile uint32_t *)(ioapics[i].registers + 0x10) = value;
}

void ioapic_init(void)
{
	unsigned int i, line;

	for (i = 0; i < acpi.ioapic_count; i++) {
		ioapics[i].registers =
			ioremap(acpi.ioapics[i].address, PAGE_SIZE);
		ioapics[i].first = acpi.ioapics[i].gsi_base;
		ioapics[i].count = (reg_read(i, REG_VERSION) >> 16 & 0xff) + 1;
		for (line = 0; line < ioapics[i].count; line++)
			reg_write(i, REG_REDIRECTION + 2 * line, RTE_MASKED);
	}
	ioapic_count = i;
}

/* The IO-APIC of a line, and its number there. */
static bool find_gsi(unsigned int gsi, unsigned int *ioapic, unsigned int *line)
{
	unsigned int i;

	for (i = 0; i < ioapic_count; i++) {
		if (gsi >= ioapics[i].first &&
		    gsi - ioapics[i].first < ioapics[i].count) {
			*ioapic = i;
			*line = gsi - ioapics[i].first;
			return true;
		}
	}
	return false;
}

bool ioapic_has_gsi(unsigned int gsi)
{
	unsigned int i, line;

	return find_gsi(gsi, &i, &line);
}

unsigned int ioapic_gsi_count(void)
{
	unsigned int i, n = 16;

	for (i = 0; i < ioapic_count; i++) {
		if (ioapics[i].first + ioapics[i].count > n)
			n = ioapics[i].first + ioapics[i].count;
	}
	return n;
}

void ioapic_route(unsigned int gsi, unsigned int vector, bool level,
		  bool active_low)
{
	uint32_t entry = RTE_MASKED | vector;
	unsigned int i, line;
	uint64_t flags;

	if (!find_gsi(gsi, &i, &line))
		return;
	entry |= (level ? RTE_LEVEL : 0) | (active_low ? RTE_ACTIVE_LOW : 0);
	flags = spin_lock_irqsave(&ioapic_lock);
	reg_write(i, REG_REDIRECTION + 2 * line, entry);
	reg_write(i, REG_REDIRECTION + 2 * line + 1, cpu_get(0)->apic_id << 24);
	spin_unlock_irqrestore(&ioapic_lock, flags);
}

bool ioapic_is_routed(unsigned int gsi)
{
	unsigned int i, line;
	uint64_t flags;
	uint32_t entry;

	if (!find_gsi(gsi, &i, &line))
		return false;
	flags = spin_lock_irqsave(&ioapic_lock);
	entry = reg_read(i, REG_REDIRECTION + 2 * line);
	spin_unlock_irqrestore(&ioapic_lock, flags);
	return entry & RTE_VECTOR;
}

void ioapic_mask(unsigned int gsi, bool masked)
{
	unsigned int i, line;
	uint32_t entry;
	uint64_t flags;

	if (!find_gsi(gsi, &i, &line))
		return;
	flags = spin_lock_irqsave(&ioapic_lock);
	entry = reg_read(i, REG_REDIRECTION + 2 * line);
	entry = masked ? entry | RTE_MASKED : entry & ~RTE_MASKED;
	reg_write(i, REG_REDIRECTION + 2 * line, entry);
	spin_unlock_irqrestore(&ioapic_lock, flags);
}

unsigned int ioapic_isa_gsi(unsigned int irq, bool *level, bool *active_low)
{
	const struct isa_override *o = &acpi.isa[irq % MAX_ISA_IRQ];

	*level = o->present && o->level;
	*active_low = o->present && o->active_low;
	return o->present ? o->gsi : irq;
}
