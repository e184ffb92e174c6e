/* SPDX-License-Identifier: MIT */
/*
 * Memory of domains: HYPERVISOR_memory_op(command, argument).
 *
 * "self" in the comments: any domain for itself (DOMID_SELF), a control domain
 * for any other. All commands: -EFAULT argument not accessible, -ESRCH no such
 * domain, -EPERM no right over it, -ENOSYS unknown command.
 *
 * The hypervisor uses bits above the command number to continue a preempted
 * call; callers leave them 0.
 */
#ifndef XEN_PUBLIC_MEMORY_H
#define XEN_PUBLIC_MEMORY_H

#include "physdev.h"
#include "xen.h"

/* self; xen_memory_reservation: more memory. Returns extents done */
#define XENMEM_increase_reservation 0
/* self; xen_memory_reservation: give memory back. Returns extents done */
#define XENMEM_decrease_reservation 1
/* any; no argument. Returns one more than the highest machine frame of RAM */
#define XENMEM_maximum_ram_page 2
/* self; xen_memory_domain. Returns pages the domain has now */
#define XENMEM_current_reservation 3
/* self; xen_memory_domain. Returns pages the domain may have */
#define XENMEM_maximum_reservation 4
/* any; xen_machphys_mfn_list: frames of the machine-to-physical table */
#define XENMEM_machphys_mfn_list 5
/* self; xen_memory_reservation: memory at given pfns. Returns extents done */
#define XENMEM_populate_physmap 6
/* translated domains; xen_add_to_physmap. -EINVAL for PV */
#define XENMEM_add_to_physmap 7
/* any; xen_memory_map: E820 map of the caller. -ENOSYS none was set */
#define XENMEM_memory_map 9
/* control; xen_memory_map: E820 map of the machine */
#define XENMEM_machine_memory_map 10
/* self, for DMA; xen_memory_exchange */
#define XENMEM_exchange 11
/* any; xen_machphys_mapping: where the machine-to-physical table is */
#define XENMEM_machphys_mapping 12
/* control; xen_foreign_memory_map: what XENMEM_memory_map will answer */
#define XENMEM_set_memory_map 13
/* self; xen_memory_domain. Returns arch_shared_info.max_pfn - 1 for PV */
#define XENMEM_maximum_gpfn 14
/* translated domains; xen_remove_from_physmap. -EINVAL for PV */
#define XENMEM_remove_from_physmap 15
/* HVM; xen_pod_target */
#define XENMEM_set_pod_target 16
#define XENMEM_get_pod_target 17
/* control; page sharing statistics. -ENOSYS */
#define XENMEM_get_sharing_freed_pages  18
#define XENMEM_get_sharing_shared_pages 19
/* HVM; not offered, -ENOSYS */
#define XENMEM_paging_op  20
#define XENMEM_access_op  21
#define XENMEM_sharing_op 22
/* translated domains; xen_add_to_physmap_batch */
#define XENMEM_add_to_physmap_batch 23
/*
 * control; xen_memory_reservation of order 0: set nr_extents pages aside for
 * the domain, 0 gives up the claim. -ENOMEM not that much memory free
 */
#define XENMEM_claim_pages 24
/* as 5, for 32-bit guests */
#define XENMEM_machphys_compat_mfn_list 25
/* self; xen_vnuma_topology_info. -EOPNOTSUPP the domain has no virtual NUMA */
#define XENMEM_get_vnumainfo 26
/* control; xen_reserved_device_memory_map */
#define XENMEM_reserved_device_memory_map 27
/* control; xen_mem_acquire_resource */
#define XENMEM_acquire_resource 28

/* xen_memory_reservation.mem_flags: width of addresses, NUMA node, extras. */
#define XENMEMF_address_bits(x)     (x)
#define XENMEMF_get_address_bits(x) ((x)&0xffu)
#define XENMEMF_node(x)             (((x) + 1) << 8)
#define XENMEMF_get_node(x)         ((((x) >> 8) - 1) & 0xffu)
#define XENMEMF_populate_on_demand  (1 << 16) /* HVM only */
#define XENMEMF_exact_node_request  (1 << 17) /* that node or none */
#define XENMEMF_exact_node(n)       (XENMEMF_node(n) | XENMEMF_exact_node_request)
#define XENMEMF_vnode               (1 << 18) /* it is a virtual node */

/* xen_add_to_physmap.space */
#define XENMAPSPACE_shared_info  0
#define XENMAPSPACE_grant_table  1
#define XENMAPSPACE_gmfn         2
#define XENMAPSPACE_gmfn_range   3
#define XENMAPSPACE_gmfn_foreign 4
#define XENMAPSPACE_dev_mmio     5
/* Flag in idx: the grant status frames, not the grant frames. */
#define XENMAPIDX_grant_table_status 0x80000000

