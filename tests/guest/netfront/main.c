/* SPDX-License-Identifier: MIT */
/*
 * A guest with three network cards on one bridge. Alice and Bob are the
 * library's own front ends, which keep to the rules, and talk to each other;
 * Mallory between them is made by hand and breaks every rule of the rings and
 * of xenstore. After each attack the two others must get through to each
 * other as before.
 *
 * Prints `ok NAME` or `not ok NAME: why` per check, then `done N failed`, and
 * ends with everything connected, for the control domain to tidy up.
 */
#include <public/io/netif.h>
#include <public/io/xenbus.h>
#include <pvguest/console.h>
#include <pvguest/event.h>
#include <pvguest/front.h>
#include <pvguest/grant.h>
#include <pvguest/mm.h>
#include <pvguest/net.h>
#include <pvguest/ring.h>
#include <pvguest/time.h>
#include <pvguest/xenstore.h>

#define BUFFERS    32u
#define LIMIT_NS   60000000000ull /* something hangs */
#define STEP_NS    2000000ull
#define FRAME_SIZE 1000u
#define REFS_MAX   2048u
#define MALLORY    "device/vif/1"

/* One that keeps to the rules. */
struct polite {
	struct pv_net *net;
	unsigned int number;
	unsigned int came; /* frames that are the one sent last */
};

/* One that is made by hand. */
struct vif {
	unsigned int number;
	struct pv_front front; /* its keys; the states are walked by hand */
	struct pv_ring tx, rx;
	struct pv_ring_pages tx_pages, rx_pages;
	int port;
	uint8_t *buffers[BUFFERS]; /* the first half sends */
	uint32_t refs[BUFFERS];
};

static struct polite alice = { .number = 0 }, bob = { .number = 2 };
static struct vif the_vif = { .number = 1 };
static struct vif *const mallory = &the_vif;
static uint8_t frame_bytes[FRAME_SIZE];
static int failed;

static void check(const char *name, bool good, long value)
{
	if (good)
		pv_printf("ok %s\n", name);
	else
		pv_printf("not ok %s: %ld\n", name, value);
	failed += !good;
}

void *memset(void *to, int value, size_t size);
void *memcpy(void *to, const void *from, size_t size);
int memcmp(const void *a, const void *b, size_t size);

static uint64_t random_state = 12345;

static uint32_t random32(void)
{
	random_state =
		random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 33);
}

/* Mallory's card ---------------------------------------------------------- */

static void write_key(const struct vif *vif, const char *name,
		      const char *value)
{
	vif->front.own.write(vif->front.own.context, name, value);
}

static uint64_t back_state(const struct vif *vif)
{
	return pv_keys_state(&vif->front.back);
}

/* False: it did not come to that. */
static bool wait_state(const struct vif *vif, uint64_t a, uint64_t b)
{
	uint64_t limit = pv_time_ns() + LIMIT_NS, state;

	do {
		state = back_state(vif);
		if (state == a || state == b)
			return true;
		pv_wait(pv_time_ns() + STEP_NS);
	} while (pv_time_ns() < limit);
	pv_printf("back end of card %u is in state %lu, not %lu\n", vif->number,
		  state, a);
	return false;
}

static void event(uint32_t port, void *context)
{
	(void)port;
	(void)context;
}

static bool make_pages(struct vif *vif)
{
	unsigned int i;

	for (i = 0; i < BUFFERS; i++)
		vif->buffers[i] = pv_page_share(0, &vif->refs[i]);
	return vif->buffers[BUFFERS - 1] != NULL;
}

static void offer(struct vif *vif, uint16_t id, uint32_t ref)
{
	struct netif_rx_request request = { .id = id, .gref = ref };

	pv_front_ring_put(&vif->rx, &request, sizeof(request));
}

static void make_rings(struct vif *vif)
{
	unsigned int i;

	pv_ring_pages_make(&vif->tx_pages, 0, 1);
	pv_ring_pages_make(&vif->rx_pages, 0, 1);
	pv_front_ring_init(&vif->tx, vif->tx_pages.va, PV_PAGE_SIZE,
			   sizeof(struct netif_tx_request));
	pv_front_ring_init(&vif->rx, vif->rx_pages.va, PV_PAGE_SIZE,
			   sizeof(struct netif_rx_request));
	for (i = BUFFERS / 2; i < BUFFERS; i++)
		offer(vif, (uint16_t)i, vif->refs[i]);
	pv_front_ring_publish(&vif->rx);
}

