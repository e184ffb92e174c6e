/* SPDX-License-Identifier: MIT */
/* Network cards of guests; see guest_vifs.h. Keys as libxl writes them. */
#include "guest_vifs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hypercalls.h"

#define NUMBER_SIZE 12
#define RATE_SIZE   48
#define KEYS_MAX    12

struct keys {
	struct tk_device_key list[KEYS_MAX];
	size_t count;
};

struct tk_device_id tk_guest_vif_id(const struct tk_guest *guest,
				    const struct tk_vif *vif)
{
	return (struct tk_device_id){ guest->domid, "vif", vif->handle };
}

/* A key without a value is not written. */
static void add(struct keys *keys, const char *key, const char *value)
{
	if (*value)
		keys->list[keys->count++] =
			(struct tk_device_key){ key, value };
}

void tk_guest_vif_name(const struct tk_guest *guest, const struct tk_vif *vif,
		       char name[TK_VIF_NAME_SIZE])
{
	if (*vif->vifname)
		memcpy(name, vif->vifname, TK_VIF_NAME_SIZE);
	else
		snprintf(name, TK_VIF_NAME_SIZE, "vif%u.%u", guest->domid,
			 vif->handle);
}

static int attach(const struct tk_guest *guest, const struct tk_vif *vif,
		  struct tk_error *err)
{
	const struct tk_device_id id = tk_guest_vif_id(guest, vif);
	struct keys back = { .count = 0 }, front = { .count = 0 };
	char mac[TK_MAC_TEXT_SIZE], name[TK_VIF_NAME_SIZE];
	char handle[NUMBER_SIZE], mtu[NUMBER_SIZE] = "", rate[RATE_SIZE] = "";

	if (*vif->script)
		tk_guests_notice(guest->config.name, "vif: script= is ignored");
	tk_mac_print(mac, vif->mac);
	tk_guest_vif_name(guest, vif, name);
	snprintf(handle, sizeof(handle), "%u", vif->handle);
	if (vif->mtu)
		snprintf(mtu, sizeof(mtu), "%u", vif->mtu);
	if (vif->rate_bytes)
		snprintf(rate, sizeof(rate), "%llu,%u",
			 (unsigned long long)vif->rate_bytes, vif->rate_us);
	add(&back, "mac", mac);
	add(&back, "bridge", *vif->bridge ? vif->bridge : TK_VIF_BRIDGE);
	add(&back, "vifname", name);
	add(&back, "ip", vif->ip);
	add(&back, "script", *vif->script ? vif->script : TK_VIF_SCRIPT);
	add(&back, "rate", rate);
	add(&back, "handle", handle);
	add(&back, "type", "vif");
	add(&front, "handle", handle);
	add(&front, "mac", mac);
	add(&front, "mtu", mtu);
	add(&front, "trusted", vif->is_untrusted ? "0" : "1");
	if (!tk_device_attach(&id, back.list, back.count, front.list,
			      front.count, err))
		return 0;
	tk_fail_within(err, name);
	return tk_fail_within(err, guest->config.name);
}

int tk_guest_vifs_attach(const struct tk_guest *guest, struct tk_error *err)
{
	size_t i;

	for (i = 0; i < guest->config.n_vifs; i++) {
		if (attach(guest, &guest->config.vifs[i], err))
			return -1;
	}
	return 0;
}

void tk_guest_vifs_remove(const struct tk_guest *guest)
{
	size_t i;

	for (i = 0; i < guest->config.n_vifs; i++) {
		const struct tk_device_id id =
			tk_guest_vif_id(guest, &guest->config.vifs[i]);

		tk_device_remove(&id);
	}
}

/* While it runs ----------------------------------------------------------- */

int tk_guest_vif_attach(struct tk_guest *guest, const struct tk_vif *vif,
			struct tk_error *err)
{
	struct tk_domain_config *config = &guest->config;

	if (tk_guest_need_domain(guest, err))
		return -1;
	if (tk_domain_config_add_vif(config, vif, err))
		return tk_fail_within(err, config->name);
	if (!attach(guest, &config->vifs[config->n_vifs - 1], err))
		return 0;
	tk_domain_config_drop_vif(config, config->n_vifs - 1);
	return -1;
}

const struct tk_vif *tk_guest_vif_find(const struct tk_guest *guest,
				       const char *which)
{
	uint8_t mac[TK_MAC_SIZE];
	bool is_mac = tk_mac_parse(which, mac);
	uint64_t number;
	size_t i;

	if (!is_mac && !tk_config_number(which, &number))
		return NULL;
	for (i = 0; i < guest->config.n_vifs; i++) {
		const struct tk_vif *vif = &guest->config.vifs[i];

		if (is_mac ? !memcmp(vif->mac, mac, sizeof(mac))
			   : vif->handle == number)
			return vif;
	}
	return NULL;
}

int tk_guest_vif_close(const struct tk_guest *guest, const struct tk_vif *vif,
		       struct tk_error *err)
{
	const struct tk_device_id id = tk_guest_vif_id(guest, vif);
	int rc;

	if (tk_guest_need_domain(guest, err))
		return -1;
	rc = tk_device_close(&id);
	if (!rc)
		return 0;
	return tk_fail(err, "%s: card %u: %s (%d)", guest->config.name,
		       vif->handle, tk_errno_text(rc), rc);
}

bool tk_guest_vif_is_closed(const struct tk_guest *guest,
			    const struct tk_vif *vif)
{
	const struct tk_device_id id = tk_guest_vif_id(guest, vif);

	return tk_device_is_closed(&id);
}

void tk_guest_vif_detach(struct tk_guest *guest, const struct tk_vif *vif)
{
	const struct tk_device_id id = tk_guest_vif_id(guest, vif);

	tk_device_remove(&id);
	tk_domain_config_drop_vif(&guest->config,
				  (size_t)(vif - guest->config.vifs));
}
