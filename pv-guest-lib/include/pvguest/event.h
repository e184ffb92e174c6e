/* SPDX-License-Identifier: MIT */
/*
 * Event channels, 2-level. There is no interrupt context: events stay masked
 * except while the domain sleeps in pv_wait(), and the handlers run one after
 * another, in ordinary context, inside pv_poll() and pv_wait(). So handlers
 * and the rest of the kernel need no locks against each other.
 *
 * A handler may use everything of this library but pv_poll() and pv_wait().
 * Its port's pending bit is clear before it runs, so an event that arrives
 * meanwhile causes another call.
 */
#ifndef PVGUEST_EVENT_H
#define PVGUEST_EVENT_H

#include <stdbool.h>
#include <stdint.h>

typedef void pv_event_handler(uint32_t port, void *context);

#define PV_EVENT_PORTS 4096

/*
 * Each returns a local port with its handler in place, unmasked, or a
 * negative errno. A port without handler (NULL) ends the domain's sleep, but
 * does not count as an event for pv_poll() and pv_wait(). pv_event_close()
 * gives the port back.
 */
int pv_event_bind_virq(uint32_t virq, pv_event_handler *handler, void *context);
int pv_event_bind_interdomain(uint16_t domid, uint32_t remote_port,
			      pv_event_handler *handler, void *context);
int pv_event_alloc_unbound(uint16_t remote, pv_event_handler *handler,
			   void *context);

/*
 * An interrupt of a device, by the number that PHYSDEVOP_map_pirq gave it. The
 * hypervisor is told of its end after the handler has returned. A line whose
 * device still asks then comes again at once.
 */
int pv_event_bind_pirq(uint32_t pirq, pv_event_handler *handler, void *context);

/* For a port that exists already, such as the console's in start_info. */
int pv_event_attach(uint32_t port, pv_event_handler *handler, void *context);

int pv_event_close(uint32_t port);
int pv_event_notify(uint32_t port);

void pv_event_mask(uint32_t port);
void pv_event_unmask(uint32_t port);

/*
 * Runs the port's handler once more, as if an event had come: for a handler
 * that leaves work behind to give others their turn, or work that is to be
 * done together with what else happens now.
 */
void pv_event_again(uint32_t port);

/* True: an event has come, and its handler has not run yet. */
bool pv_event_is_pending(uint32_t port);

/* Ports with or without a handler that the functions above have opened. */
unsigned int pv_event_ports_open(void);

/*
 * Runs the handlers of all ports that are pending, each once; true when there
 * was one. What comes meanwhile is left for the next call, so that busy
 * senders cannot keep the caller in here.
 */
bool pv_poll(void);

/* No deadline. */
#define PV_FOREVER UINT64_MAX

/*
 * Sleeps in the hypervisor until an event comes, and runs the handlers.
 * Returns false only when `deadline`, a time on pv_time_ns(), passed before
 * that. A deadline in the past polls.
 */
bool pv_wait(uint64_t deadline);

#endif /* PVGUEST_EVENT_H */
