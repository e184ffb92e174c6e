/* SPDX-License-Identifier: MIT */
/*
 * Memory of domains: which frames they own, the roots of their vCPUs, shared
 * pages, and teardown.
 *
 * A domain with pages is referenced by them, so that a frame's owner can be
 * compared as long as anyone refers to the frame.
 *
 * Locks: page_lock guards the list of pages and the quota; mmu_lock the
 * tables, roots and pins.
 */
#include "mm/pagetype.h"

struct domain *zombies;

/*
 * The caller may hold any domain's mmu_lock, and the last reference to a
 * domain frees it: leave that to the next mmu_leave().
 */
static void domain_drop_pages_reference(struct domain *d)
{
	if (__atomic_sub_fetch(&d->refcount, 1, __ATOMIC_SEQ_CST))
		return;
	write_once(d->refcount, 1); /* the one that mmu_leave() will put */
	d->next_zombie = read_once(zombies);
	while (!__atomic_compare_exchange_n(&zombies, &d->next_zombie, d, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		;
}

void zombies_put(void)
{
	struct domain *d, *next;

	for (d = __atomic_exchange_n(&zombies, NULL, __ATOMIC_SEQ_CST); d;
	     d = next) {
		next = d->next_zombie;
		domain_put(d);
	}
}

/* Pages. */

int domain_assign_frames(struct domain *d, struct frame *f, unsigned int order)
{
	uint64_t n = 1ull << order;
	bool allowed;

	spin_lock(&d->page_lock);
	allowed = !d->dying && d->tot_pages <= d->max_pages &&
		  n <= d->max_pages - d->tot_pages; /* PG-7 */
	if (allowed && !d->tot_pages)
		__atomic_add_fetch(&d->refcount, 1, __ATOMIC_SEQ_CST);
	if (allowed)
		d->tot_pages += n;
	/* type stays: 0, or of a frame that is given back its history. */
	for (; allowed && n; n--, f++) {
		f->owner = d;
		f->state = FRAME_OWNED;
		list_add_tail(&d->page_list, &f->link);
		__atomic_store_n(&f->ref, REF_ALLOCATED | 1, __ATOMIC_RELEASE);
	}
	spin_unlock(&d->page_lock);
	return allowed ? 0 : -XEN_ENOMEM;
}

struct frame *domain_alloc_frame(struct domain *d)
{
	struct frame *f = frames_alloc(0, 0);

	if (!f)
		return NULL;
	if (!domain_assign_frames(d, f, 0))
		return f;
	frames_free(f, 0);
	return NULL;
}

static void page_remove(struct domain *d, struct frame *f)
{
	bool last;

	spin_lock(&d->page_lock);
	list_remove(&f->link);
	last = !--d->tot_pages;
	spin_unlock(&d->page_lock);
	if (last)
		domain_drop_pages_reference(d);
}

void frame_release(struct frame *f)
{
	if (f->uncached)
		wbinvd(); /* TL-9; rare: graphics of the control domain */
	m2p_set(frame_to_mfn(f), M2P_INVALID);
	if (f->state == FRAME_OWNED)
		page_remove(f->owner, f);
	frames_free(f, 0);
}

int domain_steal_frame(struct domain *d, struct frame *f)
{
	uint64_t alone = REF_ALLOCATED | 2;

	if (f->state != FRAME_OWNED || !atomic_replace(&f->ref, &alone, 0))
		return -XEN_EBUSY;
	/* Every type reference has a general one: there is none either. */
	page_remove(d, f);
	f->owner = NULL;
	f->state = FRAME_HYPERVISOR;
	return 0;
}

/* Shared pages. */

void mm_share_page(struct domain *d, void *page)
{
	struct frame *f = frame_at(virt_to_mfn(page));

	f->owner = d;
	f->state = FRAME_SHARED;
	/* The hypervisor's writable use keeps it from becoming a table. */
	f->type = type_word(TYPE_WRITABLE) | 1;
	m2p_set(frame_to_mfn(f), M2P_SHARED);
	__atomic_store_n(&f->ref, REF_ALLOCATED | 2, __ATOMIC_RELEASE);
}

/* Roots. */

/* Away from an old root of v's, where it is loaded (TL-6). */
static void root_load(struct vcpu *v, const mfn_t *slot)
{
	if (current_vcpu() == v && (slot == &v->kernel_root) == v->in_kernel)
		mm_load_root(v);
}

int mm_set_root(struct vcpu *v, mfn_t *slot, mfn_t root)
{
	struct domain *d = v->domain;
	mfn_t old;
	int rc;

	/* Nobody else changes the roots of a vCPU that runs. */
	if (current_vcpu() == v && mfn_eq(*slot, root)) {
		root_load(v, slot);
		return 0;
	}
	rc = mmu_enter(d);
	if (rc)
		return rc;
	old = *slot;
	if (!mfn_eq(root, INVALID_MFN) && !mfn_eq(root, old))
		rc = d->dying ? -XEN_EINVAL : table_get(d, root, 4);
	if (!rc) {
		*slot = root;
		root_load(v, slot);
		if (!mfn_eq(old, INVALID_MFN) && !mfn_eq(root, old))
			table_put(d, frame_at(old));
	}
	mmu_leave(d);
	return rc;
}

static int roots_drop(struct vcpu *v)
{
	int rc = mm_set_root(v, &v->kernel_root, INVALID_MFN);

	return rc ? rc : mm_set_root(v, &v->user_root, INVALID_MFN);
}

void mm_drop_roots(struct vcpu *v)
{
	/* Every try makes progress. */
	while (roots_drop(v))
		;
}

/* Pins. */

int mm_pin(struct domain *d, unsigned int level, mfn_t m)
{
	int rc = mmu_enter(d);

	if (rc)
		return rc;
	rc = d->dying ? -XEN_EINVAL : table_get(d, m, level);
	if (!rc) {
		struct frame *f = frame_at(m);
		uint64_t old = __atomic_fetch_or(&f->type, TYPE_PINNED,
						 __ATOMIC_SEQ_CST);

		if (old & TYPE_PINNED) {
			table_put(d, f);
			rc = -XEN_EINVAL;
		}
	}
	mmu_leave(d);
	return rc;
}

/* True if there was a pin. A walk may be in progress afterwards. */
static bool unpin_locked(struct domain *d, struct frame *f)
{
	uint64_t old =
		__atomic_fetch_and(&f->type, ~TYPE_PINNED, __ATOMIC_SEQ_CST);

	if (!(old & TYPE_PINNED))
		return false;
	table_put(d, f);
	return true;
}

int mm_unpin(struct domain *d, mfn_t m)
{
	struct frame *f;
	int rc = mmu_enter(d);

	if (rc)
		return rc;
	f = frame_get_by_mfn(m, d);
	rc = f && unpin_locked(d, f) ? 0 : -XEN_EINVAL;
	if (f)
		frame_put(f);
	mmu_leave(d);
	return rc;
}

/* Life of the domain. */

int mm_domain_init(struct domain *d)
{
	spin_init(&d->mmu_lock, RANK_MMU);
	spin_init(&d->page_lock, RANK_PAGE_LIST);
	list_init(&d->page_list);
	list_init(&d->leftover);
	d->walker = heap_alloc(sizeof(*d->walker));
	d->shared_info = heap_alloc(PAGE_SIZE);
	if (!d->walker || !d->shared_info)
		return -XEN_ENOMEM;
	mm_share_page(d, d->shared_info);
	return 0;
}

void mm_domain_free(struct domain *d)
{
	heap_free(d->shared_info);
	heap_free(d->walker);
	heap_free(d->memory_map);
}

/*
 * The next page that was not given up yet moves to those that live only as
 * long as others refer to them. 1: ask again; 0: the domain refers to none of
 * its pages any more.
 */
static int give_up_page(struct domain *d)
{
	struct frame *f = NULL;
	bool empty = false;
	int rc = mmu_enter(d);

	if (rc)
		return rc;
	if (!walker_forget(d)) {
		spin_lock(&d->page_lock);
		empty = list_empty(&d->page_list);
		if (!empty) {
			f = list_entry(d->page_list.next, struct frame, link);
			list_remove(&f->link);
			list_add_tail(&d->leftover, &f->link);
			/* NULL: its last reference is just being dropped. */
			f = frame_get(f, d) ? f : NULL;
		}
		spin_unlock(&d->page_lock);
	}
	if (f)
		unpin_locked(d, f);
	mmu_leave(d);
	if (f) {
		frame_put_allocation(f);
		frame_put(f);
	}
	return !empty;
}

int mm_domain_relinquish(struct domain *d)
{
	int rc;

	/* Everything that vCPUs hold of its memory. They are paused. */
	for (unsigned int i = 0; i < d->max_vcpus; i++) {
		if (!d->vcpu[i])
			continue;
		pv_drop_descriptors(d->vcpu[i]);
		rc = roots_drop(d->vcpu[i]);
		if (rc)
			return rc;
	}
	for (unsigned int n = 1; (rc = give_up_page(d)) > 0; n++)
		if (n % 64 == 0 && hypercall_preempt_check())
			return -XEN_ERESTART;
	return rc;
}
