/* SPDX-License-Identifier: MIT */
/*
 * The iret hypercall, and what a hypercall leaves in the registers.
 */
#include "abi.h"

#include <public/version.h>

/* What arrives, in the order of `seen`. */
static uint64_t seen[8];
enum {
	RAX,
	RCX,
	R11,
	FLAGS,
	CS,
	SS,
	RSP,
	MASK
};

static uint8_t stack[4096] __attribute__((aligned(16)));

static bool on_arrival(struct pv_trap_frame *f, uint64_t address)
{
	(void)address;
	seen[RAX] = f->rax;
	seen[RCX] = f->rcx;
	seen[R11] = f->r11;
	seen[FLAGS] = f->rflags;
	seen[CS] = f->cs & 0xffffffff;
	seen[MASK] = f->cs >> 32;
	seen[SS] = f->ss;
	seen[RSP] = f->rsp;
	return false;
}

static struct iret_context target;

static void __attribute__((naked)) arrive(void)
{
	__asm__ volatile("ud2");
}

static void do_iret(void)
{
	iret_to(&target);
}

static pv_trap_handler *caught;

/* on_arrival() and then what the kit does. */
static bool both(struct pv_trap_frame *f, uint64_t address)
{
	(void)on_arrival(f, address);
	return caught(f, address);
}

static struct iret_context fresh(void)
{
	return (struct iret_context){ .rax = 0xaaaa,
				      .rcx = 0xcccc,
				      .r11 = 0x1111,
				      .rip = PV_ARG(arrive),
				      .cs = KERNEL_CS,
				      .rsp = PV_ARG(stack + sizeof(stack) - 8),
				      .ss = FLAT_KERNEL_SS };
}

static void go(const char *name)
{
	memset(seen, 0, sizeof(seen));
	show_fault(name, do_iret);
}

static void prepare(void)
{
	caught = faults_handler();
	for (unsigned int v = 0; v < PV_TRAP_COUNT; v++)
		pv_trap_set_handler(v, both);
}

void property_iret_registers(void)
{
	prepare();
	for (unsigned int flags = 0; flags < 2; flags++) {
		target = fresh();
		target.flags = flags ? VGCF_in_syscall : 0;
		go(flags ? "as from a system call" : "plain");
		show_hex("rax", seen[RAX]);
		show("rcx",
		     flags ? seen[RCX] == target.rip : seen[RCX] == 0xcccc);
		show("r11",
		     flags ? (seen[R11] & ~0x202UL) == 0 : seen[R11] == 0x1111);
		show("rsp", seen[RSP] == target.rsp);
		show_hex("cs", seen[CS]);
		show_hex("ss", seen[SS]);
	}
}

/* Each flag: what remains of it. */
void property_iret_flags(void)
{
	prepare();
	for (unsigned int bit = 0; bit < 64; bit++) {
		if (bit == 8) /* single step */
			continue;
		target = fresh();
		target.rflags = 1UL << bit;
		memset(seen, 0, sizeof(seen));
		pv_vcpu_info()->evtchn_upcall_pending = 0;
		(void)fault_of(do_iret);
		if (seen[FLAGS] != 2 || seen[MASK] != 1 || fault.vector != 6)
			pv_printf("bit %u: %lx, mask %lu, exception %u\n", bit,
				  seen[FLAGS], seen[MASK], fault.vector);
	}
	pv_vcpu_info()->evtchn_upcall_mask = 1;
}

void property_iret_selectors(void)
{
	static const uint16_t codes[] = { 0xe030,         FLAT_KERNEL_CS,
					  FLAT_USER_CS64, 0xe008,
					  0xe02b,         0,
					  0x1b,           0xfff8 };
	static const uint16_t stacks[] = { 0xe028, FLAT_KERNEL_SS, 0,   3,
					   0xe010, 0xe033,         0x1b };

	prepare();
	for (unsigned int i = 0; i < COUNT(codes); i++) {
		target = fresh();
		target.cs = codes[i] & ~3UL; /* the kernel's */
		pv_printf("cs %x ", codes[i] & ~3u);
		go("iret");
		show_hex("cs", seen[CS]);
	}
	for (unsigned int i = 0; i < COUNT(stacks); i++) {
		target = fresh();
		target.ss = stacks[i];
		pv_printf("ss %x ", stacks[i]);
		go("iret");
		show_hex("ss", seen[SS]);
	}
}

