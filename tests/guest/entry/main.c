/* SPDX-License-Identifier: MIT */
/*
 * The way in and out of a guest, tried with everything that must not work:
 * iret to impossible addresses, selectors and flags, handlers at impossible
 * addresses, descriptors and debug registers that a guest may not have,
 * privileged instructions, every MSR, page-table stores of each kind. The
 * guest must get the exception or the error, and go on.
 * Prints `ok NAME` or `not ok NAME: why` per check, then `done N failed`.
 */
#include <public/callback.h>
#include <public/physdev.h>
#include <pvguest/console.h>
#include <pvguest/hypercall.h>
#include <pvguest/mm.h>
#include <pvguest/trap.h>

#define FLAG_CF   0x1UL
#define FLAG_TF   0x100UL
#define FLAG_IF   0x200UL
#define FLAG_DF   0x400UL
#define FLAG_IOPL 0x3000UL
#define FLAG_NT   0x4000UL
#define FLAG_RF   0x10000UL
#define FLAG_VM   0x20000UL
#define FLAG_AC   0x40000UL
#define NO_FAULT  99u
#define EINVAL    22
#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))

/* RPL 3 would mean user mode. */
#define KERNEL_CS (FLAT_KERNEL_CS & ~3UL)
#define KERNEL_SS (FLAT_KERNEL_SS & ~3UL)

#define HOLE       0x0000800000000000UL
#define HYPERVISOR 0xffff800000000000UL

static int failed;

static void check(const char *name, bool good, long value)
{
	if (good)
		pv_printf("ok %s\n", name);
	else
		pv_printf("not ok %s: %lx\n", name, value);
	failed += !good;
}

/* Faults that are expected ------------------------------------------------ */

static void *recovery[5]; /* of __builtin_setjmp */
static volatile unsigned int caught;
static volatile uint64_t caught_error, caught_address;
static uint8_t recovery_stack[4096] __attribute__((aligned(16)));

static void __attribute__((noreturn)) recover(void)
{
	__builtin_longjmp(recovery, 1);
}

/* Continue at recover(), whatever state the code was in. */
static bool on_fault(struct pv_trap_frame *f, uint64_t address)
{
	caught = (unsigned int)f->vector;
	caught_error = f->error_code;
	caught_address = address;
	f->rip = (uint64_t)recover;
	f->rsp = (uint64_t)(recovery_stack + sizeof(recovery_stack) - 8);
	f->cs = KERNEL_CS;
	f->ss = KERNEL_SS;
	f->rflags = FLAG_IF;
	return true;
}

/* The vector of the fault that code() causes; NO_FAULT. */
static unsigned int __attribute__((noinline)) fault_of(void (*code)(void))
{
	caught = NO_FAULT;
	if (__builtin_setjmp(recovery) == 0)
		code();
	return caught;
}

/* iret -------------------------------------------------------------------- */

static struct iret_context target;

static void iret_to_target(void)
{
	__asm__ volatile("mov %%rsp, %1\n\t"
			 "lea %0, %%rsp\n\t"
			 "mov %2, %%eax\n\t"
			 "syscall\n\t"
			 "ud2"
			 :
			 : "m"(target), "m"(target.rsp), "i"(__HYPERVISOR_iret)
			 : "rax", "rcx", "r11", "memory");
}

static void landing(void)
{
	__asm__ volatile("ud2");
}

static unsigned int iret_fault(uint64_t rip, uint64_t cs, uint64_t ss)
{
	target = (struct iret_context){
		.rip = rip, .cs = cs, .ss = ss, .rflags = FLAG_IF
	};
	return fault_of(iret_to_target);
}

