/* SPDX-License-Identifier: MIT */
/*
 * CPUID behind the forced prefix, and the MSRs.
 */
#include "abi.h"

static uint32_t leaf, subleaf, out[4];

static void forced(void)
{
	__asm__ volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e; cpuid"
			 : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]),
			   "=d"(out[3])
			 : "a"(leaf), "c"(subleaf));
}

static void cpuid(uint32_t number, uint32_t sub)
{
	leaf = number;
	subleaf = sub;
	forced();
}

void property_hypervisor_leaves(void)
{
	cpuid(0x40000000, 0);
	show_hex("last", out[0]);
	show("XenVMMXenVMM", out[1] == 0x566e6558 && out[2] == 0x65584d4d &&
				     out[3] == 0x4d4d566e);
	cpuid(0x40000001, 0);
	show_hex("version", out[0]);
	show("rest is 0", !out[1] && !out[2] && !out[3]);
	cpuid(0x40000002, 0);
	show_hex("hypercall pages", out[0]);
	show_hex("their MSR", out[1]);
	show_hex("features", out[2]);
	show_hex("more features", out[3]);
	cpuid(0x40000003, 0);
	show_hex("time: flags", out[0]);
	show("mode", out[1]);
	show("kHz", out[2] != 0);
	show("incarnation", out[3]);
	cpuid(0x40000003, 1);
	show("factor is the clock's",
	     out[2] == pv_vcpu_info()->time.tsc_to_system_mul);
	show("shift is the clock's",
	     (int8_t)out[3] == pv_vcpu_info()->time.tsc_shift);
	cpuid(0x40000003, 2);
	show("kHz of the CPU", out[0] != 0);
	cpuid(0x40000004, 0);
	show_hex("HVM", out[0] | out[1] | out[2] | out[3]);
	cpuid(0x40000005, 0);
	show_hex("PV", out[0]);
	show("width of machine addresses", out[1]);
	show_hex("rest", out[2] | out[3]);
	cpuid(0x40000006, 0);
	show_hex("beyond", out[0] | out[1] | out[2] | out[3]);
	cpuid(0x40000100, 0);
	show("other hypervisors", out[1] != 0);
}

/* The processor's leaves, less what differs between machines. */
void property_cpuid_leaves(void)
{
	static const struct {
		uint32_t leaf, subleaf;
	} leaves[] = {
		{ 1, 0 },          { 7, 0 },          { 7, 1 },
		{ 0xd, 0 },        { 0xd, 1 },        { 0x80000001, 0 },
		{ 0x80000007, 0 }, { 0x80000008, 0 }, { 0x80000021, 0 },
		{ 5, 0 },          { 6, 0 },          { 0xa, 0 },
		{ 0xb, 0 },        { 0x14, 0 },       { 0x1000, 0 },
		{ 0x8000000a, 0 }, { 0x80001000, 0 },
	};

	cpuid(0, 0);
	show_hex("last", out[0]);
	cpuid(0x80000000, 0);
	show_hex("last extended", out[0]);
	for (unsigned int i = 0; i < COUNT(leaves); i++) {
		cpuid(leaves[i].leaf, leaves[i].subleaf);
		if (leaves[i].leaf == 1) /* APIC id, count of threads */
			out[1] = out[1] >> 8 & 0xff;
		pv_printf("%x.%u: %x %x %x %x\n", leaves[i].leaf,
			  leaves[i].subleaf, out[0], out[1], out[2], out[3]);
	}
}

static void prefix_alone(void)
{
	__asm__ volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e; nop");
}

static void prefix_wrong(void)
{
	__asm__ volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6d; cpuid");
}

static void prefix_rdtsc(void)
{
	__asm__ volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e; rdtsc"
			 :
			 :
			 : "rax", "rdx");
}

void property_forced_prefix(void)
{
	leaf = 0x40000000;
	show_fault("cpuid", forced);
	show_user_fault("cpuid in user mode", forced);
	show_fault("nop", prefix_alone);
	show_fault("other prefix", prefix_wrong);
	show_fault("rdtsc", prefix_rdtsc);
	(void)mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0);
}

/* MSRs --------------------------------------------------------------------*/

/* Which can be read at all, a bit each. */
static void sweep(uint32_t first, uint32_t last)
{
	uint64_t bits = 0, value;

	for (uint32_t msr = first; msr <= last; msr++) {
		if (msr_read(msr, &value))
			bits |= 1UL << (msr & 63);
		if ((msr & 63) == 63) {
			pv_printf("from %x on: %lx\n", msr & ~63u, bits);
			bits = 0;
		}
	}
}

void property_msr_readable(void)
{
	msrs_catch();
	sweep(0, 0x43f);
	sweep(0x800, 0x83f);
	sweep(0x40000000, 0x4000003f);
	sweep(0xc0000080, 0xc000013f);
	sweep(0xc0010000, 0xc001007f);
	sweep(0xc0011000, 0xc001103f);
}

void property_msr_values(void)
{
	static const uint32_t msrs[] = { 0x1b,       0x277,      0x179,
					 0x17a,      0xc0000080, 0xc0010015,
					 0xc0011029, 0x3a,       0x1a0,
					 0xce,       0x140 };

	msrs_catch();
	for (unsigned int i = 0; i < COUNT(msrs); i++) {
		uint64_t value;
		bool has_value = msr_read(msrs[i], &value);

		pv_printf("%x: ", msrs[i]);
		if (has_value)
			show_hex("read", value);
		else
			show_text("read", "no");
	}
}

/* Written with what was read, with a bit flipped, with anything. */
void property_msr_writes(void)
{
	static const uint32_t msrs[] = {
		0x1b,       0x277,      0x10,       0x8b,       0x179,
		0x17a,      0xc0000080, 0xc0000081, 0xc0000082, 0xc0000084,
		0xc0000100, 0xc0000101, 0xc0000102, 0xc0000103, 0xc0010015,
		0xc0011029, 0x174,      0x1a0,      0x800,      0x1d9,
	};

	msrs_catch();
	for (unsigned int i = 0; i < COUNT(msrs); i++) {
		uint64_t value, now;

		(void)msr_read(msrs[i], &value);
		pv_printf("%x\n", msrs[i]);
		show("the same", msr_write(msrs[i], value));
		show("a bit more", msr_write(msrs[i], value ^ 1));
		show("hole", msr_write(msrs[i], HOLE));
		(void)msr_write(msrs[i], value);
		if (msrs[i] != 0x10) {
			(void)msr_read(msrs[i], &now);
			show("as before", now == value);
		}
	}
}
