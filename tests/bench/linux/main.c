/* SPDX-License-Identifier: MIT */
/*
 * Instructions of the whole machine for a block request and for a packet of a
 * stock Linux guest, taken by a program in it: with QEMU's -icount shift=0 on
 * one CPU the TSC counts those of guest, hypervisor and control domain
 * together. It is the guest's /autorun, static, and says what
 * tests/bench/devices says of a guest on the library's front ends.
 *
 * Block: O_DIRECT reads of 4 KiB from /dev/xvda, whose 32-bit word i is i:
 * pread() one after the other, or 32 at a time with io_submit(), at places
 * that are never neighbours, so that nothing is merged. Network: a frame from
 * eth0 to eth1, both on one bridge, through packet sockets: no IP stack in
 * between. The count is the average of a thousand, the least of several such
 * rounds after one to warm up; contents are checked, outside of what is
 * counted.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "../rounds.h"

#define EACH        1000u
#define ROUNDS      8u
#define AT_ONCE     32u
#define PAGE        4096u
#define PAGE_WORDS  (PAGE / 4)
#define DISK_BLOCKS 256u /* of a page */
#define MAC_SIZE    6
#define FRAME_MAX   1514u
#define FRAME_KIND  0x88b5 /* one that no one else knows */

static void must(bool good, const char *what)
{
	if (good)
		return;
	printf("bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void report(const char *name, void (*round)(unsigned int at_once),
		   unsigned int at_once)
{
	printf("bench %s %lu\n", name,
	       (unsigned long)bench_each(round, at_once, EACH, ROUNDS));
}

/* Block ------------------------------------------------------------------- */

static int disk;
static uint32_t *buffers;
static aio_context_t aio;
static struct iocb blocks[AT_ONCE];

/* Even blocks only, and two in a row are far apart. */
static unsigned int block_of(unsigned int number)
{
	return number * 74 % DISK_BLOCKS;
}

static void check_block(const uint32_t *words, unsigned int block)
{
	unsigned int i;

	for (i = 0; i < PAGE_WORDS; i++)
		must(words[i] == block * PAGE_WORDS + i, "data");
}

static void read_alone(unsigned int at_once)
{
	unsigned int number;

	(void)at_once;
	for (number = 0; number < EACH; number++)
		must(pread(disk, buffers, PAGE, block_of(number) * PAGE) ==
			     PAGE,
		     "pread");
}

static void submit(unsigned int first, unsigned int at_once)
{
	struct iocb *list[AT_ONCE];
	unsigned int i;

	for (i = 0; i < at_once; i++) {
		blocks[i].aio_offset = block_of(first + i) * PAGE;
		list[i] = &blocks[i];
	}
	must(syscall(SYS_io_submit, aio, at_once, list) == at_once,
	     "io_submit");
}

static void read_many(unsigned int at_once)
{
	struct io_event events[AT_ONCE];
	unsigned int number, i;

	for (number = 0; number < EACH / at_once; number++) {
		submit(number * at_once, at_once);
		must(syscall(SYS_io_getevents, aio, at_once, at_once, events,
			     NULL) == at_once,
		     "io_getevents");
		for (i = 0; i < at_once; i++)
			must(events[i].res == PAGE, "read");
	}
}

static void bench_block(void)
{
	unsigned int i;

	disk = open("/dev/xvda", O_RDONLY | O_DIRECT);
	must(disk >= 0, "/dev/xvda");
	buffers = mmap(NULL, AT_ONCE * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	must(buffers != MAP_FAILED, "memory");
	must(syscall(SYS_io_setup, AT_ONCE, &aio) == 0, "io_setup");
	for (i = 0; i < AT_ONCE; i++) {
		blocks[i].aio_fildes = (uint32_t)disk;
		blocks[i].aio_lio_opcode = IOCB_CMD_PREAD;
		blocks[i].aio_buf = (uintptr_t)(buffers + i * PAGE_WORDS);
		blocks[i].aio_nbytes = PAGE;
	}
	report("blk_4k", read_alone, 1);
	check_block(buffers, block_of(EACH - 1));
	report("blk_4k_x32", read_many, AT_ONCE);
	for (i = 0; i < AT_ONCE; i++)
		check_block(buffers + i * PAGE_WORDS,
			    (unsigned int)blocks[i].aio_offset / PAGE);
}

/* Network ----------------------------------------------------------------- */

static struct card {
	int socket;
	uint8_t mac[MAC_SIZE];
} cards[2];
static uint8_t frame[FRAME_MAX], received[FRAME_MAX];
static uint32_t frame_bytes;

/* Up, with a socket for all frames of our kind. */
static void open_card(struct card *card, const char *name)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
				       .sll_protocol = htons(FRAME_KIND) };
	struct ifreq request = { 0 };

	card->socket = socket(AF_PACKET, SOCK_RAW, htons(FRAME_KIND));
	must(card->socket >= 0, "socket");
	strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
	must(ioctl(card->socket, SIOCGIFHWADDR, &request) == 0, name);
	memcpy(card->mac, request.ifr_hwaddr.sa_data, MAC_SIZE);
	must(ioctl(card->socket, SIOCGIFFLAGS, &request) == 0, name);
	request.ifr_flags |= IFF_UP;
	must(ioctl(card->socket, SIOCSIFFLAGS, &request) == 0, name);
	must(ioctl(card->socket, SIOCGIFINDEX, &request) == 0, name);
	address.sll_ifindex = request.ifr_ifindex;
	must(bind(card->socket, (struct sockaddr *)&address, sizeof(address)) ==
		     0,
	     name);
}

