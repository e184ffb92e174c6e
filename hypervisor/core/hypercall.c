/* SPDX-License-Identifier: MIT */
/*
 * Hypercall dispatch, sub-operation tables, continuations and multicall.
 *
 * Owns: the table made from core/hypercall_table.h.
 * Context: a CPU running a guest-kernel vCPU, interrupts on, no lock held.
 * Contract: include/public/xen.h; rules HC-1..4 of docs/security-model.md.
 */
#include "core/hypercall.h"

#define HYPERCALL(number, name, who)                                           \
	_Static_assert(__HYPERVISOR_##name == (number), #name);
#include "core/hypercall_table.h"
#undef HYPERCALL

/* Those who may not call are stopped before the handler. */
#define GUARD(name)                                                            \
	static long guarded_##name(uint64_t a1, uint64_t a2, uint64_t a3,      \
				   uint64_t a4)                                \
	{                                                                      \
		return domain_is_control(current_vcpu()->domain)               \
			       ? hc_##name(a1, a2, a3, a4)                     \
			       : -XEN_EPERM;                                   \
	}
GUARD(platform_op)
GUARD(sysctl)
GUARD(domctl)

/* A row that is absent has a handler as well: nothing to look for. */
static long hc_absent(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
	return -XEN_ENOSYS;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init" /* of the absent rows */
#define HANDLER_ANY_DOMAIN(name)     hc_##name
#define HANDLER_CONTROL_DOMAIN(name) guarded_##name
#define HYPERCALL(number, name, who) [number] = HANDLER_##who(name),
static hypercall_fn *const hypercall_table[HYPERCALL_LIMIT] = {
	[0 ... HYPERCALL_LIMIT - 1] = hc_absent,
#include "core/hypercall_table.h"
};
#undef HYPERCALL
#pragma GCC diagnostic pop

/* Inline for multicalls. iret loads every register, and its result is rax. */
inline long hypercall_dispatch(uint64_t a1, uint64_t a2, uint64_t a3,
			       uint64_t a4, uint64_t op, struct cpu *cpu)
{
	/* The limit is a power of two: a clamp (SP-2). */
	uint64_t row = op & (HYPERCALL_LIMIT - 1);

	if (unlikely(op >= HYPERCALL_LIMIT))
		return -XEN_ENOSYS;
	cpu->hypercalls[row]++;
	return hypercall_table[row](a1, a2, a3, a4);
}

bool hypercall_preempt_check(void)
{
	const struct vcpu *v = current_vcpu();

	return read_once(this_cpu()->softirq_pending) || vcpu_event_pending(v);
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

static never_inline long call_holding(const struct subop *row, struct vcpu *v,
				      void *arg)
{
	struct domain *d = v->domain;
	const domid_t *id = arg;
	long rc;

	if (row->flags & SUBOP_TARGET) {
		/* SUBOP_IN has read it. */
		/* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
		d = domain_get_target(*id, &rc);
		if (!d)
			return rc;
	}
	if (row->flags & SUBOP_PORTS)
		spin_lock(&d->evtchn_lock);
	rc = row->handler(v, d, arg);
	if (row->flags & SUBOP_PORTS)
		spin_unlock(&d->evtchn_lock);
	if (row->flags & SUBOP_TARGET)
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
	rc = row->flags & (SUBOP_TARGET | SUBOP_PORTS)
		     ? call_holding(row, v, buffer)
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
 * Run entries up to iret, or to one after which something else must come first:
 * then *stop is set. Returns how many are done. An entry that continues is not,
 * and has been rewritten for that. Not inline: it needs all registers.
 */
static never_inline unsigned int batch_run(struct vcpu *v,
					   struct multicall_entry *first,
					   unsigned int n, bool *stop)
{
	struct multicall_entry *e = first, *end = first + n;
	const struct domain *d = v->domain;
	struct cpu *cpu = this_cpu();

	while (e < end && e->op != __HYPERVISOR_iret) {
		long result;

		v->multicall = e;
		result = hypercall_dispatch(e->args[0], e->args[1], e->args[2],
					    e->args[3], e->op, cpu);
		if (unlikely(!v->multicall)) {
			*stop = true;
			break;
		}
		e++->result = (xen_ulong_t)result;
		if (unlikely(read_once(cpu->softirq_pending) || d->shut_down)) {
			*stop = true;
			break;
		}
	}
	v->multicall = NULL;
	return (unsigned int)(e - first);
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
		/* It leaves this address space, and what comes after (HC-3). */
		if (e[0].op == __HYPERVISOR_iret)
			return hc_iret(0, 0, 0, 0);
		done = batch_run(v, e, n, &stop);
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
