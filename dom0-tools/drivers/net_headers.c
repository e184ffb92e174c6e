/* SPDX-License-Identifier: MIT */
/*
 * See net_headers.h. A reader walks along the first segment; each step fails
 * when what it wants is not there entirely, and the offsets found so far stay.
 */
#include "drivers/net_headers.h"

#define ETHERTYPE_TAG         0x8100u
#define ETHERTYPE_SERVICE_TAG 0x88a8u
#define TAGS_MAX              2
#define EXTENSIONS_MAX        6

/* IPv6 extension headers that may stand before TCP [RFC 8200 4] */
#define IP6_HOP_BY_HOP  0u
#define IP6_ROUTING     43u
#define IP6_DESTINATION 60u

struct reader {
	const uint8_t *bytes;
	uint32_t size; /* of the first segment */
	uint32_t at;
};

/* The next `size` bytes, or NULL. */
static const uint8_t *look(const struct reader *reader, uint32_t size)
{
	if (size > reader->size - reader->at)
		return NULL;
	return reader->bytes + reader->at;
}

static bool read_ethernet(struct reader *reader, struct net_headers *headers)
{
	const uint8_t *at = look(reader, NET_HEADER_SIZE);
	unsigned int tags;

	if (!at)
		return false;
	headers->ethertype = net_get16(at + 12);
	reader->at = NET_HEADER_SIZE;
	for (tags = 0; tags < TAGS_MAX; tags++) {
		if (headers->ethertype != ETHERTYPE_TAG &&
		    headers->ethertype != ETHERTYPE_SERVICE_TAG)
			break;
		at = look(reader, 4);
		if (!at)
			return false;
		headers->ethertype = net_get16(at + 2);
		reader->at += 4;
	}
	return true;
}

/* True: a TCP or UDP header may follow. */
static bool read_ip4(struct reader *reader, struct net_headers *headers)
{
	const uint8_t *at = look(reader, 20);
	uint32_t size;

	if (!at || at[0] >> 4 != 4)
		return false;
	size = (at[0] & 15u) * 4;
	if (size < 20 || !look(reader, size))
		return false;
	headers->network = (uint16_t)reader->at;
	headers->protocol = at[9];
	reader->at += size;
	/* More fragments, or not the first one. */
	return (net_get16(at + 6) & 0x3fff) == 0;
}

static bool is_extension(uint8_t next)
{
	return next == IP6_HOP_BY_HOP || next == IP6_ROUTING ||
	       next == IP6_DESTINATION;
}

static bool read_ip6(struct reader *reader, struct net_headers *headers)
{
	const uint8_t *at = look(reader, 40);
	unsigned int i;

	if (!at || at[0] >> 4 != 6)
		return false;
	headers->network = (uint16_t)reader->at;
	headers->protocol = at[6];
	reader->at += 40;
	for (i = 0; i < EXTENSIONS_MAX; i++) {
		uint32_t size;

		if (!is_extension(headers->protocol))
			return true;
		at = look(reader, 8);
		size = at ? (at[1] + 1u) * 8 : 0;
		if (!at || !look(reader, size))
			return false;
		headers->protocol = at[0];
		reader->at += size;
	}
	return false;
}

static void read_transport(struct reader *reader, struct net_headers *headers)
{
	bool is_tcp = headers->protocol == NET_PROTOCOL_TCP;
	const uint8_t *at = look(reader, is_tcp ? 20 : 8);
	uint32_t size = 8;

	if (!at || (!is_tcp && headers->protocol != NET_PROTOCOL_UDP))
		return;
	if (is_tcp)
		size = (at[12] >> 4) * 4u;
	if ((is_tcp && size < 20) || !look(reader, size))
		return;
	headers->transport = (uint16_t)reader->at;
	headers->checksum = (uint16_t)(reader->at + (is_tcp ? 16 : 6));
	headers->payload = (uint16_t)(reader->at + size);
}

void net_headers_read(const struct net_packet *packet,
		      struct net_headers *headers)
{
	struct reader reader = { 0 };
	bool has_transport = false;

	*headers = (struct net_headers){ 0 };
	if (packet->segment_count == 0)
		return;
	reader.bytes = packet->segments[0].va;
	reader.size = packet->segments[0].bytes;
	if (!read_ethernet(&reader, headers))
		return;
	if (headers->ethertype == NET_ETHERTYPE_IP4)
		has_transport = read_ip4(&reader, headers);
	else if (headers->ethertype == NET_ETHERTYPE_IP6)
		has_transport = read_ip6(&reader, headers);
	if (has_transport)
		read_transport(&reader, headers);
}

/* Multiply and fold: good enough to spread flows over a few queues. */
static uint32_t mix(uint32_t hash, uint32_t value)
{
	hash = (hash ^ value) * 0x9e3779b1u;
	return hash ^ hash >> 15;
}

uint32_t net_headers_flow(const struct net_packet *packet,
			  const struct net_headers *headers)
{
	const uint8_t *bytes;
	uint32_t hash = 0;
	unsigned int at, end;

	if (headers->network == 0)
		return 0;
	bytes = packet->segments[0].va;
	at = headers->network;
	/* Source and destination address lie side by side in both. */
	if (headers->ethertype == NET_ETHERTYPE_IP4) {
		at += 12;
		end = at + 8;
	} else {
		at += 8;
		end = at + 32;
	}
	for (; at < end; at += 4)
		hash = mix(hash, net_get32(bytes + at));
	if (headers->transport)
		hash = mix(hash, net_get32(bytes + headers->transport));
	return hash;
}
