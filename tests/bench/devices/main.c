/* SPDX-License-Identifier: MIT */
/*
 * Instructions of the whole machine for a block request and for a packet,
 * taken in an ordinary guest with the library's front ends: with QEMU's
 * -icount shift=0 on one CPU the TSC counts those of guest, hypervisor and
 * control domain together.
 *
 * Block: a read of 4 KiB from the first disk, whose 32-bit word i of sector s
 * is s * 128 + i, into memory that is shared with the back end. Network: a
 * frame from the first card to the second, both on one bridge, sent until it
 * has been received. Each is done alone, and 32 at a time. The count is the
 * average of a thousand, the least of several such rounds; contents are
 * checked, outside of what is counted. With "quick" on the command line it is
 * a test of the front ends: a few of each, and the counts mean nothing.
 */
#include <pvguest/block.h>
#include <pvguest/console.h>
#include <pvguest/event.h>
#include <pvguest/front.h>
#include <pvguest/mm.h>
#include <pvguest/net.h>
#include <pvguest/start.h>
#include <pvguest/time.h>
#include <pvguest/trap.h>

#include "../rounds.h"

#define AT_ONCE    32u
#define FRAME_MAX  1514u
#define DISK_WORDS 1024u /* of a page */

static unsigned int each = 1000, rounds = 8;

int memcmp(const void *a, const void *b, size_t n);
void *memset(void *to, int byte, size_t n);

static void must(bool good, const char *what)
{
	if (!good)
		pv_panic("%s", what);
}

static void report(const char *name, void (*round)(unsigned int at_once),
		   unsigned int at_once)
{
	pv_printf("bench %s %lu\n", name,
		  bench_each(round, at_once, each, rounds));
}

/* Block ------------------------------------------------------------------- */

static struct pv_block *disk;
static struct pv_block_request requests[AT_ONCE];
static uint32_t *buffers;
static unsigned int n_done;

static void count_done(struct pv_block_request *request)
{
	n_done += !request->error;
}

/* Different places of a disk of at least a megabyte. */
static void begin_read(unsigned int i, unsigned int number)
{
	requests[i].sector = number * 8 % 2000;
	must(pv_block_submit(disk, &requests[i]) == 0, "submit");
}

static void read_round(unsigned int at_once)
{
	unsigned int number, i;

	for (number = 0; number < each / at_once; number++) {
		n_done = 0;
		for (i = 0; i < at_once; i++)
			begin_read(i, number * at_once + i);
		pv_block_kick(disk);
		while (n_done < at_once)
			pv_wait(PV_FOREVER);
	}
}

static void check_data(void)
{
	unsigned int i, word;

	for (i = 0; i < AT_ONCE; i++) {
		const uint32_t *page = requests[i].buffer;
		uint32_t first = (uint32_t)requests[i].sector * 128;

		for (word = 0; word < DISK_WORDS; word++)
			must(page[word] == first + word, "data");
	}
}

static void bench_block(bool is_persistent)
{
	const struct pv_block_options options = { .needs_map_each =
							  !is_persistent };
	uint32_t handle;
	unsigned int i;
	int rc = pv_front_find("vbd", 0, &handle);

	must(!rc, "no disk");
	disk = pv_block_open(handle, &options, &rc);
	if (!disk)
		pv_panic("the disk cannot be opened: %d", rc);
	must(!pv_block_share(disk, buffers, AT_ONCE), "share");
	for (i = 0; i < AT_ONCE; i++) {
		requests[i] = (struct pv_block_request){
			.op = PV_BLOCK_READ,
			.sectors = 8,
			.buffer = buffers + i * DISK_WORDS,
			.done = count_done,
		};
	}
	memset(buffers, 0, AT_ONCE * PV_PAGE_SIZE);
	report(is_persistent ? "lib_blk_4k" : "lib_blk_4k_map", read_round, 1);
	report(is_persistent ? "lib_blk_4k_x32" : "lib_blk_4k_map_x32",
	       read_round, AT_ONCE);
	check_data();
	must(!pv_block_close(disk), "close");
}