static void test_iret_addresses(void)
{
	static const uint64_t bad[] = {
		HOLE - 1,
		HOLE,
		HOLE + 1,
		HYPERVISOR - 1,
		HYPERVISOR,
		HYPERVISOR + 0x18000000000,
		0xffff818040000000,
		0xffff87ffffffffff,
		~0UL,
		0,
	};
	unsigned int vector;

	for (unsigned int syscall = 0; syscall < 2; syscall++)
		for (unsigned int i = 0; i < COUNT(bad); i++) {
			target.flags = syscall ? VGCF_in_syscall : 0;
			vector = iret_fault(bad[i], KERNEL_CS, KERNEL_SS);
			if (vector != 13 && vector != 14)
				check("iret to a bad address", false,
				      (long)bad[i]);
		}
	check("iret to bad addresses", true, 0);
}

static void test_iret_selectors(void)
{
	static const uint64_t bad[] = { 0,      0x4,    0x10,   0x18,   0xe000,
					0xe008, 0xe010, 0xe040, 0xe050, 0xe058,
					0xeff8, 0xf000, 0xfff8, 0xfffc };
	unsigned int vector, good = 0;

	for (unsigned int i = 0; i < COUNT(bad); i++) {
		/* as code, data of ours, which cannot be executed */
		vector = iret_fault((uint64_t)landing, i ? bad[i] : KERNEL_SS,
				    KERNEL_SS);
		good += vector != 6 && vector != NO_FAULT;
		vector = iret_fault((uint64_t)landing, KERNEL_CS, bad[i]);
		good += vector != 6 && vector != NO_FAULT;
	}
	check("iret with bad selectors", good == 2 * COUNT(bad), good);
	check("iret to the kernel",
	      iret_fault((uint64_t)landing, KERNEL_CS, KERNEL_SS) == 6, caught);
	check("iret to 32-bit code",
	      iret_fault((uint64_t)landing, FLAT_KERNEL_CS32 & ~3UL,
			 KERNEL_SS) == 6,
	      caught);
}

/* The flags after an iret that asks for `flags`. */
static uint64_t __attribute__((noinline)) flags_after_iret(uint64_t flags)
{
	uint64_t after;

	__asm__ volatile("mov %%rsp, %%rax\n\t"
			 "pushq %2\n\t"
			 "pushq %%rax\n\t"
			 "pushq %1\n\t"
			 "pushq %3\n\t"
			 "leaq 1f(%%rip), %%rcx\n\t"
			 "pushq %%rcx\n\t"
			 "pushq $0\n\t"
			 "pushq %%rcx\n\t"
			 "pushq %%r11\n\t"
			 "pushq %%rax\n\t"
			 "mov %4, %%eax\n\t"
			 "syscall\n"
			 "1:\tpushfq\n\t"
			 "popq %0\n\t"
			 "pushq $0x202\n\t"
			 "popfq"
			 : "=&r"(after)
			 : "r"(flags), "i"(KERNEL_SS), "i"(KERNEL_CS),
			   "i"(__HYPERVISOR_iret)
			 : "rax", "rcx", "r11", "memory", "cc");
	return after;
}

static unsigned int debug_traps;

static bool on_debug(struct pv_trap_frame *f, uint64_t address)
{
	(void)address;
	debug_traps++;
	f->rflags &= ~FLAG_TF;
	return true;
}

static void test_iret_flags(void)
{
	static const uint64_t bits[] = { FLAG_CF,   FLAG_TF, FLAG_DF,
					 FLAG_IOPL, FLAG_NT, FLAG_RF,
					 FLAG_VM,   FLAG_AC, 3UL << 19 };
	uint64_t flags, after, wrong = 0;
	unsigned int expected = 0;

	debug_traps = 0;
	pv_trap_set_handler(1, on_debug);
	for (unsigned int i = 0; i < 1u << COUNT(bits); i++) {
		flags = 0;
		for (unsigned int b = 0; b < COUNT(bits); b++)
			flags |= i >> b & 1 ? bits[b] : 0;
		expected += !!(flags & FLAG_TF);
		after = flags_after_iret(flags);
		if (!(after & FLAG_IF) ||
		    (after & (FLAG_IOPL | FLAG_NT | FLAG_VM | 3UL << 19)) ||
		    ((after ^ flags) & (FLAG_CF | FLAG_DF | FLAG_AC)))
			wrong = after;
	}
	check("flags after iret", wrong == 0, (long)wrong);
	check("one #DB per step", debug_traps == expected, debug_traps);
	pv_trap_set_handler(1, on_fault);
}

