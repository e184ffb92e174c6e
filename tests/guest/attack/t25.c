/* SPDX-License-Identifier: MIT */
/*
 * T25, the part of xenstore and of the console: a client that takes all it can
 * get, never reads its replies, leaves transactions open, and goes for what is
 * not its own. Each request has its answer, the limits are found, and the
 * store serves us as before (XS-1..11; XSA-38, 72, 115, 206, 322 to 330, 349
 * to 353, 414 to 424, 481 to 484). Hostile rings of devices are those of
 * tests/guest/blkfront and netfront.
 *
 * `break=N` on the command line breaks a ring for good instead, in the Nth way;
 * that is the domain's own loss, and it says so on its console while it can.
 */
#include "attack.h"

#include <public/io/console.h>
#include <public/io/xs_wire.h>
#include <public/sched.h>
#include <pvguest/event.h>
#include <pvguest/time.h>

#define MANY     3000u /* nodes, watches: no limit is so high */
#define PATIENCE 10000000000UL

#define EACCES (-13)
#define ENOSPC (-28)
#define OTHER  (-9999)

static struct xenstore_domain_interface *ring;
static uint32_t port;
static uint32_t last_id;
static struct xsd_sockmsg reply;
static char payload[XENSTORE_PAYLOAD_MAX + 1]; /* of the reply, with a NUL */
static unsigned int events;

/* The ring ----------------------------------------------------------------- */

static void on_event(uint32_t event_port, void *context)
{
	(void)event_port;
	(void)context;
}

static void open_ring(void)
{
	if (ring)
		return;
	ring = pv_pfn_to_va(pv_mfn_to_pfn(pv_start_info->store_mfn));
	port = pv_start_info->store_evtchn;
	pv_event_attach(port, on_event, NULL);
}

