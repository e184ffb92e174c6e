/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_domctl: control of domains by the control domain.
 *
 * Shape: the 144-byte argument is copied in once, the version and the target
 * are checked, the row's handler works on private memory, and the argument is
 * copied back when it succeeds.
 * Locks: domctl_lock serialises control operations (rank DOMCTL).
 * Contract: include/public/domctl.h.
 */
#include "public/domctl.h"
#include "core/domain.h"
#include "core/hypercall.h"
#include "core/manage.h"
#include "core/services.h"
#include "lib/string.h"
#include "mm/mm.h"
#include "public/errno.h"

static struct spinlock domctl_lock = SPINLOCK_INIT(RANK_DOMCTL);

static struct vcpu *domain_vcpu(struct domain *d, uint32_t id)
{
	if (id >= d->max_vcpus)
		return NULL;
	return d->vcpu[index_clamp(id, d->max_vcpus)];
}

void domain_get_info(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
	bool blocked = true, running = false;
	uint32_t online = 0, flags = 0;

	memset(info, 0, sizeof(*info));
	info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
	for (unsigned int i = 0; i < d->max_vcpus; i++) {
		const struct vcpu *v = d->vcpu[i];

		if (!v)
			continue;
		info->max_vcpu_id = i;
		info->cpu_time += v->runstate.time[RUNSTATE_running];
		if (v->runstate.state == RUNSTATE_running)
			info->cpu_time += now() - v->runstate.state_entry_time;
		if (v->down)
			continue;
		online++;
		running |= v->running;
		blocked &= v->blocked;
	}
	flags |= d->dead ? XEN_DOMINF_dying : 0;
	flags |= d->shut_down ? XEN_DOMINF_shutdown : 0;
	flags |= d->controller_pause_count ? XEN_DOMINF_paused : 0;
	flags |= blocked ? XEN_DOMINF_blocked : 0;
	flags |= running ? XEN_DOMINF_running : 0;
	flags |= (uint32_t)d->shutdown_reason << XEN_DOMINF_shutdownshift;
	info->domain = d->id;
	info->flags = flags;
	info->tot_pages = d->tot_pages;
	info->max_pages = d->max_pages;
	info->shared_info_frame =
		d->shared_info ? virt_to_mfn(d->shared_info).n : ~0ull;
	info->nr_online_vcpus = online;
	info->gpaddr_bits = 48;
	memcpy(info->handle, d->handle, sizeof(info->handle));
}

static long ctl_create(struct domain *none, struct xen_domctl *op)
{
	struct xen_domctl_createdomain *c = &op->u.createdomain;
	const uint32_t known = XEN_DOMCTL_CDF_xs_domain;
	struct domain *d;
	int rc;

	if (!c->max_vcpus || c->max_vcpus > MAX_VCPUS || (c->flags & ~known) ||
	    c->iommu_opts || c->vmtrace_size)
		return -XEN_EINVAL;
	if (c->arch.emulation_flags)
		return -XEN_EOPNOTSUPP;
	d = domain_create(op->domain, c->max_vcpus, false, &rc);
	if (!d)
		return rc;
	memcpy(d->handle, c->handle, sizeof(d->handle));
	op->domain = d->id;
	return 0;
}

static long ctl_destroy(struct domain *d, struct xen_domctl *op)
{
	return domain_kill(d);
}

static long ctl_pause(struct domain *d, struct xen_domctl *op)
{
	domain_controller_pause(d);
	return 0;
}

static long ctl_unpause(struct domain *d, struct xen_domctl *op)
{
	return domain_controller_unpause(d);
}

static long ctl_resume(struct domain *d, struct xen_domctl *op)
{
	domain_resume(d);
	return 0;
}

static long ctl_max_mem(struct domain *d, struct xen_domctl *op)
{
	spin_lock(&d->page_lock);
	d->max_pages = op->u.max_mem.max_memkb >> (PAGE_SHIFT - 10);
	spin_unlock(&d->page_lock);
	return 0;
}

static long ctl_max_vcpus(struct domain *d, struct xen_domctl *op)
{
	if (op->u.max_vcpus.max != d->max_vcpus)
		return -XEN_EINVAL;
	for (unsigned int i = 0; i < d->max_vcpus; i++)
		if (!d->vcpu[i] && !vcpu_create(d, i))
			return -XEN_ENOMEM;
	return 0;
}

