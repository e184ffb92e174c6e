/* SPDX-License-Identifier: MIT */
/*
 * T11: flags at entry. Each way in, with all combinations of NT, AC, DF, TF,
 * RF and ID set before it: one exception of the right kind arrives, the
 * handler's flags are clean, and two faults in a row are two frames; a system
 * call does what it always does, and causes no exception but the trap of TF
 * (BF-8, EM-11; XSA-8, 44, 259, 339).
 */
#include "attack.h"

#include <public/version.h>

#define FLAG_TF 0x100UL
#define CLEAN   (FLAG_TF | 0x4000UL | 0x10000UL | 0x40000UL | 0x3000UL)

static const uint64_t bits[] = { 0x100,   0x400,   0x4000,
				 0x10000, 0x40000, 0x200000 };
static uint64_t wanted;
static unsigned int unclean, faults;

static bool on_entry(struct pv_trap_frame *f, uint64_t address)
{
	uint64_t flags;

	(void)address;
	__asm__ volatile("pushfq; popq %0" : "=r"(flags));
	unclean += (flags & CLEAN) != 0;
	faults++;
	f->rflags &= ~CLEAN;
	if (f->vector == 6)
		f->rip += 2;
	return true;
}

static void with_flags(void)
{
	__asm__ volatile("pushq %0; popfq; ud2; ud2\n\tcld"
			 :
			 : "r"(wanted)
			 : "memory", "cc");
}

static char said[2][1024];
static char *answer;

static void call_with_flags(void)
{
	uint64_t number = __HYPERVISOR_xen_version;

	__asm__ volatile("pushq %1; popfq; syscall\n\t"
			 "pushq $2; popfq"
			 : "+a"(number)
			 : "r"(wanted), "D"(XENVER_capabilities), "S"(answer)
			 : "rcx", "r11", "memory", "cc");
}

/* The answer is long: a copy that runs the wrong way is seen. */
static void test_calls(void)
{
	unsigned int odd = 0, wrong = 0;

	answer = said[0];
	wanted = 0;
	odd += fault_of(call_with_flags) != NO_FAULT;
	answer = said[1];
	for (unsigned int i = 0; i < 1u << COUNT(bits); i++) {
		wanted = 0;
		for (unsigned int b = 0; b < COUNT(bits); b++)
			wanted |= i >> b & 1 ? bits[b] : 0;
		faults = 0;
		memset(answer, 0xa5, sizeof(said[1]));
		odd += fault_of(call_with_flags) != NO_FAULT;
		odd += faults > (wanted & FLAG_TF ? 2 : 0);
		wrong += memcmp(said[0], said[1], sizeof(said[0])) != 0;
	}
	check("system calls cause no exception", odd == 0, odd);
	check("and answer the same", wrong == 0, wrong);
}

void attack_T11(void)
{
	unsigned int odd = 0;

	pv_trap_set_handler(1, on_entry);
	pv_trap_set_handler(6, on_entry);
	for (unsigned int i = 0; i < 1u << COUNT(bits); i++) {
		wanted = 0;
		for (unsigned int b = 0; b < COUNT(bits); b++)
			wanted |= i >> b & 1 ? bits[b] : 0;
		faults = 0;
		odd += fault_of(with_flags) != NO_FAULT;
		odd += faults < 2 || faults > 4;
	}
	check("two faults are two", odd == 0, odd);
	check("handlers start with clean flags", unclean == 0, unclean);
	test_calls();
}
