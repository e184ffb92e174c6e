/* SPDX-License-Identifier: MIT */
/*
 * Grant tables: how a domain lets others map or copy its pages.
 *
 * A domain's grant table is a set of pages shared with the hypervisor; a
 * grant reference is the index of an entry. To grant access to a frame
 * (version 1):
 *
 *	write domid and frame; write barrier; write flags.
 *
 * To take it back: if flags has neither reading nor writing, replace flags by
 * 0 with compare-and-swap and retry if it changed; otherwise the page is still
 * in use. The hypervisor sets reading and writing with locked operations.
 *
 * Operations: HYPERVISOR_grant_table_op(command, argument[], count). Each
 * element has its own status (GNTST_*, OUT); the call returns 0, or -EFAULT,
 * -EINVAL and -ENOSYS for errors in the call itself. May be preempted between
 * elements. Any domain may use all commands for itself; a control domain may
 * name another where "dom" is the owner of the table.
 */
#ifndef XEN_PUBLIC_GRANT_TABLE_H
#define XEN_PUBLIC_GRANT_TABLE_H

#include "xen.h"

/* The builder of a domain fills in the first few references. */
#define GNTTAB_NR_RESERVED_ENTRIES 8
#define GNTTAB_RESERVED_CONSOLE    0 /* console ring */
#define GNTTAB_RESERVED_XENSTORE   1 /* xenstore ring */

/* Entry flags: the type in the low two bits. */
#define GTF_invalid         (xen_mk_uint(0) << 0) /* grants nothing */
#define GTF_permit_access   (xen_mk_uint(1) << 0) /* domid may map and copy */
#define GTF_accept_transfer (xen_mk_uint(2) << 0) /* domid may give a page */
#define GTF_transitive      (xen_mk_uint(3) << 0) /* v2: via another grant */
#define GTF_type_mask       (xen_mk_uint(3) << 0)

/* With GTF_permit_access. (G) the granting domain writes, (H) hypervisor. */
#define _GTF_readonly (2) /* (G) no writable mapping */
#define GTF_readonly  (xen_mk_uint(1) << _GTF_readonly)
#define _GTF_reading  (3) /* (H) in use for reading */
#define GTF_reading   (xen_mk_uint(1) << _GTF_reading)
#define _GTF_writing  (4) /* (H) in use for writing */
#define GTF_writing   (xen_mk_uint(1) << _GTF_writing)
#define _GTF_PWT      (5) /* (G) cache attributes of the mapping */
#define GTF_PWT       (xen_mk_uint(1) << _GTF_PWT)
#define _GTF_PCD      (6)
#define GTF_PCD       (xen_mk_uint(1) << _GTF_PCD)
#define _GTF_PAT      (7)
#define GTF_PAT       (xen_mk_uint(1) << _GTF_PAT)
#define _GTF_sub_page (8) /* (G) v2: part of a page, copy only */
#define GTF_sub_page  (xen_mk_uint(1) << _GTF_sub_page)

/* With GTF_accept_transfer; the hypervisor sets first one, then the other. */
#define _GTF_transfer_committed (2) /* a page will arrive */
#define GTF_transfer_committed  (xen_mk_uint(1) << _GTF_transfer_committed)
#define _GTF_transfer_completed (3) /* it has: frame is valid */
#define GTF_transfer_completed  (xen_mk_uint(1) << _GTF_transfer_completed)

/* Commands. */
#define GNTTABOP_map_grant_ref     0
#define GNTTABOP_unmap_grant_ref   1
#define GNTTABOP_setup_table       2
#define GNTTABOP_dump_table        3
#define GNTTABOP_transfer          4
#define GNTTABOP_copy              5
#define GNTTABOP_query_size        6
#define GNTTABOP_unmap_and_replace 7
#define GNTTABOP_set_version       8
#define GNTTABOP_get_status_frames 9
#define GNTTABOP_get_version       10
#define GNTTABOP_swap_grant_ref    11
#define GNTTABOP_cache_flush       12

/* gnttab_map_grant_ref.flags */
#define _GNTMAP_device_map      (0) /* a bus address for devices is wanted */
#define GNTMAP_device_map       (1 << _GNTMAP_device_map)
#define _GNTMAP_host_map        (1) /* map at host_addr */
#define GNTMAP_host_map         (1 << _GNTMAP_host_map)
#define _GNTMAP_readonly        (2)
#define GNTMAP_readonly         (1 << _GNTMAP_readonly)
#define _GNTMAP_application_map (3) /* user mode may use the mapping */
#define GNTMAP_application_map  (1 << _GNTMAP_application_map)
#define _GNTMAP_contains_pte    (4) /* host_addr is where the entry is */
#define GNTMAP_contains_pte     (1 << _GNTMAP_contains_pte)
/* From here on copied to the software bits of the page-table entry. */
#define _GNTMAP_guest_avail0 (16)
#ifdef __ASSEMBLY__
#define GNTMAP_guest_avail_mask 0xffff0000
#else
#define GNTMAP_guest_avail_mask ((uint32_t)~0 << _GNTMAP_guest_avail0)
#endif

