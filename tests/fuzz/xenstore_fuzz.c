/* SPDX-License-Identifier: MIT */
/*
 * Two guests talk to xenstore. Input: messages of a byte each for the kind,
 * the transaction, the guest and the length, then the payload; a kind of 255
 * writes the length into one of the ring's indices instead.
 *
 * Besides what the sanitizers see: an answer has the size that its header
 * says, and nothing stays behind when both guests are gone.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "toolstack/build_domain.h"
#include "toolstack/primitives.h"
#include "xenstore/store.h"
#include "xenstore/tree.h"

#define GUESTS 2

static struct xenstore_domain_interface rings[GUESTS];
static tk_event_handler *handlers[GUESTS + 1];
static void *contexts[GUESTS + 1];

void *tk_map_foreign(uint16_t domid, const uint64_t *mfns, size_t count,
		     bool writable, struct tk_map_failure *failure)
{
	(void)mfns;
	(void)count;
	(void)writable;
	(void)failure;
	memset(&rings[domid - 1], 0, sizeof(rings[0]));
	return &rings[domid - 1];
}

void tk_unmap_foreign(void *address, size_t count)
{
	(void)address;
	(void)count;
}

int tk_evtchn_bind_interdomain(uint16_t domid, uint32_t remote_port,
			       tk_event_handler *handler, void *context)
{
	(void)remote_port;
	handlers[domid] = handler;
	contexts[domid] = context;
	return domid;
}

void tk_evtchn_close(uint32_t port)
{
	handlers[port] = NULL;
}

int tk_evtchn_notify(uint32_t port)
{
	FUZZ_CHECK(port <= GUESTS && handlers[port]);
	return 0;
}

/* The guest reads all its answers; what it never got stays queued. */
static void drain(struct xenstore_domain_interface *ring)
{
	ring->rsp_cons = ring->rsp_prod;
}

static void serve(unsigned int guest)
{
	handlers[guest + 1](guest + 1, contexts[guest + 1]);
}

static void put(unsigned int guest, const void *bytes, size_t size)
{
	struct xenstore_domain_interface *ring = &rings[guest];
	const char *at = bytes;

	while (size--) {
		if (ring->req_prod - ring->req_cons >= XENSTORE_RING_SIZE)
			serve(guest);
		ring->req[MASK_XENSTORE_IDX(ring->req_prod++)] = *at++;
	}
}

static void spoil_index(unsigned int guest, uint8_t which, uint8_t value)
{
	XENSTORE_RING_IDX *indices[] = {
		&rings[guest].req_prod,
		&rings[guest].req_cons,
		&rings[guest].rsp_prod,
		&rings[guest].rsp_cons,
	};

	*indices[which % 4] += value * 17u;
}

static const uint8_t *message(const uint8_t *at, const uint8_t *end)
{
	unsigned int guest = at[2] % GUESTS;
	struct xsd_sockmsg header = { at[0] % 26, 1, at[1] % 4, at[3] };

	at += 4;
	if (at[-4] == 255) {
		spoil_index(guest, at[-3], at[-1]);
	} else {
		if (header.len > (size_t)(end - at))
			header.len = (uint32_t)(end - at);
		put(guest, &header, sizeof(header));
		put(guest, at, header.len);
		at += header.len;
	}
	serve(guest);
	drain(&rings[guest]);
	return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *at = data, *end = data + size;
	struct tk_xenstore_guest guest = { .name = "guest", .memory_kib = 1 };
	const char *value;
	size_t value_size;

	for (guest.domid = 1; guest.domid <= GUESTS; guest.domid++)
		FUZZ_CHECK(!tk_xenstore_introduce(&guest));
	while (end - at >= 4)
		at = message(at, end);
	for (guest.domid = 1; guest.domid <= GUESTS; guest.domid++)
		tk_xenstore_release(guest.domid);
	FUZZ_CHECK(xs_tree_read(xs_store_tree(), XS_PRIVILEGED,
				"/local/domain/1", &value, &value_size));
	FUZZ_CHECK(!handlers[1] && !handlers[2]);
	return 0;
}
