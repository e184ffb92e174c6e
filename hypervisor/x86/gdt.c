/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables. Each CPU sees its GDT at GDT_WINDOW(cpu): the first 14
 * pages are the running guest's (x86/context.c), page 14 is ours. The IDT is
 * common.
 */
#include "x86/gdt.h"

#include "boot/boot.h"
#include "lib/string.h"
#include "x86/entry.h"
#include "x86/irq.h"
#include "x86/paging.h"
#include "x86/processor.h"

_Static_assert(sizeof(struct tss) == 104, "64-bit TSS");
_Static_assert(sizeof(struct cpu) <= CPU_BLOCK_TSS, "page 0 of the block");

#define DESC_CODE64 0x00af9b000000ffffull
#define DESC_DATA   0x00cf93000000ffffull
#define DESC_CODE32 0x00cf9b000000ffffull
#define DESC_DPL3   (3ull << 45)

struct gate {
	uint64_t low, high;
};

static struct gate idt[256] __attribute__((aligned(4096)));

static uint64_t *reserved_gdt(unsigned int cpu, uint16_t selector)
{
	return (uint64_t *)(GDT_WINDOW(cpu) + (selector & ~7ul));
}

/* The low half of a system descriptor [SDM3 "TSS Descriptor in 64-bit mode"].
 */
static uint64_t system_descriptor(uint64_t base, uint32_t limit,
				  unsigned int type)
{
	return (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56 |
	       (limit & 0xffff) | (uint64_t)(limit >> 16 & 15) << 48 |
	       (uint64_t)type << 40 | 1ull << 47;
}

static void set_system_descriptor(unsigned int cpu, uint16_t selector,
				  uint64_t base, uint32_t limit,
				  unsigned int type)
{
	uint64_t *d = reserved_gdt(cpu, selector);

	d[0] = system_descriptor(base, limit, type);
	d[1] = base >> 32;
}

static void prepare_tss(struct cpu *c)
{
	uint64_t block = ENTRY_REGION + c->id * CPU_BLOCK_SIZE;
	struct tss *t = (struct tss *)(block + CPU_BLOCK_TSS);

	memset(t, 0, sizeof(*t));
	t->rsp[0] = block + CPU_BLOCK_SIZE;
	t->ist[IST_DF] = block + CPU_BLOCK_DF_TOP;
	t->ist[IST_NMI] = block + CPU_BLOCK_NMI_TOP;
	t->ist[IST_MC] = block + CPU_BLOCK_MC_TOP;
	t->ist[IST_DB] = block + CPU_BLOCK_DB_TOP;
	t->iomap = sizeof(*t);
	c->tss = t;
}

void gdt_prepare(struct cpu *c)
{
	unsigned int cpu = c->id;
	uint64_t page = GDT_WINDOW(cpu) + RESERVED_GDT_PAGE * PAGE_SIZE;

	paging_map_page(page, virt_to_phys(boot_alloc_pages(1)),
			PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | PTE_DIRTY |
				PTE_GLOBAL | PTE_NX);
	prepare_tss(c);
	*reserved_gdt(cpu, HYPERVISOR_CS) = DESC_CODE64;
	*reserved_gdt(cpu, HYPERVISOR_DS) = DESC_DATA;
	*reserved_gdt(cpu, GUEST_CS32) = DESC_CODE32 | DESC_DPL3;
	*reserved_gdt(cpu, GUEST_DS) = DESC_DATA | DESC_DPL3;
	*reserved_gdt(cpu, GUEST_CS64) = DESC_CODE64 | DESC_DPL3;
	set_system_descriptor(cpu, TSS_SELECTOR, (uint64_t)c->tss,
			      sizeof(*c->tss) - 1, TYPE_TSS);
}

void gdt_load(void)
{
	struct descriptor_table gdt = { GDT_LIMIT, GDT_WINDOW(this_cpu()->id) };
	struct descriptor_table idtr = { sizeof(idt) - 1, (uint64_t)idt };

	lgdt(&gdt);
	__asm__ volatile("push %0; lea 1f(%%rip), %%rax; push %%rax; lretq; 1:"
			 :
			 : "r"((uint64_t)HYPERVISOR_CS)
			 : "rax", "memory");
	__asm__ volatile("mov %0, %%ss; mov %1, %%ds; mov %1, %%es;"
			 "mov %1, %%fs; mov %1, %%gs"
			 :
			 : "r"(HYPERVISOR_DS), "r"(0));
	lidt(&idtr);
	lldt(0);
	ltr(TSS_SELECTOR);
}

static void set_gate(unsigned int vector, const void *stub, unsigned int dpl,
		     unsigned int ist)
{
	uint64_t a = (uint64_t)stub;

	idt[vector].low =
		(a & 0xffff) | (uint64_t)HYPERVISOR_CS << 16 |
		(uint64_t)ist << 32 | (uint64_t)TYPE_INTERRUPT_GATE << 40 |
		(uint64_t)dpl << 45 | 1ull << 47 | (a >> 16 & 0xffff) << 48;
	idt[vector].high = a >> 32;
}

static unsigned int stack_of(unsigned int vector)
{
	switch (vector) {
	case TRAP_DF:
		return IST_DF;
	case TRAP_NMI:
		return IST_NMI;
	case TRAP_MC:
		return IST_MC;
	case TRAP_DB:
		return IST_DB;
	default:
		return 0;
	}
}

void idt_init(void)
{
	unsigned int v, dpl;

	for (v = 0; v < 32; v++) {
		dpl = v == TRAP_BP || v == TRAP_OF ? 3 : 0;
		set_gate(v, exception_stubs[v], dpl, stack_of(v));
	}
	for (v = 32; v < 256; v++)
		set_gate(v, interrupt_stubs[v - 32], 0, 0);
}

void gdt_load_ldt(unsigned int entries)
{
	unsigned int cpu = this_cpu()->id;

	if (!entries) {
		lldt(0);
		return;
	}
	set_system_descriptor(cpu, LDT_SELECTOR, LDT_WINDOW(cpu),
			      entries * 8 - 1, TYPE_LDT);
	lldt(LDT_SELECTOR);
}