/* gnttab_copy.flags: which sides name a grant, not a frame. */
#define _GNTCOPY_source_gref (0)
#define GNTCOPY_source_gref  (1 << _GNTCOPY_source_gref)
#define _GNTCOPY_dest_gref   (1)
#define GNTCOPY_dest_gref    (1 << _GNTCOPY_dest_gref)

/* gnttab_cache_flush.op */
#define GNTTAB_CACHE_CLEAN       (xen_mk_uint(1) << 0)
#define GNTTAB_CACHE_INVAL       (xen_mk_uint(1) << 1)
#define GNTTAB_CACHE_SOURCE_GREF (xen_mk_uint(1) << 31)

/* Status of an operation. */
#define GNTST_okay              (0)
#define GNTST_general_error     (-1)  /* none of the others */
#define GNTST_bad_domain        (-2)  /* no such domain */
#define GNTST_bad_gntref        (-3)  /* reference invalid or not for you */
#define GNTST_bad_handle        (-4)  /* handle not of a mapping */
#define GNTST_bad_virt_addr     (-5)  /* host_addr cannot be used */
#define GNTST_bad_dev_addr      (-6)  /* bus address cannot be used */
#define GNTST_no_device_space   (-7)  /* no room in the IOMMU */
#define GNTST_permission_denied (-8)  /* not privileged enough */
#define GNTST_bad_page          (-9)  /* frame is not the domain's memory */
#define GNTST_bad_copy_arg      (-10) /* copy crosses a page */
#define GNTST_address_too_big   (-11) /* transfer: frame too high */
#define GNTST_eagain            (-12) /* not now, try again */
#define GNTST_no_space          (-13) /* table or maptrack is full */

/* Texts for GNTST_*, indexed by the negated status. */
#define GNTTABOP_error_msgs                                                    \
	{                                                                      \
		"success", "general error", "no such domain",                  \
			"bad grant reference", "bad handle",                   \
			"bad virtual address", "bad bus address",              \
			"no IOMMU space", "not permitted", "bad page",         \
			"copy crosses a page", "frame number too big",         \
			"try again", "no space left",                          \
	}

#ifndef __ASSEMBLY__

typedef uint32_t grant_ref_t;
/* Names one mapping; needed to undo it. */
typedef uint32_t grant_handle_t;

/* Entry of a version 1 table. */
struct grant_entry_v1 {
	uint16_t flags; /* GTF_* */
	domid_t domid;  /* who is granted access; guest writes */
	/* granted frame: guest writes; transferred one: hypervisor writes */
	uint32_t frame;
};
typedef struct grant_entry_v1 grant_entry_v1_t;

/*
 * Entry of a version 2 table. Here the hypervisor reports use in a separate
 * array of status words. Tenon offers version 1 only.
 */
struct grant_entry_header {
	uint16_t flags;
	domid_t domid;
};
typedef struct grant_entry_header grant_entry_header_t;

union grant_entry_v2 {
	grant_entry_header_t hdr;
	struct {
		grant_entry_header_t hdr;
		uint32_t pad0;
		uint64_t frame;
	} full_page;
	struct {
		grant_entry_header_t hdr;
		uint16_t page_off;
		uint16_t length;
		uint64_t frame;
	} sub_page;
	struct {
		grant_entry_header_t hdr;
		domid_t trans_domid;
		uint16_t pad0;
		grant_ref_t gref;
	} transitive;
	uint32_t __spacer[4];
};
typedef union grant_entry_v2 grant_entry_v2_t;

typedef uint16_t grant_status_t;

/* 0: map a page that another domain granted. */
struct gnttab_map_grant_ref {
	/* IN: address to map at, or machine address of the L1 entry */
	uint64_t host_addr;
	uint32_t flags;        /* IN, GNTMAP_* */
	grant_ref_t ref;       /* IN */
	domid_t dom;           /* IN, who granted it */
	int16_t status;        /* OUT */
	grant_handle_t handle; /* OUT */
	uint64_t dev_bus_addr; /* OUT, machine address of the page */
};
typedef struct gnttab_map_grant_ref gnttab_map_grant_ref_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_map_grant_ref_t);

/*
 * 1: undo a mapping. An address of 0 leaves that mapping in place; the handle
 * is free when both are gone. TLBs are clean when the call returns.
 */
