/* SPDX-License-Identifier: MIT */
/*
 * What processors do ahead of time leaves traces; this keeps those of one
 * domain, and of the hypervisor, from others. speculation_choose() says what,
 * from what the processor says of itself; the same is done on all.
 *
 * Ring 0's branches are its own where the processor sees to that once it is
 * asked (enhanced or automatic IBRS). Between vCPUs predictors are emptied
 * (IBPB), returns too. VERW clears buffers that others could sample, last on
 * the way to a guest and before idling. Who has Meltdown or L1TF could read
 * all memory: no guests, unless the administrator wants them (SP-1); in a
 * virtual machine that is for the machine's owner to know.
 *
 * Not there: retpolines and what else processors need that have no such IBRS
 * (a line of the log says so), SRSO, scheduling by cores.
 *
 * [SDM4 "MSRs", SDM2 "CPUID", APM2 "Speculation Control MSRs"]
 */
#include "boot/boot.h"
#include "lib/string.h"
#include "x86/cpu.h"

#define BIT(n) (1ul << (n))

/* MSR_SPEC_CTRL. */
#define IBRS      BIT(0)
#define STIBP     BIT(1)
#define BHI_DIS_S BIT(10)
/* MSR_ARCH_CAPS. */
#define RDCL_NO    BIT(0) /* neither Meltdown nor L1TF */
#define IBRS_ALL   BIT(1)
#define MDS_NO     BIT(5)
#define TSX_CTRL   BIT(7)
#define TAA_NO     BIT(8)
#define MMIO_NO    (7 * BIT(13))
#define FB_CLEAR   BIT(17)
#define BHI_NO     BIT(20)
#define RFDS_NO    BIT(27)
#define RFDS_CLEAR BIT(28)

static bool buffers_leak(const struct speculation_facts *facts, bool tsx_off)
{
	uint64_t caps = facts->arch_caps;
	bool taa = (facts->leaf7_b & BIT(11)) && !(caps & TAA_NO) && !tsx_off;

	if (facts->amd) /* TSA; which of both parts are not there */
		return (facts->ext21_a & BIT(5)) && (facts->ext21_c & 6) != 6;
	if ((facts->leaf7_d & BIT(10)) && (!(caps & MDS_NO) || taa))
		return true;
	return ((caps & FB_CLEAR) && (caps & MMIO_NO) != MMIO_NO) ||
	       ((caps & RFDS_CLEAR) && !(caps & RFDS_NO));
}

void speculation_choose(struct cpu_features *f,
			const struct speculation_facts *facts)
{
	uint64_t caps = facts->arch_caps;
	bool always = facts->amd ? facts->ext8_b & BIT(16) : caps & IBRS_ALL;
	bool stibp =
		facts->amd ? facts->ext8_b & BIT(15) : facts->leaf7_d & BIT(27);
	bool bhi =
		!facts->amd && (facts->leaf7_2_d & BIT(4)) && !(caps & BHI_NO);
	bool automatic = facts->amd && (facts->ext21_a & BIT(8));

	f->spec_ctrl = (always && !automatic ? IBRS : 0) | (stibp ? STIBP : 0) |
		       (bhi ? BHI_DIS_S : 0);
	f->efer |= automatic ? EFER_AIBRSE : 0;
	f->ibpb =
		facts->amd ? facts->ext8_b & BIT(12) : facts->leaf7_d & BIT(26);
	f->tsx_off = !facts->amd && (caps & TSX_CTRL);
	f->verw = buffers_leak(facts, f->tsx_off);
	f->guests_refused =
		!facts->amd && !(caps & RDCL_NO) && !facts->virtual_machine;
}

#ifndef TENON_HOSTED
static struct speculation_facts read_facts(void)
{
	struct cpuid_result vendor = cpuid(0, 0), seven = { 0 }, ext = { 0 };
	uint32_t extended = cpuid(0x80000000, 0).a;
	struct speculation_facts facts = {
		/* "Auth", and Hygon's "Hygo". */
		.amd = vendor.b == 0x68747541 || vendor.b == 0x6f677948,
		.virtual_machine = cpuid(1, 0).c >> 31,
	};

	if (vendor.a >= 7)
		seven = cpuid(7, 0);
	facts.leaf7_b = seven.b;
	facts.leaf7_d = seven.d;
	if (seven.a >= 2)
		facts.leaf7_2_d = cpuid(7, 2).d;
	if (extended >= 0x80000008)
		facts.ext8_b = cpuid(0x80000008, 0).b;
	if (extended >= 0x80000021)
		ext = cpuid(0x80000021, 0);
	facts.ext21_a = ext.a;
	facts.ext21_c = ext.c;
	if (!facts.amd && (seven.d & BIT(29)))
		facts.arch_caps = rdmsr(MSR_ARCH_CAPS);
	return facts;
}

/* A word in memory: only that form of VERW clears anything. */
static const uint16_t verw_selector = HYPERVISOR_DS;
extern uint8_t exit_verw_sysret[], exit_verw_iretq[];

static void patch_verw(uint8_t *site)
{
	static const uint8_t opcode[3] = { 0x0f, 0x00, 0x2d };
	int32_t distance =
		(int32_t)((const uint8_t *)&verw_selector -
			  (site + sizeof(opcode) + sizeof(distance)));

	memcpy(site, opcode, sizeof(opcode));
	memcpy(site + sizeof(opcode), &distance, sizeof(distance));
}

void speculation_init(void)
{
	struct cpu_features *f = &cpu_features;
	struct speculation_facts facts = read_facts();

	if (!options.spec_off)
		speculation_choose(f, &facts);
	f->verw |= options.spec_on;
	if (f->verw) {
		patch_verw(exit_verw_sysret);
		patch_verw(exit_verw_iretq);
	}
	log_info("speculation: %sIBRS%s%s%s%s\n",
		 f->efer & EFER_AIBRSE ? "automatic "
		 : f->spec_ctrl & IBRS ? ""
				       : "no ",
		 f->spec_ctrl & STIBP ? ", STIBP" : "", f->ibpb ? ", IBPB" : "",
		 f->verw ? ", VERW" : "", f->tsx_off ? ", TSX off" : "");
	if (!facts.amd && !(facts.arch_caps & RDCL_NO))
		log_warning("a guest of this processor can read all memory "
			    "(Meltdown, L1TF)%s\n",
			    f->guests_refused ? ": there will be none" : "");
}

void speculation_init_cpu(void)
{
	const struct cpu_features *f = &cpu_features;

	if (f->spec_ctrl) {
		wrmsr(MSR_SPEC_CTRL, f->spec_ctrl);
		if (rdmsr(MSR_SPEC_CTRL) != f->spec_ctrl)
			log_error("CPU %u: speculation control is 0x%lx\n",
				  this_cpu()->id, rdmsr(MSR_SPEC_CTRL));
	}
	if (f->tsx_off)
		wrmsr(MSR_TSX_CTRL, 3); /* neither usable nor in CPUID */
}

void speculation_switch(void)
{
	if (!cpu_features.ibpb)
		return;
	wrmsr(MSR_PRED_CMD, 1);
	/* Some keep returns over that [APM2 "IBPB_RET"]: 32 of our own. */
	__asm__ volatile("mov $32, %%ecx\n"
			 "1: call 2f; int3\n"
			 "2: add $8, %%rsp; dec %%ecx; jnz 1b"
			 :
			 :
			 : "ecx", "memory", "cc");
}

void speculation_idle(void)
{
	if (cpu_features.verw)
		__asm__ volatile("verw %0" : : "m"(verw_selector) : "cc");
}
#endif
