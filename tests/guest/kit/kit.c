/* SPDX-License-Identifier: MIT */
/*
 * See kit.h. Owns: what a fault left behind, the vCPUs that were started.
 */
#include "kit.h"

#include <public/memory.h>
#include <public/sched.h>
#include <public/vcpu.h>

/* Faults that are expected ------------------------------------------------ */

volatile struct fault fault;
static void *recovery[5]; /* of __builtin_setjmp */
static bool expected;     /* within fault_of() */
static uint8_t recovery_stack[8192] __attribute__((aligned(16)));
static uint8_t user_stack[8192] __attribute__((aligned(16)));

static void __attribute__((noreturn)) recover(void)
{
	__builtin_longjmp(recovery, 1);
}

/* Continue at recover(), whatever state the code was in. */
static bool on_fault(struct pv_trap_frame *f, uint64_t address)
{
	if (!expected)
		return false;
	fault.vector = (unsigned int)f->vector;
	fault.error = f->error_code;
	fault.address = address;
	fault.rip = f->rip;
	fault.cs = f->cs;
	fault.rflags = f->rflags;
	fault.rsp = f->rsp;
	fault.ss = f->ss;
	fault.frame = (uint64_t)&f->rip;
	f->rip = (uint64_t)recover;
	f->rsp = (uint64_t)(recovery_stack + sizeof(recovery_stack) - 8);
	f->cs = KERNEL_CS | 1UL << 32; /* events stay masked */
	f->ss = KERNEL_SS;
	f->rflags = 0;
	return true;
}

pv_trap_handler *faults_handler(void)
{
	return on_fault;
}

void faults_catch(void)
{
	for (unsigned int v = 0; v < PV_TRAP_COUNT; v++)
		pv_trap_set_handler(v, on_fault);
}

unsigned int __attribute__((noinline)) fault_of(void (*code)(void))
{
	fault.vector = NO_FAULT;
	expected = true;
	if (__builtin_setjmp(recovery) == 0)
		code();
	expected = false;
	return fault.vector;
}

static volatile bool msr_faulted;

static bool on_msr_fault(struct pv_trap_frame *f, uint64_t address)
{
	(void)address;
	msr_faulted = true;
	f->rip += 2; /* RDMSR, WRMSR */
	return true;
}

void msrs_catch(void)
{
	pv_trap_set_handler(13, on_msr_fault);
}

bool msr_read(uint32_t msr, uint64_t *value)
{
	uint32_t lo = 0, hi = 0;

	msr_faulted = false;
	__asm__ volatile("rdmsr" : "+a"(lo), "+d"(hi) : "c"(msr));
	*value = (uint64_t)hi << 32 | lo;
	return !msr_faulted;
}

bool msr_write(uint32_t msr, uint64_t value)
{
	msr_faulted = false;
	__asm__ volatile("wrmsr"
			 :
			 : "c"(msr), "a"((uint32_t)value),
			   "d"((uint32_t)(value >> 32)));
	return !msr_faulted;
}

uint64_t user_flags;
static void (*user_code)(void);

static void user_entry(void)
{
	user_code();
	__asm__ volatile("ud2");
}

void iret_to(const struct iret_context *context)
{
	__asm__ volatile("lea %0, %%rsp\n\t"
			 "mov %1, %%eax\n\t"
			 "syscall\n\t"
			 "ud2"
			 :
			 : "m"(*context), "i"(__HYPERVISOR_iret)
			 : "rax", "rcx", "r11", "memory");
}

static void enter_user(void)
{
	static struct iret_context target;

	target = (struct iret_context){
		.rip = (uint64_t)user_entry,
		.cs = FLAT_USER_CS64,
		.rflags = user_flags,
		.ss = FLAT_USER_SS64,
		.rsp = (uint64_t)(user_stack + sizeof(user_stack) - 8),
	};
	iret_to(&target);
}

/* User mode has the kernel's tables: only the mode is another. */
unsigned int user_fault_of(void (*code)(void))
{
	static uint8_t kernel_stack[8192] __attribute__((aligned(16)));

	user_code = code;
	(void)pv_hypercall2(__HYPERVISOR_stack_switch, KERNEL_SS,
			    PV_ARG(kernel_stack + sizeof(kernel_stack)));
	if (mmuext(MMUEXT_NEW_USER_BASEPTR,
		   pv_va_to_mfn((void *)pv_start_info->pt_base), 0) != 0)
		return NO_FAULT;
	return fault_of(enter_user);
}

/* Small things ------------------------------------------------------------ */

