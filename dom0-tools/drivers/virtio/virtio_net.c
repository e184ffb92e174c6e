/* SPDX-License-Identifier: MIT */
/*
 * Virtio network cards [VIRTIO 1.1, 5.1 "Network Device"], modern and
 * transitional: one queue each way, buffers of a page that the device may
 * merge, checksums and TCP batches both ways, link status.
 *
 * The device's filter is not asked for (no control queue): a bridge wants
 * every packet, and a device without that feature passes them on.
 *
 * Owns: struct card; the pages and packets that the device has.
 * Errors: packets that make no sense are dropped and counted; a device that
 * asks for a reset gets one, and what it had is lost, as on a wire.
 */
#include "drivers/virtio/virtio_net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <public/errno.h>
#include <pvguest/mm.h>
#include <pvguest/time.h>

#include "drivers/net_device.h"
#include "drivers/virtio/virtio.h"

/* Features [5.1.3] */
#define F_CSUM       (1ull << 0) /* we may leave checksums to it */
#define F_GUEST_CSUM (1ull << 1) /* it may leave them to us */
#define F_MAC        (1ull << 5)
#define F_GUEST_TSO4 (1ull << 7)
#define F_GUEST_TSO6 (1ull << 8)
#define F_HOST_TSO4  (1ull << 11)
#define F_HOST_TSO6  (1ull << 12)
#define F_MRG_RXBUF  (1ull << 15)
#define F_STATUS     (1ull << 16)

/* Configuration [5.1.4] */
#define CONFIG_MAC     0
#define CONFIG_STATUS  6
#define STATUS_LINK_UP 1

/* struct virtio_net_hdr [5.1.6] */
#define FLAG_NEEDS_CSUM 1
#define FLAG_DATA_VALID 2
#define GSO_TCPV4       1
#define GSO_TCPV6       4
#define GSO_ECN         0x80

struct header {
	uint8_t flags;
	uint8_t gso_type;
	uint16_t header_size;
	uint16_t gso_size;
	uint16_t checksum_start;
	uint16_t checksum_offset;
	uint16_t buffers; /* not there without MRG_RXBUF in legacy devices */
};

#define QUEUE_SIZE     256u
#define RECEIVE_BUDGET 64u   /* packets of a turn */
#define PAGES_HELD     64u   /* on their way out, before we ask for events */
#define FRAME_MAX      1518u /* with a tag, without its checksum */

struct transmission {
	struct net_packet *packet; /* NULL: free */
	struct transmission *next;
	unsigned int index; /* of the header */
};

struct card {
	struct net_port port; /* first */
	struct virtio_device device;
	struct virtqueue receive, transmit;
	uint32_t header_size;
	struct pv_timer again; /* more to receive: after others' turns */

	/* Pages that the device may fill: their addresses are the tokens. */
	unsigned int page_count, page_limit;

	struct transmission transmissions[QUEUE_SIZE], *free;
	struct header *headers; /* [QUEUE_SIZE], the device reads them */
	uint64_t headers_maddr;
	unsigned int pages_held;
};

/* Receiving --------------------------------------------------------------- */

/* Gives the device pages as long as it takes them. */
static void refill(struct card *card)
{
	struct net_segment page;

	while (card->page_count < card->page_limit && net_page_get(&page)) {
		struct virtio_buffer buffer = { .maddr = page.maddr,
						.bytes = page.bytes,
						.device_writes = true };

		if (virtqueue_add(&card->receive, &buffer, 1, page.va)) {
			net_page_put(page.va);
			break;
		}
		card->page_count++;
	}
	virtqueue_kick(&card->receive);
}

/* The next page that came back, with as much of it as was written. */
static bool take_page(struct card *card, struct net_segment *page)
{
	uint32_t written = 0;
	void *va = virtqueue_take(&card->receive, &written);

	if (!va)
		return false;
	card->page_count--;
	if (written > NET_PAGE_SIZE)
		written = 0;
	*page = (struct net_segment){
		.va = va,
		.maddr = pv_va_to_mfn(va) * NET_PAGE_SIZE,
		.bytes = written,
	};
	return true;
}

static void put_page(struct card *card, struct net_segment *page)
{
	net_page_put(page->va);
	card->port.counters.errors++;
}

static enum net_gso gso_of(const struct header *header)
{
	switch (header->gso_type & ~GSO_ECN) {
	case GSO_TCPV4:
		return NET_GSO_TCP4;
	case GSO_TCPV6:
		return NET_GSO_TCP6;
	default:
		return NET_GSO_NONE;
	}
}

/* The first page, behind the header; false: the packet is bad. */
static bool begin_packet(struct card *card, struct net_packet *packet,
			 struct net_segment *page, struct header *header)
{
	memset(header, 0, sizeof(*header));
	if (page->bytes <= card->header_size) {
		put_page(card, page);
		return false;
	}
	memcpy(header, page->va, card->header_size);
	page->va = (char *)page->va + card->header_size;
	page->maddr += card->header_size;
	page->bytes -= card->header_size;
	packet->checksum_blank = header->flags & FLAG_NEEDS_CSUM;
	packet->checksum_valid = header->flags & FLAG_DATA_VALID;
	packet->gso = gso_of(header);
	packet->gso_size = header->gso_size;
	return net_packet_add(packet, page);
}

