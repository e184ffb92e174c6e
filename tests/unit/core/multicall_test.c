/* SPDX-License-Identifier: MIT */
/*
 * Multicalls: what is run and written back when entries cannot be read, ask to
 * be run again, leave the kernel, or something else must come first.
 *
 * Every hypercall is a row of the script below, but for multicall itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/domain.h"
#include "core/hypercall.h"
#include "lib/log.h"
#include "public/errno.h"
#include "public/xen.h"

#define CHECK(c) ((c) ? (void)0 : fail(__LINE__, #c))
#define ENTRIES  100u

/* What a call does when it is made, by its first argument. */
enum {
	RETURN, /* the second argument */
	AGAIN,  /* continue as RETURN */
	LEAVE,  /* to user mode */
	SOFTIRQ,
	SHUT_DOWN,
	NEST,
	COPY_BACK_FAILS,
};

static struct domain domain;
static struct shared_info shared;
static struct vcpu vcpu = { .domain = &domain, .info = shared.vcpu_info };
static union {
	struct cpu cpu;
	char bytes[CPU_BLOCK_SIZE];
} block;
static struct multicall_entry list[ENTRIES] __attribute__((aligned(4096)));
static unsigned int calls;
static uint64_t readable_to, writable_to;

static void fail(int line, const char *what)
{
	printf("not ok line %d: %s\n", line, what);
	exit(1);
}

struct cpu *this_cpu(void)
{
	return &block.cpu;
}

int copy_from_guest(void *dst, guest_ptr_t src, size_t n)
{
	if (src.va + n > readable_to)
		return -XEN_EFAULT;
	memcpy(dst, (const void *)src.va, n);
	return 0;
}

int copy_to_guest(guest_ptr_t dst, const void *src, size_t n)
{
	if (dst.va + n > writable_to)
		return -XEN_EFAULT;
	memcpy((void *)dst.va, src, n);
	return 0;
}

void panic_with(const struct cpu_regs *regs, const char *fmt, ...)
{
	fail(0, fmt);
	abort();
}

static long call(uint64_t what, uint64_t value)
{
	calls++;
	switch (what) {
	case AGAIN:
		return hypercall_continue(__HYPERVISOR_mmu_update, RETURN,
					  value, 3, 4);
	case LEAVE:
		vcpu.in_kernel = false;
		break;
	case SOFTIRQ:
		block.cpu.softirq_pending = 1;
		break;
	case SHUT_DOWN:
		domain.shut_down = true;
		break;
	case NEST:
		return hc_multicall((uint64_t)list, 1, 0, 0);
	case COPY_BACK_FAILS:
		writable_to = (uint64_t)list;
		break;
	}
	return (long)value;
}

/* All of them, but for the one under test. */
#define HYPERCALL(number, name, who)                                           \
	__attribute__((weak)) long hc_##name(uint64_t a1, uint64_t a2,         \
					     uint64_t a3, uint64_t a4)         \
	{                                                                      \
		(void)a3, (void)a4;                                            \
		return call(a1, a2);                                           \
	}
#include "core/hypercall_table.h"
#undef HYPERCALL

static void entry(unsigned int i, uint64_t op, uint64_t what)
{
	list[i] = (struct multicall_entry){
		.op = op, .result = 77, .args = { what, 1000 + i, 3, 4, 5, 6 }
	};
}

static void start(void)
{
	for (unsigned int i = 0; i < ENTRIES; i++)
		entry(i, __HYPERVISOR_mmu_update, RETURN);
	calls = 0;
	readable_to = writable_to = (uint64_t)&list[ENTRIES];
	domain.shut_down = false;
	vcpu.in_kernel = true;
	block.cpu.current = &vcpu;
	block.cpu.softirq_pending = 0;
	memset(block.cpu.hypercalls, 0, sizeof(block.cpu.hypercalls));
	memset(guest_regs(), 0, sizeof(struct cpu_regs));
	guest_regs()->rip = 102;
}

static long run(unsigned int n)
{
	return hc_multicall((uint64_t)list, n, 0, 0);
}

/* The first n have run, and nothing behind them is touched. */
static void check_done(unsigned int n)
{
	CHECK(!vcpu.multicall);
	for (unsigned int i = 0; i < ENTRIES; i++)
		CHECK(list[i].result == (i < n ? 1000 + i : 77));
}

/* The call goes on at entry i when the guest is back. */
static void check_continues(unsigned int i, unsigned int left)
{
	struct cpu_regs *r = guest_regs();

	CHECK(r->rip == 100 && r->rax == __HYPERVISOR_multicall);
	CHECK(r->rdi == (uint64_t)&list[i] && r->rsi == left);
}

static void test_all(void)
{
	for (unsigned int n = 0; n <= ENTRIES; n++) {
		start();
		CHECK(!run(n));
		CHECK(calls == n);
		check_done(n);
	}
	start();
	entry(3, 11, RETURN);
	entry(4, 1ull << 40 | __HYPERVISOR_mmu_update, RETURN);
	entry(5, __HYPERVISOR_domctl, RETURN);
	entry(6, __HYPERVISOR_mmu_update, NEST);
	CHECK(!run(8) && calls == 5);
	CHECK((long)list[3].result == -XEN_ENOSYS);
	CHECK((long)list[4].result == -XEN_ENOSYS);
	CHECK((long)list[5].result == -XEN_EPERM);
	CHECK((long)list[6].result == -XEN_EINVAL);
	CHECK(block.cpu.hypercalls[__HYPERVISOR_mmu_update] == 5);
	CHECK(block.cpu.hypercalls[__HYPERVISOR_domctl] == 1);
	for (unsigned int i = 2; i < HYPERCALL_LIMIT; i++)
		CHECK(i == 11 || i == __HYPERVISOR_domctl ||
		      !block.cpu.hypercalls[i]);
	printf("ok entries of a multicall run in order\n");
}

