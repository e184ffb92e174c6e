/* SPDX-License-Identifier: MIT */
/*
 * Each CPU's block, and descriptor tables. A CPU sees its GDT at
 * GDT_WINDOW(cpu): the first 14 pages are the running guest's
 * (pv/descriptor.c), page 14 is ours. The IDT is common.
 */
#include "mm/mm.h"
#include "x86/entry.h"
#include "x86/machine.h"

/* [SDM3 "Task Management in 64-bit Mode"] */
struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t ist[8]; /* ist[0] is reserved */
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t iomap; /* beyond the limit: every port traps in ring 3 */
} __attribute__((packed));

_Static_assert(sizeof(struct tss) == 104, "64-bit TSS");
_Static_assert(sizeof(struct syscall_stub) == SYSCALL_STUB_SIZE, "entry.S");
_Static_assert(sizeof(struct cpu) <= CPU_BLOCK_TSS, "page 0 of the block");

#define DESC_CODE64 0x00af9b000000ffffull
#define DESC_DATA   0x00cf93000000ffffull
#define DESC_CODE32 0x00cf9b000000ffffull

#define TYPE_LDT            2ull
#define TYPE_TSS            9ull
#define TYPE_INTERRUPT_GATE 14ull

/* Of a selector of ours, in the page that is ours. */
#define GDT_INDEX(selector) (((selector)&0xfff) >> 3)

static uint64_t idt[256][2] __attribute__((aligned(4096)));

/* [SDM3 "TSS Descriptor in 64-bit mode"]; limits are below 64 KiB. */
static void set_system_descriptor(uint64_t *d, uint64_t base, uint16_t limit,
				  uint64_t type)
{
	d[0] = limit | (base & 0xffffff) << 16 | type << 40 | DESC_PRESENT |
	       (base >> 24 & 0xff) << 56;
	d[1] = base >> 32;
}

void cpu_prepare(unsigned int id, char *block)
{
	uint64_t *gdt = (uint64_t *)(block + CPU_BLOCK_GDT);
	uint64_t va = ENTRY_REGION + id * CPU_BLOCK_SIZE;
	struct tss *tss = (struct tss *)(block + CPU_BLOCK_TSS);
	struct syscall_stub *stub = (void *)(block + CPU_BLOCK_STUB);
	struct cpu *cpu = (struct cpu *)block;

	cpu->id = id;
	cpu->window = cpu_block_map(id, virt_to_phys(block));
	memset(stub, 0xcc, PAGE_SIZE);
	for (unsigned int i = 0; i < ARRAY_SIZE(syscall_stubs); i++) {
		stub[i] = syscall_stubs[i];
		stub[i].displacement -= (int32_t)(id * CPU_BLOCK_SIZE);
	}
	gdt[GDT_INDEX(HYPERVISOR_CS)] = DESC_CODE64;
	gdt[GDT_INDEX(HYPERVISOR_DS)] = DESC_DATA;
	gdt[GDT_INDEX(GUEST_CS32)] = DESC_CODE32 | DESC_DPL3;
	gdt[GDT_INDEX(GUEST_DS)] = DESC_DATA | DESC_DPL3;
	gdt[GDT_INDEX(GUEST_CS64)] = DESC_CODE64 | DESC_DPL3;
	set_system_descriptor(&gdt[GDT_INDEX(TSS_SELECTOR)], va + CPU_BLOCK_TSS,
			      sizeof(*tss) - 1, TYPE_TSS);
	tss->iomap = sizeof(*tss);
	tss->rsp[0] = va + CPU_BLOCK_SIZE;
	for (unsigned int i = 1; i <= IST_COUNT; i++)
		tss->ist[i] = va + CPU_BLOCK_IST_TOP(i);
}

void gdt_load(void)
{
	uint64_t stubs = (uint64_t)this_cpu() + CPU_BLOCK_STUB;
	struct descriptor_table gdt = { GDT_LIMIT, GDT_WINDOW(this_cpu()->id) };
	struct descriptor_table idtr = { sizeof(idt) - 1, (uint64_t)idt };

	lgdt(gdt);
	__asm__ volatile("push %0; lea 1f(%%rip), %%rax; push %%rax; lretq; 1:"
			 :
			 : "r"((uint64_t)HYPERVISOR_CS)
			 : "rax", "memory");
	__asm__ volatile("mov %0, %%ss; mov %1, %%ds; mov %1, %%es;"
			 "mov %1, %%fs; mov %1, %%gs"
			 :
			 : "r"(HYPERVISOR_DS), "r"(0));
	lidt(idtr);
	lldt(0);
	ltr(TSS_SELECTOR);
	wrmsr(MSR_STAR, STAR_VALUE);
	wrmsr(MSR_LSTAR, stubs);
	wrmsr(MSR_CSTAR, stubs + SYSCALL_STUB_SIZE);
	wrmsr(MSR_SYSCALL_MASK, RFLAGS_SYSCALL_MASK);
}

void idt_init(void)
{
	unsigned int stacks = 0;

	for (unsigned int v = 0; v < 256; v++) {
		bool own_stack = v < 32 && (TRAPS_WITH_STACK >> v & 1);
		uint64_t ist = own_stack ? ++stacks : 0;
		uint64_t a = (uint64_t)entry_stubs[v];
		uint64_t dpl = v == TRAP_BP || v == TRAP_OF ? DESC_DPL3 : 0;

		idt[v][0] = (a & 0xffff) | (uint64_t)HYPERVISOR_CS << 16 |
			    ist << 32 | TYPE_INTERRUPT_GATE << 40 | dpl |
			    DESC_PRESENT | (a >> 16 & 0xffff) << 48;
		idt[v][1] = a >> 32;
	}
}

void gdt_load_ldt(unsigned int entries)
{
	unsigned int cpu = this_cpu()->id;
	uint64_t d = GDT_WINDOW(cpu) + (LDT_SELECTOR & ~7ul);

	if (entries)
		set_system_descriptor((uint64_t *)d, LDT_WINDOW(cpu),
				      (uint16_t)(entries * 8 - 1), TYPE_LDT);
	lldt(entries ? LDT_SELECTOR : 0);
}
