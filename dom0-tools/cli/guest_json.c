/* SPDX-License-Identifier: MIT */
/* See guest_json.h. */
#include "cli/guest_json.h"

#include <stdio.h>
#include <string.h>

#include "cli/config_json.h"
#include "toolstack/guest_memory.h"
#include "toolstack/guests.h"
#include "toolstack/hypercalls.h"
#include "toolstack/primitives.h"

static bool is_online(const struct tk_guest *guest, unsigned int vcpu)
{
	char path[64], text[16];

	snprintf(path, sizeof(path), "/local/domain/%u/cpu/%u/availability",
		 guest->domid, vcpu);
	return !tk_store_read(path, text, sizeof(text)) &&
	       !strcmp(text, "online");
}

static uint64_t known_kib(uint64_t kib, uint64_t made_with_mib)
{
	return kib ? kib : made_with_mib * 1024;
}

/* Other tools change these as well, in xenstore: so that is asked. */
static void read_now(struct config_now *now, const struct tk_guest *guest)
{
	unsigned int i;

	memset(now, 0, sizeof(*now));
	now->target_kib = known_kib(tk_guest_memory_target(guest),
				    guest->config.memory_mib);
	now->max_kib =
		known_kib(tk_guest_memory_max(guest), guest->config.maxmem_mib);
	for (i = 0; i < guest->config.max_vcpus && i < TK_VCPUS_MAX; i++)
		now->online[i] = is_online(guest, i);
}

void guest_json(struct json *json, const char *key,
		const struct tk_guest *guest)
{
	struct tk_domain_info info;
	struct config_now now;
	bool is_there =
		guest->has_domain && !tk_domain_info(guest->domid, &info);

	if (is_there) {
		read_now(&now, guest);
		memcpy(now.uuid, info.uuid, sizeof(now.uuid));
	}
	config_json(json, key, &guest->config, is_there ? &now : NULL);
}
