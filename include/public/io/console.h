/* SPDX-License-Identifier: MIT */
/*
 * The ring between a domain's console and the console daemon: one page that
 * the domain owns, named in start_info, and one event channel.
 *
 * Both buffers are read and written like this, with free-running indices:
 *	producer: room = size - (prod - cons); write the bytes; barrier;
 *		  prod += n; notify
 *	consumer: read prod; barrier; take the bytes; barrier; cons += n; notify
 */
#ifndef __XEN_PUBLIC_IO_CONSOLE_H__
#define __XEN_PUBLIC_IO_CONSOLE_H__

#include <stdint.h>

typedef uint32_t XENCONS_RING_IDX;

#define MASK_XENCONS_IDX(idx, ring) ((idx) & (sizeof(ring) - 1))

struct xencons_interface {
	char in[1024];             /* written by the daemon: input */
	char out[2048];            /* written by the domain: output */
	XENCONS_RING_IDX in_cons;  /* domain */
	XENCONS_RING_IDX in_prod;  /* daemon */
	XENCONS_RING_IDX out_cons; /* daemon */
	XENCONS_RING_IDX out_prod; /* domain */
};

#endif /* __XEN_PUBLIC_IO_CONSOLE_H__ */
