/* SPDX-License-Identifier: MIT */
/*
 * A client of xenstore; see xenstore.h.
 *
 * Owns: our ends of the ring, the list of watches. Requests and answers are
 * streams of bytes: one may be larger than the ring, and what has come of it
 * stays in `incoming` until the rest is there. Events of watches come between
 * answers; they only add to a counter, so that it does not matter whether
 * somebody waits for an answer when they come.
 */
#include <public/errno.h>
#include <public/io/xs_wire.h>
#include <pvguest/console.h>
#include <pvguest/event.h>
#include <pvguest/mm.h>
#include <pvguest/start.h>
#include <pvguest/xenstore.h>

#include "internal.h"

#define PATH_SIZE  256
#define TOKEN_SIZE 12

static struct xenstore_domain_interface *ring;
static uint32_t port;
static bool is_asking; /* whoever asked takes what comes */
static struct pv_xenstore_watch *watches;
static uint32_t last_token;

/* The message that comes in. */
static struct {
	struct xsd_sockmsg header;
	char payload[XENSTORE_PAYLOAD_MAX + 1];
	size_t have; /* bytes of both */
} incoming;

static uint32_t load(const uint32_t *index)
{
	return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

/* Bytes that lie side by side in the ring from `index` on, at most `size`. */
static size_t piece(uint32_t index, size_t available, size_t size)
{
	size_t to_end = XENSTORE_RING_SIZE - MASK_XENSTORE_IDX(index);
	size_t n = available < to_end ? available : to_end;

	return n < size ? n : size;
}

static void wait(void)
{
	pv_event_notify(port);
	pv_wait(PV_FOREVER);
}

static void put(const void *bytes, size_t size)
{
	const char *from = bytes;

	while (size > 0) {
		uint32_t prod = ring->req_prod;
		uint32_t used = prod - load(&ring->req_cons);
		size_t n = piece(prod, XENSTORE_RING_SIZE - used, size);

		if (used >= XENSTORE_RING_SIZE) {
			wait();
			continue;
		}
		memcpy(&ring->req[MASK_XENSTORE_IDX(prod)], from, n);
		__atomic_store_n(&ring->req_prod, prod + (uint32_t)n,
				 __ATOMIC_RELEASE);
		from += n;
		size -= n;
	}
}

/* Takes what has come of `size` bytes; how many. */
static size_t get(char *to, size_t size)
{
	size_t done = 0;

	while (done < size) {
		uint32_t cons = ring->rsp_cons;
		size_t n =
			piece(cons, load(&ring->rsp_prod) - cons, size - done);

		if (n == 0)
			break;
		memcpy(to + done, &ring->rsp[MASK_XENSTORE_IDX(cons)], n);
		__atomic_store_n(&ring->rsp_cons, cons + (uint32_t)n,
				 __ATOMIC_RELEASE);
		done += n;
	}
	return done;
}

/* 1: a message is whole; 0: there is more to come; or the stream is broken. */
static int get_message(void)
{
	struct xsd_sockmsg *header = &incoming.header;
	size_t have = incoming.have;

	if (have < sizeof(*header))
		have += get((char *)header + have, sizeof(*header) - have);
	if (have >= sizeof(*header)) {
		if (header->len > XENSTORE_PAYLOAD_MAX)
			return -XEN_EIO;
		have += get(incoming.payload + have - sizeof(*header),
			    sizeof(*header) + header->len - have);
	}
	incoming.have = have;
	if (have < sizeof(*header) || have < sizeof(*header) + header->len)
		return 0;
	incoming.have = 0;
	incoming.payload[header->len] = '\0';
	return 1;
}

/* The payload is path and token, each with its NUL. */
static void count_change(void)
{
	const char *token = incoming.payload + strlen(incoming.payload) + 1;
	struct pv_xenstore_watch *watch;
	uint32_t number = 0;

	if (token >= incoming.payload + incoming.header.len)
		return;
	for (; *token >= '0' && *token <= '9'; token++)
		number = number * 10 + (uint32_t)(*token - '0');
	for (watch = watches; watch; watch = watch->next)
		watch->changes += watch->token == number;
}

/* While nobody asks, only changes can come. */
static void take_changes(void)
{
	while (get_message() > 0) {
		if (incoming.header.type == XS_WATCH_EVENT)
			count_change();
	}
}

static void store_event(uint32_t event_port, void *context)
{
	(void)context;
	if (is_asking)
		return;
	take_changes();
	pv_event_notify(event_port);
}

static int connect(void)
{
	uint64_t pfn;

	if (ring)
		return 0;
	if (pv_is_initial_domain() || pv_start_info->store_evtchn == 0)
		return -XEN_ENODEV;
	pfn = pv_mfn_to_pfn(pv_start_info->store_mfn);
	if (pfn == PV_NO_MFN)
		return -XEN_ENODEV;
	ring = pv_pfn_to_va(pfn);
	port = pv_start_info->store_evtchn;
	pv_event_attach(port, store_event, NULL);
	return 0;
}

static const struct {
	const char *name;
	int error;
} errors[] = {
	{ "ENOENT", XEN_ENOENT }, { "EACCES", XEN_EACCES },
	{ "EINVAL", XEN_EINVAL }, { "ENOSPC", XEN_ENOSPC },
	{ "E2BIG", XEN_E2BIG },   { "EAGAIN", XEN_EAGAIN },
	{ "ENOMEM", XEN_ENOMEM }, { "EEXIST", XEN_EEXIST },
};

static int error_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (!memcmp(errors[i].name, name, strlen(errors[i].name) + 1))
			return -errors[i].error;
	}
	return -XEN_EIO;
}

