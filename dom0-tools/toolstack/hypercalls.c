/* SPDX-License-Identifier: MIT */
/*
 * Typed hypercalls over the hypercall primitive; see hypercalls.h.
 */
#include "hypercalls.h"

/* The tools' part of the ABI is visible on request only. */
#define __XEN_TOOLS__ 1
#include <public/domctl.h>
#include <public/errno.h>
#include <public/event_channel.h>
#include <public/grant_table.h>
#include <public/memory.h>
#include <public/sched.h>
#include <public/sysctl.h>
#include <public/vcpu.h>
#include <public/version.h>
#include <public/xen.h>

#include <stdio.h>
#include <string.h>

#include "cpu_map.h"
#include "primitives.h"

static uint64_t address_of(const void *object)
{
	return (uint64_t)(uintptr_t)object;
}

static long memory_op(unsigned int op, void *argument)
{
	return tk_hypercall(__HYPERVISOR_memory_op, op, address_of(argument), 0,
			    0, 0);
}

static int domctl(struct xen_domctl *op, uint32_t command, uint16_t domid)
{
	op->cmd = command;
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op->domain = domid;
	return (int)tk_hypercall(__HYPERVISOR_domctl, address_of(op), 0, 0, 0,
				 0);
}

static int domctl_plain(uint32_t command, uint16_t domid)
{
	struct xen_domctl op = { 0 };

	return domctl(&op, command, domid);
}

int tk_sysctl(struct xen_sysctl *op, uint32_t command)
{
	op->cmd = command;
	op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	return (int)tk_hypercall(__HYPERVISOR_sysctl, address_of(op), 0, 0, 0,
				 0);
}

/* Domains ----------------------------------------------------------------- */

static int32_t number_or_default(uint32_t number)
{
	return number ? (int32_t)number : -1;
}

int tk_domain_create(uint16_t *domid, const uint8_t uuid[16],
		     const struct tk_domain_limits *limits)
{
	struct xen_domctl op = { 0 };
	int rc;

	memcpy(op.u.createdomain.handle, uuid, 16);
	op.u.createdomain.max_vcpus = limits->vcpus;
	op.u.createdomain.max_evtchn_port = limits->ports;
	op.u.createdomain.max_grant_frames =
		number_or_default(limits->grant_frames);
	op.u.createdomain.max_maptrack_frames =
		number_or_default(limits->maptrack_frames);
	op.u.createdomain.grant_opts = 1; /* version 1 tables only */
	rc = domctl(&op, XEN_DOMCTL_createdomain, 0);
	if (!rc)
		*domid = op.domain;
	return rc;
}

int tk_domain_destroy(uint16_t domid)
{
	return domctl_plain(XEN_DOMCTL_destroydomain, domid);
}

int tk_domain_pause(uint16_t domid)
{
	return domctl_plain(XEN_DOMCTL_pausedomain, domid);
}

int tk_domain_unpause(uint16_t domid)
{
	return domctl_plain(XEN_DOMCTL_unpausedomain, domid);
}

static void info_from_abi(struct tk_domain_info *info,
			  const struct xen_domctl_getdomaininfo *abi)
{
	*info = (struct tk_domain_info){
		.domid = abi->domain,
		.is_dying = abi->flags & XEN_DOMINF_dying,
		.is_shutdown = abi->flags & XEN_DOMINF_shutdown,
		.is_paused = abi->flags & XEN_DOMINF_paused,
		.is_blocked = abi->flags & XEN_DOMINF_blocked,
		.is_running = abi->flags & XEN_DOMINF_running,
		.shutdown_reason = (abi->flags >> XEN_DOMINF_shutdownshift) &
				   XEN_DOMINF_shutdownmask,
		.pages = abi->tot_pages,
		.max_pages = abi->max_pages,
		.shared_info_mfn = abi->shared_info_frame,
		.cpu_time_ns = abi->cpu_time,
		.vcpus = abi->nr_online_vcpus,
		.max_vcpus = abi->max_vcpu_id + 1, /* without any: ~0 */
	};
	memcpy(info->uuid, abi->handle, sizeof(info->uuid));
}

int tk_domain_info_next(uint16_t domid, struct tk_domain_info *info)
{
	struct xen_domctl op = { 0 };
	int rc = domctl(&op, XEN_DOMCTL_getdomaininfo, domid);

	if (!rc)
		info_from_abi(info, &op.u.getdomaininfo);
	return rc;
}

