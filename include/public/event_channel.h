/* SPDX-License-Identifier: MIT */
/*
 * Event channels: HYPERVISOR_event_channel_op(command, argument).
 *
 * A port is a domain's end of a channel. Port 0 is never valid. Delivery is
 * through struct shared_info (two-level) or, after EVTCHNOP_init_control,
 * through the event array (FIFO), both described below.
 *
 * All commands: -EFAULT argument not accessible, -EINVAL port unused or in
 * the wrong state, -ENOSYS unknown command.
 */
#ifndef XEN_PUBLIC_EVENT_CHANNEL_H
#define XEN_PUBLIC_EVENT_CHANNEL_H

#include "xen.h"

#define EVTCHNOP_bind_interdomain 0
#define EVTCHNOP_bind_virq        1
#define EVTCHNOP_bind_pirq        2
#define EVTCHNOP_close            3
#define EVTCHNOP_send             4
#define EVTCHNOP_status           5
#define EVTCHNOP_alloc_unbound    6
#define EVTCHNOP_bind_ipi         7
#define EVTCHNOP_bind_vcpu        8
#define EVTCHNOP_unmask           9
#define EVTCHNOP_reset            10
#define EVTCHNOP_init_control     11
#define EVTCHNOP_expand_array     12
#define EVTCHNOP_set_priority     13

/* evtchn_bind_pirq.flags: the line may be shared with other devices. */
#define BIND_PIRQ__WILL_SHARE 1

/* evtchn_status.status. */
#define EVTCHNSTAT_closed      0 /* not in use */
#define EVTCHNSTAT_unbound     1 /* waits for the other domain to bind */
#define EVTCHNSTAT_interdomain 2 /* connected to another domain */
#define EVTCHNSTAT_pirq        3 /* physical interrupt */
#define EVTCHNSTAT_virq        4 /* virtual interrupt */
#define EVTCHNSTAT_ipi         5 /* from one vCPU of the domain to another */

/* Ports of the two-level interface. */
#define EVTCHN_2L_NR_CHANNELS (sizeof(xen_ulong_t) * sizeof(xen_ulong_t) * 64)

/* Priorities of the FIFO interface; every one has a queue per vCPU. */
#define EVTCHN_FIFO_PRIORITY_MAX     0
#define EVTCHN_FIFO_PRIORITY_DEFAULT 7
#define EVTCHN_FIFO_PRIORITY_MIN     15
#define EVTCHN_FIFO_MAX_QUEUES       (EVTCHN_FIFO_PRIORITY_MIN + 1)

/*
 * Event word: one per port, in the pages given by EVTCHNOP_expand_array.
 *
 *	31 PENDING	hypervisor sets, guest clears
 *	30 MASKED	guest sets and clears
 *	29 LINKED	in a queue; hypervisor sets, guest clears on removal
 *	28 BUSY		hypervisor is changing the link of a masked word
 *	16-0		port that is next in the queue, 0 = last
 *
 * Both sides change words with locked operations only. To take the head of a
 * queue: read the word, compare-and-swap it with LINKED and the link cleared,
 * then handle the port if it is PENDING and not MASKED.
 */
#define EVTCHN_FIFO_PENDING     31
#define EVTCHN_FIFO_MASKED      30
#define EVTCHN_FIFO_LINKED      29
#define EVTCHN_FIFO_BUSY        28
#define EVTCHN_FIFO_LINK_BITS   17
#define EVTCHN_FIFO_LINK_MASK   ((1 << EVTCHN_FIFO_LINK_BITS) - 1)
#define EVTCHN_FIFO_NR_CHANNELS (1 << EVTCHN_FIFO_LINK_BITS)

#ifndef __ASSEMBLY__

typedef uint32_t evtchn_port_t;
DEFINE_XEN_GUEST_HANDLE(evtchn_port_t);

typedef uint32_t event_word_t;

/*
 * 6, EVTCHNOP_alloc_unbound: a new port that remote_dom may bind to.
 * Any domain for itself (DOMID_SELF); a control domain for any domain.
 * Errors: -ESRCH no such domain, -EPERM, -ENOSPC no port left.
 */
struct evtchn_alloc_unbound {
	domid_t dom, remote_dom; /* IN */
	evtchn_port_t port;      /* OUT */
};
typedef struct evtchn_alloc_unbound evtchn_alloc_unbound_t;

/*
 * 0, EVTCHNOP_bind_interdomain: connect a new local port with a port that the
 * other domain allocated for the caller. The local port starts pending, so
 * that a notification sent before is not missed. Any domain.
 * Errors: -ESRCH, -EINVAL the remote port does not wait for the caller,
 * -ENOSPC.
 */
struct evtchn_bind_interdomain {
	domid_t remote_dom;        /* IN; DOMID_SELF is allowed */
	evtchn_port_t remote_port; /* IN */
	evtchn_port_t local_port;  /* OUT */
};
typedef struct evtchn_bind_interdomain evtchn_bind_interdomain_t;

/*
 * 1, EVTCHNOP_bind_virq: any domain for per-vCPU VIRQs, the handler of a
 * global VIRQ (usually a control domain) for others, with vcpu 0.
 * Errors: -EINVAL unknown VIRQ, -ENOENT no such vCPU, -EEXIST already bound,
 * -EPERM, -ENOSPC.
 */
struct evtchn_bind_virq {
	uint32_t virq;      /* IN */
	uint32_t vcpu;      /* IN */
	evtchn_port_t port; /* OUT */
};
typedef struct evtchn_bind_virq evtchn_bind_virq_t;

/*
 * 2, EVTCHNOP_bind_pirq: needs the right to the interrupt. Errors: -EPERM,
 * -EEXIST already bound, -ENOSPC.
 */
