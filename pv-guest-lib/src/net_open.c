/* SPDX-License-Identifier: MIT */
/*
 * How the network front end begins and ends: features, queues, buffers. See
 * net_internal.h and front.h.
 */
#include "net_internal.h"

#include <public/errno.h>
#include <pvguest/console.h>
#include <pvguest/event.h>

#include "internal.h"

#define BUFFERS_DEFAULT 64u
#define MAC_TEXT_SIZE   18u

/* What the card is -------------------------------------------------------- */

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int read_mac(struct pv_net *net)
{
	const struct pv_keys *own = &net->front.own;
	char text[MAC_TEXT_SIZE];
	unsigned int i;

	if (own->read(own->context, "mac", text, sizeof(text)) !=
	    MAC_TEXT_SIZE - 1)
		return -XEN_EINVAL;
	for (i = 0; i < PV_NET_MAC_SIZE; i++) {
		int high = digit_of(text[i * 3]);
		int low = digit_of(text[i * 3 + 1]);

		if (high < 0 || low < 0 || (i && text[i * 3 - 1] != ':'))
			return -XEN_EINVAL;
		net->info.mac[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

static int choose(struct pv_net *net)
{
	const struct pv_keys *back = &net->front.back;
	struct pv_net_info *info = &net->info;

	if (!pv_keys_flag(back, "feature-rx-copy"))
		return -XEN_EOPNOTSUPP;
	info->queues = pv_front_queues(&net->front, net->options.queues,
				       PV_NET_QUEUES_MAX);
	info->bytes_max = pv_keys_flag(back, "feature-sg") ? PV_NET_FRAME_MAX
							   : PV_PAGE_SIZE;
	info->has_blank6 = pv_keys_flag(back, "feature-ipv6-csum-offload");
	info->has_batches4 = pv_keys_flag(back, "feature-gso-tcpv4");
	info->has_batches6 = pv_keys_flag(back, "feature-gso-tcpv6");
	return read_mac(net);
}

static int write_keys(struct pv_net *net)
{
	bool blank = net->options.takes_blank;
	bool batches = blank && net->options.takes_batches;
	const struct pv_key_value values[] = {
		{ "multi-queue-num-queues", net->info.queues },
		{ "request-rx-copy", 1 },
		{ "feature-rx-notify", 1 },
		{ "feature-sg", 1 },
		{ "feature-no-csum-offload", !blank },
		{ "feature-ipv6-csum-offload", blank },
		{ "feature-gso-tcpv4", batches },
		{ "feature-gso-tcpv6", batches },
	};

	return pv_keys_put_all(&net->front.own, values,
			       sizeof(values) / sizeof(values[0]));
}

/* Queues ------------------------------------------------------------------ */

static unsigned int buffers_wanted(const struct pv_net *net)
{
	unsigned int wanted = net->options.buffers;

	if (!wanted)
		wanted = BUFFERS_DEFAULT;
	if (wanted < PV_NET_PARTS_MAX)
		wanted = PV_NET_PARTS_MAX;
	return wanted < PV_NET_BUFFERS_MAX ? wanted : PV_NET_BUFFERS_MAX;
}

static int make_buffers(struct pv_net *net, struct net_buffer **buffers,
			unsigned int *count)
{
	*buffers = pv_page_alloc();
	while (*buffers && *count < buffers_wanted(net)) {
		struct net_buffer *buffer = &(*buffers)[*count];

		buffer->va = pv_page_share(net->front.back_domid, &buffer->ref);
		if (!buffer->va)
			return -XEN_ENOMEM;
		++*count;
	}
	return *buffers ? 0 : -XEN_ENOMEM;
}

static int make_ring(struct pv_net *net, struct pv_ring_pages *pages,
		     struct pv_ring *ring, size_t slot_size)
{
	int rc = pv_ring_pages_make(pages, net->front.back_domid, 1);

	if (!rc)
		pv_front_ring_init(ring, pages->va, PV_PAGE_SIZE, slot_size);
	return rc;
}

static int make_memory(struct pv_net *net, struct net_queue *queue)
{
	int rc = make_ring(net, &queue->tx_pages, &queue->tx,
			   sizeof(struct netif_tx_request));

	if (!rc)
		rc = make_ring(net, &queue->rx_pages, &queue->rx,
			       sizeof(struct netif_rx_request));
	if (!rc)
		rc = make_buffers(net, &queue->tx_buffers, &queue->n_tx);
	if (!rc)
		rc = make_buffers(net, &queue->rx_buffers, &queue->n_rx);
	return rc;
}

static void fill_lists(struct net_queue *queue)
{
	unsigned int i;

	for (i = 0; i < queue->n_tx; i++)
		queue->tx_buffers[i].next = (uint16_t)(i + 1);
	queue->tx_buffers[queue->n_tx - 1].next = NET_NONE;
	for (i = 0; i < queue->n_rx; i++)
		net_offer(queue, (uint16_t)i);
	pv_front_ring_publish(&queue->rx);
}

static int put_keys(struct net_queue *queue)
{
	const struct pv_front *front = &queue->net->front;
	uint32_t number = queue->number, count = queue->net->info.queues;
	int rc = pv_ring_pages_put(&queue->tx_pages, &front->own, number, count,
				   "tx-ring-ref");

	if (!rc)
		rc = pv_ring_pages_put(&queue->rx_pages, &front->own, number,
				       count, "rx-ring-ref");
	if (rc)
		return rc;
	rc = pv_queue_port_make(&front->own, front->back_domid, number, count,
				"event-channel", net_queue_event, queue);
	if (rc < 0)
		return rc;
	queue->port = (uint32_t)rc;
	return 0;
}

static int make_queue(struct pv_net *net, unsigned int number)
{
	struct net_queue *queue = pv_page_alloc();
	int rc;

	if (!queue)
		return -XEN_ENOMEM;
	queue->net = net;
	queue->number = number;
	net->queues[net->n_queues++] = queue;
	rc = make_memory(net, queue);
	if (rc)
		return rc;
	fill_lists(queue);
	return put_keys(queue);
}

/* The link ---------------------------------------------------------------- */

static int watch_link(struct pv_net *net)
{
	pv_snprintf(net->link_path, sizeof(net->link_path), "%s/carrier",
		    net->front.back_path);
	net->has_link = true;
	return pv_xenstore_watch(&net->link_watch, net->link_path);
}

bool pv_net_has_link(struct pv_net *net)
{
	uint32_t changes = net->link_watch.changes, number;

	if (changes != net->link_changes) {
		net->link_changes = changes;
		net->has_link =
			pv_keys_number(&net->front.back, "carrier", &number) ||
			number;
	}
	return net->has_link;
}

/* Begin and end ----------------------------------------------------------- */

static int connect(struct pv_net *net)
{
	unsigned int i;
	int rc = choose(net);

	if (!rc)
		rc = write_keys(net);
	for (i = 0; i < net->info.queues && !rc; i++)
		rc = make_queue(net, i);
	return rc ? rc : pv_front_connect(&net->front, XenbusStateConnected);
}

struct pv_net *pv_net_open(uint32_t handle,
			   const struct pv_net_options *options, int *error)
{
	struct pv_net *net = pv_page_alloc();

	*error = -XEN_ENOMEM;
	if (!net)
		return NULL;
	net->options = *options;
	*error = pv_front_open(&net->front, "vif", handle);
	if (*error) {
		pv_page_free(net);
		return NULL;
	}
	*error = watch_link(net);
	if (*error) {
		pv_front_close(&net->front);
		pv_page_free(net);
		return NULL;
	}
	*error = connect(net);
	if (!*error)
		return net;
	pv_net_close(net);
	return NULL;
}

static void end_buffers(struct net_buffer *buffers, unsigned int count)
{
	if (!buffers)
		return;
	while (count-- > 0)
		pv_page_unshare(buffers[count].va, buffers[count].ref);
	pv_page_free(buffers);
}

static void end_queue(struct net_queue *queue)
{
	if (queue->port)
		pv_event_close(queue->port);
	pv_ring_pages_drop(&queue->tx_pages);
	pv_ring_pages_drop(&queue->rx_pages);
	end_buffers(queue->tx_buffers, queue->n_tx);
	end_buffers(queue->rx_buffers, queue->n_rx);
	pv_page_free(queue);
}

int pv_net_close(struct pv_net *net)
{
	int rc;

	/* Events during the wait find nothing to do. */
	net->is_dead = true;
	pv_xenstore_unwatch(&net->link_watch, net->link_path);
	rc = pv_front_close(&net->front);
	while (net->n_queues > 0)
		end_queue(net->queues[--net->n_queues]);
	pv_page_free(net);
	return rc;
}
