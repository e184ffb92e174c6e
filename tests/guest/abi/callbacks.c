/* SPDX-License-Identifier: MIT */
/*
 * Entry points: callback_op, events, NMIs, system calls.
 */
#include "abi.h"

#include <public/callback.h>
#include <public/event_channel.h>
#include <public/nmi.h>
#include <public/sched.h>
#include <public/vcpu.h>

/* A stub whose frame the handler of vector 15 sees. */
#define SEEN ((unsigned long)pv_trap_stubs + 16 * 15)

static long register_at(unsigned int type, unsigned int flags, uint64_t address)
{
	struct callback_register op = { .type = (uint16_t)type,
					.flags = (uint16_t)flags,
					.address = address };

	return call2(__HYPERVISOR_callback_op, CALLBACKOP_register, &op);
}

static long unregister(unsigned int type)
{
	struct callback_unregister op = { .type = (uint16_t)type };

	return call2(__HYPERVISOR_callback_op, CALLBACKOP_unregister, &op);
}

static void restore(void)
{
	(void)register_at(CALLBACKTYPE_event, CALLBACKF_mask_events,
			  PV_ARG(pv_upcall_entry));
	(void)register_at(CALLBACKTYPE_failsafe, CALLBACKF_mask_events,
			  PV_ARG(pv_failsafe_entry));
}

void property_callback_op(void)
{
	for (unsigned int type = 0; type < 10; type++) {
		pv_printf("type %u ", type);
		show("register", register_at(type, 0, SEEN));
		show("flags", register_at(type, 0xffff, SEEN));
		show("hole", register_at(type, 0, HOLE));
		show("hypervisor", register_at(type, 0, HYPERVISOR_START));
		show("nothing", register_at(type, 0, 0));
		show("unregister", unregister(type));
		show("again", unregister(type));
	}
	restore();
	show("unknown", call2(__HYPERVISOR_callback_op, 2, NOWHERE));
	show("nowhere", call2(__HYPERVISOR_callback_op, 0, NOWHERE));
}

void property_set_callbacks(void)
{
	show("set", pv_hypercall3(__HYPERVISOR_set_callbacks, SEEN, SEEN, 0));
	show("hole", pv_hypercall3(__HYPERVISOR_set_callbacks, HOLE, SEEN, 0));
	show("hole", pv_hypercall3(__HYPERVISOR_set_callbacks, SEEN, HOLE, 0));
	show("hole",
	     pv_hypercall3(__HYPERVISOR_set_callbacks, SEEN, SEEN, HOLE));
	(void)unregister(CALLBACKTYPE_syscall);
	restore();
}

static volatile int entered;
static volatile uint8_t mask_inside;
static uint64_t landing;

/* Events stay masked on the way back. */
static bool on_entry(struct pv_trap_frame *f, uint64_t address)
{
	(void)address;
	entered++;
	mask_inside = pv_vcpu_info()->evtchn_upcall_mask;
	fault.rip = f->rip - landing;
	fault.cs = f->cs;
	fault.rflags = f->rflags;
	fault.ss = f->ss;
	fault.frame = (uint64_t)&f->rip;
	fault.rsp = f->rsp;
	pv_vcpu_info()->evtchn_upcall_pending = 0;
	f->rflags &= ~FLAG_IF;
	return true;
}

static void show_entry(void)
{
	show("entered", entered);
	show("masked inside", mask_inside);
	show_hex("cs", fault.cs & 0xffffffff);
	show("mask before", (long)(fault.cs >> 32));
	show_hex("flags", fault.rflags & 0x277700);
	show_hex("ss", fault.ss);
	show("frame below the stack",
	     (long)((fault.rsp & ~15UL) - fault.frame));
	show("mask after", pv_vcpu_info()->evtchn_upcall_mask);
	entered = 0;
}

/* A hypercall whose return address is `landing`. */
static void empty_call(void)
{
	uint64_t rax = __HYPERVISOR_xen_version;

	__asm__ volatile("lea 1f(%%rip), %%rcx; mov %%rcx, %1; syscall\n1:"
			 : "+a"(rax), "=m"(landing)
			 : "D"(0UL), "S"(0UL)
			 : "rcx", "r11", "memory");
}

