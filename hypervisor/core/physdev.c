/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_physdev_op and platform_op: I/O privilege for every guest, and
 * the machine for the control domain. Device interrupts: core/pirq.c.
 * Contracts: include/public/physdev.h, platform.h.
 */
#include "public/physdev.h"
#include "core/hypercall.h"
#include "core/pirq.h"
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
	if (op->nr_ports > 65536 ||
	    !guest_range_ok(bitmap, (op->nr_ports + 7) / 8))
		return -XEN_EINVAL;
	v->iobmp = bitmap;
	v->iobmp_ports = op->nr_ports;
	return 0;
}

static long physdev_irq_status(struct vcpu *v, void *arg)
{
	struct physdev_irq_status_query *op = arg;

	op->flags = pirq_needs_eoi(op->irq) ? XENIRQSTAT_needs_eoi : 0;
	return 0;
}

static long physdev_eoi(struct vcpu *v, void *arg)
{
	const struct physdev_eoi *op = arg;

	return pirq_eoi(op->irq);
}

static long physdev_setup_gsi(struct vcpu *v, void *arg)
{
	const struct physdev_setup_gsi *op = arg;

	return pirq_setup_gsi((uint32_t)op->gsi, op->triggering, op->polarity);
}

/* The vector is the hypervisor's business: callers only want a number. */
static long physdev_alloc_irq_vector(struct vcpu *v, void *arg)
{
	struct physdev_irq *op = arg;

	op->vector = op->irq;
	return 0;
}

static bool is_caller(const struct vcpu *v, domid_t domid)
{
	return domid == DOMID_SELF || domid == v->domain->id;
}

static long map_msi(const struct physdev_map_pirq *op)
{
	uint32_t bus = (uint32_t)op->bus, devfn = (uint32_t)op->devfn;
	long number = op->pirq;

	/* Only segment 0, whose buses are all that the lower half can name. */
	if (bus > 0xff || devfn > 0xff)
		return -XEN_EINVAL;
	if (number < 0)
		number = pirq_find_free();
	if (number < 0)
		return number;
	return pirq_map_message((uint16_t)(bus << 8 | devfn),
				op->table_base != 0, (uint32_t)op->entry_nr,
				(uint64_t)number);
}

static long physdev_map_pirq(struct vcpu *v, void *arg)
{
	struct physdev_map_pirq *op = arg;
	long rc;

	if (!is_caller(v, op->domid))
		return -XEN_EPERM;
	switch (op->type) {
	case MAP_PIRQ_TYPE_GSI:
		if (op->pirq >= 0 && op->pirq != op->index)
			return -XEN_EINVAL;
		rc = pirq_map_gsi((uint32_t)op->index);
		break;
	case MAP_PIRQ_TYPE_MSI:
	case MAP_PIRQ_TYPE_MSI_SEG:
		rc = map_msi(op);
		break;
	default: /* several messages of one device: callers do with one */
		return -XEN_EOPNOTSUPP;
	}
	if (rc < 0)
		return rc;
	op->pirq = (int)rc;
	return 0;
}

static long physdev_unmap_pirq(struct vcpu *v, void *arg)
{
	const struct physdev_unmap_pirq *op = arg;

	return is_caller(v, op->domid) ? pirq_unmap((uint32_t)op->pirq)
				       : -XEN_EPERM;
}

static long physdev_get_free_pirq(struct vcpu *v, void *arg)
{
	struct physdev_get_free_pirq *op = arg;
	long rc = pirq_find_free();

	op->pirq = rc < 0 ? 0 : (uint32_t)rc;
	return rc < 0 ? rc : 0;
}

/* Devices are not remembered: every use looks for them anew. */
static long physdev_pci_add(struct vcpu *v, void *arg)
{
	const struct physdev_pci_device *op = arg; /* so begin all forms */

	return !op->seg && pirq_device_exists(
				   (uint16_t)(op->bus << 8 | op->devfn))
		       ? 0
		       : -XEN_ENODEV;
}

static long physdev_pci_remove(struct vcpu *v, void *arg)
{
	const struct physdev_pci_device *op = arg;

	return op->seg ? -XEN_ENODEV
		       : pirq_remove_device(
				 (uint16_t)(op->bus << 8 | op->devfn));
}

#define ROW(op, handler, type, how)                                            \
	[PHYSDEVOP_##op] = { handler, sizeof(struct type), how }
#define PRIV_IN  (SUBOP_PRIV | SUBOP_IN)
#define PRIV_OUT (PRIV_IN | SUBOP_OUT)

/* clang-format off */
static const struct subop physdev_ops[] = {
	ROW(set_iopl, physdev_set_iopl, physdev_set_iopl, SUBOP_IN),
	ROW(set_iobitmap, physdev_set_iobitmap, physdev_set_iobitmap, SUBOP_IN),
	ROW(irq_status_query, physdev_irq_status, physdev_irq_status_query, PRIV_OUT),
	ROW(alloc_irq_vector, physdev_alloc_irq_vector, physdev_irq, PRIV_OUT),
	ROW(eoi, physdev_eoi, physdev_eoi, PRIV_IN),
	ROW(map_pirq, physdev_map_pirq, physdev_map_pirq, PRIV_OUT),
	ROW(unmap_pirq, physdev_unmap_pirq, physdev_unmap_pirq, PRIV_IN),
	ROW(setup_gsi, physdev_setup_gsi, physdev_setup_gsi, PRIV_IN),
	ROW(get_free_pirq, physdev_get_free_pirq, physdev_get_free_pirq, PRIV_OUT),
	ROW(pci_device_add, physdev_pci_add, physdev_pci_device, PRIV_IN),
	ROW(pci_device_remove, physdev_pci_remove, physdev_pci_device, PRIV_IN),
	ROW(prepare_msix, physdev_pci_add, physdev_pci_device, PRIV_IN),
	ROW(release_msix, physdev_pci_add, physdev_pci_device, PRIV_IN),
};
/* clang-format on */

/* The control domain's calls under the lock of pirq.c, all of them. */
long hc_physdev_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4,
		   uint64_t a5)
{
	struct domain *d = current_vcpu()->domain;
	long rc;

	if (domain_is_control(d))
		spin_lock(&d->evtchn_lock);
	rc = subop_call(physdev_ops, ARRAY_SIZE(physdev_ops), (uint32_t)cmd,
			guest_ptr(arg));
	if (domain_is_control(d))
		spin_unlock(&d->evtchn_lock);
	return rc;
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