struct gnttab_unmap_grant_ref {
	uint64_t host_addr;    /* IN, as it was mapped */
	uint64_t dev_bus_addr; /* IN, usually 0 */
	grant_handle_t handle; /* IN */
	int16_t status;        /* OUT */
};
typedef struct gnttab_unmap_grant_ref gnttab_unmap_grant_ref_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_unmap_grant_ref_t);

/*
 * 2: grow the table to nr_frames pages and list all of them. One element only.
 * Repeating it is harmless.
 */
struct gnttab_setup_table {
	domid_t dom;                            /* IN, usually DOMID_SELF */
	uint32_t nr_frames;                     /* IN */
	int16_t status;                         /* OUT */
	XEN_GUEST_HANDLE(xen_pfn_t) frame_list; /* OUT, nr_frames elements */
};
typedef struct gnttab_setup_table gnttab_setup_table_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_setup_table_t);

/* 3: print the table on the hypervisor console; for debugging. */
struct gnttab_dump_table {
	domid_t dom;    /* IN */
	int16_t status; /* OUT */
};
typedef struct gnttab_dump_table gnttab_dump_table_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_dump_table_t);

/* 4: give a page away to a domain that offers GTF_accept_transfer. */
struct gnttab_transfer {
	xen_pfn_t mfn;   /* IN */
	domid_t domid;   /* IN, receiver */
	grant_ref_t ref; /* IN, in the receiver's table */
	int16_t status;  /* OUT */
};
typedef struct gnttab_transfer gnttab_transfer_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_transfer_t);

/* 5: copy up to a page between grants or own frames, without mapping. */
struct gnttab_copy {
	struct gnttab_copy_ptr {
		union {
			grant_ref_t ref;
			xen_pfn_t gmfn; /* the caller's own */
		} u;
		domid_t domid;   /* who granted it, or DOMID_SELF */
		uint16_t offset; /* in the page */
	} source, dest;          /* IN */
	uint16_t len;            /* IN, bytes; must not cross a page */
	uint16_t flags;          /* IN, GNTCOPY_* */
	int16_t status;          /* OUT */
};
typedef struct gnttab_copy gnttab_copy_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_copy_t);

/* 6: size of a table. One element only. */
struct gnttab_query_size {
	domid_t dom;            /* IN */
	uint32_t nr_frames;     /* OUT, now */
	uint32_t max_nr_frames; /* OUT, limit */
	int16_t status;         /* OUT */
};
typedef struct gnttab_query_size gnttab_query_size_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_query_size_t);

/*
 * 7: undo a mapping and put in its place the page mapped at new_addr, whose
 * own mapping is cleared.
 */
struct gnttab_unmap_and_replace {
	uint64_t host_addr;    /* IN */
	uint64_t new_addr;     /* IN */
	grant_handle_t handle; /* IN */
	int16_t status;        /* OUT */
};
typedef struct gnttab_unmap_and_replace gnttab_unmap_and_replace_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_unmap_and_replace_t);

/*
 * 8: choose the layout of the own table, while no grant is in use. Returns
 * -EINVAL version that is not offered, -EBUSY.
 */
struct gnttab_set_version {
	uint32_t version; /* IN wanted, OUT in use */
};
typedef struct gnttab_set_version gnttab_set_version_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_set_version_t);

/* 9: frames of the version 2 status array. */
struct gnttab_get_status_frames {
	uint32_t nr_frames;                    /* IN */
	domid_t dom;                           /* IN */
	int16_t status;                        /* OUT */
	XEN_GUEST_HANDLE(uint64_t) frame_list; /* OUT */
};
typedef struct gnttab_get_status_frames gnttab_get_status_frames_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_get_status_frames_t);

/* 10: layout in use by a domain. Returns -ESRCH, -EPERM. */
struct gnttab_get_version {
	domid_t dom; /* IN */
	uint16_t pad;
	uint32_t version; /* OUT */
};
typedef struct gnttab_get_version gnttab_get_version_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_get_version_t);

/* 11: exchange two entries of the own table that are not in use. */
struct gnttab_swap_grant_ref {
	grant_ref_t ref_a; /* IN */
	grant_ref_t ref_b; /* IN */
	int16_t status;    /* OUT */
};
typedef struct gnttab_swap_grant_ref gnttab_swap_grant_ref_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_swap_grant_ref_t);

/* 12: clean or invalidate caches for part of a page. */
struct gnttab_cache_flush {
	union {
		uint64_t dev_bus_addr;
		grant_ref_t ref;
	} a;             /* IN */
	uint16_t offset; /* IN */
	uint16_t length; /* IN */
	uint32_t op;     /* IN, GNTTAB_CACHE_* */
};
typedef struct gnttab_cache_flush gnttab_cache_flush_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_cache_flush_t);

#endif /* !__ASSEMBLY__ */

#endif /* XEN_PUBLIC_GRANT_TABLE_H */
