/* SPDX-License-Identifier: MIT */
/*
 * The network front end; see net.h. The protocol is <public/io/netif.h>.
 *
 * Transmit: a frame is packed into free buffers, a slot of the ring each; its
 * number is the slot's id. One that comes back in an answer must be busy.
 * Receive: the back end answers in the order of the slots, and an answer
 * stands in the slot of the buffer that it fills, also one that is extra
 * information and has no id. A frame may come in pieces, over several events.
 *
 * State: net_internal.h. Next to read: dom0-tools/backends/netback_queue.h.
 */
#include "net_internal.h"

#include <public/errno.h>
#include <pvguest/event.h>

#include "internal.h"

const struct pv_net_info *pv_net_info(const struct pv_net *net)
{
	return &net->info;
}

/* Transmit ---------------------------------------------------------------- */

/* False: the back end says what it cannot say. */
static bool take_answer(struct net_queue *queue)
{
	struct netif_tx_response response;

	pv_front_ring_take(&queue->tx, &response, sizeof(response));
	if (response.status == NETIF_RSP_NULL)
		return true; /* of extra information, without an id */
	if (response.id >= queue->n_tx ||
	    queue->tx_buffers[response.id].next != NET_BUSY)
		return false;
	queue->tx_buffers[response.id].next = queue->tx_free;
	queue->tx_free = response.id;
	queue->n_busy--;
	return true;
}

/* Gets buffers back. */
static void take_answers(struct net_queue *queue)
{
	int waiting = pv_front_ring_waiting(&queue->tx);

	while (waiting > 0 && take_answer(queue))
		waiting--;
	if (waiting)
		queue->net->is_dead = true;
}

/* The next event when half of what is under way is done. */
static void take_all_answers(struct net_queue *queue)
{
	do {
		take_answers(queue);
	} while (!queue->net->is_dead &&
		 pv_front_ring_rearm_after(&queue->tx, queue->n_busy / 2 + 1));
}

/* Where the copying of a frame has got to. */
struct cursor {
	const struct pv_net_part *part;
	uint32_t done; /* of the part */
};

static void fill(struct cursor *cursor, char *to, uint32_t bytes)
{
	while (bytes > 0) {
		uint32_t n = cursor->part->bytes - cursor->done;

		if (n > bytes)
			n = bytes;
		memcpy(to, (const char *)cursor->part->data + cursor->done, n);
		to += n;
		bytes -= n;
		cursor->done += n;
		if (cursor->done == cursor->part->bytes) {
			cursor->part++;
			cursor->done = 0;
		}
	}
}

static uint16_t take_buffer(struct net_queue *queue)
{
	uint16_t index = queue->tx_free;

	queue->tx_free = queue->tx_buffers[index].next;
	queue->tx_buffers[index].next = NET_BUSY;
	queue->n_busy++;
	return index;
}

/* `size` is that of the slot, or of the whole frame in its first. */
static void put_slot(struct net_queue *queue, uint16_t buffer, uint32_t size,
		     unsigned int flags)
{
	struct netif_tx_request request = {
		.gref = queue->tx_buffers[buffer].ref,
		.flags = (uint16_t)flags,
		.id = buffer,
		.size = (uint16_t)size,
	};

	pv_front_ring_put(&queue->tx, &request, sizeof(request));
}

static void put_batch(struct net_queue *queue, const struct pv_net_frame *frame)
{
	struct netif_extra_info extra = {
		.type = XEN_NETIF_EXTRA_TYPE_GSO,
		.u.gso.size = frame->batch_size,
		.u.gso.type = frame->batch == PV_NET_TCP4
				      ? XEN_NETIF_GSO_TYPE_TCPV4
				      : XEN_NETIF_GSO_TYPE_TCPV6,
	};

	pv_front_ring_put(&queue->tx, &extra, sizeof(extra));
}

static unsigned int flags_of(const struct pv_net_frame *frame)
{
	unsigned int flags = 0;

	if (frame->checksum_blank)
		flags |= NETTXF_csum_blank | NETTXF_data_validated;
	if (frame->checksum_valid)
		flags |= NETTXF_data_validated;
	if (frame->batch != PV_NET_SINGLE)
		flags |= NETTXF_extra_info;
	return flags;
}

