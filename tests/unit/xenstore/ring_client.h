/* SPDX-License-Identifier: MIT */
/*
 * Two guests of the fake machine that talk to xenstore through their rings,
 * for tests: each call sends or receives whole messages, and fails the test
 * when an answer does not come. The macros need check.h.
 */
#ifndef TESTS_UNIT_XENSTORE_RING_CLIENT_H
#define TESTS_UNIT_XENSTORE_RING_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <public/io/xs_wire.h>

#include "toolstack/build_domain.h"

struct guest {
	struct tk_domain_config config;
	struct tk_built_domain built;
	struct xenstore_domain_interface *ring;
};

extern struct guest guests[2];

/* What came back last; the payload has a NUL behind it. */
extern struct xsd_sockmsg header;
extern char payload[XENSTORE_PAYLOAD_MAX + 1];

/* A machine with both guests; all its memory must come back. */
void guests_start(void);
void guests_end(void);
void guest_build(struct guest *guest, const char *name);
void guest_release(struct guest *guest);

/* Its event reaches the server. */
void kick(struct guest *guest);
void put(struct guest *guest, const void *bytes, size_t size);
void receive(struct guest *guest);
void send(struct guest *guest, uint32_t type, uint32_t tx, const char *bytes,
	  size_t size);
void ask_sized(struct guest *guest, uint32_t type, uint32_t tx,
	       const char *bytes, size_t size);
void expect_event(struct guest *guest, const char *path, const char *token);
bool is_quiet(const struct guest *guest);
/* Values come without a NUL. */
void expect_value(struct guest *guest, const char *path, const char *value);

/* A literal with embedded NULs, and its closing one. */
#define ask(guest, kind, tx, text)                                             \
	ask_sized(guest, kind, tx, text, sizeof(text))

#define expect(guest, kind, tx, text, answer)                                  \
	do {                                                                   \
		ask(guest, kind, tx, text);                                    \
		CHECK(header.type == (kind));                                  \
		CHECK(header.len == sizeof(answer));                           \
		CHECK(!memcmp(payload, answer, sizeof(answer)));               \
	} while (0)

#define refuse(guest, kind, tx, text, name)                                    \
	do {                                                                   \
		ask(guest, kind, tx, text);                                    \
		CHECK(header.type == XS_ERROR);                                \
		CHECK_TEXT(payload, name);                                     \
	} while (0)

#endif /* TESTS_UNIT_XENSTORE_RING_CLIENT_H */