int tk_domain_info(uint16_t domid, struct tk_domain_info *info)
{
	int rc = tk_domain_info_next(domid, info);

	if (!rc && info->domid != domid)
		return -XEN_ESRCH;
	return rc;
}

int tk_domain_set_max_vcpus(uint16_t domid, unsigned int vcpus)
{
	struct xen_domctl op = { 0 };

	op.u.max_vcpus.max = vcpus;
	return domctl(&op, XEN_DOMCTL_max_vcpus, domid);
}

int tk_domain_set_max_memory(uint16_t domid, uint64_t kib)
{
	struct xen_domctl op = { 0 };

	op.u.max_mem.max_memkb = kib;
	return domctl(&op, XEN_DOMCTL_max_mem, domid);
}

#define TSC_MODE_DEFAULT 0
#define TSC_MODE_NATIVE  2

int tk_domain_set_tsc(uint16_t domid, bool is_native)
{
	struct xen_domctl op = { 0 }; /* nothing carried over */

	op.u.tsc_info.tsc_mode = is_native ? TSC_MODE_NATIVE : TSC_MODE_DEFAULT;
	return domctl(&op, XEN_DOMCTL_settscinfo, domid);
}

int tk_domain_set_time_offset(uint16_t domid, int64_t seconds)
{
	struct xen_domctl op = { 0 };

	op.u.settimeoffset.time_offset_seconds = seconds;
	return domctl(&op, XEN_DOMCTL_settimeoffset, domid);
}

int tk_domain_init_hypercall_page(uint16_t domid, uint64_t mfn)
{
	struct xen_domctl op = { 0 };

	op.u.hypercall_init.gmfn = mfn;
	return domctl(&op, XEN_DOMCTL_hypercall_init, domid);
}

int tk_domain_pin_l4(uint16_t domid, uint64_t mfn)
{
	struct mmuext_op op = { .cmd = MMUEXT_PIN_L4_TABLE };
	uint32_t done = 0;

	op.arg1.mfn = mfn;
	return (int)tk_hypercall(__HYPERVISOR_mmuext_op, address_of(&op), 1,
				 address_of(&done), domid, 0);
}

int tk_domain_set_context(uint16_t domid, unsigned int vcpu,
			  struct vcpu_guest_context *context)
{
	struct xen_domctl op = { 0 };

	op.u.vcpucontext.vcpu = vcpu;
	set_xen_guest_handle(op.u.vcpucontext.ctxt, context);
	return domctl(&op, XEN_DOMCTL_setvcpucontext, domid);
}

int tk_domain_get_context(uint16_t domid, unsigned int vcpu,
			  struct vcpu_guest_context *context)
{
	struct xen_domctl op = { 0 };

	op.u.vcpucontext.vcpu = vcpu;
	set_xen_guest_handle(op.u.vcpucontext.ctxt, context);
	return domctl(&op, XEN_DOMCTL_getvcpucontext, domid);
}

int tk_domain_frame_types(uint16_t domid, uint64_t *frames, size_t count)
{
	struct xen_domctl op = { 0 };

	op.u.getpageframeinfo3.num = count;
	set_xen_guest_handle(op.u.getpageframeinfo3.array, frames);
	return domctl(&op, XEN_DOMCTL_getpageframeinfo3, domid);
}

int tk_domain_send_nmi(uint16_t domid, unsigned int vcpu)
{
	struct xen_domctl op = { 0 };

	op.u.sendtrigger.trigger = XEN_DOMCTL_SENDTRIGGER_NMI;
	op.u.sendtrigger.vcpu = vcpu;
	return domctl(&op, XEN_DOMCTL_sendtrigger, domid);
}

long tk_domain_populate(uint16_t domid, uint64_t *extents, size_t count,
			unsigned int order)
{
	struct xen_memory_reservation reservation = {
		.nr_extents = count,
		.extent_order = order,
		.domid = domid,
	};

	set_xen_guest_handle(reservation.extent_start, extents);
	return memory_op(XENMEM_populate_physmap, &reservation);
}

int tk_domain_alloc_port(uint16_t domid, uint16_t remote)
{
	struct evtchn_alloc_unbound op = { .dom = domid, .remote_dom = remote };
	int rc;

	rc = (int)tk_hypercall(__HYPERVISOR_event_channel_op,
			       EVTCHNOP_alloc_unbound, address_of(&op), 0, 0,
			       0);
	return rc ? rc : (int)op.port;
}

