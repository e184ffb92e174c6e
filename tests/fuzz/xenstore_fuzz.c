/* SPDX-License-Identifier: MIT */
/*
 * Two guests talk to xenstore. Input: messages of a byte each for the kind,
 * the transaction, the guest and the length, then the payload; a kind of 255
 * writes the length into one of the ring's indices instead, 254 leaves answers
 * unread from then on. In kinds from 128 on, the third byte's upper half names
 * a path that goes in front of the payload.
 *
 * Besides what the sanitizers see: nothing stays behind when both guests are
 * gone, on no account.
 */
#include <public/io/xs_wire.h>

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "toolstack/build_domain.h"
#include "toolstack/primitives.h"
#include "xenstore/account.h"
#include "xenstore/local.h"

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

static bool is_deaf[GUESTS];

static void put(unsigned int guest, const void *bytes, size_t size)
{
	struct xenstore_domain_interface *ring = &rings[guest];
	const char *at = bytes;

	while (size--) {
		if (ring->req_prod - ring->req_cons >= XENSTORE_RING_SIZE) {
			serve(guest);
			if (!is_deaf[guest])
				drain(ring);
		}
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

static const char *const paths[16] = {
	"data",
	"data/a",
	"data/a/b",
	"data/c",
	"/local/domain/1/data",
	"/local/domain/2/data/a",
	"/local/domain/1",
	"/local/domain/2/error",
	"control/shutdown",
	"name",
	"/",
	"@releaseDomain",
	"device/vif",
	"attr",
	"/vm",
	"/tool",
};

static void send(unsigned int guest, const uint8_t at[4], const uint8_t *bytes)
{
	const char *path = at[0] >= 128 ? paths[at[2] >> 4] : NULL;
	size_t path_size = path ? strlen(path) + 1 : 0;
	struct xsd_sockmsg header = { at[0] % 26, 1, at[1] % 4,
				      at[3] + (uint32_t)path_size };

	put(guest, &header, sizeof(header));
	put(guest, path, path_size);
	put(guest, bytes, at[3]);
}

/* `at[3]` is not more than what is left. */
static const uint8_t *message(const uint8_t *bytes, const uint8_t *end)
{
	uint8_t at[4];
	unsigned int guest;

	memcpy(at, bytes, sizeof(at));
	bytes += sizeof(at);
	guest = at[2] % GUESTS;
	if (at[0] == 255) {
		spoil_index(guest, at[1], at[3]);
	} else if (at[0] == 254) {
		is_deaf[guest] = true;
	} else {
		if (at[3] > end - bytes)
			at[3] = (uint8_t)(end - bytes);
		send(guest, at, bytes);
		bytes += at[3];
	}
	serve(guest);
	if (!is_deaf[guest])
		drain(&rings[guest]);
	return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *at = data, *end = data + size;
	uint8_t uuid[16] = { 0 };
	struct tk_xenstore_guest guest = { .name = "guest",
					   .uuid = uuid,
					   .memory_kib = 1 };
	size_t bytes;

	memset(is_deaf, 0, sizeof(is_deaf));
	/* Makes the folders that stay. */
	FUZZ_CHECK(!xs_local_write("/local/domain", ""));
	FUZZ_CHECK(!xs_local_write("/vm", ""));
	FUZZ_CHECK(!xs_local_write("/tool/xenstored", ""));
	bytes = xs_account_bytes(0);
	for (guest.domid = 1; guest.domid <= GUESTS; guest.domid++) {
		uuid[0] = (uint8_t)guest.domid;
		FUZZ_CHECK(!tk_xenstore_introduce(&guest));
	}
	while (end - at >= 4)
		at = message(at, end);
	for (guest.domid = 1; guest.domid <= GUESTS; guest.domid++)
		tk_xenstore_release(guest.domid);
	FUZZ_CHECK(!xs_local_node("/local/domain/1"));
	FUZZ_CHECK(xs_account_bytes(0) == bytes);
	FUZZ_CHECK(!xs_account_bytes(1) && !xs_account_nodes(1));
	FUZZ_CHECK(!xs_account_bytes(2) && !xs_account_nodes(2));
	FUZZ_CHECK(!handlers[1] && !handlers[2]);
	return 0;
}
