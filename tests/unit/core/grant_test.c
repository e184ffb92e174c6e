/* SPDX-License-Identifier: MIT */
/*
 * Grants against a model: random maps, unmaps and copies between two domains.
 * After each step: references of a frame = pins + page-table entries, and the
 * bits that the granter sees = somebody uses the entry. At the end all is back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/domain.h"
#include "core/grant.h"
#include "core/hypercall.h"
#include "lib/log.h"
#include "mm/mm.h"
#include "public/errno.h"

#define FRAMES   16
#define SLOTS    32 /* addresses that a mapping can have */
#define STEPS    200000
#define CHECK(c) ((c) ? (void)0 : fail(__LINE__, #c))

struct frame frame_table[FRAMES];
static uint8_t memory[FRAMES][PAGE_SIZE] __attribute__((aligned(4096)));
static struct domain dom[2];
static struct vcpu vcpu[2] = { { .domain = &dom[0] }, { .domain = &dom[1] } };
static struct {
	struct frame *f;
	bool write;
} slot[SLOTS];
static struct {
	bool live, write;
	unsigned int slot, ref;
	uint32_t handle;
} model[SLOTS];
static long allocated, flushed;
static bool heap_empty;
static struct cpu cpu0;

static void fail(int line, const char *what)
{
	printf("not ok line %d: %s\n", line, what);
	exit(1);
}

void panic_with(const struct cpu_regs *regs, const char *fmt, ...)
{
	fail(0, fmt);
	abort();
}
struct cpu *this_cpu(void)
{
	return &cpu0;
}
void *heap_alloc(size_t n)
{
	if (heap_empty)
		return NULL;
	allocated++;
	return calloc(1, n);
}
void heap_free(void *p)
{
	allocated -= p != NULL;
	free(p);
}
void *mfn_to_virt(mfn_t m)
{
	return memory[m.n];
}
bool hypercall_preempt_check(void)
{
	return false;
}
void tlb_flush_domain(struct domain *d)
{
	(void)d;
	flushed++;
}
void domain_put(struct domain *d)
{
	CHECK(d->refcount-- > 1);
}
void frame_get_again(struct frame *f)
{
	f->ref++;
}
void frame_put(struct frame *f)
{
	CHECK(f->ref-- > 1);
}
void frame_put_type(struct frame *f)
{
	CHECK(f->type-- > 0);
}

struct domain *domain_get(domid_t id)
{
	if (id > 1)
		return NULL;
	dom[id].refcount++;
	return &dom[id];
}

struct frame *frame_get_by_mfn(mfn_t m, const struct domain *d)
{
	if (m.n >= FRAMES || frame_table[m.n].owner != d)
		return NULL;
	frame_table[m.n].ref++;
	return &frame_table[m.n];
}

/* Frame 3 is a page table. */
int frame_get_type(struct frame *f, enum frame_type t)
{
	if (t != TYPE_WRITABLE || f == &frame_table[3])
		return -XEN_EINVAL;
	f->type++;
	return 0;
}

struct frame *frame_get_writable(struct domain *d, mfn_t m)
{
	struct frame *f = frame_get_by_mfn(m, d);

	if (f && frame_get_type(f, TYPE_WRITABLE)) {
		frame_put(f);
		f = NULL;
	}
	return f;
}

void frame_put_writable(struct frame *f)
{
	frame_put_type(f);
	frame_put(f);
}

int mm_map_frame(struct vcpu *v, bool by_pte, uint64_t va, struct frame *f,
		 uint64_t fl)
{
	(void)v, (void)by_pte;
	if (va >= SLOTS || slot[va].f)
		return rand() % 2 ? -XEN_EINVAL : -XEN_ERESTART;
	slot[va].f = f;
	slot[va].write = fl & PTE_WRITE;
	return 0;
}

int mm_unmap_frame(struct vcpu *v, bool by_pte, uint64_t va, struct frame *f)
{
	(void)v, (void)by_pte;
	if (va >= SLOTS || slot[va].f != f)
		return -XEN_EINVAL;
	if (slot[va].write)
		frame_put_type(f);
	frame_put(f);
	slot[va].f = NULL;
	return 0;
}

