/* SPDX-License-Identifier: MIT */
/*
 * Control of domains: HYPERVISOR_domctl(struct xen_domctl *).
 *
 * For a control domain only; others get -EPERM, except that the domain with
 * XEN_DOMCTL_CDF_xs_domain may use getdomaininfo. All commands: -EACCES wrong
 * interface_version, -ESRCH no such domain, -EINVAL a domain that would stop
 * or destroy itself, -EFAULT, -ENOSYS unknown command. The whole structure is
 * copied in, and on success copied out. Long operations are preempted and
 * continued without the caller noticing.
 *
 * Only commands that a PV toolstack uses have their argument described; the
 * numbers of the others are listed so that nobody takes them.
 */
#ifndef XEN_PUBLIC_DOMCTL_H
#define XEN_PUBLIC_DOMCTL_H

#include "event_channel.h"
#include "grant_table.h"
#include "memory.h"
#include "xen.h"

#define XEN_DOMCTL_INTERFACE_VERSION 0x00000015

/* Commands, with the member of xen_domctl.u that they use. */
#define XEN_DOMCTL_createdomain            1  /* createdomain */
#define XEN_DOMCTL_destroydomain           2  /* - */
#define XEN_DOMCTL_pausedomain             3  /* - */
#define XEN_DOMCTL_unpausedomain           4  /* - */
#define XEN_DOMCTL_getdomaininfo           5  /* getdomaininfo */
#define XEN_DOMCTL_setvcpuaffinity         9  /* vcpuaffinity */
#define XEN_DOMCTL_shadow_op               10 /* shadow_op */
#define XEN_DOMCTL_max_mem                 11 /* max_mem */
#define XEN_DOMCTL_setvcpucontext          12 /* vcpucontext */
#define XEN_DOMCTL_getvcpucontext          13 /* vcpucontext */
#define XEN_DOMCTL_getvcpuinfo             14 /* getvcpuinfo */
#define XEN_DOMCTL_max_vcpus               15 /* max_vcpus */
#define XEN_DOMCTL_scheduler_op            16 /* scheduler_op */
#define XEN_DOMCTL_setdomainhandle         17 /* setdomainhandle */
#define XEN_DOMCTL_setdebugging            18 /* setdebugging */
#define XEN_DOMCTL_irq_permission          19 /* irq_permission */
#define XEN_DOMCTL_iomem_permission        20 /* iomem_permission */
#define XEN_DOMCTL_ioport_permission       21 /* ioport_permission */
#define XEN_DOMCTL_hypercall_init          22 /* hypercall_init */
#define XEN_DOMCTL_settimeoffset           24 /* settimeoffset */
#define XEN_DOMCTL_getvcpuaffinity         25 /* vcpuaffinity */
#define XEN_DOMCTL_real_mode_area          26
#define XEN_DOMCTL_resumedomain            27 /* - */
#define XEN_DOMCTL_sendtrigger             28 /* sendtrigger */
#define XEN_DOMCTL_subscribe               29 /* subscribe */
#define XEN_DOMCTL_gethvmcontext           33
#define XEN_DOMCTL_sethvmcontext           34
#define XEN_DOMCTL_set_address_size        35 /* address_size */
#define XEN_DOMCTL_get_address_size        36 /* address_size */
#define XEN_DOMCTL_assign_device           37
#define XEN_DOMCTL_bind_pt_irq             38
#define XEN_DOMCTL_memory_mapping          39 /* memory_mapping */
#define XEN_DOMCTL_ioport_mapping          40 /* ioport_mapping */
#define XEN_DOMCTL_set_ext_vcpucontext     42 /* ext_vcpucontext */
#define XEN_DOMCTL_get_ext_vcpucontext     43 /* ext_vcpucontext */
#define XEN_DOMCTL_set_opt_feature         44
#define XEN_DOMCTL_test_assign_device      45
#define XEN_DOMCTL_set_target              46 /* set_target */
#define XEN_DOMCTL_deassign_device         47
#define XEN_DOMCTL_unbind_pt_irq           48
#define XEN_DOMCTL_get_device_group        50
#define XEN_DOMCTL_debug_op                54 /* debug_op */
#define XEN_DOMCTL_gethvmcontext_partial   55
#define XEN_DOMCTL_vm_event_op             56
#define XEN_DOMCTL_mem_sharing_op          57
#define XEN_DOMCTL_gettscinfo              59 /* tsc_info */
#define XEN_DOMCTL_settscinfo              60 /* tsc_info */
#define XEN_DOMCTL_getpageframeinfo3       61 /* getpageframeinfo3 */
#define XEN_DOMCTL_setvcpuextstate         62 /* vcpuextstate */
#define XEN_DOMCTL_getvcpuextstate         63 /* vcpuextstate */
#define XEN_DOMCTL_set_access_required     64
#define XEN_DOMCTL_audit_p2m               65
#define XEN_DOMCTL_set_virq_handler        66 /* set_virq_handler */
#define XEN_DOMCTL_set_broken_page_p2m     67
#define XEN_DOMCTL_setnodeaffinity         68 /* nodeaffinity */
#define XEN_DOMCTL_getnodeaffinity         69 /* nodeaffinity */
#define XEN_DOMCTL_cacheflush              71
#define XEN_DOMCTL_get_vcpu_msrs           72 /* vcpu_msrs */
#define XEN_DOMCTL_set_vcpu_msrs           73 /* vcpu_msrs */
#define XEN_DOMCTL_setvnumainfo            74 /* vnuma */
#define XEN_DOMCTL_psr_cmt_op              75
#define XEN_DOMCTL_monitor_op              77
#define XEN_DOMCTL_psr_alloc               78
#define XEN_DOMCTL_soft_reset              79 /* - */
#define XEN_DOMCTL_vuart_op                81
#define XEN_DOMCTL_get_cpu_policy          82 /* cpu_policy */
#define XEN_DOMCTL_set_cpu_policy          83 /* cpu_policy */
#define XEN_DOMCTL_vmtrace_op              84
#define XEN_DOMCTL_get_paging_mempool_size 85 /* paging_mempool */
#define XEN_DOMCTL_set_paging_mempool_size 86 /* paging_mempool */
#define XEN_DOMCTL_gdbsx_guestmemio        1000
#define XEN_DOMCTL_gdbsx_pausevcpu         1001
#define XEN_DOMCTL_gdbsx_unpausevcpu       1002
#define XEN_DOMCTL_gdbsx_domstatus         1003

