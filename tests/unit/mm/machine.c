/* SPDX-License-Identifier: MIT */
/* The machine described in machine.h, and stand-ins for other parts. */
#include "machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/boot.h"
#include "core/grant.h"
#include "core/hypercall.h"
#include "lib/log.h"
#include "mm/pagetype.h"
#include "public/errno.h"
#include "pv/pv.h"
#include "x86/cpu.h"
#include "x86/machine.h"

struct frame frame_table[MACHINE_FRAMES];
uint64_t machine_frames = MACHINE_FRAMES;
uint8_t *machine_memory;
uint64_t boot_l4[512];
mfn_t boot_root;
struct boot_info boot_info;
struct cpu_features cpu_features = { .address_bits = 40 };
unsigned int cpu_count = MACHINE_CPUS;
unsigned int preempt_percent;
void (*machine_meanwhile)(void);

static struct cpu cpus[MACHINE_CPUS];
static unsigned int me;
static struct domain *domains[4];
static uint64_t m2p[MACHINE_FRAMES];
static unsigned int lives[MACHINE_FRAMES];

noreturn_fn void fail(const char *file, int line, const char *what)
{
	printf("not ok %s:%d: %s\n", file, line, what);
	exit(1);
}

void panic_with(const struct cpu_regs *regs, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("not ok: ");
	vprintf(fmt, ap);
	putchar('\n');
	exit(1);
}

/* Chance. */

static uint64_t random_state = 1;

void random_seed(uint64_t seed)
{
	random_state = seed * 2862933555777941757ull + 3037000493ull;
}

uint64_t random_below(uint64_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 11) % n;
}

/* TLBs. */

struct translation {
	unsigned int level; /* of the entry: 1 a leaf, else a table below */
	uint64_t prefix;    /* address bits above the entry's */
	uint64_t frame;
	unsigned int life;
	bool writable;
};

#define TLB_SIZE 64

struct tlb {
	unsigned int n;
	struct translation entry[TLB_SIZE];
};

static struct tlb tlbs[MACHINE_CPUS];

static uint64_t prefix_of(uint64_t va, unsigned int level)
{
	return (va & 0xffffffffffffull) >> (12 + 9 * (level - 1));
}

static void tlb_insert(unsigned int level, uint64_t va, uint64_t frame,
		       bool writable)
{
	struct tlb *t = &tlbs[me];

	if (frame >= MACHINE_FRAMES)
		return;
	t->entry[t->n++ % TLB_SIZE] =
		(struct translation){ level, prefix_of(va, level), frame,
				      lives[frame], writable };
	if (t->n == 2 * TLB_SIZE)
		t->n = TLB_SIZE;
}

static unsigned int tlb_used(const struct tlb *t)
{
	return t->n < TLB_SIZE ? t->n : TLB_SIZE;
}

/* Start at the table a cached pointer leads to, else at the root. */
static unsigned int walk_start(uint64_t va, uint64_t *table)
{
	const struct tlb *t = &tlbs[me];

	for (unsigned int i = 0; i < tlb_used(t); i++) {
		const struct translation *e = &t->entry[i];

		if (e->level > 1 && e->prefix == prefix_of(va, e->level)) {
			*table = e->frame;
			return e->level - 1;
		}
	}
	*table = cpus[me].loaded_root.n;
	return 4;
}

void tlb_walk(uint64_t va, bool write)
{
	uint64_t table;
	unsigned int level;

	if (!cpus[me].tlb_domain || mfn_eq(cpus[me].loaded_root, boot_root))
		return;
	if (va >= HYPERVISOR_START && va < HYPERVISOR_END)
		return; /* not the guest's to use */
	for (level = walk_start(va, &table); level; level--) {
		uint64_t *pte = (uint64_t *)phys_to_virt(table << 12) +
				((va >> (12 + 9 * (level - 1))) & 511);
		bool leaf = level == 1;

		if (!(*pte & PTE_PRESENT) ||
		    (leaf && write && !(*pte & PTE_WRITE)))
			return;
		*pte |= PTE_ACCESSED;
		if (leaf && write)
			*pte |= PTE_DIRTY;
		table = (*pte & PTE_ADDR) >> 12;
		tlb_insert(level, va, table, leaf && write);
		if (table >= MACHINE_FRAMES)
			return;
	}
}

