/* SPDX-License-Identifier: MIT */
/*
 * Privileged instructions, from the kernel and from user mode, and I/O ports.
 */
#include "abi.h"

#include <public/physdev.h>

static uint64_t value;

#define CODE(name, text)                                                       \
	static void name(void)                                                 \
	{                                                                      \
		value = 0;                                                     \
		__asm__ volatile(text                                          \
				 : "+m"(value)                                 \
				 :                                             \
				 : "rax", "rcx", "rdx", "memory");             \
	}
CODE(do_cli, "cli")
CODE(do_sti, "sti")
CODE(do_hlt, "hlt")
CODE(do_clts, "clts")
CODE(do_wbinvd, "wbinvd")
CODE(do_invd, "invd")
CODE(do_rdtsc, "rdtsc")
CODE(do_rdpmc, "xor %%ecx, %%ecx; rdpmc")
CODE(do_smsw, "smsw %%rax; mov %%rax, %0")
CODE(do_lmsw, "smsw %%rax; lmsw %%ax")
CODE(do_str, "str %%eax")
CODE(do_sgdt, "sub $16, %%rsp; sgdt (%%rsp); add $16, %%rsp")
CODE(do_lgdt, "sub $16, %%rsp; lgdt (%%rsp); add $16, %%rsp")
CODE(do_lidt, "sub $16, %%rsp; lidt (%%rsp); add $16, %%rsp")
CODE(do_ltr, "mov $0xe040, %%eax; ltr %%ax")
CODE(do_lldt, "xor %%eax, %%eax; lldt %%ax")
CODE(do_swapgs, "swapgs")
CODE(do_invlpg, "invlpg (%%rsp)")
CODE(do_sysret, "sysretq")
CODE(do_monitor, "mov %%rsp, %%rax; xor %%ecx, %%ecx; xor %%edx, %%edx; "
		 "monitor")
CODE(do_mwait, "xor %%eax, %%eax; xor %%ecx, %%ecx; mwait")
CODE(do_vmcall, "vmcall")
CODE(do_vmmcall, "vmmcall")
CODE(do_clac, "clac")
CODE(do_xgetbv, "xor %%ecx, %%ecx; xgetbv")
CODE(do_xsetbv, "xor %%ecx, %%ecx; xor %%edx, %%edx; mov $3, %%eax; xsetbv")
CODE(do_rdtscp, "rdtscp")
CODE(do_rsm, "rsm")
CODE(do_read_cr0, "mov %%cr0, %%rax; mov %%rax, %0")
CODE(do_read_cr2, "mov %%cr2, %%rax; mov %%rax, %0")
CODE(do_read_cr4, "mov %%cr4, %%rax; mov %%rax, %0")
CODE(do_read_cr8, "mov %%cr8, %%rax; mov %%rax, %0")
CODE(do_same_cr0, "mov %%cr0, %%rax; mov %%rax, %%cr0")
CODE(do_no_paging, "mov $1, %%eax; mov %%rax, %%cr0")
CODE(do_same_cr3, "mov %%cr3, %%rax; mov %%rax, %%cr3")
CODE(do_bad_cr3, "mov $0x100000, %%eax; mov %%rax, %%cr3")
CODE(do_same_cr4, "mov %%cr4, %%rax; mov %%rax, %%cr4")
CODE(do_zero_cr4, "xor %%eax, %%eax; mov %%rax, %%cr4")
CODE(do_all_cr4, "mov $-1, %%rax; mov %%rax, %%cr4")
CODE(do_fault, "mov $0x7000deadb123, %%rax; mov (%%rax), %%rax")
CODE(do_lock_cli, ".byte 0xf0, 0xfa")
CODE(do_prefixed_cli, ".byte 0x66, 0x2e, 0xfa")

