/* SPDX-License-Identifier: MIT */
/*
 * Intel 82574 gigabit cards (QEMU's e1000e), after the "Intel 82574 GbE
 * Controller Family Datasheet" (revision 3.4), chapters "Inline Functions"
 * (descriptors, checksums), "Initialization" and "Driver Programming
 * Interface". One queue each way, with legacy receive descriptors; scattered
 * packets; checksums of TCP and UDP both ways; all frames are received, for a
 * bridge.
 *
 * Owns: struct card; the pages and packets that are in its rings.
 * Interrupts: one message for everything. Sent packets are taken back when
 * more are sent, and the card is asked for an interrupt only when room or
 * many pages are waited for.
 */
#include "drivers/e1000e/e1000e.h"

#include <stdlib.h>
#include <string.h>

#include <public/errno.h>
#include <pvguest/mm.h>
#include <pvguest/time.h>

#include "drivers/e1000e/e1000e_regs.h"
#include "drivers/net_device.h"

#define RING_SIZE      256u /* descriptors: a page */
#define RECEIVE_BUDGET 64u
#define PAGES_HELD     64u
#define FRAME_MAX      1518u
#define RESET_NS       1000000u /* before registers may be touched */
#define RESET_TRIES    100u
/* A packet takes a context, and a descriptor for each segment. */
#define DESCRIPTORS_MAX (1 + NET_SEGMENTS_MAX)

struct card {
	struct net_port port; /* first */
	struct pci_device *pci;
	volatile uint32_t *registers;
	struct pv_timer again; /* more to receive: after others' turns */
	uint32_t causes;       /* of interrupts, except for sent packets */
	uint32_t sent_cause;

	volatile struct receive_descriptor *receive;
	uint64_t receive_maddr;
	struct net_segment pages[RING_SIZE]; /* va NULL: none */
	unsigned int receive_next;           /* to come back */
	unsigned int receive_tail;           /* to be filled */
	bool is_skipping;                    /* until the end of a bad packet */

	volatile struct transmit_descriptor *transmit;
	uint64_t transmit_maddr;
	struct net_packet *packets[RING_SIZE]; /* by their last descriptor */
	unsigned int transmit_next;            /* to be filled */
	unsigned int transmit_done;            /* the oldest in use */
	unsigned int pages_held;
	uint16_t context; /* offset of the checksum in the last context */
	bool is_asking;   /* for an interrupt when packets are sent */
};

static uint32_t read_register(const struct card *card, unsigned int reg)
{
	return card->registers[reg / 4];
}

static void write_register(const struct card *card, unsigned int reg,
			   uint32_t value)
{
	card->registers[reg / 4] = value;
}

static unsigned int after(unsigned int index)
{
	return (index + 1) % RING_SIZE;
}

/* Receiving --------------------------------------------------------------- */

