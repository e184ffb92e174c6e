/* SPDX-License-Identifier: MIT */
/*
 * Builds a PV domain: from a configuration and the bytes of kernel and
 * ramdisk to a paused domain whose first vcpu stands at the kernel's entry.
 *
 * Owns: nothing after the return. On success the domain belongs to the
 * caller; on failure it is destroyed and everything that was mapped or
 * allocated on the way is given back.
 * Next to read: layout.h (what goes where), guests.h (the life after this).
 */
#ifndef TOOLSTACK_BUILD_DOMAIN_H
#define TOOLSTACK_BUILD_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain_config.h"
#include "error.h"

struct tk_build_request {
	const struct tk_domain_config *config;
	const void *kernel; /* the file: ELF, or compressed as a bzImage */
	size_t kernel_size;
	const void *ramdisk; /* NULL without one */
	size_t ramdisk_size;
	/*
	 * Asked again and again on the way: true gives up, as if a step had
	 * failed. NULL: nobody may interrupt it.
	 */
	tk_interrupted *interrupted;
};

struct tk_built_domain {
	uint16_t domid;
	uint64_t console_ring_mfn;
	uint32_t console_port; /* of the domain, for us to bind to */
	uint64_t store_ring_mfn;
	uint32_t store_port;
};

tk_must_check int tk_build_domain(struct tk_built_domain *built,
				  const struct tk_build_request *request,
				  struct tk_error *err);

/*
 * The first steps alone, which change nothing: the kernel can be read, and
 * there is memory for so many pages, those that the hypervisor takes too.
 */
tk_must_check int tk_build_check(const struct tk_build_request *request,
				 uint64_t *pages, struct tk_error *err);

/* What a xenstore server needs to know of a domain that will talk to it. */
struct tk_xenstore_guest {
	uint16_t domid;
	const char *name;
	const struct tk_domain_config *config;
	const uint8_t *uuid; /* 16 bytes */
	uint64_t memory_kib;
	uint64_t max_memory_kib;
	unsigned int vcpus; /* online, of max_vcpus */
	unsigned int max_vcpus;
	uint64_t mfn;  /* of the ring */
	uint32_t port; /* of the domain, for the server to bind to */
	uint64_t console_ring_mfn;
	uint32_t console_port;
};

/*
 * The builder introduces a domain before it first runs; it is released before
 * it is destroyed, and then nothing of it may stay mapped. The library's own
 * versions say that there is no server, and then a domain is not told of a
 * xenstore port: guests cope with that, but wait for ever for an answer on a
 * port that nobody serves. A server supplies functions of these names.
 */
bool tk_xenstore_present(void);
int tk_xenstore_introduce(const struct tk_xenstore_guest *guest);
/* Also for a domain that was not introduced. */
void tk_xenstore_release(uint16_t domid);
/*
 * Requests are served in tk_wait(), but a guest that keeps the server busy is
 * interrupted. True while something is left to do: then call again, after a
 * tk_wait() that does not block.
 */
bool tk_xenstore_poll(void);

#endif /* TOOLSTACK_BUILD_DOMAIN_H */
