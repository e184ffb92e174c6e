/* SPDX-License-Identifier: MIT */
/*
 * The library's network front end: two cards of a guest on one bridge of the
 * real back end, and one card against a back end that lies, which the test
 * plays itself.
 */
#include <pvguest/net.h>

#include <stdlib.h>
#include <string.h>

#include <public/errno.h>
#include <public/io/netif.h>
#include <pvguest/ring.h>

#include "backends/fake_guest.h"
#include "backends/fake_pv.h"
#include "backends/keys.h"
#include "backends/netback.h"
#include "check.h"
#include "xenstore/local.h"

#define OWN      "/local/domain/0/backend/vif/5/"
#define FRONT    "/local/domain/5/device/vif/"
#define HEADERS  54u /* Ethernet, IPv4, TCP */
#define CHECKSUM 50u /* TCP's */

static struct pv_net *cards[2];
static uint8_t sent[PV_NET_FRAME_MAX];

/* What has come; the last frame whole. */
static struct {
	unsigned int count;
	uint64_t bytes;
	struct pv_net_frame frame;
	uint8_t data[PV_NET_FRAME_MAX];
} came[2];

static void receive(void *context, const struct pv_net_frame *frame)
{
	unsigned int card = (unsigned int)(uintptr_t)context, i;
	uint32_t at = 0;

	came[card].count++;
	came[card].bytes += frame->bytes;
	came[card].frame = *frame;
	for (i = 0; i < frame->n_parts; i++) {
		memcpy(came[card].data + at, frame->parts[i].data,
		       frame->parts[i].bytes);
		at += frame->parts[i].bytes;
	}
	CHECK(at == frame->bytes);
}

static const char *own(unsigned int card)
{
	return card ? OWN "1" : OWN "0";
}

static const char *front(unsigned int card)
{
	return card ? FRONT "1" : FRONT "0";
}

static void make_card(unsigned int card, const char *state)
{
	const char *mac = card ? "02:00:00:00:00:02" : "02:00:00:00:00:01";

	key_put(front(card), "backend", own(card));
	key_put(front(card), "backend-id", "0");
	key_put(front(card), "mac", mac);
	key_put(front(card), "state", "1");
	key_put(own(card), "online", "1");
	key_put(own(card), "mac", mac);
	key_put(own(card), "bridge", "br");
	key_put(own(card), "state", state);
}

static void begin(void)
{
	static bool is_registered;

	fake_pv_start();
	fake_guest_start();
	memset(came, 0, sizeof(came));
	if (!is_registered)
		CHECK(!backend_register(&netback_type));
	is_registered = true;
	make_card(0, "1");
	make_card(1, "1");
}

static void open_card(unsigned int card, struct pv_net_options options)
{
	int error;

	options.receive = receive;
	options.context = (void *)(uintptr_t)card;
	options.buffers = 18;
	cards[card] = pv_net_open(card, &options, &error);
	CHECK(cards[card] && !error);
	CHECK_TEXT(key_get(own(card), "state"), "4");
}

static void end(void)
{
	xs_local_rm(own(0));
	xs_local_rm(own(1));
	xs_local_rm("/local/domain/5/device");
	CHECK(!backend_next(NULL));
	CHECK(!fake_pv.mapped && !fake_pv.reserved && !fake_pv.ports);
	CHECK(fake_guest_is_clean());
	fake_pv_end();
}

static void end_closed(void)
{
	CHECK(!pv_net_close(cards[0]) && !pv_net_close(cards[1]));
	CHECK_TEXT(key_get(own(0), "state"), "6");
	end();
}

static void run(void)
{
	while (guest_wait(0))
		;
}

/* Frames ------------------------------------------------------------------ */

