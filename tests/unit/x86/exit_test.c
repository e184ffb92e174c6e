/* SPDX-License-Identifier: MIT */
/* What comes before a guest goes on: one thing at a time, and in which order.
 */
#include "pv/pv.h"
#include "pv_fake.h"

static unsigned int events, nmis, faults;

/* As a bounced frame is left. */
static void entered(void)
{
	guest_regs()->rip = 0x1000;
	guest_regs()->vector = VECTOR_SYSCALL;
}

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
	v->nmi_masked = true;
	entered();
}

void pv_inject(struct vcpu *v, unsigned int vector, uint32_t error)
{
	(void)v;
	check(vector == TRAP_GP && error == 0);
	faults++;
	entered();
}

static void check_done(unsigned int events_now, unsigned int nmis_now,
		       unsigned int faults_now)
{
	exit_work();
	check(!this_cpu()->softirq_pending);
	check(events == events_now && nmis == nmis_now && faults == faults_now);
}

static void test_order(void)
{
	fake_reset();
	guest_regs()->rip = 0x800000000000;
	fake_vcpu.nmi_pending = true;
	fake_vcpu.info->evtchn_upcall_pending = 1;
	this_cpu()->softirq_pending = 1;
	check_done(0, 0, 0);
	check_done(0, 1, 0);
	check_done(1, 1, 0);
	fake_vcpu.nmi_pending = true; /* and masked, as events are */
	check_done(1, 1, 0);
	guest_regs()->rip = 0x800000000000;
	check_done(1, 1, 1);
	check(guest_regs()->vector == VECTOR_SYSCALL);
}

/* An NMI ends with IRET, whatever is done before. */
static void test_nmi(void)
{
	fake_reset();
	guest_regs()->vector = TRAP_NMI;
	fake_vcpu.info->evtchn_upcall_pending = 1;
	exit_work();
	check(guest_regs()->rip == 0x1000);
	check(guest_regs()->vector == TRAP_NMI);
}

int main(void)
{
	test_order();
	test_nmi();
	puts("ok");
	return 0;
}
