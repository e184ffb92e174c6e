/* SPDX-License-Identifier: MIT */
/*
 * Local APIC, and below the IO-APICs. One access path for both modes: register
 * offsets are those of the memory-mapped form, and x2APIC's MSRs follow from
 * them [SDM3 "Local APIC Register Address Map", "x2APIC Register Address
 * Space"]. The timer is one-shot: TSC deadline where there is one, else a
 * count.
 */
#include "x86/machine.h"

#include "core/services.h"
#include "platform/platform.h"
#include "x86/paging.h"

enum apic_register {
	APIC_ID = 0x20,
	APIC_TPR = 0x80,
	APIC_EOI = 0xb0,
	APIC_SVR = 0xf0,
	APIC_ICR = 0x300,
	APIC_ICR_HIGH = 0x310,
	APIC_LVT_TIMER = 0x320,
	APIC_LVT_LINT0 = 0x350,
	APIC_LVT_LINT1 = 0x360,
	APIC_LVT_ERROR = 0x370,
	APIC_TIMER_INITIAL = 0x380,
	APIC_TIMER_CURRENT = 0x390,
	APIC_TIMER_DIVIDE = 0x3e0,
};

#define BASE_X2APIC      (1ul << 10)
#define BASE_ENABLE      (1ul << 11)
#define SVR_ENABLE       0x100u
#define LVT_MASKED       0x10000u
#define LVT_NMI          0x400u
#define LVT_TSC_DEADLINE 0x40000u
#define ICR_PENDING      0x1000u
#define DIVIDE_BY_1      0xbu
#define MSR_TSC_DEADLINE 0x6e0u
#define CALIBRATE_US     10000u

static bool x2apic;
static volatile char *registers;
static uint64_t timer_khz; /* counts per ms */

static uint32_t apic_read(enum apic_register r)
{
	if (x2apic)
		return (uint32_t)rdmsr(MSR_X2APIC + r / 16);
	return *(volatile uint32_t *)(registers + r);
}

static void apic_write(enum apic_register r, uint32_t value)
{
	if (x2apic)
		wrmsr(MSR_X2APIC + r / 16, value);
	else
		*(volatile uint32_t *)(registers + r) = value;
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

void apic_send(uint32_t id, uint32_t command)
{
	uint64_t flags;

	if (x2apic) {
		/* The write does not order earlier stores by itself. */
		__asm__ volatile("mfence" : : : "memory");
		wrmsr(MSR_X2APIC + APIC_ICR / 16, (uint64_t)id << 32 | command);
		return;
	}
	flags = irq_save(); /* two registers, and handlers send too */
	while (apic_read(APIC_ICR) & ICR_PENDING)
		cpu_relax();
	apic_write(APIC_ICR_HIGH, id << 24);
	apic_write(APIC_ICR, command);
	irq_restore(flags);
}

static void timer_interrupt(unsigned int vector)
{
	softirq_raise(this_cpu()->id, SOFTIRQ_TIMER);
}

static void tlb_interrupt(unsigned int vector)
{
	tlb_flush_local();
}

static uint64_t read_counter(void)
{
	return apic_read(APIC_TIMER_CURRENT);
}

/* It counts down from ~0, and not as far as 0 in that time. */
static void calibrate_timer(void)
{
	uint64_t count[2], tsc[2];

	apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	apic_write(APIC_TIMER_INITIAL, ~0u);
	clock_pair(read_counter, &count[0], &tsc[0]);
	delay_us(CALIBRATE_US);
	clock_pair(read_counter, &count[1], &tsc[1]);
	apic_write(APIC_TIMER_INITIAL, 0);
	timer_khz = (count[0] - count[1]) * tsc_khz / (tsc[1] - tsc[0]);
	if (!timer_khz)
		panic("the local APIC's timer does not count");
	log_info("APIC timer: %lu kHz\n", timer_khz);
}

void apic_init(void)
{
	/* Both 8259s: vectors out of the way of exceptions, all lines masked.
	 */
	static const uint8_t init[][2] = {
		{ 0x20, 0x11 },       { 0xa0, 0x11 },
		{ 0x21, VECTOR_PIC }, { 0xa1, VECTOR_PIC + 8 },
		{ 0x21, 4 },          { 0xa1, 2 },
		{ 0x21, 1 },          { 0xa1, 1 },
		{ 0x21, 0xff },       { 0xa1, 0xff },
	};
	uint64_t base = rdmsr(MSR_APIC_BASE);

	for (unsigned int i = 0; i < ARRAY_SIZE(init); i++)
		out8(init[i][0], init[i][1]);
	x2apic = cpu_features.x2apic;
	if (!x2apic)
		registers = ioremap(acpi.lapic_address ? acpi.lapic_address
						       : base & PTE_ADDR,
				    PAGE_SIZE);
	irq_set_handler(VECTOR_TIMER, timer_interrupt);
	irq_set_handler(VECTOR_TLB_FLUSH, tlb_interrupt);
	timer_khz = tsc_khz;
	apic_init_cpu();
	if (!cpu_features.tsc_deadline)
		calibrate_timer();
	apic_init_cpu();
}

void apic_init_cpu(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE) | BASE_ENABLE;

	wrmsr(MSR_APIC_BASE, base);
	if (x2apic)
		wrmsr(MSR_APIC_BASE, base | BASE_X2APIC);
	apic_write(APIC_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
	apic_write(APIC_TPR, 0);
	apic_write(APIC_LVT_LINT0, LVT_MASKED);
	apic_write(APIC_LVT_LINT1, LVT_NMI);
	apic_write(APIC_LVT_ERROR, LVT_MASKED);
	apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
	apic_write(APIC_LVT_TIMER,
		   VECTOR_TIMER |
			   (cpu_features.tsc_deadline ? LVT_TSC_DEADLINE : 0));
	/* The mode must be visible before a deadline is written
	 * [SDM3 "TSC-Deadline Mode"]. */
	__asm__ volatile("mfence" : : : "memory");
	this_cpu()->apic_id = apic_read(APIC_ID) >> (x2apic ? 0 : 24);
}

void apic_timer_arm(uint64_t deadline)
{
	uint64_t t = now(), ns = deadline > t ? deadline - t : 0;
	/* Far ones are rounded; the timer code will ask again. 2^40 * 2^23 */
	uint64_t ticks = min_u64(ns, 1ull << 40) * timer_khz / 1000000 + 1;

	if (cpu_features.tsc_deadline)
		wrmsr(MSR_TSC_DEADLINE, rdtsc() + ticks);
	else
		apic_write(APIC_TIMER_INITIAL, (uint32_t)min_u64(ticks, ~0u));
}

/*
 * IO-APICs: one redirection entry per global system interrupt (GSI). All go
 * to the boot CPU; masking is the control domain's means of flow control.
 *
 * Locks: RANK_IRQ, since index and data are two registers.
 */

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

unsigned int ioapic_gsi_count = 16;
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
		ioapic_gsi_count =
			(unsigned int)max_u64(ioapic_gsi_count, first + count);
	}
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