/* A TCP segment from card 0 to card 1, its checksum blank. */
static void write_headers(uint32_t bytes)
{
	static const uint8_t headers[HEADERS] = {
		2,    0, 0,  0, 0,    2,    2, 0, 0,  0, 0, 1, 8,  0,
		0x45, 0, 0,  0, 0,    0,    0, 0, 64, 6, 0, 0, 10, 0,
		0,    1, 10, 0, 0,    2,    4, 0, 80, 0, 0, 0, 0,  0,
		0,    0, 0,  0, 0x50, 0x10, 1, 0, 0,  0, 0, 0
	};
	uint32_t i, sum = 0;

	for (i = 0; i < bytes; i++)
		sent[i] = (uint8_t)(i * 5 + i / 256);
	memcpy(sent, headers, HEADERS);
	sent[16] = (uint8_t)((bytes - 14) >> 8);
	sent[17] = (uint8_t)(bytes - 14);
	for (i = 14; i < 34; i += 2)
		sum += (uint32_t)(sent[i] << 8 | sent[i + 1]);
	sum = ~((sum & 0xffff) + (sum >> 16));
	sent[24] = (uint8_t)(sum >> 8);
	sent[25] = (uint8_t)sum;
}

static int send_bytes(uint32_t bytes, const struct pv_net_frame *kind)
{
	const struct pv_net_part parts[] = {
		{ sent, bytes < 20 ? bytes : 20 },
		{ sent, 0 },
		{ sent + 20, bytes < 20 ? 0 : bytes - 20 },
	};
	struct pv_net_frame frame = *kind;
	int rc;

	frame.parts = parts;
	frame.n_parts = 3;
	rc = pv_net_send(cards[0], &frame);
	pv_net_kick(cards[0]);
	return rc;
}

static const struct pv_net_frame plain;

/* Tests ------------------------------------------------------------------- */

static void test_frames(void)
{
	static const uint32_t sizes[] = {
		14, 60, 1514, 4096, 4097, 40000, 65535
	};
	const struct pv_net_info *info;
	size_t i;

	begin();
	open_card(0, (struct pv_net_options){ 0 });
	open_card(1, (struct pv_net_options){ 0 });
	info = pv_net_info(cards[0]);
	CHECK(!memcmp(info->mac, "\2\0\0\0\0\1", 6) && info->queues == 1);
	CHECK(info->bytes_max == 65535 && info->has_blank6);
	CHECK(info->has_batches4 && info->has_batches6);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		write_headers(65535);
		sent[12] = 0x88;
		sent[13] = 0xb5;
		CHECK(!send_bytes(sizes[i], &plain));
		CHECK(pv_net_pending(cards[0]) > 0);
		run();
		CHECK(pv_net_pending(cards[0]) == 0);
		CHECK(came[1].count == i + 1 && came[0].count == 0);
		CHECK(came[1].frame.bytes == sizes[i]);
		CHECK(!memcmp(came[1].data, sent, sizes[i]));
	}
	CHECK(send_bytes(13, &plain) == -XEN_EINVAL);
	CHECK(send_bytes(65536, &plain) == -XEN_EMSGSIZE);
	end_closed();
}

/* More than there are buffers, over and over. */
static void test_many(void)
{
	unsigned int i, again = 0;

	begin();
	open_card(0, (struct pv_net_options){ .queues = 9 });
	open_card(1, (struct pv_net_options){ .queues = 2 });
	CHECK(pv_net_info(cards[0])->queues == 4);
	CHECK(fake_pv.ports == 6);
	write_headers(200);
	sent[13] = 6;
	for (i = 0; i < 2000; i++) {
		const struct pv_net_frame frame = { .queue = i % 5 };

		if (i % 5 == 4) {
			CHECK(send_bytes(200, &frame) == -XEN_EINVAL);
			continue;
		}
		while (send_bytes(200, &frame) == -XEN_EAGAIN) {
			again++;
			run();
		}
		if (i % 100 == 99)
			run();
	}
	run();
	CHECK(again > 0 && came[1].bytes == came[1].count * 200u);
	CHECK(came[1].count == 1600);
	CHECK(pv_net_pending(cards[0]) == 0);
	end_closed();
}