/* Instructions ------------------------------------------------------------ */

#define CODE(name, text)                                                       \
	static void name(void)                                                 \
	{                                                                      \
		__asm__ volatile(text : : : "rax", "rcx", "rdx", "memory");    \
	}
CODE(do_cli, "cli")
CODE(do_hlt, "hlt")
CODE(do_lgdt, "sub $16, %%rsp; lgdt (%%rsp)")
CODE(do_lidt, "sub $16, %%rsp; lidt (%%rsp)")
CODE(do_ltr, "mov $0xe040, %%eax; ltr %%ax")
CODE(do_lldt, "mov $0, %%eax; lldt %%ax")
CODE(do_swapgs, "swapgs")
CODE(do_invlpg, "invlpg (%%rsp)")
CODE(do_mov_cr3, "mov %%cr3, %%rax; mov %%rax, %%cr3")
CODE(do_sysret, "sysretq")
CODE(do_write_cr0, "mov $0, %%eax; mov %%rax, %%cr0")
CODE(do_cr8, "mov %%cr8, %%rax")
CODE(do_ud2, "ud2")
CODE(do_int_81, "int $0x81")
CODE(do_sysenter, "sysenter")
CODE(do_lock_cli, ".byte 0xf0, 0xfa")
CODE(do_stack_hole, "mov $0x800000000000, %%rax; mov (%%rax), %%rax")
CODE(do_read_hypervisor, "mov $0xffff830000000000, %%rax; mov (%%rax), %%rax")
CODE(do_write_m2p, "mov $0xffff800000000000, %%rax; movq $0, (%%rax)")
CODE(do_load_ldt, "mov $7, %%eax; mov %%eax, %%fs")
CODE(do_load_hypervisor_cs, "mov $0xe008, %%eax; mov %%eax, %%ds")

static const struct {
	const char *name;
	void (*code)(void);
	unsigned int vector, other; /* QEMU and hardware may differ */
} refused[] = {
	{ "cli without I/O privilege", do_cli, 13, 13 },
	{ "hlt", do_hlt, 13, 13 },
	{ "lgdt", do_lgdt, 13, 13 },
	{ "lidt", do_lidt, 13, 13 },
	{ "ltr", do_ltr, 13, 13 },
	{ "lldt", do_lldt, 13, 13 },
	{ "swapgs", do_swapgs, 13, 13 },
	{ "invlpg", do_invlpg, 13, 13 },
	{ "mov to cr3", do_mov_cr3, 13, 13 },
	{ "sysret", do_sysret, 13, 6 },
	{ "cr0 without paging", do_write_cr0, 13, 13 },
	{ "cr8", do_cr8, 13, 13 },
	{ "ud2", do_ud2, 6, 6 },
	{ "int without a handler", do_int_81, 13, 13 },
	{ "sysenter", do_sysenter, 13, 6 },
	{ "lock cli", do_lock_cli, 6, 13 },
	{ "read in the hole", do_stack_hole, 13, 13 },
	{ "read hypervisor memory", do_read_hypervisor, 14, 14 },
	{ "write the M2P", do_write_m2p, 14, 14 },
	{ "selector of no LDT", do_load_ldt, 13, 13 },
	{ "hypervisor's selector", do_load_hypervisor_cs, 13, 13 },
};

static void test_refused(void)
{
	unsigned int vector;

	for (unsigned int i = 0; i < COUNT(refused); i++) {
		vector = fault_of(refused[i].code);
		check(refused[i].name,
		      vector == refused[i].vector || vector == refused[i].other,
		      vector);
	}
}

static volatile bool msr_faulted;

static bool on_msr_fault(struct pv_trap_frame *f, uint64_t address)
{
	(void)address;
	msr_faulted = true;
	f->rip += 2;
	return true;
}