/* The length of the answer in incoming.payload[]. */
static int receive(void)
{
	int rc;

	do {
		rc = get_message();
		if (rc < 0)
			return rc;
		if (rc == 0)
			wait();
		else if (incoming.header.type == XS_WATCH_EVENT)
			count_change();
	} while (rc == 0 || incoming.header.type == XS_WATCH_EVENT);
	return incoming.header.type == XS_ERROR ? error_of(incoming.payload)
						: (int)incoming.header.len;
}

/* A path with its NUL, and `size` bytes behind it. Then comes end(). */
static int ask(uint32_t type, const char *path, const char *more, size_t size)
{
	size_t path_size = strlen(path) + 1;
	struct xsd_sockmsg header = { .type = type };
	int rc = connect();

	if (rc)
		return rc;
	if (path_size + size > XENSTORE_PAYLOAD_MAX)
		return -XEN_E2BIG;
	header.len = (uint32_t)(path_size + size);
	is_asking = true;
	put(&header, sizeof(header));
	put(path, path_size);
	put(more, size);
	pv_event_notify(port);
	return receive();
}

/*
 * Takes the answer of `length` bytes over, if it is wanted; and then changes
 * that came behind it: their event has been, and found us asking.
 */
static int end(int length, char *answer, size_t size)
{
	if (length >= 0 && answer && (size_t)length > size)
		length = -XEN_E2BIG;
	if (length > 0 && answer)
		memcpy(answer, incoming.payload, (size_t)length);
	is_asking = false;
	if (!ring)
		return length;
	take_changes();
	/* The ring has room again for what waits to be sent. */
	pv_event_notify(port);
	return length;
}

/* A request whose answer says nothing. */
static int tell(uint32_t type, const char *path, const char *more, size_t size)
{
	int rc = end(ask(type, path, more, size), NULL, 0);

	return rc < 0 ? rc : 0;
}

int pv_xenstore_read(const char *path, char *value, size_t size)
{
	int length = end(ask(XS_READ, path, NULL, 0), value, size - 1);

	if (length >= 0)
		value[length] = '\0';
	return length;
}

int pv_xenstore_write(const char *path, const char *value)
{
	return tell(XS_WRITE, path, value, strlen(value));
}

int pv_xenstore_list(const char *path, char *names, size_t size)
{
	return end(ask(XS_DIRECTORY, path, NULL, 0), names, size);
}

int pv_xenstore_remove(const char *path)
{
	return tell(XS_RM, path, NULL, 0);
}

/* Watches ----------------------------------------------------------------- */

static int tell_watch(uint32_t type, const char *path, uint32_t number)
{
	char token[TOKEN_SIZE];

	pv_snprintf(token, sizeof(token), "%u", number);
	return tell(type, path, token, strlen(token) + 1);
}

int pv_xenstore_watch(struct pv_xenstore_watch *watch, const char *path)
{
	int rc;

	watch->token = ++last_token;
	watch->changes = 0;
	watch->next = watches;
	watches = watch;
	rc = tell_watch(XS_WATCH, path, watch->token);
	if (rc)
		watches = watch->next;
	return rc;
}

void pv_xenstore_unwatch(struct pv_xenstore_watch *watch, const char *path)
{
	struct pv_xenstore_watch **place = &watches;

	tell_watch(XS_UNWATCH, path, watch->token);
	while (*place && *place != watch)
		place = &(*place)->next;
	if (*place)
		*place = watch->next;
}

/* Keys -------------------------------------------------------------------- */

static int read_key(void *directory, const char *key, char *value, size_t size)
{
	char path[PATH_SIZE];

	pv_snprintf(path, sizeof(path), "%s/%s", (const char *)directory, key);
	return pv_xenstore_read(path, value, size);
}

static int write_key(void *directory, const char *key, const char *value)
{
	char path[PATH_SIZE];

	pv_snprintf(path, sizeof(path), "%s/%s", (const char *)directory, key);
	return pv_xenstore_write(path, value);
}

struct pv_keys pv_xenstore_keys(const char *directory)
{
	return (struct pv_keys){ read_key, write_key,
				 (void *)(uintptr_t)directory };
}