/* createdomain.flags; only xs_domain and iommu make sense for PV */
#define _XEN_DOMCTL_CDF_hvm          0
#define XEN_DOMCTL_CDF_hvm           (1U << _XEN_DOMCTL_CDF_hvm)
#define _XEN_DOMCTL_CDF_hap          1
#define XEN_DOMCTL_CDF_hap           (1U << _XEN_DOMCTL_CDF_hap)
#define _XEN_DOMCTL_CDF_s3_integrity 2
#define XEN_DOMCTL_CDF_s3_integrity  (1U << _XEN_DOMCTL_CDF_s3_integrity)
#define _XEN_DOMCTL_CDF_oos_off      3
#define XEN_DOMCTL_CDF_oos_off       (1U << _XEN_DOMCTL_CDF_oos_off)
#define _XEN_DOMCTL_CDF_xs_domain    4 /* runs xenstore */
#define XEN_DOMCTL_CDF_xs_domain     (1U << _XEN_DOMCTL_CDF_xs_domain)
#define _XEN_DOMCTL_CDF_iommu        5 /* may get devices */
#define XEN_DOMCTL_CDF_iommu         (1U << _XEN_DOMCTL_CDF_iommu)
#define _XEN_DOMCTL_CDF_nested_virt  6
#define XEN_DOMCTL_CDF_nested_virt   (1U << _XEN_DOMCTL_CDF_nested_virt)
#define XEN_DOMCTL_CDF_vpmu          (1U << 7)
#define XEN_DOMCTL_CDF_MAX           XEN_DOMCTL_CDF_vpmu

