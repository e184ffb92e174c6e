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

/* A result that leaves the registers as the handler has set them. */
#define NO_RESULT (-0x7fffffffffffffffl)

static inline long hypercall_call(const struct vcpu *v, uint64_t op,
				  uint64_t a1, uint64_t a2, uint64_t a3,
				  uint64_t a4, uint64_t a5)
{
	uint64_t i = index_clamp(op, HYPERCALL_LIMIT);

	if (op >= HYPERCALL_LIMIT || !hypercall_table[i].handler)
		return -XEN_ENOSYS;
	if (hypercall_table[i].caller == CONTROL_DOMAIN &&
	    !domain_is_control(v->domain))
		return -XEN_EPERM;
	return hypercall_table[i].handler(a1, a2, a3, a4, a5);
}

void hypercall_dispatch(void)
{
	struct cpu_regs *regs = guest_regs();
	uint32_t op = (uint32_t)regs->rax;
	long result = hypercall_call(current_vcpu(), op, regs->rdi, regs->rsi,
				     regs->rdx, regs->r10, regs->r8);

	/* iret has loaded every register of the frame, rax too. */
	if (result != NO_RESULT && op != __HYPERVISOR_iret)
		regs->rax = (uint64_t)result;
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
	struct vcpu *v = current_vcpu();
	struct cpu_regs *regs = guest_regs();

	if (v->multicall) {
		*v->multicall = (struct multicall_entry){
			.op = number, .args = { a1, a2, a3, a4, a5 }
		};
		v->multicall = NULL;
		return NO_RESULT;
	}
	regs->rip -= 2; /* back onto the two bytes of `syscall` */
	regs->rax = number;
	regs->rdi = a1;
	regs->rsi = a2;
	regs->rdx = a3;
	regs->r10 = a4;
	regs->r8 = a5;
	return NO_RESULT;
}

long subop_call_on(struct vcpu *v, const struct subop *table, unsigned int rows,
		   uint64_t cmd, guest_ptr_t arg)
{
	const struct subop *row = &table[index_clamp(cmd, rows)];
	uninitialized_buf uint8_t buffer[SUBOP_MAX]
		__attribute__((aligned(16)));
	long rc;

	if (cmd >= rows || !row->handler || row->size > SUBOP_MAX)
		return -XEN_ENOSYS;
	if ((row->flags & SUBOP_PRIV) && !domain_is_control(v->domain))
		return -XEN_EPERM;
	if (!(row->flags & SUBOP_IN))
		memset(buffer, 0, row->size);
	else if (copy_from_guest(buffer, arg, row->size))
		return -XEN_EFAULT;
	rc = row->handler(v, row->size ? (void *)buffer : &arg);
	if (rc >= 0 && (row->flags & SUBOP_OUT) &&
	    copy_to_guest(arg, buffer, row->size))
		return -XEN_EFAULT;
	return rc;
}

/*
 * Run the entry at `at`. *again: it asks to be run once more and has been
 * rewritten for that. 0, or a negative errno for the whole multicall.
 */
static long multicall_one(struct vcpu *v, guest_ptr_t at, bool *again)
{
	uninitialized_buf struct multicall_entry e;
	guest_ptr_t result_at =
		guest_ptr(at.va + offsetof(struct multicall_entry, result));
	long result;

	/* The sixth argument is nobody's. */
	if (copy_from_guest(&e, at, offsetof(struct multicall_entry, args[5])))
		return -XEN_EFAULT;
	v->multicall = &e;
	result = hypercall_call(v, e.op, e.args[0], e.args[1], e.args[2],
				e.args[3], e.args[4]);
	*again = !v->multicall;
	v->multicall = NULL;
	if (!v->in_kernel) /* iret in the batch: its frame is gone (HC-3) */
		return 0;
	if (*again)
		return copy_to_guest(at, &e, sizeof(e));
	return copy_to_guest(result_at, &result, sizeof(result));
}

long hc_multicall(uint64_t list, uint64_t count, uint64_t a3, uint64_t a4,
		  uint64_t a5)
{
	struct vcpu *v = current_vcpu();
	uint32_t left = (uint32_t)count;

	if (v->multicall)
		return -XEN_EINVAL;
	while (left) {
		bool again;
		long rc = multicall_one(v, guest_ptr(list), &again);

		if (rc)
			return rc;
		if (!v->in_kernel)
			return NO_RESULT;
		if (!again) {
			list += sizeof(struct multicall_entry);
			left--;
		}
		if (left && (again || v->domain->shut_down ||
			     read_once(this_cpu()->softirq_pending)))
			return hypercall_continue(__HYPERVISOR_multicall, list,
						  left, a3, a4, a5);
	}
	return 0;
}