static uint32_t load(const uint32_t *index)
{
	return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

/* False after PATIENCE; the caller looks at the ring again. */
static bool rest(uint64_t since)
{
	pv_event_notify(port);
	(void)pv_wait(pv_time_ns() + 1000000);
	return pv_time_ns() - since < PATIENCE;
}

static bool put(const void *bytes, size_t size)
{
	uint64_t since = pv_time_ns();
	const char *from = bytes;

	while (size) {
		uint32_t prod = ring->req_prod;

		if (prod - load(&ring->req_cons) >= XENSTORE_RING_SIZE) {
			if (!rest(since))
				return false;
			continue;
		}
		ring->req[MASK_XENSTORE_IDX(prod)] = *from++;
		__atomic_store_n(&ring->req_prod, prod + 1, __ATOMIC_RELEASE);
		size--;
	}
	return true;
}

static bool get(void *bytes, size_t size)
{
	uint64_t since = pv_time_ns();
	char *to = bytes;

	while (size) {
		uint32_t cons = ring->rsp_cons;

		if (cons == load(&ring->rsp_prod)) {
			if (!rest(since))
				return false;
			continue;
		}
		*to++ = ring->rsp[MASK_XENSTORE_IDX(cons)];
		__atomic_store_n(&ring->rsp_cons, cons + 1, __ATOMIC_RELEASE);
		size--;
	}
	return true;
}

/* One message, whole: false when none comes. */
static bool get_message(void)
{
	if (!get(&reply, sizeof(reply)) || reply.len > XENSTORE_PAYLOAD_MAX ||
	    !get(payload, reply.len))
		return false;
	payload[reply.len] = '\0';
	return true;
}

static bool get_reply(void)
{
	bool good;

	while ((good = get_message()) && reply.type == XS_WATCH_EVENT)
		events++;
	return good;
}

static bool send(uint32_t type, uint32_t tx, const void *bytes, size_t size)
{
	struct xsd_sockmsg header = { type, ++last_id, tx, (uint32_t)size };

	return put(&header, sizeof(header)) && put(bytes, size);
}

static long error_number(void)
{
	static const struct {
		const char *name;
		long number;
	} errors[] = { { "EACCES", EACCES }, { "ENOSPC", ENOSPC },
		       { "ENOENT", ENOENT }, { "EINVAL", EINVAL },
		       { "EEXIST", EEXIST }, { "ENOSYS", ENOSYS } };

	for (unsigned int i = 0; i < COUNT(errors); i++)
		if (!memcmp(payload, errors[i].name,
			    strlen(errors[i].name) + 1))
			return errors[i].number;
	return OTHER;
}

/* 0 or what the server says; OTHER also when it says nothing. */
static long call(uint32_t type, uint32_t tx, const void *bytes, size_t size)
{
	if (!send(type, tx, bytes, size))
		return OTHER;
	pv_event_notify(port);
	if (!get_reply() || reply.req_id != last_id)
		return OTHER;
	return reply.type == XS_ERROR ? error_number() : 0;
}

static long call_path(uint32_t type, uint32_t tx, const char *path)
{
	return call(type, tx, path, strlen(path) + 1);
}

/* Path and value behind one another, as XS_WRITE and XS_SET_PERMS want it. */
static long call_value(uint32_t type, uint32_t tx, const char *path,
		       const char *value, size_t size)
{
	static char text[XENSTORE_PAYLOAD_MAX];
	size_t length = strlen(path) + 1;

	memcpy(text, path, length);
	memcpy(text + length, value, size);
	return call(type, tx, text, length + size);
}

static long write(const char *path, const char *value)
{
	return call_value(XS_WRITE, 0, path, value, strlen(value));
}

/* "TEXT" with a number in eight digits behind it. */
static const char *numbered(const char *text, unsigned int number)
{
	static char name[64];
	size_t length = strlen(text);

	memcpy(name, text, length);
	for (unsigned int i = 8; i-- > 0; number /= 10)
		name[length + i] = (char)('0' + number % 10);
	name[length + 8] = '\0';
	return name;
}

static uint32_t start(void)
{
	uint32_t tx = 0;

	if (call(XS_TRANSACTION_START, 0, "", 1))
		return 0;
	for (const char *digit = payload; *digit; digit++)
		tx = tx * 10 + (uint32_t)(*digit - '0');
	return tx;
}

static long finish(uint32_t tx, const char *how)
{
	return call_path(XS_TRANSACTION_END, tx, how);
}

/* All it can get ----------------------------------------------------------- */

static void test_nodes(void)
{
	static const char full[2048];
	unsigned int n = 0;
	long rc;

	check("a predecessor left nothing",
	      call_path(XS_DIRECTORY, 0, "data") == 0 && reply.len <= 1,
	      reply.len);
	while (n < MANY && !(rc = write(numbered("data/flood/", n), "x")))
		n++;
	check("nodes end with ENOSPC", n < MANY && rc == ENOSPC, rc);
	check("and are removed", !call_path(XS_RM, 0, "data/flood"), 0);
	for (n = 0; n < MANY; n++) {
		rc = call_value(XS_WRITE, 0, numbered("data/large/", n), full,
				sizeof(full));
		if (rc)
			break;
	}
	check("large values end with ENOSPC", n < MANY && rc == ENOSPC, rc);
	check("and are removed, too", !call_path(XS_RM, 0, "data/large"), 0);
}

static void test_depth(void)
{
	static char path[2000] = "data";
	size_t length = 4;

	while (length + 2 < sizeof(path)) {
		path[length++] = '/';
		path[length++] = 'd';
	}
	check("no node is so deep", write(path, "x") < 0, 0);
	(void)call_path(XS_RM, 0, "data/d");
}

static void test_watches(void)
{
	static char text[1400];
	unsigned int n = 0;
	long rc;

	memset(text, 't', sizeof(text));
	memcpy(text, "data", 5);
	text[sizeof(text) - 1] = '\0';
	do {
		memcpy(text + 5, numbered("token", n++), 13);
		rc = call(XS_WATCH, 0, text, sizeof(text));
	} while (!rc && n < MANY);
	check("watches end with ENOSPC", rc == ENOSPC, rc);
	for (n = 0, rc = 0; n < 200 && !rc; n++)
		rc = write("data/watched", "x");
	check("writing under all of them", rc == 0, rc);
	check("watches are forgotten", !call(XS_RESET_WATCHES, 0, "", 1), 0);
	check("watches had events", events > 200, events);
}

/* Nothing is read until nothing moves any more; then every answer is there. */
static void test_no_reading(void)
{
	unsigned int sent = 0, wrong = 0;
	uint32_t first = last_id + 1;
	uint64_t until = pv_time_ns() + 300000000UL;

	while (pv_time_ns() < until) {
		uint32_t room = XENSTORE_RING_SIZE - ring->req_prod +
				load(&ring->req_cons);

		if (room >= 64 && send(XS_READ, 0, "name", 5))
			sent++;
		else
			(void)rest(0);
	}
	for (unsigned int i = 0; i < sent; i++)
		wrong += !get_reply() || reply.req_id != first + i ||
			 reply.type != XS_READ;
	check("answers wait for a reader", sent > 10 && wrong == 0, wrong);
}

/* Transactions ------------------------------------------------------------- */

static void test_transactions(void)
{
	uint32_t tx[1000];
	unsigned int n = 0, wrong = 0;

	while (n < COUNT(tx) && (tx[n] = start())) {
		(void)call_path(XS_DIRECTORY, tx[n], "data");
		(void)call_value(XS_WRITE, tx[n], numbered("data/t", n), "x",
				 1);
		n++;
	}
	check("transactions end with ENOSPC",
	      n < COUNT(tx) && error_number() == ENOSPC, n);
	while (n-- > 0)
		wrong += finish(tx[n], "F") != 0;
	check("each is abandoned", wrong == 0, wrong);
	check("and gone", finish(tx[0], "F") == ENOENT, 0);
}

static void test_spoiled(void)
{
	uint32_t tx = start();
	long rc;

	rc = call_value(XS_WRITE, tx, "data/brief", "x", 1);
	rc |= call_path(XS_RM, tx, "data/brief");
	check("made and removed at once", !rc && !finish(tx, "T"), rc);
	check("nothing of it stays",
	      call_path(XS_READ, 0, "data/brief") == ENOENT, 0);
	tx = start();
	rc = call_value(XS_WRITE, tx, "data/spoiled", "x", 1);
	check("a write elsewhere fails",
	      !rc && call_value(XS_WRITE, tx, "/local/domain/0/name", "x", 1) ==
			      EACCES,
	      rc);
	check("so does the commit", finish(tx, "T") < 0, 0);
	check("and nothing happens",
	      call_path(XS_READ, 0, "data/spoiled") == ENOENT, 0);
}

/* What is not ours --------------------------------------------------------- */

static void victims_path(char path[64], const char *below)
{
	uint64_t victim = parameter("victim=", 1);

	memcpy(path, "/local/domain/0", 16);
	path[14] = (char)('0' + victim % 10);
	memcpy(path + 15, below, strlen(below) + 1);
}

static void test_foreign(void)
{
	static const char *const below[] = { "",
					     "/name",
					     "/memory/target",
					     "/console/ring-ref",
					     "/device/vbd",
					     "/nothing" };
	static const uint32_t reads[] = { XS_READ, XS_DIRECTORY, XS_GET_PERMS,
					  XS_DIRECTORY_PART };
	static const char *const places[] = { "/",
					      "/local",
					      "/local/domain",
					      "/local/domain/0/backend",
					      "/vm",
					      "@introduceDomain",
					      "@releaseDomain" };
	unsigned int wrong = 0;
	char path[64];

	for (unsigned int i = 0; i < COUNT(below); i++) {
		victims_path(path, below[i]);
		for (unsigned int r = 0; r < COUNT(reads); r++)
			wrong += call_value(reads[r], 0, path, "0", 2) >= 0;
		wrong += write(path, "x") >= 0;
		wrong += call_path(XS_RM, 0, path) >= 0;
	}
	check("nothing of the victim's", wrong == 0, wrong);
	for (unsigned int i = 0, p = 0; i < COUNT(places); i++, wrong += p) {
		p = call_value(XS_SET_PERMS, 0, places[i], "n2", 3) >= 0;
		p += write(places[i], "x") >= 0;
		p += call_path(XS_RM, 0, places[i]) >= 0;
	}
	check("places of all", wrong == 0, wrong);
	wrong = call_value(XS_SET_PERMS, 0, "data", "n1", 3) >= 0;
	check("giving a node away", wrong == 0, wrong);
}

static void test_calls(void)
{
	static const uint32_t privileged[] = {
		XS_CONTROL, XS_INTRODUCE,  XS_RELEASE,
		XS_RESUME,  XS_SET_TARGET, XS_IS_DOMAIN_INTRODUCED
	};
	static const char junk[200] = "\xff@/..//\t";
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < COUNT(privileged); i++)
		wrong += call_value(privileged[i], 0, "1", "1\0001", 4) >= 0;
	check("calls of the control domain", wrong == 0, wrong);
	for (uint32_t type = 0; type < 300; type++) {
		(void)call(type, 0, junk, 0);
		(void)call(type, 0, junk, 7);
		(void)call(type, ~0u, junk, sizeof(junk));
		wrong += reply.req_id != last_id;
	}
	check("each junk has its answer", wrong == 0, wrong);
	(void)call(XS_RESET_WATCHES, 0, "", 1);
}