/* createdomain.iommu_opts */
#define _XEN_DOMCTL_IOMMU_no_sharept 0
#define XEN_DOMCTL_IOMMU_no_sharept  (1U << _XEN_DOMCTL_IOMMU_no_sharept)
#define XEN_DOMCTL_IOMMU_MAX         XEN_DOMCTL_IOMMU_no_sharept

/* createdomain.grant_opts: highest grant table version allowed */
#define XEN_DOMCTL_GRANT_version_mask 0xf
#define XEN_DOMCTL_GRANT_version(v)   ((v)&XEN_DOMCTL_GRANT_version_mask)

/* getdomaininfo.flags; bits 16-23 hold the SHUTDOWN_* reason */
#define _XEN_DOMINF_dying        0 /* torn down, something still holds it */
#define XEN_DOMINF_dying         (1U << _XEN_DOMINF_dying)
#define _XEN_DOMINF_hvm_guest    1
#define XEN_DOMINF_hvm_guest     (1U << _XEN_DOMINF_hvm_guest)
#define _XEN_DOMINF_shutdown     2 /* stopped by itself or by a crash */
#define XEN_DOMINF_shutdown      (1U << _XEN_DOMINF_shutdown)
#define _XEN_DOMINF_paused       3 /* by a control domain */
#define XEN_DOMINF_paused        (1U << _XEN_DOMINF_paused)
#define _XEN_DOMINF_blocked      4 /* no vCPU has work */
#define XEN_DOMINF_blocked       (1U << _XEN_DOMINF_blocked)
#define _XEN_DOMINF_running      5 /* some vCPU is on a CPU */
#define XEN_DOMINF_running       (1U << _XEN_DOMINF_running)
#define _XEN_DOMINF_debugged     6 /* waits for its debugger */
#define XEN_DOMINF_debugged      (1U << _XEN_DOMINF_debugged)
#define _XEN_DOMINF_xs_domain    7
#define XEN_DOMINF_xs_domain     (1U << _XEN_DOMINF_xs_domain)
#define _XEN_DOMINF_hap          8
#define XEN_DOMINF_hap           (1U << _XEN_DOMINF_hap)
#define XEN_DOMINF_shutdownmask  255
#define XEN_DOMINF_shutdownshift 16

/* getdomaininfo.max_vcpu_id of a domain without vCPUs */
#define XEN_INVALID_MAX_VCPU_ID (~0U)

/* getpageframeinfo3: type of a frame, in the top bits of an element */
#define XEN_DOMCTL_PFINFO_LTAB_SHIFT    28
#define XEN_DOMCTL_PFINFO_NOTAB         (0x0U << 28) /* no page table */
#define XEN_DOMCTL_PFINFO_L1TAB         (0x1U << 28)
#define XEN_DOMCTL_PFINFO_L2TAB         (0x2U << 28)
#define XEN_DOMCTL_PFINFO_L3TAB         (0x3U << 28)
#define XEN_DOMCTL_PFINFO_L4TAB         (0x4U << 28)
#define XEN_DOMCTL_PFINFO_LTABTYPE_MASK (0x7U << 28)
#define XEN_DOMCTL_PFINFO_LPINTAB       (0x1U << 31) /* pinned table */
#define XEN_DOMCTL_PFINFO_XTAB          (0xfU << 28) /* not the domain's */
#define XEN_DOMCTL_PFINFO_XALLOC        (0xeU << 28) /* tools: no contents */
#define XEN_DOMCTL_PFINFO_BROKEN        (0xdU << 28)
#define XEN_DOMCTL_PFINFO_LTAB_MASK     (0xfU << 28)

