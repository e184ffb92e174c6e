/* SPDX-License-Identifier: MIT */
/*
 * Scheduling and shutdown: HYPERVISOR_sched_op(command, argument).
 *
 * All commands: -EFAULT argument not readable, -ENOSYS unknown command.
 */
#ifndef XEN_PUBLIC_SCHED_H
#define XEN_PUBLIC_SCHED_H

#include "event_channel.h"

/* Any domain; no argument. Lets other vCPUs run first. */
#define SCHEDOP_yield 0
/*
 * Any domain; no argument. Clears the event mask and sleeps until an event is
 * pending; one that is pending already is not missed.
 */
#define SCHEDOP_block 1
/*
 * Any domain; sched_shutdown. All vCPUs stop. Returns only for the reason
 * suspend: 0 after a restore, 1 if the suspend was cancelled.
 */
#define SCHEDOP_shutdown 2
/* Any domain; sched_poll. */
#define SCHEDOP_poll 3
/* Control domain; sched_remote_shutdown. -ESRCH, -EPERM. */
#define SCHEDOP_remote_shutdown 4
/* Any domain; sched_shutdown. Records the reason for a later shutdown. */
#define SCHEDOP_shutdown_code 5
/*
 * Any domain; sched_watchdog. Returns the id of a new watchdog, or 0.
 * -EEXIST no watchdog free, -EINVAL.
 */
#define SCHEDOP_watchdog 6
/* Control domain; sched_pin_override. */
#define SCHEDOP_pin_override 7

/* Reasons for a shutdown. */
#define SHUTDOWN_poweroff   0 /* finished: do not restart */
#define SHUTDOWN_reboot     1 /* finished: start again */
#define SHUTDOWN_suspend    2 /* state may be saved now */
#define SHUTDOWN_crash      3 /* cannot go on */
#define SHUTDOWN_watchdog   4 /* a watchdog expired */
#define SHUTDOWN_soft_reset 5 /* start again, keep memory contents */
#define SHUTDOWN_MAX        5

#ifndef __ASSEMBLY__

struct sched_shutdown {
	unsigned int reason; /* IN, SHUTDOWN_* */
};
typedef struct sched_shutdown sched_shutdown_t;
DEFINE_XEN_GUEST_HANDLE(sched_shutdown_t);

/*
 * Sleep until one of the ports is pending, masked or not, or until the
 * timeout. No port is consumed. Errors: -EINVAL bad port or more than 128.
 */
struct sched_poll {
	XEN_GUEST_HANDLE(evtchn_port_t) ports; /* IN */
	unsigned int nr_ports;                 /* IN */
	uint64_t timeout; /* IN, absolute system time in ns, 0 = never */
};
typedef struct sched_poll sched_poll_t;
DEFINE_XEN_GUEST_HANDLE(sched_poll_t);

struct sched_remote_shutdown {
	domid_t domain_id;   /* IN */
	unsigned int reason; /* IN, SHUTDOWN_* */
};
typedef struct sched_remote_shutdown sched_remote_shutdown_t;
DEFINE_XEN_GUEST_HANDLE(sched_remote_shutdown_t);

/* id 0 makes a new one; timeout 0 stops it, else restarts it. */
struct sched_watchdog {
	uint32_t id;      /* IN */
	uint32_t timeout; /* IN, seconds */
};
typedef struct sched_watchdog sched_watchdog_t;
DEFINE_XEN_GUEST_HANDLE(sched_watchdog_t);

struct sched_pin_override {
	int32_t pcpu; /* IN, run the caller only there; negative undoes it */
};
typedef struct sched_pin_override sched_pin_override_t;
DEFINE_XEN_GUEST_HANDLE(sched_pin_override_t);

#endif /* !__ASSEMBLY__ */

#endif /* XEN_PUBLIC_SCHED_H */
