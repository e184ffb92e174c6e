/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_vcpu_op and set_timer_op: a domain's own vCPUs, their timers and
 * the areas they share with the hypervisor.
 *
 * Locks: domain->lock for v->info_frame. v->info itself is read without one;
 * both its places stay mapped until nobody sends to the domain any more.
 * Context: hypercall, no lock held. The target may be any vCPU of the caller's
 * domain, running or not.
 * Contract: include/public/vcpu.h.
 */
#include "core/hypercall.h"
#include "public/sched.h"

#define MILLISECOND 1000000ull
/* Beyond this a deadline is a mistake of the guest's (two weeks). */
#define SANE_DELTA (1ull << 50)

static long vcpu_initialise(struct vcpu *v, guest_ptr_t arg)
{
	struct domain *d = v->domain;
	struct vcpu_guest_context *c = heap_alloc(sizeof(*c));
	long rc = -XEN_EFAULT;

	if (!c)
		return -XEN_ENOMEM;
	if (!copy_from_guest(c, arg, sizeof(*c))) {
		spin_lock(&d->lock);
		rc = v->initialised ? -XEN_EEXIST : vcpu_context_set(v, c);
		spin_unlock(&d->lock);
	}
	heap_free(c);
	/* Promoting its tables has to give way. */
	if (rc == -XEN_ERESTART)
		return hypercall_continue(__HYPERVISOR_vcpu_op,
					  VCPUOP_initialise, v->id, arg.va, 0);
	return rc;
}

static bool all_down(const struct domain *d)
{
	for (unsigned int i = 0; i < d->max_vcpus; i++)
		if (d->vcpu[i] && !read_once(d->vcpu[i]->down))
			return false;
	return true;
}

static long get_runstate_info(struct vcpu *v, struct domain *d, void *arg)
{
	runstate_read(v, arg);
	return 0;
}

/* Remember where the guest wants an area of `size` bytes; 0: nowhere. */
static long area_set(uint64_t *area, uint64_t va, uint64_t size)
{
	if (va && !guest_range_ok(va, size))
		return -XEN_EFAULT;
	write_once(*area, va);
	return 0;
}

static long register_runstate_memory_area(struct vcpu *v, struct domain *d,
					  void *arg)
{
	const uint64_t *va = arg;
	struct vcpu_runstate_info info;
	long rc = area_set(&v->runstate_va, *va, sizeof(info));

	if (rc || !*va)
		return rc;
	/* The rest happens when v is scheduled; if it cannot, so be it. */
	runstate_read(v, &info);
	(void)!copy_to_guest(guest_ptr(*va), &info, sizeof(info));
	return 0;
}

static long register_vcpu_time_memory_area(struct vcpu *v, struct domain *d,
					   void *arg)
{
	const uint64_t *va = arg;
	long rc = area_set(&v->time_va, *va, sizeof(struct vcpu_time_info));

	if (!rc && v == current_vcpu())
		time_write_areas(v);
	return rc;
}

static long set_periodic_timer(struct vcpu *v, struct domain *d, void *arg)
{
	const struct vcpu_set_periodic_timer *op = arg;

	if (op->period_ns < MILLISECOND || op->period_ns > SANE_DELTA)
		return -XEN_EINVAL;
	write_once(v->periodic_ns, op->period_ns);
	timer_set(&v->periodic, now() + op->period_ns);
	return 0;
}

static long set_singleshot_timer(struct vcpu *v, struct domain *d, void *arg)
{
	const struct vcpu_set_singleshot_timer *op = arg;

	if (v != current_vcpu())
		return -XEN_EINVAL;
	/* The reference ignores the flags: a time that has passed fires. */
	timer_set(&v->singleshot, op->timeout_abs_ns);
	return 0;
}

/*
 * struct vcpu_info: first in the shared page, later where the guest wants it,
 * in a frame of its own that is held writable (SC-6).
 */
