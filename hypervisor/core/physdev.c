/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_physdev_op and platform_op: I/O privilege for every guest, and
 * the machine for the control domain. Device interrupts come with the
 * drivers (SUPPORT.md).
 * Contracts: include/public/physdev.h, platform.h.
 */
#include "public/physdev.h"
#include "core/domain.h"
#include "core/hypercall.h"
#include "core/manage.h"
#include "core/services.h"
#include "lib/string.h"
#include "public/errno.h"
#include "public/platform.h"

static long physdev_set_iopl(struct vcpu *v, void *arg)
{
	const struct physdev_set_iopl *op = arg;

	if (op->iopl > 3)
		return -XEN_EINVAL;
	v->iopl = (uint8_t)op->iopl;
	return 0;
}

static long physdev_set_iobitmap(struct vcpu *v, void *arg)
{
	const struct physdev_set_iobitmap *op = arg;
	uint64_t bitmap;

	memcpy(&bitmap, &op->bitmap, sizeof(bitmap));
	if (op->nr_ports > 65536)
		return -XEN_EINVAL;
	v->iobmp = bitmap;
	v->iobmp_ports = op->nr_ports;
	return 0;
}

/* Every line asks for an end-of-interrupt call; see irq_status_query. */
static long physdev_irq_status(struct vcpu *v, void *arg)
{
	struct physdev_irq_status_query *op = arg;

	op->flags = XENIRQSTAT_needs_eoi;
	return 0;
}

static const struct subop physdev_ops[] = {
	[PHYSDEVOP_set_iopl] = { physdev_set_iopl,
				 sizeof(struct physdev_set_iopl), SUBOP_IN },
	[PHYSDEVOP_set_iobitmap] = { physdev_set_iobitmap,
				     sizeof(struct physdev_set_iobitmap),
				     SUBOP_IN },
	[PHYSDEVOP_irq_status_query] = { physdev_irq_status,
					 sizeof(struct
						physdev_irq_status_query),
					 SUBOP_IN | SUBOP_OUT | SUBOP_PRIV },
};

long hc_physdev_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4,
		   uint64_t a5)
{
	return subop_call(physdev_ops, ARRAY_SIZE(physdev_ops),
			  cmd & 0xffffffff, guest_ptr(arg));
}

static long platform_sleep(const struct xenpf_enter_acpi_sleep *s)
{
	if (s->sleep_state != 5)
		return -XEN_EOPNOTSUPP;
	machine_poweroff();
}

static long platform_cpuinfo(struct xenpf_pcpuinfo *info)
{
	const struct cpu *c = cpu_get(info->xen_cpuid);

	info->max_present = cpu_count - 1;
	info->flags = c ? XEN_PCPU_FLAGS_ONLINE : XEN_PCPU_FLAGS_INVALID;
	info->apic_id = c ? c->apic_id : ~0u;
	info->acpi_id = c ? c->id : ~0u;
	return 0;
}

long hc_platform_op(uint64_t arg, uint64_t a2, uint64_t a3, uint64_t a4,
		    uint64_t a5)
{
	struct xen_platform_op op;
	long rc;

	if (copy_from_guest(&op, guest_ptr(arg), sizeof(op)))
		return -XEN_EFAULT;
	if (op.interface_version != XENPF_INTERFACE_VERSION)
		return -XEN_EACCES;
	switch (op.cmd) {
	case XENPF_enter_acpi_sleep:
		return platform_sleep(&op.u.enter_acpi_sleep);
	case XENPF_settime64:
		if (op.u.settime64.mbz || op.u.settime64.nsecs >= 1000000000u)
			return -XEN_EINVAL;
		time_set_wallclock(op.u.settime64.secs, op.u.settime64.nsecs,
				   op.u.settime64.system_time);
		return 0;
	case XENPF_get_cpuinfo:
		rc = platform_cpuinfo(&op.u.pcpu_info);
		break;
	default:
		return -XEN_ENOSYS;
	}
	return !rc && copy_to_guest(guest_ptr(arg), &op, sizeof(op))
		       ? -XEN_EFAULT
		       : rc;
}