int tk_domain_grant_frame(uint16_t domid, uint64_t *mfn)
{
	struct gnttab_setup_table op = { .dom = domid, .nr_frames = 1 };
	xen_pfn_t frame = 0;
	int rc;

	set_xen_guest_handle(op.frame_list, &frame);
	rc = (int)tk_hypercall(__HYPERVISOR_grant_table_op,
			       GNTTABOP_setup_table, address_of(&op), 1, 0, 0);
	if (rc)
		return rc;
	if (op.status != GNTST_okay)
		return -XEN_EINVAL;
	*mfn = frame;
	return 0;
}

/* Scheduling -------------------------------------------------------------- */

int tk_vcpu_info(uint16_t domid, unsigned int vcpu, struct tk_vcpu_info *info)
{
	struct xen_domctl op = { 0 };
	uint64_t waited_ns = UINT64_MAX;
	int rc;

	op.u.getvcpuinfo.vcpu = vcpu;
	memcpy(&op.u.pad[TENON_GETVCPUINFO_WAITED], &waited_ns,
	       sizeof(waited_ns));
	rc = domctl(&op, XEN_DOMCTL_getvcpuinfo, domid);
	memcpy(&waited_ns, &op.u.pad[TENON_GETVCPUINFO_WAITED],
	       sizeof(waited_ns));
	if (!rc)
		*info = (struct tk_vcpu_info){
			.is_online = op.u.getvcpuinfo.online,
			.is_blocked = op.u.getvcpuinfo.blocked,
			.is_running = op.u.getvcpuinfo.running,
			.cpu = op.u.getvcpuinfo.cpu,
			.cpu_time_ns = op.u.getvcpuinfo.cpu_time,
			.waited_ns = waited_ns,
		};
	return rc;
}

static void set_bitmap(struct xenctl_bitmap *bitmap, struct tk_cpu_map *map)
{
	set_xen_guest_handle(bitmap->bitmap, map->bits);
	bitmap->nr_bits = TK_CPUS_MAX;
}

int tk_vcpu_get_affinity(uint16_t domid, unsigned int vcpu,
			 struct tk_cpu_map *hard, struct tk_cpu_map *soft)
{
	struct xen_domctl op = { 0 };

	op.u.vcpuaffinity.vcpu = vcpu;
	op.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT;
	set_bitmap(&op.u.vcpuaffinity.cpumap_hard, hard);
	set_bitmap(&op.u.vcpuaffinity.cpumap_soft, soft);
	return domctl(&op, XEN_DOMCTL_getvcpuaffinity, domid);
}

int tk_vcpu_set_affinity(uint16_t domid, unsigned int vcpu,
			 const struct tk_cpu_map *hard,
			 const struct tk_cpu_map *soft)
{
	struct xen_domctl op = { 0 };
	struct tk_cpu_map in_effect[2]; /* the hypervisor's answer */

	op.u.vcpuaffinity.vcpu = vcpu;
	if (hard) {
		in_effect[0] = *hard;
		op.u.vcpuaffinity.flags |= XEN_VCPUAFFINITY_HARD;
		set_bitmap(&op.u.vcpuaffinity.cpumap_hard, &in_effect[0]);
	}
	if (soft) {
		in_effect[1] = *soft;
		op.u.vcpuaffinity.flags |= XEN_VCPUAFFINITY_SOFT;
		set_bitmap(&op.u.vcpuaffinity.cpumap_soft, &in_effect[1]);
	}
	return domctl(&op, XEN_DOMCTL_setvcpuaffinity, domid);
}

static int scheduler_op(struct xen_domctl *op, uint32_t command, uint16_t domid)
{
	op->u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
	op->u.scheduler_op.cmd = command;
	return domctl(op, XEN_DOMCTL_scheduler_op, domid);
}

int tk_domain_get_sched(uint16_t domid, struct tk_sched_params *params)
{
	struct xen_domctl op = { 0 };
	int rc = scheduler_op(&op, XEN_DOMCTL_SCHEDOP_getinfo, domid);

	params->weight = op.u.scheduler_op.u.credit2.weight;
	params->cap = op.u.scheduler_op.u.credit2.cap;
	return rc;
}

int tk_domain_set_sched(uint16_t domid, const struct tk_sched_params *params)
{
	struct xen_domctl op = { 0 };

	op.u.scheduler_op.u.credit2.weight = params->weight;
	op.u.scheduler_op.u.credit2.cap = params->cap;
	return scheduler_op(&op, XEN_DOMCTL_SCHEDOP_putinfo, domid);
}

