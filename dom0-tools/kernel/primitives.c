/* SPDX-License-Identifier: MIT */
/*
 * The toolstack's five primitives on pv-guest-lib. Each contract is in
 * toolstack/primitives.h; the work is done below.
 */
#include "toolstack/primitives.h"

#include <stdlib.h>

#include <pvguest/event.h>
#include <pvguest/grant.h>
#include <pvguest/hypercall.h>
#include <pvguest/mm.h>
#include <pvguest/time.h>

#define ENOMEM_RC (-12)

long tk_hypercall(unsigned int op, uint64_t a1, uint64_t a2, uint64_t a3,
		  uint64_t a4, uint64_t a5)
{
	return pv_hypercall5(op, a1, a2, a3, a4, a5);
}

static bool all_mapped(const int *errors, size_t count,
		       struct tk_map_failure *failure)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (errors[i] == 0)
			continue;
		if (failure)
			*failure = (struct tk_map_failure){ i, errors[i] };
		return false;
	}
	return true;
}

void *tk_map_foreign(uint16_t domid, const uint64_t *mfns, size_t count,
		     bool writable, struct tk_map_failure *failure)
{
	int *errors = malloc(count * sizeof(*errors));
	void *va = NULL;

	if (errors)
		va = pv_map_frames(domid, mfns, count, writable, errors);
	if (!va) {
		if (failure)
			*failure = (struct tk_map_failure){ 0, ENOMEM_RC };
	} else if (!all_mapped(errors, count, failure)) {
		pv_unmap_frames(va, count);
		va = NULL;
	}
	free(errors);
	return va;
}

void tk_unmap_foreign(void *address, size_t count)
{
	pv_unmap_frames(address, count);
}

int tk_evtchn_bind_interdomain(uint16_t domid, uint32_t remote_port,
			       tk_event_handler *handler, void *context)
{
	return pv_event_bind_interdomain(domid, remote_port, handler, context);
}

int tk_evtchn_bind_virq(uint32_t virq, tk_event_handler *handler, void *context)
{
	return pv_event_bind_virq(virq, handler, context);
}

void tk_evtchn_close(uint32_t port)
{
	pv_event_close(port);
}

int tk_evtchn_notify(uint32_t port)
{
	return pv_event_notify(port);
}

bool tk_wait(uint64_t deadline_ns)
{
	return pv_wait(deadline_ns);
}

void *tk_grant_map(uint16_t domid, uint32_t ref, bool writable, int *error)
{
	int ignored;

	return pv_grant_map(domid, ref, writable, error ? error : &ignored);
}

void tk_grant_unmap(void *address)
{
	pv_grant_unmap(address);
}

uint64_t tk_clock_ns(void)
{
	return pv_time_ns();
}
