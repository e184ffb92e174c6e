/* SPDX-License-Identifier: MIT */
/* See guest_memory.h. */
#include "guest_memory.h"

#include <inttypes.h>
#include <stdio.h>

#include "config.h"
#include "guests.h"
#include "hypercalls.h"
#include "primitives.h"

/* Below this no kernel lives. */
#define LEAST_KIB 1024u
/* One MiB above: for pages that come and go with devices. */
#define SLACK_KIB 1024u

static void node_path(const struct tk_guest *guest, const char *name,
		      char path[64])
{
	snprintf(path, 64, "/local/domain/%u/memory/%s", guest->domid, name);
}

static uint64_t read_node(const struct tk_guest *guest, const char *name)
{
	char path[64], text[24];
	uint64_t kib;

	node_path(guest, name, path);
	if (tk_store_read(path, text, sizeof(text)) ||
	    !tk_config_number(text, &kib))
		return 0;
	return kib;
}

static int write_node(const struct tk_guest *guest, const char *name,
		      uint64_t kib)
{
	char path[64], text[24];

	node_path(guest, name, path);
	snprintf(text, sizeof(text), "%" PRIu64, kib);
	return tk_store_write(path, text);
}

uint64_t tk_guest_memory_target(const struct tk_guest *guest)
{
	return read_node(guest, "target");
}

uint64_t tk_guest_memory_max(const struct tk_guest *guest)
{
	return read_node(guest, "static-max");
}

/* A limit of the hypervisor, then a node that tells others of it. */
static int change(const struct tk_guest *guest, const char *name, uint64_t kib,
		  struct tk_error *err)
{
	int rc = tk_domain_set_max_memory(guest->domid, kib + SLACK_KIB);

	if (!rc)
		rc = write_node(guest, name, kib);
	if (rc)
		return tk_fail(err, "%s: setting its memory: %s (%d)",
			       guest->config.name, tk_errno_text(rc), rc);
	return 0;
}

int tk_guest_set_memory(const struct tk_guest *guest, uint64_t kib,
			struct tk_error *err)
{
	uint64_t max = tk_guest_memory_max(guest);

	if (tk_guest_need_domain(guest, err))
		return -1;
	if (kib < LEAST_KIB)
		return tk_fail(err,
			       "%s: %" PRIu64 " KiB is too little; %u is the "
			       "least",
			       guest->config.name, kib, LEAST_KIB);
	if (kib > max)
		return tk_fail(err,
			       "%s: %" PRIu64 " MiB is above its maximum of "
			       "%" PRIu64 " MiB; see mem-max",
			       guest->config.name, kib / 1024, max / 1024);
	return change(guest, "target", kib, err);
}

int tk_guest_set_max_memory(const struct tk_guest *guest, uint64_t kib,
			    struct tk_error *err)
{
	uint64_t target = tk_guest_memory_target(guest);

	if (tk_guest_need_domain(guest, err))
		return -1;
	if (kib < target)
		return tk_fail(err,
			       "%s: a maximum of %" PRIu64 " MiB is below the "
			       "%" PRIu64 " MiB that it has; see mem-set",
			       guest->config.name, kib / 1024, target / 1024);
	return change(guest, "static-max", kib, err);
}