/* A back end that fills checksums in for one that cannot take them blank. */
static void test_checksums(void)
{
	const struct pv_net_frame blank = { .checksum_blank = true };
	static const uint8_t zeros[2];

	begin();
	open_card(0, (struct pv_net_options){ 0 });
	open_card(1, (struct pv_net_options){ .takes_blank = true });
	write_headers(100);
	CHECK(!send_bytes(100, &blank));
	run();
	CHECK(came[1].count == 1 && came[1].frame.checksum_blank);
	CHECK(!memcmp(came[1].data, sent, 100));
	CHECK(!pv_net_close(cards[1]));
	open_card(1, (struct pv_net_options){ 0 });
	CHECK(!send_bytes(100, &blank));
	run();
	CHECK(came[1].count == 2 && !came[1].frame.checksum_blank);
	CHECK(memcmp(came[1].data + CHECKSUM, zeros, 2) != 0);
	end_closed();
}

static void test_batches(void)
{
	const struct pv_net_frame batch = { .checksum_blank = true,
					    .batch = PV_NET_TCP4,
					    .batch_size = 1000 };
	const struct pv_net_frame wrong[] = { { .batch = PV_NET_TCP4 },
					      { .batch = PV_NET_TCP6 } };

	begin();
	open_card(0, (struct pv_net_options){ 0 });
	open_card(1, (struct pv_net_options){ .takes_blank = true,
					      .takes_batches = true });
	write_headers(HEADERS + 20000);
	CHECK(!send_bytes(HEADERS + 20000, &batch));
	run();
	CHECK(came[1].count == 1 && came[1].frame.batch == PV_NET_TCP4);
	CHECK(came[1].frame.batch_size == 1000);
	CHECK(!memcmp(came[1].data, sent, HEADERS + 20000));
	CHECK(!pv_net_close(cards[1]));
	open_card(1, (struct pv_net_options){ 0 });
	CHECK(!send_bytes(HEADERS + 20000, &batch));
	run();
	CHECK(came[1].count == 21 && came[1].frame.bytes == HEADERS + 1000);
	CHECK(send_bytes(1000, &wrong[0]) == -XEN_EINVAL);
	CHECK(send_bytes(1000, &wrong[1]) == -XEN_EINVAL);
	end_closed();
}

static void test_reopen(void)
{
	struct pv_net *first;
	int i;

	begin();
	open_card(1, (struct pv_net_options){ 0 });
	open_card(0, (struct pv_net_options){ 0 });
	first = cards[0];
	/* As if by another kernel, which leaves it closed. */
	open_card(0, (struct pv_net_options){ .queues = 2 });
	CHECK(!pv_net_close(cards[0]));
	CHECK(!pv_net_check(first));
	cards[0] = first;
	CHECK(send_bytes(100, &plain) == -XEN_ENODEV);
	CHECK(!pv_net_close(first));
	for (i = 0; i < 20; i++) {
		open_card(0, (struct pv_net_options){ .queues = i % 3 });
		CHECK(!pv_net_close(cards[0]));
	}
	open_card(0, (struct pv_net_options){ 0 });
	write_headers(100);
	CHECK(!send_bytes(100, &plain));
	run();
	CHECK(came[1].count == 1);
	end_closed();
}

/* The key is there, not there, and wrong. */
static void test_link(void)
{
	begin();
	open_card(0, (struct pv_net_options){ 0 });
	CHECK(pv_net_has_link(cards[0]));
	key_put(own(0), "carrier", "0");
	CHECK(!pv_net_has_link(cards[0]));
	key_put(own(0), "carrier", "1");
	CHECK(pv_net_has_link(cards[0]));
	key_put(own(0), "carrier", "nonsense");
	CHECK(pv_net_has_link(cards[0]));
	CHECK(!pv_net_close(cards[0]));
	CHECK_TEXT(key_get(own(0), "state"), "6");
	end();
}

/* Every page that is not there in turn. */
static void test_no_memory(void)
{
	const struct pv_net_options options = { .queues = 2, .buffers = 18 };
	size_t left;
	int error;

	begin();
	for (left = 0; left < 200; left++) {
		fake_guest.pages_left = left;
		cards[0] = pv_net_open(0, &options, &error);
		if (cards[0])
			break;
		CHECK(error == -XEN_ENOMEM && fake_guest_is_clean());
	}
	CHECK(left == 1 + 2 * (1 + 2 + 2 + 36));
	CHECK(!pv_net_close(cards[0]));
	end();
}

