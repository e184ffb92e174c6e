/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_xen_version, vm_assist and console_io: small calls without state
 * of their own. Contracts: include/public/version.h, features.h, xen.h.
 */
#include "public/version.h"
#include "boot/boot.h"
#include "core/domain.h"
#include "core/hypercall.h"
#include "core/manage.h"
#include "core/services.h"
#include "lib/string.h"
#include "public/errno.h"
#include "public/features.h"
#include "x86/layout.h"

#define ABI_VERSION ((4 << 16) | 17)

static long reply_text(uint64_t out, const char *text, size_t size)
{
	char buffer[SUBOP_MAX];
	size_t n;

	/* What does not fit into the first part is cut, the others are zero. */
	for (size_t at = 0; at < size; at += n) {
		n = min_u64(size - at, sizeof(buffer));
		string_copy(buffer, at ? "" : text, n);
		if (copy_to_guest(guest_ptr(out + at), buffer, n))
			return -XEN_EFAULT;
	}
	return 0;
}

static long reply_compile_info(uint64_t out)
{
	struct xen_compile_info info;

	string_copy(info.compiler, "C compiler " __VERSION__,
		    sizeof(info.compiler));
	string_copy(info.compile_by, "tenon", sizeof(info.compile_by));
	string_copy(info.compile_domain, "", sizeof(info.compile_domain));
	string_copy(info.compile_date, "", sizeof(info.compile_date));
	return copy_to_guest(guest_ptr(out), &info, sizeof(info)) ? -XEN_EFAULT
								  : 0;
}

static long reply_features(uint64_t out)
{
	struct xen_feature_info info;
	uint32_t bits = 1u << XENFEAT_mmu_pt_update_preserve_ad |
			1u << XENFEAT_highmem_assist |
			1u << XENFEAT_gnttab_map_avail_bits |
			1u << XENFEAT_memory_op_vnode_supported;

	if (copy_from_guest(&info, guest_ptr(out), sizeof(info)))
		return -XEN_EFAULT;
	if (domain_is_control(current_vcpu()->domain))
		bits |= 1u << XENFEAT_dom0;
	if (info.submap_idx >= XENFEAT_NR_SUBMAPS)
		return -XEN_EINVAL;
	info.submap = bits;
	return copy_to_guest(guest_ptr(out), &info, sizeof(info)) ? -XEN_EFAULT
								  : 0;
}

long hc_xen_version(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4,
		    uint64_t a5)
{
	static const uint64_t virt_start = HYPERVISOR_START;

	switch ((uint32_t)cmd) {
	case XENVER_version:
		return ABI_VERSION;
	case XENVER_extraversion:
		return reply_text(arg, ".0-tenon", XEN_EXTRAVERSION_LEN);
	case XENVER_compile_info:
		return reply_compile_info(arg);
	case XENVER_capabilities:
		return reply_text(arg, "xen-3.0-x86_64 ",
				  XEN_CAPABILITIES_INFO_LEN);
	case XENVER_changeset:
		return reply_text(arg, "tenon", XEN_CHANGESET_INFO_LEN);
	case XENVER_platform_parameters:
		return copy_to_guest(guest_ptr(arg), &virt_start,
				     sizeof(virt_start))
			       ? -XEN_EFAULT
			       : 0;
	case XENVER_get_features:
		return reply_features(arg);
	case XENVER_pagesize:
		return PAGE_SIZE;
	case XENVER_guest_handle:
		return copy_to_guest(guest_ptr(arg),
				     current_vcpu()->domain->handle, 16)
			       ? -XEN_EFAULT
			       : 0;
	case XENVER_commandline:
		/* Not every domain's business, as in the reference. */
		return reply_text(arg,
				  domain_is_control(current_vcpu()->domain)
					  ? boot_info.cmdline
					  : "<denied>",
				  1024);
	default:
		return -XEN_ENOSYS;
	}
}

/* All assists that a 64-bit guest can ask for are always on. */
long hc_vm_assist(uint64_t cmd, uint64_t type, uint64_t a3, uint64_t a4,
		  uint64_t a5)
{
	struct domain *d = current_vcpu()->domain;
	const uint64_t known = 1ull << VMASST_TYPE_4gb_segments |
			       1ull << VMASST_TYPE_4gb_segments_notify |
			       1ull << VMASST_TYPE_writable_pagetables |
			       1ull << VMASST_TYPE_pae_extended_cr3 |
			       1ull << VMASST_TYPE_architectural_iopl |
			       1ull << VMASST_TYPE_runstate_update_flag |
			       1ull << VMASST_TYPE_m2p_strict;

	if (type >= 64 || !(known & 1ull << (type & 63)))
		return -XEN_EINVAL;
	switch ((uint32_t)cmd) {
	case VMASST_CMD_enable:
		__atomic_or_fetch(&d->vm_assist, 1ull << type,
				  __ATOMIC_RELAXED);
		return 0;
	case VMASST_CMD_disable:
		__atomic_and_fetch(&d->vm_assist, ~(1ull << type),
				   __ATOMIC_RELAXED);
		return 0;
	default:
		return -XEN_ENOSYS;
	}
}

/* LG-2: unsigned length, fixed chunk; other domains have no host console. */
static long console_out(uint64_t count, uint64_t buffer)
{
	char chunk[128];

	for (uint64_t done = 0; done < count;) {
		size_t n = min_u64(sizeof(chunk), count - done);

		if (copy_array_from_guest(chunk, guest_ptr(buffer), done, n, 1))
			return -XEN_EFAULT;
		console_write(chunk, n);
		done += n;
		if (done < count && hypercall_preempt_check())
			return hypercall_continue(__HYPERVISOR_console_io,
						  CONSOLEIO_write, count - done,
						  buffer + done, 0, 0);
	}
	return 0;
}

static long console_in(uint64_t count, uint64_t buffer)
{
	char chunk[128];
	size_t n = console_read(chunk, min_u64(sizeof(chunk), count));

	if (n && copy_to_guest(guest_ptr(buffer), chunk, n))
		return -XEN_EFAULT;
	return (long)n;
}

long hc_console_io(uint64_t cmd, uint64_t count, uint64_t buffer, uint64_t a4,
		   uint64_t a5)
{
	if (!domain_is_control(current_vcpu()->domain))
		return -XEN_EPERM;
	switch ((uint32_t)cmd) {
	case CONSOLEIO_write:
		return console_out((uint32_t)count, buffer);
	case CONSOLEIO_read:
		return console_in((uint32_t)count, buffer);
	default:
		return -XEN_ENOSYS;
	}
}
