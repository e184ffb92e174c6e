/* SPDX-License-Identifier: MIT */
/*
 * T15: every MSR, every bit of CR0 and CR4, every low value of XCR0. What can
 * be read is on the list; writes of anything leave values that are fine, and
 * features that a control register does not show do not work (BF-8, EM-6, FP-4;
 * XSA-54, 193, 269, 293, 333, 351).
 */
#include "attack.h"

#define HYPERCALL_PAGE 0x40000000u /* a write fills a page: only read here */

/* The MSRs of docs/abi.md. */
static const struct {
	uint32_t first, last;
} listed[] = {
	{ 0x10, 0x10 },
	{ 0x1b, 0x1b },
	{ 0x3a, 0x3a },
	{ 0x8b, 0x8b },
	{ 0x179, 0x17a },
	{ 0x277, 0x277 },
	{ HYPERCALL_PAGE, HYPERCALL_PAGE },
	{ 0xc0000080, 0xc0000080 },
	{ 0xc0000100, 0xc0000102 },
	{ 0xc0010000, 0xc0010007 },
	{ 0xc0010015, 0xc0010015 },
	{ 0xc0011029, 0xc0011029 },
};

static bool is_listed(uint32_t msr)
{
	for (unsigned int i = 0; i < COUNT(listed); i++)
		if (msr >= listed[i].first && msr <= listed[i].last)
			return true;
	return false;
}

static bool is_base(uint32_t msr)
{
	return msr >= 0xc0000100 && msr <= 0xc0000102;
}

/* Only segment bases take another value than they have, and none of the hole.
 */
static unsigned int try_value(uint32_t msr, uint64_t before, uint64_t value)
{
	uint64_t now;

	(void)msr_write(msr, value);
	if (!msr_read(msr, &now))
		return 1;
	(void)msr_write(msr, before);
	if (now == before || msr == 0x10)
		return 0;
	return !is_base(msr) || now != value ||
	       (int64_t)(now << 16) >> 16 != (int64_t)now;
}

static unsigned int try_msr(uint32_t msr)
{
	unsigned int wrong = 0;
	uint64_t value;

	if (!msr_read(msr, &value))
		return is_listed(msr) ? 1 : msr_write(msr, 0);
	if (!is_listed(msr))
		return 1;
	if (msr == HYPERCALL_PAGE)
		return value != 0;
	wrong += try_value(msr, value, value) + try_value(msr, value, ~0UL);
	wrong += try_value(msr, value, HOLE);
	for (unsigned int bit = 0; bit < 64; bit++)
		wrong += try_value(msr, value, value ^ 1UL << bit);
	return wrong;
}

static unsigned int sweep(uint32_t first, uint32_t last)
{
	unsigned int wrong = 0;

	for (uint32_t msr = first; msr <= last; msr++)
		wrong += try_msr(msr);
	return wrong;
}

static void test_msrs(void)
{
	unsigned int wrong = 0;

	msrs_catch();
	wrong += sweep(0, 0x1fff) + sweep(0x40000000, 0x400001ff);
	wrong += sweep(0xc0000000, 0xc0001fff) + sweep(0xc0010000, 0xc0011fff);
	for (unsigned int i = 0; i < 2000; i++)
		wrong += try_msr((uint32_t)random64());
	faults_catch();
	check("only MSRs of the list", wrong == 0, wrong);
}

/* Control registers -------------------------------------------------------*/

static uint64_t value;

static void read_cr0(void)
{
	__asm__ volatile("mov %%cr0, %0" : "=r"(value));
}

static void write_cr0(void)
{
	__asm__ volatile("mov %0, %%cr0" : : "r"(value));
}

static void read_cr4(void)
{
	__asm__ volatile("mov %%cr4, %0" : "=r"(value));
}

static void write_cr4(void)
{
	__asm__ volatile("mov %0, %%cr4" : : "r"(value));
}

static void use_fsgsbase(void)
{
	__asm__ volatile("rdfsbase %0" : "=r"(value));
}

static void use_pku(void)
{
	__asm__ volatile("xor %%ecx, %%ecx; rdpkru" : : : "rax", "rcx", "rdx");
}

static uint64_t get(void (*code)(void))
{
	code();
	return value;
}

/* TS alone can be changed in CR0. */
static void test_cr0(void)
{
	uint64_t before = get(read_cr0);
	unsigned int wrong = 0;

	for (unsigned int bit = 0; bit < 64; bit++) {
		value = before ^ 1UL << bit;
		wrong += (fault_of(write_cr0) == NO_FAULT) != (bit == 3);
		value = before;
		wrong += fault_of(write_cr0) != NO_FAULT;
		wrong += get(read_cr0) != before;
	}
	check("bits of CR0", wrong == 0, wrong);
}

#define CR4_TSD      (1UL << 2)
#define CR4_DE       (1UL << 3)
#define CR4_FSGSBASE (1UL << 16)
#define CR4_OSXSAVE  (1UL << 18)
#define CR4_PKE      (1UL << 22)

static void test_cr4(void)
{
	uint64_t before = get(read_cr4), now;
	unsigned int wrong = 0;

	for (unsigned int bit = 0; bit < 64; bit++) {
		value = before ^ 1UL << bit;
		(void)fault_of(write_cr4);
		now = get(read_cr4);
		wrong += ((now ^ before) & ~(CR4_TSD | CR4_DE | CR4_FSGSBASE |
					     CR4_OSXSAVE)) != 0;
		if (!(now & CR4_FSGSBASE))
			wrong += fault_of(use_fsgsbase) != 6;
		if (!(now & CR4_PKE))
			wrong += fault_of(use_pku) != 6;
		value = before;
		(void)fault_of(write_cr4);
		wrong += get(read_cr4) != before;
	}
	check("bits of CR4", wrong == 0, wrong);
}

static void write_xcr0(void)
{
	__asm__ volatile("xsetbv"
			 :
			 : "a"((uint32_t)value), "d"(0), "c"(0)
			 : "memory");
}

static void read_xcr0(void)
{
	uint32_t lo, hi;

	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	value = (uint64_t)hi << 32 | lo;
}

/* x87 always, AVX with SSE, the parts of AVX-512 together, no others. */
static bool is_sound(uint64_t xcr0)
{
	uint64_t avx512 = xcr0 & 0xe0;

	return (xcr0 & 1) && !(xcr0 & ~0xe7UL) && (!(xcr0 & 4) || xcr0 & 2) &&
	       (avx512 == 0 || (avx512 == 0xe0 && (xcr0 & 4)));
}

static void test_xcr0(void)
{
	uint64_t cr4 = get(read_cr4), before;
	unsigned int wrong = 0;

	value = cr4 | CR4_OSXSAVE;
	(void)fault_of(write_cr4);
	if (!(get(read_cr4) & CR4_OSXSAVE)) {
		wrong += fault_of(write_xcr0) == NO_FAULT;
		check("no XSAVE", wrong == 0, wrong);
		return;
	}
	before = get(read_xcr0);
	for (uint64_t try = 0; try < 1024; try++) {
		value = try;
		if (fault_of(write_xcr0) == NO_FAULT)
			wrong += !is_sound(try) || get(read_xcr0) != try;
		value = before;
		wrong += fault_of(write_xcr0) != NO_FAULT;
	}
	value = cr4;
	(void)fault_of(write_cr4);
	check("values of XCR0", wrong == 0, wrong);
}

void attack_T15(void)
{
	test_msrs();
	test_cr0();
	test_cr4();
	test_xcr0();
}