static long ctl_set_context(struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_vcpucontext *c = &op->u.vcpucontext;
	struct vcpu *v = domain_vcpu(d, c->vcpu);
	struct vcpu_guest_context *ctxt;
	long rc;

	if (!v)
		return -XEN_ESRCH;
	if (!c->ctxt.p)
		return -XEN_EOPNOTSUPP; /* vCPU reset: see SUPPORT.md */
	ctxt = heap_alloc(sizeof(*ctxt));
	if (!ctxt)
		return -XEN_ENOMEM;
	rc = -XEN_EFAULT;
	if (!copy_from_guest(ctxt, guest_ptr((uint64_t)c->ctxt.p),
			     sizeof(*ctxt))) {
		domain_pause(d);
		rc = vcpu_context_set(v, ctxt);
		if (!rc && (ctxt->flags & VGCF_online))
			v->down = false;
		domain_unpause(d);
	}
	heap_free(ctxt);
	return rc;
}

static long ctl_get_context(struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_vcpucontext *c = &op->u.vcpucontext;
	struct vcpu *v = domain_vcpu(d, c->vcpu);
	struct vcpu_guest_context *ctxt;
	long rc;

	if (!v)
		return -XEN_ESRCH;
	if (!v->initialised)
		return -XEN_ENODATA;
	ctxt = heap_alloc(sizeof(*ctxt));
	if (!ctxt)
		return -XEN_ENOMEM;
	domain_pause(d);
	rc = vcpu_context_get(v, ctxt);
	domain_unpause(d);
	if (!rc &&
	    copy_to_guest(guest_ptr((uint64_t)c->ctxt.p), ctxt, sizeof(*ctxt)))
		rc = -XEN_EFAULT;
	heap_free(ctxt);
	return rc;
}

static long ctl_vcpu_info(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_getvcpuinfo *info = &op->u.getvcpuinfo;
	const struct vcpu *v = domain_vcpu(d, info->vcpu);

	if (!v)
		return -XEN_ESRCH;
	info->online = !v->down;
	info->blocked = v->blocked;
	info->running = v->running;
	info->cpu_time = v->runstate.time[RUNSTATE_running];
	if (v->runstate.state == RUNSTATE_running)
		info->cpu_time += now() - v->runstate.state_entry_time;
	info->cpu = v->cpu;
	return 0;
}

static long ctl_set_handle(struct domain *d, struct xen_domctl *op)
{
	memcpy(d->handle, op->u.setdomainhandle.handle, sizeof(d->handle));
	return 0;
}

static long ctl_time_offset(struct domain *d, struct xen_domctl *op)
{
	d->time_offset_s = op->u.settimeoffset.time_offset_seconds;
	time_update_wallclock(d);
	return 0;
}

/* Only the native clock exists: mode 0 and 2 (never emulate) are the same. */
static long ctl_set_tsc(struct domain *d, struct xen_domctl *op)
{
	return op->u.tsc_info.tsc_mode == 1 ? -XEN_EOPNOTSUPP : 0;
}

static long ctl_get_tsc(struct domain *d, struct xen_domctl *op)
{
	memset(&op->u.tsc_info, 0, sizeof(op->u.tsc_info));
	op->u.tsc_info.elapsed_nsec = now();
	return 0;
}

static long ctl_set_address_size(struct domain *d, struct xen_domctl *op)
{
	return op->u.address_size.size == 64 ? 0 : -XEN_EOPNOTSUPP;
}

static long ctl_get_address_size(struct domain *d, struct xen_domctl *op)
{
	op->u.address_size.size = 64;
	return 0;
}

static long ctl_hypercall_init(struct domain *d, struct xen_domctl *op)
{
	mfn_t m = mfn_of(op->u.hypercall_init.gmfn);
	struct frame *f = frame_get_writable(d, m);

	if (!f)
		return -XEN_EACCES;
	hypercall_page_fill(mfn_to_virt(m));
	frame_put_writable(f);
	return 0;
}

static long ctl_trigger(struct domain *d, struct xen_domctl *op)
{
	struct vcpu *v = domain_vcpu(d, op->u.sendtrigger.vcpu);

	if (!v)
		return -XEN_ESRCH;
	if (op->u.sendtrigger.trigger != XEN_DOMCTL_SENDTRIGGER_NMI)
		return op->u.sendtrigger.trigger > XEN_DOMCTL_SENDTRIGGER_INIT
			       ? -XEN_EINVAL
			       : -XEN_ENOSYS;
	v->nmi_pending = true;
	vcpu_kick(v);
	return 0;
}

static long ctl_accept(struct domain *d, struct xen_domctl *op)
{
	return 0;
}

/* Operations that may target the caller itself would deadlock: refuse. */
enum {
	NOT_SELF = 1,
	NO_TARGET = 2,
	NO_COPY_OUT = 4
};

