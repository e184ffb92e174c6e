/* SPDX-License-Identifier: MIT */
/*
 * Debug registers, watchpoints and single steps.
 */
#include "abi.h"

static long set(unsigned int reg, uint64_t value)
{
	return pv_hypercall2(__HYPERVISOR_set_debugreg, reg, value);
}

static long get(unsigned int reg)
{
	return pv_hypercall1(__HYPERVISOR_get_debugreg, reg);
}

static void reset(void)
{
	(void)set(7, 0);
	(void)set(6, 0);
	for (unsigned int reg = 0; reg < 4; reg++)
		(void)set(reg, 0);
}

static volatile uint64_t watched[2];

void property_debugreg_values(void)
{
	for (unsigned int reg = 0; reg < 10; reg++) {
		pv_printf("dr%u ", reg);
		show_hex("is", (uint64_t)get(reg));
	}
	for (unsigned int reg = 0; reg < 10; reg++) {
		pv_printf("dr%u ", reg);
		show("to 0", set(reg, 0));
	}
	for (unsigned int reg = 0; reg < 4; reg++) {
		show("to an address", set(reg, 0x1230 + reg));
		show_hex("is", (uint64_t)get(reg));
	}
	show("hole", set(0, HOLE));
	show("hypervisor", set(1, HYPERVISOR_START));
	show("hypervisor's end", set(2, HYPERVISOR_END - 1));
	show("behind it", set(3, HYPERVISOR_END));
	show("top", set(3, ~0UL));
	show_hex("is", (uint64_t)get(3));
	reset();
}

void property_debugreg_control(void)
{
	static const uint64_t values[] = {
		0x1,     0x2,     0x3,       0x100,   0x200,   0x300,
		0x400,   0x500,   0x501,     0x800,   0x1000,  0x2000,
		0x4000,  0x8000,  0x20001,   0x10001, 0x20401, 0x80001,
		0xc0001, 0xd0401, 1UL << 32, ~0UL,
	};

	for (unsigned int i = 0; i < COUNT(values); i++) {
		show_hex("dr7", values[i]);
		show("set", set(7, values[i]));
		show_hex("is", (uint64_t)get(7));
	}
	reset();
	show_hex("dr7 at last", (uint64_t)get(7));
	for (unsigned int i = 0; i < 64; i += 7) {
		show("dr6", set(6, 1UL << i));
		show_hex("is", (uint64_t)get(6));
	}
	show("dr6", set(6, 0xffffffff));
	show_hex("is", (uint64_t)get(6));
	reset();
}

static volatile int traps;
static uint64_t trap_rip[4], trap_dr6[4];

static bool on_debug(struct pv_trap_frame *f, uint64_t address)
{
	(void)address;
	if (traps < 4) {
		trap_rip[traps] = f->rip;
		trap_dr6[traps] = (uint64_t)get(6);
	}
	traps++;
	(void)set(6, 0);
	f->rflags |= 0x10000; /* RF: not again at an instruction breakpoint */
	return true;
}

static void watch(const char *name, uint64_t control, void (*code)(void))
{
	traps = 0;
	(void)set(0, PV_ARG(&watched[0]));
	pv_printf("%s ", name);
	show("set", set(7, control));
	code();
	show("traps", traps);
	for (int i = 0; i < traps && i < 4; i++)
		show_hex("dr6", trap_dr6[i]);
	(void)set(7, 0);
}

static void write_low(void)
{
	watched[0] = 1;
}

static void write_byte_7(void)
{
	((volatile uint8_t *)watched)[7] = 1;
}

static void read_low(void)
{
	(void)watched[0];
}

static void write_other(void)
{
	watched[1] = 1;
}

static void write_twice(void)
{
	watched[0] = 1;
	watched[0] = 2;
}

void property_watchpoint(void)
{
	pv_trap_set_handler(1, on_debug);
	watch("write 8", 0x90001, write_low);
	watch("write 8, last byte", 0x90001, write_byte_7);
	watch("write 1, last byte", 0x10001, write_byte_7);
	watch("write 4", 0xd0001, write_low);
	watch("write, read", 0xd0001, read_low);
	watch("access, read", 0xf0001, read_low);
	watch("access, write", 0xf0002, write_low);
	watch("other", 0x90001, write_other);
	watch("twice", 0x90001, write_twice);
	watch("exact", 0x90301, write_low);
	reset();
}

static void __attribute__((noinline)) target(void)
{
	__asm__ volatile("nop");
}

void property_instruction_breakpoint(void)
{
	pv_trap_set_handler(1, on_debug);
	traps = 0;
	(void)set(1, PV_ARG(target));
	show("set", set(7, 0x4));
	target();
	show("traps", traps);
	show("rip is there", trap_rip[0] == PV_ARG(target));
	show_hex("dr6", trap_dr6[0]);
	reset();
	target();
	show("traps", traps);
}

static uint64_t first_rip;

static bool on_step(struct pv_trap_frame *f, uint64_t address)
{
	(void)address;
	if (traps < 4) {
		trap_rip[traps] = f->rip - first_rip;
		trap_dr6[traps] = (uint64_t)get(6);
		fault.rflags = f->rflags;
	}
	if (++traps == 3)
		f->rflags &= ~0x100UL;
	return true;
}

/* Three steps, of which one is a hypercall. */
void property_single_step(void)
{
	uint64_t rax = __HYPERVISOR_xen_version;

	pv_trap_set_handler(1, on_step);
	traps = 0;
	__asm__ volatile("lea 1f(%%rip), %%rcx; mov %%rcx, %1\n\t"
			 "pushfq; orq $0x100, (%%rsp); popfq\n"
			 "1:\tnop\n\t"
			 "syscall\n\t"
			 "nop; nop; nop"
			 : "+a"(rax), "=m"(first_rip)
			 : "D"(0UL), "S"(0UL)
			 : "rcx", "r11", "memory", "cc");
	show("traps", traps);
	for (int i = 0; i < 3; i++) {
		show("at", (long)trap_rip[i]);
		show_hex("dr6", trap_dr6[i]);
	}
	show_hex("flags", fault.rflags & 0x277f00);
	show_hex("the call's result", rax);
	reset();
}

static void step_user(void)
{
	__asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq\n"
			 "1:\tnop; nop"
			 :
			 :
			 : "memory", "cc");
}

void property_single_step_user(void)
{
	show_user_fault("step", step_user);
	show_hex("dr6", (uint64_t)get(6));
	show_hex("flags", fault.rflags & 0x277f00);
	(void)mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0);
	reset();
}

/* The instructions do what the hypercalls do. */
static uint64_t value;

static void read_dr7(void)
{
	__asm__ volatile("mov %%dr7, %0" : "=r"(value));
}

static void write_dr0(void)
{
	__asm__ volatile("mov %0, %%dr0" : : "r"(0x5550UL));
}

static void read_dr0(void)
{
	__asm__ volatile("mov %%dr0, %0" : "=r"(value));
}

static void read_dr5(void)
{
	__asm__ volatile("mov %%dr5, %0" : "=r"(value));
}

static void write_bad(void)
{
	__asm__ volatile("mov %0, %%dr0" : : "r"(HYPERVISOR_START));
}

void property_debugreg_instructions(void)
{
	show_fault("read dr7", read_dr7);
	show_hex("is", value);
	show_fault("write dr0", write_dr0);
	show_hex("is", (uint64_t)get(0));
	show_fault("read dr0", read_dr0);
	show_hex("is", value);
	show_fault("read dr5", read_dr5);
	show_fault("hypervisor's address", write_bad);
	reset();
}
