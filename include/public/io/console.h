/* SPDX-License-Identifier: MIT */
/*
 * The console ring: one page shared by a guest and the console backend.
 *
 * The guest writes out[], out_prod and in_cons; the backend writes in[],
 * in_prod and out_cons. Indices run freely and are masked on use. To write:
 * copy the bytes, write barrier, advance the producer, notify. To read: load
 * the producer, read barrier, copy the bytes, full barrier, advance the
 * consumer, notify. Neither side may believe that producer - consumer is at
 * most the size of the ring.
 */
#ifndef XEN_PUBLIC_IO_CONSOLE_H
#define XEN_PUBLIC_IO_CONSOLE_H

#include <stdint.h>

typedef uint32_t XENCONS_RING_IDX;

#define MASK_XENCONS_IDX(idx, ring) ((idx) & (sizeof(ring) - 1))

struct xencons_interface {
	char in[1024];  /* to the guest */
	char out[2048]; /* from the guest */
	XENCONS_RING_IDX in_cons, in_prod;
	XENCONS_RING_IDX out_cons, out_prod;
};

#endif /* XEN_PUBLIC_IO_CONSOLE_H */