static long register_vcpu_info(struct vcpu *v, struct domain *d, void *arg)
{
	const struct vcpu_register_vcpu_info *op = arg;
	mfn_t m = mfn_of(op->mfn);
	struct vcpu_info *to;
	struct frame *f;
	bool moved;

	if (op->offset > PAGE_SIZE - sizeof(struct vcpu_info) ||
	    op->offset % sizeof(xen_ulong_t))
		return -XEN_ENXIO;
	if (v != current_vcpu() && !read_once(v->down))
		return -XEN_EINVAL;
	f = frame_get_writable(d, m);
	if (!f)
		return -XEN_EINVAL;
	to = (void *)((char *)mfn_to_virt(m) + op->offset);
	spin_lock(&d->lock);
	moved = !v->info_frame && !d->dying;
	if (moved) {
		v->info_frame = f;
		/* Who has no slot in the shared page begins here. */
		*to = v->id < XEN_LEGACY_MAX_VCPUS
			      ? *v->info
			      : (struct vcpu_info){ .evtchn_upcall_mask = 1 };
		store_ordered(v->info, to);
	}
	spin_unlock(&d->lock);
	if (!moved) {
		frame_put_writable(f);
		return -XEN_EINVAL;
	}
	time_update_vcpu(v);
	/* One may have hit the old place while it was copied: look at all
	 * (T20). */
	store_ordered(v->info->evtchn_pending_sel, ~(xen_ulong_t)0);
	store_ordered(v->info->evtchn_upcall_pending, 1);
	vcpu_kick(v);
	return 0;
}

void vcpu_info_release(struct vcpu *v)
{
	struct domain *d = v->domain;
	struct frame *f;

	write_once(v->periodic_ns, 0);
	timer_stop(&v->singleshot);
	timer_stop(&v->periodic);
	timer_stop(&v->poll_timer);
	spin_lock(&d->lock);
	f = v->info_frame;
	v->info_frame = NULL;
	v->info = vcpu_info_shared(v);
	spin_unlock(&d->lock);
	if (f)
		frame_put_writable(f);
}

#define ROW(op, type, how) [VCPUOP_##op] = { op, sizeof(type), how }

/* Operations with an argument that subop_call() copies. */
static const struct subop vcpu_table[] = {
	ROW(get_runstate_info, struct vcpu_runstate_info, SUBOP_OUT),
	ROW(register_runstate_memory_area, uint64_t, SUBOP_IN),
	ROW(set_periodic_timer, struct vcpu_set_periodic_timer, SUBOP_IN),
	ROW(set_singleshot_timer, struct vcpu_set_singleshot_timer, SUBOP_IN),
	ROW(register_vcpu_info, struct vcpu_register_vcpu_info, SUBOP_IN),
	ROW(register_vcpu_time_memory_area, uint64_t, SUBOP_IN),
};

long hc_vcpu_op(uint64_t cmd, uint64_t id, uint64_t arg, uint64_t a4)
{
	struct vcpu *v = domain_vcpu(current_vcpu()->domain, (uint32_t)id);

	if (!v)
		return -XEN_ENOENT;
	switch ((uint32_t)cmd) {
	case VCPUOP_initialise:
		return vcpu_initialise(v, guest_ptr(arg));
	case VCPUOP_up:
		if (!read_once(v->initialised))
			return -XEN_EINVAL;
		write_once(v->down, false);
		sched_update(v);
		return 0;
	case VCPUOP_down:
		store_ordered(v->down, true);
		/* Nobody is left who could bring one up again. */
		if (all_down(v->domain))
			domain_shutdown(v->domain, SHUTDOWN_poweroff);
		sched_update(v);
		return 0;
	case VCPUOP_is_up:
		return !read_once(v->down);
	case VCPUOP_stop_periodic_timer:
		write_once(v->periodic_ns, 0);
		timer_stop(&v->periodic);
		return 0;
	case VCPUOP_stop_singleshot_timer:
		if (v != current_vcpu())
			return -XEN_EINVAL;
		timer_stop(&v->singleshot);
		return 0;
	case VCPUOP_send_nmi:
		store_ordered(v->nmi_pending, true);
		vcpu_kick(v);
		return 0;
	case VCPUOP_get_physid:
		return -XEN_EINVAL; /* no vCPU is pinned for good */
	default:
		return subop_call_on(v, vcpu_table, ARRAY_SIZE(vcpu_table),
				     (uint32_t)cmd, guest_ptr(arg));
	}
}

/* None, or one that may be a mistake. Apart: this is rare. */
static never_inline void set_odd_timer(struct vcpu *v, uint64_t deadline)
{
	uint64_t t = now();

	if (!deadline)
		timer_stop(&v->singleshot);
	else if (deadline > t && deadline - t > SANE_DELTA)
		timer_set(&v->singleshot, t + 100 * MILLISECOND);
	else
		timer_set(&v->singleshot, deadline);
}

long hc_set_timer_op(uint64_t deadline, uint64_t a2, uint64_t a3, uint64_t a4)
{
	struct vcpu *v = current_vcpu();

	/* Since a time in the past; 0 is far from that, too. */
	if (unlikely(deadline - 1 - v->runstate.state_entry_time > SANE_DELTA))
		set_odd_timer(v, deadline);
	else
		timer_set(&v->singleshot, deadline);
	return 0;
}
