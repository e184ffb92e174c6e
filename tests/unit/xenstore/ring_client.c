/* SPDX-License-Identifier: MIT */
/*
 * The guests' side of the ring; see ring_client.h.
 */
#include "ring_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "fake_primitives.h"
#include "kernel_fixture.h"
#include "toolstack/hypercalls.h"
#include "toolstack/primitives.h"

#define STORE_PORT 1 /* the builder allocates it first */

struct guest guests[2];
struct xsd_sockmsg header;
char payload[XENSTORE_PAYLOAD_MAX + 1];

void guest_build(struct guest *guest, const char *name)
{
	const struct elf_builder *kernel = fixture_kernel(1);
	struct tk_build_request request = { .config = &guest->config,
					    .kernel = kernel->bytes,
					    .kernel_size = kernel->size };
	struct tk_error err;

	guest->config = fixture_config(name);
	if (tk_build_domain(&guest->built, &request, &err))
		check_fail(__FILE__, __LINE__, "%s", err.text);
	guest->ring = fake_frame(guest->built.store_ring_mfn);
}

void guest_release(struct guest *guest)
{
	tk_xenstore_release(guest->built.domid);
	CHECK(!tk_domain_destroy(guest->built.domid));
	tk_domain_config_free(&guest->config);
}

void guests_start(void)
{
	fake_start();
	guest_build(&guests[0], "one");
	guest_build(&guests[1], "two");
}

void guests_end(void)
{
	guest_release(&guests[0]);
	guest_release(&guests[1]);
	CHECK(fake_free_pages() == FAKE_FRAMES);
	CHECK(!fake.mappings && !fake.ports);
	fake_end();
}

void kick(struct guest *guest)
{
	fake_guest_notify(guest->built.domid, STORE_PORT);
	tk_wait(0);
}

void put(struct guest *guest, const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size) {
		struct xenstore_domain_interface *ring = guest->ring;

		if (ring->req_prod - ring->req_cons == XENSTORE_RING_SIZE) {
			kick(guest);
			continue;
		}
		ring->req[MASK_XENSTORE_IDX(ring->req_prod++)] = *at++;
		size--;
	}
}

static void get(struct guest *guest, void *bytes, size_t size)
{
	char *at = bytes;

	while (size) {
		struct xenstore_domain_interface *ring = guest->ring;

		if (ring->rsp_prod == ring->rsp_cons) {
			kick(guest);
			CHECK(ring->rsp_prod != ring->rsp_cons);
		}
		*at++ = ring->rsp[MASK_XENSTORE_IDX(ring->rsp_cons++)];
		size--;
	}
}

void receive(struct guest *guest)
{
	get(guest, &header, sizeof(header));
	CHECK(header.len <= XENSTORE_PAYLOAD_MAX);
	get(guest, payload, header.len);
	payload[header.len] = '\0';
}

void send(struct guest *guest, uint32_t type, uint32_t tx, const char *bytes,
	  size_t size)
{
	struct xsd_sockmsg request = { type, 7, tx, (uint32_t)size };

	put(guest, &request, sizeof(request));
	put(guest, bytes, size);
	kick(guest);
}

void ask_sized(struct guest *guest, uint32_t type, uint32_t tx,
	       const char *bytes, size_t size)
{
	send(guest, type, tx, bytes, size);
	receive(guest);
	CHECK(header.req_id == 7 && header.tx_id == tx);
	CHECK(header.type == type || header.type == XS_ERROR);
}

void expect_event(struct guest *guest, const char *path, const char *token)
{
	receive(guest);
	CHECK(header.type == XS_WATCH_EVENT && !header.req_id);
	CHECK_TEXT(payload, path);
	CHECK_TEXT(payload + strlen(path) + 1, token);
}

bool is_quiet(const struct guest *guest)
{
	return guest->ring->rsp_prod == guest->ring->rsp_cons;
}

/* Values come without a NUL. */
void expect_value(struct guest *guest, const char *path, const char *value)
{
	ask_sized(guest, XS_READ, 0, path, strlen(path) + 1);
	CHECK(header.type == XS_READ);
	CHECK_TEXT(payload, value);
}
