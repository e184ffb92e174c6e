/* SPDX-License-Identifier: MIT */
/*
 * Exceptions that are handed to the guest, privileged instructions that are
 * emulated, and system calls from guest-user mode.
 */
#include "bench.h"

#include <public/callback.h>
#include <pvguest/hypercall.h>
#include <pvguest/mm.h>
#include <pvguest/start.h>
#include <pvguest/trap.h>

#define MSR_EFER 0xc0000080u
/* No page is mapped there. */
#define BAD_ADDRESS 0x300000000000UL

extern const char pv_trap_stubs[]; /* of the library, 16 bytes each */
extern const char bench_ud_entry[], bench_pf_entry[], bench_syscall_entry[];
extern uint64_t bench_user_best;
void bench_user_run(void *stack_top, const uint64_t ss_and_cs[2]);

static void invalid_opcode(void)
{
	__asm__ volatile("ud2");
}

static void page_fault(void)
{
	uint64_t address = BAD_ADDRESS;

	__asm__ volatile("mov (%0), %%al" : "+a"(address) : : "memory");
}

static void read_cr0(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr0, %0" : "=r"(value));
}

static void clear_ts(void)
{
	__asm__ volatile("clts");
}

static void read_efer(void)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(MSR_EFER));
}

static void set_handler(uint8_t vector, const char *entry)
{
	struct trap_info table[2] = { 0 };

	table[0].vector = vector;
	table[0].cs = FLAT_KERNEL_CS;
	table[0].address = (unsigned long)entry;
	bench_must(pv_hypercall1(__HYPERVISOR_set_trap_table, PV_ARG(table)),
		   "set_trap_table");
}

/* Guest-user mode runs on the kernel's own page tables here. */
static void bench_user(void)
{
	const uint64_t selectors[2] = { FLAT_USER_SS, FLAT_USER_CS };
	struct callback_register entry = {
		.type = CALLBACKTYPE_syscall,
		.address = (unsigned long)bench_syscall_entry,
	};
	struct mmuext_op base = { .cmd = MMUEXT_NEW_USER_BASEPTR };
	char *kernel_stack = pv_page_alloc(), *user_stack = pv_page_alloc();

	base.arg1.mfn = pv_va_to_mfn((void *)pv_start_info->pt_base);
	bench_must(pv_hypercall4(__HYPERVISOR_mmuext_op, PV_ARG(&base), 1, 0,
				 DOMID_SELF),
		   "new_user_baseptr");
	bench_must(pv_hypercall2(__HYPERVISOR_callback_op, CALLBACKOP_register,
				 PV_ARG(&entry)),
		   "syscall callback");
	bench_must(pv_hypercall2(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS,
				 PV_ARG(kernel_stack + PV_PAGE_SIZE)),
		   "stack_switch");
	bench_user_run(user_stack + PV_PAGE_SIZE, selectors);
	bench_report("syscall", bench_user_best, 1);
}

void bench_traps(void)
{
	set_handler(PV_TRAP_INVALID_OPCODE, bench_ud_entry);
	bench_path("trap_ud", invalid_opcode);
	bench_path("trap_cr0", read_cr0);
	bench_path("trap_clts", clear_ts);
	bench_path("trap_rdmsr", read_efer);
	/* Last: pv_probe_read() needs the library's own handler. */
	set_handler(PV_TRAP_PAGE_FAULT, bench_pf_entry);
	bench_path("trap_pf", page_fault);
	set_handler(PV_TRAP_PAGE_FAULT,
		    &pv_trap_stubs[PV_TRAP_PAGE_FAULT * 16]);
	bench_user();
}