static void put_frame(struct net_queue *queue, const struct pv_net_frame *frame)
{
	struct cursor cursor = { .part = frame->parts };
	unsigned int flags = flags_of(frame);
	uint32_t left = frame->bytes;
	bool is_first = true;

	while (left > 0) {
		uint16_t buffer = take_buffer(queue);
		uint32_t n = left < PV_PAGE_SIZE ? left : PV_PAGE_SIZE;

		fill(&cursor, queue->tx_buffers[buffer].va, n);
		left -= n;
		put_slot(queue, buffer, is_first ? frame->bytes : n,
			 flags | (left > 0 ? NETTXF_more_data : 0));
		if (flags & NETTXF_extra_info)
			put_batch(queue, frame);
		flags = 0;
		is_first = false;
	}
}

static int check_kind(const struct pv_net_info *info,
		      const struct pv_net_frame *frame)
{
	switch (frame->batch) {
	case PV_NET_SINGLE:
		return 0;
	case PV_NET_TCP4:
		return info->has_batches4 && frame->batch_size ? 0
							       : -XEN_EINVAL;
	case PV_NET_TCP6:
		return info->has_batches6 && frame->batch_size ? 0
							       : -XEN_EINVAL;
	}
	return -XEN_EINVAL;
}

static int check(struct pv_net *net, struct pv_net_frame *frame)
{
	uint64_t bytes = 0;
	unsigned int i;

	for (i = 0; i < frame->n_parts; i++)
		bytes += frame->parts[i].bytes;
	if (net->is_dead)
		return -XEN_ENODEV;
	if (bytes > net->info.bytes_max)
		return -XEN_EMSGSIZE;
	frame->bytes = (uint32_t)bytes;
	if (bytes < PV_NET_HEADER_SIZE || frame->queue >= net->n_queues)
		return -XEN_EINVAL;
	return check_kind(&net->info, frame);
}

static bool has_room(const struct net_queue *queue,
		     const struct pv_net_frame *frame)
{
	uint32_t buffers = (frame->bytes + PV_PAGE_SIZE - 1) / PV_PAGE_SIZE;

	return queue->n_tx - queue->n_busy >= buffers &&
	       pv_front_ring_room(&queue->tx) > buffers;
}

int pv_net_send(struct pv_net *net, struct pv_net_frame *frame)
{
	struct net_queue *queue;
	int rc = check(net, frame);

	if (rc)
		return rc;
	queue = net->queues[frame->queue];
	if (!has_room(queue, frame)) {
		take_all_answers(queue);
		if (net->is_dead)
			return -XEN_ENODEV;
		if (!has_room(queue, frame))
			return -XEN_EAGAIN;
	}
	put_frame(queue, frame);
	return 0;
}

unsigned int pv_net_pending(struct pv_net *net)
{
	unsigned int i, pending = 0;

	for (i = 0; i < net->n_queues && !net->is_dead; i++) {
		take_all_answers(net->queues[i]);
		pending += net->queues[i]->n_busy;
	}
	return pending;
}

/* Receive ----------------------------------------------------------------- */

void net_offer(struct net_queue *queue, uint16_t buffer)
{
	struct netif_rx_request request = {
		.id = buffer,
		.gref = queue->rx_buffers[buffer].ref,
	};

	queue->slots[queue->rx.req % queue->rx.size] = buffer;
	pv_front_ring_put(&queue->rx, &request, sizeof(request));
}

static void begin_frame(struct net_receiving *receiving,
			const struct netif_rx_response *response)
{
	memset(&receiving->frame, 0, sizeof(receiving->frame));
	receiving->is_begun = true;
	receiving->is_bad = false;
	receiving->n_parts = 0;
	receiving->wants_extra = response->flags & NETRXF_extra_info;
	receiving->frame.checksum_blank = response->flags & NETRXF_csum_blank;
	receiving->frame.checksum_valid =
		response->flags & NETRXF_data_validated;
}

