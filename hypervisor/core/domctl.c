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
#include "core/grant.h"
#include "mm/mm.h"

static struct spinlock domctl_lock = SPINLOCK_INIT(RANK_DOMCTL);

static struct vcpu_guest_context context; /* domctl_lock: for one operation */

/* Time that v has run for. */
static uint64_t vcpu_cpu_time(const struct vcpu *v)
{
	struct vcpu_runstate_info info;

	runstate_read(v, &info);
	return info.time[RUNSTATE_running];
}

void domain_get_info(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
	bool blocked = true, running = false;

	*info = (struct xen_domctl_getdomaininfo){
		.domain = d->id,
		.tot_pages = d->tot_pages,
		.max_pages = d->max_pages,
		.shared_info_frame = virt_to_mfn(d->shared_info).n,
		.max_vcpu_id = XEN_INVALID_MAX_VCPU_ID,
		.gpaddr_bits = 48,
	};
	memcpy(info->handle, d->handle, sizeof(info->handle));
	for (unsigned int i = 0; i < d->max_vcpus; i++) {
		const struct vcpu *v = d->vcpu[i];

		if (!v)
			continue;
		info->max_vcpu_id = i;
		info->cpu_time += vcpu_cpu_time(v);
		if (v->down)
			continue;
		info->nr_online_vcpus++;
		running |= v->running;
		blocked &= v->blocked;
	}
	info->flags = (d->dead ? XEN_DOMINF_dying : 0) |
		      (d->shut_down ? XEN_DOMINF_shutdown : 0) |
		      (d->controller_pause_count ? XEN_DOMINF_paused : 0) |
		      (blocked ? XEN_DOMINF_blocked : 0) |
		      (running ? XEN_DOMINF_running : 0) |
		      (uint32_t)d->shutdown_reason << XEN_DOMINF_shutdownshift;
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
	if (cpu_features.guests_refused) {
		log_error("no guests on a processor with Meltdown and L1TF "
			  "(spec-ctrl=off allows them)\n");
		return -XEN_EPERM;
	}
	d = domain_create(op->domain, c->max_vcpus, false, &rc);
	if (!d)
		return rc;
	memcpy(d->handle, c->handle, sizeof(d->handle));
	if (c->max_evtchn_port < d->max_port)
		d->max_port = c->max_evtchn_port;
	op->domain = d->id;
	return 0;
}

/* In phases (HC-13); called again until it no longer answers -ERESTART. */
static long ctl_destroy(struct domain *d, struct xen_domctl *op)
{
	long rc;

	if (d->dead)
		return -XEN_ESRCH;
	if (!d->dying) {
		spin_lock(&d->lock);
		d->dying = true;
		spin_unlock(&d->lock);
		domain_each_vcpu(d, vcpu_pause);
		evtchn_send_global_virq(VIRQ_DOM_EXC);
	}
	rc = evtchn_destroy_domain(d);
	if (!rc)
		rc = mm_domain_relinquish(d);
	if (!rc)
		rc = grant_release_mappings(d);
	if (rc)
		return rc;
	d->dead = true;
	domain_put(d); /* the reference of its creation */
	return 0;
}

