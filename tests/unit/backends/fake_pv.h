/* SPDX-License-Identifier: MIT */
/*
 * pv-guest-lib for tests of back ends: one guest with pages, grants and event
 * channels. A mapped grant is the same memory as the guest's page, at another
 * address, so what one side writes the other sees; an address that is not
 * mapped faults. All that is taken is counted.
 */
#ifndef TESTS_UNIT_BACKENDS_FAKE_PV_H
#define TESTS_UNIT_BACKENDS_FAKE_PV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_DOMID 5
#define FAKE_PAGES 256u
#define FAKE_REFS  512u
#define FAKE_PORTS 16u

struct fake_pv {
	/* What the code under test holds. */
	size_t mapped;   /* grants */
	size_t reserved; /* addresses, in pages */
	size_t ports;
	size_t pages;
	/* What it did. */
	unsigned int notifications;
	unsigned int map_calls;
	unsigned int copied; /* elements of grant copies */
	/* What it may still do. */
	size_t pages_left;
	size_t maps_left;
};

extern struct fake_pv fake_pv;

void fake_pv_start(void);
void fake_pv_end(void);
/* Nothing is held: true. */
bool fake_pv_is_clean(void);

void *fake_guest_page(unsigned int page);
void fake_grant(uint32_t ref, unsigned int page, bool writable);
/* False while it is mapped. */
bool fake_revoke(uint32_t ref);

/* The file that is the guest's memory. */
int fake_memory(void);
/* What a notification of the guest's port does; NULL: it is only counted. */
extern void (*fake_notify)(uint32_t remote_port);

/* The guest sends on its port; the handler bound to it becomes pending. */
void fake_guest_notify(uint32_t remote_port);
/* Runs what is pending, each once; false when nothing was. */
bool fake_run_events(void);

/* The only file there is; NULL takes it away. */
void fake_file(const char *path, const void *data, size_t size);

#endif /* TESTS_UNIT_BACKENDS_FAKE_PV_H */
