/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_xen_version, vm_assist and console_io: small calls without state
 * of their own. Contracts: include/public/version.h, features.h, xen.h.
 */
#include "public/version.h"
#include "boot/boot.h"
#include "core/hypercall.h"
#include "public/features.h"

#define ABI_VERSION     ((4 << 16) | 17)
#define COMMANDLINE_LEN 1024 /* xen_commandline_t */

static long reply_text(guest_ptr_t out, const char *text, size_t size)
{
	static const char zeros[COMMANDLINE_LEN]; /* the longest */
	size_t n = min_u64(strlen(text), size - 1);

	if (!guest_range_ok(out.va, size) || copy_to_guest(out, text, n) ||
	    copy_to_guest(guest_ptr(out.va + n), zeros, size - n))
		return -XEN_EFAULT;
	return 0;
}

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
	const struct domain *d = current_vcpu()->domain;
	guest_ptr_t out = guest_ptr(arg);

	/* First, and apart: guests use it as the shortest way in and out. */
	if ((uint32_t)cmd == XENVER_version)
		return ABI_VERSION;
	switch ((uint32_t)cmd) {
	case XENVER_extraversion:
		return reply_text(out, ".0-tenon", XEN_EXTRAVERSION_LEN);
	case XENVER_compile_info:
		return copy_to_guest(out, &compiled, sizeof(compiled));
	case XENVER_capabilities:
		return reply_text(out, "xen-3.0-x86_64 ",
				  XEN_CAPABILITIES_INFO_LEN);
	case XENVER_changeset:
		return reply_text(out, "tenon", XEN_CHANGESET_INFO_LEN);
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
		return reply_text(out,
				  domain_is_control(d) ? boot_info.cmdline
						       : "<denied>",
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

/* LG-2: unsigned length, fixed chunk; other domains have no host console. */
static long console_out(uint64_t count, uint64_t buffer)
{
	char chunk[128];

	while (count) {
		size_t n = min_u64(sizeof(chunk), count);

		if (copy_from_guest(chunk, guest_ptr(buffer), n))
			return -XEN_EFAULT;
		console_write(chunk, n);
		count -= n;
		buffer += n;
		if (count && hypercall_preempt_check())
			return hypercall_continue(__HYPERVISOR_console_io,
						  CONSOLEIO_write, count,
						  buffer, 0);
	}
	return 0;
}

static long console_in(uint64_t count, uint64_t buffer)
{
	char chunk[128];
	size_t n = console_read(chunk, min_u64(sizeof(chunk), count));

	return n && copy_to_guest(guest_ptr(buffer), chunk, n) ? -XEN_EFAULT
							       : (long)n;
}

long hc_console_io(uint64_t cmd, uint64_t count, uint64_t buffer, uint64_t a4)
{
	if (!domain_is_control(current_vcpu()->domain))
		return -XEN_EPERM;
	if ((uint32_t)cmd == CONSOLEIO_write)
		return console_out((uint32_t)count, buffer);
	if ((uint32_t)cmd == CONSOLEIO_read)
		return console_in((uint32_t)count, buffer);
	return -XEN_ENOSYS;
}