/* shadow_op.op and mode */
#define XEN_DOMCTL_SHADOW_OP_OFF             0 /* stop dirty tracking */
#define XEN_DOMCTL_SHADOW_OP_ENABLE_TEST     1
#define XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY 2
#define XEN_DOMCTL_SHADOW_OP_CLEAN           11 /* bitmap, and clear it */
#define XEN_DOMCTL_SHADOW_OP_PEEK            12 /* bitmap only */
#define XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION  30
#define XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION  31
#define XEN_DOMCTL_SHADOW_OP_ENABLE          32
#define XEN_DOMCTL_SHADOW_ENABLE_REFCOUNT    (1 << 1)
#define XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY   (1 << 2)
#define XEN_DOMCTL_SHADOW_ENABLE_TRANSLATE   (1 << 3)
#define XEN_DOMCTL_SHADOW_ENABLE_EXTERNAL    (1 << 4)
#define XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL     (1 << 0)

/* vcpuaffinity.flags */
#define _XEN_VCPUAFFINITY_HARD  0 /* CPUs it may run on */
#define XEN_VCPUAFFINITY_HARD   (1U << _XEN_VCPUAFFINITY_HARD)
#define _XEN_VCPUAFFINITY_SOFT  1 /* CPUs it should run on */
#define XEN_VCPUAFFINITY_SOFT   (1U << _XEN_VCPUAFFINITY_SOFT)
#define _XEN_VCPUAFFINITY_FORCE 2 /* undo a temporary override */
#define XEN_VCPUAFFINITY_FORCE  (1U << _XEN_VCPUAFFINITY_FORCE)

/* scheduler_op.sched_id and cmd */
#define XEN_SCHEDULER_CREDIT           5
#define XEN_SCHEDULER_CREDIT2          6
#define XEN_SCHEDULER_ARINC653         7
#define XEN_SCHEDULER_RTDS             8
#define XEN_SCHEDULER_NULL             9
#define XEN_DOMCTL_SCHEDOP_putinfo     0
#define XEN_DOMCTL_SCHEDOP_getinfo     1
#define XEN_DOMCTL_SCHEDOP_putvcpuinfo 2
#define XEN_DOMCTL_SCHEDOP_getvcpuinfo 3
#define _XEN_DOMCTL_SCHEDRT_extra      0
#define XEN_DOMCTL_SCHEDRT_extra       (1U << _XEN_DOMCTL_SCHEDRT_extra)

/* sendtrigger.trigger; PV has only NMI */
#define XEN_DOMCTL_SENDTRIGGER_NMI   0
#define XEN_DOMCTL_SENDTRIGGER_RESET 1
#define XEN_DOMCTL_SENDTRIGGER_INIT  2
#define XEN_DOMCTL_SENDTRIGGER_POWER 3
#define XEN_DOMCTL_SENDTRIGGER_SLEEP 4

/* memory_mapping, ioport_mapping: add_mapping */
#define DPCI_ADD_MAPPING    1
#define DPCI_REMOVE_MAPPING 0

/* debug_op.op */
#define XEN_DOMCTL_DEBUG_OP_SINGLE_STEP_OFF 0
#define XEN_DOMCTL_DEBUG_OP_SINGLE_STEP_ON  1

/* cpu_policy: leaf number that stands for "all" in old interfaces */
#define XEN_CPUID_INPUT_UNUSED 0xFFFFFFFF

#ifndef __ASSEMBLY__

/*
 * 1: a new domain, paused, without memory and vCPUs. xen_domctl.domain: IN the
 * id wanted, or one from DOMID_FIRST_RESERVED up or 0 for any; OUT the id.
 * Errors: -EEXIST id in use, -EINVAL bad flags or limits, -ENOMEM.
 */
struct xen_domctl_createdomain {
	uint32_t ssidref;                  /* IN, security label, unused */
	xen_domain_handle_t handle;        /* IN, UUID */
	uint32_t flags;                    /* IN, XEN_DOMCTL_CDF_* */
	uint32_t iommu_opts;               /* IN, XEN_DOMCTL_IOMMU_* */
	uint32_t max_vcpus;                /* IN */
	uint32_t max_evtchn_port;          /* IN, highest port allowed */
	int32_t max_grant_frames;          /* IN, -1 = default */
	int32_t max_maptrack_frames;       /* IN, -1 = default */
	uint32_t grant_opts;               /* IN, XEN_DOMCTL_GRANT_version() */
	uint32_t vmtrace_size;             /* IN, 0 for PV */
	uint32_t cpupool_id;               /* IN */
	struct xen_arch_domainconfig arch; /* IN */
};

