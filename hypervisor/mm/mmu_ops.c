/* SPDX-License-Identifier: MIT */
/*
 * Page-table hypercalls: mmu_update, update_va_mapping, mmuext_op.
 *
 * Batches are copied in by chunks; a chunk runs under the lock of the domain
 * whose tables change. Everything read back after a continuation, the count
 * of requests done too, is as untrusted as the first time (HC-4).
 */
#include "core/domain.h"
#include "core/hypercall.h"
#include "lib/string.h"
#include "mm/pagetype.h"
#include "public/errno.h"
#include "public/xen.h"
#include "pv/pv.h"

/* In count: this is the rest of an earlier call. */
#define CONTINUED 0x80000000u

#define CHUNK 16

/* Whose frames and whose tables an operation is about. */
struct parties {
	struct domain *self;
	struct domain *owner;  /* of frames; NULL: DOMID_IO, DOMID_XEN */
	struct domain *tables; /* whose tables change */
	struct domain *held[2];
};

/* A domain that the caller may act on; the reference is put in *held. */
static int party_get(struct domain *self, domid_t id, struct domain **held)
{
	*held = NULL;
	if (id == DOMID_SELF || id == self->id)
		return 0;
	if (!domain_is_control(self))
		return -XEN_EPERM;
	*held = domain_get(id);
	return *held ? 0 : -XEN_ESRCH;
}

static void parties_put(struct parties *p)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(p->held); i++)
		if (p->held[i])
			domain_put(p->held[i]);
}

static int owner_get(struct parties *p, domid_t id)
{
	int rc;

	p->owner = NULL;
	if (id == DOMID_IO || id == DOMID_XEN)
		return domain_is_control(p->self) ? 0 : -XEN_EPERM;
	rc = party_get(p->self, id, &p->held[0]);
	p->owner = p->held[0] ? p->held[0] : p->self;
	return rc;
}

/* PT-20: tables of another domain only while it cannot run. */
static int tables_get(struct parties *p, unsigned int id_plus_one)
{
	int rc = 0;

	p->tables = p->self;
	if (id_plus_one)
		rc = party_get(p->self, (domid_t)(id_plus_one - 1),
			       &p->held[1]);
	if (rc || !p->held[1])
		return rc;
	p->tables = p->held[1];
	return read_once(p->tables->controller_pause_count) ? 0 : -XEN_EINVAL;
}

static int parties_get(struct parties *p, uint64_t foreigndom)
{
	int rc;

	*p = (struct parties){ .self = current_vcpu()->domain };
	rc = owner_get(p, (domid_t)foreigndom);
	if (!rc)
		rc = tables_get(p, (foreigndom >> 16) & 0xffff);
	if (rc)
		parties_put(p);
	return rc;
}

/* The number of requests done, over all parts of a continued call. */
struct batch {
	uint64_t count, next; /* requests of this part, and the one to do */
	uint64_t done_before;
	guest_ptr_t done;
};

static int batch_begin(struct batch *b, uint64_t count, uint64_t done)
{
	uint32_t before = 0;

	*b = (struct batch){ .count = (uint32_t)count & ~CONTINUED,
			     .done = guest_ptr(done) };
	if (((uint32_t)count & CONTINUED) && done &&
	    copy_from_guest(&before, b->done, sizeof(before)))
		return -XEN_EFAULT;
	b->done_before = before;
	return 0;
}

static int batch_end(const struct batch *b)
{
	uint32_t done = (uint32_t)(b->done_before + b->next);

	if (guest_ptr_is_null(b->done))
		return 0;
	return copy_to_guest(b->done, &done, sizeof(done)) ? -XEN_EFAULT : 0;
}

/* mmu_update */

static int machphys_update(struct parties *p, uint64_t ptr, uint64_t gfn)
{
	struct frame *f = frame_get_by_mfn(mfn_of(ptr >> PAGE_SHIFT), p->owner);

	if (!f)
		return -XEN_EINVAL;
	if (f->state == FRAME_OWNED)
		m2p_set(frame_to_mfn(f), gfn);
	frame_put(f);
	return 0;
}

