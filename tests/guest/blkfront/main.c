/* SPDX-License-Identifier: MIT */
/*
 * A block front end that does what none should, and looks at what becomes of
 * it: requests that cannot be, indices that cannot be, grants that are not
 * there or not for the back end, states walked backwards, a hundred
 * reconnections. After each it must be served again like any other.
 *
 * Its command line says how it ends: "end" shuts down, "crash" dies with its
 * ring full and everything mapped, "hang" fills its ring for ever and waits to
 * be destroyed. The disk xvda holds 1 MiB; 32-bit word i of sector s is
 * s * 128 + i. Prints `ok NAME` or `not ok NAME: why`, then `done N failed`.
 *
 * Negotiation is the library's (front.h); states, rings and requests are made
 * by hand, for the library's block front end does nothing wrong.
 */
#include <public/errno.h>
#include <public/io/blkif.h>
#include <public/sched.h>
#include <pvguest/console.h>
#include <pvguest/event.h>
#include <pvguest/front.h>
#include <pvguest/grant.h>
#include <pvguest/mm.h>
#include <pvguest/ring.h>
#include <pvguest/start.h>
#include <pvguest/time.h>
#include <pvguest/xenstore.h>

#define FRONT     "device/vbd/51712"
#define HANDLE    51712
#define PAGES     11u
#define DISK_SECT 2048u
#define LIMIT_NS  20000000000UL

static struct pv_front device;
static struct pv_keys *const front = &device.own;
static struct pv_ring ring;
static struct pv_ring_pages ring_pages;
static uint32_t port;
static uint32_t *pages[PAGES];
static uint32_t refs[PAGES];
static uint64_t last_id;
static uint64_t answered_id;
static int failed;

static void check(const char *name, bool good, long value)
{
	if (good)
		pv_printf("ok %s\n", name);
	else
		pv_printf("not ok %s: %ld\n", name, value);
	failed += !good;
}

int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);

/* States ------------------------------------------------------------------ */

static uint32_t back_state(void)
{
	return pv_keys_state(&device.back);
}

/* Each look is a message to the store, so nothing is held up by looking. */
static bool wait_state(uint32_t wanted)
{
	uint64_t limit = pv_time_ns() + LIMIT_NS;

	while (back_state() != wanted) {
		if (pv_time_ns() > limit)
			return false;
	}
	return true;
}

static void set_state(uint32_t state)
{
	pv_keys_put(front, "state", state);
}

/* Connecting -------------------------------------------------------------- */

static void back_event(uint32_t event_port, void *context)
{
	(void)event_port;
	(void)context;
}

static void publish(bool persistent)
{
	pv_front_ring_init(&ring, ring_pages.va, PV_PAGE_SIZE,
			   sizeof(struct blkif_request));
	pv_ring_pages_put(&ring_pages, front, 0, 1, "ring-ref");
	pv_keys_put(front, "feature-persistent", persistent);
	front->write(front->context, "protocol", "x86_64-abi");
}

static void open_port(void)
{
	int rc = pv_queue_port_make(front, 0, 0, 1, "event-channel", back_event,
				    NULL);

	port = rc < 0 ? 0 : (uint32_t)rc;
}

static bool go(bool persistent)
{
	if (!wait_state(XenbusStateInitWait))
		return false;
	open_port();
	publish(persistent);
	set_state(XenbusStateInitialised);
	if (!wait_state(XenbusStateConnected))
		return false;
	set_state(XenbusStateConnected);
	return true;
}

/* From wherever the last test has left it. */
static bool again(bool persistent)
{
	set_state(XenbusStateClosed);
	if (!wait_state(XenbusStateClosed))
		return false;
	pv_event_close(port);
	set_state(XenbusStateInitialising);
	return go(persistent);
}

/* Requests ---------------------------------------------------------------- */

static struct blkif_request plain(uint8_t operation, uint64_t sector,
				  unsigned int segments)
{
	struct blkif_request request = {
		.operation = operation,
		.nr_segments = (uint8_t)segments,
		.sector_number = sector,
		.id = ++last_id,
	};
	unsigned int i;

	for (i = 0; i < segments && i < 11; i++) {
		request.seg[i].gref = refs[i];
		request.seg[i].last_sect = 7;
	}
	return request;
}

static void put(const struct blkif_request *request)
{
	pv_front_ring_put(&ring, request, sizeof(*request));
}

static void show(void)
{
	if (pv_front_ring_publish(&ring))
		pv_event_notify(port);
}

/* The status of the next response; 1: none came, 2: not of this request. */
static int receive(uint64_t id)
{
	uint64_t limit = pv_time_ns() + LIMIT_NS;
	struct blkif_response response;

	while (pv_front_ring_waiting(&ring) == 0 &&
	       !pv_front_ring_rearm(&ring)) {
		if (!pv_wait(limit) && pv_time_ns() > limit)
			return 1;
	}
	if (pv_front_ring_waiting(&ring) < 0)
		return 2;
	pv_front_ring_take(&ring, &response, sizeof(response));
	answered_id = response.id;
	return response.id == id ? response.status : 2;
}

