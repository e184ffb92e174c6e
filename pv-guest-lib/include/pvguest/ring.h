/* SPDX-License-Identifier: MIT */
/*
 * The rings of block and network devices (<public/io/ring.h>), both ends: one
 * end puts requests in, the other takes them out and puts responses into the
 * same slots. The other end is not trusted: indices of ours are private,
 * indices of the other's are read once and checked, and what is taken is a
 * copy that the other end cannot change any more.
 *
 * A back end:	while (pv_back_ring_waiting(ring) > 0) take, answer;
 *		if (pv_back_ring_publish(ring)) notify;
 *		before it sleeps: if (pv_back_ring_rearm(ring)) once more.
 * A front end is the same with requests and responses exchanged.
 *
 * Context: any; no locks. The memory is the caller's.
 */
#ifndef PVGUEST_RING_H
#define PVGUEST_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the two ends share, in front of the slots. */
struct pv_ring_shared {
	uint32_t req_prod, req_event; /* front end's, back end's */
	uint32_t rsp_prod, rsp_event; /* back end's, front end's */
	uint8_t pad[48];
};

/* Our side of it. Indices run freely; all but `shared` is private. */
struct pv_ring {
	struct pv_ring_shared *shared;
	uint8_t *slots;
	uint32_t slot_size;
	uint32_t size;      /* slots, a power of two */
	uint32_t req;       /* requests: put, or taken */
	uint32_t rsp;       /* responses: put, or taken */
	uint32_t published; /* how far the other end knows of ours */
};

/* Slots of a ring in so many bytes. */
uint32_t pv_ring_slots(size_t bytes, size_t slot_size);

/* The back end -------------------------------------------------------------*/

/*
 * Goes on where the ring's last response is. -XEN_EBADMSG when its indices
 * make no sense.
 */
int pv_back_ring_attach(struct pv_ring *ring, void *area, size_t bytes,
			size_t slot_size);

/*
 * Requests to take now, at most as many as have room for their response;
 * -XEN_EBADMSG when the front end's index cannot be.
 */
int pv_back_ring_waiting(const struct pv_ring *ring);
/* Copies the next request, `size` bytes of its slot. Only if one waits. */
void pv_back_ring_take(struct pv_ring *ring, void *request, size_t size);

/* Puts a response, for which a request has been taken. Not seen yet. */
void pv_back_ring_answer(struct pv_ring *ring, const void *response,
			 size_t size);
/* Shows all responses; true when the front end wants to be notified. */
bool pv_back_ring_publish(struct pv_ring *ring);
/* Asks for a notification with the next request; true: one is there now. */
bool pv_back_ring_rearm(const struct pv_ring *ring);
/* The same with the request that is the `count`th from now, at least 1. */
bool pv_back_ring_rearm_after(const struct pv_ring *ring, uint32_t count);

/* The front end ------------------------------------------------------------*/

/* Makes an empty ring. */
void pv_front_ring_init(struct pv_ring *ring, void *area, size_t bytes,
			size_t slot_size);

/* Requests that can be put. */
uint32_t pv_front_ring_room(const struct pv_ring *ring);
void pv_front_ring_put(struct pv_ring *ring, const void *request, size_t size);
/* Shows all requests; true when the back end wants to be notified. */
bool pv_front_ring_publish(struct pv_ring *ring);

/* Responses to take now; -XEN_EBADMSG when the back end's index cannot be. */
int pv_front_ring_waiting(const struct pv_ring *ring);
void pv_front_ring_take(struct pv_ring *ring, void *response, size_t size);
/* Asks for a notification with the next response; true: one is there now. */
bool pv_front_ring_rearm(const struct pv_ring *ring);
bool pv_front_ring_rearm_after(const struct pv_ring *ring, uint32_t count);

#endif /* PVGUEST_RING_H */