static bool msr_read(uint32_t msr, uint64_t *value)
{
	uint32_t lo = 0, hi = 0;

	msr_faulted = false;
	__asm__ volatile("rdmsr" : "+a"(lo), "+d"(hi) : "c"(msr));
	*value = (uint64_t)hi << 32 | lo;
	return !msr_faulted;
}

static bool msr_write(uint32_t msr, uint64_t value)
{
	msr_faulted = false;
	__asm__ volatile("wrmsr"
			 :
			 : "c"(msr), "a"((uint32_t)value),
			   "d"((uint32_t)(value >> 32)));
	return !msr_faulted;
}

static void sweep(uint32_t first, uint32_t last, unsigned int *readable)
{
	uint64_t value;

	for (uint32_t msr = first; msr <= last; msr++) {
		if (msr_read(msr, &value)) {
			++*readable;
			for (unsigned int bit = 0; bit < 64; bit += 9)
				(void)msr_write(msr, value ^ 1UL << bit);
			(void)msr_write(msr, ~0UL);
			(void)msr_write(msr, HOLE);
			(void)msr_write(msr, value);
		} else {
			(void)msr_write(msr, 0);
			(void)msr_write(msr, ~0UL);
		}
	}
}

static void test_msrs(void)
{
	unsigned int readable = 0;
	uint64_t value = 0;

	pv_trap_set_handler(13, on_msr_fault);
	sweep(0, 0x3ff, &readable);
	sweep(0x800, 0x8ff, &readable);
	sweep(0x40000000, 0x4000001f, &readable);
	sweep(0xc0000000, 0xc000013f, &readable);
	sweep(0xc0010000, 0xc001011f, &readable);
	sweep(0xc0011000, 0xc001103f, &readable);
	check("MSRs: few are readable", readable > 5 && readable < 60,
	      readable);
	check("GS base in the hole", !msr_write(0xc0000101, HOLE), 0);
	check("GS base",
	      msr_write(0xc0000101, 0x1234000) &&
		      msr_read(0xc0000101, &value) && value == 0x1234000,
	      (long)value);
	(void)msr_write(0xc0000101, 0);
	pv_trap_set_handler(13, on_fault);
}

static void test_io_privilege(void)
{
	struct physdev_set_iopl iopl = { .iopl = 1 };
	uint8_t value = 0;
	long rc;

	rc = pv_hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl,
			   PV_ARG(&iopl));
	check("set_iopl", rc == 0, rc);
	check("cli with I/O privilege", fault_of(do_cli) == NO_FAULT, caught);
	__asm__ volatile("sti; inb $0x40, %0" : "=a"(value));
	check("a port of the hypervisor", value == 0xff, value);
	iopl.iopl = 0;
	(void)pv_hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl,
			    PV_ARG(&iopl));
}

/* Hypercalls -------------------------------------------------------------- */

static void test_bad_entry_points(void)
{
	static const uint64_t bad[] = { HOLE, HYPERVISOR - 1, HYPERVISOR,
					0xffff87ffffffffff };
	struct trap_info t[2] = { { .vector = 200 } };
	struct callback_register cb = { .type = CALLBACKTYPE_event };
	unsigned int good = 0;

	for (unsigned int i = 0; i < COUNT(bad); i++) {
		t[0].address = cb.address = bad[i];
		good += pv_hypercall1(__HYPERVISOR_set_trap_table, PV_ARG(t)) <
			0;
		good += pv_hypercall2(__HYPERVISOR_callback_op,
				      CALLBACKOP_register, PV_ARG(&cb)) < 0;
		good += pv_hypercall3(__HYPERVISOR_set_callbacks, bad[i], 1,
				      1) < 0;
		good += pv_hypercall1(__HYPERVISOR_set_trap_table, bad[i]) < 0;
	}
	good += pv_hypercall2(__HYPERVISOR_set_segment_base, 0, HOLE) < 0;
	good += pv_hypercall2(__HYPERVISOR_set_segment_base, 9, 0) < 0;
	check("handlers and bases in no man's land", good == 4 * COUNT(bad) + 2,
	      good);
	check("user GS selector never fails",
	      pv_hypercall2(__HYPERVISOR_set_segment_base, SEGBASE_GS_USER_SEL,
			    0xe008) == 0 &&
		      pv_hypercall2(__HYPERVISOR_set_segment_base,
				    SEGBASE_GS_USER_SEL, 0xffff) == 0,
	      0);
}