/* xen_mem_acquire_resource.type and id */
#define XENMEM_resource_ioreq_server                0 /* HVM only */
#define XENMEM_resource_grant_table                 1
#define XENMEM_resource_vmtrace_buf                 2 /* HVM only */
#define XENMEM_resource_grant_table_id_shared       0
#define XENMEM_resource_grant_table_id_status       1
#define XENMEM_resource_ioreq_server_frame_bufioreq 0
#define XENMEM_resource_ioreq_server_frame_ioreq(n) (1 + (n))

/* xen_reserved_device_memory_map.flags: of all devices */
#define XENMEM_RDM_ALL 1

#ifndef __ASSEMBLY__

/*
 * Argument of increase, decrease, populate and claim. extent_start:
 *
 *	increase	OUT first machine frame of every extent
 *	decrease	IN first machine frame of every extent (PV)
 *	populate	IN first pfn of every extent, OUT its machine frame
 *	claim		NULL
 */
struct xen_memory_reservation {
	XEN_GUEST_HANDLE(xen_pfn_t) extent_start;
	xen_ulong_t nr_extents;    /* IN */
	unsigned int extent_order; /* IN, extents of 2^order pages */
	unsigned int mem_flags;    /* IN, XENMEMF_* */
	domid_t domid;             /* IN */
};
typedef struct xen_memory_reservation xen_memory_reservation_t;
DEFINE_XEN_GUEST_HANDLE(xen_memory_reservation_t);

/*
 * Trade pages for others of equal total size, with different order or address
 * width. On error nr_exchanged tells how far it got, in extents of "in".
 */
struct xen_memory_exchange {
	struct xen_memory_reservation in;  /* IN machine frames given up */
	struct xen_memory_reservation out; /* IN pfns, OUT new frames */
	xen_ulong_t nr_exchanged;          /* IN 0, OUT */
};
typedef struct xen_memory_exchange xen_memory_exchange_t;
DEFINE_XEN_GUEST_HANDLE(xen_memory_exchange_t);

struct xen_memory_domain {
	domid_t domid; /* IN */
};

/* Frames of the machine-to-physical table, one for every 2 MiB of it. */
struct xen_machphys_mfn_list {
	unsigned int max_extents;                 /* IN, room in the list */
	XEN_GUEST_HANDLE(xen_pfn_t) extent_start; /* OUT */
	unsigned int nr_extents;                  /* OUT, entries stored */
};
typedef struct xen_machphys_mfn_list xen_machphys_mfn_list_t;
DEFINE_XEN_GUEST_HANDLE(xen_machphys_mfn_list_t);

struct xen_machphys_mapping {
	xen_ulong_t v_start, v_end; /* OUT, virtual addresses */
	xen_ulong_t max_mfn;        /* OUT, highest frame with an entry */
};
typedef struct xen_machphys_mapping xen_machphys_mapping_t;
DEFINE_XEN_GUEST_HANDLE(xen_machphys_mapping_t);

struct xen_add_to_physmap {
	domid_t domid;      /* IN */
	uint16_t size;      /* IN, pages, for gmfn_range */
	unsigned int space; /* IN, XENMAPSPACE_* */
	xen_ulong_t idx;    /* IN, which page of the space */
	xen_pfn_t gpfn;     /* IN, where it shall appear */
};
typedef struct xen_add_to_physmap xen_add_to_physmap_t;
DEFINE_XEN_GUEST_HANDLE(xen_add_to_physmap_t);

struct xen_add_to_physmap_batch {
	domid_t domid;  /* IN */
	uint16_t space; /* IN, XENMAPSPACE_* */
	uint16_t size;  /* IN, elements in each array */
	union xen_add_to_physmap_batch_extra {
		domid_t foreign_domid;      /* for gmfn_foreign */
		uint16_t res0;              /* 0 for the others */
	} u;                                /* IN */
	XEN_GUEST_HANDLE(xen_ulong_t) idxs; /* IN */
	XEN_GUEST_HANDLE(xen_pfn_t) gpfns;  /* IN */
	XEN_GUEST_HANDLE(int) errs;         /* OUT */
};
typedef struct xen_add_to_physmap_batch xen_add_to_physmap_batch_t;
DEFINE_XEN_GUEST_HANDLE(xen_add_to_physmap_batch_t);