/* The pages behind the first; all are taken even if they are too many. */
static bool add_pages(struct card *card, struct net_packet *packet,
		      unsigned int count)
{
	struct net_segment page;
	bool is_good = true;

	for (; count > 0 && take_page(card, &page); count--) {
		if (page.bytes > 0 && net_packet_add(packet, &page))
			continue;
		put_page(card, &page);
		is_good = false;
	}
	return is_good && count == 0 && packet->bytes <= NET_PACKET_MAX;
}

static bool receive_one(struct card *card)
{
	struct net_segment page;
	struct net_packet *packet;
	struct header header;
	bool is_good;

	if (!take_page(card, &page))
		return false;
	packet = net_packet_new();
	if (!packet) {
		put_page(card, &page);
		return true;
	}
	is_good = begin_packet(card, packet, &page, &header);
	if (is_good && header.buffers > 1)
		is_good = add_pages(card, packet, header.buffers - 1u);
	if (is_good)
		net_port_receive(&card->port, packet);
	else
		net_packet_put(packet);
	return true;
}

static void received(void *context)
{
	struct card *card = context;
	unsigned int budget = RECEIVE_BUDGET;

	virtqueue_events_off(&card->receive);
	while (budget > 0 && receive_one(card))
		budget--;
	refill(card);
	if (budget == 0 || virtqueue_events_on(&card->receive))
		pv_timer_start(&card->again, 0);
	net_ports_run();
}

/* Transmitting ------------------------------------------------------------ */

static void finish(struct card *card, struct transmission *done)
{
	card->pages_held -= done->packet->segment_count;
	net_packet_put(done->packet);
	done->packet = NULL;
	done->next = card->free;
	card->free = done;
}

static void reclaim(struct card *card)
{
	struct transmission *done;

	while ((done = virtqueue_take(&card->transmit, NULL)))
		finish(card, done);
}

/* What the device is to do with the packet. */
static void fill_header(struct header *header, struct net_packet *packet)
{
	struct net_headers headers;

	memset(header, 0, sizeof(*header));
	if (!packet->checksum_blank)
		return;
	net_headers_read(packet, &headers);
	net_checksum_prepare(packet, &headers,
			     packet->bytes - headers.transport);
	header->flags = FLAG_NEEDS_CSUM;
	header->checksum_start = headers.transport;
	header->checksum_offset =
		(uint16_t)(headers.checksum - headers.transport);
	if (packet->gso == NET_GSO_NONE)
		return;
	header->gso_type = packet->gso == NET_GSO_TCP4 ? GSO_TCPV4 : GSO_TCPV6;
	header->header_size = headers.payload;
	header->gso_size = packet->gso_size;
}

/* False: no room. Otherwise the packet is the card's. */
static bool send(struct card *card, struct net_packet *packet)
{
	struct virtio_buffer buffers[1 + NET_SEGMENTS_MAX] = { 0 };
	struct transmission *sent = card->free;
	unsigned int i;

	if (!sent)
		return false;
	fill_header(&card->headers[sent->index], packet);
	buffers[0].maddr =
		card->headers_maddr + sent->index * sizeof(struct header);
	buffers[0].bytes = card->header_size;
	for (i = 0; i < packet->segment_count; i++) {
		buffers[1 + i].maddr = packet->segments[i].maddr;
		buffers[1 + i].bytes = packet->segments[i].bytes;
	}
	if (virtqueue_add(&card->transmit, buffers, 1 + i, sent))
		return false;
	card->free = sent->next;
	sent->packet = packet;
	card->pages_held += packet->segment_count;
	return true;
}

/* True: something stays in the port's queue. */
static bool send_all(struct card *card)
{
	struct net_packet *packet;

	reclaim(card);
	while ((packet = net_port_peek(&card->port, 0))) {
		if (!send(card, packet))
			break;
		net_port_take(&card->port, 0);
	}
	virtqueue_kick(&card->transmit);
	return packet;
}

/*
 * Events only when there is something to wait for: room, or many pages. What
 * else the device has sent is taken back the next time.
 */
static void start(struct net_port *port)
{
	struct card *card = (struct card *)port;

	while (send_all(card) || card->pages_held > PAGES_HELD) {
		if (!virtqueue_events_on(&card->transmit))
			return;
	}
	virtqueue_events_off(&card->transmit);
}

static void transmitted(void *context)
{
	struct card *card = context;

	start(&card->port);
}

static const struct net_port_ops card_ops = {
	.start = start,
};

/* Link -------------------------------------------------------------------- */

static void read_link(struct card *card)
{
	uint16_t status = STATUS_LINK_UP;

	if (card->device.features & F_STATUS)
		virtio_config_read(&card->device, CONFIG_STATUS, &status,
				   sizeof(status));
	net_port_set_link(&card->port, status & STATUS_LINK_UP);
}