/*
 * 5: state of the domain with the lowest id that is not below the one asked
 * for; compare. -ESRCH none.
 */
struct xen_domctl_getdomaininfo {
	domid_t domain; /* OUT, also in xen_domctl.domain */
	uint16_t pad1;
	uint32_t flags;                     /* OUT, XEN_DOMINF_* */
	uint64_aligned_t tot_pages;         /* OUT, has now */
	uint64_aligned_t max_pages;         /* OUT, may have */
	uint64_aligned_t outstanding_pages; /* OUT, claimed, not yet there */
	uint64_aligned_t shr_pages;         /* OUT, 0 */
	uint64_aligned_t paged_pages;       /* OUT, 0 */
	uint64_aligned_t shared_info_frame; /* OUT, machine frame */
	uint64_aligned_t cpu_time;          /* OUT, ns */
	uint32_t nr_online_vcpus;           /* OUT */
	uint32_t max_vcpu_id;               /* OUT, highest id */
	uint32_t ssidref;                   /* OUT */
	xen_domain_handle_t handle;         /* OUT */
	uint32_t cpupool;                   /* OUT */
	uint8_t gpaddr_bits;                /* OUT, width of addresses */
	uint8_t pad2[7];
	struct xen_arch_domainconfig arch_config; /* OUT */
};
typedef struct xen_domctl_getdomaininfo xen_domctl_getdomaininfo_t;
DEFINE_XEN_GUEST_HANDLE(xen_domctl_getdomaininfo_t);

/* 61: types of frames. -E2BIG more than 1024. */
struct xen_domctl_getpageframeinfo3 {
	uint64_aligned_t num; /* IN, elements */
	/* IN machine frame, OUT XEN_DOMCTL_PFINFO_* alone, in place */
	XEN_GUEST_HANDLE_64(xen_pfn_t) array;
};

struct xen_domctl_shadow_op_stats {
	uint32_t fault_count;
	uint32_t dirty_count;
};

/* 10: dirty page tracking, for live migration. */
struct xen_domctl_shadow_op {
	uint32_t op;   /* IN, XEN_DOMCTL_SHADOW_OP_* */
	uint32_t mode; /* IN, XEN_DOMCTL_SHADOW_ENABLE_* or _LOGDIRTY_ */
	uint32_t mb;   /* IN/OUT, memory for tracking */
	XEN_GUEST_HANDLE_64(uint8) dirty_bitmap; /* OUT, bit per pfn */
	uint64_aligned_t pages; /* IN bits wanted, OUT bits stored */
	struct xen_domctl_shadow_op_stats stats; /* OUT */
};

/* 11: how much memory the domain may have; may be below what it has. */
struct xen_domctl_max_mem {
	uint64_aligned_t max_memkb; /* IN */
};

/*
 * 12, 13: registers of a vCPU. Set with a NULL ctxt takes its state away; get
 * of a vCPU without state is -ENODATA.
 */
struct xen_domctl_vcpucontext {
	uint32_t vcpu;                                  /* IN */
	XEN_GUEST_HANDLE_64(vcpu_guest_context_t) ctxt; /* IN or OUT */
};

/* 14 */
struct xen_domctl_getvcpuinfo {
	uint32_t vcpu;             /* IN */
	uint8_t online;            /* OUT, not taken down */
	uint8_t blocked;           /* OUT, waits for an event */
	uint8_t running;           /* OUT, is on a CPU now */
	uint64_aligned_t cpu_time; /* OUT, ns */
	uint32_t cpu;              /* OUT, where it is or was */
};
/*
 * And behind it, this far into u.pad, which only Tenon does: OUT, uint64_t, ns
 * that it waited for a CPU. Elsewhere what the caller had there stays.
 */
#define TENON_GETVCPUINFO_WAITED 24

/* 68, 69 */
struct xen_domctl_nodeaffinity {
	struct xenctl_bitmap nodemap; /* IN or OUT */
};

