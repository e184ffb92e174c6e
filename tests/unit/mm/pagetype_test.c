/* SPDX-License-Identifier: MIT */
/*
 * Random operations of two domains on two CPUs against the oracle: after each
 * every counter equals a recount, and no TLB holds what would break isolation.
 * Preempted calls are continued after other operations came in between.
 *
 * Arguments: first seed, number of seeds, operations for each.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/hypercall.h"
#include "mm/pagetype.h"
#include "oracle.h"
#include "public/memory.h"

#define DOMAINS 2

static struct domain *domains[DOMAINS];
static unsigned int depth; /* of operations between parts of others */
static unsigned long successes[8], failures[8];

static struct domain *random_domain(void)
{
	return domains[random_below(DOMAINS)];
}

/* Each frame has a favourite use, so that trees come about by chance. */
static unsigned int favourite_level(uint64_t frame)
{
	return (unsigned int)(frame % 6);
}

/* A frame of d of that favourite use, or any, if a few tries find none. */
static uint64_t random_frame(const struct domain *d, unsigned int level)
{
	uint64_t m = 0;

	for (unsigned int i = 0; i < 300; i++) {
		m = random_below(MACHINE_FRAMES);
		if (frame_table[m].state != FRAME_OWNED ||
		    frame_table[m].owner != d)
			continue;
		if (favourite_level(m) == level ||
		    (!level && favourite_level(m) == 5))
			break;
	}
	return m;
}

static uint64_t random_flags(unsigned int level)
{
	uint64_t flags = 0;

	flags |= chance(85) ? PTE_PRESENT : 0;
	flags |= chance(60) ? PTE_WRITE : 0;
	flags |= chance(50) ? PTE_USER : 0;
	flags |= chance(30) ? PTE_ACCESSED : 0;
	flags |= chance(20) ? PTE_DIRTY : 0;
	flags |= chance(20) ? PTE_NX : 0;
	flags |= chance(10) ? 0x200 : 0;
	flags |= chance(2) ? PTE_GLOBAL : 0;
	flags |= chance(2) ? (level == 1 ? PTE_PAT : PTE_LARGE) : 0;
	flags |= chance(2) ? PTE_PCD : 0;
	return flags;
}

/* An entry for a table of that level of d, good more often than not. */
static uint64_t random_entry(const struct domain *d, unsigned int level)
{
	const struct domain *from = chance(95) ? d : random_domain();
	unsigned int below = level - 1;
	uint64_t frame;

	if (chance(8))
		below = (unsigned int)random_below(6);
	frame = random_frame(from, below);
	if (chance(2))
		frame = 1ull << (28 + random_below(12));
	if (chance(2))
		frame = MACHINE_FRAMES + random_below(1000);
	if (chance(15))
		return 0;
	/* Guests see their own tables, read-only. */
	if (level == 1 && chance(15))
		return random_frame(d, 1) << PAGE_SHIFT | PTE_PRESENT;
	/* And what was plain memory a moment ago becomes a table. */
	if (level == 1 && chance(20))
		frame = random_frame(d, 1 + (unsigned int)random_below(4));
	return frame << PAGE_SHIFT | random_flags(level);
}

static unsigned int random_slot(void)
{
	return used_slots[random_below(used_slot_count)];
}

/* A slot that is in use in this table, if a few tries find one. */
static unsigned int random_used_slot(uint64_t frame)
{
	unsigned int slot = random_slot();

	for (unsigned int i = 0; i < 12 && frame < MACHINE_FRAMES; i++) {
		const uint64_t *table = mfn_to_virt(mfn_of(frame));

		if (table[slot] & PTE_PRESENT && slot_is_guests(4, slot))
			break;
		slot = random_slot();
	}
	return slot;
}

/* An address that the tables of this CPU probably map; *leaf: to what. */
static uint64_t random_va(uint64_t *leaf)
{
	uint64_t frame = this_cpu()->loaded_root.n, va = 0;

	for (unsigned int level = 0; level < 4; level++) {
		unsigned int slot = random_used_slot(frame);

		va = va << 9 | slot;
		if (frame < MACHINE_FRAMES)
			frame = pte_mfn(((uint64_t *)mfn_to_virt(
						mfn_of(frame)))[slot])
					.n;
	}
	if (leaf)
		*leaf = frame;
	va <<= PAGE_SHIFT;
	return (uint64_t)((int64_t)(va << 16) >> 16);
}

static void count_result(unsigned int op, long rc)
{
	if (rc < 0)
		failures[op]++;
	else
		successes[op]++;
}

/* Operations: the caller is the current vCPU of the CPU. */

