/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_sysctl and platform_op: the machine, for the control domain.
 *
 * Same shape as domctl.c. Contracts: include/public/sysctl.h, platform.h.
 */
#include "public/sysctl.h"
#include "core/hypercall.h"
#include "mm/mm.h"
#include "public/platform.h"
#include "x86/machine.h"

static long sys_physinfo(struct xen_sysctl *op)
{
	op->u.physinfo = (struct xen_sysctl_physinfo){
		.threads_per_core = 1,
		.cores_per_socket = cpu_count,
		.nr_cpus = cpu_count,
		.max_cpu_id = cpu_count - 1,
		.nr_nodes = 1,
		.cpu_khz = (uint32_t)tsc_khz,
		.capabilities =
			XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1,
		.total_pages = heap_total_pages,
		.free_pages = heap_free_pages,
		.max_mfn = machine_frames - 1,
	};
	return 0;
}

static long sys_sched_id(struct xen_sysctl *op)
{
	op->u.sched_id.sched_id = XEN_SCHEDULER_CREDIT2;
	return 0;
}

static long sys_domain_list(struct xen_sysctl *op)
{
	struct xen_sysctl_getdomaininfolist *l = &op->u.getdomaininfolist;
	uint32_t next = l->first_domain, n = 0;
	struct xen_domctl_getdomaininfo info;
	struct domain *d;

	while (n < l->max_domains && next < DOMID_FIRST_RESERVED &&
	       (d = domain_get_next((domid_t)next))) {
		domain_get_info(d, &info);
		next = d->id + 1u;
		domain_put(d);
		if (copy_array_to_guest(guest_handle(l->buffer), n, 1, &info,
					sizeof(info)))
			return -XEN_EFAULT;
		n++;
	}
	l->num_domains = n;
	return 0;
}

/* One CPU a core, one core a socket: what QEMU's default shows. */
static long sys_cpu_topology(struct xen_sysctl *op)
{
	struct xen_sysctl_cputopoinfo *t = &op->u.cputopoinfo;
	guest_ptr_t out = guest_handle(t->cputopo);

	for (uint32_t i = 0; out.va && i < t->num_cpus && i < cpu_count; i++) {
		struct xen_sysctl_cputopo one = { i, 0, 0 };

		if (copy_array_to_guest(out, i, 1, &one, sizeof(one)))
			return -XEN_EFAULT;
	}
	t->num_cpus = cpu_count;
	return 0;
}

static long (*const sysctl_table[])(struct xen_sysctl *op) = {
	[XEN_SYSCTL_readconsole] = sys_readconsole,
	[XEN_SYSCTL_debug_keys] = sys_debug_keys,
	[XEN_SYSCTL_physinfo] = sys_physinfo,
	[XEN_SYSCTL_sched_id] = sys_sched_id,
	[XEN_SYSCTL_perfc_op] = sys_perfc,
	[XEN_SYSCTL_getdomaininfolist] = sys_domain_list,
	[XEN_SYSCTL_getcpuinfo] = sched_sys_cpu_info,
	[XEN_SYSCTL_cputopoinfo] = sys_cpu_topology,
	[XEN_SYSCTL_scheduler_op] = sched_sys_params,
};

long hc_sysctl(uint64_t arg, uint64_t a2, uint64_t a3, uint64_t a4)
{
	struct xen_sysctl op;
	uint64_t row;
	long rc;

	if (copy_from_guest(&op, guest_ptr(arg), sizeof(op)))
		return -XEN_EFAULT;
	if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION)
		return -XEN_EACCES;
	row = index_clamp(op.cmd, ARRAY_SIZE(sysctl_table));
	if (op.cmd >= ARRAY_SIZE(sysctl_table) || !sysctl_table[row])
		return -XEN_ENOSYS;
	rc = sysctl_table[row](&op);
	return rc ? rc : copy_to_guest(guest_ptr(arg), &op, sizeof(op));
}

long hc_platform_op(uint64_t arg, uint64_t a2, uint64_t a3, uint64_t a4)
{
	struct xen_platform_op op;
	const struct xenpf_settime64 *time = &op.u.settime64;
	struct xenpf_pcpuinfo *info = &op.u.pcpu_info;
	const struct cpu *c;

	if (copy_from_guest(&op, guest_ptr(arg), sizeof(op)))
		return -XEN_EFAULT;
	if (op.interface_version != XENPF_INTERFACE_VERSION)
		return -XEN_EACCES;
	switch (op.cmd) {
	case XENPF_enter_acpi_sleep:
		if (op.u.enter_acpi_sleep.sleep_state != 5)
			return -XEN_EOPNOTSUPP;
		machine_poweroff();
	case XENPF_settime64:
		if (time->mbz || time->nsecs >= 1000000000u)
			return -XEN_EINVAL;
		time_set_wallclock(time->secs, time->nsecs, time->system_time);
		return 0;
	case XENPF_get_cpuinfo:
		c = cpu_get(info->xen_cpuid);
		info->max_present = cpu_count - 1;
		info->flags =
			c ? XEN_PCPU_FLAGS_ONLINE : XEN_PCPU_FLAGS_INVALID;
		info->apic_id = c ? c->apic_id : ~0u;
		info->acpi_id = c ? c->id : ~0u;
		return copy_to_guest(guest_ptr(arg), &op, sizeof(op));
	default:
		return -XEN_ENOSYS;
	}
}