/* Table of domain 1: entry i grants frame i to domain 0; odd ones read-only. */
static struct grant_entry_v1 table[GRANTS_PER_FRAME];

static void set_up(void)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct grant_table *gt = heap_alloc(sizeof(*gt));

		spin_init(&gt->lock, RANK_GRANT);
		spin_init(&gt->map_lock, RANK_GRANT);
		gt->first_free = MAX_MAPPINGS;
		gt->frames = 1;
		gt->frame[0] = i ? table : heap_alloc(PAGE_SIZE);
		dom[i].id = (domid_t)i;
		dom[i].refcount = 1;
		dom[i].grant = gt;
	}
	for (unsigned int i = 0; i < FRAMES; i++) {
		frame_table[i].ref = 1;
		frame_table[i].owner = &dom[i < 8];
		frame_table[i].state = i == 5 ? FRAME_SHARED : FRAME_OWNED;
		table[i] = (struct grant_entry_v1){
			.flags = GTF_permit_access | (i % 2 ? GTF_readonly : 0),
			.domid = i == 7 ? 9 : 0,
			.frame = i,
		};
	}
}

static void check_counts(void)
{
	for (unsigned int i = 0; i < FRAMES; i++) {
		uint64_t uses = 0, writes = 0;

		for (unsigned int s = 0; s < SLOTS; s++)
			if (model[s].live && model[s].ref == i) {
				uses++;
				writes += model[s].write;
			}
		CHECK(frame_table[i].ref == 1 + 2 * uses);
		CHECK(frame_table[i].type == 2 * writes);
		CHECK(!(table[i].flags & GTF_reading) == !uses);
		CHECK(!(table[i].flags & GTF_writing) == !writes);
	}
}

static bool may(unsigned int ref, bool write)
{
	return ref < 8 && ref != 5 && ref != 7 && !(write && ref % 2);
}

static void try_map(void)
{
	unsigned int s = (unsigned int)rand() % SLOTS;
	unsigned int ref = (unsigned int)rand() % 10;
	bool write = rand() % 2;
	struct gnttab_map_grant_ref op = {
		.host_addr = s,
		.flags = GNTMAP_host_map | (write ? 0 : GNTMAP_readonly) |
			 (rand() % 2 ? GNTMAP_contains_pte : 0),
		.ref = rand() % 50 ? ref : ~0u,
		.dom = rand() % 50 ? 1 : 77,
	};
	bool good = op.dom == 1 && op.ref == ref && may(ref, write) &&
		    !slot[s].f && s;

	s ? (void)0 : (void)(op.flags = 0x40 | GNTMAP_host_map);
	if (!grant_map_grant_ref(&vcpu[0], &op, 1))
		return CHECK(!good);
	CHECK((op.status == GNTST_okay) == good);
	if (good) {
		model[s].live = true;
		model[s].write = write;
		model[s].slot = s;
		model[s].ref = ref;
		model[s].handle = op.handle;
	}
}

static void try_unmap(void)
{
	struct gnttab_unmap_grant_ref op[3];
	unsigned int s[3];

	for (unsigned int i = 0; i < 3; i++) {
		s[i] = (unsigned int)rand() % SLOTS;
		op[i].host_addr = rand() % 9 ? s[i] : SLOTS + 1u;
		op[i].dev_bus_addr = 0;
		op[i].handle =
			model[s[i]].live ? model[s[i]].handle : 100000u + s[i];
	}
	CHECK(grant_unmap_grant_ref(&vcpu[0], op, 3) == 3);
	for (unsigned int i = 0; i < 3; i++) {
		if (op[i].status != GNTST_okay) {
			CHECK(!model[s[i]].live || op[i].host_addr != s[i]);
			continue;
		}
		CHECK(model[s[i]].live && op[i].host_addr == s[i]);
		model[s[i]].live = false;
	}
}

