/* SPDX-License-Identifier: MIT */
/*
 * Network cards: the front end of a network device ("vif"). Frames are those
 * of Ethernet, from the destination's address on, without a checksum behind.
 *
 *	pv_net_open(), and pv_net_info() says what the card can
 *	pv_net_send() ... pv_net_kick()
 *	options->receive() for each frame that comes
 *	pv_net_close()
 *
 * Data is copied out of and into pages that are granted once and stay so;
 * nothing else of ours is ever shown to the back end. A received frame lies
 * in such pages while receive() runs: the back end may still change it, so
 * who does not trust it copies first and looks then.
 *
 * The back end is not trusted: an answer to what is not under way, data beyond
 * its page, or an index that cannot be, ends the card. It then neither sends
 * nor receives, as when the back end goes away.
 *
 * Context: pv_net_send() and pv_net_kick() anywhere but in trap handlers; all
 * else not from event handlers. receive() runs inside pv_poll() and pv_wait()
 * and may send. Errors are negative XEN_E*.
 */
#ifndef PVGUEST_NET_H
#define PVGUEST_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PV_NET_MAC_SIZE    6u
#define PV_NET_HEADER_SIZE 14u    /* of the smallest frame */
#define PV_NET_FRAME_MAX   65535u /* bytes, with the header */
#define PV_NET_PARTS_MAX   18u
#define PV_NET_QUEUES_MAX  4u
#define PV_NET_BUFFERS_MAX 256u

struct pv_net_part {
	const void *data;
	uint32_t bytes;
};

enum pv_net_batch {
	PV_NET_SINGLE,
	PV_NET_TCP4, /* one that stands for many; see batch_size */
	PV_NET_TCP6,
};

struct pv_net_frame {
	const struct pv_net_part *parts;
	unsigned int
		n_parts;    /* sent: any number; received: at most PARTS_MAX */
	uint32_t bytes;     /* of all parts; OUT when sent */
	unsigned int queue; /* below info->queues */
	/*
	 * TCP and UDP: the checksum is that of the pseudo header, the rest is
	 * to be added by whoever sends it on; nobody has to check it.
	 */
	bool checksum_blank;
	bool checksum_valid; /* it has been checked */
	enum pv_net_batch batch;
	uint16_t batch_size; /* payload of each TCP segment */
};

/* What to ask for; 0 means what is in parentheses. */
struct pv_net_options {
	/* The frame is the library's again when it returns. */
	void (*receive)(void *context, const struct pv_net_frame *frame);
	void *context;
	unsigned int queues;  /* as many as the back end has at most (1) */
	unsigned int buffers; /* pages for each direction of a queue (64) */
	bool takes_blank;     /* frames with blank checksums may come */
	bool takes_batches;   /* and batches, too */
};

struct pv_net_info {
	uint8_t mac[PV_NET_MAC_SIZE];
	unsigned int queues;
	uint32_t bytes_max; /* of a frame to send */
	bool has_blank6;    /* IPv6 checksums may be blank; IPv4's always */
	bool has_batches4, has_batches6;
};

struct pv_net;

/*
 * Opens device number `handle`; pv_front_find("vif", ...) knows them. NULL:
 * *error says why, nothing is held.
 */
struct pv_net *pv_net_open(uint32_t handle,
			   const struct pv_net_options *options, int *error);

/*
 * Lets go of the device. 0, or an error when the back end does not answer;
 * then pages that it holds are lost.
 */
int pv_net_close(struct pv_net *net);

const struct pv_net_info *pv_net_info(const struct pv_net *net);

/*
 * Copies a frame; the caller's memory is free at once. -XEN_EAGAIN: no room
 * now, an event follows when there is. -XEN_EINVAL: too small, or a kind that
 * the card does not know. -XEN_EMSGSIZE: too large. -XEN_ENODEV: gone.
 */
int pv_net_send(struct pv_net *net, struct pv_net_frame *frame);
/* Shows the back end what has been sent since the last time. */
void pv_net_kick(struct pv_net *net);

/* Pages of frames that the back end has not taken yet, of all queues. */
unsigned int pv_net_pending(struct pv_net *net);

/* False once the device is lost. Who waits for frames asks now and then. */
bool pv_net_check(struct pv_net *net);

/*
 * Whether there is a way out of the machine: a cable that is pulled there, or
 * plugged in, ends pv_wait(). True where the back end does not say (Linux's).
 * It costs a look into xenstore only when something has changed.
 */
bool pv_net_has_link(struct pv_net *net);

#endif /* PVGUEST_NET_H */