void tlb_new_life(struct frame *f)
{
	lives[f - frame_table]++;
}

static void translation_check(const struct translation *t)
{
	const struct frame *f = &frame_table[t->frame];
	enum frame_type type = type_of(f->type);

	if (f->state == FRAME_FREE)
		return; /* a flush comes before its next use */
	CHECK(t->life == lives[t->frame]);
	if (!(f->type & TYPE_COUNT))
		return;
	if (t->level > 1)
		CHECK(type == (enum frame_type)(t->level - 1));
	else if (t->writable)
		CHECK(type == TYPE_WRITABLE);
}

void tlb_check(void)
{
	for (unsigned int c = 0; c < MACHINE_CPUS; c++)
		for (unsigned int i = 0; i < tlb_used(&tlbs[c]); i++)
			translation_check(&tlbs[c].entry[i]);
}

void tlb_check_without(const struct frame *f)
{
	for (unsigned int c = 0; c < MACHINE_CPUS; c++)
		for (unsigned int i = 0; i < tlb_used(&tlbs[c]); i++)
			CHECK(&frame_table[tlbs[c].entry[i].frame] != f);
}

void paging_load_root(mfn_t root)
{
	cpus[me].loaded_root = root;
	tlbs[me].n = 0;
}

/* CPUs. */

struct cpu *this_cpu(void)
{
	return &cpus[me];
}

struct cpu *cpu_get(unsigned int id)
{
	return id < MACHINE_CPUS ? &cpus[id] : NULL;
}

void machine_be(unsigned int cpu)
{
	me = cpu;
}

void smp_send_ipi(unsigned int cpu, unsigned int vector)
{
	unsigned int self = me;

	CHECK(vector == VECTOR_TLB_FLUSH && cpu != me);
	me = cpu;
	tlb_flush_local();
	me = self;
}

void machine_run(struct vcpu *v)
{
	cpus[me].current = v;
	if (v)
		mm_load_root(v);
	else
		mm_load_idle_root();
}

/* Hypercalls. */

static struct {
	bool wanted;
	uint64_t args[4];
} continuation;

bool hypercall_preempt_check(void)
{
	return preempt_percent && chance(preempt_percent);
}

long hypercall_continue(unsigned int number, uint64_t a1, uint64_t a2,
			uint64_t a3, uint64_t a4)
{
	uint64_t args[4] = { a1, a2, a3, a4 };

	(void)number;
	continuation.wanted = true;
	memcpy(continuation.args, args, sizeof(args));
	return 0;
}

static hypercall_fn *const calls[64] = {
	[__HYPERVISOR_mmu_update] = hc_mmu_update,
	[__HYPERVISOR_update_va_mapping] = hc_update_va_mapping,
	[__HYPERVISOR_mmuext_op] = hc_mmuext_op,
	[__HYPERVISOR_memory_op] = hc_memory_op,
};

/* The preempted caller goes on where it was. */
static void resume_on(unsigned int cpu, struct vcpu *v)
{
	for (me = 0; me < MACHINE_CPUS; me++)
		if (me != cpu && cpus[me].current == v)
			machine_run(NULL);
	me = cpu;
	if (cpus[me].current == v)
		return;
	v->in_kernel = true;
	machine_run(v);
}

long machine_hypercall(unsigned int number, uint64_t a1, uint64_t a2,
		       uint64_t a3, uint64_t a4)
{
	uint64_t a[4] = { a1, a2, a3, a4 };
	struct vcpu *v = current_vcpu();
	unsigned int cpu = me;
	long rc;

	for (;;) {
		continuation.wanted = false;
		rc = calls[number](a[0], a[1], a[2], a[3]);
		if (!continuation.wanted)
			return rc;
		memcpy(a, continuation.args, sizeof(a));
		if (machine_meanwhile)
			machine_meanwhile();
		resume_on(cpu, v);
	}
}

long subop_call_on(struct vcpu *v, const struct subop *table, unsigned int rows,
		   uint64_t cmd, guest_ptr_t arg)
{
	return cmd < rows && table[cmd].handler
		       ? table[cmd].handler(v, v->domain, (void *)arg.va)
		       : -XEN_ENOSYS;
}