static bool add_data(struct net_queue *queue, uint16_t buffer,
		     const struct netif_rx_response *response)
{
	struct net_receiving *receiving = &queue->receiving;
	uint32_t bytes = response->status > 0 ? (uint32_t)response->status : 0;
	unsigned int part;

	if (response->id != buffer || response->offset + bytes > PV_PAGE_SIZE)
		return false;
	if (!receiving->is_begun)
		begin_frame(receiving, response);
	part = receiving->n_parts;
	if (part == PV_NET_PARTS_MAX)
		return false;
	receiving->is_bad |= response->status < 0;
	receiving->buffers[part] = buffer;
	receiving->parts[part].data =
		queue->rx_buffers[buffer].va + response->offset;
	receiving->parts[part].bytes = bytes;
	receiving->frame.bytes += bytes;
	receiving->n_parts++;
	receiving->wants_data = response->flags & NETRXF_more_data;
	return true;
}

/* A slot that carries no data: its buffer goes back. */
static void add_extra(struct net_queue *queue, uint16_t buffer,
		      const struct netif_extra_info *extra)
{
	struct net_receiving *receiving = &queue->receiving;

	receiving->wants_extra = extra->flags & XEN_NETIF_EXTRA_FLAG_MORE;
	net_offer(queue, buffer);
	if (extra->type != XEN_NETIF_EXTRA_TYPE_GSO)
		return;
	receiving->frame.batch_size = extra->u.gso.size;
	if (extra->u.gso.type == XEN_NETIF_GSO_TYPE_TCPV4)
		receiving->frame.batch = PV_NET_TCP4;
	else if (extra->u.gso.type == XEN_NETIF_GSO_TYPE_TCPV6)
		receiving->frame.batch = PV_NET_TCP6;
	else
		receiving->is_bad = true;
}

static void finish_frame(struct net_queue *queue)
{
	struct net_receiving *receiving = &queue->receiving;
	const struct pv_net_options *options = &queue->net->options;
	unsigned int i;

	receiving->frame.parts = receiving->parts;
	receiving->frame.n_parts = receiving->n_parts;
	receiving->frame.queue = queue->number;
	if (!receiving->is_bad && options->receive &&
	    receiving->frame.bytes >= PV_NET_HEADER_SIZE &&
	    receiving->frame.bytes <= PV_NET_FRAME_MAX)
		options->receive(options->context, &receiving->frame);
	for (i = 0; i < receiving->n_parts; i++)
		net_offer(queue, receiving->buffers[i]);
	receiving->is_begun = false;
}

/* False: the back end says what it cannot say. */
static bool take_slot(struct net_queue *queue)
{
	struct net_receiving *receiving = &queue->receiving;
	uint16_t buffer = queue->slots[queue->rx.rsp % queue->rx.size];
	union {
		struct netif_rx_response response;
		struct netif_extra_info extra;
	} slot;

	pv_front_ring_take(&queue->rx, &slot, sizeof(slot));
	if (receiving->is_begun && receiving->wants_extra)
		add_extra(queue, buffer, &slot.extra);
	else if (!add_data(queue, buffer, &slot.response))
		return false;
	if (!receiving->wants_extra && !receiving->wants_data)
		finish_frame(queue);
	return true;
}

static void take_slots(struct net_queue *queue)
{
	int waiting;

	do {
		waiting = pv_front_ring_waiting(&queue->rx);
		while (waiting > 0 && take_slot(queue))
			waiting--;
		if (waiting)
			queue->net->is_dead = true;
	} while (!queue->net->is_dead && pv_front_ring_rearm(&queue->rx));
}

/* Both directions --------------------------------------------------------- */

static void kick(struct net_queue *queue)
{
	bool wants = pv_front_ring_publish(&queue->tx);

	wants |= pv_front_ring_publish(&queue->rx);
	if (wants)
		pv_event_notify(queue->port);
}

void net_queue_event(uint32_t port, void *context)
{
	struct net_queue *queue = context;

	(void)port;
	if (!queue->net->is_dead)
		take_all_answers(queue);
	if (!queue->net->is_dead)
		take_slots(queue);
	if (!queue->net->is_dead)
		kick(queue);
}

void pv_net_kick(struct pv_net *net)
{
	unsigned int i;

	for (i = 0; i < net->n_queues && !net->is_dead; i++)
		kick(net->queues[i]);
}

bool pv_net_check(struct pv_net *net)
{
	if (!net->is_dead && pv_front_is_lost(&net->front))
		net->is_dead = true;
	return !net->is_dead;
}
