/* SPDX-License-Identifier: MIT */
/*
 * See fake_net.h. Checksums here are written the plain way, byte by byte from
 * the definition, so that they judge those under test.
 */
#include "fake_net.h"

#include <stdlib.h>
#include <string.h>

#include <public/grant_table.h>
#include <public/xen.h>
#include <pvguest/event.h>
#include <pvguest/grant.h>
#include <pvguest/mm.h>
#include <pvguest/time.h>

struct fake_grant fake_grants[FAKE_GRANTS];
unsigned int fake_copies, fake_copy_calls;
unsigned int fake_notified[64];
uint64_t fake_now_ns;

void *pv_page_alloc(void)
{
	void *page = aligned_alloc(PV_PAGE_SIZE, PV_PAGE_SIZE);

	memset(page, 0xee, PV_PAGE_SIZE);
	return page;
}

uint64_t pv_va_to_mfn(const void *va)
{
	return (uint64_t)(uintptr_t)va / PV_PAGE_SIZE;
}

uint64_t pv_time_ns(void)
{
	return fake_now_ns;
}

int pv_event_notify(uint32_t port)
{
	fake_notified[port % 64]++;
	return 0;
}

static uint8_t *side(const struct gnttab_copy_ptr *ptr, bool is_ref,
		     bool is_write)
{
	const struct fake_grant *grant;

	if (!is_ref)
		return ptr->domid == DOMID_SELF
			       ? (uint8_t *)(uintptr_t)(ptr->u.gmfn *
							PV_PAGE_SIZE)
			       : NULL;
	if (ptr->u.ref >= FAKE_GRANTS)
		return NULL;
	grant = &fake_grants[ptr->u.ref];
	if (!grant->page || grant->domid != ptr->domid ||
	    (is_write && grant->read_only))
		return NULL;
	return grant->page;
}

static int16_t copy(const struct gnttab_copy *op)
{
	uint8_t *from =
		side(&op->source, op->flags & GNTCOPY_source_gref, false);
	uint8_t *to = side(&op->dest, op->flags & GNTCOPY_dest_gref, true);

	if (!from || !to)
		return GNTST_bad_gntref;
	if (op->source.offset + op->len > (int)PV_PAGE_SIZE ||
	    op->dest.offset + op->len > (int)PV_PAGE_SIZE)
		return GNTST_bad_copy_arg;
	memcpy(to + op->dest.offset, from + op->source.offset, op->len);
	return GNTST_okay;
}

void pv_grants_copy(struct gnttab_copy *copies, size_t count)
{
	size_t i;

	fake_copy_calls++;
	for (i = 0; i < count; i++) {
		copies[i].status = copy(&copies[i]);
		fake_copies++;
	}
}

/* Frames ------------------------------------------------------------------ */

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint32_t plain_sum(uint32_t sum, const uint8_t *at, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++) {
		sum += i % 2 ? at[i] : (uint32_t)at[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

/* Offset and size of the IP header; 0 without one. */
static size_t ip_at(const uint8_t *bytes)
{
	return bytes[12] == 0x81 ? 18 : 14;
}

static uint32_t transport_sum(const uint8_t *bytes, size_t size)
{
	const uint8_t *ip = bytes + ip_at(bytes);
	bool is_ip6 = ip[0] >> 4 == 6;
	size_t header = is_ip6 ? 40 : (ip[0] & 15u) * 4u;
	uint8_t protocol = is_ip6 ? ip[6] : ip[9];
	size_t length = is_ip6 ? (size_t)(ip[4] << 8 | ip[5])
			       : (size_t)(ip[2] << 8 | ip[3]) - header;
	uint32_t sum;

	if (ip + header + length > bytes + size)
		return 0;
	sum = plain_sum(0, is_ip6 ? ip + 8 : ip + 12, is_ip6 ? 32 : 8);
	sum += protocol + (uint32_t)length;
	sum = (sum & 0xffff) + (sum >> 16);
	return plain_sum(sum, ip + header, length);
}

bool fake_checksums_right(const uint8_t *bytes, size_t size)
{
	const uint8_t *ip = bytes + ip_at(bytes);

	if (ip[0] >> 4 == 4 && plain_sum(0, ip, (ip[0] & 15u) * 4u) != 0xffff)
		return false;
	return transport_sum(bytes, size) == 0xffff;
}

static void put_mac(uint8_t *at, uint8_t last)
{
	static const uint8_t first[6] = { 2 };

	memcpy(at, first, 6);
	at[5] = last;
}

static size_t put_ip(uint8_t *ip, const struct fake_frame *frame, size_t length)
{
	uint32_t sum;

	if (frame->is_ip6) {
		ip[0] = 0x60;
		put16(ip + 4, (uint32_t)length);
		ip[6] = frame->is_udp ? 17 : 6;
		ip[7] = 64;
		ip[23] = frame->from;
		ip[39] = frame->to;
		return 40;
	}
	ip[0] = 0x45;
	put16(ip + 2, (uint32_t)length + 20);
	put16(ip + 4, 0xfffe);
	ip[8] = 64;
	ip[9] = frame->is_udp ? 17 : 6;
	ip[15] = frame->from;
	ip[19] = frame->to;
	sum = plain_sum(0, ip, 20);
	put16(ip + 10, ~sum & 0xffff);
	return 20;
}

size_t fake_frame_write(uint8_t *bytes, const struct fake_frame *frame)
{
	size_t header = frame->is_udp ? 8 : 20, size = 14, sum_at, i;
	uint8_t *transport;

	memset(bytes, 0, 128);
	put_mac(bytes, frame->to);
	put_mac(bytes + 6, frame->from);
	if (frame->is_tagged) {
		put16(bytes + 12, 0x8100);
		size += 4;
	}
	put16(bytes + size - 2, frame->is_ip6 ? 0x86dd : 0x0800);
	size += put_ip(bytes + size, frame, header + frame->payload);
	transport = bytes + size;
	put16(transport, frame->port);
	put16(transport + 2, 80);
	if (frame->is_udp)
		put16(transport + 4, (uint32_t)header + frame->payload);
	else
		transport[12] = 0x50;
	if (!frame->is_udp)
		transport[13] = 0x80 | 0x10 | 0x08 | 0x01;
	size += header;
	for (i = 0; i < frame->payload; i++)
		bytes[size + i] = (uint8_t)(i * 7 + i / 256);
	size += frame->payload;
	sum_at = frame->is_udp ? 6 : 16;
	put16(transport + sum_at, ~transport_sum(bytes, size) & 0xffff);
	return size;
}

struct net_packet *fake_packet_of(const uint8_t *bytes, size_t size)
{
	struct net_packet *packet = net_packet_sized((uint32_t)size);

	net_packet_write(packet, 0, bytes, size);
	return packet;
}

struct net_packet *fake_packet(const struct fake_frame *frame)
{
	static uint8_t bytes[66000];

	return fake_packet_of(bytes, fake_frame_write(bytes, frame));
}

const uint8_t *fake_bytes(const struct net_packet *packet)
{
	static uint8_t bytes[66000];

	net_packet_read(packet, 0, bytes, packet->bytes);
	return bytes;
}
