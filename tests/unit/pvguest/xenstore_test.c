/* SPDX-License-Identifier: MIT */
/*
 * The library's client of xenstore against a server of a few lines, which
 * answers as fast or as slowly, and in as small pieces, as the test says.
 */
#include <pvguest/xenstore.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <public/errno.h>
#include <public/io/xs_wire.h>
#include <pvguest/console.h>
#include <pvguest/event.h>
#include <pvguest/mm.h>
#include <pvguest/start.h>

#include "check.h"

#define PORT 1u

static _Alignas(4096) uint8_t page[4096];
static struct xenstore_domain_interface *const ring = (void *)page;
static struct start_info info;
struct start_info *pv_start_info = &info;
static pv_event_handler *handler;

/* What the server has read and not understood, said and not sent. */
static char in[8192], out[16384];
static size_t in_size, out_size;
static size_t piece; /* at most so much at a time */

/* What it has. */
static char value[5000] = "4";
static const char *error;
static unsigned int n_watched, n_unwatched, events_with_answer;
static char token[32];

bool pv_is_initial_domain(void)
{
	return false;
}

void pv_console_write(const char *text, size_t length)
{
	(void)text;
	(void)length;
}

uint64_t pv_mfn_to_pfn(uint64_t mfn)
{
	return mfn;
}

int pv_event_attach(uint32_t port, pv_event_handler *new, void *context)
{
	CHECK(port == PORT && !context);
	handler = new;
	return PORT;
}

int pv_event_notify(uint32_t port)
{
	CHECK(port == PORT);
	return 0;
}

/* The server -------------------------------------------------------------- */

static void say(uint32_t type, const void *payload, size_t size)
{
	struct xsd_sockmsg header = { .type = type, .len = (uint32_t)size };

	CHECK(out_size + sizeof(header) + size <= sizeof(out));
	memcpy(out + out_size, &header, sizeof(header));
	memcpy(out + out_size + sizeof(header), payload, size);
	out_size += sizeof(header) + size;
}

static void say_event(void)
{
	char text[64] = "path";

	strcpy(text + 5, token);
	say(XS_WATCH_EVENT, text, 5 + strlen(token) + 1);
}

static void answer(const struct xsd_sockmsg *header, const char *payload)
{
	unsigned int i;

	if (error) {
		say(XS_ERROR, error, strlen(error) + 1);
	} else if (header->type == XS_READ) {
		say(XS_READ, value, strlen(value));
	} else if (header->type == XS_WRITE) {
		size_t size = header->len - strlen(payload) - 1;

		memcpy(value, payload + strlen(payload) + 1, size);
		value[size] = '\0';
		say(XS_WRITE, "OK", 3);
	} else if (header->type == XS_DIRECTORY) {
		say(XS_DIRECTORY, "a\0bb\0", 5);
	} else {
		n_watched += header->type == XS_WATCH;
		n_unwatched += header->type == XS_UNWATCH;
		snprintf(token, sizeof(token), "%s",
			 payload + strlen(payload) + 1);
		say(header->type, "OK", 3);
	}
	for (i = 0; i < events_with_answer; i++)
		say_event();
}

static void read_requests(void)
{
	struct xsd_sockmsg header;

	while (ring->req_cons != ring->req_prod) {
		CHECK(in_size < sizeof(in));
		in[in_size++] = ring->req[MASK_XENSTORE_IDX(ring->req_cons)];
		ring->req_cons++;
	}
	memcpy(&header, in, sizeof(header));
	if (in_size < sizeof(header) || in_size < sizeof(header) + header.len)
		return;
	answer(&header, in + sizeof(header));
	in_size = 0;
}

static void send_out(void)
{
	size_t n = 0;

	while (n < out_size && n < piece &&
	       ring->rsp_prod - ring->rsp_cons < XENSTORE_RING_SIZE)
		ring->rsp[MASK_XENSTORE_IDX(ring->rsp_prod++)] = out[n++];
	memmove(out, out + n, out_size - n);
	out_size -= n;
}