static void test_debug_registers(void)
{
	unsigned int good = 0;

	good += pv_hypercall2(__HYPERVISOR_set_debugreg, 0, HOLE) < 0;
	good += pv_hypercall2(__HYPERVISOR_set_debugreg, 1, HYPERVISOR) < 0;
	good += pv_hypercall2(__HYPERVISOR_set_debugreg, 2,
			      0xffff818040000000) < 0;
	good += pv_hypercall2(__HYPERVISOR_set_debugreg, 7, 0x2000) < 0;
	good += pv_hypercall2(__HYPERVISOR_set_debugreg, 7, 1UL << 32) < 0;
	good += pv_hypercall2(__HYPERVISOR_set_debugreg, 9, 0) < 0;
	check("debug registers of the hypervisor", good == 6, good);
}

static volatile uint64_t watched;

static void test_watchpoint(void)
{
	uint64_t dr6;

	pv_trap_set_handler(1, on_debug);
	debug_traps = 0;
	(void)pv_hypercall2(__HYPERVISOR_set_debugreg, 0, PV_ARG(&watched));
	(void)pv_hypercall2(__HYPERVISOR_set_debugreg, 7, 0xd0401);
	watched = 1;
	dr6 = (uint64_t)pv_hypercall1(__HYPERVISOR_get_debugreg, 6);
	check("a watchpoint", debug_traps == 1 && (dr6 & 15) == 1, (long)dr6);
	/* The hypervisor touches it, too: that must not hurt. */
	(void)pv_hypercall2(__HYPERVISOR_mmu_update, PV_ARG(&watched), 1);
	(void)pv_hypercall2(__HYPERVISOR_set_debugreg, 7, 0);
	watched = 2;
	check("no watchpoint", debug_traps <= 2, debug_traps);
	pv_trap_set_handler(1, on_fault);
}

#define CODE_DESCRIPTOR 0x00af9b000000ffffUL
#define DATA_DESCRIPTOR 0x00cf93000000ffffUL
#define GATE_DESCRIPTOR 0x00008c000010ffffUL
#define TSS_DESCRIPTOR  0x000089000000ffffUL

static long set_gdt(uint64_t *page, unsigned int entries)
{
	unsigned long frame = pv_va_to_mfn(page);

	return pv_hypercall2(__HYPERVISOR_set_gdt, PV_ARG(&frame), entries);
}

static void test_gdt(void)
{
	uint64_t *page = pv_page_alloc();
	uint64_t maddr = pv_va_to_mfn(page) << PV_PAGE_SHIFT;
	uint16_t selector = 0x18 | 3, loaded = 0;
	long rc;

	page[2] = CODE_DESCRIPTOR;
	page[3] = DATA_DESCRIPTOR;
	check("GDT mapped writable", set_gdt(page, 16) < 0, 0);
	page[4] = GATE_DESCRIPTOR;
	(void)pv_page_set_writable(page, false);
	check("GDT with a gate", set_gdt(page, 16) < 0, 0);
	(void)pv_page_set_writable(page, true);
	page[4] = 0;
	(void)pv_page_set_writable(page, false);
	rc = set_gdt(page, 16);
	check("GDT", rc == 0, rc);
	check("more entries than may be", set_gdt(page, 7169) < 0, 0);
	__asm__ volatile("mov %1, %%es; mov %%es, %0; mov %2, %%es"
			 : "=r"(loaded)
			 : "r"((uint32_t)selector), "r"(0));
	check("a segment of ours", loaded == selector, loaded);
	check("iret to code of ours",
	      iret_fault((uint64_t)landing, 0x10, 0x18) == 6, caught);
	check("update with a TSS",
	      pv_hypercall2(__HYPERVISOR_update_descriptor, maddr + 40,
			    TSS_DESCRIPTOR) < 0,
	      0);
	check("update with data",
	      pv_hypercall2(__HYPERVISOR_update_descriptor, maddr + 40,
			    DATA_DESCRIPTOR) == 0,
	      0);
	check("privilege is taken away", page[5] >> 45 & 3, (long)page[5]);
	check("GDT stays read-only", pv_page_set_writable(page, true) < 0, 0);
	check("no GDT", pv_hypercall2(__HYPERVISOR_set_gdt, 0, 0) == 0, 0);
	check("writable again", pv_page_set_writable(page, true) == 0, 0);
	pv_page_free(page);
}