static void write_keys(struct vif *vif)
{
	static const struct pv_key_value values[] = {
		{ "request-rx-copy", 1 },
		{ "feature-rx-notify", 1 },
		{ "feature-sg", 1 },
		{ "feature-gso-tcpv4", 1 },
	};
	const struct pv_keys *own = &vif->front.own;

	pv_ring_pages_put(&vif->tx_pages, own, 0, 1, "tx-ring-ref");
	pv_ring_pages_put(&vif->rx_pages, own, 0, 1, "rx-ring-ref");
	pv_keys_put_all(own, values, sizeof(values) / sizeof(values[0]));
	vif->port =
		pv_queue_port_make(own, 0, 0, 1, "event-channel", event, NULL);
}

static void set_state(const struct vif *vif, unsigned int state)
{
	pv_keys_put(&vif->front.own, "state", state);
}

static bool connect(struct vif *vif)
{
	make_rings(vif);
	write_keys(vif);
	set_state(vif, XenbusStateConnected);
	return wait_state(vif, XenbusStateConnected, XenbusStateConnected);
}

/* False while the back end has it mapped. */
static bool drop_ring(struct pv_ring_pages *pages)
{
	uint64_t limit = pv_time_ns() + LIMIT_NS;

	while (!pv_grant_end(pages->pages[0].ref)) {
		if (pv_time_ns() > limit)
			return false;
		pv_wait(pv_time_ns() + STEP_NS);
	}
	pv_page_free(pages->va);
	return true;
}

/* Also after an attack: the back end lets go of everything. */
static bool disconnect(struct vif *vif)
{
	bool is_done;

	set_state(vif, XenbusStateClosed);
	is_done = wait_state(vif, XenbusStateClosed, XenbusStateClosed);
	is_done &= drop_ring(&vif->tx_pages) && drop_ring(&vif->rx_pages);
	pv_event_close((uint32_t)vif->port);
	set_state(vif, XenbusStateInitialising);
	return is_done &
	       wait_state(vif, XenbusStateInitWait, XenbusStateInitWait);
}

static void put(struct vif *vif, uint16_t id, uint32_t ref, uint16_t offset,
		uint16_t size, uint16_t flags)
{
	struct netif_tx_request request = { ref, offset, flags, id, size };

	pv_front_ring_put(&vif->tx, &request, sizeof(request));
}

static void push(struct vif *vif)
{
	pv_front_ring_publish(&vif->tx);
	pv_front_ring_publish(&vif->rx);
	pv_event_notify((uint32_t)vif->port);
}

static void make_frame(uint8_t *frame, unsigned int from, unsigned int to,
		       uint8_t serial)
{
	unsigned int i;

	for (i = 0; i < FRAME_SIZE; i++)
		frame[i] = (uint8_t)(i * 3 + serial);
	memset(frame, 0, 14);
	memcpy(frame, "\x02\0\0\0\0", 5);
	memcpy(frame + 6, "\x02\0\0\0\0", 5);
	frame[5] = (uint8_t)(to + 1);
	frame[11] = (uint8_t)(from + 1);
	frame[12] = 0x88;
	frame[13] = 0xb5; /* for experiments */
	frame[14] = serial;
}

/* Those who keep to the rules --------------------------------------------- */

static void receive(void *context, const struct pv_net_frame *frame)
{
	struct polite *who = context;

	if (frame->bytes == FRAME_SIZE &&
	    !memcmp(frame->parts[0].data, frame_bytes, FRAME_SIZE))
		who->came++;
}

static bool open_card(struct polite *who)
{
	const struct pv_net_options options = { .receive = receive,
						.context = who };
	int error;

	who->net = pv_net_open(who->number, &options, &error);
	return who->net != NULL;
}

/* What is in frame_bytes. */
static bool say(struct polite *who)
{
	const struct pv_net_part part = { frame_bytes, FRAME_SIZE };
	struct pv_net_frame frame = { .parts = &part, .n_parts = 1 };
	int rc = pv_net_send(who->net, &frame);

	pv_net_kick(who->net);
	return !rc;
}

static bool talk(struct polite *from, struct polite *to)
{
	static uint8_t serial;
	uint64_t limit = pv_time_ns() + LIMIT_NS;
	unsigned int sent = 0;

	make_frame(frame_bytes, from->number, to->number, ++serial);
	to->came = 0;
	while (to->came < 10 && pv_time_ns() < limit) {
		if (sent == to->came && say(from))
			sent++;
		pv_wait(pv_time_ns() + STEP_NS);
	}
	return to->came == 10 && pv_net_check(from->net) &&
	       pv_net_check(to->net);
}

static void check_others(const char *after)
{
	bool good = talk(&alice, &bob) && talk(&bob, &alice);

	check(after, good, 0);
}

/* Attacks ----------------------------------------------------------------- */