static int host_scheduler_op(struct xen_sysctl *op, uint32_t command)
{
	op->u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
	op->u.scheduler_op.cmd = command;
	return tk_sysctl(op, XEN_SYSCTL_scheduler_op);
}

int tk_host_get_ratelimit(uint32_t *us)
{
	struct xen_sysctl op = { 0 };
	int rc = host_scheduler_op(&op, XEN_SYSCTL_SCHEDOP_getinfo);

	*us = op.u.scheduler_op.u.sched_credit2.ratelimit_us;
	return rc;
}

int tk_host_set_ratelimit(uint32_t us)
{
	struct xen_sysctl op = { 0 };

	op.u.scheduler_op.u.sched_credit2.ratelimit_us = us;
	return host_scheduler_op(&op, XEN_SYSCTL_SCHEDOP_putinfo);
}

/* Host -------------------------------------------------------------------- */

static long version_op(unsigned int op, void *argument)
{
	return tk_hypercall(__HYPERVISOR_xen_version, op, address_of(argument),
			    0, 0, 0);
}

static int physinfo(struct tk_host_info *info)
{
	struct xen_sysctl op = { 0 };
	int rc = tk_sysctl(&op, XEN_SYSCTL_physinfo);

	if (rc)
		return rc;
	info->cpus = op.u.physinfo.nr_cpus;
	info->cpu_khz = op.u.physinfo.cpu_khz;
	info->total_pages = op.u.physinfo.total_pages;
	info->free_pages = op.u.physinfo.free_pages;
	info->claimed_pages = op.u.physinfo.outstanding_pages;
	info->max_cpu_id = op.u.physinfo.max_cpu_id;
	info->nodes = op.u.physinfo.nr_nodes;
	info->cores_per_socket = op.u.physinfo.cores_per_socket;
	info->threads_per_core = op.u.physinfo.threads_per_core;
	info->abilities = op.u.physinfo.capabilities;
	memcpy(info->features, op.u.physinfo.hw_cap, sizeof(info->features));
	return 0;
}

static void compile_info(struct tk_host_info *info)
{
	struct xen_compile_info compile = { .compiler = "" };

	if (version_op(XENVER_compile_info, &compile) < 0)
		return;
	snprintf(info->compiler, sizeof(info->compiler), "%.*s",
		 (int)sizeof(compile.compiler), compile.compiler);
	snprintf(info->compiled_by, sizeof(info->compiled_by), "%.*s",
		 (int)sizeof(compile.compile_by), compile.compile_by);
	snprintf(info->compile_domain, sizeof(info->compile_domain), "%.*s",
		 (int)sizeof(compile.compile_domain), compile.compile_domain);
	snprintf(info->compile_date, sizeof(info->compile_date), "%.*s",
		 (int)sizeof(compile.compile_date), compile.compile_date);
}

static void parameter_info(struct tk_host_info *info)
{
	struct xen_platform_parameters parameters = { 0 };
	long page_size = version_op(XENVER_pagesize, NULL);
	struct xen_sysctl op = { 0 };

	if (page_size > 0)
		info->page_size = (unsigned int)page_size;
	if (version_op(XENVER_platform_parameters, &parameters) >= 0)
		info->virt_start = parameters.virt_start;
	if (!tk_sysctl(&op, XEN_SYSCTL_sched_id))
		info->scheduler_id = op.u.sched_id.sched_id;
}

/* Texts that the hypervisor cannot give stay empty. */
static void version_info(struct tk_host_info *info)
{
	long version = version_op(XENVER_version, NULL);

	if (version >= 0) {
		info->version_major = (unsigned int)version >> 16;
		info->version_minor = (unsigned int)version & 0xffff;
	}
	version_op(XENVER_extraversion, info->version_extra);
	version_op(XENVER_capabilities, info->capabilities);
	version_op(XENVER_commandline, info->command_line);
	version_op(XENVER_changeset, info->changeset);
	info->version_extra[sizeof(info->version_extra) - 1] = '\0';
	info->capabilities[sizeof(info->capabilities) - 1] = '\0';
	info->command_line[sizeof(info->command_line) - 1] = '\0';
	info->changeset[sizeof(info->changeset) - 1] = '\0';
}