static void make_frame(unsigned int from, uint32_t bytes)
{
	uint32_t i;

	for (i = 0; i < bytes; i++)
		frame[i] = (uint8_t)(i * 3);
	memcpy(frame, cards[1 - from].mac, MAC_SIZE);
	memcpy(frame + MAC_SIZE, cards[from].mac, MAC_SIZE);
	frame[2 * MAC_SIZE] = FRAME_KIND >> 8;
	frame[2 * MAC_SIZE + 1] = FRAME_KIND & 0xff;
	frame_bytes = bytes;
}

static bool receive(unsigned int card)
{
	return recv(cards[card].socket, received, FRAME_MAX, 0) == frame_bytes;
}

/* The cards come up when their back ends are ready, and the bridge has to
 * learn where they are: frames are sent until one arrives. */
static void find_way(unsigned int from)
{
	struct timeval wait = { .tv_usec = 100000 }, forever = { 0 };
	int socket = cards[1 - from].socket;

	make_frame(from, 64);
	must(setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) ==
		     0,
	     "setsockopt");
	do {
		send(cards[from].socket, frame, frame_bytes, 0);
	} while (!receive(1 - from));
	while (receive(1 - from))
		; /* those sent before */
	must(setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &forever,
			sizeof(forever)) == 0,
	     "setsockopt");
}

static void send_round(unsigned int at_once)
{
	unsigned int number, i;

	for (number = 0; number < EACH / at_once; number++) {
		for (i = 0; i < at_once; i++)
			must(send(cards[0].socket, frame, frame_bytes, 0) ==
				     frame_bytes,
			     "send");
		for (i = 0; i < at_once; i++)
			must(receive(1), "receive");
	}
}

static void bench_frames(uint32_t bytes, const char *alone, const char *many)
{
	make_frame(0, bytes);
	report(alone, send_round, 1);
	must(!memcmp(received, frame, bytes), "frame");
	memset(received, 0, sizeof(received));
	report(many, send_round, AT_ONCE);
	must(!memcmp(received, frame, bytes), "frame");
}

static void bench_net(void)
{
	open_card(&cards[0], "eth0");
	open_card(&cards[1], "eth1");
	find_way(1);
	find_way(0);
	bench_frames(1514, "net_1500", "net_1500_x32");
	bench_frames(64, "net_64", "net_64_x32");
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	bench_block();
	bench_net();
	printf("bench done\n");
	return 0;
}
