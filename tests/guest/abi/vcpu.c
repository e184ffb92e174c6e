/* SPDX-License-Identifier: MIT */
/*
 * vCPUs: 1 comes up and goes down, 3 is never started, 2 is the kit's.
 */
#include "abi.h"

#include <public/sched.h>
#include <public/vcpu.h>
#include <pvguest/time.h>

static struct vcpu_guest_context context;

void property_vcpu_errors(void)
{
	static uint8_t buffer[8192];

	for (unsigned int op = 0; op < 16; op++) {
		pv_printf("operation %u ", op);
		show("no vCPU", vcpu_op(op, 4, buffer));
		show("no vCPU", vcpu_op(op, 128, buffer));
		show("no vCPU", vcpu_op(op, ~0U, buffer));
	}
	show("initialise from nowhere", vcpu_op(VCPUOP_initialise, 3, NOWHERE));
	show("up before", vcpu_op(VCPUOP_up, 3, NULL));
	show("down before", vcpu_op(VCPUOP_down, 3, NULL));
	show("is up", vcpu_op(VCPUOP_is_up, 3, NULL));
	show("up of the caller", vcpu_op(VCPUOP_up, 0, NULL));
	show("is the caller up", vcpu_op(VCPUOP_is_up, 0, NULL));
	show("initialise the caller", vcpu_op(VCPUOP_initialise, 0, &context));
	show("physical id", vcpu_op(VCPUOP_get_physid, 0, buffer));
}

static volatile uint64_t rounds, start_flags, start_cr4, start_mask;
static volatile uint16_t start_sel[6];

static void vcpu_main(uint64_t id)
{
	uint64_t flags, cr4;
	uint16_t s[6];

	__asm__ volatile("pushfq; pop %0; mov %%cr4, %1"
			 : "=r"(flags), "=r"(cr4));
	__asm__ volatile("mov %%cs, %0; mov %%ss, %1; mov %%ds, %2;"
			 "mov %%es, %3; mov %%fs, %4; mov %%gs, %5"
			 : "=r"(s[0]), "=r"(s[1]), "=r"(s[2]), "=r"(s[3]),
			   "=r"(s[4]), "=r"(s[5]));
	start_flags = flags;
	start_cr4 = cr4;
	start_mask = pv_shared_info->vcpu_info[id].evtchn_upcall_mask;
	for (unsigned int i = 0; i < 6; i++)
		start_sel[i] = s[i];
	for (;;) {
		__atomic_fetch_add(&rounds, 1, __ATOMIC_SEQ_CST);
		(void)vcpu_op(VCPUOP_down, (unsigned int)id, NULL);
	}
}

static bool is_down(unsigned int id)
{
	for (unsigned int i = 0; i < 1000000; i++) {
		if (vcpu_op(VCPUOP_is_up, id, NULL) == 0)
			return true;
		(void)sched_op(SCHEDOP_yield, NULL);
	}
	return false;
}

/* A vCPU's life: initialised once, up, down by itself, up again after that. */
void property_vcpu_life(void)
{
	cpu_context(&context, 1, vcpu_main);
	context.user_regs.rflags = 0x1000;
	show("initialise", vcpu_op(VCPUOP_initialise, 1, &context));
	show("again", vcpu_op(VCPUOP_initialise, 1, &context));
	show("is up", vcpu_op(VCPUOP_is_up, 1, NULL));
	show("up", vcpu_op(VCPUOP_up, 1, NULL));
	show("goes down", is_down(1));
	show("rounds", (long)rounds);
	show_hex("flags", start_flags & 0x277f00);
	show_hex("cr4", start_cr4);
	show("masked", (long)start_mask);
	for (unsigned int i = 0; i < 6; i++)
		show_hex("selector", start_sel[i]);
	show("up again", vcpu_op(VCPUOP_up, 1, NULL));
	show("goes down", is_down(1));
	show("rounds", (long)rounds);
	show("down when down", vcpu_op(VCPUOP_down, 1, NULL));
	show("initialise", vcpu_op(VCPUOP_initialise, 1, &context));
}

static void spin(void)
{
	__atomic_fetch_add(&rounds, 1, __ATOMIC_SEQ_CST);
}

/* Another vCPU can be stopped from outside. */
void property_vcpu_stopped(void)
{
	uint64_t before;

	show("start", cpu_start(2, spin));
	rounds = 0;
	while (!rounds)
		(void)sched_op(SCHEDOP_yield, NULL);
	show("up when up", vcpu_op(VCPUOP_up, 2, NULL));
	show("down", vcpu_op(VCPUOP_down, 2, NULL));
	show("is up", vcpu_op(VCPUOP_is_up, 2, NULL));
	/* It may take a moment until it does, but then it does. */
	do {
		before = rounds;
		for (unsigned int i = 0; i < 100; i++)
			(void)sched_op(SCHEDOP_yield, NULL);
	} while (rounds != before);
	show("stands", rounds == before);
	show("up", vcpu_op(VCPUOP_up, 2, NULL));
	while (rounds == before)
		(void)sched_op(SCHEDOP_yield, NULL);
	show("goes on", rounds > before);
	cpu_stop(2);
}