/* Network ----------------------------------------------------------------- */

static struct pv_net *cards[2];
static uint8_t frame_bytes[FRAME_MAX];
static struct pv_net_part part = { .data = frame_bytes };
static unsigned int n_received;
static bool is_checking;
static uint32_t last_sum;

static uint32_t sum_of(const uint8_t *bytes, uint32_t size)
{
	uint32_t sum = 0;

	while (size-- > 0)
		sum = sum * 31 + *bytes++;
	return sum;
}

static void receive(void *context, const struct pv_net_frame *frame)
{
	(void)context;
	if (frame->bytes != part.bytes)
		return; /* somebody else's */
	n_received++;
	if (is_checking)
		last_sum = sum_of(frame->parts[0].data, frame->bytes);
}

static void send(unsigned int card)
{
	struct pv_net_frame frame = { .parts = &part, .n_parts = 1 };

	must(pv_net_send(cards[card], &frame) == 0, "send");
}

static void send_round(unsigned int at_once)
{
	unsigned int number, i;

	for (number = 0; number < each / at_once; number++) {
		n_received = 0;
		for (i = 0; i < at_once; i++)
			send(0);
		pv_net_kick(cards[0]);
		while (n_received < at_once)
			pv_wait(PV_FOREVER);
	}
}

/* To the card of the other number, of a kind that no one else knows. */
static void make_frame(unsigned int from, uint32_t bytes)
{
	uint32_t i;

	for (i = 0; i < bytes; i++)
		frame_bytes[i] = (uint8_t)(i * 3);
	for (i = 0; i < PV_NET_MAC_SIZE; i++) {
		frame_bytes[i] = pv_net_info(cards[1 - from])->mac[i];
		frame_bytes[6 + i] = pv_net_info(cards[from])->mac[i];
	}
	frame_bytes[12] = 0x88;
	frame_bytes[13] = 0xb5;
	part.bytes = bytes;
}

static void check_frame(void)
{
	is_checking = true;
	n_received = 0;
	send(0);
	pv_net_kick(cards[0]);
	while (n_received == 0)
		pv_wait(PV_FOREVER);
	must(last_sum == sum_of(frame_bytes, part.bytes), "frame");
	is_checking = false;
}

static void bench_frames(uint32_t bytes, const char *alone, const char *many)
{
	make_frame(0, bytes);
	check_frame();
	report(alone, send_round, 1);
	report(many, send_round, AT_ONCE);
	check_frame();
}

static void bench_net(void)
{
	struct pv_net_options options = { .receive = receive, .buffers = 128 };
	unsigned int i;
	uint32_t handle;
	int rc;

	for (i = 0; i < 2; i++) {
		rc = pv_front_find("vif", i, &handle);
		must(!rc, "two network cards are needed");
		cards[i] = pv_net_open(handle, &options, &rc);
		must(cards[i], "a network card cannot be opened");
	}
	/* The bridge learns where the second card is. */
	make_frame(1, 64);
	n_received = 0;
	while (n_received == 0) {
		send(1);
		pv_net_kick(cards[1]);
		pv_sleep_ns(100000000);
	}
	bench_frames(1514, "lib_net_1500", "lib_net_1500_x32");
	bench_frames(64, "lib_net_64", "lib_net_64_x32");
	must(!pv_net_close(cards[0]) && !pv_net_close(cards[1]), "close");
}

int main(void)
{
	if (!memcmp((const char *)pv_start_info->cmd_line, "quick", 5)) {
		each = 64;
		rounds = 1;
	}
	buffers = pv_heap_grow(AT_ONCE * PV_PAGE_SIZE);
	must(buffers, "memory");
	bench_block(true);
	bench_block(false);
	bench_net();
	pv_printf("bench done\n");
	return 0;
}
