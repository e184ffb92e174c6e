/* SPDX-License-Identifier: MIT */
/*
 * Shared rings of block and network devices.
 *
 * One page, or a few, hold struct NAME_sring: four indices and a power of two
 * of slots, each for a request or the response to it. The frontend writes
 * req_prod and rsp_event, the backend rsp_prod and req_event. Indices run
 * freely. Each side keeps private indices in NAME_front_ring or
 * NAME_back_ring; req_event and rsp_event say at which index the other side
 * wants to be notified.
 *
 * The other side may be hostile: copy a request before looking at it
 * (RING_COPY_REQUEST), and check RING_REQUEST_PROD_OVERFLOW.
 *
 * The includer provides xen_mb(), xen_rmb(), xen_wmb(), offsetof and memset,
 * where it uses macros that need them.
 */
#ifndef XEN_PUBLIC_IO_RING_H
#define XEN_PUBLIC_IO_RING_H

#include <stdint.h>

typedef unsigned int RING_IDX;

/* x rounded down to a power of two, as a constant expression; x < 2^32. */
#define XEN_RING_FILL_1(x)  ((x) | ((x) >> 1))
#define XEN_RING_FILL_2(x)  (XEN_RING_FILL_1(x) | (XEN_RING_FILL_1(x) >> 2))
#define XEN_RING_FILL_4(x)  (XEN_RING_FILL_2(x) | (XEN_RING_FILL_2(x) >> 4))
#define XEN_RING_FILL_8(x)  (XEN_RING_FILL_4(x) | (XEN_RING_FILL_4(x) >> 8))
#define XEN_RING_FILL_16(x) (XEN_RING_FILL_8(x) | (XEN_RING_FILL_8(x) >> 16))
#define __RD32(x)                                                              \
	(XEN_RING_FILL_16((unsigned long)(x)) -                                \
	 (XEN_RING_FILL_16((unsigned long)(x)) >> 1))

