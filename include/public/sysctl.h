/* SPDX-License-Identifier: MIT */
/*
 * Control of the machine: HYPERVISOR_sysctl(struct xen_sysctl *).
 *
 * For a control domain only; others get -EPERM. All commands: -EACCES wrong
 * interface_version, -EFAULT, -EINVAL, -ENOSYS unknown command. The whole
 * structure is copied in, and on success copied out.
 *
 * Only commands that a PV toolstack uses have their argument described; the
 * numbers of the others are listed so that nobody takes them.
 */
#ifndef XEN_PUBLIC_SYSCTL_H
#define XEN_PUBLIC_SYSCTL_H

#include "domctl.h"
#include "physdev.h"
#include "xen.h"

#define XEN_SYSCTL_INTERFACE_VERSION 0x00000015

/* Commands; the member of xen_sysctl.u has the same name unless given. */
#define XEN_SYSCTL_readconsole            1
#define XEN_SYSCTL_tbuf_op                2 /* not described */
#define XEN_SYSCTL_physinfo               3
#define XEN_SYSCTL_sched_id               4
#define XEN_SYSCTL_perfc_op               5
#define XEN_SYSCTL_getdomaininfolist      6
#define XEN_SYSCTL_debug_keys             7
#define XEN_SYSCTL_getcpuinfo             8
#define XEN_SYSCTL_availheap              9
#define XEN_SYSCTL_get_pmstat             10 /* not described */
#define XEN_SYSCTL_cpu_hotplug            11
#define XEN_SYSCTL_pm_op                  12 /* not described */
#define XEN_SYSCTL_page_offline_op        14 /* not described */
#define XEN_SYSCTL_lockprof_op            15 /* not described */
#define XEN_SYSCTL_cputopoinfo            16
#define XEN_SYSCTL_numainfo               17
#define XEN_SYSCTL_cpupool_op             18
#define XEN_SYSCTL_scheduler_op           19
#define XEN_SYSCTL_coverage_op            20 /* not described */
#define XEN_SYSCTL_psr_cmt_op             21 /* not described */
#define XEN_SYSCTL_pcitopoinfo            22
#define XEN_SYSCTL_psr_alloc              23 /* not described */
#define XEN_SYSCTL_get_cpu_levelling_caps 25 /* cpu_levelling_caps */
#define XEN_SYSCTL_get_cpu_featureset     26 /* cpu_featureset */
#define XEN_SYSCTL_livepatch_op           27 /* not described */
#define XEN_SYSCTL_get_cpu_policy         29 /* cpu_policy */

/* physinfo.capabilities */
#define _XEN_SYSCTL_PHYSCAP_hvm                0
#define XEN_SYSCTL_PHYSCAP_hvm                 (1u << _XEN_SYSCTL_PHYSCAP_hvm)
#define _XEN_SYSCTL_PHYSCAP_pv                 1
#define XEN_SYSCTL_PHYSCAP_pv                  (1u << _XEN_SYSCTL_PHYSCAP_pv)
#define _XEN_SYSCTL_PHYSCAP_directio           2 /* devices can be assigned */
#define XEN_SYSCTL_PHYSCAP_directio            (1u << _XEN_SYSCTL_PHYSCAP_directio)
#define _XEN_SYSCTL_PHYSCAP_hap                3
#define XEN_SYSCTL_PHYSCAP_hap                 (1u << _XEN_SYSCTL_PHYSCAP_hap)
#define _XEN_SYSCTL_PHYSCAP_shadow             4 /* dirty tracking for PV */
#define XEN_SYSCTL_PHYSCAP_shadow              (1u << _XEN_SYSCTL_PHYSCAP_shadow)
#define _XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share 5
#define XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share                                  \
	(1u << _XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share)
#define XEN_SYSCTL_PHYSCAP_vmtrace   (1u << 6)
#define XEN_SYSCTL_PHYSCAP_vpmu      (1u << 7)
#define XEN_SYSCTL_PHYSCAP_gnttab_v1 (1u << 8)
#define XEN_SYSCTL_PHYSCAP_gnttab_v2 (1u << 9)
#define XEN_SYSCTL_PHYSCAP_MAX       XEN_SYSCTL_PHYSCAP_gnttab_v2

/* perfc_op.cmd */
#define XEN_SYSCTL_PERFCOP_reset 1 /* like query, then all start at 0 */
#define XEN_SYSCTL_PERFCOP_query 2

