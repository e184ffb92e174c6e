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
 * Hands a domain's ring and port to the xenstore server; called before the
 * domain first runs. The library's own version says that there is none, and
 * then the domain is not told of a xenstore port: guests cope with that, but
 * wait forever for an answer on a port that nobody serves. A server supplies
 * its own function of this name.
 */
int tk_xenstore_introduce(uint16_t domid, uint64_t mfn, uint32_t port);
bool tk_xenstore_present(void);

#endif /* TOOLSTACK_BUILD_DOMAIN_H */
