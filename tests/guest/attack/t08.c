/* SPDX-License-Identifier: MIT */
/*
 * T08: ways back into the guest. SYSCALL as the last instruction of the lower
 * half, so that the return is to the first address that is not canonical; iret
 * in both modes to addresses, stacks, selectors and flags that cannot be, and
 * the flags that come of it; a
 * handler that changes what it returns to. Always an exception of the guest,
 * never of the hypervisor (BF-1, BF-3, BF-13; XSA-7, 44).
 */
#include "attack.h"

#define LAST_PAGE (HOLE - PV_PAGE_SIZE)

static const uint64_t values[] = { 0,
				   0x1000000000,
				   HOLE - 1,
				   HOLE,
				   0x7fff000000000000,
				   0xffff7fffffffffff,
				   HYPERVISOR_START,
				   0xffff818040000000,
				   HYPERVISOR_END - 16,
				   ~0UL };

static const uint16_t selectors[] = {
	0,      4,      7,      0x10,   0xe008,         0xe010,        0xe019,
	0xe02b, 0xe040, 0xfff8, 0xffff, FLAT_USER_CS32, FLAT_KERNEL_CS
};

static struct iret_context target;

static void to_target(void)
{
	iret_to(&target);
}

static void __attribute__((naked)) landing(void)
{
	__asm__ volatile("ud2");
}

/* A kernel whose stack cannot be written crashes: that is T09. */
static uint64_t good_stack(void)
{
	static uint8_t stack[8192] __attribute__((aligned(16)));

	return (uint64_t)(stack + sizeof(stack));
}

/* The code is ud2, so a return that works ends in #UD. */
static unsigned int try_iret(uint64_t rip, uint64_t rsp, uint16_t cs,
			     uint16_t ss, unsigned int how)
{
	target = (struct iret_context){
		.rip = rip, .rsp = rsp, .cs = cs, .ss = ss
	};
	target.flags = how & 1 ? VGCF_in_syscall : 0;
	target.rflags = how & 2 ? ~FLAG_IF & ~0x100UL : 0;
	return fault_of(to_target);
}

static void test_iret(void)
{
	unsigned int none = 0;

	for (unsigned int how = 0; how < 4; how++)
		for (unsigned int user = 0; user < 2; user++)
			for (unsigned int i = 0; i < COUNT(values); i++) {
				uint16_t cs = user ? FLAT_USER_CS64 : KERNEL_CS;
				uint16_t ss = user ? FLAT_USER_SS64 : KERNEL_SS;

				uint64_t rsp = user ? values[i] : good_stack();

				none += try_iret(values[i], rsp, cs, ss, how) ==
					NO_FAULT;
			}
	check("iret to impossible addresses", none == 0, none);
	for (unsigned int i = 0; i < COUNT(selectors); i++)
		for (unsigned int k = 0; k < COUNT(selectors); k++)
			none += try_iret((uint64_t)landing, good_stack(),
					 selectors[i], selectors[k],
					 i & 1) == NO_FAULT;
	check("iret with impossible selectors", none == 0, none);
}

/* In user mode the stack of the exception is the kernel's, so any rsp will do.
 */
static void test_stacks(void)
{
	unsigned int wrong = 0;

	for (unsigned int how = 0; how < 2; how++)
		for (unsigned int i = 0; i < COUNT(values); i++) {
			unsigned int vector =
				try_iret((uint64_t)landing, values[i],
					 FLAT_USER_CS64, FLAT_USER_SS64, how);

			wrong += vector != 6 || fault.rip != (uint64_t)landing;
		}
	check("user mode with any stack pointer", wrong == 0, wrong);
}

static uint64_t flags_seen;

static void __attribute__((naked)) flags_landing(void)
{
	__asm__ volatile("pushfq; popq %0; ud2" : "=m"(flags_seen));
}

/* Whatever is asked for: interrupts on, and nothing of ring 0's. */
static void test_flags(void)
{
	static const uint64_t wanted[] = {
		0,      0x1000,  0x3000,
		0x4000, 0x20000, 0x3fffff & ~(FLAG_IF | 0x100UL)
	};
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < 2 * COUNT(wanted); i++) {
		target = (struct iret_context){
			.rip = (uint64_t)flags_landing,
			.rsp = good_stack(),
			.cs = i & 1 ? FLAT_USER_CS64 : KERNEL_CS,
			.ss = i & 1 ? FLAT_USER_SS64 : KERNEL_SS,
			.rflags = wanted[i / 2]
		};
		flags_seen = 0;
		wrong += fault_of(to_target) != 6;
		wrong += (flags_seen & (FLAG_IF | 0x27000)) != FLAG_IF;
	}
	check("flags after iret", wrong == 0, wrong);
}

static void call_last(void)
{
	__asm__ volatile("mov %0, %%eax\n\t"
			 "xor %%edi, %%edi\n\t"
			 "mov %1, %%rdx\n\t"
			 "jmp *%%rdx"
			 :
			 : "i"(__HYPERVISOR_xen_version), "r"(HOLE - 2)
			 : "rax", "rcx", "rdx", "rdi", "r11", "memory");
}

static void test_last_syscall(void)
{
	uint8_t *code = pv_page_alloc();
	unsigned int vector;

	code[PV_PAGE_SIZE - 2] = 0x0f; /* syscall */
	code[PV_PAGE_SIZE - 1] = 0x05;
	check("tables of the last page", pv_pte_ensure(LAST_PAGE) != NULL, 0);
	if (store_va((void *)LAST_PAGE, maddr_of(code) | RO_PAGE) == 0) {
		vector = fault_of(call_last);
		check("hypercall at the edge: #GP", vector == 13, vector);
		vector = user_fault_of(call_last);
		check("system call at the edge",
		      vector == 6 || vector == 13 || vector == 14, vector);
		(void)store_va((void *)LAST_PAGE, 0);
	}
	pv_page_free(code);
}

/* The handler sends the exception back to nowhere; the next one is ours. */
static bool on_breakpoint(struct pv_trap_frame *f, uint64_t address)
{
	(void)address;
	f->rip = target.rip;
	f->rsp = target.rsp;
	return true;
}

static void breakpoint(void)
{
	__asm__ volatile("int3");
}

static void user_nothing(void)
{
}

static void test_handler(void)
{
	unsigned int none = 0;

	pv_trap_set_handler(3, on_breakpoint);
	for (unsigned int i = 0; i < COUNT(values); i++) {
		target.rip = values[i];
		target.rsp = (uint64_t)&target;
		none += user_fault_of(breakpoint) == NO_FAULT;
	}
	check("a handler that returns to nowhere", none == 0, none);
}

void attack_T08(void)
{
	check("user mode", user_fault_of(user_nothing) == 6, fault.vector);
	test_iret();
	test_stacks();
	test_flags();
	test_last_syscall();
	test_handler();
}