/* cpu_hotplug.op */
#define XEN_SYSCTL_CPU_HOTPLUG_ONLINE      0
#define XEN_SYSCTL_CPU_HOTPLUG_OFFLINE     1
#define XEN_SYSCTL_CPU_HOTPLUG_SMT_ENABLE  2
#define XEN_SYSCTL_CPU_HOTPLUG_SMT_DISABLE 3

/* Values for "not known" in topology tables. */
#define XEN_INVALID_CORE_ID   (~0U)
#define XEN_INVALID_SOCKET_ID (~0U)
#define XEN_INVALID_NODE_ID   (~0U)
#define XEN_INVALID_DEV       (XEN_INVALID_NODE_ID - 1)
#define XEN_INVALID_MEM_SZ    (~0U)
#define XEN_INVALID_NODE_DIST (~0U)

/* cpupool_op.op */
#define XEN_SYSCTL_CPUPOOL_OP_CREATE     1
#define XEN_SYSCTL_CPUPOOL_OP_DESTROY    2
#define XEN_SYSCTL_CPUPOOL_OP_INFO       3
#define XEN_SYSCTL_CPUPOOL_OP_ADDCPU     4
#define XEN_SYSCTL_CPUPOOL_OP_RMCPU      5
#define XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN 6
#define XEN_SYSCTL_CPUPOOL_OP_FREEINFO   7
/* cpupool_id, cpu: any */
#define XEN_SYSCTL_CPUPOOL_PAR_ANY 0xFFFFFFFF

/* scheduler_op.cmd, and limits of its parameters */
#define XEN_SYSCTL_SCHEDOP_putinfo       0
#define XEN_SYSCTL_SCHEDOP_getinfo       1
#define XEN_SYSCTL_SCHED_RATELIMIT_MAX   500000 /* us */
#define XEN_SYSCTL_SCHED_RATELIMIT_MIN   100    /* us */
#define XEN_SYSCTL_CSCHED_TSLICE_MAX     1000   /* ms */
#define XEN_SYSCTL_CSCHED_TSLICE_MIN     1      /* ms */
#define XEN_SYSCTL_CSCHED_MGR_DLY_MAX_US (100 * 1000)

/* cpu_featureset.index */
#define XEN_SYSCTL_cpu_featureset_raw     0
#define XEN_SYSCTL_cpu_featureset_host    1
#define XEN_SYSCTL_cpu_featureset_pv      2
#define XEN_SYSCTL_cpu_featureset_hvm     3
#define XEN_SYSCTL_cpu_featureset_pv_max  4
#define XEN_SYSCTL_cpu_featureset_hvm_max 5

/* cpu_policy.index */
#define XEN_SYSCTL_cpu_policy_raw         0
#define XEN_SYSCTL_cpu_policy_host        1
#define XEN_SYSCTL_cpu_policy_pv_max      2
#define XEN_SYSCTL_cpu_policy_hvm_max     3
#define XEN_SYSCTL_cpu_policy_pv_default  4
#define XEN_SYSCTL_cpu_policy_hvm_default 5

#ifndef __ASSEMBLY__

/* 1: the hypervisor's own log. */
struct xen_sysctl_readconsole {
	uint8_t clear;       /* IN, forget what was read */
	uint8_t incremental; /* IN, start at index */
	uint8_t pad0, pad1;
	uint32_t index; /* IN where to start, OUT where to go on */
	XEN_GUEST_HANDLE_64(char) buffer; /* OUT */
	uint32_t count; /* IN room, OUT bytes stored, 0 = at the end */
};

/* 3 */
struct xen_sysctl_physinfo {
	uint32_t threads_per_core;  /* OUT */
	uint32_t cores_per_socket;  /* OUT */
	uint32_t nr_cpus;           /* OUT, in use */
	uint32_t max_cpu_id;        /* OUT, highest possible id */
	uint32_t nr_nodes;          /* OUT, NUMA nodes in use */
	uint32_t max_node_id;       /* OUT, highest possible id */
	uint32_t cpu_khz;           /* OUT */
	uint32_t capabilities;      /* OUT, XEN_SYSCTL_PHYSCAP_* */
	uint32_t arch_capabilities; /* OUT, 0 */
	uint32_t pad;
	uint64_aligned_t total_pages;       /* OUT */
	uint64_aligned_t free_pages;        /* OUT */
	uint64_aligned_t scrub_pages;       /* OUT */
	uint64_aligned_t outstanding_pages; /* OUT, free but claimed */
	uint64_aligned_t max_mfn;           /* OUT, highest frame possible */
	uint32_t hw_cap[8];                 /* OUT, CPUID feature words */
};