/* A store to memory that is no page table. */
static int plain_store(struct frame *f, unsigned int index, uint64_t value)
{
	int rc = frame_get_type(f, TYPE_WRITABLE);

	if (rc)
		return rc;
	write_once(table_entries(f)[index], value);
	frame_put_type(f);
	return 0;
}

static int table_update(struct parties *p, const struct mmu_update *u)
{
	struct frame *f =
		frame_get_by_mfn(mfn_of(u->ptr >> PAGE_SHIFT), p->tables);
	struct store s = { .table = f, .value = u->val, .owner = p->owner };
	uint64_t type;
	int rc;

	if (!f)
		return -XEN_EINVAL;
	if ((u->ptr & 3) == MMU_PT_UPDATE_PRESERVE_AD)
		s.flags = STORE_PRESERVE_AD;
	s.index = (u->ptr & (PAGE_SIZE - 1)) / sizeof(uint64_t);
	type = read_once(f->type);
	if ((type & TYPE_COUNT) && type_of(type) <= TYPE_L4)
		rc = pte_store(p->tables, &s);
	else
		rc = plain_store(f, s.index, u->val);
	frame_put(f);
	return rc;
}

static int mmu_update_one(struct parties *p, const struct mmu_update *u)
{
	if ((u->ptr & 3) == MMU_MACHPHYS_UPDATE)
		return machphys_update(p, u->ptr, u->val);
	if (u->ptr & 4)
		return -XEN_EINVAL;
	return table_update(p, u);
}

/* Requests from b->next on; the lock is held. */
static int mmu_update_chunk(struct parties *p, struct batch *b,
			    const struct mmu_update *u, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		int rc = mmu_update_one(p, &u[i]);

		if (rc)
			return rc;
		b->next++;
		if (walker_active(p->tables))
			return -XEN_ERESTART;
	}
	return 0;
}

static int mmu_update_batch(struct parties *p, struct batch *b,
			    guest_ptr_t reqs)
{
	struct mmu_update u[CHUNK];
	int rc;

	do {
		unsigned int n =
			(unsigned int)min_u64(b->count - b->next, CHUNK);

		if (copy_array_from_guest(u, reqs, b->next, n, sizeof(u[0])))
			return -XEN_EFAULT;
		rc = mmu_enter(p->tables);
		if (rc)
			return rc;
		rc = mmu_update_chunk(p, b, u, n);
		mmu_leave(p->tables);
		if (!rc && b->next < b->count && hypercall_preempt_check())
			rc = -XEN_ERESTART;
	} while (!rc && b->next < b->count);
	return rc;
}

long hc_mmu_update(uint64_t reqs, uint64_t count, uint64_t done,
		   uint64_t foreigndom, uint64_t unused)
{
	struct parties p;
	struct batch b;
	int rc = parties_get(&p, foreigndom);

	if (rc)
		return rc;
	rc = batch_begin(&b, count, done);
	if (!rc) {
		rc = mmu_update_batch(&p, &b, guest_ptr(reqs));
		if (batch_end(&b))
			rc = -XEN_EFAULT;
	}
	parties_put(&p);
	if (rc != -XEN_ERESTART)
		return rc;
	return hypercall_continue(__HYPERVISOR_mmu_update,
				  reqs + b.next * sizeof(struct mmu_update),
				  (b.count - b.next) | CONTINUED, done,
				  foreigndom, 0);
}

/* Flushes that guests ask for. */

static int vcpu_bitmap_get(const struct domain *d, uint64_t va,
			   uint64_t bits[MAX_VCPUS / 64])
{
	size_t bytes = (d->max_vcpus + 63) / 64 * 8;

	memset(bits, 0, MAX_VCPUS / 8);
	return copy_from_guest(bits, guest_ptr(va), bytes) ? -XEN_EFAULT : 0;
}

static int flush_vcpus(struct domain *d, uint64_t bitmap_va)
{
	uint64_t bits[MAX_VCPUS / 64];
	int rc = vcpu_bitmap_get(d, bitmap_va, bits);

	if (!rc)
		tlb_flush_vcpus(d, bits);
	return rc;
}

