/* SPDX-License-Identifier: MIT */
/*
 * Exceptions: which one, where it points to, what its frame holds.
 */
#include "abi.h"

static volatile uint64_t at; /* of the instruction that traps */
static uint64_t *readonly;

/* `before` sets up, `text` traps. */
#define TRAP(name, before, text)                                               \
	static void name(void)                                                 \
	{                                                                      \
		__asm__ volatile(before                                        \
				 "\n\t"                                        \
				 "lea 1f(%%rip), %%rdx; mov %%rdx, %0\n"       \
				 "1:\t" text                                   \
				 : "=m"(at)                                    \
				 : "m"(readonly)                               \
				 : "rax", "rcx", "rdx", "memory");             \
	}
TRAP(do_divide, "xor %%ecx, %%ecx", "div %%ecx")
TRAP(do_int3, "", "int3")
TRAP(do_int3_long, "", ".byte 0xcd, 3")
TRAP(do_icebp, "", ".byte 0xf1")
TRAP(do_ud2, "", "ud2")
TRAP(do_hlt, "", "hlt")
TRAP(do_int_99, "", "int $0x99")
TRAP(do_into, "", ".byte 0xce")
TRAP(do_hole, "mov $0x800000000000, %%rax", "mov (%%rax), %%rax")
TRAP(do_hole_stack, "mov $0x800000000000, %%rax",
     "push %%rbp; mov %%rax, %%rbp; mov (%%rbp), %%rax")
TRAP(do_selector, "mov $0x9003, %%eax", "mov %%eax, %%es")
TRAP(do_read, "mov $0x7000deadb000, %%rax", "mov (%%rax), %%rax")
TRAP(do_write, "mov $0x7000deadb008, %%rax", "mov %%rax, (%%rax)")
TRAP(do_write_ro, "mov %1, %%rax", "mov %%rax, (%%rax)")
TRAP(do_execute, "mov $0x7000deadb000, %%rax", "jmp *%%rax")
TRAP(do_execute_hole, "mov $0x800000000000, %%rax", "jmp *%%rax")
static const struct {
	const char *name;
	void (*code)(void);
} causes[] = {
	{ "divide", do_divide },     { "int3", do_int3 },
	{ "int $3", do_int3_long },  { "icebp", do_icebp },
	{ "ud2", do_ud2 },           { "into", do_into },
	{ "hlt", do_hlt },           { "int $0x99", do_int_99 },
	{ "hole", do_hole },         { "hole by stack", do_hole_stack },
	{ "selector", do_selector }, { "read", do_read },
	{ "write", do_write },       { "write read-only", do_write_ro },
	{ "execute", do_execute },   { "execute in the hole", do_execute_hole },
};

/* Bits of the flags that do not come from arithmetic. */
#define CONTROL_FLAGS 0x277f00UL

static void show_frame(void)
{
	show("rip from the instruction on",
	     fault.rip - at < 64 ? (long)(fault.rip - at) : -1);
	show_hex("cs", fault.cs & 0xffffffff);
	show("mask", (long)(fault.cs >> 32));
	show_hex("flags", fault.rflags & CONTROL_FLAGS);
	show_hex("ss", fault.ss);
	if (fault.vector == 14)
		show_hex("address",
			 fault.address < 1UL << 32 ? 0 : fault.address);
}

void property_trap_kernel(void)
{
	readonly = table_page();
	for (unsigned int i = 0; i < COUNT(causes); i++) {
		show_fault(causes[i].name, causes[i].code);
		if (fault.vector == NO_FAULT)
			continue;
		show_frame();
		show("frame below the stack",
		     (long)((fault.rsp & ~15UL) - fault.frame));
	}
	table_free(readonly);
}

void property_trap_user(void)
{
	readonly = table_page();
	for (unsigned int i = 0; i < COUNT(causes); i++) {
		show_user_fault(causes[i].name, causes[i].code);
		show_frame();
	}
	(void)mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0);
	table_free(readonly);
}

static long set_trap_table(const struct trap_info *table)
{
	return pv_hypercall1(__HYPERVISOR_set_trap_table, PV_ARG(table));
}

/* The vector leads to the library's handler of exception `stub`. */
static long gate(uint8_t vector, uint8_t flags, unsigned int stub)
{
	struct trap_info table[2] = { { 0 } };

	table[0].vector = vector;
	table[0].flags = flags;
	table[0].cs = FLAT_KERNEL_CS;
	table[0].address = (unsigned long)pv_trap_stubs + 16 * stub;
	return set_trap_table(table);
}

/* An exception remembers whether events were masked, and leaves it. */
void property_trap_mask(void)
{
	pv_vcpu_info()->evtchn_upcall_pending = 0;
	pv_vcpu_info()->evtchn_upcall_mask = 0;
	(void)fault_of(do_ud2);
	show("mask before", (long)(fault.cs >> 32));
	show_hex("flags", fault.rflags & CONTROL_FLAGS);
	show("mask after", pv_vcpu_info()->evtchn_upcall_mask);
	show("masking gate", gate(6, 4, 6));
	pv_vcpu_info()->evtchn_upcall_mask = 0;
	(void)fault_of(do_ud2);
	show("mask before", (long)(fault.cs >> 32));
	(void)gate(6, 0, 6);
	pv_vcpu_info()->evtchn_upcall_mask = 1;
}