/* 4 */
struct xen_sysctl_sched_id {
	uint32_t sched_id; /* OUT, XEN_SCHEDULER_* */
};

struct xen_sysctl_perfc_desc {
	char name[80];    /* with a terminator */
	uint32_t nr_vals; /* values of this counter: of an array, several */
};
typedef struct xen_sysctl_perfc_desc xen_sysctl_perfc_desc_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_perfc_desc_t);
typedef uint32_t xen_sysctl_perfc_val_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_perfc_val_t);

/*
 * 5: counters, and the values of all in the same order. NULL tables ask for the
 * numbers, which stay the same while the machine runs; tables have to have room
 * for as many. -EINVAL: no such cmd.
 */
struct xen_sysctl_perfc_op {
	uint32_t cmd;         /* IN, XEN_SYSCTL_PERFCOP_* */
	uint32_t nr_counters; /* OUT */
	uint32_t nr_vals;     /* OUT */
	XEN_GUEST_HANDLE_64(xen_sysctl_perfc_desc_t) desc; /* OUT */
	XEN_GUEST_HANDLE_64(xen_sysctl_perfc_val_t) val;   /* OUT */
};

/* 6: ascending from first_domain, skipping gaps. */
struct xen_sysctl_getdomaininfolist {
	domid_t first_domain; /* IN */
	uint32_t max_domains; /* IN, room in buffer */
	XEN_GUEST_HANDLE_64(xen_domctl_getdomaininfo_t) buffer; /* OUT */
	uint32_t num_domains; /* OUT, 0 = no more */
};

/* 7: as if typed on the hypervisor console. */
struct xen_sysctl_debug_keys {
	XEN_GUEST_HANDLE_64(const_char) keys; /* IN */
	uint32_t nr_keys;                     /* IN */
};

struct xen_sysctl_cpuinfo {
	uint64_aligned_t idletime; /* ns */
};
typedef struct xen_sysctl_cpuinfo xen_sysctl_cpuinfo_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_cpuinfo_t);

/* 8 */
struct xen_sysctl_getcpuinfo {
	uint32_t max_cpus;                              /* IN, room */
	XEN_GUEST_HANDLE_64(xen_sysctl_cpuinfo_t) info; /* OUT */
	uint32_t nr_cpus;                               /* OUT */
};

/* 9: free memory with addresses of a given width. */
struct xen_sysctl_availheap {
	uint32_t min_bitwidth;        /* IN, 0 = no limit */
	uint32_t max_bitwidth;        /* IN, 0 = no limit */
	int32_t node;                 /* IN, -1 = all */
	uint64_aligned_t avail_bytes; /* OUT */
};

/* 11 */
struct xen_sysctl_cpu_hotplug {
	uint32_t cpu; /* IN */
	uint32_t op;  /* IN, XEN_SYSCTL_CPU_HOTPLUG_* */
};

struct xen_sysctl_cputopo {
	uint32_t core;
	uint32_t socket;
	uint32_t node;
};
typedef struct xen_sysctl_cputopo xen_sysctl_cputopo_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_cputopo_t);

/* 16: a NULL table asks for the number. */
struct xen_sysctl_cputopoinfo {
	uint32_t num_cpus; /* IN room, OUT elements */
	XEN_GUEST_HANDLE_64(xen_sysctl_cputopo_t) cputopo; /* OUT */
};

struct xen_sysctl_meminfo {
	uint64_t memsize; /* bytes, XEN_INVALID_MEM_SZ = no such node */
	uint64_t memfree; /* bytes */
};
typedef struct xen_sysctl_meminfo xen_sysctl_meminfo_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_meminfo_t);

/* 17: NULL tables ask for the number. distance has num * num elements. */
struct xen_sysctl_numainfo {
	uint32_t num_nodes; /* IN room, OUT elements */
	XEN_GUEST_HANDLE_64(xen_sysctl_meminfo_t) meminfo; /* OUT */
	XEN_GUEST_HANDLE_64(uint32) distance;              /* OUT */
};

/*
 * 18. INFO answers for the pool with the lowest id not below the one asked
 * for, -ENOENT none; FREEINFO gives the CPUs in no pool in cpumap.
 */