/* 9, 25: CPUs of a vCPU. Set also reports what it came to. */
struct xen_domctl_vcpuaffinity {
	uint32_t vcpu;                    /* IN */
	uint32_t flags;                   /* IN, XEN_VCPUAFFINITY_* */
	struct xenctl_bitmap cpumap_hard; /* IN/OUT */
	struct xenctl_bitmap cpumap_soft; /* IN/OUT */
};

/* 15: make the vCPUs; max as in createdomain. */
struct xen_domctl_max_vcpus {
	uint32_t max; /* IN */
};

struct xen_domctl_sched_credit {
	uint16_t weight; /* share, 1 to 65535 */
	uint16_t cap;    /* per cent of one CPU, 0 = no limit */
};

struct xen_domctl_sched_credit2 {
	uint16_t weight; /* share, 1 to 65535 */
	uint16_t cap;    /* per cent of one CPU, 0 = no limit */
};

struct xen_domctl_sched_rtds {
	uint32_t period; /* us */
	uint32_t budget; /* us per period */
	uint32_t flags;  /* XEN_DOMCTL_SCHEDRT_* */
};

typedef struct xen_domctl_schedparam_vcpu {
	union {
		struct xen_domctl_sched_credit credit;
		struct xen_domctl_sched_credit2 credit2;
		struct xen_domctl_sched_rtds rtds;
	} u;
	uint32_t vcpuid; /* IN */
} xen_domctl_schedparam_vcpu_t;
DEFINE_XEN_GUEST_HANDLE(xen_domctl_schedparam_vcpu_t);

/* 16: scheduling parameters. -EINVAL not the domain's scheduler. */
struct xen_domctl_scheduler_op {
	uint32_t sched_id; /* IN, XEN_SCHEDULER_* */
	uint32_t cmd;      /* IN, XEN_DOMCTL_SCHEDOP_* */
	union {
		struct xen_domctl_sched_credit credit;
		struct xen_domctl_sched_credit2 credit2;
		struct xen_domctl_sched_rtds rtds;
		struct {
			XEN_GUEST_HANDLE_64(xen_domctl_schedparam_vcpu_t) vcpus;
			uint32_t nr_vcpus; /* IN elements, OUT done */
			uint32_t padding;
		} v; /* for the ...vcpuinfo commands */
	} u;         /* IN for put, OUT for get */
};

/* 17 */
struct xen_domctl_setdomainhandle {
	xen_domain_handle_t handle; /* IN, UUID */
};

/* 18 */
struct xen_domctl_setdebugging {
	uint8_t enable; /* IN */
};

/* 19: right to a physical interrupt; the caller needs it itself. */
struct xen_domctl_irq_permission {
	uint32_t pirq;        /* IN, a pirq of the caller */
	uint8_t allow_access; /* IN, 1 give, 0 take */
	uint8_t pad[3];
};

/* 20: right to I/O memory; the caller needs it itself. */
struct xen_domctl_iomem_permission {
	uint64_aligned_t first_mfn; /* IN */
	uint64_aligned_t nr_mfns;   /* IN */
	uint8_t allow_access;       /* IN, 1 give, 0 take */
};

/* 21: right to I/O ports; the caller needs it itself. */
struct xen_domctl_ioport_permission {
	uint32_t first_port;  /* IN */
	uint32_t nr_ports;    /* IN */
	uint8_t allow_access; /* IN, 1 give, 0 take */
};

/* 22: write hypercall stubs to a page of the domain. */
struct xen_domctl_hypercall_init {
	uint64_aligned_t gmfn; /* IN, machine frame */
};

/* 24 */
struct xen_domctl_settimeoffset {
	int64_aligned_t time_offset_seconds; /* IN, wall clock minus UTC */
};

/* 35, 36: -EINVAL for sizes that are not offered; 64 always succeeds. */
struct xen_domctl_address_size {
	uint32_t size; /* IN or OUT, bits */
};

/* 28 */
struct xen_domctl_sendtrigger {
	uint32_t trigger; /* IN, XEN_DOMCTL_SENDTRIGGER_* */
	uint32_t vcpu;    /* IN */
};

