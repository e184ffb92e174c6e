/* SPDX-License-Identifier: MIT */
/*
 * Single L1 entries for the other parts of the hypervisor: emulated stores,
 * grant mappings, look-ups; and descriptor pages.
 */
#include "mm/pagetype.h"
#include "public/errno.h"
#include "pv/pv.h"

/* Tries of a compare-exchange that races with accessed and dirty (PT-18). */
#define STORE_TRIES 8

/*
 * The L1 entry at guest address va, in a page that must itself be mapped by
 * the current kernel tables and be an L1 table of the domain.
 */
static struct frame *l1_mapped_at(struct vcpu *v, uint64_t va)
{
	unsigned int index;
	struct frame *f, *l1 = l1_of_va(v->kernel_root, va, &index);
	uint64_t pte;

	if (!l1)
		return NULL;
	pte = read_once(table_entries(l1)[index]);
	if (!(pte & PTE_PRESENT))
		return NULL;
	f = frame_get_by_mfn(pte_mfn(pte), v->domain);
	if (f && frame_has_type(f, TYPE_L1))
		return f;
	if (f)
		frame_put(f);
	return NULL;
}

static int emulate_store(struct domain *d, struct store *s,
			 uint64_t (*update)(uint64_t old, void *ctx), void *ctx)
{
	int rc = -XEN_EAGAIN;

	s->flags = STORE_EXPECTED;
	s->expected = read_once(table_entries(s->table)[s->index]);
	for (unsigned int i = 0; rc == -XEN_EAGAIN && i < STORE_TRIES; i++) {
		s->value = update(s->expected, ctx);
		rc = pte_store(d, s);
	}
	return rc;
}

int mm_emulate_pte_write(struct vcpu *v, uint64_t va,
			 uint64_t (*update)(uint64_t old, void *ctx), void *ctx)
{
	struct store s = { .owner = v->domain };
	int rc = mmu_enter(v->domain);

	if (rc)
		return -XEN_EAGAIN;
	rc = -XEN_EINVAL;
	s.table = l1_mapped_at(v, va);
	s.index = (va & (PAGE_SIZE - 1)) / sizeof(uint64_t);
	if (s.table) {
		rc = emulate_store(v->domain, &s, update, ctx);
		frame_put(s.table);
	}
	mmu_leave(v->domain);
	return rc;
}

uint64_t mm_lookup_l1(struct vcpu *v, uint64_t va)
{
	unsigned int index;
	struct frame *l1;
	uint64_t pte = 0;

	spin_lock(&v->domain->mmu_lock);
	l1 = l1_of_va(v->kernel_root, va, &index);
	if (l1)
		pte = read_once(table_entries(l1)[index]);
	spin_unlock(&v->domain->mmu_lock);
	return pte & PTE_PRESENT ? pte : 0;
}

/* Grant mappings. */

static uint64_t leaf_value(const struct frame *f, uint64_t flags)
{
	return (flags & ~PTE_ADDR) | frame_to_mfn(f).n << PAGE_SHIFT;
}

int mm_map_frame_va(struct vcpu *v, uint64_t va, struct frame *f,
		    uint64_t flags)
{
	unsigned int index;
	struct frame *l1;
	int rc = mmu_enter(v->domain);

	if (rc)
		return rc;
	l1 = l1_of_va(v->kernel_root, va, &index);
	rc = l1 ? pte_install(v->domain, l1, index, leaf_value(f, flags))
		: -XEN_EINVAL;
	mmu_leave(v->domain);
	return rc;
}

/* PT-19: the L1 table with the entry at machine address pte; referenced. */
static struct frame *l1_at(struct domain *d, maddr_t pte, unsigned int *index)
{
	struct frame *f;

	if (pte.a & (sizeof(uint64_t) - 1))
		return NULL;
	*index = (pte.a & (PAGE_SIZE - 1)) / sizeof(uint64_t);
	f = frame_get_by_mfn(mfn_of(pte.a >> PAGE_SHIFT), d);
	if (f && frame_has_type(f, TYPE_L1))
		return f;
	if (f)
		frame_put(f);
	return NULL;
}

int mm_map_frame_pte(struct domain *d, maddr_t pte, struct frame *f,
		     uint64_t flags)
{
	unsigned int index;
	struct frame *l1;
	int rc = mmu_enter(d);

	if (rc)
		return rc;
	rc = -XEN_EINVAL;
	l1 = l1_at(d, pte, &index);
	if (l1) {
		rc = pte_install(d, l1, index, leaf_value(f, flags));
		frame_put(l1);
	}
	mmu_leave(d);
	return rc;
}

static int unmap_frame(struct domain *d, struct frame *l1, unsigned int index,
		       struct frame *f, uint64_t new)
{
	struct store s = { l1, index, new, d, 0, 0 };
	uint64_t old;

	if (!l1)
		return -XEN_EINVAL;
	old = read_once(table_entries(l1)[index]);
	if (!(old & PTE_PRESENT) || !mfn_eq(pte_mfn(old), frame_to_mfn(f)))
		return -XEN_EINVAL;
	return pte_store(d, &s);
}

int mm_unmap_frame_va(struct vcpu *v, uint64_t va, struct frame *f,
		      uint64_t new)
{
	struct domain *d = v->domain;
	unsigned int index = 0;
	struct frame *l1;
	int rc = mmu_enter(d);

	if (rc)
		return rc;
	l1 = l1_of_va(v->kernel_root, va, &index);
	rc = unmap_frame(d, l1, index, f, new);
	mmu_leave(d);
	return rc;
}

int mm_unmap_frame_pte(struct domain *d, maddr_t pte, struct frame *f,
		       uint64_t new)
{
	unsigned int index = 0;
	struct frame *l1;
	int rc = mmu_enter(d);

	if (rc)
		return rc;
	l1 = l1_at(d, pte, &index);
	rc = unmap_frame(d, l1, index, f, new);
	if (l1)
		frame_put(l1);
	mmu_leave(d);
	return rc;
}

/* Descriptor pages. */

static int descriptor_begin(struct frame *f)
{
	int rc = frame_type_begin(f, TYPE_DESCRIPTOR);

	if (rc != 1)
		return rc;
	rc = descriptor_page_check(table_entries(f));
	if (rc)
		/* Nobody can have counted on a busy frame. */
		__atomic_store_n(&f->type, type_word(TYPE_DESCRIPTOR),
				 __ATOMIC_SEQ_CST);
	else
		frame_type_publish(f);
	return rc;
}

struct frame *frame_get_descriptor(struct domain *d, mfn_t m)
{
	struct frame *f = frame_get_by_mfn(m, d);

	if (!f)
		return NULL;
	spin_lock(&d->mmu_lock);
	if (!descriptor_begin(f)) {
		spin_unlock(&d->mmu_lock);
		return f;
	}
	spin_unlock(&d->mmu_lock);
	frame_put(f);
	return NULL;
}

void frame_put_descriptor(struct frame *f)
{
	frame_put_type(f);
	frame_put(f);
}