uint64_t random64(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15UL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

const char *on_command_line(const char *text)
{
	const char *line = (const char *)pv_start_info->cmd_line;
	size_t n = strlen(text);

	for (; *line; line++)
		if (memcmp(line, text, n) == 0)
			return line + n;
	return NULL;
}

uint64_t parameter(const char *text, uint64_t otherwise)
{
	const char *at = on_command_line(text);
	uint64_t value = 0;

	if (!at)
		return otherwise;
	for (; *at && *at != ' '; at++)
		value = value << 4 |
			(uint64_t)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
	return value;
}

uint16_t own_domid(void)
{
	static uint16_t id = DOMID_SELF;
	struct xen_memory_domain op = { 0 };

	for (; id == DOMID_SELF && op.domid < 1000; op.domid++)
		if (pv_hypercall2(__HYPERVISOR_memory_op,
				  XENMEM_current_reservation, PV_ARG(&op)) > 0)
			id = op.domid;
	return id;
}

void pend(void)
{
	pv_vcpu_info()->evtchn_upcall_pending = 1;
	pv_vcpu_info()->evtchn_upcall_mask = 0;
}

/* Page tables ------------------------------------------------------------- */

uint64_t maddr_of(const void *page)
{
	return pv_va_to_mfn(page) << PV_PAGE_SHIFT;
}

uint64_t *entry_at(uint64_t va, unsigned int level)
{
	uint64_t *table = (uint64_t *)pv_start_info->pt_base;

	for (unsigned int l = 4;; l--) {
		uint64_t *entry = &table[va >> (3 + 9 * l) & 511];

		if (l == level)
			return entry;
		table = pv_pfn_to_va(
			pv_mfn_to_pfn((*entry & PTE_ADDR) >> PV_PAGE_SHIFT));
	}
}

long store_with(unsigned int command, const uint64_t *entry, uint64_t value)
{
	struct mmu_update op = { pv_pte_maddr(entry) | command, value };

	return pv_hypercall4(__HYPERVISOR_mmu_update, PV_ARG(&op), 1, 0,
			     DOMID_SELF);
}

long store(const uint64_t *entry, uint64_t value)
{
	return store_with(MMU_NORMAL_PT_UPDATE, entry, value);
}

long store_va(const void *va, uint64_t value)
{
	return pv_hypercall3(__HYPERVISOR_update_va_mapping, PV_ARG(va), value,
			     UVMF_INVLPG | UVMF_LOCAL);
}

long mmuext(unsigned int command, uint64_t arg1, uint64_t arg2)
{
	struct mmuext_op op = { .cmd = command, .arg1.mfn = arg1 };

	op.arg2.src_mfn = arg2;
	return pv_hypercall4(__HYPERVISOR_mmuext_op, PV_ARG(&op), 1, 0,
			     DOMID_SELF);
}

long pin(unsigned int level, const void *table)
{
	return mmuext(MMUEXT_PIN_L1_TABLE + level - 1, pv_va_to_mfn(table), 0);
}

long unpin(const void *table)
{
	return mmuext(MMUEXT_UNPIN_TABLE, pv_va_to_mfn(table), 0);
}

bool is_own(uint64_t mfn)
{
	return pv_mfn_to_pfn(mfn) != PV_NO_MFN;
}

uint64_t *table_page(void)
{
	uint64_t *page = pv_page_alloc();

	if (!page || pv_page_set_writable(page, false) != 0)
		pv_panic("no page for a table");
	return page;
}

void table_free(void *page)
{
	int rc = pv_page_set_writable(page, true);

	if (rc == 0)
		pv_page_free(page);
	else
		pv_panic("a table does not become memory: %d", rc);
}

/* Other vCPUs ------------------------------------------------------------- */

#define CPUS 5

static struct cpu {
	void (*code)(void);
	bool stop, idle, initialised;
	uint8_t stack[16384] __attribute__((aligned(16)));
} cpus[CPUS];

static void cpu_main(uint64_t id)
{
	struct cpu *cpu = &cpus[id];

	for (;;) {
		while (!__atomic_load_n(&cpu->stop, __ATOMIC_SEQ_CST))
			cpu->code();
		__atomic_store_n(&cpu->idle, true, __ATOMIC_SEQ_CST);
		pv_hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_down, id, 0);
	}
}

void cpu_context(struct vcpu_guest_context *c, unsigned int id,
		 void (*entry)(uint64_t id))
{
	memset(c, 0, sizeof(*c));
	c->flags = VGCF_in_kernel;
	c->user_regs.rip = (uint64_t)entry;
	c->user_regs.rdi = id;
	c->user_regs.rsp =
		(uint64_t)(cpus[id].stack + sizeof(cpus[id].stack) - 8);
	c->user_regs.cs = FLAT_KERNEL_CS;
	c->user_regs.ss = FLAT_KERNEL_SS;
	c->kernel_ss = FLAT_KERNEL_SS;
	c->kernel_sp = c->user_regs.rsp;
	for (unsigned int i = 0; i < PV_TRAP_COUNT; i++) {
		c->trap_ctxt[i].vector = (uint8_t)i;
		c->trap_ctxt[i].cs = FLAT_KERNEL_CS;
		c->trap_ctxt[i].address =
			(unsigned long)(pv_trap_stubs + i * 16);
	}
	c->event_callback_eip = (unsigned long)pv_upcall_entry;
	c->failsafe_callback_eip = (unsigned long)pv_failsafe_entry;
	c->ctrlreg[3] =
		xen_pfn_to_cr3(pv_va_to_mfn((void *)pv_start_info->pt_base));
}

bool cpu_start(unsigned int id, void (*code)(void))
{
	static struct vcpu_guest_context context;
	struct cpu *cpu = &cpus[id];

	cpu->code = code;
	cpu->idle = false;
	__atomic_store_n(&cpu->stop, false, __ATOMIC_SEQ_CST);
	if (!cpu->initialised) {
		cpu_context(&context, id, cpu_main);
		if (pv_hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_initialise, id,
				  PV_ARG(&context)) != 0)
			return false;
		cpu->initialised = true;
	}
	return pv_hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_up, id, 0) == 0;
}

void cpu_stop(unsigned int id)
{
	struct cpu *cpu = &cpus[id];

	__atomic_store_n(&cpu->stop, true, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&cpu->idle, __ATOMIC_SEQ_CST) ||
	       pv_hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_is_up, id, 0) == 1)
		pv_hypercall2(__HYPERVISOR_sched_op, SCHEDOP_yield, 0);
}
