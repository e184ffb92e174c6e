/* SPDX-License-Identifier: MIT */
/*
 * T16: code that changes while it is emulated. One vCPU rewrites the bytes of
 * an instruction between several, another executes them. Each step ends as one
 * of the encodings says, no port that is not ours is touched, user mode gets a
 * fault for whatever is privileged, and instructions that cross into nothing
 * fault too, and so do those that are longer than 15 bytes; a single step over
 * one that is emulated is one step (EM-1, EM-3, EM-9, EM-11; XSA-66, 67, 105,
 * 106, 171, 202).
 */
#include "attack.h"

static const uint8_t encodings[][8] = {
	{ 0xfa, 0xc3 },                                     /* cli */
	{ 0xf4, 0xc3 },                                     /* hlt */
	{ 0xe4, 0x71, 0xc3 },                               /* in $0x71 */
	{ 0xe6, 0x71, 0xc3 },                               /* out $0x71 */
	{ 0xee, 0xc3 },                                     /* out */
	{ 0x0f, 0x32, 0xc3 },                               /* rdmsr */
	{ 0x0f, 0x30, 0xc3 },                               /* wrmsr */
	{ 0x0f, 0x20, 0xc0, 0xc3 },                         /* mov %cr0, %rax */
	{ 0x0f, 0x01, 0xf8, 0xc3 },                         /* swapgs */
	{ 0x0f, 0x01, 0xd1, 0xc3 },                         /* xsetbv */
	{ 0x66, 0x66, 0x66, 0x66, 0x66, 0xf3, 0x6f, 0xc3 }, /* rep outsw */
	{ 0x90, 0xc3 },
};

static uint8_t *code;

static void rewrite(void)
{
	for (unsigned int i = 0; i < COUNT(encodings); i++) {
		uint64_t bytes;

		memcpy(&bytes, encodings[i], 8);
		__atomic_store_n((uint64_t *)code, bytes, __ATOMIC_SEQ_CST);
	}
}

static void run(void)
{
	__asm__ volatile("mov $0x1b, %%ecx\n\t"
			 "xor %%eax, %%eax\n\t"
			 "mov $0x70, %%edx\n\t"
			 "lea %1, %%rsi\n\t"
			 "call *%0"
			 :
			 : "r"(code), "m"(encodings)
			 : "rax", "rcx", "rdx", "rsi", "memory", "cc");
}

static void test_changing(void)
{
	bool smp;
	unsigned int odd = 0;

	memcpy(code, encodings[0], 8);
	smp = cpu_start(1, rewrite);
	for (unsigned int i = 0; i < 2000; i++) {
		unsigned int vector = fault_of(run);

		odd += vector != NO_FAULT && vector != 13 && vector != 6 &&
		       vector != 14;
	}
	if (smp)
		cpu_stop(1);
	check("code that changes", odd == 0, odd);
}

/* All but nop are refused in user mode. */
static void test_user(void)
{
	unsigned int wrong = 0;

	for (unsigned int i = 0; i + 1 < COUNT(encodings); i++) {
		memcpy(code, encodings[i], 8);
		user_fault_of(run);
		if ((fault.vector != 13 && fault.vector != 6) ||
		    fault.rip != (uint64_t)code) {
			pv_printf(
				"%u: exception %u at %lx, address %lx, code at "
				"%lx\n",
				i, fault.vector, fault.rip, fault.address,
				(uint64_t)code);
			wrong++;
		}
	}
	check("privileged in user mode", wrong == 0, wrong);
}

/* The first bytes are mapped, the rest is not. */
static void test_crossing(void)
{
	uint8_t *window = pv_map_reserve(2), *start = code;
	unsigned int wrong = 0;

	(void)store_va(window, maddr_of(code) | RW_PAGE);
	for (unsigned int i = 0; i + 1 < COUNT(encodings); i++) {
		memcpy(window + PV_PAGE_SIZE - 1, encodings[i], 1);
		code = window + PV_PAGE_SIZE - 1;
		wrong += fault_of(run) == NO_FAULT;
	}
	memset(window + PV_PAGE_SIZE - 32, 0x66, 32);
	code = window + PV_PAGE_SIZE - 32;
	wrong += fault_of(run) == NO_FAULT;
	code = start;
	check("instructions that cross into nothing", wrong == 0, wrong);
	(void)store_va(window, 0);
	pv_map_release(window, 2);
}

/* The same as mov %cr0, %rax with so many prefixes before it. */
static unsigned int long_form(unsigned int prefixes)
{
	static const uint8_t insn[] = { 0x0f, 0x20, 0xc0, 0xc3 };

	memset(code, 0x66, prefixes);
	memcpy(code + prefixes, insn, sizeof(insn));
	return fault_of(run);
}

static void test_length(void)
{
	check("15 bytes are an instruction", long_form(12) == NO_FAULT,
	      fault.vector);
	check("16 bytes are not", long_form(13) == 13, fault.vector);
}

static void step(void)
{
	__asm__ volatile("lea 1f(%%rip), %%rax\n\t"
			 "push %%rax\n\t"
			 "push $0x102\n\t"
			 "jmp *%0\n\t"
			 "1:"
			 :
			 : "r"(code)
			 : "rax", "memory", "cc");
}

static void test_step(void)
{
	static const uint8_t insns[] = { 0x9d, 0x0f, 0x20, 0xc0, 0x90, 0xc3 };

	memcpy(code, insns, sizeof(insns)); /* popfq, mov %cr0, %rax, nop */
	check("a step over an emulated instruction",
	      fault_of(step) == 1 && fault.rip == (uint64_t)code + 4,
	      (long)(fault.rip - (uint64_t)code));
}

void attack_T16(void)
{
	code = pv_page_alloc();
	test_changing();
	test_user();
	test_crossing();
	test_length();
	test_step();
	pv_page_free(code);
}
