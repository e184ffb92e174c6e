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
#define NO_LINE         0x80000000u /* no bit of an entry */

static struct {
	volatile uint32_t *index, *data;
	unsigned int first, count; /* GSIs */
} ioapics[MAX_IOAPICS];

static unsigned int gsi_count = 16;
static struct spinlock ioapic_lock = SPINLOCK_INIT(RANK_IRQ);

static volatile uint32_t *reg_select(unsigned int i, unsigned int reg)
{
	*ioapics[i].index = reg;
	return ioapics[i].data;
}

void ioapic_init(void)
{
	for (unsigned int i = 0; i < acpi.ioapic_count; i++) {
		unsigned int first = acpi.ioapics[i].gsi_base, count;

		ioapics[i].index = ioremap(acpi.ioapics[i].address, PAGE_SIZE);
		ioapics[i].data = ioapics[i].index + 4;
		ioapics[i].first = first;
		count = (*reg_select(i, REG_VERSION) >> 16 & 0xff) + 1;
		ioapics[i].count = count;
		for (unsigned int reg = 0; reg < 2 * count; reg += 2) {
			*reg_select(i, REG_REDIRECTION + reg) = RTE_MASKED;
			*reg_select(i, REG_REDIRECTION + reg + 1) =
				this_cpu()->apic_id << 24;
		}
		gsi_count = (unsigned int)max_u64(gsi_count, first + count);
	}
}

unsigned int ioapic_gsi_count(void)
{
	return gsi_count;
}

/*
 * What the entry of a line says: it becomes (entry & keep) | set. NO_LINE:
 * there is none. Its other half, where it goes to, stays.
 */
static uint32_t line_change(unsigned int gsi, uint32_t keep, uint32_t set)
{
	volatile uint32_t *data;
	uint32_t entry = NO_LINE;
	uint64_t flags = spin_lock_irqsave(&ioapic_lock);

	for (unsigned int i = 0; i < acpi.ioapic_count; i++) {
		unsigned int line = gsi - ioapics[i].first;

		if (line >= ioapics[i].count)
			continue;
		data = reg_select(i, REG_REDIRECTION + 2 * line);
		entry = *data & ~NO_LINE;
		if (((entry & keep) | set) != entry)
			*data = (entry & keep) | set;
	}
	spin_unlock_irqrestore(&ioapic_lock, flags);
	return entry;
}

bool ioapic_has_gsi(unsigned int gsi)
{
	return line_change(gsi, ~0u, 0) != NO_LINE;
}

void ioapic_route(unsigned int gsi, unsigned int vector, bool level,
		  bool active_low)
{
	line_change(gsi, 0,
		    RTE_MASKED | vector | (level ? RTE_LEVEL : 0) |
			    (active_low ? RTE_ACTIVE_LOW : 0));
}

bool ioapic_is_routed(unsigned int gsi)
{
	return line_change(gsi, ~0u, 0) & RTE_VECTOR;
}

void ioapic_mask(unsigned int gsi, bool masked)
{
	line_change(gsi, ~RTE_MASKED, masked ? RTE_MASKED : 0);
}

unsigned int ioapic_isa_gsi(unsigned int irq, bool *level, bool *active_low)
{
	const struct isa_override *o = &acpi.isa[irq];

	*level = o->level;
	*active_low = o->active_low;
	return o->present ? o->gsi : irq;
}