/* Locks: there is one thread, so a held lock is a deadlock. */

void spin_debug_enter(const struct spinlock *l, bool pair)
{
	CHECK(!l->holder && !pair);
}

void spin_debug_taken(struct spinlock *l)
{
	l->holder = 1;
}

void spin_debug_leave(struct spinlock *l, bool pair)
{
	CHECK(l->holder && !pair);
	l->holder = 0;
}

bool spin_held(const struct spinlock *l)
{
	return l->holder;
}

/* Other parts of the hypervisor. */

void m2p_set(mfn_t m, uint64_t gfn)
{
	m2p[m.n] = gfn;
}

mfn_t m2p_frame(uint64_t offset)
{
	(void)offset;
	return INVALID_MFN;
}

long grant_frames(struct domain *d, uint64_t first, uint64_t n,
		  guest_ptr_t list)
{
	(void)d, (void)first, (void)n, (void)list;
	return 0;
}

int pv_set_ldt(struct vcpu *v, uint64_t base, uint64_t entries)
{
	(void)v, (void)base, (void)entries;
	return 0;
}

void pv_drop_descriptors(struct vcpu *v)
{
	(void)v;
}

int descriptor_page_check(uint64_t *entries)
{
	return entries[0] ? -XEN_EINVAL : 0;
}

/* Domains. */

struct domain *domain_get(domid_t id)
{
	struct domain *d = id < 4 ? domains[id] : NULL;

	if (!d || d->dying)
		return NULL;
	d->refcount++;
	return d;
}

struct domain *domain_get_target(domid_t id, long *rc)
{
	const struct domain *self = current_vcpu()->domain;
	struct domain *d;

	if (id == DOMID_SELF)
		id = self->id;
	*rc = -XEN_EPERM;
	if (id != self->id && !self->is_control)
		return NULL;
	d = domain_get(id);
	*rc = d ? 0 : -XEN_ESRCH;
	return d;
}

void domain_put(struct domain *d)
{
	CHECK(d->refcount);
	if (--d->refcount)
		return;
	domains[d->id] = NULL;
	mm_domain_free(d);
	for (unsigned int i = 0; i < d->max_vcpus; i++)
		free(d->vcpu[i]);
	free(d->vcpu);
	free(d);
}

struct domain *machine_domain(domid_t id, unsigned int vcpus, bool control)
{
	struct domain *d = calloc(1, sizeof(*d));

	d->id = id;
	d->refcount = 1;
	d->is_control = control;
	d->max_vcpus = vcpus;
	d->max_pages = MACHINE_FRAMES;
	d->controller_pause_count = 1;
	d->vcpu = calloc(vcpus, sizeof(d->vcpu[0]));
	for (unsigned int i = 0; i < vcpus; i++) {
		d->vcpu[i] = calloc(1, sizeof(struct vcpu));
		d->vcpu[i]->id = i;
		d->vcpu[i]->domain = d;
		d->vcpu[i]->in_kernel = true;
		d->vcpu[i]->kernel_root = INVALID_MFN;
		d->vcpu[i]->user_root = INVALID_MFN;
	}
	CHECK(!mm_domain_init(d));
	domains[id] = d;
	return d;
}

void machine_init(void)
{
	struct ram_range all = { 0, MACHINE_FRAMES * PAGE_SIZE };

	machine_memory = aligned_alloc(PAGE_SIZE, MACHINE_FRAMES * PAGE_SIZE);
	memset(machine_memory, 0xa5, MACHINE_FRAMES * PAGE_SIZE);
	boot_info.memory_count = 1;
	boot_info.memory[0] =
		(struct memory_range){ 0, MACHINE_FRAMES * PAGE_SIZE, 1 };
	for (unsigned int i = 0; i < 512; i++)
		boot_l4[i] = 0xdead000 | i << 12 | 1;
	for (unsigned int c = 0; c < MACHINE_CPUS; c++) {
		me = c;
		cpus[c].id = c;
		cpus[c].online = true;
		mm_load_idle_root();
	}
	me = 0;
	mm_init(&all, 1);
}
