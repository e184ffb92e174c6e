/* SPDX-License-Identifier: MIT */
/*
 * vCPUs of the calling domain: HYPERVISOR_vcpu_op(command, vcpu id, argument).
 *
 * Any domain may use all commands on its own vCPUs. All commands: -ENOENT no
 * such vCPU, -EFAULT argument not accessible, -ENOSYS unknown command.
 */
#ifndef XEN_PUBLIC_VCPU_H
#define XEN_PUBLIC_VCPU_H

#include "xen.h"

/* vcpu_guest_context; the vCPU stays down. -EEXIST it has a context already */
#define VCPUOP_initialise 0
/* no argument; -EINVAL it was never initialised */
#define VCPUOP_up 1
/* no argument; the vCPU stops at once, but keeps its context */
#define VCPUOP_down 2
/* no argument; returns 1 if up, 0 if down */
#define VCPUOP_is_up 3
/* vcpu_runstate_info, OUT */
#define VCPUOP_get_runstate_info 4
/* vcpu_register_runstate_memory_area */
#define VCPUOP_register_runstate_memory_area 5
/* vcpu_set_periodic_timer; VIRQ_TIMER every period. -EINVAL below 1 ms */
#define VCPUOP_set_periodic_timer 6
/* no argument */
#define VCPUOP_stop_periodic_timer 7
/* vcpu_set_singleshot_timer; only for the calling vCPU, else -EINVAL */
#define VCPUOP_set_singleshot_timer 8
/* no argument; only for the calling vCPU, else -EINVAL */
#define VCPUOP_stop_singleshot_timer 9
/* vcpu_register_vcpu_info */
#define VCPUOP_register_vcpu_info 10
/* no argument; raises an NMI on the vCPU */
#define VCPUOP_send_nmi 11
/* vcpu_get_physid, OUT; only for a pinned control domain, else -EINVAL */
#define VCPUOP_get_physid 12
/* vcpu_register_time_memory_area */
#define VCPUOP_register_vcpu_time_memory_area 13

/* vcpu_runstate_info.state and index of .time. */
#define RUNSTATE_running  0 /* on a physical CPU */
#define RUNSTATE_runnable 1 /* wants one */
#define RUNSTATE_blocked  2 /* has nothing to do */
#define RUNSTATE_offline  3 /* paused, down or shut down */

/* Set in state_entry_time during updates, with VMASST runstate_update_flag. */
#define XEN_RUNSTATE_UPDATE (xen_mk_ullong(1) << 63)

/* vcpu_set_singleshot_timer.flags: -ETIME if the time has passed. */
#define _VCPU_SSHOTTMR_future (0)
#define VCPU_SSHOTTMR_future  (1U << _VCPU_SSHOTTMR_future)

/* Halves of vcpu_get_physid.phys_id. */
#define xen_vcpu_physid_to_x86_apicid(physid) ((uint32_t)(physid))
#define xen_vcpu_physid_to_x86_acpiid(physid) ((uint32_t)((physid) >> 32))

#ifndef __ASSEMBLY__

/* Hypervisor writes; times in ns. The sum of time[] is the system time. */
struct vcpu_runstate_info {
	int state;                 /* RUNSTATE_* */
	uint64_t state_entry_time; /* when it entered this state */
	uint64_t time[4];          /* spent in each state, by RUNSTATE_* */
};
typedef struct vcpu_runstate_info vcpu_runstate_info_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_runstate_info_t);

/*
 * Keep a copy up to date at this address of the guest kernel, whenever the
 * vCPU is scheduled.
 */
struct vcpu_register_runstate_memory_area {
	union {
		XEN_GUEST_HANDLE(vcpu_runstate_info_t) h;
		struct vcpu_runstate_info *v;
		uint64_t p;
	} addr; /* IN */
};
typedef struct vcpu_register_runstate_memory_area
	vcpu_register_runstate_memory_area_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_register_runstate_memory_area_t);

struct vcpu_set_periodic_timer {
	uint64_t period_ns; /* IN */
};
typedef struct vcpu_set_periodic_timer vcpu_set_periodic_timer_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_set_periodic_timer_t);

/* A time that has passed fires at once unless flags say otherwise. */
struct vcpu_set_singleshot_timer {
	uint64_t timeout_abs_ns; /* IN, absolute system time */
	uint32_t flags;          /* IN, VCPU_SSHOTTMR_* */
};
typedef struct vcpu_set_singleshot_timer vcpu_set_singleshot_timer_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_set_singleshot_timer_t);

/*
 * Move struct vcpu_info out of the shared page; possible once. Current
 * contents are copied and the new area gets pending set, with every selector
 * bit, so that nothing is missed. -EINVAL second call, bad frame, misaligned,
 * or crossing a page.
 */
struct vcpu_register_vcpu_info {
	uint64_t mfn;    /* IN, frame of the caller, writable */
	uint32_t offset; /* IN, in the frame */
	uint32_t rsvd;
};
typedef struct vcpu_register_vcpu_info vcpu_register_vcpu_info_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_register_vcpu_info_t);

struct vcpu_get_physid {
	uint64_t phys_id; /* OUT, APIC id in the low and ACPI id in the high
			     half */
};
typedef struct vcpu_get_physid vcpu_get_physid_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_get_physid_t);

DEFINE_XEN_GUEST_HANDLE(vcpu_time_info_t);

/* A second copy of vcpu_time_info, readable by guest user mode. */
struct vcpu_register_time_memory_area {
	union {
		XEN_GUEST_HANDLE(vcpu_time_info_t) h;
		struct vcpu_time_info *v;
		uint64_t p;
	} addr; /* IN */
};
typedef struct vcpu_register_time_memory_area vcpu_register_time_memory_area_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_register_time_memory_area_t);

#endif /* !__ASSEMBLY__ */

#endif /* XEN_PUBLIC_VCPU_H */