void property_vcpu_context_errors(void)
{
	static const struct {
		const char *name;
		size_t offset;
		uint64_t value;
	} bad[] = {
#define FIELD(field, value)                                                    \
	{ #field, offsetof(struct vcpu_guest_context, field), value }
		FIELD(ctrlreg[3], 0),
		FIELD(ctrlreg[3], 1UL << 50),
		FIELD(user_regs.rip, HOLE),
		FIELD(fs_base, HOLE),
		FIELD(gs_base_kernel, HOLE),
		FIELD(gs_base_user, HOLE),
		FIELD(event_callback_eip, HOLE),
		FIELD(failsafe_callback_eip, HOLE),
		FIELD(syscall_callback_eip, HOLE),
		FIELD(gdt_ents, 7169),
		FIELD(ldt_ents, 8193),
		FIELD(flags, 0),
		FIELD(user_regs.rip, HYPERVISOR_START),
#undef FIELD
	};

	for (unsigned int i = 0; i < COUNT(bad); i++) {
		cpu_context(&context, 3, vcpu_main);
		memcpy((uint8_t *)&context + bad[i].offset, &bad[i].value, 8);
		pv_printf("%s %lx ", bad[i].name, bad[i].value);
		show("initialise", vcpu_op(VCPUOP_initialise, 3, &context));
	}
}

/* vcpu_info ---------------------------------------------------------------*/

static long register_info(unsigned int id, uint64_t mfn, uint32_t offset)
{
	struct vcpu_register_vcpu_info op = { .mfn = mfn, .offset = offset };

	return vcpu_op(VCPUOP_register_vcpu_info, id, &op);
}

/* On vCPU 1, which is down; errors first. */
void property_register_vcpu_info(void)
{
	static struct vcpu_info place[2] __attribute__((aligned(4096)));
	uint64_t mfn = pv_va_to_mfn(place);
	uint64_t *readonly = table_page();
	struct vcpu_info *old = &pv_shared_info->vcpu_info[1];

	show("crosses the page", register_info(1, mfn, 4096 - 32));
	show("beyond the page", register_info(1, mfn, 4096));
	show("misaligned", register_info(1, mfn, 4));
	show("aligned by 8", register_info(3, mfn, 72));
	show("no frame", register_info(1, 1UL << 38, 0));
	show("others' frame", register_info(1, 0x100, 0));
	(void)pin(1, readonly);
	show("table", register_info(1, pv_va_to_mfn(readonly), 0));
	(void)unpin(readonly);
	show("nowhere", vcpu_op(VCPUOP_register_vcpu_info, 1, NOWHERE));
	old->evtchn_upcall_mask = 1;
	old->arch.cr2 = 0x4321;
	place[0].arch.cr2 = 7;
	show("register", register_info(1, mfn, 0));
	show_hex("cr2", place[0].arch.cr2);
	show("mask", place[0].evtchn_upcall_mask);
	show("pending", place[0].evtchn_upcall_pending);
	show_hex("selector", place[0].evtchn_pending_sel);
	show("again", register_info(1, mfn, 0));
	show("of vCPU 0 again", register_info(0, mfn, 64));
	table_free(readonly);
}

/* Run state ---------------------------------------------------------------*/

void property_runstate(void)
{
	struct vcpu_runstate_info info = { 0 };
	uint64_t sum = 0, now;

	show("get", vcpu_op(VCPUOP_get_runstate_info, 0, &info));
	now = pv_time_ns() + 100000000; /* clocks of processors may differ */
	show("state", info.state);
	for (unsigned int i = 0; i < 4; i++)
		sum += info.time[i];
	show("entered in the past", info.state_entry_time <= now);
	show("sum is not more than the time", sum <= now);
	show("has run", info.time[RUNSTATE_running] > 0);
	show("of vCPU 3", vcpu_op(VCPUOP_get_runstate_info, 3, &info));
	show("state", info.state);
	show("never ran", info.time[RUNSTATE_running] == 0);
	show("of vCPU 1", vcpu_op(VCPUOP_get_runstate_info, 1, &info));
	show("state", info.state);
	show("has run", info.time[RUNSTATE_running] > 0);
	show("nowhere", vcpu_op(VCPUOP_get_runstate_info, 0, NOWHERE));
}

void property_runstate_area(void)
{
	static volatile struct vcpu_runstate_info area;
	struct vcpu_register_runstate_memory_area op = { .addr.p = 0 };
	uint64_t blocked;

	op.addr.v = (struct vcpu_runstate_info *)&area;
	show("register", vcpu_op(VCPUOP_register_runstate_memory_area, 0, &op));
	show("state", area.state);
	show("filled", area.state_entry_time != 0);
	blocked = area.time[RUNSTATE_blocked];
	/* One sleep may be over before it begins. */
	for (unsigned int i = 0; i < 100; i++)
		if (area.time[RUNSTATE_blocked] == blocked)
			pv_sleep_ns(5000000);
	show("state", area.state);
	show("slept", area.time[RUNSTATE_blocked] > blocked);
	show("no update", !(area.state_entry_time & XEN_RUNSTATE_UPDATE));
	op.addr.p = HYPERVISOR_START;
	show("hypervisor's",
	     vcpu_op(VCPUOP_register_runstate_memory_area, 0, &op));
	op.addr.v = NOWHERE;
	show("not mapped",
	     vcpu_op(VCPUOP_register_runstate_memory_area, 0, &op));
	show("nowhere",
	     vcpu_op(VCPUOP_register_runstate_memory_area, 0, NOWHERE));
	op.addr.v = (struct vcpu_runstate_info *)&area;
	show("of vCPU 1",
	     vcpu_op(VCPUOP_register_runstate_memory_area, 1, &op));
	show("state", area.state);
	op.addr.v = NULL;
	(void)vcpu_op(VCPUOP_register_runstate_memory_area, 1, &op);
	show("none", vcpu_op(VCPUOP_register_runstate_memory_area, 0, &op));
}
