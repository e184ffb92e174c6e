/* SPDX-License-Identifier: MIT */
/*
 * A machine made of an array, for tests of the toolstack: it implements the
 * primitives, keeps account of every frame, mapping, port and domain, and
 * refuses what the hypervisor would refuse and the builder must not do (a
 * page table that somebody can write, a page of another domain).
 *
 * fake_start() makes a new machine; fake_end() frees it.
 */
#ifndef TESTS_UNIT_TOOLSTACK_FAKE_PRIMITIVES_H
#define TESTS_UNIT_TOOLSTACK_FAKE_PRIMITIVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <public/xen.h>

#define FAKE_FRAMES  16384u /* 64 MiB */
#define FAKE_DOMAINS 8u
#define FAKE_PORTS   64u
#define FAKE_VCPUS   8u

struct fake_domain {
	bool exists;
	uint16_t domid;
	unsigned int pauses;
	bool is_shutdown;
	unsigned int shutdown_reason;
	uint64_t max_pages;
	uint64_t pages; /* that populate gave it */
	uint64_t shared_info_mfn;
	uint64_t grant_mfn;
	uint64_t hypercall_page_mfn;
	uint64_t pinned_mfn;
	unsigned int vcpus;
	uint8_t affinity[2][FAKE_VCPUS]; /* hard, soft: CPUs 0 to 7 */
	uint16_t weight, cap;
	uint8_t uuid[16];
	uint64_t cpu_time_ns;
	unsigned int nmis; /* that it was sent */
	unsigned int ports;
	bool has_context;
	struct vcpu_guest_context context;
};

struct fake_machine {
	struct fake_domain domains[FAKE_DOMAINS];
	uint16_t next_domid;
	bool no_large_extents;
	bool log_is_clear;
	char last_key;         /* typed at the hypervisor's console */
	bool zeroes_memory;    /* as our hypervisor does */
	unsigned int mappings; /* frames that are mapped now */
	unsigned int mapped;   /* all that ever were */
	unsigned int mapped_ever;
	unsigned int ports; /* of ours that are open */
	unsigned int notifications;
	uint32_t ratelimit_us;
	int ended; /* SHUTDOWN_* of the whole machine, -1 before */

	/* The call after `successes` more fails, and only that. */
	bool fail_armed;
	bool fail_happened;
	unsigned int fail_after;

	uint64_t now;
	/* What happens when somebody waits; false: nothing, never again. */
	bool (*on_wait)(void);
};

extern struct fake_machine fake;

void fake_start(void);
void fake_end(void);

void fake_fail_after(unsigned int successes);

struct fake_domain *fake_domain(uint16_t domid);
uint64_t fake_free_pages(void);
/* The memory of a frame. */
void *fake_frame(uint64_t mfn);

/* Takes pages from a domain until it has only so many. */
void fake_balloon(uint16_t domid, uint64_t pages);

/* A guest ends by itself: VIRQ_DOM_EXC comes with the next wait. */
void fake_shut_down(uint16_t domid, unsigned int reason);
/* A guest sends on its port: ours that is bound to it becomes pending. */
void fake_guest_notify(uint16_t domid, uint32_t port);

#endif /* TESTS_UNIT_TOOLSTACK_FAKE_PRIMITIVES_H */
