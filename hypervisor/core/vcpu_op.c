/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_vcpu_op and set_timer_op: a domain's own vCPUs, their timers and
 * the areas they share with the hypervisor.
 *
 * Context: hypercall, no lock held. The target may be any vCPU of the caller's
 * domain, running or not.
 * Contract: include/public/vcpu.h.
 */
#include "core/evtchn.h"
#include "core/hypercall.h"
#include "core/sched.h"
#include "core/services.h"
#include "core/vcpu_info.h"
#include "public/errno.h"
#include "public/sched.h"
#include "public/vcpu.h"

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
		if (!rc)
			v->initialised = true;
		spin_unlock(&d->lock);
	}
	heap_free(c);
	return rc;
}

static long vcpu_up(struct vcpu *v, guest_ptr_t arg)
{
	if (!read_once(v->initialised))
		return -XEN_EINVAL;
	write_once(v->down, false);
	sched_update(v);
	return 0;
}

static bool all_down(const struct domain *d)
{
	for (unsigned int i = 0; i < d->max_vcpus; i++)
		if (d->vcpu[i] && !read_once(d->vcpu[i]->down))
			return false;
	return true;
}

static long vcpu_down(struct vcpu *v, guest_ptr_t arg)
{
	__atomic_store_n(&v->down, true, __ATOMIC_SEQ_CST);
	/* Nobody is left who could bring one up again. */
	if (all_down(v->domain))
		domain_shutdown(v->domain, SHUTDOWN_poweroff);
	sched_update(v);
	return 0;
}

static long vcpu_is_up(struct vcpu *v, guest_ptr_t arg)
{
	return !read_once(v->down);
}

static long get_runstate(struct vcpu *v, guest_ptr_t arg)
{
	struct vcpu_runstate_info info;

	runstate_read(v, &info);
	return copy_to_guest(arg, &info, sizeof(info));
}

/* The address of an area of `size` bytes, 0 to have none. */
static long area_address(guest_ptr_t arg, uint64_t size, uint64_t *va)
{
	if (copy_from_guest(va, arg, sizeof(*va)))
		return -XEN_EFAULT;
	return *va && !guest_range_ok(*va, size) ? -XEN_EFAULT : 0;
}

static long register_runstate(struct vcpu *v, guest_ptr_t arg)
{
	struct vcpu_runstate_info info;
	uint64_t va = 0;
	long rc = area_address(arg, sizeof(info), &va);

	if (rc)
		return rc;
	write_once(v->runstate_va, va);
	if (!va)
		return 0;
	/* The rest happens when v is scheduled; if it cannot, so be it. */
	runstate_read(v, &info);
	(void)!copy_to_guest(guest_ptr(va), &info, sizeof(info));
	return 0;
}

static long register_time_area(struct vcpu *v, guest_ptr_t arg)
{
	uint64_t va = 0;
	long rc = area_address(arg, sizeof(struct vcpu_time_info), &va);

	if (rc)
		return rc;
	write_once(v->time_va, va);
	if (v == current_vcpu())
		time_write_areas(v);
	return 0;
}

static long set_periodic(struct vcpu *v, guest_ptr_t arg)
{
	struct vcpu_set_periodic_timer op;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -XEN_EFAULT;
	if (op.period_ns < MILLISECOND || op.period_ns > SANE_DELTA)
		return -XEN_EINVAL;
	write_once(v->periodic_ns, op.period_ns);
	timer_set(&v->periodic, now() + op.period_ns);
	return 0;
}

static long stop_periodic(struct vcpu *v, guest_ptr_t arg)
{
	write_once(v->periodic_ns, 0);
	timer_stop(&v->periodic);
	return 0;
}

static long set_singleshot(struct vcpu *v, guest_ptr_t arg)
{
	struct vcpu_set_singleshot_timer op;

	if (v != current_vcpu())
		return -XEN_EINVAL;
	if (copy_from_guest(&op, arg, sizeof(op)))
		return -XEN_EFAULT;
	/* The reference ignores the flags: a time that has passed fires. */
	timer_set(&v->singleshot, op.timeout_abs_ns);
	return 0;
}

static long stop_singleshot(struct vcpu *v, guest_ptr_t arg)
{
	if (v != current_vcpu())
		return -XEN_EINVAL;
	timer_stop(&v->singleshot);
	return 0;
}

static long register_info(struct vcpu *v, guest_ptr_t arg)
{
	struct vcpu_register_vcpu_info op;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -XEN_EFAULT;
	return vcpu_info_register(v, &op);
}

static long send_nmi(struct vcpu *v, guest_ptr_t arg)
{
	__atomic_store_n(&v->nmi_pending, true, __ATOMIC_SEQ_CST);
	vcpu_kick(v);
	return 0;
}

static long get_physid(struct vcpu *v, guest_ptr_t arg)
{
	return -XEN_EINVAL; /* no vCPU is pinned for good */
}

/* Rows take the target, which subop_call() knows nothing of. */
static long (*const vcpu_table[])(struct vcpu *v, guest_ptr_t arg) = {
	[VCPUOP_initialise] = vcpu_initialise,
	[VCPUOP_up] = vcpu_up,
	[VCPUOP_down] = vcpu_down,
	[VCPUOP_is_up] = vcpu_is_up,
	[VCPUOP_get_runstate_info] = get_runstate,
	[VCPUOP_register_runstate_memory_area] = register_runstate,
	[VCPUOP_set_periodic_timer] = set_periodic,
	[VCPUOP_stop_periodic_timer] = stop_periodic,
	[VCPUOP_set_singleshot_timer] = set_singleshot,
	[VCPUOP_stop_singleshot_timer] = stop_singleshot,
	[VCPUOP_register_vcpu_info] = register_info,
	[VCPUOP_send_nmi] = send_nmi,
	[VCPUOP_get_physid] = get_physid,
	[VCPUOP_register_vcpu_time_memory_area] = register_time_area,
};

long hc_vcpu_op(uint64_t cmd, uint64_t id, uint64_t arg, uint64_t a4,
		uint64_t a5)
{
	uint64_t row = index_clamp((uint32_t)cmd, ARRAY_SIZE(vcpu_table));
	struct vcpu *v = domain_vcpu(current_vcpu()->domain, (uint32_t)id);

	if (!v)
		return -XEN_ENOENT;
	if ((uint32_t)cmd >= ARRAY_SIZE(vcpu_table))
		return -XEN_ENOSYS;
	return vcpu_table[row](v, guest_ptr(arg));
}

long hc_set_timer_op(uint64_t deadline, uint64_t a2, uint64_t a3, uint64_t a4,
		     uint64_t a5)
{
	struct vcpu *v = current_vcpu();
	uint64_t t = now();

	if (!deadline)
		timer_stop(&v->singleshot);
	else if (deadline > t && deadline - t > SANE_DELTA)
		timer_set(&v->singleshot, t + 100 * MILLISECOND);
	else
		timer_set(&v->singleshot, deadline);
	return 0;
}
