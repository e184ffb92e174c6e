/* SPDX-License-Identifier: MIT */
/*
 * Single L1 entries for the other parts of the hypervisor: emulated stores,
 * grant mappings, look-ups.
 */
#include "mm/pagetype.h"
#include "public/errno.h"

/* Tries of a compare-exchange that races with accessed and dirty (PT-18). */
#define STORE_TRIES 8

/* The entry that maps va in v's kernel tables; 0: none, or not present. */
static uint64_t entry_of_va(struct vcpu *v, uint64_t va)
{
	unsigned int index;
	struct frame *l1 = l1_of_va(v->kernel_root, va, &index);
	uint64_t pte = l1 ? read_once(table_entries(l1)[index]) : 0;

	return pte & PTE_PRESENT ? pte : 0;
}

uint64_t mm_lookup_l1(struct vcpu *v, uint64_t va)
{
	uint64_t pte;

	spin_lock(&v->domain->mmu_lock);
	pte = entry_of_va(v, va);
	spin_unlock(&v->domain->mmu_lock);
	return pte;
}

/*
 * PT-19: the entry at a machine address, which is in an L1 table of d now; the
 * table has references of its own, which only a holder of the lock can drop.
 */
static int store_at(struct domain *d, uint64_t maddr, struct store *s)
{
	struct frame *f = frame_get_by_mfn(mfn_of(maddr >> PAGE_SHIFT), d);
	bool is_l1;

	if (!f)
		return -XEN_EINVAL;
	is_l1 = frame_has_type(f, TYPE_L1);
	frame_put(f);
	s->table = f;
	s->index = (maddr & ~PAGE_MASK) / sizeof(uint64_t);
	return is_l1 ? 0 : -XEN_EINVAL;
}

/* The entry at guest address va of v, where its tables are mapped. */
static int store_at_va(struct vcpu *v, uint64_t va, struct store *s)
{
	uint64_t page = entry_of_va(v, va) & PTE_ADDR;

	return page ? store_at(v->domain, page | (va & ~PAGE_MASK), s)
		    : -XEN_EINVAL;
}

int mm_emulate_pte_write(struct vcpu *v, uint64_t va,
			 uint64_t (*update)(uint64_t old, void *ctx), void *ctx)
{
	struct domain *d = v->domain;
	struct store s = { .owner = d, .flags = STORE_EXPECTED };
	int rc = mmu_enter(d);

	if (rc)
		return -XEN_EAGAIN;
	rc = store_at_va(v, va, &s);
	if (!rc) {
		s.expected = read_once(table_entries(s.table)[s.index]);
		rc = -XEN_EAGAIN;
	}
	for (unsigned int i = 0; rc == -XEN_EAGAIN && i < STORE_TRIES; i++) {
		s.value = update(s.expected, ctx);
		rc = pte_store(d, &s);
	}
	mmu_leave(d);
	return rc;
}

int l1_store(struct vcpu *v, bool by_pte, uint64_t where, struct store *s)
{
	struct domain *d = v->domain;
	int rc = mmu_enter(d);

	if (rc)
		return rc;
	if (by_pte)
		rc = where % sizeof(uint64_t) ? -XEN_EINVAL
					      : store_at(d, where, s);
	else if (!(s->table = l1_of_va(v->kernel_root, where, &s->index)))
		rc = -XEN_EINVAL;
	if (!rc)
		rc = pte_store(d, s);
	mmu_leave(d);
	return rc;
}

/* Grant mappings. */

int mm_map_frame(struct vcpu *v, bool by_pte, uint64_t where, struct frame *f,
		 uint64_t flags)
{
	struct store s = { .flags = STORE_HELD };

	s.value = (flags & ~PTE_ADDR) | frame_to_mfn(f).n << PAGE_SHIFT;
	return l1_store(v, by_pte, where, &s);
}

int mm_unmap_frame(struct vcpu *v, bool by_pte, uint64_t where, struct frame *f)
{
	struct store s = { .flags = STORE_IF_MAPS, .maps = frame_to_mfn(f) };

	return l1_store(v, by_pte, where, &s);
}