void property_event_upcall(void)
{
	for (unsigned int flags = 0; flags < 2; flags++) {
		pv_trap_set_handler(15, on_entry);
		show("register", register_at(CALLBACKTYPE_event, flags, SEEN));
		pend();
		pv_vcpu_info()->evtchn_upcall_mask = 1;
		empty_call();
		show("masked", entered);
		pv_vcpu_info()->evtchn_upcall_mask = 0;
		empty_call();
		show("after the call", (long)fault.rip);
		show_entry();
		pv_vcpu_info()->evtchn_upcall_mask = 0;
		empty_call();
		show("nothing pending", entered);
	}
	pv_vcpu_info()->evtchn_upcall_mask = 1;
	restore();
}

/* The result of the call that an upcall comes after is not lost. */
void property_upcall_result(void)
{
	long rc;

	pv_trap_set_handler(15, on_entry);
	(void)register_at(CALLBACKTYPE_event, 0, SEEN);
	pend();
	rc = pv_hypercall2(__HYPERVISOR_xen_version, 99, 0);
	show("result", rc);
	show("entered", entered);
	pend();
	rc = sched_op(SCHEDOP_block, NULL);
	show("block", rc);
	show("entered", entered);
	entered = 0;
	restore();
}

static void spin_user(void)
{
	__asm__ volatile("ud2");
}

static uint64_t user_cs;

/* Pending when user mode begins: the frame is a user's. */
static bool on_user_event(struct pv_trap_frame *f, uint64_t address)
{
	user_cs = f->cs;
	(void)on_entry(f, address);
	f->cs &= 0xffffffff;
	return true;
}

void property_event_in_user_mode(void)
{
	pv_trap_set_handler(15, on_user_event);
	(void)register_at(CALLBACKTYPE_event, 0, SEEN);
	for (unsigned int on = 0; on < 2; on++) {
		user_flags = on ? FLAG_IF : 0;
		pv_vcpu_info()->evtchn_upcall_pending = 1;
		pv_vcpu_info()->evtchn_upcall_mask = 1;
		entered = 0;
		user_cs = 0;
		show_user_fault("user mode", spin_user);
		show("entered", entered);
		show_hex("cs and mask", user_cs);
	}
	user_flags = 0;
	pv_vcpu_info()->evtchn_upcall_mask = 1;
	pv_vcpu_info()->evtchn_upcall_pending = 0;
	entered = 0;
	(void)mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0);
	restore();
}

/* NMIs --------------------------------------------------------------------*/

static bool on_nmi(struct pv_trap_frame *f, uint64_t address)
{
	(void)address;
	entered++;
	mask_inside = pv_vcpu_info()->evtchn_upcall_mask;
	fault.cs = f->cs;
	fault.rflags = f->rflags;
	fault.ss = f->ss;
	fault.frame = (uint64_t)&f->rip;
	fault.rsp = f->rsp;
	return true;
}

void property_nmi(void)
{
	struct xennmi_callback cb = {
		.handler_address = (unsigned long)pv_trap_stubs + 16 * 2
	};

	pv_trap_set_handler(2, on_nmi);
	show("none registered", vcpu_op(VCPUOP_send_nmi, 0, NULL));
	show("entered", entered);
	entered = 0;
	show("unregister", call2(__HYPERVISOR_nmi_op, 1, NULL));
	show("register", call2(__HYPERVISOR_nmi_op, 0, &cb));
	show("register again", call2(__HYPERVISOR_nmi_op, 0, &cb));
	entered = 0;
	show("send", vcpu_op(VCPUOP_send_nmi, 0, NULL));
	show_entry();
	show("unregister", call2(__HYPERVISOR_nmi_op, 1, NULL));
	show("send", vcpu_op(VCPUOP_send_nmi, 0, NULL));
	show("entered", entered);
	entered = 0;
	show("callback", register_at(CALLBACKTYPE_nmi, 0, cb.handler_address));
	show("pending or sent", vcpu_op(VCPUOP_send_nmi, 0, NULL));
	show("entered", entered > 0);
	entered = 0;
	show("unregister", unregister(CALLBACKTYPE_nmi));
}

