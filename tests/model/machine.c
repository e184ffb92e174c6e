/* SPDX-License-Identifier: MIT */
/*
 * The machine of the model: a CPU is a coroutine that stops at each point,
 * and a TLB. Between two points an actor runs alone; which one goes on is the
 * search's to say (explore.c).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/boot.h"
#include "core/grant.h"
#include "core/hypercall.h"
#include "model.h"
#include "public/errno.h"
#include "x86/machine.h"

struct frame frame_table[MACHINE_FRAMES];
uint64_t machine_frames = MACHINE_FRAMES;
static uint8_t memory[MACHINE_FRAMES * PAGE_SIZE]
	__attribute__((aligned(PAGE_SIZE)));
uint8_t *machine_memory = memory;
uint64_t boot_l4[512];
mfn_t boot_root;
struct boot_info boot_info;
struct cpu_features cpu_features = { .address_bits = 40 };
unsigned int cpu_count = ACTORS;

struct world world;
struct cpu cpus[ACTORS];
struct domain domain_a, domain_b;
struct vcpu *vcpus[ACTORS];
static struct vcpu vcpu_store[2][2]; /* of A and of B */
uint8_t stacks[ACTORS][16384] __attribute__((aligned(64)));
static bool running; /* an actor is, not the search */

/* Coroutines. */

static void *search_sp;

/* Leave the registers that a call preserves on this stack; go to the other. */
__attribute__((naked, noinline)) static void stack_switch(void **save,
							  void *load)
{
	__asm__("push %rbp; push %rbx; push %r12; push %r13; push %r14;"
		"push %r15; mov %rsp, (%rdi); mov %rsi, %rsp;"
		"pop %r15; pop %r14; pop %r13; pop %r12; pop %rbx; pop %rbp;"
		"ret");
}

static void actor_leave(void)
{
	stack_switch(&self()->sp, search_sp);
}

static void interrupt(void)
{
	struct actor *a = self();
	bool off = a->irq_off;

	a->ipi = false;
	a->spins = 0;
	a->irq_off = true;
	tlb_flush_local();
	a->irq_off = off;
}

/* Stop, until the search says how to go on. */
static enum answer stop(enum point_kind kind, const char *file, int line)
{
	struct actor *a = self();
	const struct spinlock *wants = a->wants;

	for (;;) {
		a->point = kind;
		a->file = file;
		a->line = line;
		a->wants = wants;
		actor_leave();
		a->wants = NULL;
		if (a->answer != ANSWER_INTERRUPT)
			return a->answer;
		interrupt();
	}
}

static void actor_main(void)
{
	if (self()->op.kind == OP_FLUSHED)
		interrupt();
	else
		op_run(&self()->op);
	self()->op = (struct op){ 0 };
	self()->sp = NULL;
	stack_switch(&(void *){ NULL }, search_sp);
	abort();
}

static void enter(unsigned int a)
{
	world.me = (uint8_t)a;
	running = true;
	stack_switch(&search_sp, world.actors[a].sp);
	running = false;
}

void actor_start(unsigned int a, const struct op *op)
{
	uint64_t *top = (uint64_t *)(stacks[a] + sizeof(stacks[a]));

	/* Six registers, where to go, and as if that had been called. */
	memset(top - 10, 0, 10 * sizeof(*top));
	top[-4] = (uint64_t)actor_main;
	world.actors[a].op = *op;
	world.actors[a].sp = top - 10;
	enter(a);
}

void actor_resume(unsigned int a, enum answer answer)
{
	world.actors[a].answer = (uint8_t)answer;
	enter(a);
}

void model_point(const volatile void *at, const char *file, int line)
{
	/* Nothing here makes zombies; every hypercall looks for them. */
	if (running && at != (const volatile void *)&zombies)
		stop(POINT_STEP, file, line);
}

void model_relax(const char *file, int line)
{
	if (!running)
		violated("waits for itself");
	self()->spins++;
	stop(POINT_STEP, file, line);
}

bool ask(const char *file, int line)
{
	if (!running || !world.preempts_left)
		return false;
	if (stop(POINT_QUESTION, file, line) != ANSWER_YES)
		return false;
	world.preempts_left--;
	return true;
}

