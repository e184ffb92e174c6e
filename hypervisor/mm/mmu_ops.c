/* SPDX-License-Identifier: MIT */
/*
 * Page-table hypercalls: mmu_update, update_va_mapping, mmuext_op.
 *
 * Batches are copied in by chunks; a chunk of updates runs under the lock of
 * the domain whose tables change. Everything read back after a continuation,
 * the count of requests done too, is as untrusted as the first time (HC-4).
 */
#include "mm/pagetype.h"

/* In count: this is the rest of an earlier call. */
#define CONTINUED 0x80000000u

#define CHUNK 16

/* Whose frames and whose tables an operation is about. */
struct parties {
	struct domain *owner;  /* of frames; NULL: DOMID_IO, DOMID_XEN */
	struct domain *tables; /* whose tables change */
	bool counted; /* owner and tables are held; else both are the caller */
};

static void parties_put(struct parties *p)
{
	if (likely(!p->counted))
		return;
	if (p->owner)
		domain_put(p->owner);
	if (p->tables)
		domain_put(p->tables);
}

static __attribute__((noinline)) long parties_get_foreign(struct parties *p,
							  uint64_t foreigndom)
{
	const struct domain *self = current_vcpu()->domain;
	domid_t owner = (domid_t)foreigndom;
	domid_t tables = (domid_t)((foreigndom >> 16) - 1);
	long rc;

	*p = (struct parties){ .counted = true };
	if (foreigndom >> 16 == 0)
		tables = DOMID_SELF;
	p->tables = domain_get_target(tables, &rc);
	if (rc)
		return rc;
	if (owner != DOMID_IO && owner != DOMID_XEN)
		p->owner = domain_get_target(owner, &rc);
	else if (!domain_is_control(self))
		rc = -XEN_EPERM;
	/* PT-20: tables of another domain only while it cannot run. */
	if (!rc && p->tables != self &&
	    !read_once(p->tables->controller_pause_count))
		rc = -XEN_EINVAL;
	if (rc)
		parties_put(p);
	return rc;
}

/* foreigndom: the owner's id, above it 1 + the id of who has the tables. */
static inline long parties_get(struct parties *p, uint64_t foreigndom)
{
	struct domain *self = current_vcpu()->domain;

	*p = (struct parties){ self, self, false };
	return likely(foreigndom == DOMID_SELF)
		       ? 0
		       : parties_get_foreign(p, foreigndom);
}

/* A hypercall that takes an array of requests. */
struct batch_call {
	unsigned int number;
	unsigned int chunk; /* requests that are copied in together */
	size_t size;
	/* Run n requests, maybe none, counting those done in *done. */
	int (*run)(struct parties *p, const void *requests, unsigned int n,
		   uint64_t *done);
};

static int batch_run(const struct batch_call *call, struct parties *p,
		     guest_ptr_t requests, uint64_t count, uint64_t *done)
{
	uninitialized_buf uint64_t
		buffer[CHUNK * sizeof(struct mmu_update) / sizeof(uint64_t)];
	int rc;

	do {
		unsigned int n =
			(unsigned int)min_u64(count - *done, call->chunk);

		if (copy_array_from_guest(buffer, requests, *done, n,
					  call->size))
			return -XEN_EFAULT;
		rc = call->run(p, buffer, n, done);
		if (!rc && *done < count && hypercall_preempt_check())
			rc = -XEN_ERESTART;
	} while (!rc && *done < count);
	return rc;
}

/* total_va: where the guest wants the number done over all parts, or 0. */
static __attribute__((noinline)) long
batch_call_any(const struct batch_call *call, uint64_t requests, uint64_t count,
	       uint64_t total_va, uint64_t foreigndom)
{
	bool continued = count & CONTINUED;
	uint64_t done = 0;
	uint32_t total = 0;
	struct parties p;
	long rc = parties_get(&p, foreigndom);

	if (rc)
		return rc;
	count = (uint32_t)count & ~CONTINUED;
	if (continued && total_va &&
	    copy_from_guest(&total, guest_ptr(total_va), sizeof(total)))
		rc = -XEN_EFAULT;
	else
		rc = batch_run(call, &p, guest_ptr(requests), count, &done);
	total += (uint32_t)done;
	if (total_va &&
	    copy_to_guest(guest_ptr(total_va), &total, sizeof(total)))
		rc = -XEN_EFAULT;
	parties_put(&p);
	if (rc != -XEN_ERESTART)
		return rc;
	return hypercall_continue(call->number, requests + done * call->size,
				  (count - done) | CONTINUED, total_va,
				  foreigndom);
}

/* Apart, and inline for a constant call: one request for the caller itself. */
static force_inline long batch_call(const struct batch_call *call,
				    uint64_t requests, uint64_t count,
				    uint64_t total_va, uint64_t foreigndom)
{
	struct domain *self = current_vcpu()->domain;
	struct parties p = { self, self, false };
	uninitialized_buf uint64_t request[3];
	uint64_t done = 0;
	long rc;

	if (unlikely((uint32_t)count != 1 || total_va ||
		     foreigndom != DOMID_SELF))
		return batch_call_any(call, requests, count, total_va,
				      foreigndom);
	if (copy_small_from_guest(request, guest_ptr(requests), call->size))
		return -XEN_EFAULT;
	rc = call->run(&p, request, 1, &done);
	if (unlikely(rc == -XEN_ERESTART))
		return hypercall_continue(
			call->number, requests + done * call->size,
			(1 - done) | CONTINUED, 0, DOMID_SELF);
	return rc;
}