static void op_mmu_update(struct vcpu *v)
{
	struct mmu_update u[3];
	unsigned int n = 1 + (unsigned int)random_below(3);
	uint64_t foreign = DOMID_SELF;
	uint32_t done = 0;
	long rc;

	bool misaligned = false;

	for (unsigned int i = 0; i < n; i++) {
		unsigned int level = 1 + (unsigned int)random_below(4);

		u[i].ptr = random_frame(v->domain, level) << PAGE_SHIFT |
			   random_slot() * 8;
		u[i].ptr |= chance(20) ? MMU_PT_UPDATE_PRESERVE_AD : 0;
		u[i].ptr |= chance(2) ? 4 : 0;
		misaligned |= u[i].ptr & 4;
		u[i].val = random_entry(v->domain, level);
	}
	if (chance(10))
		foreign = random_domain()->id;
	rc = machine_hypercall(__HYPERVISOR_mmu_update, (uint64_t)u, n,
			       (uint64_t)&done, foreign);
	CHECK(rc < 0 || (done == n && !misaligned));
	CHECK(rc >= 0 || done < n || foreign != DOMID_SELF);
	count_result(0, rc);
}

static long mmuext(unsigned int cmd, uint64_t mfn, uint64_t domid)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn };
	long rc;

	rc = machine_hypercall(__HYPERVISOR_mmuext_op, (uint64_t)&op, 1, 0,
			       domid);
	count_result(1, rc);
	return rc;
}

static void op_pin(struct vcpu *v)
{
	unsigned int level = 1 + (unsigned int)random_below(4);
	struct domain *d = chance(90) ? v->domain : random_domain();
	uint64_t m = random_frame(d, level);
	bool pinned = frame_table[m].type & TYPE_PINNED;
	long rc;

	if (chance(50)) {
		rc = mmuext(MMUEXT_UNPIN_TABLE, m, d->id);
		if (!machine_meanwhile && !pinned)
			CHECK(rc);
	} else {
		rc = mmuext(MMUEXT_PIN_L1_TABLE + level - 1, m, d->id);
		if (!machine_meanwhile && pinned)
			CHECK(rc);
	}
}

static void op_root(struct vcpu *v)
{
	uint64_t m = random_frame(v->domain, 4);

	if (chance(60))
		mmuext(MMUEXT_NEW_BASEPTR, m, DOMID_SELF);
	else
		mmuext(MMUEXT_NEW_USER_BASEPTR, chance(30) ? 0 : m, DOMID_SELF);
}

static void op_update_va(struct vcpu *v)
{
	uint64_t flags = chance(50) ? UVMF_INVLPG : UVMF_TLB_FLUSH | UVMF_ALL;

	count_result(2, machine_hypercall(
				__HYPERVISOR_update_va_mapping, random_va(NULL),
				random_entry(v->domain, 1), flags, 0));
}

/* What a guest does to memory that it maps writable. */
static void op_write(struct vcpu *v)
{
	unsigned int level = 1 + (unsigned int)random_below(4);
	struct frame *f = frame_get_writable(
		v->domain, mfn_of(random_frame(v->domain, level)));
	uint64_t *page;

	count_result(3, f ? 0 : -1);
	if (!f)
		return;
	page = mfn_to_virt(frame_to_mfn(f));
	for (unsigned int i = 0; i < 3; i++)
		page[random_slot()] = random_entry(v->domain, level);
	frame_put_writable(f);
}

static void op_memory(struct vcpu *v)
{
	xen_pfn_t extent = random_frame(v->domain, random_below(6));
	struct xen_memory_reservation r = { .extent_start.p = &extent,
					    .nr_extents = 1,
					    .domid = DOMID_SELF };
	unsigned int cmd = chance(50) ? XENMEM_populate_physmap
				      : XENMEM_decrease_reservation;
	long rc = machine_hypercall(__HYPERVISOR_memory_op, cmd, (uint64_t)&r,
				    0, 0);

	count_result(4, rc == 1 ? 0 : -1);
	if (rc == 1 && cmd == XENMEM_populate_physmap) {
		tlb_new_life(&frame_table[extent]);
		CHECK(!*(uint64_t *)mfn_to_virt(mfn_of(extent)));
	}
}

static void op_exchange(struct vcpu *v)
{
	xen_pfn_t in = random_frame(v->domain, random_below(6)), out = 7;
	struct xen_memory_exchange x = {
		.in = { { &in }, 1, 0, 0, DOMID_SELF },
		.out = { { &out }, 1, 0, 0, DOMID_SELF },
	};
	long rc;

	if (chance(30)) /* no frame is there: what was taken is given back */
		x.out.mem_flags = XENMEMF_address_bits(PAGE_SHIFT);
	rc = machine_hypercall(__HYPERVISOR_memory_op, XENMEM_exchange,
			       (uint64_t)&x, 0, 0);
	count_result(5, rc);
	if (!rc)
		tlb_new_life(&frame_table[out]);
}

