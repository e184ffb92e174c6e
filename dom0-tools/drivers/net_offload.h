/* SPDX-License-Identifier: MIT */
/*
 * In software, what a destination does not do in hardware: checksums of TCP
 * and UDP (RFC 1071), and cutting a batch into TCP segments.
 *
 * Owns nothing; a struct net_segmenter holds one reference on its packet.
 */
#ifndef DRIVERS_NET_OFFLOAD_H
#define DRIVERS_NET_OFFLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/net_headers.h"
#include "drivers/net_packet.h"

/*
 * A batch with less payload a segment would cost its maker nothing and us a
 * thousand packets; no network has so small an MTU.
 */
#define NET_GSO_SIZE_MIN 128u

/*
 * Whether what the packet says of itself is true of its contents: a blank
 * checksum has a place, a batch is of TCP and its headers are not too long.
 * Repairs what is only superfluous (a batch that fits in one segment).
 */
bool net_offload_check(struct net_packet *packet,
		       const struct net_headers *headers);

/* Fills in the checksum of TCP or UDP; no effect without either. */
void net_checksum_fill(struct net_packet *packet);

/*
 * Puts the sum over the pseudo header in the checksum's place, as hardware
 * wants to find it; `length` is that of the header and payload of TCP or UDP,
 * 0 where the hardware adds it.
 */
void net_checksum_prepare(struct net_packet *packet,
			  const struct net_headers *headers, uint32_t length);

struct net_segmenter {
	struct net_packet *packet; /* NULL: nothing to do */
	struct net_headers headers;
	uint32_t at;     /* next byte of the packet */
	uint32_t number; /* of the next segment */
};

/* Takes over the caller's reference; the packet passed net_offload_check(). */
void net_segmenter_begin(struct net_segmenter *segmenter,
			 struct net_packet *packet);
/*
 * The next segment with its checksums, a packet of the caller's. NULL at the
 * end, when the batch has been given back, and without memory.
 */
struct net_packet *net_segmenter_next(struct net_segmenter *segmenter);
void net_segmenter_end(struct net_segmenter *segmenter);

#endif /* DRIVERS_NET_OFFLOAD_H */