struct xen_remove_from_physmap {
	domid_t domid;  /* IN */
	xen_pfn_t gpfn; /* IN */
};
typedef struct xen_remove_from_physmap xen_remove_from_physmap_t;
DEFINE_XEN_GUEST_HANDLE(xen_remove_from_physmap_t);

/*
 * An E820 map: packed entries of 20 bytes (64-bit address, 64-bit length,
 * 32-bit type). A NULL buffer asks for the number of entries.
 */
struct xen_memory_map {
	unsigned int nr_entries;       /* IN room, OUT entries */
	XEN_GUEST_HANDLE(void) buffer; /* OUT */
};
typedef struct xen_memory_map xen_memory_map_t;
DEFINE_XEN_GUEST_HANDLE(xen_memory_map_t);

struct xen_foreign_memory_map {
	domid_t domid;             /* IN */
	struct xen_memory_map map; /* IN */
};
typedef struct xen_foreign_memory_map xen_foreign_memory_map_t;
DEFINE_XEN_GUEST_HANDLE(xen_foreign_memory_map_t);

struct xen_pod_target {
	uint64_t target_pages;    /* IN */
	uint64_t tot_pages;       /* OUT */
	uint64_t pod_cache_pages; /* OUT */
	uint64_t pod_entries;     /* OUT */
	domid_t domid;            /* IN */
};
typedef struct xen_pod_target xen_pod_target_t;

struct xen_reserved_device_memory {
	xen_pfn_t start_pfn;
	xen_ulong_t nr_pages;
};
typedef struct xen_reserved_device_memory xen_reserved_device_memory_t;
DEFINE_XEN_GUEST_HANDLE(xen_reserved_device_memory_t);

/* -ENOBUFS: nr_entries was too small and now has the number needed. */
struct xen_reserved_device_memory_map {
	uint32_t flags;          /* IN, XENMEM_RDM_* */
	unsigned int nr_entries; /* IN room, OUT entries */
	XEN_GUEST_HANDLE(xen_reserved_device_memory_t) buffer; /* OUT */
	union {
		physdev_pci_device_t pci;
	} dev; /* IN */
};
typedef struct xen_reserved_device_memory_map xen_reserved_device_memory_map_t;
DEFINE_XEN_GUEST_HANDLE(xen_reserved_device_memory_map_t);

/*
 * Machine frames of a hypervisor-provided resource of a domain, to be mapped
 * with MMU_PT_UPDATE_NO_TRANSLATE. nr_frames 0 with a NULL list asks for the
 * size. -EINVAL frames outside the resource; -EOPNOTSUPP unknown type.
 */
struct xen_mem_acquire_resource {
	domid_t domid;      /* IN */
	uint16_t type;      /* IN, XENMEM_resource_* */
	uint32_t id;        /* IN, depends on the type */
	uint32_t nr_frames; /* IN frames wanted, OUT size if it was 0 */
	uint32_t pad;       /* 0 */
	uint64_t frame;     /* IN, first frame wanted */
	XEN_GUEST_HANDLE(xen_pfn_t) frame_list; /* OUT */
};
typedef struct xen_mem_acquire_resource xen_mem_acquire_resource_t;
DEFINE_XEN_GUEST_HANDLE(xen_mem_acquire_resource_t);

/* Memory of a virtual NUMA node. */
struct xen_vmemrange {
	uint64_t start, end; /* pseudo-physical addresses */
	unsigned int flags;
	unsigned int nid;
};
typedef struct xen_vmemrange xen_vmemrange_t;
DEFINE_XEN_GUEST_HANDLE(xen_vmemrange_t);

/* Counts: IN room in the arrays, OUT elements stored or needed (-ENOBUFS). */
struct xen_vnuma_topology_info {
	domid_t domid; /* IN */
	uint16_t pad;
	unsigned int nr_vnodes;
	unsigned int nr_vcpus;
	unsigned int nr_vmemranges;
	union {
		XEN_GUEST_HANDLE(uint) h;
		uint64_t pad;
	} vdistance; /* OUT, nr_vnodes * nr_vnodes */
	union {
		XEN_GUEST_HANDLE(uint) h;
		uint64_t pad;
	} vcpu_to_vnode; /* OUT, nr_vcpus */
	union {
		XEN_GUEST_HANDLE(xen_vmemrange_t) h;
		uint64_t pad;
	} vmemrange; /* OUT, nr_vmemranges */
};
typedef struct xen_vnuma_topology_info xen_vnuma_topology_info_t;
DEFINE_XEN_GUEST_HANDLE(xen_vnuma_topology_info_t);

#endif /* !__ASSEMBLY__ */

#endif /* XEN_PUBLIC_MEMORY_H */