/* The mask at the time when the handler runs. */
static long mask_seen;

static bool see_mask(struct pv_trap_frame *f, uint64_t address)
{
	(void)address;
	mask_seen = pv_vcpu_info()->evtchn_upcall_mask;
	f->rip += 2;
	return true;
}

void property_trap_mask_in_handler(void)
{
	pv_trap_set_handler(6, see_mask);
	for (unsigned int flags = 0; flags < 8; flags += 4)
		for (unsigned int mask = 0; mask < 2; mask++) {
			(void)gate(6, (uint8_t)flags, 6);
			pv_vcpu_info()->evtchn_upcall_pending = 0;
			pv_vcpu_info()->evtchn_upcall_mask = (uint8_t)mask;
			do_ud2();
			pv_printf("gate flags %u, mask %u: ", flags, mask);
			show("in the handler", mask_seen);
			show("afterwards", pv_vcpu_info()->evtchn_upcall_mask);
		}
	(void)gate(6, 0, 6);
	pv_vcpu_info()->evtchn_upcall_mask = 1;
}

/* Flags of the interrupted code, and those of the handler. */
static uint64_t handler_flags;

static bool see_flags(struct pv_trap_frame *f, uint64_t address)
{
	(void)address;
	__asm__ volatile("pushfq; pop %0" : "=r"(handler_flags));
	fault.rflags = f->rflags;
	f->rip += 2;
	f->rflags &= ~0x244000UL; /* AC, ID, NT */
	return true;
}

static void with_flags(uint64_t flags)
{
	__asm__ volatile("pushfq; orq %0, (%%rsp); popfq; ud2; cld"
			 :
			 : "r"(flags)
			 : "memory", "cc");
}

void property_trap_flags(void)
{
	static const uint64_t sets[] = { 0,       0x400,    0x4000, 0x3000,
					 0x40000, 0x200000, 0x8d5 };

	pv_trap_set_handler(6, see_flags);
	for (unsigned int i = 0; i < COUNT(sets); i++) {
		show_hex("set", sets[i]);
		with_flags(sets[i]);
		show_hex("in the frame",
			 fault.rflags & (CONTROL_FLAGS | sets[i]));
		/* The stub clears DF, and arithmetic has happened. */
		show_hex("in the handler",
			 handler_flags & CONTROL_FLAGS & ~0x400UL);
	}
}

/* Software interrupts -----------------------------------------------------*/

TRAP(do_int_80, "", "int $0x80")
TRAP(do_int_20, "", "int $0x20")

void property_int_n(void)
{
	for (unsigned int dpl = 0; dpl < 4; dpl++) {
		(void)gate(0x80, (uint8_t)dpl, 15);
		(void)gate(0x20, (uint8_t)dpl, 15);
		pv_printf("privilege %u\n", dpl);
		show_fault("int $0x80", do_int_80);
		show("rip", (long)(fault.rip - at));
		show_fault("int $0x20", do_int_20);
		show("rip", (long)(fault.rip - at));
		show_user_fault("user int $0x80", do_int_80);
		show("rip", (long)(fault.rip - at));
		show_user_fault("user int $0x20", do_int_20);
		show("rip", (long)(fault.rip - at));
	}
	(void)mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0);
}

void property_set_trap_table(void)
{
	struct trap_info table[3] = { { 0 } };

	show("empty", set_trap_table(table));
	show_fault("all are kept", do_ud2);
	show("nowhere", set_trap_table(NOWHERE));
	table[0].vector = 0x70;
	table[0].cs = FLAT_KERNEL_CS;
	table[0].address = HOLE;
	show("handler in the hole", set_trap_table(table));
	table[0].address = HYPERVISOR_START;
	show("handler in the hypervisor", set_trap_table(table));
	table[0].address = 0x1000;
	table[0].cs = 0;
	show("no selector", set_trap_table(table));
	table[0].cs = 0xe008;
	show("hypervisor's selector", set_trap_table(table));
	table[0].cs = FLAT_KERNEL_CS;
	table[1] = table[0];
	table[1].address = HOLE;
	show("good, bad", set_trap_table(table));
	show_fault("all are kept", do_ud2);
}

/* Ends: an exception without a handler. */
void property_no_handler(void)
{
	(void)pv_hypercall1(__HYPERVISOR_set_trap_table, 0);
	do_ud2();
	pv_printf("still here\n");
}

/* Ends: no stack for the frame. */
void property_no_stack(void)
{
	__asm__ volatile("mov $0x7000deadb000, %%rsp; ud2" : : : "memory");
}

/* Ends: a stack that is the hypervisor's. */
void property_hypervisor_stack(void)
{
	__asm__ volatile("mov $0xffff830000001000, %%rsp; ud2" : : : "memory");
}