static const struct {
	const char *name;
	void (*code)(void);
} instructions[] = {
	{ "cli", do_cli },
	{ "sti", do_sti },
	{ "hlt", do_hlt },
	{ "clts", do_clts },
	{ "wbinvd", do_wbinvd },
	{ "invd", do_invd },
	{ "rdtsc", do_rdtsc },
	{ "rdpmc", do_rdpmc },
	{ "smsw", do_smsw },
	{ "lmsw", do_lmsw },
	{ "str", do_str },
	{ "sgdt", do_sgdt },
	{ "lgdt", do_lgdt },
	{ "lidt", do_lidt },
	{ "ltr", do_ltr },
	{ "lldt", do_lldt },
	{ "swapgs", do_swapgs },
	{ "invlpg", do_invlpg },
	{ "sysret", do_sysret },
	{ "monitor", do_monitor },
	{ "mwait", do_mwait },
	{ "vmcall", do_vmcall },
	{ "vmmcall", do_vmmcall },
	{ "clac", do_clac },
	{ "xgetbv", do_xgetbv },
	{ "xsetbv", do_xsetbv },
	{ "rdtscp", do_rdtscp },
	{ "rsm", do_rsm },
	{ "cr8", do_read_cr8 },
	{ "same cr0", do_same_cr0 },
	{ "cr0 without paging", do_no_paging },
	{ "same cr3", do_same_cr3 },
	{ "cr3 of others", do_bad_cr3 },
	{ "same cr4", do_same_cr4 },
	{ "lock cli", do_lock_cli },
	{ "cli with prefixes", do_prefixed_cli },
};

static long set_iopl(uint32_t level)
{
	struct physdev_set_iopl op = { .iopl = level };

	return physdev_op(PHYSDEVOP_set_iopl, &op);
}

void property_privileged_kernel(void)
{
	for (unsigned int i = 0; i < COUNT(instructions); i++)
		show_fault(instructions[i].name, instructions[i].code);
}

void property_privileged_user(void)
{
	for (unsigned int i = 0; i < COUNT(instructions); i++)
		show_user_fault(instructions[i].name, instructions[i].code);
	(void)mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0);
}

void property_control_registers(void)
{
	show_fault("cr0", do_read_cr0);
	show_hex("is", value);
	show_fault("fault", do_fault);
	show_fault("cr2", do_read_cr2);
	show_hex("is", value);
	show_fault("cr4", do_read_cr4);
	show_hex("is", value);
	show_fault("cr4 to 0", do_zero_cr4);
	do_read_cr4();
	show_hex("is", value);
	show_fault("cr4 to all", do_all_cr4);
	do_read_cr4();
	show_hex("is", value);
	(void)fault_of(do_zero_cr4);
	do_smsw();
	show_hex("smsw", value & 0xffff);
}

/* The privilege of the interrupt flag and of ports. */
CODE(in_40, "in $0x40, %%al; movzx %%al, %%eax; mov %%rax, %0")
CODE(in_61, "in $0x61, %%al; movzx %%al, %%eax; mov %%rax, %0")
CODE(in_80, "in $0x80, %%al; movzx %%al, %%eax; mov %%rax, %0")
CODE(in_word, "mov $0x3f8, %%edx; in %%dx, %%ax; movzx %%ax, %%eax; "
	      "mov %%rax, %0")
CODE(in_long, "mov $0xcfc, %%edx; in %%dx, %%eax; mov %%rax, %0")
CODE(out_80, "xor %%eax, %%eax; out %%al, $0x80")
CODE(out_cf8, "mov $0xcf8, %%edx; mov $0x80000000, %%eax; out %%eax, %%dx; "
	      "in %%dx, %%eax; mov %%rax, %0")
CODE(outs_80, "push %%rsi; mov $0x80, %%edx; mov $4, %%ecx; mov %%rsp, %%rsi; "
	      "cld; rep outsb; mov %%rcx, %0; pop %%rsi")
CODE(ins_3f8, "push %%rdi; sub $16, %%rsp; mov $0x3f8, %%edx; mov $4, %%ecx; "
	      "mov %%rsp, %%rdi; cld; rep insb; mov %%rcx, %0; "
	      "add $16, %%rsp; pop %%rdi")
CODE(pushf_popf, "pushfq; mov (%%rsp), %%rax; mov %%rax, %0; popfq")

static const struct {
	const char *name;
	void (*code)(void);
} ports[] = {
	{ "cli", do_cli },         { "sti", do_sti },
	{ "in 40", in_40 },        { "in 80", in_80 },
	{ "in 16 bits", in_word }, { "in pci data", in_long },
	{ "out 80", out_80 },      { "pci address", out_cf8 },
	{ "outs", outs_80 },       { "ins", ins_3f8 },
};