static void lose(const char *state)
{
	begin();
	open_card(0, (struct pv_net_options){ 0 });
	CHECK(pv_net_check(cards[0]));
	if (state)
		key_put(own(0), "state", state);
	else
		xs_local_rm(own(0));
	CHECK(!pv_net_check(cards[0]));
	CHECK(send_bytes(100, &plain) == -XEN_ENODEV);
	pv_net_close(cards[0]);
	end();
}

static void test_lost(void)
{
	lose("5");
	lose("6");
	lose(NULL);
}

/* A back end that lies ---------------------------------------------------- */

static struct pv_ring liar_tx, liar_rx;
static uint32_t liar_port;

static void liar_connect(void *context, const char *changed)
{
	(void)context;
	(void)changed;
	if (!strcmp(key_get(front(0), "state"), "5"))
		key_put(own(0), "state", "5");
	if (!strcmp(key_get(front(0), "state"), "6"))
		key_put(own(0), "state", "6");
	if (strcmp(key_get(front(0), "state"), "4") != 0 ||
	    !strcmp(key_get(own(0), "state"), "4"))
		return;
	CHECK(!pv_back_ring_attach(
		&liar_tx,
		fake_granted((uint32_t)atoi(key_get(front(0), "tx-ring-ref"))),
		4096, sizeof(struct netif_tx_request)));
	CHECK(!pv_back_ring_attach(
		&liar_rx,
		fake_granted((uint32_t)atoi(key_get(front(0), "rx-ring-ref"))),
		4096, sizeof(struct netif_rx_request)));
	liar_port = (uint32_t)atoi(key_get(front(0), "event-channel"));
	key_put(own(0), "state", "4");
}

static struct xs_local_watch *liar_watch;

static void begin_liar(void)
{
	begin();
	xs_local_rm(own(0));
	key_put(own(0), "feature-rx-copy", "1");
	key_put(own(0), "state", "2");
	liar_watch = xs_local_watch(FRONT "0/state", liar_connect, NULL);
	open_card(0, (struct pv_net_options){ .takes_blank = true });
	CHECK(pv_net_info(cards[0])->bytes_max == 4096);
	CHECK(pv_back_ring_waiting(&liar_rx) == 18);
	write_headers(100);
	CHECK(!send_bytes(100, &plain) && !send_bytes(100, &plain));
	CHECK(pv_back_ring_waiting(&liar_tx) == 2);
}

static void end_liar(bool is_alive)
{
	CHECK(pv_net_check(cards[0]) == is_alive);
	CHECK(send_bytes(100, &plain) == (is_alive ? 0 : -XEN_ENODEV));
	CHECK(!pv_net_close(cards[0]));
	xs_local_unwatch(liar_watch);
	end();
}

static void liar_notify(void)
{
	pv_back_ring_publish(&liar_tx);
	pv_back_ring_publish(&liar_rx);
	fake_guest_event(liar_port);
	run();
}

static void answer_tx(uint16_t id, int16_t status)
{
	struct netif_tx_response response = { id, status };

	pv_back_ring_answer(&liar_tx, &response, sizeof(response));
}

/* Into the pages that it was offered, in their order: ids 0, 1, 2... */
static void answer_rx(uint16_t id, uint16_t offset, uint16_t flags,
		      int16_t status)
{
	struct netif_rx_response response = { id, offset, flags, status };

	pv_back_ring_answer(&liar_rx, &response, sizeof(response));
}

static void test_bad_answers(void)
{
	static const uint16_t ids[] = { 2, 17, 18, 255, 256, UINT16_MAX };
	size_t i;

	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		begin_liar();
		answer_tx(ids[i], NETIF_RSP_OKAY);
		liar_notify();
		end_liar(false);
	}
	begin_liar();
	answer_tx(0, NETIF_RSP_ERROR);
	answer_tx(9999, NETIF_RSP_NULL);
	liar_notify();
	end_liar(true);
	begin_liar();
	answer_tx(1, NETIF_RSP_OKAY);
	answer_tx(1, NETIF_RSP_OKAY);
	liar_notify();
	end_liar(false);
	begin_liar();
	liar_tx.shared->rsp_prod += 3;
	liar_notify();
	end_liar(false);
}