struct evtchn_bind_pirq {
	uint32_t pirq;      /* IN, see PHYSDEVOP_map_pirq */
	uint32_t flags;     /* IN, BIND_PIRQ__* */
	evtchn_port_t port; /* OUT */
};
typedef struct evtchn_bind_pirq evtchn_bind_pirq_t;

/*
 * 7, EVTCHNOP_bind_ipi: a port that always notifies the given vCPU of the
 * caller. Any domain. Errors: -ENOENT no such vCPU, -ENOSPC.
 */
struct evtchn_bind_ipi {
	uint32_t vcpu;      /* IN */
	evtchn_port_t port; /* OUT */
};
typedef struct evtchn_bind_ipi evtchn_bind_ipi_t;

/*
 * 3, EVTCHNOP_close: free a port; a connected remote port returns to unbound.
 * Any domain.
 */
struct evtchn_close {
	evtchn_port_t port; /* IN */
};
typedef struct evtchn_close evtchn_close_t;

/*
 * 4, EVTCHNOP_send: notify the far end of an interdomain or IPI port. An
 * unbound port swallows the event. Any domain.
 */
struct evtchn_send {
	evtchn_port_t port; /* IN */
};
typedef struct evtchn_send evtchn_send_t;

/*
 * 5, EVTCHNOP_status: any domain for itself, a control domain for any.
 * Errors: -ESRCH, -EPERM, -EINVAL port out of range.
 */
struct evtchn_status {
	domid_t dom;        /* IN */
	evtchn_port_t port; /* IN */
	uint32_t status;    /* OUT, EVTCHNSTAT_*; selects the member of u */
	uint32_t vcpu;      /* OUT, the vCPU it notifies */
	union {
		struct {
			domid_t dom;
		} unbound;
		struct {
			domid_t dom;
			evtchn_port_t port;
		} interdomain;
		uint32_t pirq;
		uint32_t virq;
	} u; /* OUT */
};
typedef struct evtchn_status evtchn_status_t;

/*
 * 8, EVTCHNOP_bind_vcpu: choose the vCPU that a port notifies; not for IPIs
 * and per-vCPU VIRQs (-EINVAL). Any domain. Error: -ENOENT no such vCPU.
 */
struct evtchn_bind_vcpu {
	evtchn_port_t port; /* IN */
	uint32_t vcpu;      /* IN */
};
typedef struct evtchn_bind_vcpu evtchn_bind_vcpu_t;

/*
 * 9, EVTCHNOP_unmask: clear the mask bit and, if the port is pending, deliver
 * it. Any domain.
 */
struct evtchn_unmask {
	evtchn_port_t port; /* IN */
};
typedef struct evtchn_unmask evtchn_unmask_t;

/*
 * 10, EVTCHNOP_reset: close all ports and return to the two-level interface.
 * Any domain for itself, a control domain for any. May be preempted.
 */
struct evtchn_reset {
	domid_t dom; /* IN */
};
typedef struct evtchn_reset evtchn_reset_t;

/*
 * 11, EVTCHNOP_init_control: use the FIFO interface; once for each vCPU. The
 * first call switches the whole domain. Any domain. Errors: -EINVAL bad frame,
 * offset not a multiple of 8, block crosses a page; -ENOENT no such vCPU.
 */
struct evtchn_init_control {
	uint64_t control_gfn; /* IN, frame of the control block */
	uint32_t offset;      /* IN, its place in the frame */
	uint32_t vcpu;        /* IN */
	uint8_t link_bits;    /* OUT, EVTCHN_FIFO_LINK_BITS */
	uint8_t _pad[7];
};
typedef struct evtchn_init_control evtchn_init_control_t;

/*
 * 12, EVTCHNOP_expand_array: one more page of event words (1024 ports). Any
 * domain using FIFO. Errors: -ENOSPC array has its full size, -EINVAL frame.
 */
struct evtchn_expand_array {
	uint64_t array_gfn; /* IN */
};
typedef struct evtchn_expand_array evtchn_expand_array_t;

/* 13, EVTCHNOP_set_priority: takes effect with the next event. Any domain. */
struct evtchn_set_priority {
	evtchn_port_t port; /* IN */
	uint32_t priority;  /* IN, EVTCHN_FIFO_PRIORITY_* */
};
typedef struct evtchn_set_priority evtchn_set_priority_t;

/* Argument of HYPERVISOR_event_channel_op_compat. */
struct evtchn_op {
	uint32_t cmd; /* IN, EVTCHNOP_* */
	union {
		evtchn_alloc_unbound_t alloc_unbound;
		evtchn_bind_interdomain_t bind_interdomain;
		evtchn_bind_virq_t bind_virq;
		evtchn_bind_pirq_t bind_pirq;
		evtchn_bind_ipi_t bind_ipi;
		evtchn_close_t close;
		evtchn_send_t send;
		evtchn_status_t status;
		evtchn_bind_vcpu_t bind_vcpu;
		evtchn_unmask_t unmask;
	} u;
};
typedef struct evtchn_op evtchn_op_t;
DEFINE_XEN_GUEST_HANDLE(evtchn_op_t);

/*
 * FIFO control block, one per vCPU, in a page of the guest. A bit in ready
 * says that the queue of that priority may have become non-empty: hypervisor
 * sets it, the guest takes it (locked). head[q] is written by the hypervisor
 * when the queue was empty, and by the guest as it removes ports.
 */
struct evtchn_fifo_control_block {
	uint32_t ready;
	uint32_t _rsvd;
	uint32_t head[EVTCHN_FIFO_MAX_QUEUES];
};
typedef struct evtchn_fifo_control_block evtchn_fifo_control_block_t;

#endif /* !__ASSEMBLY__ */

#endif /* XEN_PUBLIC_EVENT_CHANNEL_H */
