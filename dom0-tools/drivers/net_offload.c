/* SPDX-License-Identifier: MIT */
/* Checksums and segmentation: net_offload.h. */
#include "drivers/net_offload.h"

#include <string.h>

#define TCP_FIN 0x01u
#define TCP_PSH 0x08u
#define TCP_CWR 0x80u

/* Checksums --------------------------------------------------------------- */

/* Adds bytes to a running sum; `odd` bytes came before, so halves swap. */
static uint64_t sum_bytes(uint64_t sum, const uint8_t *at, size_t size,
			  bool is_odd)
{
	uint64_t part = 0;
	size_t i;

	for (i = 0; i + 4 <= size; i += 4) {
		uint32_t word;

		memcpy(&word, at + i, sizeof(word));
		part += word;
	}
	for (; i < size; i++)
		part += (uint64_t)at[i] << (i % 2 * 8);
	while (part >> 16)
		part = (part & 0xffff) + (part >> 16);
	if (is_odd)
		part = (part & 0xff) << 8 | part >> 8;
	return sum + part;
}

/* The sum of words in memory order; as a big-endian number when stored. */
static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* `length` bytes from `offset` on. */
static uint64_t sum_packet(const struct net_packet *packet, uint32_t offset,
			   uint32_t length)
{
	uint64_t sum = 0;
	uint32_t done = 0;
	unsigned int i;

	for (i = 0; i < packet->segment_count && done < length; i++) {
		const struct net_segment *segment = &packet->segments[i];
		uint32_t skip = least(offset, segment->bytes);
		uint32_t part = least(segment->bytes - skip, length - done);

		sum = sum_bytes(sum, (const uint8_t *)segment->va + skip, part,
				done % 2);
		done += part;
		offset -= skip;
	}
	return sum;
}

static uint8_t *first_bytes(const struct net_packet *packet)
{
	return packet->segments[0].va;
}

/* Addresses, protocol and length [RFC 9293 3.1] [RFC 8200 8.1]. */
static uint64_t sum_pseudo(const struct net_packet *packet,
			   const struct net_headers *headers, uint32_t length)
{
	const uint8_t *ip = first_bytes(packet) + headers->network;
	uint8_t rest[8] = { 0 };
	uint64_t sum;

	if (headers->ethertype == NET_ETHERTYPE_IP4)
		sum = sum_bytes(0, ip + 12, 8, false);
	else
		sum = sum_bytes(0, ip + 8, 32, false);
	net_put32(rest, length);
	rest[7] = headers->protocol;
	return sum_bytes(sum, rest, sizeof(rest), false);
}

static void store_sum(struct net_packet *packet, uint16_t offset, uint16_t sum)
{
	memcpy(first_bytes(packet) + offset, &sum, sizeof(sum));
}

void net_checksum_prepare(struct net_packet *packet,
			  const struct net_headers *headers, uint32_t length)
{
	store_sum(packet, headers->checksum,
		  fold(sum_pseudo(packet, headers, length)));
}

/* Up to the end of the IP packet: bytes behind it only pad the frame. */
static uint32_t transport_length(const struct net_packet *packet,
				 const struct net_headers *headers)
{
	const uint8_t *ip = first_bytes(packet) + headers->network;
	uint32_t end = headers->network;

	if (headers->ethertype == NET_ETHERTYPE_IP4)
		end += net_get16(ip + 2);
	else
		end += 40u + net_get16(ip + 4);
	if (end > packet->bytes || end < headers->payload)
		end = packet->bytes;
	return end - headers->transport;
}

static void fill(struct net_packet *packet, const struct net_headers *headers)
{
	uint32_t length = transport_length(packet, headers);
	uint16_t sum;

	store_sum(packet, headers->checksum, 0);
	sum = (uint16_t)~fold(sum_pseudo(packet, headers, length) +
			      sum_packet(packet, headers->transport, length));
	/* In UDP 0 means that there is no checksum. */
	if (sum == 0 && headers->protocol == NET_PROTOCOL_UDP)
		sum = 0xffff;
	store_sum(packet, headers->checksum, sum);
	packet->checksum_blank = false;
	packet->checksum_valid = true;
}