/* TL-8: never pass on what is not the guest's own address. */
static void invlpg_guest(uint64_t va)
{
	if (is_canonical(va) && (va < HYPERVISOR_START || va >= HYPERVISOR_END))
		tlb_invlpg_local(va);
}

static int uvm_flush(struct domain *d, uint64_t va, uint64_t flags)
{
	uint64_t where = flags & ~UVMF_FLUSHTYPE_MASK;

	switch (flags & UVMF_FLUSHTYPE_MASK) {
	case UVMF_NONE:
		return 0;
	case UVMF_TLB_FLUSH:
	case UVMF_INVLPG:
		break;
	default:
		return -XEN_ENOSYS;
	}
	if (where == UVMF_ALL)
		tlb_flush_domain(d);
	else if (where != UVMF_LOCAL)
		return flush_vcpus(d, where);
	else if ((flags & UVMF_FLUSHTYPE_MASK) == UVMF_INVLPG)
		invlpg_guest(va);
	else
		tlb_flush_local();
	return 0;
}

/* update_va_mapping */

static int va_store_locked(struct vcpu *v, uint64_t va, uint64_t value,
			   const struct domain *owner)
{
	struct store s = { .value = value, .owner = owner };

	s.table = l1_of_va(v->kernel_root, va, &s.index);
	return s.table ? pte_store(v->domain, &s) : -XEN_EINVAL;
}

static int update_va(struct vcpu *v, uint64_t va, uint64_t value,
		     uint64_t flags, const struct domain *owner)
{
	int rc = mmu_enter(v->domain);

	if (rc)
		return rc;
	rc = va_store_locked(v, va, value, owner);
	mmu_leave(v->domain);
	return rc ? rc : uvm_flush(v->domain, va, flags);
}

long hc_update_va_mapping(uint64_t va, uint64_t value, uint64_t flags,
			  uint64_t a4, uint64_t a5)
{
	struct vcpu *v = current_vcpu();
	int rc = update_va(v, va, value, flags, v->domain);

	if (rc != -XEN_ERESTART)
		return rc;
	return hypercall_continue(__HYPERVISOR_update_va_mapping, va, value,
				  flags, 0, 0);
}

long hc_update_va_mapping_otherdomain(uint64_t va, uint64_t value,
				      uint64_t flags, uint64_t domid,
				      uint64_t a5)
{
	struct parties p;
	int rc = parties_get(&p, domid & 0xffff);

	if (rc)
		return rc;
	rc = update_va(current_vcpu(), va, value, flags, p.owner);
	parties_put(&p);
	if (rc != -XEN_ERESTART)
		return rc;
	return hypercall_continue(__HYPERVISOR_update_va_mapping_otherdomain,
				  va, value, flags, domid, 0);
}

/* mmuext_op */

static int new_base(struct vcpu *v, uint64_t mfn)
{
	int rc = mm_set_kernel_root(v, mfn_of(mfn));

	if (rc || !v->ldt_entries)
		return rc;
	/* The new tables may map another LDT: load it again on use. */
	return pv_set_ldt(v, v->ldt_base, v->ldt_entries);
}

static int new_user_base(struct vcpu *v, uint64_t mfn)
{
	return mm_set_user_root(v, mfn ? mfn_of(mfn) : INVALID_MFN);
}

static int clear_page(struct domain *d, mfn_t m)
{
	struct frame *f = frame_get_writable(d, m);

	if (!f)
		return -XEN_EINVAL;
	memset(mfn_to_virt(m), 0, PAGE_SIZE);
	frame_put_writable(f);
	return 0;
}

static int copy_page(struct domain *d, mfn_t to, mfn_t from)
{
	struct frame *source = frame_get_by_mfn(from, d);
	struct frame *target = frame_get_writable(d, to);
	int rc = -XEN_EINVAL;

	if (source && target) {
		memmove(mfn_to_virt(to), mfn_to_virt(from), PAGE_SIZE);
		rc = 0;
	}
	if (target)
		frame_put_writable(target);
	if (source)
		frame_put(source);
	return rc;
}