/* An element between page 12 and a grant; what it may do is in *good. */
static struct gnttab_copy copy_element(bool *good)
{
	unsigned int ref = (unsigned int)rand() % 10;
	bool out = rand() % 2, fits = rand() % 4;
	struct gnttab_copy op = { .len = 96, .flags = GNTCOPY_source_gref };
	struct gnttab_copy_ptr granted = { .u.ref = ref, .domid = 1 };
	struct gnttab_copy_ptr own = { .u.gmfn = 12, .domid = DOMID_SELF };

	own.offset = fits ? 4000 : 4001;
	op.source = out ? own : granted;
	op.dest = out ? granted : own;
	op.flags = out ? GNTCOPY_dest_gref : GNTCOPY_source_gref;
	*good = fits && may(ref, out);
	return op;
}

/* Neighbours name the same page now and then. */
static void try_copy(void)
{
	unsigned int n = 1 + (unsigned int)rand() % 4;
	struct gnttab_copy op[4], *last;
	bool good[4];
	uint32_t ref;

	memset(memory[12], 1, PAGE_SIZE);
	for (unsigned int i = 0; i < n; i++) {
		if (i && rand() % 2) {
			op[i] = op[i - 1];
			good[i] = good[i - 1];
		} else {
			op[i] = copy_element(&good[i]);
		}
	}
	for (unsigned int i = 0; i < 10; i++)
		memset(memory[i], (int)(2 + i), PAGE_SIZE);
	CHECK(grant_copy(&vcpu[0], op, n) == n);
	for (unsigned int i = 0; i < n; i++)
		CHECK((op[i].status == GNTST_okay) == good[i]);
	if (!good[n - 1])
		return;
	last = &op[n - 1];
	ref = last->flags == GNTCOPY_dest_gref ? last->dest.u.ref
					       : last->source.u.ref;
	CHECK(!memcmp(memory[ref], memory[12] + 4000, 96));
	CHECK(memory[ref][96] == 2 + ref && memory[12][3999] == 1);
}

/* The account of a frame's entries comes with their first use. */
static void test_no_memory(void)
{
	struct gnttab_map_grant_ref map = { .host_addr = 1,
					    .flags = GNTMAP_host_map,
					    .dom = 1 };
	struct gnttab_copy copy = {
		.len = 1,
		.flags = GNTCOPY_source_gref,
		.source = { .u.ref = 0, .domid = 1 },
		.dest = { .u.gmfn = 12, .domid = DOMID_SELF },
	};
	long before = allocated;

	heap_empty = true;
	CHECK(grant_map_grant_ref(&vcpu[0], &map, 1) == 1);
	CHECK(map.status == GNTST_no_space);
	CHECK(grant_copy(&vcpu[0], &copy, 1) == 1);
	CHECK(copy.status == GNTST_no_space);
	CHECK(allocated == before && dom[1].refcount == 1);
	/* Who may not use the entry costs nothing either. */
	map.ref = 7;
	heap_empty = false;
	CHECK(grant_map_grant_ref(&vcpu[0], &map, 1) == 1);
	CHECK(map.status == GNTST_general_error && !dom[1].grant->use[0]);
	before = allocated; /* that was for mappings */
	check_counts();
	CHECK(grant_copy(&vcpu[0], &copy, 1) == 1);
	CHECK(copy.status == GNTST_okay && allocated == before + 1);
	printf("ok no memory for the account of grants\n");
}

int main(void)
{
	set_up();
	test_no_memory();
	srand(1);
	for (unsigned int i = 0; i < STEPS; i++) {
		unsigned int what = (unsigned int)rand() % 3;

		what == 0 ? try_map() : what == 1 ? try_unmap() : try_copy();
		check_counts();
	}
	/* The mapper dies: tables first, then what is left of the mappings. */
	for (unsigned int s = 0; s < SLOTS; s++) {
		if (slot[s].f)
			CHECK(!mm_unmap_frame(NULL, false, s, slot[s].f));
		model[s].live = false;
	}
	CHECK(!grant_release_mappings(&dom[0]));
	check_counts();
	CHECK(dom[0].refcount == 1 && dom[1].refcount == 1);
	printf("ok grants against a model\n");
	return 0;
}
