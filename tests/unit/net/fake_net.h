/* SPDX-License-Identifier: MIT */
/*
 * What the network of the control domain stands on, for tests on this
 * machine: pages, and another domain's grants, event channels and rings. A
 * machine address is the address itself.
 *
 * Also packets with correct headers, to send and to compare with.
 */
#ifndef TESTS_UNIT_NET_FAKE_NET_H
#define TESTS_UNIT_NET_FAKE_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/net_device.h"
#include "drivers/net_packet.h"

#define FAKE_GRANTS 1024u

/* A page that a domain has granted to us; NULL: nothing. */
struct fake_grant {
	uint8_t *page;
	uint16_t domid;
	bool read_only;
};
extern struct fake_grant fake_grants[FAKE_GRANTS];
/* Copies done, and hypercalls for them. */
extern unsigned int fake_copies, fake_copy_calls;
extern unsigned int fake_notified[64];
extern uint64_t fake_now_ns;

/* Ethernet, IP and TCP or UDP. */
struct fake_frame {
	uint8_t to, from; /* last byte of 02:00:00:00:00:XX */
	bool is_ip6, is_udp, is_tagged;
	uint32_t payload;
	uint16_t port; /* of the source */
};
/* Writes it, with payload bytes that depend on their place; its size. */
size_t fake_frame_write(uint8_t *bytes, const struct fake_frame *frame);
/* The same as a packet of pages of the pool. */
struct net_packet *fake_packet(const struct fake_frame *frame);
struct net_packet *fake_packet_of(const uint8_t *bytes, size_t size);

/* Whether IP and TCP or UDP checksums of a frame are right. */
bool fake_checksums_right(const uint8_t *bytes, size_t size);

/* The whole packet, in a buffer that the next call overwrites. */
const uint8_t *fake_bytes(const struct net_packet *packet);

#endif /* TESTS_UNIT_NET_FAKE_NET_H */
