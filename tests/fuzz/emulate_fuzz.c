/* SPDX-License-Identifier: MIT */
/*
 * Faults of a guest: the decoder, the emulation of privileged instructions and
 * of page-table stores, and the delivery of exceptions. Input: the registers,
 * flags of the trap table, which four faults, their address, then code, put at
 * the end of what the guest can read or before.
 *
 * Besides what the sanitizers see: nothing but the guest's own registers, its
 * stack and its tables changes, that is: the hypervisor goes on, with a frame
 * that goes back to the guest.
 */
#include <string.h>

#include "check.h"
#include "input.h"
#include "pv/pv.h"
#include "whole.h"
#include "x86/cpu.h"

/* Values that instructions are often about. */
static uint64_t register_value(struct input *in)
{
	uint8_t how = input_byte(in);

	if (how < 64)
		return how;
	if (how < 128)
		return WINDOW + how * 128u;
	if (how < 160)
		return 0xc0000080u + how - 128;
	return input_word(in);
}

static void registers(struct input *in, struct vcpu *v, struct cpu_regs *r)
{
	uint64_t *general = &r->r15;
	uint8_t flags = input_byte(in);

	for (unsigned int i = 0; i < 15; i++)
		general[i] = register_value(in);
	r->rip = WINDOW + WINDOW_SIZE / 2 + input_byte(in);
	r->cs = flags & 4 ? GUEST_CS32 : GUEST_CS64;
	r->ss = GUEST_DS;
	r->rsp = flags & 8 ? WINDOW + WINDOW_SIZE : register_value(in);
	r->rflags = RFLAGS_FIXED | RFLAGS_IF | (flags & 16 ? RFLAGS_TF : 0);
	v->in_kernel = flags & 1;
	v->iopl = flags >> 5 & 3;
	v->kernel_sp = WINDOW + 0x1000;
	v->kernel_ss = GUEST_DS;
}

static void fault(uint8_t which, uint64_t value, struct vcpu *v,
		  struct cpu_regs *r)
{
	r->error_code = which >> 4;
	switch (which % 6) {
	case 0:
	case 1:
		r->error_code = 0;
		pv_general_protection(v, r);
		break;
	case 2:
		pv_invalid_opcode(v, r);
		break;
	case 3:
		whole_cr2 = value;
		pv_page_fault(v, r);
		break;
	case 4:
		pv_device_not_available(v, r);
		break;
	case 5:
		pv_debug(v, value);
		break;
	}
}

static void check_frame(const struct vcpu *v, const struct cpu_regs *r)
{
	if (v->domain->shut_down)
		return; /* it never goes back */
	FUZZ_CHECK((r->cs & 3) == 3 && (r->ss & 3) == 3);
	FUZZ_CHECK(r->rflags & RFLAGS_IF);
	FUZZ_CHECK(!(r->rflags & (RFLAGS_IOPL | RFLAGS_NT | RFLAGS_VM)));
	FUZZ_CHECK(!this_cpu()->lock_ranks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cpu_regs *r = guest_regs();
	struct input in = { data, size };
	uint8_t which[4];
	uint64_t value;
	struct vcpu *v;
	size_t room;

	whole_begin();
	FUZZ_CHECK(whole_be(1, 0));
	v = current_vcpu();
	registers(&in, v, r);
	for (unsigned int i = 0; i < 32; i++) {
		v->trap[i].address = i % 5 ? WINDOW : 0;
		v->trap[i].cs = GUEST_CS64;
		v->trap[i].flags = (uint8_t)(input_byte(&in) & 7);
	}
	v->callback[0] = v->callback[1] = WINDOW;
	v->kernel_root = mfn_of(whole_frame(1, 0)); /* nothing walks it */
	for (unsigned int i = 0; i < ARRAY_SIZE(which); i++)
		which[i] = input_byte(&in);
	value = register_value(&in);
	room = WINDOW_SIZE - (r->rip - WINDOW);
	room = in.left < room ? in.left : room;
	if (which[0] & 8) /* up to the last byte there is */
		r->rip = WINDOW + WINDOW_SIZE - room;
	memcpy(whole_window + (r->rip - WINDOW), in.next, room);
	for (unsigned int i = 0; i < 4 && !v->domain->shut_down; i++) {
		fault(which[i], value, v, r);
		check_frame(v, r);
	}
	v->kernel_root = INVALID_MFN;
	FUZZ_CHECK(whole_end());
	return 0;
}