static int flush_cache(struct domain *d, int refusal)
{
	if (!domain_is_control(d))
		return refusal;
	wbinvd();
	return 0;
}

/* Operations on the caller itself. */
static int mmuext_self(struct vcpu *v, const struct mmuext_op *op)
{
	struct domain *d = v->domain;

	switch (op->cmd) {
	case MMUEXT_NEW_BASEPTR:
		return new_base(v, op->arg1.mfn);
	case MMUEXT_NEW_USER_BASEPTR:
		return new_user_base(v, op->arg1.mfn);
	case MMUEXT_TLB_FLUSH_LOCAL:
		tlb_flush_local();
		return 0;
	case MMUEXT_INVLPG_LOCAL:
		invlpg_guest(op->arg1.linear_addr);
		return 0;
	case MMUEXT_TLB_FLUSH_MULTI:
	case MMUEXT_INVLPG_MULTI:
		return flush_vcpus(d, (uint64_t)op->arg2.vcpumask.p);
	case MMUEXT_TLB_FLUSH_ALL:
	case MMUEXT_INVLPG_ALL:
		tlb_flush_domain(d);
		return 0;
	case MMUEXT_FLUSH_CACHE:
		return flush_cache(d, -XEN_EACCES);
	case MMUEXT_FLUSH_CACHE_GLOBAL:
		return flush_cache(d, -XEN_EINVAL);
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
	switch (op->cmd) {
	case MMUEXT_PIN_L1_TABLE:
	case MMUEXT_PIN_L2_TABLE:
	case MMUEXT_PIN_L3_TABLE:
	case MMUEXT_PIN_L4_TABLE:
		return mm_pin(p->owner, op->cmd - MMUEXT_PIN_L1_TABLE + 1,
			      mfn_of(op->arg1.mfn));
	case MMUEXT_UNPIN_TABLE:
		return mm_unpin(p->owner, mfn_of(op->arg1.mfn));
	case MMUEXT_CLEAR_PAGE:
		return clear_page(p->owner, mfn_of(op->arg1.mfn));
	case MMUEXT_COPY_PAGE:
		return copy_page(p->owner, mfn_of(op->arg1.mfn),
				 mfn_of(op->arg2.src_mfn));
	default:
		if (p->owner != p->self)
			return -XEN_EPERM;
		return mmuext_self(current_vcpu(), op);
	}
}

/* Finish what the last operation left over, before the call ends. */
static int finish_walk(struct domain *d)
{
	int rc;

	if (!walker_active(d))
		return 0;
	rc = mmu_enter(d);
	if (!rc)
		mmu_leave(d);
	return rc;
}

static int mmuext_batch(struct parties *p, struct batch *b, guest_ptr_t ops)
{
	int rc = finish_walk(p->owner);

	while (!rc && b->next < b->count) {
		struct mmuext_op op;

		if (copy_array_from_guest(&op, ops, b->next, 1, sizeof(op)))
			return -XEN_EFAULT;
		rc = mmuext_one(p, &op);
		if (rc)
			break;
		b->next++;
		if (walker_active(p->owner) ||
		    (b->next < b->count && hypercall_preempt_check()))
			rc = -XEN_ERESTART;
	}
	return rc;
}

long hc_mmuext_op(uint64_t ops, uint64_t count, uint64_t done,
		  uint64_t foreigndom, uint64_t unused)
{
	struct parties p;
	struct batch b;
	int rc = parties_get(&p, foreigndom & 0xffff);

	if (rc)
		return rc;
	rc = p.owner ? batch_begin(&b, count, done) : -XEN_EPERM;
	if (!rc) {
		rc = mmuext_batch(&p, &b, guest_ptr(ops));
		if (batch_end(&b))
			rc = -XEN_EFAULT;
	}
	parties_put(&p);
	if (rc != -XEN_ERESTART)
		return rc;
	return hypercall_continue(
		__HYPERVISOR_mmuext_op, ops + b.next * sizeof(struct mmuext_op),
		(b.count - b.next) | CONTINUED, done, foreigndom, 0);
}