/* Forget the shutdown. */
static long ctl_resume(struct domain *d, struct xen_domctl *op)
{
	bool was;

	spin_lock(&d->lock);
	was = d->shut_down;
	d->shut_down = d->reason_recorded = false;
	d->shutdown_reason = 0;
	spin_unlock(&d->lock);
	if (was)
		domain_each_vcpu(d, vcpu_unpause);
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

/* Set or get the state of a vCPU; to set none would be to reset it. */
static long ctl_context(struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_vcpucontext *c = &op->u.vcpucontext;
	guest_ptr_t where = guest_handle(c->ctxt);
	bool set = op->cmd == XEN_DOMCTL_setvcpucontext;
	struct vcpu *v = domain_vcpu(d, c->vcpu);
	long rc;

	if (!v)
		return -XEN_ESRCH;
	if (set && !where.va)
		return -XEN_EOPNOTSUPP; /* see SUPPORT.md */
	if (!set && !v->initialised)
		return -XEN_ENODATA;
	memset(&context, 0, sizeof(context));
	if (set && copy_from_guest(&context, where, sizeof(context)))
		return -XEN_EFAULT;
	domain_each_vcpu(d, vcpu_pause);
	rc = set ? vcpu_context_set(v, &context)
		 : vcpu_context_get(v, &context);
	if (set && !rc && (context.flags & VGCF_online))
		v->down = false;
	domain_each_vcpu(d, vcpu_unpause);
	return set || rc ? rc : copy_to_guest(where, &context, sizeof(context));
}

static long ctl_vcpu_info(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_getvcpuinfo *info = &op->u.getvcpuinfo;
	const struct vcpu *v = domain_vcpu(d, info->vcpu);
	struct vcpu_runstate_info times;

	if (!v)
		return -XEN_ESRCH;
	runstate_read(v, &times);
	info->online = !v->down;
	info->blocked = v->blocked;
	info->running = v->running;
	info->cpu_time = times.time[RUNSTATE_running];
	info->cpu = v->cpu;
	memcpy(&op->u.pad[TENON_GETVCPUINFO_WAITED],
	       &times.time[RUNSTATE_runnable], sizeof(times.time[0]));
	return 0;
}

/* What takes a line or two. */
static long ctl_simple(struct domain *d, struct xen_domctl *op)
{
	mfn_t m;

	switch (op->cmd) {
	case XEN_DOMCTL_getdomaininfo:
		domain_get_info(d, &op->u.getdomaininfo);
		op->domain = d->id;
		return 0;
	case XEN_DOMCTL_pausedomain:
		if (!d->controller_pause_count++)
			domain_each_vcpu(d, vcpu_pause);
		return 0;
	case XEN_DOMCTL_unpausedomain:
		if (!d->controller_pause_count)
			return -XEN_EINVAL;
		if (!--d->controller_pause_count)
			domain_each_vcpu(d, vcpu_unpause);
		return 0;
	case XEN_DOMCTL_max_mem:
		write_once(d->max_pages,
			   op->u.max_mem.max_memkb >> (PAGE_SHIFT - 10));
		return 0;
	case XEN_DOMCTL_setdomainhandle:
		memcpy(d->handle, op->u.setdomainhandle.handle,
		       sizeof(d->handle));
		return 0;
	case XEN_DOMCTL_hypercall_init:
		m = mfn_of(op->u.hypercall_init.gmfn);
		return hypercall_page_install(d, m) ? 0 : -XEN_EACCES;
	case XEN_DOMCTL_settimeoffset:
		d->time_offset_s = op->u.settimeoffset.time_offset_seconds;
		time_update_wallclock(d);
		return 0;
	case XEN_DOMCTL_settscinfo:
		/* There is only the native clock: 0 and 2 (never emulate). */
		return op->u.tsc_info.tsc_mode == 1 ? -XEN_EOPNOTSUPP : 0;
	case XEN_DOMCTL_gettscinfo:
		memset(&op->u.tsc_info, 0, sizeof(op->u.tsc_info));
		op->u.tsc_info.elapsed_nsec = now();
		return 0;
	case XEN_DOMCTL_set_address_size:
		return op->u.address_size.size == 64 ? 0 : -XEN_EOPNOTSUPP;
	case XEN_DOMCTL_get_address_size:
		op->u.address_size.size = 64;
		return 0;
	default: /* XEN_DOMCTL_setnodeaffinity: there is one node */
		return 0;
	}
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

/* What a frame is to a domain; whatever is not its memory is XTAB. */
static uint64_t frame_info(const struct domain *d, uint64_t number)
{
	struct frame *f = frame_get_by_mfn(mfn_of(number), d);
	uint64_t info = XEN_DOMCTL_PFINFO_XTAB, word;
	enum frame_type t;

	if (!f)
		return info;
	word = read_once(f->type);
	t = type_of(word);
	if (f->state == FRAME_OWNED) {
		info = XEN_DOMCTL_PFINFO_NOTAB;
		if (t >= TYPE_L1 && t <= TYPE_L4 && frame_has_type(f, t))
			info = (uint64_t)t << XEN_DOMCTL_PFINFO_LTAB_SHIFT;
		if (info && word & TYPE_PINNED)
			info |= XEN_DOMCTL_PFINFO_LPINTAB;
	}
	frame_put(f);
	return info;
}

#define FRAME_INFO_MAX 1024

static long ctl_frame_info(struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_getpageframeinfo3 *g = &op->u.getpageframeinfo3;
	guest_ptr_t array = guest_handle(g->array);
	uint64_t one;

	if (g->num > FRAME_INFO_MAX)
		return -XEN_E2BIG;
	for (uint64_t i = 0; i < g->num; i++) {
		if (copy_array_from_guest(&one, array, i, 1, sizeof(one)))
			return -XEN_EFAULT;
		one = frame_info(d, one);
		if (copy_array_to_guest(array, i, 1, &one, sizeof(one)))
			return -XEN_EFAULT;
	}
	return 0;
}

enum domctl_flags {
	NOT_SELF = 1,  /* would deadlock on the caller */
	NO_TARGET = 2, /* there is none yet */
	OR_NEXT = 4,   /* else the first domain above the id */
	DYING = 8,     /* dying ones too */
	OUT = 16,      /* the argument is copied back */
};

#define ROW(op, handler, flags) [XEN_DOMCTL_##op] = { handler, flags }

static const struct domctl_row {
	long (*handler)(struct domain *d, struct xen_domctl *op);
	enum domctl_flags flags;
} domctl_table[] = {
	ROW(createdomain, ctl_create, NO_TARGET | OUT),
	ROW(destroydomain, ctl_destroy, NOT_SELF | DYING),
	ROW(pausedomain, ctl_simple, NOT_SELF),
	ROW(unpausedomain, ctl_simple, NOT_SELF),
	ROW(getdomaininfo, ctl_simple, OR_NEXT | DYING | OUT),
	ROW(setvcpuaffinity, sched_ctl_affinity, 0),
	ROW(max_mem, ctl_simple, 0),
	ROW(setvcpucontext, ctl_context, NOT_SELF),
	ROW(getvcpucontext, ctl_context, NOT_SELF),
	ROW(getpageframeinfo3, ctl_frame_info, 0),
	ROW(getvcpuinfo, ctl_vcpu_info, OUT),
	ROW(max_vcpus, ctl_max_vcpus, NOT_SELF),
	ROW(scheduler_op, sched_ctl_params, OUT),
	ROW(setdomainhandle, ctl_simple, 0),
	ROW(hypercall_init, ctl_simple, 0),
	ROW(settimeoffset, ctl_simple, 0),
	ROW(getvcpuaffinity, sched_ctl_affinity, 0),
	ROW(resumedomain, ctl_resume, NOT_SELF),
	ROW(sendtrigger, ctl_trigger, 0),
	ROW(set_address_size, ctl_simple, 0),
	ROW(get_address_size, ctl_simple, OUT),
	ROW(gettscinfo, ctl_simple, OUT),
	ROW(settscinfo, ctl_simple, 0),
	ROW(setnodeaffinity, ctl_simple, 0),
};

static long domctl_run(const struct domctl_row *row, struct xen_domctl *op)
{
	bool any = row->flags & OR_NEXT, targeted = !(row->flags & NO_TARGET);
	struct domain *d = targeted ? domain_get_next(op->domain) : NULL;
	long rc;

	spin_lock(&domctl_lock);
	if (any && op->domain >= DOMID_FIRST_RESERVED)
		rc = -XEN_EINVAL;
	else if (targeted && (!d || (d->id != op->domain && !any)))
		rc = -XEN_ESRCH;
	else if ((row->flags & NOT_SELF) && d == current_vcpu()->domain)
		rc = -XEN_EINVAL;
	else if (d && d->dying && !(row->flags & DYING))
		rc = -XEN_ESRCH;
	else
		rc = row->handler(d, op);
	spin_unlock(&domctl_lock);
	if (d)
		domain_put(d);
	return rc;
}

long hc_domctl(uint64_t arg, uint64_t a2, uint64_t a3, uint64_t a4)
{
	const struct domctl_row *row;
	struct xen_domctl op;
	long rc;

	if (copy_from_guest(&op, guest_ptr(arg), sizeof(op)))
		return -XEN_EFAULT;
	if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION)
		return -XEN_EACCES;
	row = &domctl_table[index_clamp(op.cmd, ARRAY_SIZE(domctl_table))];
	if (op.cmd >= ARRAY_SIZE(domctl_table) || !row->handler)
		return -XEN_ENOSYS;
	rc = domctl_run(row, &op);
	if (rc == -XEN_ERESTART)
		return hypercall_continue(__HYPERVISOR_domctl, arg, a2, a3, a4);
	return rc || !(row->flags & OUT)
		       ? rc
		       : copy_to_guest(guest_ptr(arg), &op, sizeof(op));
}