/* Slots in a ring of size bytes: by type name, and by pointer. */
#define __CONST_RING_SIZE(name, size)                                          \
	(__RD32(((size)-offsetof(struct name##_sring, ring)) /                 \
		sizeof(((struct name##_sring *)0)->ring[0])))
#define __RING_SIZE(s, size)                                                   \
	(__RD32(((size) - ((char *)(s)->ring - (char *)(s))) /                 \
		sizeof((s)->ring[0])))

#define DEFINE_RING_TYPES(name, req_t, rsp_t)                                  \
	union name##_sring_entry {                                             \
		req_t req;                                                     \
		rsp_t rsp;                                                     \
	};                                                                     \
	struct name##_sring {                                                  \
		RING_IDX req_prod, req_event;                                  \
		RING_IDX rsp_prod, rsp_event;                                  \
		union {                                                        \
			struct {                                               \
				uint8_t smartpoll_active;                      \
			} netif;                                               \
			struct {                                               \
				uint8_t msg;                                   \
			} tapif_user;                                          \
			uint8_t pvt_pad[4];                                    \
		} pvt;                                                         \
		uint8_t __pad[44];                                             \
		union name##_sring_entry ring[1]; /* in fact more */           \
	};                                                                     \
	struct name##_front_ring {                                             \
		RING_IDX req_prod_pvt;                                         \
		RING_IDX rsp_cons;                                             \
		unsigned int nr_ents;                                          \
		struct name##_sring *sring;                                    \
	};                                                                     \
	struct name##_back_ring {                                              \
		RING_IDX rsp_prod_pvt;                                         \
		RING_IDX req_cons;                                             \
		unsigned int nr_ents;                                          \
		struct name##_sring *sring;                                    \
	};                                                                     \
	typedef struct name##_sring name##_sring_t;                            \
	typedef struct name##_front_ring name##_front_ring_t;                  \
	typedef struct name##_back_ring name##_back_ring_t

/* Frontend, before it tells the backend: an empty ring. */
#define SHARED_RING_INIT(s)                                                    \
	do {                                                                   \
		(s)->req_prod = 0;                                             \
		(s)->rsp_prod = 0;                                             \
		(s)->req_event = 1;                                            \
		(s)->rsp_event = 1;                                            \
		(void)memset((s)->pvt.pvt_pad, 0, sizeof((s)->pvt.pvt_pad));   \
		(void)memset((s)->__pad, 0, sizeof((s)->__pad));               \
	} while (0)

#define FRONT_RING_ATTACH(r, s, i, size)                                       \
	do {                                                                   \
		(r)->req_prod_pvt = (i);                                       \
		(r)->rsp_cons = (i);                                           \
		(r)->nr_ents = __RING_SIZE(s, size);                           \
		(r)->sring = (s);                                              \
	} while (0)
#define FRONT_RING_INIT(r, s, size) FRONT_RING_ATTACH(r, s, 0, size)
#define XEN_FRONT_RING_INIT(r, s, size)                                        \
	do {                                                                   \
		SHARED_RING_INIT(s);                                           \
		FRONT_RING_INIT(r, s, size);                                   \
	} while (0)

#define BACK_RING_ATTACH(r, s, i, size)                                        \
	do {                                                                   \
		(r)->rsp_prod_pvt = (i);                                       \
		(r)->req_cons = (i);                                           \
		(r)->nr_ents = __RING_SIZE(s, size);                           \
		(r)->sring = (s);                                              \
	} while (0)
#define BACK_RING_INIT(r, s, size) BACK_RING_ATTACH(r, s, 0, size)

#define RING_SIZE(r) ((r)->nr_ents)

/* Frontend: requests that fit. */
#define RING_FREE_REQUESTS(r)                                                  \
	(RING_SIZE(r) - ((r)->req_prod_pvt - (r)->rsp_cons))
#define RING_FULL(r) (RING_FREE_REQUESTS(r) == 0)

/* What the other side has put there and this side not yet taken. */
#define XEN_RING_NR_UNCONSUMED_RESPONSES(r)                                    \
	((r)->sring->rsp_prod - (r)->rsp_cons)
/* Backend: never more than there is room for their responses. */
#define XEN_RING_UNANSWERED_ROOM(r)                                            \
	(RING_SIZE(r) - ((r)->req_cons - (r)->rsp_prod_pvt))
#define XEN_RING_NR_UNCONSUMED_REQUESTS(r)                                     \
	(((r)->sring->req_prod - (r)->req_cons) < XEN_RING_UNANSWERED_ROOM(r)  \
		 ? ((r)->sring->req_prod - (r)->req_cons)                      \
		 : XEN_RING_UNANSWERED_ROOM(r))
#define RING_HAS_UNCONSUMED_RESPONSES(r) XEN_RING_NR_UNCONSUMED_RESPONSES(r)
#define RING_HAS_UNCONSUMED_REQUESTS(r)  XEN_RING_NR_UNCONSUMED_REQUESTS(r)

#define RING_GET_REQUEST(r, idx)                                               \
	(&((r)->sring->ring[(idx) & (RING_SIZE(r) - 1)].req))
#define RING_GET_RESPONSE(r, idx)                                              \
	(&((r)->sring->ring[(idx) & (RING_SIZE(r) - 1)].rsp))

/* Into private memory; volatile, so that the compiler reads once. */
#define RING_COPY_(what, r, idx, dest)                                         \
	do {                                                                   \
		*(dest) = *(volatile __typeof__(dest))RING_GET_##what(r, idx); \
	} while (0)
#define RING_COPY_REQUEST(r, idx, req)  RING_COPY_(REQUEST, r, idx, req)
#define RING_COPY_RESPONSE(r, idx, rsp) RING_COPY_(RESPONSE, r, idx, rsp)

/* Index that cannot be: the other side misbehaves. */
#define RING_REQUEST_CONS_OVERFLOW(r, cons)                                    \
	(((cons) - (r)->rsp_prod_pvt) >= RING_SIZE(r))
#define RING_REQUEST_PROD_OVERFLOW(r, prod)                                    \
	(((prod) - (r)->rsp_prod_pvt) > RING_SIZE(r))
#define RING_RESPONSE_PROD_OVERFLOW(r, prod)                                   \
	(((prod) - (r)->rsp_cons) > RING_SIZE(r))

/* Publish; the slots are written before the index. */
#define RING_PUSH_REQUESTS(r)                                                  \
	do {                                                                   \
		xen_wmb();                                                     \
		(r)->sring->req_prod = (r)->req_prod_pvt;                      \
	} while (0)
#define RING_PUSH_RESPONSES(r)                                                 \
	do {                                                                   \
		xen_wmb();                                                     \
		(r)->sring->rsp_prod = (r)->rsp_prod_pvt;                      \
	} while (0)

/*
 * Publish, and tell whether to notify: if the other side's event index is
 * among the indices just published. The full barrier pairs with the one in
 * RING_FINAL_CHECK; without both, each side could miss the other.
 */
#define XEN_RING_PUSH_(r, which, notify)                                       \
	do {                                                                   \
		RING_IDX old_ = (r)->sring->which##_prod;                      \
		RING_IDX new_ = (r)->which##_prod_pvt;                         \
		xen_wmb();                                                     \
		(r)->sring->which##_prod = new_;                               \
		xen_mb();                                                      \
		(notify) = (RING_IDX)(new_ - (r)->sring->which##_event) <      \
			   (RING_IDX)(new_ - old_);                            \
	} while (0)
#define RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(r, notify)                         \
	XEN_RING_PUSH_(r, req, notify)
#define RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(r, notify)                        \
	XEN_RING_PUSH_(r, rsp, notify)

/*
 * Before going to sleep: ask for a notification with the next item and look
 * once more.
 */
#define XEN_RING_FINAL_CHECK_(r, which, has, work)                             \
	do {                                                                   \
		(work) = has(r);                                               \
		if (work)                                                      \
			break;                                                 \
		(r)->sring->which##_event = (r)->which##_cons + 1;             \
		xen_mb();                                                      \
		(work) = has(r);                                               \
	} while (0)
#define RING_FINAL_CHECK_FOR_REQUESTS(r, work)                                 \
	XEN_RING_FINAL_CHECK_(r, req, RING_HAS_UNCONSUMED_REQUESTS, work)
#define RING_FINAL_CHECK_FOR_RESPONSES(r, work)                                \
	XEN_RING_FINAL_CHECK_(r, rsp, RING_HAS_UNCONSUMED_RESPONSES, work)

#endif /* XEN_PUBLIC_IO_RING_H */
