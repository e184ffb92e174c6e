/* SPDX-License-Identifier: MIT */
/*
 * Reading the headers of a packet: Ethernet with up to two tags
 * (IEEE 802.1Q), IPv4 (RFC 791), IPv6 with extension headers (RFC 8200),
 * TCP (RFC 9293), UDP (RFC 768).
 *
 * Owns nothing. Everything is checked against the first segment, so that
 * what is found lies in it.
 */
#ifndef DRIVERS_NET_HEADERS_H
#define DRIVERS_NET_HEADERS_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/net_packet.h"

#define NET_ETHERTYPE_IP4 0x0800u
#define NET_ETHERTYPE_IP6 0x86ddu
#define NET_PROTOCOL_TCP  6u
#define NET_PROTOCOL_UDP  17u

struct net_headers {
	uint16_t ethertype; /* behind the tags */
	uint16_t network;   /* offset of the IP header, 0: not IP */
	uint16_t transport; /* offset of TCP or UDP, 0: neither */
	uint16_t payload;   /* offset of what is behind TCP or UDP */
	uint8_t protocol;   /* when transport is set */
	/* Offset of the checksum of TCP or UDP, when transport is set. */
	uint16_t checksum;
};

void net_headers_read(const struct net_packet *packet,
		      struct net_headers *headers);

/* A hash over addresses and ports, for the choice of a queue. */
uint32_t net_headers_flow(const struct net_packet *packet,
			  const struct net_headers *headers);

/* Big-endian numbers, at any address. */
static inline uint16_t net_get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t net_get32(const uint8_t *at)
{
	return (uint32_t)net_get16(at) << 16 | net_get16(at + 2);
}

static inline void net_put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline void net_put32(uint8_t *at, uint32_t value)
{
	net_put16(at, (uint16_t)(value >> 16));
	net_put16(at + 2, (uint16_t)value);
}

#endif /* DRIVERS_NET_HEADERS_H */
