/* SPDX-License-Identifier: MIT */
/*
 * The guest of fake_pv.h from inside: what the library's front ends stand on,
 * with xenstore as the real store has it. Time passes only while the guest
 * sleeps; then the back ends run, and what they send is handled.
 */
#ifndef TESTS_UNIT_BACKENDS_FAKE_GUEST_H
#define TESTS_UNIT_BACKENDS_FAKE_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fake_guest {
	/* What the front end under test holds. */
	size_t pages, grants, ports, watches;
	/* What it may still take. */
	size_t pages_left;
	unsigned int notifications; /* sent by it */
};

extern struct fake_guest fake_guest;

/* After fake_pv_start(). */
void fake_guest_start(void);
/* Nothing is held: true. */
bool fake_guest_is_clean(void);

/* The guest's pv_wait(). */
bool guest_wait(uint64_t deadline);
/* Pages side by side; never given back. */
void *fake_guest_pages(size_t count);

/* The page that a reference grants. */
void *fake_granted(uint32_t ref);
/* Something comes in on a port. */
void fake_guest_event(uint32_t port);

#endif /* TESTS_UNIT_BACKENDS_FAKE_GUEST_H */
