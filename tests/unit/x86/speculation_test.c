/* SPDX-License-Identifier: MIT */
/* What is done against speculation on processors that exist. */
#include "pv_fake.h"
#include "x86/cpu.h"

#define BIT(n) (1ul << (n))
#define IBRS   1ul
#define STIBP  2ul
#define BHI    0x400ul

/* IBRS and IBPB, STIBP, ARCH_CAPS, SSBD; and MD_CLEAR. */
#define INTEL_D    (BIT(26) | BIT(27) | BIT(29) | BIT(31))
#define MD_CLEAR   BIT(10)
#define RTM        BIT(11)
#define AMD_B      (BIT(12) | BIT(14) | BIT(15) | BIT(17))
#define CAPS_SAFE  (BIT(0) | BIT(1) | BIT(3) | BIT(5)) /* Cascade Lake */
#define CAPS_NEWER (CAPS_SAFE | BIT(8) | BIT(13) | BIT(14) | BIT(15))

static const struct {
	const char *name;
	struct speculation_facts facts;
	struct cpu_features want;
} processors[] = {
	{ "Nehalem, old microcode", { 0 }, { .guests_refused = true } },
	{ "Nehalem in a virtual machine", { .virtual_machine = true }, { 0 } },
	{ "Skylake server",
	  { .leaf7_b = RTM, .leaf7_d = INTEL_D | MD_CLEAR, .arch_caps = 0 },
	  { .spec_ctrl = STIBP,
	    .ibpb = true,
	    .verw = true,
	    .guests_refused = true } },
	{ "Cascade Lake, TSX to be switched off",
	  { .leaf7_b = RTM,
	    .leaf7_d = INTEL_D | MD_CLEAR,
	    .arch_caps = CAPS_SAFE | BIT(7) | BIT(17) },
	  { .spec_ctrl = IBRS | STIBP,
	    .ibpb = true,
	    .verw = true, /* stale data of MMIO */
	    .tsx_off = true } },
	{ "Cascade Lake, TSX only to be cleaned up after",
	  { .leaf7_b = RTM,
	    .leaf7_d = INTEL_D | MD_CLEAR,
	    .arch_caps = CAPS_SAFE },
	  { .spec_ctrl = IBRS | STIBP, .ibpb = true, .verw = true } },
	{ "Sapphire Rapids",
	  { .leaf7_b = RTM,
	    .leaf7_d = INTEL_D | MD_CLEAR,
	    .leaf7_2_d = BIT(4),
	    .arch_caps = CAPS_NEWER },
	  { .spec_ctrl = IBRS | STIBP | BHI, .ibpb = true } },
	{ "one that has no history to be injected",
	  { .leaf7_d = INTEL_D | MD_CLEAR,
	    .leaf7_2_d = BIT(4),
	    .arch_caps = CAPS_NEWER | BIT(20) },
	  { .spec_ctrl = IBRS | STIBP, .ibpb = true } },
	{ "Gracemont, files of registers to be cleared",
	  { .leaf7_d = INTEL_D | MD_CLEAR, .arch_caps = CAPS_NEWER | BIT(28) },
	  { .spec_ctrl = IBRS | STIBP, .ibpb = true, .verw = true } },
	{ "Zen 1, no microcode", { .amd = true }, { 0 } },
	{ "Zen 2",
	  { .amd = true, .ext8_b = AMD_B },
	  { .spec_ctrl = STIBP, .ibpb = true } },
	{ "Zen 3",
	  { .amd = true, .ext8_b = AMD_B | BIT(16), .ext21_a = BIT(5) },
	  { .spec_ctrl = IBRS | STIBP, .ibpb = true, .verw = true } },
	{ "Zen 4",
	  { .amd = true, .ext8_b = AMD_B, .ext21_a = BIT(8) | BIT(5) },
	  { .efer = EFER_AIBRSE,
	    .spec_ctrl = STIBP,
	    .ibpb = true,
	    .verw = true } },
	{ "Zen 5",
	  { .amd = true,
	    .ext8_b = AMD_B,
	    .ext21_a = BIT(8) | BIT(5),
	    .ext21_c = 6 },
	  { .efer = EFER_AIBRSE, .spec_ctrl = STIBP, .ibpb = true } },
};

static void test_processors(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(processors); i++) {
		const struct cpu_features *want = &processors[i].want;
		struct cpu_features f = { 0 };

		speculation_choose(&f, &processors[i].facts);
		if (f.spec_ctrl == want->spec_ctrl && f.efer == want->efer &&
		    f.ibpb == want->ibpb && f.verw == want->verw &&
		    f.tsx_off == want->tsx_off &&
		    f.guests_refused == want->guests_refused)
			continue;
		printf("%s: control %lx, EFER %lx, ibpb %d, verw %d, TSX off "
		       "%d, refused %d\n",
		       processors[i].name, f.spec_ctrl, f.efer, f.ibpb, f.verw,
		       f.tsx_off, f.guests_refused);
		check(false);
	}
}

int main(void)
{
	test_processors();
	puts("ok");
	return 0;
}