void property_io_privilege(void)
{
	for (uint32_t level = 0; level < 5; level++) {
		pv_printf("privilege %u ", level);
		show("set", set_iopl(level));
		for (unsigned int i = 0; i < COUNT(ports); i++) {
			show_fault(ports[i].name, ports[i].code);
			show_hex("value", value);
		}
		pushf_popf();
		show_hex("flags", value & 0x3200);
	}
	(void)set_iopl(1);
	show_fault("in 61", in_61);
	show_hex("without changing bits", value & 0xcf);
	(void)set_iopl(0);
}

void property_io_privilege_user(void)
{
	for (uint32_t level = 0; level < 4; level++) {
		(void)set_iopl(level);
		pv_printf("privilege %u\n", level);
		for (unsigned int i = 0; i < COUNT(ports); i++)
			show_user_fault(ports[i].name, ports[i].code);
	}
	(void)set_iopl(0);
	(void)mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0);
}

void property_io_bitmap(void)
{
	static uint8_t map[8192];
	struct physdev_set_iobitmap op = { .nr_ports = 0x100 };

	memset(map, 0xff, sizeof(map));
	map[0x80 / 8] &= 0xfe;
	set_xen_guest_handle(op.bitmap, map);
	show("256 ports", physdev_op(PHYSDEVOP_set_iobitmap, &op));
	for (unsigned int i = 0; i < COUNT(ports); i++)
		show_user_fault(ports[i].name, ports[i].code);
	show_fault("kernel in 80", in_80);
	op.nr_ports = 65536;
	show("all ports", physdev_op(PHYSDEVOP_set_iobitmap, &op));
	op.nr_ports = 65537;
	show("too many", physdev_op(PHYSDEVOP_set_iobitmap, &op));
	op.nr_ports = 0x100;
	set_xen_guest_handle(op.bitmap, NOWHERE);
	show("nowhere", physdev_op(PHYSDEVOP_set_iobitmap, &op));
	show_user_fault("out 80", out_80);
	set_xen_guest_handle(op.bitmap, (void *)HYPERVISOR_START);
	show("hypervisor's", physdev_op(PHYSDEVOP_set_iobitmap, &op));
	set_xen_guest_handle(op.bitmap, NULL);
	op.nr_ports = 0;
	show("none", physdev_op(PHYSDEVOP_set_iobitmap, &op));
	show_user_fault("out 80", out_80);
	(void)mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0);
}

/* The FPU -----------------------------------------------------------------*/

CODE(use_x87, "fninit")
CODE(use_sse, "xorps %%xmm0, %%xmm0")

void property_fpu_taskswitch(void)
{
	show("set", pv_hypercall1(__HYPERVISOR_fpu_taskswitch, 1));
	do_read_cr0();
	show_hex("cr0", value);
	show_fault("x87", use_x87);
	do_read_cr0();
	show_hex("cr0", value);
	show_fault("x87", use_x87);
	(void)pv_hypercall1(__HYPERVISOR_fpu_taskswitch, 1);
	show_fault("sse", use_sse);
	(void)pv_hypercall1(__HYPERVISOR_fpu_taskswitch, 1);
	show("clear", pv_hypercall1(__HYPERVISOR_fpu_taskswitch, 0));
	show_fault("x87", use_x87);
	(void)pv_hypercall1(__HYPERVISOR_fpu_taskswitch, 1);
	show_fault("clts", do_clts);
	show_fault("x87", use_x87);
	show("set to 2", pv_hypercall1(__HYPERVISOR_fpu_taskswitch, 2));
	show_fault("x87", use_x87);
	(void)pv_hypercall1(__HYPERVISOR_fpu_taskswitch, 0);
}

CODE(set_ts, "mov %%cr0, %%rax; or $8, %%rax; mov %%rax, %%cr0")

void property_fpu_by_cr0(void)
{
	show_fault("set", set_ts);
	do_read_cr0();
	show_hex("cr0", value);
	show_fault("x87", use_x87);
	do_read_cr0();
	show_hex("cr0", value);
}
