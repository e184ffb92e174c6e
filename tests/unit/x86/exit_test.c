/* SPDX-License-Identifier: MIT */
/*
 * The exit plan over all combinations of addresses, selectors and flags,
 * against what SYSRET does [SDM2 "SYSRET"]; the loop of exit_to_guest().
 */
#include "pv/pv.h"
#include "pv_fake.h"
#include "x86/processor.h"
#include "x86/segments.h"
#include "x86/uaccess.h"

static const uint64_t rips[] = {
	0,
	0x1000,
	0x7ffffffffffe,
	0x7fffffffffff,
	0x800000000000,
	0x800000000001,
	0xffff7fffffffffff,
	HYPERVISOR_START,
	HYPERVISOR_END,
	0xffffffff81000000,
	~0ull,
};

static const uint64_t selectors[] = { 0,    0x10,     0x13,       0x33,
				      0x2b, GUEST_DS, GUEST_CS64, GUEST_CS32 };

static const uint64_t flag_bits[] = {
	RFLAGS_CF, RFLAGS_TF, RFLAGS_DF, RFLAGS_OF,
	RFLAGS_RF, RFLAGS_VM, RFLAGS_AC, RFLAGS_ID,
};

/* As a bounced frame is left. */
static void entered(void)
{
	guest_regs()->rip = 0x1000;
	guest_regs()->rflags = 0x202;
	guest_regs()->cs = GUEST_CS64;
	guest_regs()->ss = GUEST_DS;
	guest_regs()->vector = VECTOR_SYSCALL;
}

static unsigned int events, nmis, faults;

void pv_deliver_event(struct vcpu *v)
{
	events++;
	v->info->evtchn_upcall_mask = 1;
	entered();
}

void pv_deliver_nmi(struct vcpu *v)
{
	nmis++;
	v->nmi_pending = false;
}

void pv_inject(struct vcpu *v, unsigned int vector, uint32_t error)
{
	(void)v;
	check(vector == TRAP_GP && error == 0);
	faults++;
	entered();
}

/* SYSRET would restore this frame but for rcx and r11, and cannot fault. */
static bool sysret_is_exact(const struct cpu_regs *r)
{
	return is_canonical(r->rip) &&
	       r->rflags == ((r->rflags & 0x3c7fd7) | 2) &&
	       r->cs == GUEST_CS64 && r->ss == GUEST_DS;
}

static void check_plan(const struct cpu_regs *r)
{
	enum exit_how how = exit_plan(r);

	check((how == EXIT_BAD_RIP) == !is_canonical(r->rip));
	if (how == EXIT_SYSRET)
		check(sysret_is_exact(r) && r->vector == VECTOR_SYSCALL);
}

static void test_plan(void)
{
	struct cpu_regs r = { 0 };
	unsigned int f, i;

	for (f = 0; f < 1u << ARRAY_SIZE(flag_bits); f++) {
		r.rflags = RFLAGS_FIXED | RFLAGS_IF;
		for (i = 0; i < ARRAY_SIZE(flag_bits); i++)
			r.rflags |= f >> i & 1 ? flag_bits[i] : 0;
		for (i = 0; i < ARRAY_SIZE(rips) * 64; i++) {
			unsigned int k = i / ARRAY_SIZE(rips);

			r.rip = rips[i % ARRAY_SIZE(rips)];
			r.vector = VECTOR_IRET;
			r.cs = selectors[k & 7];
			r.ss = selectors[k >> 3 & 7];
			if (r.cs == GUEST_CS64 && r.ss == GUEST_DS)
				r.vector = VECTOR_SYSCALL;
			check_plan(&r);
			r.vector = TRAP_NMI;
			check_plan(&r);
		}
	}
	/* And the case that matters is taken. */
	r = (struct cpu_regs){ .rip = 0x1000,
			       .rflags = 0x202,
			       .cs = GUEST_CS64,
			       .ss = GUEST_DS,
			       .vector = VECTOR_SYSCALL };
	check(exit_plan(&r) == EXIT_SYSRET);
}

static void test_loop(void)
{
	fake_reset();
	guest_regs()->rip = 0x800000000000;
	guest_regs()->vector = TRAP_NMI;
	fake_vcpu.nmi_pending = true;
	fake_vcpu.info->evtchn_upcall_pending = 1;
	this_cpu()->softirq_pending = 1;
	check(!exit_to_guest());
	check(events == 1 && nmis == 1 && faults == 0);
	check(!this_cpu()->softirq_pending);
	/* Masked: nothing more. And an NMI ends with IRET, until the next one.
	 */
	check(!exit_to_guest());
	check(events == 1 && nmis == 1 && faults == 0);
	entered();
	check(exit_to_guest());
	guest_regs()->rip = 0x800000000000;
	check(exit_to_guest());
	check(faults == 1);
}

int main(void)
{
	test_plan();
	test_loop();
	puts("ok");
	return 0;
}
