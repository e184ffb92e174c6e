/* SPDX-License-Identifier: MIT */
/*
 * A client of xenstore; see xenstore.h.
 *
 * Owns: our ends of the ring. Requests and answers are streams of bytes: one
 * may be larger than the ring. Events of watches, which nobody here asks for,
 * are skipped.
 */
#include <public/errno.h>
#include <public/io/xs_wire.h>
#include <pvguest/console.h>
#include <pvguest/event.h>
#include <pvguest/mm.h>
#include <pvguest/start.h>
#include <pvguest/xenstore.h>

#include "internal.h"

#define PATH_SIZE 256

static struct xenstore_domain_interface *ring;
static uint32_t port;
static char payload[XENSTORE_PAYLOAD_MAX + 1];

/* The event only ends a wait; whoever waits looks at the ring. */
static void store_event(uint32_t event_port, void *context)
{
	(void)event_port;
	(void)context;
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

static void get(void *bytes, size_t size)
{
	char *to = bytes;

	while (size > 0) {
		uint32_t cons = ring->rsp_cons;
		size_t n = piece(cons, load(&ring->rsp_prod) - cons, size);

		if (n == 0) {
			wait();
			continue;
		}
		memcpy(to, &ring->rsp[MASK_XENSTORE_IDX(cons)], n);
		__atomic_store_n(&ring->rsp_cons, cons + (uint32_t)n,
				 __ATOMIC_RELEASE);
		to += n;
		size -= n;
	}
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

/* The length of the answer in payload[]. */
static int receive(void)
{
	struct xsd_sockmsg header;

	do {
		get(&header, sizeof(header));
		if (header.len > XENSTORE_PAYLOAD_MAX)
			return -XEN_EIO;
		get(payload, header.len);
		payload[header.len] = '\0';
	} while (header.type == XS_WATCH_EVENT);
	/* It has room again for what waits to be sent. */
	pv_event_notify(port);
	return header.type == XS_ERROR ? error_of(payload) : (int)header.len;
}

/* A path with its NUL, and a value without. */
static int ask(uint32_t type, const char *path, const char *value)
{
	size_t path_size = strlen(path) + 1;
	size_t value_size = value ? strlen(value) : 0;
	struct xsd_sockmsg header = { .type = type };
	int rc = connect();

	if (rc)
		return rc;
	if (path_size + value_size > XENSTORE_PAYLOAD_MAX)
		return -XEN_E2BIG;
	header.len = (uint32_t)(path_size + value_size);
	put(&header, sizeof(header));
	put(path, path_size);
	put(value, value_size);
	pv_event_notify(port);
	return receive();
}

int pv_xenstore_read(const char *path, char *value, size_t size)
{
	int length = ask(XS_READ, path, NULL);

	if (length < 0)
		return length;
	if ((size_t)length >= size)
		return -XEN_E2BIG;
	memcpy(value, payload, (size_t)length + 1);
	return length;
}

int pv_xenstore_write(const char *path, const char *value)
{
	int rc = ask(XS_WRITE, path, value);

	return rc < 0 ? rc : 0;
}

int pv_xenstore_remove(const char *path)
{
	int rc = ask(XS_RM, path, NULL);

	return rc < 0 ? rc : 0;
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