static uint64_t random_update(uint64_t old, void *ctx)
{
	/* The processor may set bits between the look and the store. */
	if (chance(20))
		tlb_walk(random_va(NULL), true);
	return chance(50) ? *(uint64_t *)ctx : old ^ PTE_WRITE;
}

static void op_emulate(struct vcpu *v)
{
	uint64_t entry = random_entry(v->domain, 1), leaf, va;

	for (unsigned int i = 0; i < 10; i++) {
		va = random_va(&leaf);
		if (leaf < MACHINE_FRAMES &&
		    frame_has_type(&frame_table[leaf], TYPE_L1))
			break;
	}
	count_result(6, mm_emulate_pte_write(v, va + random_slot() * 8,
					     random_update, &entry));
}

static void op_schedule(struct vcpu *v)
{
	struct domain *d = random_domain();
	struct vcpu *next = d->vcpu[random_below(d->max_vcpus)];
	unsigned int self = this_cpu()->id;

	(void)v;
	for (unsigned int c = 0; c < MACHINE_CPUS; c++)
		if (cpu_get(c)->current == next && c != self)
			return;
	if (chance(10)) {
		machine_run(NULL);
		return;
	}
	next->in_kernel = mfn_eq(next->user_root, INVALID_MFN) || chance(50);
	machine_run(next);
}

static void check(bool all)
{
	oracle_check(domains, DOMAINS, all);
	tlb_check();
}

typedef void op_fn(struct vcpu *v);

static op_fn *const ops[] = {
	op_mmu_update, op_mmu_update, op_mmu_update, op_pin,     op_pin,
	op_root,       op_update_va,  op_write,      op_write,   op_memory,
	op_exchange,   op_emulate,    op_schedule,   op_emulate,
};

/* What is taken for zeros is free, holds zeros, and nobody can write to it. */
static void clear_ahead(void)
{
	bool more = chance(50);

	while (frames_clear_ahead() && more)
		;
	for (unsigned int m = 0; m < MACHINE_FRAMES; m++) {
		struct frame *f = &frame_table[m];
		const uint64_t *words = mfn_to_virt(mfn_of(m));

		if (!f->is_zero)
			continue;
		CHECK(f->state == FRAME_FREE);
		tlb_check_without(f);
		for (unsigned int i = 0; i < PAGE_SIZE / sizeof(*words); i++)
			CHECK(!words[i]);
	}
}

static void random_op(void)
{
	struct vcpu *v;

	machine_be((unsigned int)random_below(MACHINE_CPUS));
	for (unsigned int i = 0; i < 6; i++)
		tlb_walk(random_va(NULL), chance(60));
	v = current_vcpu();
	if (v && v->in_kernel)
		ops[random_below(ARRAY_SIZE(ops))](v);
	else
		op_schedule(v);
	if (!current_vcpu())
		clear_ahead();
}

static void meanwhile(void)
{
	check(false);
	if (depth++ < 3)
		random_op();
	depth--;
}

static void destroy_all(void)
{
	for (unsigned int c = 0; c < MACHINE_CPUS; c++) {
		machine_be(c);
		machine_run(NULL);
	}
	for (unsigned int i = 0; i < DOMAINS; i++)
		domains[i]->dying = true;
	for (unsigned int i = 0; i < DOMAINS; i++)
		while (mm_domain_relinquish(domains[i]))
			check(false);
	check(true);
	for (unsigned int i = 0; i < DOMAINS; i++) {
		CHECK(domains[i]->tot_pages == 0);
		domain_put(domains[i]);
	}
}

static void create_all(void)
{
	for (unsigned int i = 0; i < DOMAINS; i++) {
		domains[i] = machine_domain((domid_t)i, 2, i == 0);
		for (unsigned int n = 0; n < 60; n++) {
			struct frame *f = domain_alloc_frame(domains[i]);

			CHECK(f);
			tlb_new_life(f);
		}
		domains[i]->max_pages = 60;
	}
}

static void run(uint64_t seed, unsigned int n)
{
	uint64_t free_before = heap_free_pages;

	random_seed(seed);
	create_all();
	preempt_percent = seed % 3 ? 30 : 0;
	machine_meanwhile = seed % 3 ? meanwhile : NULL;
	for (unsigned int i = 0; i < n; i++) {
		random_op();
		check(i % 512 == 0);
	}
	destroy_all();
	CHECK(heap_free_pages == free_before);
}

int main(int argc, char **argv)
{
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	uint64_t seeds = argc > 2 ? strtoull(argv[2], NULL, 0) : 6;
	unsigned int n = argc > 3 ? (unsigned int)atoi(argv[3]) : 6000;

	machine_init();
	for (uint64_t s = first; s < first + seeds; s++)
		run(s, n);
	for (unsigned int i = 0; argc > 3 && i < 7; i++)
		printf("op %u: %lu done, %lu refused\n", i, successes[i],
		       failures[i]);
	printf("ok pagetype\n");
	return 0;
}