static void attack_index(struct vif *vif)
{
	vif->tx.shared->req_prod += 257 + random32() % 1000000;
	push(vif);
}

static void attack_receive_index(struct vif *vif)
{
	vif->rx.shared->req_prod += 257;
	make_frame(frame_bytes, alice.number, vif->number, 1);
	say(&alice);
}

static void attack_dangling(struct vif *vif)
{
	put(vif, 1, vif->refs[0], 0, 100, NETTXF_more_data);
	push(vif);
}

static void attack_page(struct vif *vif)
{
	put(vif, 1, vif->refs[0], 4000, 97, 0);
	push(vif);
}

static void attack_slots(struct vif *vif)
{
	unsigned int i;

	for (i = 0; i < 200; i++)
		put(vif, 1, vif->refs[0], 0, 100, NETTXF_more_data);
	push(vif);
}

static void attack_extra(struct vif *vif)
{
	struct netif_extra_info extra = { .type = XEN_NETIF_EXTRA_TYPE_HASH,
					  .flags = XEN_NETIF_EXTRA_FLAG_MORE };
	unsigned int i;

	put(vif, 1, vif->refs[0], 0, 100, NETTXF_extra_info);
	for (i = 0; i < 50; i++)
		pv_front_ring_put(&vif->tx, &extra, sizeof(extra));
	push(vif);
}

static const struct {
	const char *name;
	void (*run)(struct vif *vif);
} attacks[] = {
	{ "transmit index", attack_index },
	{ "receive index", attack_receive_index },
	{ "packet without an end", attack_dangling },
	{ "data beyond the page", attack_page },
	{ "too many slots", attack_slots },
	{ "extra information without an end", attack_extra },
};

/* Each ends the card, and only that. */
static void test_attacks(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		bool is_ended;

		if (!connect(mallory))
			break;
		attacks[i].run(mallory);
		is_ended = wait_state(mallory, XenbusStateClosing,
				      XenbusStateClosed);
		check(attacks[i].name, is_ended, 0);
		check("it lets go", disconnect(mallory), 0);
		check_others("others after it");
	}
}

static unsigned int count_answers(struct vif *vif, unsigned int wanted)
{
	uint64_t limit = pv_time_ns() + LIMIT_NS;
	struct netif_tx_response response;
	unsigned int count = 0;

	while (count < wanted && pv_time_ns() < limit) {
		pv_wait(pv_time_ns() + STEP_NS);
		while (pv_front_ring_waiting(&vif->tx) > 0) {
			pv_front_ring_take(&vif->tx, &response,
					   sizeof(response));
			count++;
		}
		pv_front_ring_rearm(&vif->tx);
	}
	return count;
}

/* A packet that both others get, a number of times; until all are taken. */
static void shout(unsigned int count)
{
	uint64_t limit = pv_time_ns() + LIMIT_NS;

	make_frame(frame_bytes, alice.number, mallory->number, 9);
	frame_bytes[0] = 0xff;
	while (count-- > 0)
		say(&alice);
	while (pv_net_pending(alice.net) && pv_time_ns() < limit)
		pv_wait(pv_time_ns() + STEP_NS);
}

/* References that grant nothing, or something odd: errors, no more. */
static void test_references(void)
{
	static const uint32_t refs[] = {
		0, 1, 2, REFS_MAX - 1, REFS_MAX, 0x7fffffff, 0xffffffff
	};
	const unsigned int count = sizeof(refs) / sizeof(refs[0]);
	unsigned int i;

	check("connected", connect(mallory), 0);
	for (i = 0; i < count; i++) {
		put(mallory, (uint16_t)i, refs[i], 0, 100, 0);
		/* 0 and 1 are the console's and xenstore's rings, granted. */
		if (refs[i] > 1)
			offer(mallory, (uint16_t)i, refs[i]);
	}
	push(mallory);
	shout(30);
	i = count_answers(mallory, count);
	check("answers to odd references", i == count, i);
	check("still connected", back_state(mallory) == XenbusStateConnected,
	      (long)back_state(mallory));
	check("lets go of odd references", disconnect(mallory), 0);
	check_others("others after odd references");
}

/* The rings themselves as data and as room for data. */
static void test_own_rings(void)
{
	check("connected", connect(mallory), 0);
	put(mallory, 1, mallory->tx_pages.pages[0].ref, 0, 1000, 0);
	put(mallory, 2, mallory->rx_pages.pages[0].ref, 0, 1000, 0);
	offer(mallory, 3, mallory->tx_pages.pages[0].ref);
	offer(mallory, 4, mallory->rx_pages.pages[0].ref);
	push(mallory);
	shout(30);
	check_others("others beside rings in rings");
	check("lets go of rings in rings", disconnect(mallory), 0);
}