/* 39: rights to I/O memory and, for HVM, its mapping. */
struct xen_domctl_memory_mapping {
	uint64_aligned_t first_gfn; /* IN */
	uint64_aligned_t first_mfn; /* IN */
	uint64_aligned_t nr_mfns;   /* IN */
	uint32_t add_mapping;       /* IN, DPCI_*_MAPPING */
	uint32_t padding;
};

/* 40: rights to I/O ports and, for HVM, their mapping. */
struct xen_domctl_ioport_mapping {
	uint32_t first_gport; /* IN */
	uint32_t first_mport; /* IN */
	uint32_t nr_ports;    /* IN */
	uint32_t add_mapping; /* IN, DPCI_*_MAPPING */
};

/* Virtual machine-check state, as saved by other hypervisors. */
struct hvm_vmce_vcpu {
	uint64_t caps;
	uint64_t mci_ctl2_bank0;
	uint64_t mci_ctl2_bank1;
	uint64_t mcg_ext_ctl;
};

/* 42, 43: entry points that vcpu_guest_context has no room for. */
struct xen_domctl_ext_vcpucontext {
	uint32_t vcpu; /* IN */
	uint32_t size; /* IN for set, OUT for get: bytes that are valid */
	uint64_aligned_t syscall32_callback_eip;
	uint64_aligned_t sysenter_callback_eip;
	uint16_t syscall32_callback_cs;
	uint16_t sysenter_callback_cs;
	uint8_t syscall32_disables_events;
	uint8_t sysenter_disables_events;
	union {
		uint64_aligned_t mcg_cap;
		struct hvm_vmce_vcpu vmce;
	};
};

/* 46: let this domain act as device model of another. */
struct xen_domctl_set_target {
	domid_t target; /* IN */
};

/*
 * 82, 83: what CPUID and MSRs show. Get with NULL handles returns the sizes.
 * Set, before the domain first runs: err_* name the entry that was refused.
 */
struct xen_domctl_cpu_policy {
	uint32_t nr_leaves; /* IN room or elements, OUT elements */
	uint32_t nr_msrs;   /* IN room or elements, OUT elements */
	XEN_GUEST_HANDLE_64(xen_cpuid_leaf_t) leaves; /* IN or OUT */
	XEN_GUEST_HANDLE_64(xen_msr_entry_t) msrs;    /* IN or OUT */
	uint32_t err_leaf, err_subleaf, err_msr;      /* OUT, ~0 = none */
};
typedef struct xen_domctl_cpu_policy xen_domctl_cpu_policy_t;
DEFINE_XEN_GUEST_HANDLE(xen_domctl_cpu_policy_t);

/* 29: port of the domain that is notified once it has suspended. */
struct xen_domctl_subscribe {
	uint32_t port; /* IN */
};

/* 54 */
struct xen_domctl_debug_op {
	uint32_t op;   /* IN, XEN_DOMCTL_DEBUG_OP_* */
	uint32_t vcpu; /* IN */
};

/* 59, 60: mode 0 = default, 1 = always emulated, 2 = native. */
struct xen_domctl_tsc_info {
	uint32_t tsc_mode;    /* IN or OUT */
	uint32_t gtsc_khz;    /* IN or OUT */
	uint32_t incarnation; /* IN or OUT */
	uint32_t pad;
	uint64_aligned_t elapsed_nsec; /* IN or OUT */
};

/* 66: give a global VIRQ to this domain. */
struct xen_domctl_set_virq_handler {
	uint32_t virq; /* IN */
};

/* 62, 63: XSAVE state. Get with size 0 returns mask and size. */
struct xen_domctl_vcpuextstate {
	uint32_t vcpu;                      /* IN */
	uint64_aligned_t xfeature_mask;     /* OUT for get */
	uint64_aligned_t size;              /* IN, OUT for get */
	XEN_GUEST_HANDLE_64(uint64) buffer; /* IN or OUT */
};

