/* SPDX-License-Identifier: MIT */
/*
 * What is running: HYPERVISOR_xen_version(command, argument).
 *
 * Any domain may use all commands; all arguments are OUT unless marked.
 * Negative results: -EFAULT argument not writable, -ENOSYS unknown command.
 */
#ifndef XEN_PUBLIC_VERSION_H
#define XEN_PUBLIC_VERSION_H

#include "features.h"
#include "xen.h"

/* no argument; returns major << 16 | minor */
#define XENVER_version 0
/* xen_extraversion_t */
#define XENVER_extraversion 1
/* xen_compile_info */
#define XENVER_compile_info 2
/* xen_capabilities_info_t: guest types, separated by blanks */
#define XENVER_capabilities 3
/* xen_changeset_info_t */
#define XENVER_changeset 4
/* xen_platform_parameters */
#define XENVER_platform_parameters 5
/* xen_feature_info; -EINVAL no such word */
#define XENVER_get_features 6
/* no argument; returns the page size */
#define XENVER_pagesize 7
/* xen_domain_handle_t of the caller */
#define XENVER_guest_handle 8
/* xen_commandline_t; empty for domains without the right */
#define XENVER_commandline 9
/* xen_build_id; NULL asks for the size. -ENODATA there is none */
#define XENVER_build_id 10

#ifndef __ASSEMBLY__

/* All strings are NUL-terminated. */
typedef char xen_extraversion_t[16];
#define XEN_EXTRAVERSION_LEN (sizeof(xen_extraversion_t))

struct xen_compile_info {
	char compiler[64];
	char compile_by[16];
	char compile_domain[32];
	char compile_date[32];
};
typedef struct xen_compile_info xen_compile_info_t;

typedef char xen_capabilities_info_t[1024];
#define XEN_CAPABILITIES_INFO_LEN (sizeof(xen_capabilities_info_t))

typedef char xen_changeset_info_t[64];
#define XEN_CHANGESET_INFO_LEN (sizeof(xen_changeset_info_t))

struct xen_platform_parameters {
	xen_ulong_t virt_start; /* start of the hypervisor's address range */
};
typedef struct xen_platform_parameters xen_platform_parameters_t;

struct xen_feature_info {
	unsigned int submap_idx; /* IN, word number */
	uint32_t submap;         /* OUT, bit n: feature 32 * submap_idx + n */
};
typedef struct xen_feature_info xen_feature_info_t;

typedef char xen_commandline_t[1024];

struct xen_build_id {
	uint32_t len;                          /* IN room in buf, not 0 */
	unsigned char buf[XEN_FLEX_ARRAY_DIM]; /* OUT, no NUL */
};
typedef struct xen_build_id xen_build_id_t;

#endif /* !__ASSEMBLY__ */

#endif /* XEN_PUBLIC_VERSION_H */
