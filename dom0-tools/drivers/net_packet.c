/* SPDX-License-Identifier: MIT */
/*
 * Packets and their pages: net_packet.h. Free pages are linked through their
 * first bytes.
 */
#include "drivers/net_packet.h"

#include <stdlib.h>
#include <string.h>

#include <pvguest/mm.h>

#define PACKETS_AT_ONCE 64u

struct free_page {
	struct free_page *next;
};

static struct free_page *free_pages;
static unsigned int free_page_count;
static unsigned int page_count; /* all that we have, free or not */
static struct net_packet *free_packets;

static void *page_start(void *va)
{
	return (void *)((uintptr_t)va & ~(uintptr_t)(NET_PAGE_SIZE - 1));
}

static bool make_page(void)
{
	void *page = page_count < NET_POOL_PAGES ? pv_page_alloc() : NULL;

	if (!page)
		return false;
	page_count++;
	net_page_put(page);
	return true;
}

bool net_page_get(struct net_segment *page)
{
	if (!free_pages && !make_page())
		return false;
	*page = (struct net_segment){
		.va = free_pages,
		.maddr = pv_va_to_mfn(free_pages) * NET_PAGE_SIZE,
		.bytes = NET_PAGE_SIZE,
	};
	free_pages = free_pages->next;
	free_page_count--;
	return true;
}

void net_page_put(void *va)
{
	struct free_page *page = page_start(va);

	page->next = free_pages;
	free_pages = page;
	free_page_count++;
}

unsigned int net_pages_free(void)
{
	return free_page_count + (NET_POOL_PAGES - page_count);
}

/* Packets ----------------------------------------------------------------- */

static bool make_packets(void)
{
	struct net_packet *packets = calloc(PACKETS_AT_ONCE, sizeof(*packets));
	unsigned int i;

	if (!packets)
		return false;
	for (i = 0; i < PACKETS_AT_ONCE; i++) {
		packets[i].next = free_packets;
		free_packets = &packets[i];
	}
	return true;
}

/* Segments stay as they were: only those below segment_count mean anything. */
static void clear(struct net_packet *packet)
{
	packet->segment_count = 0;
	packet->bytes = 0;
	packet->checksum_blank = false;
	packet->checksum_valid = false;
	packet->gso = NET_GSO_NONE;
	packet->gso_size = 0;
	packet->flow = 0;
	packet->references = 1;
	packet->next = NULL;
}

struct net_packet *net_packet_new(void)
{
	struct net_packet *packet;

	if (!free_packets && !make_packets())
		return NULL;
	packet = free_packets;
	free_packets = packet->next;
	clear(packet);
	return packet;
}

struct net_packet *net_packet_sized(uint32_t bytes)
{
	struct net_packet *packet = net_packet_new();
	struct net_segment page;

	while (packet && packet->bytes < bytes) {
		if (packet->segment_count == NET_SEGMENTS_MAX ||
		    !net_page_get(&page)) {
			net_packet_put(packet);
			return NULL;
		}
		if (page.bytes > bytes - packet->bytes)
			page.bytes = bytes - packet->bytes;
		net_packet_add(packet, &page);
	}
	return packet;
}

struct net_packet *net_packet_get(struct net_packet *packet)
{
	packet->references++;
	return packet;
}

void net_packet_put(struct net_packet *packet)
{
	unsigned int i;

	if (--packet->references > 0)
		return;
	for (i = 0; i < packet->segment_count; i++)
		net_page_put(packet->segments[i].va);
	packet->next = free_packets;
	free_packets = packet;
}

bool net_packet_add(struct net_packet *packet,
		    const struct net_segment *segment)
{
	if (packet->segment_count == NET_SEGMENTS_MAX)
		return false;
	packet->segments[packet->segment_count++] = *segment;
	packet->bytes += segment->bytes;
	return true;
}

/* Contents ---------------------------------------------------------------- */

/* Where `*offset` lies: the segment, and the rest of the offset in it. */
static unsigned int find(const struct net_packet *packet, uint32_t *offset)
{
	unsigned int i = 0;

	while (i < packet->segment_count &&
	       *offset >= packet->segments[i].bytes)
		*offset -= packet->segments[i++].bytes;
	return i;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

void net_packet_read(const struct net_packet *packet, uint32_t offset,
		     void *data, size_t size)
{
	unsigned int i = find(packet, &offset);
	char *to = data;

	for (; size > 0 && i < packet->segment_count; i++, offset = 0) {
		const struct net_segment *segment = &packet->segments[i];
		size_t part = least(size, segment->bytes - offset);

		memcpy(to, (const char *)segment->va + offset, part);
		to += part;
		size -= part;
	}
}

void net_packet_write(struct net_packet *packet, uint32_t offset,
		      const void *data, size_t size)
{
	unsigned int i = find(packet, &offset);
	const char *from = data;

	for (; size > 0 && i < packet->segment_count; i++, offset = 0) {
		const struct net_segment *segment = &packet->segments[i];
		size_t part = least(size, segment->bytes - offset);

		memcpy((char *)segment->va + offset, from, part);
		from += part;
		size -= part;
	}
}

void net_packet_copy(struct net_packet *to, uint32_t to_offset,
		     const struct net_packet *from, uint32_t offset,
		     size_t size)
{
	unsigned int i = find(from, &offset);

	for (; size > 0 && i < from->segment_count; i++, offset = 0) {
		const struct net_segment *segment = &from->segments[i];
		size_t part = least(size, segment->bytes - offset);

		net_packet_write(to, to_offset,
				 (const char *)segment->va + offset, part);
		to_offset += (uint32_t)part;
		size -= part;
	}
}

struct net_packet *net_packet_clone(const struct net_packet *packet)
{
	struct net_packet *copy = net_packet_sized(packet->bytes);

	if (!copy)
		return NULL;
	net_packet_copy(copy, 0, packet, 0, packet->bytes);
	copy->checksum_blank = packet->checksum_blank;
	copy->checksum_valid = packet->checksum_valid;
	copy->gso = packet->gso;
	copy->gso_size = packet->gso_size;
	copy->flow = packet->flow;
	return copy;
}