/* 85, 86: HVM; -EOPNOTSUPP for PV. */
struct xen_domctl_paging_mempool {
	uint64_aligned_t size; /* bytes */
};

struct xen_domctl_vcpu_msr {
	uint32_t index;
	uint32_t reserved; /* 0 */
	uint64_aligned_t value;
};
typedef struct xen_domctl_vcpu_msr xen_domctl_vcpu_msr_t;
DEFINE_XEN_GUEST_HANDLE(xen_domctl_vcpu_msr_t);

/* 72, 73: MSRs with state of their own. Get with NULL returns the number. */
struct xen_domctl_vcpu_msrs {
	uint32_t vcpu;      /* IN */
	uint32_t msr_count; /* IN room or elements, OUT elements */
	XEN_GUEST_HANDLE_64(xen_domctl_vcpu_msr_t) msrs; /* IN or OUT */
};

/* 74 */
struct xen_domctl_vnuma {
	uint32_t nr_vnodes;     /* IN */
	uint32_t nr_vmemranges; /* IN */
	uint32_t nr_vcpus;      /* IN */
	uint32_t pad;
	XEN_GUEST_HANDLE_64(uint) vdistance;            /* IN */
	XEN_GUEST_HANDLE_64(uint) vcpu_to_vnode;        /* IN */
	XEN_GUEST_HANDLE_64(uint) vnode_to_pnode;       /* IN */
	XEN_GUEST_HANDLE_64(xen_vmemrange_t) vmemrange; /* IN */
};

struct xen_domctl {
	uint32_t cmd;               /* IN, XEN_DOMCTL_* */
	uint32_t interface_version; /* IN, XEN_DOMCTL_INTERFACE_VERSION */
	domid_t domain;             /* IN, OUT where said */
	uint16_t _pad[3];
	union {
		struct xen_domctl_createdomain createdomain;
		struct xen_domctl_getdomaininfo getdomaininfo;
		struct xen_domctl_getpageframeinfo3 getpageframeinfo3;
		struct xen_domctl_nodeaffinity nodeaffinity;
		struct xen_domctl_vcpuaffinity vcpuaffinity;
		struct xen_domctl_shadow_op shadow_op;
		struct xen_domctl_max_mem max_mem;
		struct xen_domctl_vcpucontext vcpucontext;
		struct xen_domctl_getvcpuinfo getvcpuinfo;
		struct xen_domctl_max_vcpus max_vcpus;
		struct xen_domctl_scheduler_op scheduler_op;
		struct xen_domctl_setdomainhandle setdomainhandle;
		struct xen_domctl_setdebugging setdebugging;
		struct xen_domctl_irq_permission irq_permission;
		struct xen_domctl_iomem_permission iomem_permission;
		struct xen_domctl_ioport_permission ioport_permission;
		struct xen_domctl_hypercall_init hypercall_init;
		struct xen_domctl_settimeoffset settimeoffset;
		struct xen_domctl_tsc_info tsc_info;
		struct xen_domctl_address_size address_size;
		struct xen_domctl_sendtrigger sendtrigger;
		struct xen_domctl_memory_mapping memory_mapping;
		struct xen_domctl_ioport_mapping ioport_mapping;
		struct xen_domctl_ext_vcpucontext ext_vcpucontext;
		struct xen_domctl_set_target set_target;
		struct xen_domctl_subscribe subscribe;
		struct xen_domctl_debug_op debug_op;
		struct xen_domctl_cpu_policy cpu_policy;
		struct xen_domctl_vcpuextstate vcpuextstate;
		struct xen_domctl_vcpu_msrs vcpu_msrs;
		struct xen_domctl_set_virq_handler set_virq_handler;
		struct xen_domctl_vnuma vnuma;
		struct xen_domctl_paging_mempool paging_mempool;
		uint8_t pad[128];
	} u;
};
typedef struct xen_domctl xen_domctl_t;
DEFINE_XEN_GUEST_HANDLE(xen_domctl_t);

#endif /* !__ASSEMBLY__ */

#endif /* XEN_PUBLIC_DOMCTL_H */