/* The domain sleeps: the server runs, and an event comes if it did anything. */
bool pv_wait(uint64_t deadline)
{
	uint32_t before = ring->rsp_prod + ring->req_cons;

	CHECK(deadline == PV_FOREVER);
	read_requests();
	send_out();
	if (before == ring->rsp_prod + ring->req_cons)
		check_fail(__FILE__, __LINE__, "sleeps for ever");
	handler(PORT, NULL);
	return true;
}

static void begin(size_t new_piece)
{
	info.store_evtchn = PORT;
	info.store_mfn = (uint64_t)page / 4096;
	piece = new_piece;
	error = NULL;
	events_with_answer = 0;
	strcpy(value, "4");
}

/* Tests ------------------------------------------------------------------- */

static void read_write(size_t new_piece)
{
	char text[5000], big[4000];

	begin(new_piece);
	CHECK(pv_xenstore_read("x", text, sizeof(text)) == 1);
	CHECK_TEXT(text, "4");
	CHECK(pv_xenstore_read("x", text, 1) == -XEN_E2BIG);
	memset(big, 'y', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	CHECK(!pv_xenstore_write("x", big));
	CHECK(pv_xenstore_read("x", text, sizeof(text)) == 3999);
	CHECK_TEXT(text, big);
	CHECK(pv_xenstore_list("x", text, sizeof(text)) == 5);
	CHECK(!memcmp(text, "a\0bb\0", 5));
	CHECK(pv_xenstore_list("x", text, 4) == -XEN_E2BIG);
	error = "ENOENT";
	CHECK(pv_xenstore_read("x", text, sizeof(text)) == -XEN_ENOENT);
	error = "ESTRANGE";
	CHECK(pv_xenstore_write("x", "y") == -XEN_EIO);
}

static void test_read_write(void)
{
	read_write(SIZE_MAX);
}

static void test_pieces(void)
{
	read_write(1);
	read_write(7);
	read_write(1000);
}

static void watch_all(size_t new_piece)
{
	struct pv_xenstore_watch first, second;
	char text[8];

	begin(new_piece);
	CHECK(!pv_xenstore_watch(&first, "a"));
	CHECK(!pv_xenstore_watch(&second, "b") && first.changes == 0);
	say_event();
	say_event();
	while (out_size)
		pv_wait(PV_FOREVER);
	CHECK(second.changes == 2 && first.changes == 0);
	/* Before an answer. */
	say_event();
	CHECK(pv_xenstore_read("x", text, sizeof(text)) == 1);
	CHECK(second.changes == 3);
	strcpy(token, "nonsense");
	say_event();
	CHECK(pv_xenstore_read("x", text, sizeof(text)) == 1);
	CHECK(second.changes == 3);
	pv_xenstore_unwatch(&first, "a");
	pv_xenstore_unwatch(&second, "b");
}

static void test_watches(void)
{
	watch_all(SIZE_MAX);
	watch_all(1);
	CHECK(n_watched == 4 && n_unwatched == 4);
	error = "ENOSPC";
	CHECK(pv_xenstore_watch(&(struct pv_xenstore_watch){ 0 }, "a") ==
	      -XEN_ENOSPC);
}

/* It comes together with the answer, and nothing comes after it. */
static void test_event_behind_answer(void)
{
	struct pv_xenstore_watch watch;
	char text[8];

	begin(SIZE_MAX);
	CHECK(!pv_xenstore_watch(&watch, "a"));
	events_with_answer = 3;
	CHECK(pv_xenstore_read("x", text, sizeof(text)) == 1);
	CHECK(watch.changes == 3);
	events_with_answer = 0;
	pv_xenstore_unwatch(&watch, "a");
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_read_write),
		TEST(test_pieces),
		TEST(test_watches),
		TEST(test_event_behind_answer),
	};

	return RUN_TESTS(tests);
}