uint64_t model_irq_save(void)
{
	bool off = self()->irq_off;

	self()->irq_off = true;
	return off;
}

void model_irq_restore(uint64_t flags)
{
	self()->irq_off = flags;
}

/* CPUs and locks. */

struct cpu *this_cpu(void)
{
	return &cpus[world.me];
}

struct cpu *cpu_get(unsigned int id)
{
	return id < ACTORS ? &cpus[id] : NULL;
}

void smp_send_ipi(unsigned int cpu, unsigned int vector)
{
	if (vector != VECTOR_TLB_FLUSH || cpu == world.me)
		violated("sends a wrong interrupt");
	if (running) {
		world.actors[cpu].ipi = true;
		return;
	}
	world.me = (uint8_t)cpu;
	tlb_flush_local();
	world.me = (uint8_t)!cpu;
}

void spin_debug_enter(const struct spinlock *l, bool pair)
{
	if (running) {
		self()->wants = l;
		stop(POINT_STEP, "lock", l->rank);
	}
	if (l->holder || pair)
		violated("takes a lock that it holds");
}

void spin_debug_taken(struct spinlock *l)
{
	l->holder = (int16_t)(world.me + 1);
}

void spin_debug_leave(struct spinlock *l, bool pair)
{
	if (!spin_held(l))
		violated("leaves a lock that it does not hold");
	l->holder = 0;
}

bool spin_held(const struct spinlock *l)
{
	return l->holder == (int16_t)(world.me + 1);
}

/* TLBs. */

void paging_load_root(mfn_t root)
{
	if (running)
		stop(POINT_STEP, "load of CR3", 0);
	this_cpu()->loaded_root = root;
	world.tlbs[world.me] = (struct tlb){ 0 };
}

/* Where address n is remembered in the level's part of a TLB. */
static uint8_t *cached(struct tlb *t, unsigned int level, unsigned int n)
{
	switch (level) {
	case 1:
		return &t->leaf[n];
	case 2:
		return &t->l2[n >> 1];
	case 3:
		return &t->l3[n >> 2];
	default:
		return &t->l4[0];
	}
}

bool tlb_fill(unsigned int a, unsigned int n)
{
	struct tlb *t = &world.tlbs[a];
	uint64_t table = cpus[a].loaded_root.n;
	unsigned int level = 4;
	bool new = false;

	if (*cached(t, 1, n) || mfn_eq(cpus[a].loaded_root, boot_root))
		return false;
	for (unsigned int l = 4; l > 1; l--)
		if (*cached(t, l, n)) {
			table = *cached(t, l, n) & TLB_FRAME;
			level = l - 1;
		}
	for (; level; level--) {
		const uint64_t *pte = &slots_of(
			(unsigned int)
				table)[level > 3 ? 0 : n >> (level - 1) & 1];

		table = (*pte & PTE_ADDR) >> PAGE_SHIFT;
		if (!(*pte & PTE_PRESENT) || table >= MODELLED)
			break;
		*cached(t, level, n) =
			(uint8_t)(table |
				  (level == 1 && *pte & PTE_WRITE ? TLB_WRITABLE
								  : 0));
		new = true;
	}
	return new;
}

/* Hypercalls. */

bool hypercall_preempt_check(void)
{
	return ask("preempted", 0);
}

long hypercall_continue(unsigned int number, uint64_t a1, uint64_t a2,
			uint64_t a3, uint64_t a4)
{
	uint64_t args[] = { a1, a2, a3, a4 };

	self()->continued = true;
	memcpy(self()->args, args, sizeof(args));
	return 0;
}

long subop_call_on(struct vcpu *v, const struct subop *table, unsigned int rows,
		   uint64_t cmd, guest_ptr_t arg)
{
	return -XEN_ENOSYS;
}

/* Other parts of the hypervisor. */

void panic_with(const struct cpu_regs *regs, const char *fmt, ...)
{
	static char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	violated(text);
}

void m2p_set(mfn_t m, uint64_t gfn)
{
}

mfn_t m2p_frame(uint64_t offset)
{
	return INVALID_MFN;
}

long grant_frames(struct domain *d, uint64_t first, uint64_t n,
		  guest_ptr_t list)
{
	return -XEN_EINVAL;
}