static void test_bad_slots(void)
{
	static const struct {
		uint16_t id, offset;
		int16_t status;
	} bad[] = { { 1, 0, 60 },   { 40, 0, 60 },    { 0, 4000, 97 },
		    { 0, 0, 4097 }, { 0, 65535, 60 }, { 0, 65535, 1 },
		    { 0, 0, 32767 } };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin_liar();
		answer_rx(bad[i].id, bad[i].offset, 0, bad[i].status);
		liar_notify();
		CHECK(came[0].count == 0);
		end_liar(false);
	}
	begin_liar();
	liar_rx.shared->rsp_prod += 19;
	liar_notify();
	end_liar(false);
	/* A frame that does not end. */
	begin_liar();
	for (i = 0; i < 18; i++)
		answer_rx((uint16_t)i, 0, NETRXF_more_data, 4096);
	liar_notify();
	CHECK(pv_net_check(cards[0]));
	liar_rx.shared->rsp_prod++;
	fake_guest_event(liar_port);
	run();
	CHECK(came[0].count == 0);
	end_liar(false);
}

/* Wrong in itself: dropped, and the next one is as good as ever. */
static void test_bad_frames(void)
{
	struct netif_extra_info extra = { .type = XEN_NETIF_EXTRA_TYPE_GSO };

	begin_liar();
	answer_rx(0, 0, 0, NETIF_RSP_ERROR);
	answer_rx(1, 0, NETRXF_more_data, 4096);
	answer_rx(2, 0, 0, NETIF_RSP_DROPPED);
	answer_rx(3, 0, 0, 13);
	answer_rx(4, 0, 0, 0);
	answer_rx(5, 0, NETRXF_extra_info | NETRXF_more_data, 60);
	extra.u.gso.type = 77;
	pv_back_ring_answer(&liar_rx, &extra, sizeof(extra));
	answer_rx(7, 0, 0, 60);
	answer_rx(8, 4096, 0, 0);
	liar_notify();
	CHECK(came[0].count == 0 && pv_net_check(cards[0]));
	/* In pieces, with extra information that says nothing. */
	answer_rx(9, 100, NETRXF_extra_info, 60);
	liar_notify();
	CHECK(came[0].count == 0);
	extra.type = 200;
	extra.flags = XEN_NETIF_EXTRA_FLAG_MORE;
	pv_back_ring_answer(&liar_rx, &extra, sizeof(extra));
	liar_notify();
	extra.flags = 0;
	pv_back_ring_answer(&liar_rx, &extra, sizeof(extra));
	liar_notify();
	CHECK(came[0].count == 1 && came[0].frame.bytes == 60);
	CHECK(liar_rx.shared->req_prod - liar_rx.rsp == 18);
	end_liar(true);
}

static void test_refused(void)
{
	const struct pv_net_options options = { 0 };
	int error;

	begin();
	xs_local_rm(own(0));
	key_put(own(0), "state", "2");
	CHECK(!pv_net_open(0, &options, &error) && error == -XEN_EOPNOTSUPP);
	xs_local_rm(own(0));
	make_card(0, "1");
	key_put(front(0), "mac", "02:00:00:00:00:0x");
	CHECK(!pv_net_open(0, &options, &error) && error == -XEN_EINVAL);
	CHECK(!pv_net_open(7, &options, &error) && error == -XEN_ENOENT);
	end();
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_frames),      TEST(test_many),
		TEST(test_checksums),   TEST(test_batches),
		TEST(test_reopen),      TEST(test_link),
		TEST(test_no_memory),   TEST(test_lost),
		TEST(test_bad_answers), TEST(test_bad_slots),
		TEST(test_bad_frames),  TEST(test_refused),
	};

	return RUN_TESTS(tests);
}
