/* SPDX-License-Identifier: MIT */
/*
 * Hypercall dispatch (design D4): entry.S -> hypercall_dispatch -> hc_NAME.
 * core/hypercall_table.h is the only list of hypercalls. Multiplexed calls
 * have one table of sub-operations; subop_call() checks permission first,
 * copies the argument in once, calls the handler with private memory only and
 * copies it out.
 */
#pragma once

#include "core/services.h"
#include "x86/uaccess.h"

/* Registers rdi, rsi, rdx, r10. Result: rax, negative is -errno. */
typedef long hypercall_fn(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4);

#define HYPERCALL(number, name, who) hypercall_fn hc_##name;
#include "core/hypercall_table.h"
#undef HYPERCALL

enum subop_flags {
	SUBOP_IN = 1,  /* copy the argument in before the handler */
	SUBOP_OUT = 2, /* copy it out if the result is >= 0; zeroes if not IN */
	SUBOP_PRIV = 4, /* control domain only, else -EPERM */
	/* Works on the domain that the argument's first field names, a domid:
	 * see domain_get_target(). With SUBOP_IN. */
	SUBOP_TARGET = 8,
	SUBOP_PORTS = 16, /* with the domain's evtchn_lock held */
};

/* One sub-operation. d: the target, held, else v's domain. arg: private. */
struct subop {
	long (*handler)(struct vcpu *v, struct domain *d, void *arg);
	uint16_t size; /* bytes of the argument structure, <= SUBOP_MAX */
	uint8_t flags;
};

#define SUBOP_MAX 256

/* -ENOSYS for an absent row. v: whom the handlers work for, of the caller's
 * domain; in general the caller. */
long subop_call_on(struct vcpu *v, const struct subop *table, unsigned int rows,
		   uint64_t cmd, guest_ptr_t arg);
#define subop_call(table, cmd, arg)                                            \
	subop_call_on(current_vcpu(), table, ARRAY_SIZE(table),                \
		      (uint32_t)(cmd), arg)

/*
 * Preemption. A long operation that has completed at least one unit asks
 * hypercall_preempt_check() and, if true, returns
 * hypercall_continue(number, args...): the guest will re-execute the call
 * with these arguments (in a multicall: the entry is rewritten). Arguments
 * read back later are as untrusted as the first time (HC-4).
 */
bool hypercall_preempt_check(void);
long hypercall_continue(unsigned int number, uint64_t a1, uint64_t a2,
			uint64_t a3, uint64_t a4);

/* Fill one page, of PAGE_SIZE bytes, with stubs (hypercall_page.c). */
void hypercall_page_fill(uint8_t *page);
/* The same in memory of d. False: the frame is not d's, or no such memory. */
must_check bool hypercall_page_install(struct domain *d, mfn_t m);

/*
 * From entry.S, interrupts on, guest kernel mode, with the CPU that it is on.
 * The result is for rax; this one leaves the registers as the handler has set
 * them.
 */
#define HYPERCALL_NO_RESULT (-0x7fffffffl)
long hypercall_dispatch(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
			uint64_t op, struct cpu *cpu);
