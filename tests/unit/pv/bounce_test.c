/* SPDX-License-Identifier: MIT */
/*
 * Frames of guest handlers: layout in every combination, where they land, and
 * that a stack which cannot take one crashes the domain and nothing else
 * (BF-4, BF-5, test T09 of the security model).
 */
#include "pv/pv.h"

#include <string.h>

#include "public/callback.h"
#include "pv_fake.h"
#include "x86/cpu.h"

#define HANDLER 0xffffffff81001000ull
#define STACK   0x200000ull

static struct cpu_regs sample(void)
{
	return (struct cpu_regs){ .r11 = 11,
				  .rcx = 12,
				  .rip = 0x401000,
				  .cs = GUEST_CS64,
				  .rflags = RFLAGS_FIXED | RFLAGS_IF |
					    RFLAGS_TF | RFLAGS_DF | RFLAGS_AC,
				  .rsp = STACK + 0xff8,
				  .ss = GUEST_DS };
}

static void setup(uint64_t sp, bool in_kernel)
{
	fake_reset();
	fake_vcpu.in_kernel = in_kernel;
	fake_vcpu.kernel_sp = sp;
	fake_vcpu.trap[TRAP_UD].address = HANDLER;
	fake_vcpu.trap[TRAP_PF].address = HANDLER;
	fake_vcpu.trap[TRAP_PF].flags = 4;
	*guest_regs() = sample();
	if (in_kernel)
		guest_regs()->rsp = sp;
}

static void check_entered(uint64_t sp)
{
	const struct cpu_regs *r = guest_regs();

	if (fake_crashes)
		puts(fake_crash_text);
	check(!fake_crashes && fake_vcpu.in_kernel);
	check(r->rip == HANDLER && r->rsp == sp);
	check(r->cs == GUEST_CS64 && r->ss == GUEST_DS);
	check((r->rflags & (RFLAGS_IF | RFLAGS_FIXED)) ==
	      (RFLAGS_IF | RFLAGS_FIXED));
	check(!(r->rflags & (RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_AC)));
}

/* extra: words between r11 and rip; 1 is an error code, 4 are selectors. */
static void check_layout(bool from_kernel, bool masked, unsigned int extra)
{
	static const uint64_t words[4] = { 0x55, 2, 3, 4 };
	uint64_t w[11], sp = STACK + 0xff0 - 8 * (7 + extra);
	struct cpu_regs r;
	unsigned int i = 2;
	uint8_t *stack;

	setup(STACK + 0xff8, from_kernel);
	stack = fake_map(STACK, 0x1000, true);
	r = *guest_regs();
	fake_vcpu.info->evtchn_upcall_mask = masked;
	fake_vcpu.trap[TRAP_GP].address = HANDLER;
	fake_vcpu.callback[CALLBACKTYPE_failsafe] = HANDLER;
	if (extra == 4)
		pv_deliver_failsafe(&fake_vcpu, words);
	else
		pv_inject(&fake_vcpu, extra ? TRAP_GP : TRAP_UD, 0x55);
	check_entered(sp);
	check(fake_vcpu.info->evtchn_upcall_mask == masked);
	memcpy(w, stack + (sp - STACK), 8 * (7 + extra));
	check(w[0] == 12 && w[1] == 11);
	for (unsigned int k = 0; k < extra; k++)
		check(w[i++] == words[k]);
	check(w[i++] == r.rip);
	check((uint32_t)w[i] == (from_kernel ? 0xe030u : 0xe033u));
	check(w[i++] >> 32 == masked);
	check(!!(w[i] & RFLAGS_IF) == !masked && !(w[i] & RFLAGS_IOPL));
	check((w[i] | RFLAGS_IF) == r.rflags);
	i++;
	check(w[i++] == r.rsp && w[i++] == r.ss && i == 7 + extra);
}

static void test_delivery(void)
{
	uint8_t *stack;
	uint64_t word;

	for (int kernel = 0; kernel < 2; kernel++) {
		setup(STACK + 0xff8, kernel);
		stack = fake_map(STACK, 0x1000, true);
		pv_inject(&fake_vcpu, TRAP_UD, 0);
		check_entered(STACK + 0xff0 - 56);
		memcpy(&word, stack + 0xff0 - 56 + 16, 8);
		check(word == 0x401000);

		setup(STACK + 0xff8, kernel);
		stack = fake_map(STACK, 0x1000, true);
		pv_inject_page_fault(&fake_vcpu, 0xdead000, 3);
		check_entered(STACK + 0xff0 - 64);
		check(fake_vcpu.info->arch.cr2 == 0xdead000);
		check(fake_vcpu.info->evtchn_upcall_mask == 1);
		memcpy(&word, stack + 0xff0 - 64 + 16, 8);
		check(word == (kernel ? 3 : 7));
	}
}

/* Every 8 bytes around each edge: delivered whole, or crashed. */
static void test_stack_edges(void)
{
	static const uint64_t edges[] = { 0,
					  STACK,
					  STACK + 0x1000,
					  GUEST_LOW_END,
					  HYPERVISOR_START,
					  HYPERVISOR_END,
					  0xffff7fffffffffff };
	uint8_t *before, *after;

	for (unsigned int e = 0; e < ARRAY_SIZE(edges); e++) {
		for (int64_t d = -256; d <= 256; d += 8) {
			uint64_t sp = edges[e] + (uint64_t)d;

			setup(sp, d & 8);
			before = fake_map(STACK - 0x1000, 0x1000, false);
			after = fake_map(STACK, 0x1000, true);
			pv_inject(&fake_vcpu, TRAP_UD, 0);
			sp = (sp & ~15ull) - 56;
			if (sp - STACK <= 0x1000 - 56)
				check_entered(sp);
			else
				check(fake_crashes == 1);
			for (unsigned int i = 0; i < 0x1000; i++)
				check(!before[i] &&
				      (STACK + i >= sp || !after[i]));
		}
	}
}

static void test_no_handler(void)
{
	setup(STACK + 0x800, true);
	fake_map(STACK, 0x1000, true);
	pv_inject(&fake_vcpu, TRAP_GP, 0);
	check(fake_crashes == 1);
	pv_deliver_event(&fake_vcpu);
	check(fake_crashes == 2);
	pv_deliver_nmi(&fake_vcpu); /* nobody listens: ignored */
	check(fake_crashes == 2);
	check(guest_regs()->rip == 0x401000);
}

int main(void)
{
	for (unsigned int i = 0; i < 4; i++) {
		check_layout(i & 1, i & 2, 0);
		check_layout(i & 1, i & 2, 1);
		check_layout(i & 1, i & 2, 4);
	}
	test_delivery();
	test_stack_edges();
	test_no_handler();
	puts("ok");
	return 0;
}
