/* SPDX-License-Identifier: MIT */
/*
 * Packets on their way through the control domain, and the pages they are in.
 *
 * Owns: a pool of pages that are never given back, and of packets. A page
 * belongs to one packet, or to a driver that keeps it for the hardware to
 * fill. A packet is counted: one that is flooded is in several queues at once,
 * and nobody changes it then (net_packet_is_shared).
 * Layout: segments lie in pages of the pool, each in one page. The first
 * holds all headers: NET_HEADERS_MAX bytes, or the whole packet if shorter.
 * Context: one thread.
 */
#ifndef DRIVERS_NET_PACKET_H
#define DRIVERS_NET_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NET_PAGE_SIZE    4096u
#define NET_MAC_SIZE     6u
#define NET_HEADER_SIZE  14u /* of Ethernet, without tags */
#define NET_PACKET_MAX   65535u
#define NET_SEGMENTS_MAX 18u
#define NET_HEADERS_MAX  256u

/* Pages of the pool, 32 MiB in all; taken from the system when needed. */
#define NET_POOL_PAGES 8192u

struct net_segment {
	void *va;       /* where the control domain has it mapped */
	uint64_t maddr; /* machine address, for DMA and grant copies */
	uint32_t bytes;
};

/* What the packet is a batch of; values as in the rings of guests. */
enum net_gso {
	NET_GSO_NONE,
	NET_GSO_TCP4,
	NET_GSO_TCP6,
};

struct net_packet {
	struct net_segment segments[NET_SEGMENTS_MAX];
	unsigned int segment_count;
	uint32_t bytes;

	/*
	 * The checksum of TCP or UDP is yet to be filled in (by whoever brings
	 * the packet out of this machine), or is known to be good.
	 */
	bool checksum_blank;
	bool checksum_valid;
	enum net_gso gso;
	uint16_t gso_size; /* payload of each TCP segment to be made of it */

	uint32_t flow; /* a hash: packets of a flow stay in order */

	unsigned int references;
	struct net_packet *next; /* the pool's */
};

/*
 * One page, `bytes` set to all of it; contents are whatever was there. False:
 * the pool is used up.
 */
bool net_page_get(struct net_segment *page);
/* `va` is anywhere in the page. */
void net_page_put(void *va);
unsigned int net_pages_free(void);

/* An empty packet with one reference; NULL without memory. */
struct net_packet *net_packet_new(void);
/* The same with `bytes` of room, packed into full pages. */
struct net_packet *net_packet_sized(uint32_t bytes);
struct net_packet *net_packet_get(struct net_packet *packet);
/* The last one gives back the pages. */
void net_packet_put(struct net_packet *packet);

static inline bool net_packet_is_shared(const struct net_packet *packet)
{
	return packet->references > 1;
}

/* Adds a page that is then the packet's; false: too many, it stays yours. */
bool net_packet_add(struct net_packet *packet,
		    const struct net_segment *segment);

/* Bytes in and out, at an offset; the range must be within the packet. */
void net_packet_read(const struct net_packet *packet, uint32_t offset,
		     void *data, size_t size);
void net_packet_write(struct net_packet *packet, uint32_t offset,
		      const void *data, size_t size);
void net_packet_copy(struct net_packet *to, uint32_t to_offset,
		     const struct net_packet *from, uint32_t offset,
		     size_t size);

/*
 * A private copy of all of it, packed. NULL without memory.
 */
struct net_packet *net_packet_clone(const struct net_packet *packet);

#endif /* DRIVERS_NET_PACKET_H */