struct xen_sysctl_cpupool_op {
	uint32_t op;                 /* IN, XEN_SYSCTL_CPUPOOL_OP_* */
	uint32_t cpupool_id;         /* IN; OUT for CREATE and INFO */
	uint32_t sched_id;           /* IN for CREATE, OUT for INFO */
	uint32_t domid;              /* IN for MOVEDOMAIN */
	uint32_t cpu;                /* IN for ADDCPU and RMCPU */
	uint32_t n_dom;              /* OUT for INFO */
	struct xenctl_bitmap cpumap; /* OUT for INFO and FREEINFO */
};

struct xen_sysctl_credit_schedule {
	uint32_t tslice_ms;
	uint32_t ratelimit_us;
	uint32_t vcpu_migr_delay_us;
};

struct xen_sysctl_credit2_schedule {
	uint32_t ratelimit_us;
};

/* 19: parameters of a pool's scheduler. */
struct xen_sysctl_scheduler_op {
	uint32_t cpupool_id; /* IN */
	uint32_t sched_id;   /* IN, XEN_SCHEDULER_* */
	uint32_t cmd;        /* IN, XEN_SYSCTL_SCHEDOP_* */
	union {
		struct xen_sysctl_sched_arinc653 {
			XEN_GUEST_HANDLE_64(void) schedule;
		} sched_arinc653;
		struct xen_sysctl_credit_schedule sched_credit;
		struct xen_sysctl_credit2_schedule sched_credit2;
	} u; /* IN for put, OUT for both */
};

/* 22: NUMA nodes of devices. */
struct xen_sysctl_pcitopoinfo {
	uint32_t num_devs; /* IN elements, OUT done */
	XEN_GUEST_HANDLE_64(physdev_pci_device_t) devs; /* IN */
	XEN_GUEST_HANDLE_64(uint32) nodes;              /* OUT */
};

/* 25 */
struct xen_sysctl_cpu_levelling_caps {
	uint32_t caps; /* OUT */
};

/* 26: feature words; NULL asks for the number. -ENOBUFS not all fitted. */
struct xen_sysctl_cpu_featureset {
	uint32_t index;       /* IN, XEN_SYSCTL_cpu_featureset_* */
	uint32_t nr_features; /* IN room, OUT elements */
	XEN_GUEST_HANDLE_64(uint32) features; /* OUT */
};

/* 29: NULL handles ask for the numbers. -ENOBUFS too small. */
struct xen_sysctl_cpu_policy {
	uint32_t index;     /* IN, XEN_SYSCTL_cpu_policy_* */
	uint32_t nr_leaves; /* IN room, OUT elements */
	uint32_t nr_msrs;   /* IN room, OUT elements */
	uint32_t _rsvd;     /* 0 */
	XEN_GUEST_HANDLE_64(xen_cpuid_leaf_t) leaves; /* OUT */
	XEN_GUEST_HANDLE_64(xen_msr_entry_t) msrs;    /* OUT */
};
typedef struct xen_sysctl_cpu_policy xen_sysctl_cpu_policy_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_cpu_policy_t);

struct xen_sysctl {
	uint32_t cmd;               /* IN, XEN_SYSCTL_* */
	uint32_t interface_version; /* IN, XEN_SYSCTL_INTERFACE_VERSION */
	union {
		struct xen_sysctl_readconsole readconsole;
		struct xen_sysctl_physinfo physinfo;
		struct xen_sysctl_cputopoinfo cputopoinfo;
		struct xen_sysctl_pcitopoinfo pcitopoinfo;
		struct xen_sysctl_numainfo numainfo;
		struct xen_sysctl_sched_id sched_id;
		struct xen_sysctl_perfc_op perfc_op;
		struct xen_sysctl_getdomaininfolist getdomaininfolist;
		struct xen_sysctl_debug_keys debug_keys;
		struct xen_sysctl_getcpuinfo getcpuinfo;
		struct xen_sysctl_availheap availheap;
		struct xen_sysctl_cpu_hotplug cpu_hotplug;
		struct xen_sysctl_cpupool_op cpupool_op;
		struct xen_sysctl_scheduler_op scheduler_op;
		struct xen_sysctl_cpu_levelling_caps cpu_levelling_caps;
		struct xen_sysctl_cpu_featureset cpu_featureset;
		struct xen_sysctl_cpu_policy cpu_policy;
		uint8_t pad[128];
	} u;
};
typedef struct xen_sysctl xen_sysctl_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_t);

#endif /* !__ASSEMBLY__ */

#endif /* XEN_PUBLIC_SYSCTL_H */