static int ask(const struct blkif_request *request)
{
	put(request);
	show();
	return receive(request->id);
}

static bool page_is(const uint32_t *page, uint32_t sector)
{
	uint32_t i;

	for (i = 0; i < 1024; i++) {
		if (page[i] != sector * 128 + i)
			return false;
	}
	return true;
}

/* It serves us as it should. */
static void check_served(const char *name)
{
	struct blkif_request request = plain(BLKIF_OP_READ, 80, 11);
	int status;

	pages[0][0] = pages[10][5] = 0;
	status = ask(&request);
	check(name,
	      status == BLKIF_RSP_OKAY && page_is(pages[0], 80) &&
		      page_is(pages[10], 160),
	      status);
}

/* Requests that are errors of their own ------------------------------------*/

static void check_refused(const char *name, const struct blkif_request *request)
{
	int status = ask(request);

	check(name, status == BLKIF_RSP_ERROR, status);
}

static void bad_sectors(void)
{
	struct blkif_request request = plain(BLKIF_OP_READ, DISK_SECT - 7, 1);

	check_refused("read past the end", &request);
	request = plain(BLKIF_OP_WRITE, DISK_SECT, 1);
	check_refused("write at the end", &request);
	request = plain(BLKIF_OP_READ, UINT64_MAX, 1);
	check_refused("sector 2^64 - 1", &request);
	request = plain(BLKIF_OP_WRITE, UINT64_MAX - 7, 1);
	check_refused("end wraps around", &request);
}

static void bad_segments(void)
{
	struct blkif_request request = plain(BLKIF_OP_READ, 0, 1);

	request.seg[0].last_sect = 8;
	check_refused("segment past the page", &request);
	request = plain(BLKIF_OP_READ, 0, 1);
	request.seg[0].first_sect = 5;
	request.seg[0].last_sect = 4;
	check_refused("segment ends before it begins", &request);
	request = plain(BLKIF_OP_READ, 0, 0);
	check_refused("no segments", &request);
	request = plain(BLKIF_OP_READ, 0, 255);
	check_refused("255 segments", &request);
}

static void bad_grants(void)
{
	struct blkif_request request = plain(BLKIF_OP_READ, 0, 2);
	int foreign = pv_grant_access(7, pages[1], true);
	int reading = pv_grant_access(0, pages[1], false);
	int stale = pv_grant_access(0, pages[1], true);

	request.seg[1].gref = 2000;
	check_refused("reference that grants nothing", &request);
	request.seg[1].gref = UINT32_MAX;
	check_refused("reference out of the table", &request);
	request.seg[1].gref = (uint32_t)foreign;
	check_refused("page granted to somebody else", &request);
	request.seg[1].gref = (uint32_t)reading;
	check_refused("read into a page that is read-only", &request);
	pv_grant_end((uint32_t)stale);
	request.seg[1].gref = (uint32_t)stale;
	check_refused("reference taken back", &request);
	check("grants that were refused are free",
	      pv_grant_end((uint32_t)foreign) &&
		      pv_grant_end((uint32_t)reading),
	      0);
}

static void bad_indirect(void)
{
	struct blkif_request raw = { .operation = 0 };
	struct blkif_request_indirect *request = (void *)&raw;

	request->operation = BLKIF_OP_INDIRECT;
	request->indirect_op = BLKIF_OP_READ;
	request->id = ++last_id;
	request->nr_segments = 32;
	request->indirect_grefs[0] = UINT32_MAX;
	check_refused("indirect page not granted", &raw);
	request->indirect_grefs[0] = refs[0];
	request->nr_segments = UINT16_MAX;
	check_refused("65535 indirect segments", &raw);
	request->nr_segments = 1;
	request->indirect_op = BLKIF_OP_INDIRECT;
	check_refused("indirect in indirect", &raw);
}

static void bad_requests(bool persistent)
{
	struct blkif_request request;
	int status;

	check("connects", go(persistent), back_state());
	check_served("serves");
	bad_sectors();
	bad_segments();
	bad_grants();
	bad_indirect();
	request = plain(99, 0, 1);
	status = ask(&request);
	check("unknown operation", status == BLKIF_RSP_EOPNOTSUPP, status);
	check_served("serves after bad requests");
}

/* What disconnects us ------------------------------------------------------*/

static void bad_indices(void)
{
	static const uint32_t bad[] = { 33, 0x10000, 0x80000000, UINT32_MAX };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		__atomic_store_n(&ring.shared->req_prod, ring.req + bad[i],
				 __ATOMIC_SEQ_CST);
		pv_event_notify(port);
		check("impossible index: Closing",
		      wait_state(XenbusStateClosing), back_state());
		check("connects after that", again(i % 2), back_state());
	}
	check_served("serves after impossible indices");
}