static const struct domctl_row {
	long (*handler)(struct domain *d, struct xen_domctl *op);
	uint8_t flags;
} domctl_table[] = {
	[XEN_DOMCTL_createdomain] = { ctl_create, NO_TARGET },
	[XEN_DOMCTL_destroydomain] = { ctl_destroy, NOT_SELF | NO_COPY_OUT },
	[XEN_DOMCTL_pausedomain] = { ctl_pause, NOT_SELF | NO_COPY_OUT },
	[XEN_DOMCTL_unpausedomain] = { ctl_unpause, NOT_SELF | NO_COPY_OUT },
	[XEN_DOMCTL_max_mem] = { ctl_max_mem, NO_COPY_OUT },
	[XEN_DOMCTL_setvcpucontext] = { ctl_set_context,
					NOT_SELF | NO_COPY_OUT },
	[XEN_DOMCTL_getvcpucontext] = { ctl_get_context,
					NOT_SELF | NO_COPY_OUT },
	[XEN_DOMCTL_getvcpuinfo] = { ctl_vcpu_info, 0 },
	[XEN_DOMCTL_max_vcpus] = { ctl_max_vcpus, NOT_SELF | NO_COPY_OUT },
	[XEN_DOMCTL_setdomainhandle] = { ctl_set_handle, NO_COPY_OUT },
	[XEN_DOMCTL_hypercall_init] = { ctl_hypercall_init, NO_COPY_OUT },
	[XEN_DOMCTL_settimeoffset] = { ctl_time_offset, NO_COPY_OUT },
	[XEN_DOMCTL_resumedomain] = { ctl_resume, NOT_SELF | NO_COPY_OUT },
	[XEN_DOMCTL_sendtrigger] = { ctl_trigger, NO_COPY_OUT },
	[XEN_DOMCTL_set_address_size] = { ctl_set_address_size, NO_COPY_OUT },
	[XEN_DOMCTL_get_address_size] = { ctl_get_address_size, 0 },
	[XEN_DOMCTL_gettscinfo] = { ctl_get_tsc, 0 },
	[XEN_DOMCTL_settscinfo] = { ctl_set_tsc, NO_COPY_OUT },
	[XEN_DOMCTL_setnodeaffinity] = { ctl_accept, NO_COPY_OUT },
};

/* getdomaininfo looks for the first domain at or above the id. */
static long domctl_get_info(struct xen_domctl *op)
{
	struct domain *d;

	if (op->domain >= DOMID_FIRST_RESERVED)
		return -XEN_EINVAL;
	d = domain_get_next(op->domain);
	if (!d)
		return -XEN_ESRCH;
	domain_get_info(d, &op->u.getdomaininfo);
	op->domain = d->id;
	domain_put(d);
	return 0;
}

/* Dying domains stay reachable for destroydomain, which must be resumable. */
static struct domain *domctl_target(domid_t id)
{
	struct domain *d = domain_get_next(id);

	if (d && d->id != id) {
		domain_put(d);
		d = NULL;
	}
	return d;
}

static long domctl_run(const struct domctl_row *row, struct xen_domctl *op)
{
	struct domain *d = NULL;
	long rc;

	if (!(row->flags & NO_TARGET)) {
		d = domctl_target(op->domain);
		if (!d)
			return -XEN_ESRCH;
		rc = -XEN_EINVAL;
		if ((row->flags & NOT_SELF) && d == current_vcpu()->domain)
			goto put;
		rc = -XEN_ESRCH;
		if (d->dying && op->cmd != XEN_DOMCTL_destroydomain)
			goto put;
	}
	spin_lock(&domctl_lock);
	rc = row->handler(d, op);
	spin_unlock(&domctl_lock);
put:
	if (d)
		domain_put(d);
	return rc;
}

long hc_domctl(uint64_t arg, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	const struct domctl_row *row;
	struct xen_domctl op;
	long rc;

	if (copy_from_guest(&op, guest_ptr(arg), sizeof(op)))
		return -XEN_EFAULT;
	if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION)
		return -XEN_EACCES;
	if (op.cmd == XEN_DOMCTL_getdomaininfo) {
		rc = domctl_get_info(&op);
		return rc ? rc
		       : copy_to_guest(guest_ptr(arg), &op, sizeof(op))
			       ? -XEN_EFAULT
			       : 0;
	}
	if (op.cmd >= ARRAY_SIZE(domctl_table) || !domctl_table[op.cmd].handler)
		return -XEN_ENOSYS;
	row = &domctl_table[index_clamp(op.cmd, ARRAY_SIZE(domctl_table))];
	rc = domctl_run(row, &op);
	if (rc == -XEN_ERESTART)
		return hypercall_continue(__HYPERVISOR_domctl, arg, a2, a3, a4,
					  a5);
	if (!rc && !(row->flags & NO_COPY_OUT) &&
	    copy_to_guest(guest_ptr(arg), &op, sizeof(op)))
		rc = -XEN_EFAULT;
	return rc;
}
