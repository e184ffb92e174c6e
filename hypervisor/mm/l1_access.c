/* SPDX-License-Identifier: MIT */
/*
 * Single L1 entries for the other parts of the hypervisor: emulated stores,
 * grant mappings, look-ups.
 */
#include "mm/pagetype.h"

/* The entry that maps va in v's kernel tables; 0: none, or not present. */
static uint64_t entry_of_va(struct vcpu *v, uint64_t va)
{
	const uint64_t *l1 = l1_of_va(v->kernel_root, va);
	uint64_t pte = l1 ? read_once(*l1) : 0;

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
 * The entry at va, which maps an L1 table of v's domain, or NULL. What maps the
 * table holds it, and its owner, as long as the lock is held (PT-19).
 */
static uint64_t *mapped_entry(struct vcpu *v, uint64_t va)
{
	uint64_t pte = entry_of_va(v, va);
	const struct frame *f = frame_lookup(pte_mfn(pte));

	if (!pte || !f || read_once(f->owner) != v->domain ||
	    !frame_has_type(f, TYPE_L1))
		return NULL;
	return phys_to_virt((pte & PTE_ADDR) | (va & ~PAGE_MASK & ~7ul));
}

int mm_emulate_pte_write(struct vcpu *v, uint64_t va,
			 uint64_t (*update)(uint64_t old, void *ctx), void *ctx)
{
	struct domain *d = v->domain;
	struct store s = { .level = 1, .owner = d, .flags = STORE_EXPECTED };
	int rc = mmu_enter(d);

	if (rc)
		return -XEN_EAGAIN;
	rc = -XEN_EINVAL;
	s.pte = mapped_entry(v, va);
	if (s.pte) {
		s.expected = read_once(*s.pte);
		s.value = update(s.expected, ctx);
		/* -EAGAIN: the processor has set accessed or dirty (PT-18). */
		rc = pte_store(d, &s);
	}
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