/* mmu_update */

static force_inline int update(struct parties *p, const struct mmu_update *u)
{
	bool m2p = (u->ptr & 3) == MMU_MACHPHYS_UPDATE;
	struct store s = { .pte = phys_to_virt(u->ptr & ~7ul),
			   .value = u->val,
			   .owner = p->owner };
	struct frame *f;
	uint64_t type;
	int rc;

	if (u->ptr & 4)
		return -XEN_ENOSYS;
	f = frame_get_by_mfn(mfn_of(u->ptr >> PAGE_SHIFT),
			     m2p ? p->owner : p->tables);
	if (!f)
		return -XEN_EINVAL;
	if (unlikely(m2p)) {
		if (f->state == FRAME_OWNED)
			m2p_set(frame_to_mfn(f), u->val);
		frame_put(f);
		return 0;
	}
	if ((u->ptr & 3) == MMU_PT_UPDATE_PRESERVE_AD)
		s.flags = STORE_PRESERVE_AD;
	type = read_once(f->type);
	s.level = type_of(type);
	if ((type & TYPE_COUNT) && s.level <= TYPE_L4) {
		rc = pte_store(p->tables, &s);
	} else { /* no page table */
		rc = frame_get_type(f, TYPE_WRITABLE);
		if (!rc) {
			write_once(*s.pte, u->val);
			frame_put_type(f);
		}
	}
	frame_put(f);
	return rc;
}

static force_inline int mmu_update_run(struct parties *p, const void *requests,
				       unsigned int n, uint64_t *done)
{
	const struct mmu_update *u = requests;
	int rc = mmu_enter(p->tables);

	if (rc)
		return rc;
	for (unsigned int i = 0; !rc && i < n; i++) {
		rc = update(p, &u[i]);
		if (rc)
			break;
		++*done;
		if (walker_active(p->tables))
			rc = -XEN_ERESTART;
	}
	mmu_leave(p->tables);
	return rc;
}

long hc_mmu_update(uint64_t reqs, uint64_t count, uint64_t done,
		   uint64_t foreigndom)
{
	static const struct batch_call call = { __HYPERVISOR_mmu_update, CHUNK,
						sizeof(struct mmu_update),
						mmu_update_run };

	return batch_call(&call, reqs, count, done, foreigndom);
}

/* Flushes that guests ask for. */

/* Not inline, so that other flushes save no registers. */
static __attribute__((noinline)) int flush_vcpus(struct domain *d,
						 uint64_t bitmap_va)
{
	uint64_t bits[MAX_VCPUS / 64] = { 0 };
	size_t bytes = (d->max_vcpus + 63) / 64 * 8;

	if (copy_from_guest(bits, guest_ptr(bitmap_va), bytes))
		return -XEN_EFAULT;
	tlb_flush_vcpus(d, bits);
	return 0;
}

/* flags: UVMF_* */
static int guest_flush(struct domain *d, uint64_t va, uint64_t flags)
{
	uint64_t type = flags & UVMF_FLUSHTYPE_MASK;
	uint64_t where = flags & ~UVMF_FLUSHTYPE_MASK;

	if (type != UVMF_TLB_FLUSH && type != UVMF_INVLPG)
		return 0;
	if (where == UVMF_ALL)
		tlb_flush_domain(d);
	else if (where != UVMF_LOCAL)
		return flush_vcpus(d, where);
	else if (type == UVMF_TLB_FLUSH)
		mm_load_root(current_vcpu());
	else if (is_guest_va(va)) /* TL-8: no other is passed on */
		invlpg(va);
	return 0;
}

/* update_va_mapping */

static inline long update_va(uint64_t va, uint64_t value, uint64_t flags,
			     uint64_t domid, const struct domain *owner)
{
	struct vcpu *v = current_vcpu();
	struct store s = { .value = value, .owner = owner };
	int rc = l1_store(v, false, va, &s);

	if (rc == -XEN_ERESTART)
		return hypercall_continue(
			__HYPERVISOR_update_va_mapping_otherdomain, va, value,
			flags, domid);
	return rc ? rc : guest_flush(v->domain, va, flags);
}

long hc_update_va_mapping(uint64_t va, uint64_t value, uint64_t flags,
			  uint64_t a4)
{
	return update_va(va, value, flags, DOMID_SELF, current_vcpu()->domain);
}

long hc_update_va_mapping_otherdomain(uint64_t va, uint64_t value,
				      uint64_t flags, uint64_t domid)
{
	struct parties p;
	long rc = parties_get(&p, domid & 0xffff);

	if (rc)
		return rc;
	rc = update_va(va, value, flags, domid, p.owner);
	parties_put(&p);
	return rc;
}

/* mmuext_op */