int tk_host_info(struct tk_host_info *info)
{
	memset(info, 0, sizeof(*info));
	version_info(info);
	compile_info(info);
	parameter_info(info);
	return physinfo(info);
}

int tk_host_free_pages(uint64_t *pages)
{
	struct tk_host_info info;
	int rc = physinfo(&info);

	if (!rc)
		*pages = info.free_pages;
	return rc;
}

/* Ours does, and says its name: IL-4 of docs/security-model.md. */
int tk_host_zeroes_memory(bool *does)
{
	static const char suffix[] = "-tenon";
	char extra[XEN_EXTRAVERSION_LEN] = "";
	long rc = version_op(XENVER_extraversion, extra);
	size_t length = strnlen(extra, sizeof(extra));
	size_t ours = sizeof(suffix) - 1;

	*does = length >= ours && !memcmp(extra + length - ours, suffix, ours);
	return rc < 0 ? (int)rc : 0;
}

int tk_host_cpu_idle(uint64_t *idle_ns, size_t count)
{
	struct xen_sysctl op = { 0 };
	int rc;

	_Static_assert(sizeof(struct xen_sysctl_cpuinfo) == sizeof(*idle_ns),
		       "a time for each CPU, and nothing else");
	op.u.getcpuinfo.max_cpus = (uint32_t)count;
	set_xen_guest_handle(op.u.getcpuinfo.info,
			     (struct xen_sysctl_cpuinfo *)idle_ns);
	rc = tk_sysctl(&op, XEN_SYSCTL_getcpuinfo);
	return rc ? rc : (int)op.u.getcpuinfo.nr_cpus;
}

long tk_host_frames(void)
{
	return memory_op(XENMEM_maximum_ram_page, NULL);
}

long tk_host_log(char *buffer, size_t size, uint32_t *index)
{
	struct xen_sysctl op = { 0 };
	int rc;

	op.u.readconsole.incremental = 1;
	op.u.readconsole.index = *index;
	op.u.readconsole.count = (uint32_t)size;
	set_xen_guest_handle(op.u.readconsole.buffer, buffer);
	rc = tk_sysctl(&op, XEN_SYSCTL_readconsole);
	if (rc)
		return rc;
	*index = op.u.readconsole.index;
	return op.u.readconsole.count;
}

int tk_host_log_clear(uint32_t index)
{
	struct xen_sysctl op = { 0 };

	op.u.readconsole.clear = 1;
	op.u.readconsole.incremental = 1;
	op.u.readconsole.index = index;
	return tk_sysctl(&op, XEN_SYSCTL_readconsole);
}

int tk_host_debug_keys(const char *keys)
{
	struct xen_sysctl op = { 0 };

	set_xen_guest_handle(op.u.debug_keys.keys, keys);
	op.u.debug_keys.nr_keys = (uint32_t)strlen(keys);
	return tk_sysctl(&op, XEN_SYSCTL_debug_keys);
}

int tk_host_shutdown(enum tk_host_end end)
{
	struct sched_shutdown op = {
		.reason = end == TK_HOST_REBOOT ? SHUTDOWN_reboot
						: SHUTDOWN_poweroff,
	};

	return (int)tk_hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown,
				 address_of(&op), 0, 0, 0);
}

static const struct {
	int error;
	const char *text;
} errno_texts[] = {
	{ XEN_EPERM, "not permitted" },
	{ XEN_ENOENT, "no such object" },
	{ XEN_ESRCH, "no such domain" },
	{ XEN_EIO, "input/output error" },
	{ XEN_E2BIG, "list too long" },
	{ XEN_EAGAIN, "try again" },
	{ XEN_ENOMEM, "not enough memory" },
	{ XEN_EACCES, "interface version not accepted" },
	{ XEN_EFAULT, "bad address" },
	{ XEN_EBUSY, "busy" },
	{ XEN_EEXIST, "exists already" },
	{ XEN_EINVAL, "invalid argument" },
	{ XEN_ENOSPC, "no space left" },
	{ XEN_EROFS, "read-only" },
	{ XEN_ENOSYS, "not implemented by the hypervisor" },
	{ XEN_EOPNOTSUPP, "not supported" },
	{ XEN_ETIMEDOUT, "no answer in time" },
};

const char *tk_errno_text(long error)
{
	size_t i;

	for (i = 0; i < sizeof(errno_texts) / sizeof(errno_texts[0]); i++) {
		if (errno_texts[i].error == -error)
			return errno_texts[i].text;
	}
	return "unexpected error";
}