/* One descriptor stays empty, so that full and empty rings differ. */
static void refill(struct card *card)
{
	unsigned int at = card->receive_tail;

	while (after(at) != card->receive_next) {
		struct net_segment *page = &card->pages[at];

		if (!page->va && !net_page_get(page))
			break;
		card->receive[at].maddr = page->maddr;
		card->receive[at].status = 0;
		at = after(at);
	}
	if (at == card->receive_tail)
		return;
	card->receive_tail = at;
	/* The card reads descriptors after it has seen the tail. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	write_register(card, RDT, at);
}

static bool is_good(const struct card *card, uint16_t bytes, uint8_t errors)
{
	return !card->is_skipping && bytes > 0 && bytes <= NET_PAGE_SIZE &&
	       !(errors & ~(RX_TCPE | RX_IPE));
}

/* The page becomes the packet's. */
static struct net_packet *make_packet(struct net_segment *page, uint16_t bytes)
{
	struct net_packet *packet = net_packet_new();

	if (!packet)
		return NULL;
	page->bytes = bytes;
	net_packet_add(packet, page);
	page->va = NULL;
	return packet;
}

/*
 * Frames fit in one buffer. What comes in more is dropped entirely, and the
 * page of a packet that is dropped is used again.
 */
static bool receive_one(struct card *card)
{
	volatile struct receive_descriptor *at =
		&card->receive[card->receive_next];
	struct net_packet *packet = NULL;
	uint8_t status = at->status, errors;
	bool is_whole = status & RX_EOP;

	if (!(status & RX_DD) || card->receive_next == card->receive_tail)
		return false;
	/* The rest of the descriptor was written before its status. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	errors = at->errors;
	if (is_whole && is_good(card, at->bytes, errors))
		packet = make_packet(&card->pages[card->receive_next],
				     at->bytes);
	if (!packet)
		card->port.counters.errors++;
	card->is_skipping = !is_whole;
	card->receive_next = after(card->receive_next);
	if (!packet)
		return true;
	packet->checksum_valid = !(status & RX_IXSM) && (status & RX_TCPCS) &&
				 !(errors & RX_TCPE);
	net_port_receive(&card->port, packet);
	return true;
}

static void receive(void *context)
{
	struct card *card = context;
	unsigned int budget = RECEIVE_BUDGET;

	while (budget > 0 && receive_one(card))
		budget--;
	refill(card);
	if (budget == 0)
		pv_timer_start(&card->again, 0);
	net_ports_run();
}

/* Transmitting ------------------------------------------------------------ */

static void reclaim(struct card *card)
{
	unsigned int at = card->transmit_done;

	for (; at != card->transmit_next; at = after(at)) {
		struct net_packet *packet = card->packets[at];

		/* Descriptors before a packet's last one say nothing. */
		if (!packet)
			continue;
		if (!(card->transmit[at].status & TX_DD))
			return;
		card->packets[at] = NULL;
		card->pages_held -= packet->segment_count;
		card->transmit_done = after(at);
		net_packet_put(packet);
	}
}

static unsigned int room(const struct card *card)
{
	return (card->transmit_done - card->transmit_next - 1) % RING_SIZE;
}

static void put(struct card *card, uint64_t maddr, uint32_t command,
		uint32_t status)
{
	volatile struct transmit_descriptor *at =
		&card->transmit[card->transmit_next];

	at->maddr = maddr;
	at->command = command;
	at->status = status;
	card->transmit_next = after(card->transmit_next);
}

/* Where the checksum is and what it is over; stays so for later packets. */
static void put_context(struct card *card, const struct net_headers *headers)
{
	uint64_t offsets = (uint64_t)headers->checksum << 40 |
			   (uint64_t)headers->transport << 32;
	uint32_t command = TX_EXTENDED;

	if (headers->protocol == NET_PROTOCOL_TCP)
		command |= TX_CONTEXT_TCP;
	if (card->context == headers->checksum)
		return;
	card->context = headers->checksum;
	put(card, offsets, command, 0);
}

/* The packet is the card's; there is room. */
static void send(struct card *card, struct net_packet *packet)
{
	uint32_t status = 0;
	unsigned int i, last = card->transmit_next;

	if (packet->checksum_blank) {
		struct net_headers headers;

		net_headers_read(packet, &headers);
		net_checksum_prepare(packet, &headers,
				     packet->bytes - headers.transport);
		put_context(card, &headers);
		status = TX_TXSM;
	}
	for (i = 0; i < packet->segment_count; i++) {
		uint32_t command = TX_DATA | TX_EXTENDED | TX_IFCS |
				   packet->segments[i].bytes;

		if (i + 1 == packet->segment_count)
			command |= TX_EOP | TX_RS;
		last = card->transmit_next;
		put(card, packet->segments[i].maddr, command, status);
	}
	card->packets[last] = packet;
	card->pages_held += packet->segment_count;
}

/* True: something stays in the port's queue. */
static bool send_all(struct card *card)
{
	unsigned int before = card->transmit_next;

	reclaim(card);
	while (room(card) >= DESCRIPTORS_MAX) {
		struct net_packet *packet = net_port_take(&card->port, 0);

		if (!packet)
			break;
		send(card, packet);
	}
	if (card->transmit_next != before) {
		__atomic_thread_fence(__ATOMIC_RELEASE);
		write_register(card, TDT, card->transmit_next);
	}
	return net_port_peek(&card->port, 0);
}

static void ask(struct card *card, bool is_asking)
{
	if (card->is_asking == is_asking)
		return;
	card->is_asking = is_asking;
	write_register(card, is_asking ? IMS : IMC, card->sent_cause);
}

/*
 * The card may finish between our look and our question; it then interrupts
 * at once, for the cause is there.
 */
static void start(struct net_port *port)
{
	struct card *card = (struct card *)port;
	bool is_full = send_all(card);

	if (!port->link_up)
		net_port_drain(port);
	ask(card, is_full || card->pages_held > PAGES_HELD);
}

static const struct net_port_ops card_ops = {
	.start = start,
};

/* Interrupts -------------------------------------------------------------- */

static void read_link(struct card *card)
{
	uint32_t status = read_register(card, STATUS);

	/* All bits: the card no longer answers. */
	net_port_set_link(&card->port,
			  status != UINT32_MAX && (status & STATUS_LU));
}

static void interrupt(void *context)
{
	struct card *card = context;
	uint32_t causes = read_register(card, ICR);

	/* With messages reading alone does not clear them. */
	write_register(card, ICR, causes);
	if (causes & (INT_LSC | INT_OTHER))
		read_link(card);
	if (causes & INT_RXO)
		card->port.counters.errors++;
	start(&card->port);
	receive(card);
}

/* Begin ------------------------------------------------------------------- */

static int reset(struct card *card)
{
	unsigned int tries;

	write_register(card, IMC, UINT32_MAX);
	write_register(card, RCTL, 0);
	write_register(card, TCTL, TCTL_PSP);
	write_register(card, CTRL,
		       read_register(card, CTRL) | CTRL_MASTER_DISABLE);
	write_register(card, CTRL, read_register(card, CTRL) | CTRL_RST);
	for (tries = 0; tries < RESET_TRIES; tries++) {
		pv_sleep_ns(RESET_NS);
		if (!(read_register(card, CTRL) & CTRL_RST))
			break;
	}
	write_register(card, IMC, UINT32_MAX);
	read_register(card, ICR);
	return tries < RESET_TRIES ? 0 : -XEN_ETIMEDOUT;
}

/* The card has loaded it from its own memory. */
static void read_mac(struct card *card)
{
	uint32_t low = read_register(card, RAL0);
	uint32_t high = read_register(card, RAH0);

	memcpy(card->port.mac, &low, 4);
	memcpy(card->port.mac + 4, &high, 2);
}

static int make_rings(struct card *card)
{
	card->receive = pv_dma_alloc(1, 0, &card->receive_maddr);
	card->transmit = pv_dma_alloc(1, 0, &card->transmit_maddr);
	return card->receive && card->transmit ? 0 : -XEN_ENOMEM;
}

static void start_receive(struct card *card)
{
	write_register(card, RDBAL, (uint32_t)card->receive_maddr);
	write_register(card, RDBAH, (uint32_t)(card->receive_maddr >> 32));
	write_register(card, RDLEN, RING_SIZE * sizeof(*card->receive));
	write_register(card, RDH, 0);
	write_register(card, RDT, 0);
	write_register(card, RXCSUM, RXCSUM_IPOFL | RXCSUM_TUOFL);
	write_register(card, RCTL,
		       RCTL_EN | RCTL_UPE | RCTL_MPE | RCTL_BAM |
			       RCTL_SIZE_4096 | RCTL_SECRC);
	refill(card);
}

static void start_transmit(struct card *card)
{
	write_register(card, TDBAL, (uint32_t)card->transmit_maddr);
	write_register(card, TDBAH, (uint32_t)(card->transmit_maddr >> 32));
	write_register(card, TDLEN, RING_SIZE * sizeof(*card->transmit));
	write_register(card, TDH, 0);
	write_register(card, TDT, 0);
	write_register(card, TCTL, TCTL_EN | TCTL_PSP | TCTL_CT | TCTL_COLD);
}

/* With MSI-X the queues have causes of their own. */
static int set_up_interrupts(struct card *card)
{
	int rc = pci_irq_setup(card->pci, 1);

	if (rc < 0)
		return rc;
	if (card->pci->irq_kind == PCI_IRQ_MSIX) {
		write_register(card, IVAR,
			       IVAR_RXQ0(0) | IVAR_TXQ0(0) | IVAR_OTHER(0));
		card->causes = INT_LSC | INT_OTHER | INT_RXQ0;
		card->sent_cause = INT_TXQ0;
	} else {
		card->causes = INT_LSC | INT_RXO | INT_RXT0;
		card->sent_cause = INT_TXDW;
	}
	return pci_irq_bind(card->pci, 0, interrupt, card);
}

static int set_up(struct card *card)
{
	struct net_offloads *offloads = &card->port.offloads;
	int rc;

	pci_enable(card->pci, true);
	card->registers = pci_map_bar(card->pci, 0, REGISTERS_SIZE);
	if (!card->registers)
		return -XEN_ENOMEM;
	rc = reset(card);
	if (!rc)
		rc = make_rings(card);
	if (!rc)
		rc = set_up_interrupts(card);
	if (rc)
		return rc;
	read_mac(card);
	offloads->checksum4 = true;
	offloads->checksum6 = true;
	offloads->segments_max = NET_SEGMENTS_MAX;
	offloads->packet_max = FRAME_MAX;
	card->port.ops = &card_ops;
	card->port.queue_count = 1;
	card->again.handler = receive;
	card->again.context = card;
	return net_card_register(&card->port);
}

int e1000e_probe(struct pci_device *pci)
{
	struct card *card = calloc(1, sizeof(*card));
	int rc;

	if (!card)
		return -XEN_ENOMEM;
	card->pci = pci;
	rc = set_up(card);
	if (rc) {
		pci_irq_release(pci);
		pci_enable(pci, false);
		free(card);
		return rc;
	}
	start_transmit(card);
	start_receive(card);
	write_register(card, CTRL,
		       read_register(card, CTRL) | CTRL_SLU | CTRL_ASDE);
	write_register(card, IMS, card->causes);
	read_link(card);
	return 0;
}