void property_iret_addresses(void)
{
	static const uint64_t bad[] = { 0x00007000deadb000,
					HOLE,
					HOLE - 1,
					0xffff830000000000,
					HYPERVISOR_START - 1,
					0xffff880000000000 };

	prepare();
	for (unsigned int i = 0; i < COUNT(bad); i++) {
		target = fresh();
		target.rip = bad[i];
		show_hex("rip", bad[i]);
		go("iret");
	}
}

/* Ends: the frame is not there. */
void property_iret_from_nowhere(void)
{
	__asm__ volatile("mov $0x7000deadb000, %%rsp; mov %0, %%eax; syscall"
			 :
			 : "i"(__HYPERVISOR_iret)
			 : "memory");
}

void property_iret_mask(void)
{
	prepare();
	for (unsigned int on = 0; on < 2; on++) {
		target = fresh();
		target.rflags = on ? FLAG_IF : 0;
		pv_vcpu_info()->evtchn_upcall_pending = 0;
		pv_vcpu_info()->evtchn_upcall_mask = (uint8_t)on;
		go("iret");
		show("masked afterwards", (long)seen[MASK]);
		show_hex("flags", seen[FLAGS]);
	}
	pv_vcpu_info()->evtchn_upcall_mask = 1;
}

/* Registers after a call: rcx and r11 are the instruction's. */
void property_call_registers(void)
{
	/* In: what registers hold; out: what they held afterwards. */
	uint64_t v[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

	v[0] = __HYPERVISOR_xen_version;
	v[4] = XENVER_version;
	__asm__ volatile("push %%rbp; mov %0, %%rbp\n\t"
			 "mov (%%rbp), %%rax; mov 8(%%rbp), %%rbx\n\t"
			 "mov 24(%%rbp), %%rdx; mov 32(%%rbp), %%rdi\n\t"
			 "mov 40(%%rbp), %%rsi; mov 48(%%rbp), %%r8\n\t"
			 "mov 56(%%rbp), %%r9; mov 64(%%rbp), %%r10\n\t"
			 "mov 72(%%rbp), %%r12; mov 80(%%rbp), %%r13\n\t"
			 "mov 88(%%rbp), %%r14; stc; syscall\n"
			 "1:\tmov %%rax, (%%rbp); mov %%rbx, 8(%%rbp)\n\t"
			 "pushfq; pop 16(%%rbp); mov %%rdx, 24(%%rbp)\n\t"
			 "mov %%rdi, 32(%%rbp); mov %%rsi, 40(%%rbp)\n\t"
			 "mov %%r8, 48(%%rbp); mov %%r9, 56(%%rbp)\n\t"
			 "mov %%r10, 64(%%rbp); mov %%r12, 72(%%rbp)\n\t"
			 "mov %%r13, 80(%%rbp); mov %%r14, 88(%%rbp)\n\t"
			 "mov %%r11, 96(%%rbp); lea 1b(%%rip), %%rax\n\t"
			 "sub %%rax, %%rcx; mov %%rcx, 104(%%rbp); pop %%rbp"
			 :
			 : "r"(v)
			 : "rax", "rbx", "rcx", "rdx", "rdi", "rsi", "r8", "r9",
			   "r10", "r11", "r12", "r13", "r14", "memory", "cc");
	show_hex("result", v[0]);
	show("rcx from the return address", (long)v[13]);
	show_hex("r11 are the flags", v[12] & 0x277f01);
	show_hex("flags", v[2] & 0x277f01);
	show("arguments kept",
	     v[3] == 4 && v[4] == 0 && v[5] == 6 && v[6] == 7 && v[8] == 9);
	show("others kept", v[1] == 2 && v[7] == 8 && v[9] == 10 &&
				    v[10] == 11 && v[11] == 12);
}

/* SSE registers are not touched by any call. */
void property_call_vector_registers(void)
{
	uint64_t in[2] = { 0x0123456789abcdef, 0xfedcba9876543210 };
	uint64_t out[2] = { 0, 0 };
	uint32_t control = 0x1f80, after = 0;

	__asm__ volatile("ldmxcsr %3\n\t"
			 "movdqu %2, %%xmm7\n\t"
			 "mov $17, %%eax; xor %%edi, %%edi; syscall\n\t"
			 "movdqu %%xmm7, %0; stmxcsr %1"
			 : "=m"(out), "=m"(after)
			 : "m"(in), "m"(control)
			 : "rax", "rcx", "rdi", "r11", "memory");
	show("xmm7", out[0] == in[0] && out[1] == in[1]);
	show_hex("mxcsr", after);
}