static void test_stops(void)
{
	for (unsigned int at = 0; at < 30; at++) {
		start();
		entry(at, __HYPERVISOR_mmu_update, SOFTIRQ);
		(void)run(ENTRIES);
		check_done(at + 1);
		check_continues(at + 1, ENTRIES - at - 1);
		start();
		entry(at, __HYPERVISOR_mmu_update, SHUT_DOWN);
		(void)run(ENTRIES);
		check_done(at + 1);
		check_continues(at + 1, ENTRIES - at - 1);
		start();
		entry(at, __HYPERVISOR_memory_op, AGAIN);
		(void)run(ENTRIES);
		CHECK(list[at].op == __HYPERVISOR_mmu_update);
		CHECK(list[at].args[0] == RETURN && list[at].args[3] == 4);
		list[at].result = 77;
		check_done(at);
		check_continues(at, ENTRIES - at);
	}
	start();
	entry(9, __HYPERVISOR_mmu_update, SOFTIRQ);
	CHECK(!run(10) && guest_regs()->rip == 102);
	check_done(10);
	printf("ok a multicall makes room for other work\n");
}

/* HC-3: the rest must not run, and what ran before has its results. */
static void test_iret(void)
{
	for (unsigned int at = 0; at < 30; at++) {
		start();
		entry(at, __HYPERVISOR_iret, LEAVE);
		(void)run(ENTRIES);
		CHECK(calls == at + 1 && guest_regs()->rip == 102);
		check_done(at);
	}
	start();
	entry(5, __HYPERVISOR_iret, RETURN); /* to the kernel */
	(void)run(20);
	CHECK(calls == 6);
	check_done(5);
	printf("ok a multicall ends with an iret\n");
}

static void test_faults(void)
{
	/* The list begins a page, and 64 entries are one. */
	start();
	readable_to = (uint64_t)&list[64];
	CHECK(run(ENTRIES) == -XEN_EFAULT && calls == 64);
	check_done(64);
	/* An entry across the end of a page is read alone. */
	start();
	memmove((char *)list + 8, list, sizeof(list) - sizeof(list[0]));
	readable_to = (uint64_t)&list[64];
	CHECK(hc_multicall((uint64_t)list + 8, 80, 0, 0) == -XEN_EFAULT);
	CHECK(calls == 63);
	start();
	writable_to = (uint64_t)list;
	CHECK(run(ENTRIES) == -XEN_EFAULT && calls <= 8);
	start();
	entry(20, __HYPERVISOR_mmu_update, COPY_BACK_FAILS);
	CHECK(run(ENTRIES) == -XEN_EFAULT && calls <= 28);
	CHECK(!vcpu.multicall);
	printf("ok a multicall ends at an entry out of reach\n");
}

/* The other domain has the id 1, and there is no third. */
static struct domain other = { .id = 1, .refcount = 1 };

struct domain *domain_get_target(domid_t id, long *rc)
{
	*rc = -XEN_ESRCH;
	if (id != 1)
		return NULL;
	other.refcount++;
	return &other;
}

void domain_put(struct domain *d)
{
	CHECK(d == &other && d->refcount-- == 2);
}

static long on_caller(struct vcpu *v, struct domain *d, void *arg)
{
	CHECK(v == &vcpu && d == &domain);
	*(uint64_t *)arg += 5;
	return 0;
}

static long on_other(struct vcpu *v, struct domain *d, void *arg)
{
	CHECK(v == &vcpu && d == &other && d->refcount == 2);
	*(uint64_t *)arg += 5;
	return *(uint64_t *)arg > 0xffff ? -XEN_EINVAL : 3;
}

static void test_targets(void)
{
	static const struct subop rows[] = {
		{ on_caller, 8, SUBOP_OUT },
		{ on_other, 8, SUBOP_IN | SUBOP_OUT | SUBOP_TARGET },
	};
	uint64_t arg = 2;
	guest_ptr_t at = guest_ptr((uint64_t)&arg);

	start();
	readable_to = writable_to = ~0ull;
	CHECK(!subop_call(rows, 0, at) && arg == 5);
	arg = 2;
	CHECK(subop_call(rows, 1, at) == -XEN_ESRCH && arg == 2);
	arg = 1 | 1 << 16;
	CHECK(subop_call(rows, 1, at) == -XEN_EINVAL);
	CHECK(arg == (1 | 1 << 16) && other.refcount == 1);
	arg = 1;
	CHECK(subop_call(rows, 1, at) == 3 && arg == 6);
	CHECK(subop_call(rows, 2, at) == -XEN_ENOSYS);
	printf("ok a target is held while its operation runs\n");
}

int main(void)
{
	test_targets();
	test_all();
	test_stops();
	test_iret();
	test_faults();
	return 0;
}