/* Batches that would be a flood of tiny packets, and other false claims. */
static void test_claims(void)
{
	struct netif_extra_info extra = { .type = XEN_NETIF_EXTRA_TYPE_GSO };
	unsigned int i;

	check("connected", connect(mallory), 0);
	for (i = 0; i < 60; i++) {
		make_frame(mallory->buffers[0], 1, i % 3, 5);
		mallory->buffers[0][12] = 8;
		mallory->buffers[0][13] = 0;
		mallory->buffers[0][14] = (uint8_t)random32();
		put(mallory, 1, mallory->refs[0], 0, FRAME_SIZE,
		    NETTXF_csum_blank | NETTXF_extra_info);
		extra.u.gso.type = XEN_NETIF_GSO_TYPE_TCPV4;
		extra.u.gso.size = (uint16_t)(1 + i);
		pv_front_ring_put(&mallory->tx, &extra, sizeof(extra));
	}
	push(mallory);
	check_others("others during false claims");
	check("lets go of false claims", disconnect(mallory), 0);
}

/* Both rings full of anything, at any index. */
static void test_garbage(void)
{
	unsigned int round, i;

	for (round = 0; round < 25; round++) {
		volatile uint32_t *tx, *rx;

		if (!connect(mallory))
			break;
		tx = (volatile uint32_t *)mallory->tx.shared;
		rx = (volatile uint32_t *)mallory->rx.shared;
		for (i = 0; i < 400; i++) {
			tx[16 + random32() % 1008] =
				random32() >> random32() % 32;
			rx[16 + random32() % 1008] = random32() % REFS_MAX;
		}
		for (i = 0; i < 8; i++) {
			tx[0] += random32() % 16;
			rx[0] += random32() % 16;
			pv_event_notify((uint32_t)mallory->port);
			pv_wait(pv_time_ns());
		}
		if (!talk(&alice, &bob) || !disconnect(mallory))
			break;
	}
	check("garbage in the rings", round == 25, round);
}

/*
 * Keys that make no sense: no connection, and the next one is as good. 7 is a
 * reference that grants nothing, and too many queues.
 */
static void test_keys(void)
{
	static const char *const names[] = { "tx-ring-ref", "rx-ring-ref",
					     "event-channel", "request-rx-copy",
					     "multi-queue-num-queues" };
	static const char *const values[] = { "",
					      "x",
					      "-1",
					      "7",
					      "99999",
					      "4294967296",
					      "184467440737095516160" };
	unsigned int i, wrong = 0;

	for (i = 0; i < 35; i++) {
		make_rings(mallory);
		write_keys(mallory);
		write_key(mallory, names[i % 5], values[i / 5]);
		set_state(mallory, XenbusStateConnected);
		wrong += !wait_state(mallory, XenbusStateClosing,
				     XenbusStateClosed);
		wrong += !disconnect(mallory);
		pv_xenstore_remove(MALLORY "/multi-queue-num-queues");
	}
	check("keys that make no sense", wrong == 0, wrong);
	check_others("others after such keys");
}

/* States in any order; a hundred times. */
static void test_states(void)
{
	unsigned int i;

	make_rings(mallory);
	write_keys(mallory);
	for (i = 0; i < 100; i++) {
		set_state(mallory, random32() % 10);
		pv_wait(pv_time_ns());
	}
	check("lets go after states", disconnect(mallory), 0);
	for (i = 0; i < 100; i++) {
		if (!connect(mallory) || !disconnect(mallory))
			break;
	}
	check("a hundred connections", i == 100, i);
	check_others("others after states");
}

/* Its own directory is the guest's to spoil. */
static void test_directory(void)
{
	check("connected", connect(mallory), 0);
	write_key(mallory, "mac", "02:00:00:00:00:01");
	write_key(mallory, "backend", "/local/domain/0/name");
	write_key(mallory, "backend-id", "77");
	check_others("others after a spoiled directory");
	check("no address of others",
	      pv_xenstore_write("/local/domain/0/backend/vif/1/0/mac", "x") < 0,
	      0);
}

int main(void)
{
	if (pv_front_open(&mallory->front, "vif", mallory->number) ||
	    !make_pages(mallory))
		return 1;
	check("connected", open_card(&alice) && open_card(&bob), 0);
	check_others("both ways");
	test_attacks();
	test_references();
	test_own_rings();
	test_claims();
	test_garbage();
	test_keys();
	test_states();
	test_directory();
	pv_printf("done %d failed\n", failed);
	return 0;
}