/* Begin and reset --------------------------------------------------------- */

static void make_transmissions(struct card *card)
{
	unsigned int i;

	card->free = NULL;
	for (i = 0; i < QUEUE_SIZE; i++) {
		struct transmission *made = &card->transmissions[i];

		if (made->packet)
			net_packet_put(made->packet);
		*made = (struct transmission){ .index = i, .next = card->free };
		card->free = made;
	}
	card->pages_held = 0;
}

/* All features that the device offers and that make sense together. */
static int negotiate(struct card *card)
{
	struct virtio_device *device = &card->device;
	uint64_t wanted = F_CSUM | F_GUEST_CSUM | F_MAC | F_HOST_TSO4 |
			  F_HOST_TSO6 | F_MRG_RXBUF | F_STATUS;

	/* Batches need many pages, and their checksums are blank. */
	if ((device->offered & F_MRG_RXBUF) && (device->offered & F_GUEST_CSUM))
		wanted |= F_GUEST_TSO4 | F_GUEST_TSO6;
	if (!(device->offered & F_CSUM))
		wanted &= ~(F_HOST_TSO4 | F_HOST_TSO6);
	return virtio_negotiate(device, wanted);
}

static void describe(struct card *card)
{
	struct net_port *port = &card->port;
	uint64_t features = card->device.features;
	struct net_offloads *offloads = &port->offloads;

	if (features & F_MAC)
		virtio_config_read(&card->device, CONFIG_MAC, port->mac,
				   NET_MAC_SIZE);
	offloads->checksum4 = features & F_CSUM;
	offloads->checksum6 = features & F_CSUM;
	offloads->tso4 = features & F_HOST_TSO4;
	offloads->tso6 = features & F_HOST_TSO6;
	offloads->packet_max = FRAME_MAX;
	offloads->segments_max =
		virtqueue_buffers_max(&card->transmit) > NET_SEGMENTS_MAX
			? NET_SEGMENTS_MAX
			: virtqueue_buffers_max(&card->transmit) - 1;
	card->header_size = sizeof(struct header);
	/* [5.1.6.1]: legacy devices know the last field only with MRG_RXBUF. */
	if (!card->device.modern && !(features & F_MRG_RXBUF))
		card->header_size -= sizeof(uint16_t);
}

static int set_up(struct card *card)
{
	struct virtio_device *device = &card->device;
	int rc = negotiate(card);

	if (!rc)
		rc = virtio_irq_setup(device, 2);
	if (!rc)
		rc = virtio_queue_setup(device, &card->receive, 0, QUEUE_SIZE,
					received, card);
	if (!rc)
		rc = virtio_queue_setup(device, &card->transmit, 1, QUEUE_SIZE,
					transmitted, card);
	card->headers = rc ? NULL : pv_dma_alloc(1, 0, &card->headers_maddr);
	return rc ? rc : card->headers ? 0 : -XEN_ENOMEM;
}

/* What the device had is lost. The queues know the pages. */
static void take_back(struct card *card)
{
	unsigned int i;

	for (i = 0; i < card->receive.size; i++) {
		if (card->receive.tokens[i])
			net_page_put(card->receive.tokens[i]);
	}
	card->page_count = 0;
	make_transmissions(card);
}

static void reset(struct card *card)
{
	int rc = virtio_reset(&card->device);

	card->port.counters.errors++;
	/* While it may still write to its pages, they stay where they are. */
	if (rc) {
		net_port_set_link(&card->port, false);
		return;
	}
	take_back(card);
	rc = negotiate(card);
	if (!rc)
		rc = virtio_queue_restart(&card->receive);
	if (!rc)
		rc = virtio_queue_restart(&card->transmit);
	if (rc) {
		net_port_set_link(&card->port, false);
		return;
	}
	describe(card);
	virtio_start(&card->device);
	refill(card);
	read_link(card);
}

/* [2.1.2]: a device that needs a reset says so by this. */
static void config_changed(void *context)
{
	struct card *card = context;

	if (virtio_needs_reset(&card->device))
		reset(card);
	else
		read_link(card);
}

static void begin(struct card *card)
{
	card->device.config_changed = config_changed;
	card->device.context = card;
	card->again.handler = received;
	card->again.context = card;
	card->page_limit = card->receive.size < QUEUE_SIZE ? card->receive.size
							   : QUEUE_SIZE;
	make_transmissions(card);
	virtio_start(&card->device);
	refill(card);
	virtqueue_events_on(&card->receive);
	read_link(card);
}

int virtio_net_probe(struct pci_device *pci)
{
	struct card *card = calloc(1, sizeof(*card));
	int rc;

	if (!card)
		return -XEN_ENOMEM;
	rc = virtio_open(&card->device, pci);
	if (!rc)
		rc = set_up(card);
	if (!rc) {
		describe(card);
		card->port.ops = &card_ops;
		card->port.queue_count = 1;
		rc = net_card_register(&card->port);
	}
	if (rc) {
		virtio_close(&card->device);
		free(card);
		return rc;
	}
	begin(card);
	return 0;
}