void net_checksum_fill(struct net_packet *packet)
{
	struct net_headers headers;

	net_headers_read(packet, &headers);
	if (headers.transport)
		fill(packet, &headers);
	packet->checksum_blank = false;
}

/* Is it what it says ------------------------------------------------------ */

static bool check_gso(struct net_packet *packet,
		      const struct net_headers *headers)
{
	uint16_t ethertype = packet->gso == NET_GSO_TCP4 ? NET_ETHERTYPE_IP4
							 : NET_ETHERTYPE_IP6;

	if (headers->ethertype != ethertype || headers->transport == 0 ||
	    headers->protocol != NET_PROTOCOL_TCP ||
	    headers->payload > NET_HEADERS_MAX ||
	    packet->gso_size < NET_GSO_SIZE_MIN)
		return false;
	if (packet->bytes - headers->payload <= packet->gso_size) {
		packet->gso = NET_GSO_NONE;
		packet->gso_size = 0;
	}
	packet->checksum_blank = true;
	return true;
}

bool net_offload_check(struct net_packet *packet,
		       const struct net_headers *headers)
{
	if (packet->gso != NET_GSO_NONE)
		return check_gso(packet, headers);
	return !packet->checksum_blank || headers->transport != 0;
}

/* Segments ---------------------------------------------------------------- */

void net_segmenter_begin(struct net_segmenter *segmenter,
			 struct net_packet *packet)
{
	segmenter->packet = packet;
	segmenter->number = 0;
	net_headers_read(packet, &segmenter->headers);
	segmenter->at = segmenter->headers.payload;
}

void net_segmenter_end(struct net_segmenter *segmenter)
{
	if (segmenter->packet)
		net_packet_put(segmenter->packet);
	segmenter->packet = NULL;
}

static void fix_ip4(uint8_t *ip, const struct net_headers *headers,
		    uint32_t number, uint32_t bytes)
{
	size_t size = (size_t)(headers->transport - headers->network);
	uint16_t sum;

	net_put16(ip + 2, (uint16_t)(bytes - headers->network));
	net_put16(ip + 4, (uint16_t)(net_get16(ip + 4) + number));
	memset(ip + 10, 0, 2);
	sum = (uint16_t)~fold(sum_bytes(0, ip, size, false));
	memcpy(ip + 10, &sum, sizeof(sum));
}

static void fix_tcp(uint8_t *tcp, uint32_t sequence_offset, bool is_first,
		    bool is_last)
{
	net_put32(tcp + 4, net_get32(tcp + 4) + sequence_offset);
	if (!is_first)
		tcp[13] &= (uint8_t)~TCP_CWR;
	if (!is_last)
		tcp[13] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
}

static void fix_headers(const struct net_segmenter *segmenter,
			struct net_packet *segment)
{
	const struct net_headers *headers = &segmenter->headers;
	uint8_t *bytes = first_bytes(segment);
	uint8_t *ip = bytes + headers->network;
	uint32_t payload = segment->bytes - headers->payload;
	bool is_last = segmenter->at + payload == segmenter->packet->bytes;

	if (headers->ethertype == NET_ETHERTYPE_IP4)
		fix_ip4(ip, headers, segmenter->number, segment->bytes);
	else
		net_put16(ip + 4,
			  (uint16_t)(segment->bytes - headers->network - 40));
	fix_tcp(bytes + headers->transport, segmenter->at - headers->payload,
		segmenter->number == 0, is_last);
}

struct net_packet *net_segmenter_next(struct net_segmenter *segmenter)
{
	const struct net_packet *packet = segmenter->packet;
	uint32_t header_size = segmenter->headers.payload;
	struct net_packet *segment;
	uint32_t payload;

	if (!packet)
		return NULL;
	payload = packet->bytes - segmenter->at;
	if (payload > packet->gso_size)
		payload = packet->gso_size;
	segment = payload ? net_packet_sized(header_size + payload) : NULL;
	if (!segment) {
		net_segmenter_end(segmenter);
		return NULL;
	}
	net_packet_copy(segment, 0, packet, 0, header_size);
	net_packet_copy(segment, header_size, packet, segmenter->at, payload);
	fix_headers(segmenter, segment);
	segment->flow = packet->flow;
	fill(segment, &segmenter->headers);
	segmenter->at += payload;
	segmenter->number++;
	return segment;
}
