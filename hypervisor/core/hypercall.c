/* SPDX-License-Identifier: MIT */
/*
 * Hypercall dispatch, sub-operation tables, continuations and multicall.
 *
 * Owns: the table made from core/hypercall_table.h.
 * Context: a CPU running a guest-kernel vCPU, interrupts on, no lock held.
 * Contract: include/public/xen.h; rules HC-1..4 of docs/security-model.md.
 */
#include "core/hypercall.h"

#include "core/domain.h"
#include "core/services.h"
#include "lib/string.h"
#include "public/errno.h"
#include "public/xen.h"
#include "x86/cpu.h"

#define HYPERCALL_LIMIT 64

enum hypercall_caller {
	ANY_DOMAIN,
	CONTROL_DOMAIN
};

#define HYPERCALL(number, name, who)                                           \
	_Static_assert(__HYPERVISOR_##name == (number), #name);
#include "core/hypercall_table.h"
#undef HYPERCALL

static const struct {
	hypercall_fn *handler;
	enum hypercall_caller caller;
} hypercall_table[HYPERCALL_LIMIT] = {
#define HYPERCALL(number, name, who) [number] = { hc_##name, who },
#include "core/hypercall_table.h"
#undef HYPERCALL
};

/*
 * What a multicall in progress asks of hypercall_continue(): the entry that
 * must be run again, in place of the registers.
 */
struct multicall_state {
	bool continued;
	uint64_t op;
	uint64_t args[5];
};

static inline long hypercall_call(uint64_t op, uint64_t a1, uint64_t a2,
				  uint64_t a3, uint64_t a4, uint64_t a5)
{
	/* The limit is a power of two: a clamp (SP-2). */
	uint64_t i = op & (HYPERCALL_LIMIT - 1);

	if (op >= HYPERCALL_LIMIT || !hypercall_table[i].handler)
		return -XEN_ENOSYS;
	if (hypercall_table[i].caller == CONTROL_DOMAIN &&
	    !domain_is_control(current_vcpu()->domain))
		return -XEN_EPERM;
	return hypercall_table[i].handler(a1, a2, a3, a4, a5);
}

/* iret has loaded every register of the frame, and its result is rax. */
long hypercall_dispatch(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
			uint64_t a5, uint32_t op)
{
	return hypercall_call(op, a1, a2, a3, a4, a5);
}

bool hypercall_preempt_check(void)
{
	const struct vcpu *v = current_vcpu();

	return read_once(this_cpu()->softirq_pending) != 0 ||
	       vcpu_event_pending(v);
}

long hypercall_continue(unsigned int number, uint64_t a1, uint64_t a2,
			uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct multicall_state *mc = current_vcpu()->multicall;
	struct cpu_regs *regs = guest_regs();

	if (mc) {
		*mc = (struct multicall_state){ true,
						number,
						{ a1, a2, a3, a4, a5 } };
		return HYPERCALL_NO_RESULT;
	}
	regs->rip -= 2; /* back onto the two bytes of `syscall` */
	regs->rax = number;
	regs->rdi = a1;
	regs->rsi = a2;
	regs->rdx = a3;
	regs->r10 = a4;
	regs->r8 = a5;
	return HYPERCALL_NO_RESULT;
}

long subop_call(const struct subop *table, unsigned int rows, uint64_t cmd,
		guest_ptr_t arg)
{
	struct vcpu *v = current_vcpu();
	uint8_t buffer[SUBOP_MAX] __attribute__((aligned(16)));
	const struct subop *row;
	long rc;

	if (cmd >= rows)
		return -XEN_ENOSYS;
	row = &table[index_clamp(cmd, rows)];
	if (!row->handler || row->size > SUBOP_MAX)
		return -XEN_ENOSYS;
	if ((row->flags & SUBOP_PRIV) && !domain_is_control(v->domain))
		return -XEN_EPERM;
	if (!(row->flags & SUBOP_IN))
		memset(buffer, 0, row->size);
	else if (copy_from_guest(buffer, arg, row->size))
		return -XEN_EFAULT;
	rc = row->handler(v, buffer);
	if (rc >= 0 && (row->flags & SUBOP_OUT) &&
	    copy_to_guest(arg, buffer, row->size))
		return -XEN_EFAULT;
	return rc;
}

/* Run one entry; 0, or a negative errno for the whole multicall. */
static long multicall_one(struct vcpu *v, struct multicall_state *mc,
			  guest_ptr_t list, uint64_t i)
{
	struct multicall_entry entry;
	long result;

	if (copy_array_from_guest(&entry, list, i, 1, sizeof(entry)))
		return -XEN_EFAULT;
	mc->continued = false;
	v->multicall = mc;
	result = hypercall_call(entry.op, entry.args[0], entry.args[1],
				entry.args[2], entry.args[3], entry.args[4]);
	v->multicall = NULL;
	if (mc->continued) {
		entry.op = mc->op;
		for (unsigned int a = 0; a < 5; a++)
			entry.args[a] = mc->args[a];
	} else {
		entry.result = (xen_ulong_t)result;
	}
	if (!v->in_kernel) /* iret in the batch: its frame is gone (HC-3) */
		return 0;
	return copy_array_to_guest(list, i, 1, &entry, sizeof(entry))
		       ? -XEN_EFAULT
		       : 0;
}

long hc_multicall(uint64_t list_va, uint64_t count, uint64_t a3, uint64_t a4,
		  uint64_t a5)
{
	struct vcpu *v = current_vcpu();
	struct multicall_state mc = { 0 };
	guest_ptr_t list = guest_ptr(list_va);
	uint32_t n = (uint32_t)count;

	if (v->multicall)
		return -XEN_EINVAL;
	for (uint32_t i = 0; i < n; i++) {
		long rc = multicall_one(v, &mc, list, i);
		uint32_t next = mc.continued ? i : i + 1;

		if (rc)
			return rc;
		if (!v->in_kernel)
			return HYPERCALL_NO_RESULT;
		if (next < n && (mc.continued || v->domain->shut_down ||
				 read_once(this_cpu()->softirq_pending)))
			return hypercall_continue(
				__HYPERVISOR_multicall,
				list_va + next * sizeof(struct multicall_entry),
				n - next, a3, a4, a5);
	}
	return 0;
}