/*
 * The other vCPU of a real guest would do this; here it is what is left. On
 * another CPU the back end may have answered by then: in the same slot, where
 * the answer's id now has the byte that was the number of segments.
 */
static void request_changes(void)
{
	struct blkif_request request = plain(BLKIF_OP_READ, 0, 1);
	struct blkif_request *slot;
	int status;

	slot = (struct blkif_request *)(ring.slots) + (ring.req & 31);
	put(&request);
	show();
	slot->nr_segments = 255;
	slot->seg[0].last_sect = 255;
	status = receive(request.id);
	check("request changed after it was sent",
	      status <= 0 ||
		      (status == 2 && answered_id == (request.id | 0xff00)),
	      status);
	check_served("serves after that");
}

static void bad_states(void)
{
	static const uint32_t states[] = { 3, 2, 0, 7, 8, 9, 77, 4 };
	size_t i;

	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		set_state(states[i]);
	check_served("serves whatever states it is told");
	front->write(front->context, "state", "nonsense");
	check_served("serves in state nonsense");
	pv_xenstore_remove(FRONT "/state");
	check("without a state: Closed", wait_state(XenbusStateClosed),
	      back_state());
	check("connects after that", again(true), back_state());
	set_state(XenbusStateInitialising);
	check("begins anew without Closing", wait_state(XenbusStateInitWait),
	      back_state());
	pv_event_close(port);
	check("connects after that", go(true), back_state());
	check_served("serves after states walked backwards");
}

static const struct {
	const char *key;
	const char *value;
} bad_keys[] = {
	{ "ring-ref", "2000" },
	{ "ring-ref", "4294967296" },
	{ "ring-ref", "one" },
	{ "ring-page-order", "9" },
	{ "ring-page-order", "3" },
	{ "event-channel", "4095" },
	{ "event-channel", "-1" },
	{ "multi-queue-num-queues", "4000000000" },
	{ "protocol", "x86_32-abi" },
};

static void bad_connections(void)
{
	size_t i;

	for (i = 0; i < sizeof(bad_keys) / sizeof(bad_keys[0]); i++) {
		set_state(XenbusStateClosed);
		wait_state(XenbusStateClosed);
		pv_event_close(port);
		set_state(XenbusStateInitialising);
		wait_state(XenbusStateInitWait);
		open_port();
		publish(true);
		front->write(front->context, bad_keys[i].key,
			     bad_keys[i].value);
		set_state(XenbusStateInitialised);
		check(bad_keys[i].key, wait_state(XenbusStateClosing),
		      back_state());
		pv_xenstore_remove(FRONT "/ring-page-order");
		pv_xenstore_remove(FRONT "/multi-queue-num-queues");
	}
	check("connects after bad keys", again(true), back_state());
	check_served("serves after bad keys");
}

static void reconnects(void)
{
	int i;

	for (i = 0; i < 100; i++) {
		struct blkif_request request = plain(BLKIF_OP_READ, 8, 11);

		if (!again(i % 2) || ask(&request) != BLKIF_RSP_OKAY)
			break;
	}
	check("a hundred reconnections", i == 100, i);
	check_served("serves after reconnections");
}

/* The end ------------------------------------------------------------------*/

static void fill_ring(void)
{
	struct blkif_request request = plain(BLKIF_OP_WRITE, 1024, 11);

	while (pv_front_ring_room(&ring))
		put(&request);
	show();
}

static bool is_asked_to(const char *word)
{
	const char *line = (const char *)pv_start_info->cmd_line;

	return memcmp(line, word, strlen(word)) == 0;
}

static void hang(void)
{
	struct blkif_response response;

	pv_printf("hanging\n");
	for (;;) {
		fill_ring();
		while (pv_front_ring_waiting(&ring) > 0)
			pv_front_ring_take(&ring, &response, sizeof(response));
	}
}

static bool prepare(void)
{
	uint32_t i;

	if (pv_front_open(&device, "vbd", HANDLE) ||
	    pv_ring_pages_make(&ring_pages, 0, 1))
		return false;
	for (i = 0; i < PAGES; i++)
		pages[i] = pv_page_share(0, &refs[i]);
	return pages[PAGES - 1] != NULL;
}

int main(void)
{
	check("finds its disk", prepare(), 0);
	bad_requests(true);
	check("connects without persistent grants", again(false), back_state());
	set_state(XenbusStateClosed);
	wait_state(XenbusStateClosed);
	pv_event_close(port);
	set_state(XenbusStateInitialising);
	bad_requests(false);
	bad_indices();
	request_changes();
	bad_states();
	bad_connections();
	reconnects();
	pv_printf("done %d failed\n", failed);
	fill_ring();
	if (is_asked_to("crash"))
		pv_shutdown(SHUTDOWN_crash);
	if (is_asked_to("hang"))
		hang();
	return 0;
}