/* For good ----------------------------------------------------------------- */

/* Whoever prints after this waits for room for ever. */
static void break_console(void)
{
	struct xencons_interface *console =
		pv_pfn_to_va(pv_mfn_to_pfn(pv_start_info->console.domU.mfn));

	console->out_prod += 1u << 31;
	pv_event_notify(pv_start_info->console.domU.evtchn);
	pv_shutdown(SHUTDOWN_poweroff);
}

static void break_ring(uint64_t how)
{
	struct xsd_sockmsg header = { XS_READ, 1, 0, XENSTORE_PAYLOAD_MAX + 1 };

	switch (how) {
	case 1:
		ring->req_prod--;
		break;
	case 2:
		ring->req_prod += XENSTORE_RING_SIZE + 1;
		break;
	case 3:
		ring->req_prod += 1u << 31;
		break;
	case 4:
		ring->rsp_cons++;
		break;
	case 5:
		(void)put(&header, sizeof(header));
		break;
	default:
		header.len = ~0u;
		(void)put(&header, sizeof(header));
	}
	for (uint64_t since = pv_time_ns(); !load(&ring->error);)
		if (!rest(since))
			break;
	check("the ring is given up", load(&ring->error) != 0, 0);
}

void attack_T25(void)
{
	uint64_t how = parameter("break=", 0);

	open_ring();
	if (how == 7)
		break_console();
	else if (how)
		break_ring(how);
	if (how)
		return;
	test_nodes();
	test_depth();
	test_watches();
	test_no_reading();
	test_transactions();
	test_spoiled();
	test_foreign();
	test_calls();
	check("it is served as before",
	      !write("data/end", "x") && !call_path(XS_READ, 0, "data/end") &&
		      payload[0] == 'x',
	      0);
	(void)call_path(XS_RM, 0, "data/end");
}