void property_nmi_errors(void)
{
	struct xennmi_callback cb = { .handler_address = HOLE };

	show("hole", call2(__HYPERVISOR_nmi_op, 0, &cb));
	cb.handler_address = HYPERVISOR_START;
	show("hypervisor", call2(__HYPERVISOR_nmi_op, 0, &cb));
	show("nowhere", call2(__HYPERVISOR_nmi_op, 0, NOWHERE));
	show("unknown", call2(__HYPERVISOR_nmi_op, 2, &cb));
	show("no vCPU", vcpu_op(VCPUOP_send_nmi, 77, NULL));
	(void)call2(__HYPERVISOR_nmi_op, 1, NULL);
}

/* System calls ------------------------------------------------------------*/

static uint64_t call_rip, call_flags, call_rcx, call_r11;

static bool on_syscall(struct pv_trap_frame *f, uint64_t address)
{
	call_rip = f->rip;
	call_flags = f->rflags;
	call_rcx = f->rcx;
	call_r11 = f->r11;
	mask_inside = pv_vcpu_info()->evtchn_upcall_mask;
	fault.cs = f->cs;
	fault.ss = f->ss;
	entered++;
	/* Back as after any other fault. */
	f->vector = 6;
	(void)address;
	f->rip = landing; /* ud2 */
	f->cs &= 0xffffffff;
	return true;
}

static void user_syscall(void)
{
	__asm__ volatile("lea 1f(%%rip), %%rax; mov %%rax, %0\n\t"
			 "pushfq; orq $0x400, (%%rsp); popfq\n\t"
			 "mov $77, %%eax; syscall\n1:\tud2"
			 : "=m"(landing)
			 :
			 : "rax", "rcx", "r11", "memory");
}

static void syscall_with(const char *name)
{
	entered = 0;
	pv_vcpu_info()->evtchn_upcall_mask = 0;
	show_user_fault(name, user_syscall);
	show("entered", entered);
	if (entered) {
		show("rip after it", call_rip == landing);
		show("rcx is rip", call_rcx == call_rip);
		show_hex("r11", call_r11 & 0x277f00);
		show_hex("flags", call_flags & 0x277f00);
		show_hex("cs", fault.cs & 0xffff);
		show("masked inside", mask_inside);
	}
	pv_vcpu_info()->evtchn_upcall_mask = 1;
}

void property_user_syscall(void)
{
	pv_trap_set_handler(15, on_syscall);
	syscall_with("without callback");
	for (unsigned int flags = 0; flags < 2; flags++) {
		show("register",
		     register_at(CALLBACKTYPE_syscall, flags, SEEN));
		syscall_with("callback");
	}
	show("unregister", unregister(CALLBACKTYPE_syscall));
	syscall_with("none again");
	(void)mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0);
	restore();
}

void property_stack_switch(void)
{
	show("kernel", pv_hypercall2(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS,
				     PV_ARG(NOWHERE)));
	show("0", pv_hypercall2(__HYPERVISOR_stack_switch, 0, 0));
	show("hole", pv_hypercall2(__HYPERVISOR_stack_switch, 0, HOLE));
	show("hypervisor's", pv_hypercall2(__HYPERVISOR_stack_switch, 0xe010,
					   HYPERVISOR_START));
	show("code",
	     pv_hypercall2(__HYPERVISOR_stack_switch, FLAT_KERNEL_CS, 0));
}

/* Ends: user mode without tables of its own. */
void property_no_user_tables(void)
{
	struct iret_context c = { .cs = FLAT_USER_CS64,
				  .ss = FLAT_USER_SS64,
				  .rip = PV_ARG(spin_user) };

	__asm__ volatile("lea %0, %%rsp; mov %1, %%eax; syscall"
			 :
			 : "m"(c), "i"(__HYPERVISOR_iret)
			 : "memory");
}

/* Ends: a system call enters a kernel that has no stack. */
void property_no_kernel_stack(void)
{
	show("user root",
	     mmuext(MMUEXT_NEW_USER_BASEPTR,
		    pv_va_to_mfn((void *)pv_start_info->pt_base), 0));
	(void)pv_hypercall2(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS, 0);
	property_no_user_tables();
}