static void test_ldt(void)
{
	uint64_t *page = pv_page_alloc();
	struct mmuext_op op = { .cmd = MMUEXT_SET_LDT };
	long rc;

	page[1] = DATA_DESCRIPTOR | 3UL << 45;
	(void)pv_page_set_writable(page, false);
	op.arg1.linear_addr = PV_ARG(page);
	op.arg2.nr_ents = 16;
	rc = pv_hypercall4(__HYPERVISOR_mmuext_op, PV_ARG(&op), 1, 0,
			   DOMID_SELF);
	check("LDT", rc == 0, rc);
	check("below its limit", fault_of(do_load_ldt) == 13, caught);
	__asm__ volatile("mov %0, %%es; mov %1, %%es" : : "r"(0xf), "r"(0));
	check("loaded on demand", true, 0);
	/* The next page is ordinary memory: a fault there, not one of ours. */
	op.arg1.linear_addr = PV_ARG(page + 512);
	(void)pv_hypercall4(__HYPERVISOR_mmuext_op, PV_ARG(&op), 1, 0,
			    DOMID_SELF);
	check("LDT page mapped writable", fault_of(do_load_ldt) == 14, caught);
	op.arg2.nr_ents = 0;
	(void)pv_hypercall4(__HYPERVISOR_mmuext_op, PV_ARG(&op), 1, 0,
			    DOMID_SELF);
	check("LDT is given back", pv_page_set_writable(page, true) == 0, 0);
	pv_page_free(page);
}

/* sync_core() of Linux: an iretq of the guest kernel to itself. */
static void test_native_iretq(void)
{
	uint64_t done = 0;

	__asm__ volatile("mov %%ss, %%eax\n\t"
			 "pushq %%rax\n\t"
			 "lea 8(%%rsp), %%rcx\n\t"
			 "pushq %%rcx\n\t"
			 "pushfq\n\t"
			 "mov %%cs, %%eax\n\t"
			 "pushq %%rax\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "iretq\n"
			 "1:\tmov $1, %0"
			 : "=&r"(done)
			 :
			 : "rax", "rcx", "memory", "cc");
	check("native iretq", done == 1, 0);
}

static void test_forced_cpuid(void)
{
	uint32_t a = 0x40000000, b, c = 0, d;

	__asm__ volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e; cpuid"
			 : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	check("forced cpuid",
	      b == 0x566e6558 && c == 0x65584d4d && d == 0x4d4d566e, (long)b);
	a = 1;
	__asm__ volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e; cpuid"
			 : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	check("no PGE, PCID, VMX, MONITOR",
	      !(d & 1u << 13) && !(c & (1u << 17 | 1u << 5 | 1u << 3)),
	      (long)c);
}

int main(void)
{
	unsigned int vector;

	for (vector = 0; vector < PV_TRAP_COUNT; vector++)
		pv_trap_set_handler(vector, on_fault);
	test_iret_addresses();
	test_iret_selectors();
	test_iret_flags();
	test_refused();
	test_msrs();
	test_io_privilege();
	test_bad_entry_points();
	test_debug_registers();
	test_watchpoint();
	test_gdt();
	test_ldt();
	test_native_iretq();
	test_forced_cpuid();
	pv_printf("done %d failed\n", failed);
	return failed;
}
