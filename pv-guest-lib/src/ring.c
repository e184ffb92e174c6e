/* SPDX-License-Identifier: MIT */
/* Both ends of a shared ring; see ring.h. */
#include <public/errno.h>
#include <pvguest/ring.h>

#include "internal.h"

_Static_assert(sizeof(struct pv_ring_shared) == 64, "slots begin at 64");

uint32_t pv_ring_slots(size_t bytes, size_t slot_size)
{
	size_t fit = (bytes - sizeof(struct pv_ring_shared)) / slot_size;
	uint32_t slots = 1;

	while (slots * 2UL <= fit)
		slots *= 2;
	return slots;
}

static void attach(struct pv_ring *ring, void *area, size_t bytes,
		   size_t slot_size, uint32_t start)
{
	ring->shared = area;
	ring->slots = (uint8_t *)area + sizeof(struct pv_ring_shared);
	ring->slot_size = (uint32_t)slot_size;
	ring->size = pv_ring_slots(bytes, slot_size);
	ring->req = start;
	ring->rsp = start;
	ring->published = start;
}

static uint8_t *slot(const struct pv_ring *ring, uint32_t index)
{
	return ring->slots +
	       (size_t)(index & (ring->size - 1)) * ring->slot_size;
}

/*
 * Barriers: a slot is read after the index that covers it (acquire), and
 * written before it (release). The copy is complete before anything looks at
 * it: the compiler must not go back to the slot, which may say something else
 * by then.
 */
static void copy_from(const struct pv_ring *ring, uint32_t index, void *to,
		      size_t size)
{
	memcpy(to, slot(ring, index), size);
	PV_BARRIER();
}

static uint32_t load(const uint32_t *index)
{
	return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

/*
 * The full barrier, with the one in rearm(): either we see that the other end
 * has asked for a notification, or it sees what we show.
 */
static bool publish(uint32_t *shown, uint32_t *published, uint32_t index,
		    const uint32_t *wanted)
{
	uint32_t old = *published;

	__atomic_store_n(shown, index, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	*published = index;
	return index - load(wanted) < index - old;
}

static void rearm(uint32_t *wanted, uint32_t index)
{
	__atomic_store_n(wanted, index, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* The back end -------------------------------------------------------------*/

int pv_back_ring_attach(struct pv_ring *ring, void *area, size_t bytes,
			size_t slot_size)
{
	const struct pv_ring_shared *shared = area;
	uint32_t start = load(&shared->rsp_prod);

	attach(ring, area, bytes, slot_size, start);
	return pv_back_ring_waiting(ring) < 0 ? -XEN_EBADMSG : 0;
}

int pv_back_ring_waiting(const struct pv_ring *ring)
{
	uint32_t prod = load(&ring->shared->req_prod);

	/* Responses not put yet keep their slots, so both must hold. */
	if (prod - ring->rsp > ring->size ||
	    prod - ring->rsp < ring->req - ring->rsp)
		return -XEN_EBADMSG;
	return (int)(prod - ring->req);
}

void pv_back_ring_take(struct pv_ring *ring, void *request, size_t size)
{
	copy_from(ring, ring->req++, request, size);
}

void pv_back_ring_answer(struct pv_ring *ring, const void *response,
			 size_t size)
{
	memcpy(slot(ring, ring->rsp++), response, size);
}

bool pv_back_ring_publish(struct pv_ring *ring)
{
	if (ring->published == ring->rsp)
		return false;
	return publish(&ring->shared->rsp_prod, &ring->published, ring->rsp,
		       &ring->shared->rsp_event);
}

/* An index that cannot be counts as one that is there: it is found out. */
bool pv_back_ring_rearm_after(const struct pv_ring *ring, uint32_t count)
{
	rearm(&ring->shared->req_event, ring->req + count);
	return load(&ring->shared->req_prod) - ring->req >= count;
}

bool pv_back_ring_rearm(const struct pv_ring *ring)
{
	return pv_back_ring_rearm_after(ring, 1);
}

/* The front end ------------------------------------------------------------*/

void pv_front_ring_init(struct pv_ring *ring, void *area, size_t bytes,
			size_t slot_size)
{
	memset(area, 0, bytes);
	attach(ring, area, bytes, slot_size, 0);
	ring->shared->req_event = 1;
	ring->shared->rsp_event = 1;
}

uint32_t pv_front_ring_room(const struct pv_ring *ring)
{
	return ring->size - (ring->req - ring->rsp);
}

void pv_front_ring_put(struct pv_ring *ring, const void *request, size_t size)
{
	memcpy(slot(ring, ring->req++), request, size);
}

bool pv_front_ring_publish(struct pv_ring *ring)
{
	if (ring->published == ring->req)
		return false;
	return publish(&ring->shared->req_prod, &ring->published, ring->req,
		       &ring->shared->req_event);
}

int pv_front_ring_waiting(const struct pv_ring *ring)
{
	uint32_t prod = load(&ring->shared->rsp_prod);

	if (prod - ring->rsp > ring->published - ring->rsp)
		return -XEN_EBADMSG;
	return (int)(prod - ring->rsp);
}

void pv_front_ring_take(struct pv_ring *ring, void *response, size_t size)
{
	copy_from(ring, ring->rsp++, response, size);
}

bool pv_front_ring_rearm_after(const struct pv_ring *ring, uint32_t count)
{
	rearm(&ring->shared->rsp_event, ring->rsp + count);
	return load(&ring->shared->rsp_prod) - ring->rsp >= count;
}

bool pv_front_ring_rearm(const struct pv_ring *ring)
{
	return pv_front_ring_rearm_after(ring, 1);
}
