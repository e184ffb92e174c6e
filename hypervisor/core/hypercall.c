/* SPDX-License-Identifier: MIT */
/*
 * Hypercall dispatch, sub-operation tables, continuations and multicall.
 *
 * Owns: the table made from core/hypercall_table.h.
 * Context: a CPU running a guest-kernel vCPU, interrupts on, no lock held.
 * Contract: include/public/xen.h; rules HC-1..4 of docs/security-model.md.
 */
#include "core/hypercall.h"

#define HYPERCALL_LIMIT 64

enum hypercall_caller {
	ANY_DOMAIN,
	CONTROL_DOMAIN
};

#define HYPERCALL(number, name, who)                                           \
	_Static_assert(__HYPERVISOR_##name == (number), #name);
#include "core/hypercall_table.h"
#undef HYPERCALL

static hypercall_fn *const hypercall_table[HYPERCALL_LIMIT] = {
#define HYPERCALL(number, name, who) [number] = hc_##name,
#include "core/hypercall_table.h"
#undef HYPERCALL
};

/* A bit for each that only the control domain may call. */
#define HYPERCALL(number, name, who) (uint64_t)(who) << (number) |
static const uint64_t privileged =
#include "core/hypercall_table.h"
	0;
#undef HYPERCALL

/* Inline for multicalls. iret loads every register, and its result is rax. */
inline long hypercall_dispatch(uint64_t a1, uint64_t a2, uint64_t a3,
			       uint64_t a4, uint64_t op)
{
	/* The limit is a power of two: a clamp (SP-2). */
	uint64_t i = op & (HYPERCALL_LIMIT - 1);

	if (op >= HYPERCALL_LIMIT || !hypercall_table[i])
		return -XEN_ENOSYS;
	if (privileged >> i & 1 && !domain_is_control(current_vcpu()->domain))
		return -XEN_EPERM;
	return hypercall_table[i](a1, a2, a3, a4);
}

bool hypercall_preempt_check(void)
{
	const struct vcpu *v = current_vcpu();

	return read_once(this_cpu()->softirq_pending) != 0 ||
	       vcpu_event_pending(v);
}

long hypercall_continue(unsigned int number, uint64_t a1, uint64_t a2,
			uint64_t a3, uint64_t a4)
{
	struct vcpu *v = current_vcpu();
	struct cpu_regs *regs = guest_regs();

	if (v->multicall) {
		*v->multicall =
			(struct multicall_entry){ .op = number,
						  .args = { a1, a2, a3, a4 } };
		v->multicall = NULL;
		return HYPERCALL_NO_RESULT;
	}
	regs->rip -= 2; /* back onto the two bytes of `syscall` */
	regs->rax = number;
	regs->rdi = a1;
	regs->rsi = a2;
	regs->rdx = a3;
	regs->r10 = a4;
	return HYPERCALL_NO_RESULT;
}

static long call_on_target(const struct subop *row, struct vcpu *v, void *arg)
{
	const domid_t *id = arg;
	long rc;
	/* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): it is SUBOP_IN */
	struct domain *d = domain_get_target(*id, &rc);

	if (!d)
		return rc;
	rc = row->handler(v, d, arg);
	domain_put(d);
	return rc;
}

long subop_call_on(struct vcpu *v, const struct subop *table, unsigned int rows,
		   uint64_t cmd, guest_ptr_t arg)
{
	const struct subop *row = &table[index_clamp(cmd, rows)];
	uninitialized_buf uint64_t buffer[SUBOP_MAX / 8];
	long rc;

	if (cmd >= rows || !row->handler)
		return -XEN_ENOSYS;
	ASSERT(row->size <= SUBOP_MAX);
	if ((row->flags & SUBOP_PRIV) && !domain_is_control(v->domain))
		return -XEN_EPERM;
	if (row->flags & SUBOP_IN) {
		if (copy_from_guest(buffer, arg, row->size))
			return -XEN_EFAULT;
	} else if (row->flags & SUBOP_OUT) {
		memset(buffer, 0, row->size);
	}
	rc = row->flags & SUBOP_TARGET ? call_on_target(row, v, buffer)
				       : row->handler(v, v->domain, buffer);
	if (rc >= 0 && (row->flags & SUBOP_OUT) &&
	    copy_to_guest(arg, buffer, row->size))
		return -XEN_EFAULT;
	return rc;
}

/*
 * Entries are copied in and out a few at a time. A batch does not go beyond
 * the end of a page, so that an entry which cannot be read does not keep those
 * before it from running.
 */
#define MULTICALL_BATCH 8u

static unsigned int batch_size(uint64_t list, uint64_t left)
{
	uint64_t room =
		(PAGE_SIZE - list % PAGE_SIZE) / sizeof(struct multicall_entry);

	return (unsigned int)min_u64(
		left, min_u64(MULTICALL_BATCH, max_u64(room, 1)));
}

/*
 * Run entries up to one after which something else must come first: then *stop
 * is set. Returns how many are done. An entry that continues is not, and has
 * been rewritten for that.
 */
static unsigned int batch_run(struct vcpu *v, struct multicall_entry *e,
			      unsigned int n, bool *stop)
{
	unsigned int i = 0;

	while (i < n && !*stop) {
		long result;

		/* It leaves this address space: results before it come first.
		 */
		if (e[i].op == __HYPERVISOR_iret && i)
			break;
		v->multicall = &e[i];
		result =
			hypercall_dispatch(e[i].args[0], e[i].args[1],
					   e[i].args[2], e[i].args[3], e[i].op);
		*stop = !v->multicall || e[i].op == __HYPERVISOR_iret ||
			v->domain->shut_down ||
			read_once(this_cpu()->softirq_pending);
		if (v->multicall)
			e[i++].result = (xen_ulong_t)result;
	}
	v->multicall = NULL;
	return i;
}

long hc_multicall(uint64_t list, uint64_t count, uint64_t a3, uint64_t a4)
{
	uninitialized_buf struct multicall_entry e[MULTICALL_BATCH];
	struct vcpu *v = current_vcpu();
	uint32_t left = (uint32_t)count;
	bool stop = false;

	if (v->multicall)
		return -XEN_EINVAL;
	while (left) {
		unsigned int n = batch_size(list, left), done;

		if (copy_from_guest(e, guest_ptr(list), n * sizeof(e[0])))
			return -XEN_EFAULT;
		done = batch_run(v, e, n, &stop);
		/* The frame is another's now, in either mode (HC-3). */
		if (e[0].op == __HYPERVISOR_iret)
			return HYPERCALL_NO_RESULT;
		/* And the next, which may have been rewritten. */
		if (copy_to_guest(guest_ptr(list), e,
				  min_u64(done + 1, n) * sizeof(e[0])))
			return -XEN_EFAULT;
		list += done * sizeof(e[0]);
		left -= done;
		if (stop && left)
			return hypercall_continue(__HYPERVISOR_multicall, list,
						  left, a3, a4);
	}
	return 0;
}
