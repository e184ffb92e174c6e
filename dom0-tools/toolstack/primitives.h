/* SPDX-License-Identifier: MIT */
/*
 * What the toolstack library needs from the system that it runs in: five
 * primitives (hypercall, foreign map, event channel, grant map, xenstore) and
 * a clock. Everything else in this folder is ordinary C over these, so that
 * another system can carry the same library: the built-in control domain
 * provides them in dom0-tools/kernel/primitives.c, the host tests in
 * tests/unit/toolstack/fake_primitives.c.
 *
 * Owns: nothing here; each function says what the caller must give back.
 * Context: one thread. Nothing below calls back into the toolstack, except
 * tk_wait(), which runs event handlers before it returns.
 * Errors: an int or long below zero is a negative Xen errno value.
 * Next: build_domain.h, guests.h.
 */
#ifndef TOOLSTACK_PRIMITIVES_H
#define TOOLSTACK_PRIMITIVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Hypercall --------------------------------------------------------------- */

/*
 * Calls the hypervisor with the ABI's number and arguments; the 64-bit result
 * comes back whole. Pointers in the arguments, and pointers inside the
 * structures that they lead to, may be any ordinary memory of the caller:
 * stack, static or heap.
 */
long tk_hypercall(unsigned int op, uint64_t a1, uint64_t a2, uint64_t a3,
		  uint64_t a4, uint64_t a5);

/* Foreign frames ---------------------------------------------------------- */

/* At least this many frames can be mapped by one call. */
#define TK_MAP_FOREIGN_MAX 1024

/* Which frame stood in the way of a mapping, and why. */
struct tk_map_failure {
	size_t index; /* into the list of frames */
	int error;    /* negative errno: the hypervisor's for that frame, or
		       * -ENOMEM when the caller's own memory ran out */
};

/*
 * Maps `count` frames of domain `domid` side by side and returns the address
 * of the first; all of them or none. NULL: *failure tells which and why
 * (`failure` may be NULL). The list is not used after the return.
 * The caller gives the mapping back with tk_unmap_foreign(same address, same
 * count), which cannot fail; until then the frames stay referenced and the
 * domain cannot be freed entirely.
 */
void *tk_map_foreign(uint16_t domid, const uint64_t *mfns, size_t count,
		     bool writable, struct tk_map_failure *failure);
void tk_unmap_foreign(void *address, size_t count);

/* Event channels ---------------------------------------------------------- */

/*
 * Runs in tk_wait(), never as an interrupt: it may use every primitive except
 * tk_wait() itself. The port's pending bit is clear before the call, so an
 * event that arrives meanwhile causes another call.
 */
typedef void tk_event_handler(uint32_t port, void *context);

/*
 * Each returns a local port, unmasked and with its handler in place, or a
 * negative errno. tk_evtchn_close() gives it back and forgets events that
 * are not delivered yet; a handler may close its own port.
 */
int tk_evtchn_bind_interdomain(uint16_t domid, uint32_t remote_port,
			       tk_event_handler *handler, void *context);
int tk_evtchn_bind_virq(uint32_t virq, tk_event_handler *handler,
			void *context);
void tk_evtchn_close(uint32_t port);

int tk_evtchn_notify(uint32_t port);

/* No deadline: wait for an event however long it takes. */
#define TK_FOREVER UINT64_MAX

/*
 * Blocks in the hypervisor until something happens, then runs the handlers
 * of all pending ports. Events that the system itself takes (console input,
 * for one) end the wait as well. Returns false only when the deadline, a
 * time on tk_clock_ns(), has passed and nothing had happened. A deadline in
 * the past polls.
 */
bool tk_wait(uint64_t deadline_ns);

/* Grants of other domains ------------------------------------------------- */

/*
 * Maps the page behind grant reference `ref` of `domid`. NULL: *error is a
 * negative errno (`error` may be NULL). Given back by tk_grant_unmap().
 */
void *tk_grant_map(uint16_t domid, uint32_t ref, bool writable, int *error);
void tk_grant_unmap(void *address);

/* Xenstore ---------------------------------------------------------------- */

/*
 * Nodes by absolute path. A system without a xenstore answers everything with
 * an error. Whoever watches a node has seen the change when the function
 * returns, except inside a watcher's own handler.
 */
int tk_store_write(const char *path, const char *value);
/*
 * Makes a node, empty if it is new, that `owner` may do everything with and
 * `reader` may read; what is made below it later is the same.
 */
int tk_store_mkdir(const char *path, uint16_t owner, uint16_t reader);
/* With everything below; no error when there is no such node. */
int tk_store_remove(const char *path);
/* The value as text; negative when there is none or it does not fit. */
int tk_store_read(const char *path, char *value, size_t size);

/* Clock ------------------------------------------------------------------- */

/* Nanoseconds since some moment in the past; never goes backwards. */
uint64_t tk_clock_ns(void);

#endif /* TOOLSTACK_PRIMITIVES_H */