int pv_set_ldt(struct vcpu *v, uint64_t base, uint64_t entries)
{
	return 0;
}

void pv_drop_descriptors(struct vcpu *v)
{
}

int descriptor_page_check(uint64_t *entries)
{
	return 0;
}

struct domain *domain_get(domid_t id)
{
	struct domain *d = id ? &domain_b : &domain_a;

	d->refcount++;
	return d;
}

struct domain *domain_get_target(domid_t id, long *rc)
{
	*rc = 0;
	return domain_get(id == DOMID_SELF ? current_vcpu()->domain->id : id);
}

void domain_put(struct domain *d)
{
	if (!--d->refcount)
		violated("frees a domain");
}

/* The beginning. */

static void domain_begin(struct domain *d, domid_t id)
{
	static struct vcpu *lists[2][2];

	d->id = id;
	d->refcount = 1;
	d->max_vcpus = 2;
	d->max_pages = MACHINE_FRAMES;
	d->vcpu = lists[id];
	for (unsigned int i = 0; i < 2; i++) {
		struct vcpu *v = &vcpu_store[id][i];

		v->id = i;
		v->domain = d;
		v->in_kernel = true;
		v->kernel_root = INVALID_MFN;
		v->user_root = INVALID_MFN;
		d->vcpu[i] = v;
	}
	if (mm_domain_init(d))
		violated("has no memory for a domain");
}

static void give(struct domain *d, unsigned int frame)
{
	struct frame *f = &frame_table[frame];

	f->state = FRAME_HYPERVISOR;
	if (domain_assign_frames(d, f, 0))
		violated("cannot give a frame");
}

void machine_init(bool two_domains)
{
	struct ram_range rest = { MODELLED * PAGE_SIZE,
				  MACHINE_FRAMES * PAGE_SIZE };

	boot_info.memory_count = 1;
	boot_info.memory[0] =
		(struct memory_range){ 0, MACHINE_FRAMES * PAGE_SIZE, 1 };
	for (unsigned int i = 0; i < ACTORS; i++) {
		world.me = (uint8_t)i;
		cpus[i].id = i;
		cpus[i].online = true;
		mm_load_idle_root();
	}
	world.me = 0;
	mm_init(&rest, 1);
	domain_begin(&domain_a, 0);
	domain_begin(&domain_b, 1);
	vcpus[0] = domain_a.vcpu[0];
	vcpus[1] = two_domains ? domain_b.vcpu[0] : domain_a.vcpu[1];
	/* From now on there are no frames but those that domain A gives back */
	while (frames_alloc(0, 0))
		;
	for (unsigned int f = FRAME_W; f <= FRAME_Z; f += 2)
		give(&domain_a, f);
	give(&domain_a, FRAME_ROOT);
	for (unsigned int f = FRAME_B; f < MODELLED; f += 2)
		give(&domain_b, f);
	for (unsigned int i = 0; i < ACTORS; i++)
		cpus[i].current = vcpus[i];
}

const struct region *machine_regions(void)
{
	static struct region all[64];
	unsigned int n = 0;

	all[n++] = (struct region){ &world, sizeof(world) };
	all[n++] = (struct region){ cpus, sizeof(cpus) };
	all[n++] = (struct region){ frame_table,
				    MODELLED * sizeof(frame_table[0]) };
	for (unsigned int f = 0; f < MODELLED; f++)
		all[n++] = (struct region){ slots_of(f),
					    SLOTS * sizeof(uint64_t) };
	for (unsigned int d = 0; d < 2; d++) {
		struct domain *of = d ? &domain_b : &domain_a;

		all[n++] =
			(struct region){ &of->refcount, sizeof(of->refcount) };
		all[n++] = (struct region){ &of->mmu_lock,
					    (size_t)((char *)&of->memory_map -
						     (char *)&of->mmu_lock) };
		all[n++] = (struct region){ of->walker, sizeof(*of->walker) };
		for (unsigned int i = 0; i < 2; i++)
			all[n++] = (struct region){ &of->vcpu[i]->kernel_root,
						    sizeof(mfn_t) };
	}
	for (const struct region *r = core_regions; r->at; r++)
		all[n++] = *r;
	all[n] = (struct region){ NULL, 0 };
	return all;
}
