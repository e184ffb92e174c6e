/* SPDX-License-Identifier: MIT */
/*
 * T10: debug traps. A watchpoint on the word that `mov %ss` loads, so that the
 * trap is delayed to the instruction behind: a system call, INT3, INT n, ICEBP;
 * and single steps across each of them, with a stack that is anywhere in user
 * mode. The guest gets its traps, the hypervisor none (BF-10, BF-11; XSA-12,
 * 260, 265).
 */
#include "attack.h"

#include <public/memory.h>
#include <public/version.h>

static uint64_t watched = FLAT_KERNEL_SS;
static unsigned int traps;

static bool on_debug(struct pv_trap_frame *f, uint64_t address)
{
	(void)address;
	traps++;
	f->rflags &= ~0x100UL;
	return true;
}

static long set_debug(unsigned int reg, uint64_t value)
{
	return pv_hypercall2(__HYPERVISOR_set_debugreg, reg, value);
}

/* The hypervisor leaves breakpoints off when one has met it. */
static void watch(void)
{
	(void)set_debug(7, 0xf0003); /* 4 bytes, reads and writes */
}

#define AFTER_SS(name, text)                                                   \
	static void name(void)                                                 \
	{                                                                      \
		__asm__ volatile("mov %0, %%ss\n\t" text                       \
				 :                                             \
				 : "m"(watched),                               \
				   "a"(__HYPERVISOR_xen_version), "D"(0),      \
				   "S"(0)                                      \
				 : "rcx", "r11", "memory", "cc");              \
	}
#define STEPPED(name, text)                                                    \
	static void name(void)                                                 \
	{                                                                      \
		__asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq\n\t" text \
				 :                                             \
				 : "a"(__HYPERVISOR_xen_version), "D"(0),      \
				   "S"(0)                                      \
				 : "rcx", "r11", "memory", "cc");              \
	}
#define BOTH(name, text)                                                       \
	AFTER_SS(ss_##name, text)                                              \
	STEPPED(step_##name, text)
BOTH(syscall, "syscall")
BOTH(int3, "int3")
BOTH(int80, "int $0x80")
BOTH(intn, "int $0x21")
BOTH(icebp, ".byte 0xf1")
BOTH(nop, "nop")
BOTH(cpuid, ".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e; cpuid")

static void (*const codes[])(void) = {
	ss_syscall, ss_int3,    ss_int80,   ss_intn,      ss_icebp,
	ss_nop,     step_int3,  step_int80, step_intn,    step_icebp,
	ss_cpuid,   step_cpuid, step_nop,   step_syscall,
};

static void bad_stack(void)
{
	__asm__ volatile("mov %0, %%rsp\n\tmov %1, %%ss\n\tint3"
			 :
			 : "r"(HYPERVISOR_START + 0x100), "m"(watched)
			 : "memory");
}

static void test_registers(void)
{
	unsigned int wrong = 0;

	wrong += set_debug(0, 0xffff818040000000) == 0;
	wrong += set_debug(1, HYPERVISOR_END - 8) == 0;
	wrong += set_debug(2, HOLE) == 0;
	wrong += set_debug(8, 0) == 0;
	wrong += set_debug(7, 1UL << 13) == 0 && /* GD */
		 (pv_hypercall1(__HYPERVISOR_get_debugreg, 7) & 1L << 13);
	wrong += set_debug(7, ~0UL) == 0;
	wrong += pv_hypercall1(__HYPERVISOR_get_debugreg, 0) != (long)&watched;
	check("a refused value changes nothing", wrong == 0, wrong);
}

/* The hypervisor reads and writes what is watched. */
static void test_arguments(void)
{
	uint64_t before = watched;
	long rc;

	watched = DOMID_SELF;
	rc = pv_hypercall2(__HYPERVISOR_memory_op, XENMEM_current_reservation,
			   PV_ARG(&watched));
	check("a watched argument is read", rc > 0, rc);
	watch();
	rc = pv_hypercall2(__HYPERVISOR_xen_version, XENVER_platform_parameters,
			   PV_ARG(&watched));
	check("a watched result is written",
	      rc == 0 && watched == HYPERVISOR_START, rc);
	watched = before;
}

void attack_T10(void)
{
	unsigned int before = traps;

	pv_trap_set_handler(1, on_debug);
	check("a watchpoint", set_debug(0, PV_ARG(&watched)) == 0, 0);
	test_registers();
	(void)set_debug(6, ~0UL & 0xffffffff);
	watch();
	for (unsigned int i = 0; i < COUNT(codes); i++) {
		(void)fault_of(codes[i]);
		(void)user_fault_of(codes[i]);
	}
	(void)user_fault_of(bad_stack);
	test_arguments();
	(void)set_debug(7, 0);
	(void)set_debug(0, 0);
	check("traps arrive", traps > before, traps);
}
