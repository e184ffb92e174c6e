/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_xen_version and vm_assist: small calls without state of their own.
 * Contracts: include/public/version.h, features.h, xen.h.
 */
#include "public/version.h"
#include "boot/boot.h"
#include "core/hypercall.h"
#include "public/features.h"

#define ABI_VERSION     ((4 << 16) | 17)
#define COMMANDLINE_LEN 1024 /* xen_commandline_t */

_Static_assert(sizeof(boot_info.cmdline) == COMMANDLINE_LEN, "one size");

static const char extraversion[XEN_EXTRAVERSION_LEN] = ".0-tenon";
static const char capabilities[XEN_CAPABILITIES_INFO_LEN] = "xen-3.0-x86_64 ";
static const char changeset[XEN_CHANGESET_INFO_LEN] = "tenon";
static const char denied[COMMANDLINE_LEN] = "<denied>";

static long reply_features(guest_ptr_t out, bool control)
{
	struct xen_feature_info info;

	if (copy_from_guest(&info, out, sizeof(info)))
		return -XEN_EFAULT;
	if (info.submap_idx >= XENFEAT_NR_SUBMAPS)
		return -XEN_EINVAL;
	info.submap = 1u << XENFEAT_mmu_pt_update_preserve_ad |
		      1u << XENFEAT_highmem_assist |
		      1u << XENFEAT_gnttab_map_avail_bits |
		      1u << XENFEAT_memory_op_vnode_supported |
		      1u << XENFEAT_direct_mapped |
		      (unsigned int)control << XENFEAT_dom0;
	return copy_to_guest(out, &info, sizeof(info));
}

long hc_xen_version(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4)
{
	static const uint64_t virt_start = HYPERVISOR_START;
	static const struct xen_compile_info compiled = {
		.compiler = "C compiler " __VERSION__,
		.compile_by = "tenon",
	};
	guest_ptr_t out = guest_ptr(arg);
	const struct domain *d;

	/* First, and apart: guests use it as the shortest way in and out. */
	if ((uint32_t)cmd == XENVER_version)
		return ABI_VERSION;
	d = current_vcpu()->domain;
	switch ((uint32_t)cmd) {
	case XENVER_extraversion:
		return copy_to_guest(out, extraversion, sizeof(extraversion));
	case XENVER_compile_info:
		return copy_to_guest(out, &compiled, sizeof(compiled));
	case XENVER_capabilities:
		return copy_to_guest(out, capabilities, sizeof(capabilities));
	case XENVER_changeset:
		return copy_to_guest(out, changeset, sizeof(changeset));
	case XENVER_platform_parameters:
		return copy_to_guest(out, &virt_start, sizeof(virt_start));
	case XENVER_get_features:
		return reply_features(out, domain_is_control(d));
	case XENVER_pagesize:
		return PAGE_SIZE;
	case XENVER_guest_handle:
		return copy_to_guest(out, d->handle, sizeof(d->handle));
	case XENVER_commandline:
		/* Not every domain's business, as in the reference. */
		return copy_to_guest(
			out, domain_is_control(d) ? boot_info.cmdline : denied,
			COMMANDLINE_LEN);
	case XENVER_build_id: /* there is none */
		return domain_is_control(d) ? -XEN_ENODATA : -XEN_EPERM;
	default:
		return -XEN_ENOSYS;
	}
}

/* All assists that a 64-bit guest can ask for are always on. */
long hc_vm_assist(uint64_t cmd, uint64_t type, uint64_t a3, uint64_t a4)
{
	struct domain *d = current_vcpu()->domain;

	if (type > VMASST_TYPE_runstate_update_flag &&
	    type != VMASST_TYPE_m2p_strict)
		return -XEN_EINVAL;
	if ((uint32_t)cmd == VMASST_CMD_enable)
		(void)set_bit(&d->vm_assist, (unsigned int)type);
	else if ((uint32_t)cmd == VMASST_CMD_disable)
		(void)clear_bit(&d->vm_assist, (unsigned int)type);
	else
		return -XEN_ENOSYS;
	return 0;
}