static int new_base(struct vcpu *v, uint64_t mfn)
{
	/* A vCPU that runs is never without (pv_set_mode()). */
	int rc = mfn_eq(mfn_of(mfn), INVALID_MFN)
			 ? -XEN_EINVAL
			 : mm_set_root(v, &v->kernel_root, mfn_of(mfn));

	if (rc || !v->ldt_entries)
		return rc;
	/* The new tables may map another LDT: load it again on use. */
	return pv_set_ldt(v, v->ldt_base, v->ldt_entries);
}

/* from: a page to copy; NULL: clear. */
static int fill_page(struct domain *d, mfn_t to, const struct frame *from)
{
	struct frame *f = frame_get_writable(d, to);

	if (!f)
		return -XEN_EINVAL;
	if (from)
		memmove(table_entries(f), table_entries(from), PAGE_SIZE);
	else
		clear_page(f);
	frame_put_writable(f);
	return 0;
}

static int copy_page(struct domain *d, mfn_t to, mfn_t from)
{
	struct frame *source = frame_get_by_mfn(from, d);
	int rc;

	if (!source)
		return -XEN_EINVAL;
	rc = fill_page(d, to, source);
	frame_put(source);
	return rc;
}

/* Operations on the caller itself. */
static int mmuext_self(struct vcpu *v, const struct mmuext_op *op)
{
	struct domain *d = v->domain;
	uint64_t mfn = op->arg1.mfn;

	switch (op->cmd) {
	case MMUEXT_NEW_BASEPTR:
		return new_base(v, mfn);
	case MMUEXT_NEW_USER_BASEPTR:
		return mm_set_root(v, &v->user_root,
				   mfn ? mfn_of(mfn) : INVALID_MFN);
	case MMUEXT_TLB_FLUSH_LOCAL:
		return guest_flush(d, 0, UVMF_TLB_FLUSH | UVMF_LOCAL);
	case MMUEXT_INVLPG_LOCAL:
		return guest_flush(d, op->arg1.linear_addr,
				   UVMF_INVLPG | UVMF_LOCAL);
	case MMUEXT_TLB_FLUSH_MULTI:
	case MMUEXT_INVLPG_MULTI:
		return flush_vcpus(d, (uint64_t)op->arg2.vcpumask.p)
			       ? -XEN_EINVAL
			       : 0;
	case MMUEXT_TLB_FLUSH_ALL:
	case MMUEXT_INVLPG_ALL:
		return guest_flush(d, 0, UVMF_TLB_FLUSH | UVMF_ALL);
	case MMUEXT_FLUSH_CACHE:
	case MMUEXT_FLUSH_CACHE_GLOBAL:
		if (!domain_is_control(d))
			return op->cmd == MMUEXT_FLUSH_CACHE ? -XEN_EACCES
							     : -XEN_EINVAL;
		wbinvd();
		return 0;
	case MMUEXT_SET_LDT:
		return pv_set_ldt(v, op->arg1.linear_addr, op->arg2.nr_ents);
	case MMUEXT_MARK_SUPER:
	case MMUEXT_UNMARK_SUPER:
		return -XEN_EOPNOTSUPP;
	default:
		return -XEN_ENOSYS;
	}
}

static int mmuext_one(struct parties *p, const struct mmuext_op *op)
{
	mfn_t m = mfn_of(op->arg1.mfn);

	switch (op->cmd) {
	case MMUEXT_PIN_L1_TABLE:
	case MMUEXT_PIN_L2_TABLE:
	case MMUEXT_PIN_L3_TABLE:
	case MMUEXT_PIN_L4_TABLE:
		return mm_pin(p->owner, op->cmd - MMUEXT_PIN_L1_TABLE + 1, m);
	case MMUEXT_UNPIN_TABLE:
		return mm_unpin(p->owner, m);
	case MMUEXT_CLEAR_PAGE:
		return fill_page(p->owner, m, NULL);
	case MMUEXT_COPY_PAGE:
		return copy_page(p->owner, m, mfn_of(op->arg2.src_mfn));
	default:
		if (p->counted && p->owner != current_vcpu()->domain)
			return -XEN_EPERM;
		return mmuext_self(current_vcpu(), op);
	}
}

/* Walks that an operation leaves over are finished before the call ends. */
static force_inline int mmuext_run(struct parties *p, const void *op,
				   unsigned int n, uint64_t *done)
{
	int rc = 0;

	if (!p->owner)
		return -XEN_EPERM;
	if (walker_active(p->owner)) {
		rc = mmu_enter(p->owner);
		if (!rc)
			mmu_leave(p->owner);
	}
	if (!rc && n) {
		rc = mmuext_one(p, op);
		*done += !rc;
	}
	return !rc && walker_active(p->owner) ? -XEN_ERESTART : rc;
}

long hc_mmuext_op(uint64_t ops, uint64_t count, uint64_t done,
		  uint64_t foreigndom)
{
	static const struct batch_call call = { __HYPERVISOR_mmuext_op, 1,
						sizeof(struct mmuext_op),
						mmuext_run };

	return batch_call(&call, ops, count, done, foreigndom & 0xffff);
}
