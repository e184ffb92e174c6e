/* SPDX-License-Identifier: MIT */
/*
 * The verbs about disks and network cards of guests. Both kinds are attached
 * and detached the same way; what differs is in a struct kind.
 */
#include <stdint.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/groups.h"
#include "cli/result.h"
#include "toolstack/device.h"
#include "toolstack/guest_disks.h"
#include "toolstack/guest_vifs.h"
#include "toolstack/primitives.h"

#define DETACH_LIMIT_NS 10000000000ull
#define SPEC_SIZE       256

/* Lists ------------------------------------------------------------------- */

/* What the guest has not said yet is "-1" in text, as in xl, and null. */
static void put_front(struct result *result, const struct tk_device_id *id,
		      const char *field, const char *key)
{
	uint32_t number;

	if (tk_device_front_number(id, key, &number))
		result_number(result, field, number);
	else
		result_null(result, field);
}

static void put_device(struct result *result, const struct tk_device_id *id)
{
	char path[TK_DEVICE_PATH_SIZE];

	tk_device_back_path(id, path);
	result_number(result, "backend", 0);
	result_number(result, "domid", id->domid);
	result_number(result, "state", tk_device_back_state(id));
	result_text(result, "backend_path", path);
}

static void put_disk(struct result *result, const struct tk_guest *guest,
		     const struct tk_disk *disk)
{
	const struct tk_device_id id = tk_guest_disk_id(guest, disk);

	result_open_row(result);
	result_number(result, "number", disk->number);
	result_text(result, "vdev", disk->vdev);
	result_text(result, "type", tk_disk_type_name(disk->type));
	result_text(result, "target", disk->target);
	result_flag(result, "read_only", disk->read_only);
	put_device(result, &id);
	put_front(result, &id, "event_channel", "event-channel");
	put_front(result, &id, "ring_ref", "ring-ref");
	result_close_row(result);
}

static const struct result_shape disk_shape = {
	"Vdev  BE  handle state evt-ch ring-ref BE-path",
	"{number:-5} {backend:-3} {domid:-6} {state:-5} {event_channel:-6|-1}"
	" {ring_ref:-8|-1} {backend_path}",
};

static int run_block_list(struct command_call *call)
{
	const struct tk_guest *guest = call_guest(call->words[0]);
	struct result *result;
	size_t i;

	if (!guest)
		return COMMAND_FAILED;
	result = result_begin(call->json);
	result_open_list(result, NULL, &disk_shape);
	for (i = 0; guest->has_domain && i < guest->config.n_disks; i++)
		put_disk(result, guest, &guest->config.disks[i]);
	result_close_list(result);
	return COMMAND_DONE;
}

static void put_vif(struct result *result, const struct tk_guest *guest,
		    const struct tk_vif *vif)
{
	const struct tk_device_id id = tk_guest_vif_id(guest, vif);
	char mac[TK_MAC_TEXT_SIZE];
	uint32_t port;

	tk_mac_print(mac, vif->mac);
	result_open_row(result);
	result_number(result, "handle", vif->handle);
	result_text(result, "mac", mac);
	result_text(result, "bridge",
		    *vif->bridge ? vif->bridge : TK_VIF_BRIDGE);
	put_device(result, &id);
	/* With split channels: the one for sending stands for both. */
	put_front(result, &id, "event_channel",
		  tk_device_front_number(&id, "event-channel", &port)
			  ? "event-channel"
			  : "event-channel-tx");
	put_front(result, &id, "tx_ring_ref", "tx-ring-ref");
	put_front(result, &id, "rx_ring_ref", "rx-ring-ref");
	result_close_row(result);
}

static const struct result_shape vif_shape = {
	"Idx BE Mac Addr.         handle state evt-ch   tx-/rx-ring-ref"
	" BE-path",
	"{handle:-3} {backend:-2} {mac:-17} {handle:6} {state:5}"
	" {event_channel:6|-1} {tx_ring_ref:5|-1}/{rx_ring_ref:-11|-1}"
	" {backend_path}",
};

static int run_network_list(struct command_call *call)
{
	const struct tk_guest *guest = call_guest(call->words[0]);
	struct result *result;
	size_t i;

	if (!guest)
		return COMMAND_FAILED;
	result = result_begin(call->json);
	result_open_list(result, NULL, &vif_shape);
	for (i = 0; guest->has_domain && i < guest->config.n_vifs; i++)
		put_vif(result, guest, &guest->config.vifs[i]);
	result_close_list(result);
	return COMMAND_DONE;
}

/* Attaching --------------------------------------------------------------- */

/* The words are joined again: a device may be written with blanks. */
static int run_block_attach(struct command_call *call)
{
	struct tk_guest *guest = call_guest(call->words[0]);
	char spec[SPEC_SIZE];
	struct tk_error err;
	struct tk_disk disk;

	if (!guest)
		return COMMAND_FAILED;
	call_join(call, 1, ",", spec, sizeof(spec));
	if (tk_disk_parse(&disk, spec, &err))
		return call_fail("disk: %s", err.text);
	if (!tk_guest_disk_attach(guest, &disk, &err))
		return COMMAND_DONE;
	tk_disk_free(&disk);
	return call_fail_error(&err);
}

static int run_network_attach(struct command_call *call)
{
	struct tk_guest *guest = call_guest(call->words[0]);
	char spec[SPEC_SIZE];
	struct tk_error err;
	struct tk_vif vif;

	if (!guest)
		return COMMAND_FAILED;
	call_join(call, 1, ",", spec, sizeof(spec));
	if (tk_vif_parse(&vif, spec, &err))
		return call_fail("vif: %s", err.text);
	return tk_guest_vif_attach(guest, &vif, &err) ? call_fail_error(&err)
						      : COMMAND_DONE;
}

/* Detaching --------------------------------------------------------------- */

/*
 * A device that is to go, by names that stay valid: it may vanish, with its
 * guest, in every wait. Each function looks it up; `find` says whether it is
 * there.
 */
struct kind {
	const char *what;
	bool (*find)(const struct tk_guest *guest, const char *which);
	int (*close)(const struct tk_guest *guest, const char *which,
		     struct tk_error *err);
	bool (*is_closed)(const struct tk_guest *guest, const char *which);
	void (*detach)(struct tk_guest *guest, const char *which);
};

static bool disk_find(const struct tk_guest *guest, const char *which)
{
	return tk_guest_disk_find(guest, which) != NULL;
}

static int disk_close(const struct tk_guest *guest, const char *which,
		      struct tk_error *err)
{
	return tk_guest_disk_close(guest, tk_guest_disk_find(guest, which),
				   err);
}

static bool disk_is_closed(const struct tk_guest *guest, const char *which)
{
	return tk_guest_disk_is_closed(guest, tk_guest_disk_find(guest, which));
}

static void disk_detach(struct tk_guest *guest, const char *which)
{
	tk_guest_disk_detach(guest, tk_guest_disk_find(guest, which));
}

static const struct kind disk_kind = { "disk", disk_find, disk_close,
				       disk_is_closed, disk_detach };

static bool vif_find(const struct tk_guest *guest, const char *which)
{
	return tk_guest_vif_find(guest, which) != NULL;
}

static int vif_close(const struct tk_guest *guest, const char *which,
		     struct tk_error *err)
{
	return tk_guest_vif_close(guest, tk_guest_vif_find(guest, which), err);
}

static bool vif_is_closed(const struct tk_guest *guest, const char *which)
{
	return tk_guest_vif_is_closed(guest, tk_guest_vif_find(guest, which));
}

static void vif_detach(struct tk_guest *guest, const char *which)
{
	tk_guest_vif_detach(guest, tk_guest_vif_find(guest, which));
}

static const struct kind vif_kind = { "card", vif_find, vif_close,
				      vif_is_closed, vif_detach };

/* NULL when the guest or the device is gone meanwhile. */
static struct tk_guest *find_again(const struct kind *kind, const char *name,
				   const char *which)
{
	struct tk_guest *guest = tk_guests_find(name);

	return guest && guest->has_domain && kind->find(guest, which) ? guest
								      : NULL;
}

static int wait_and_detach(const struct kind *kind, const char *name,
			   const char *which, bool force)
{
	uint64_t deadline = tk_clock_ns() + DETACH_LIMIT_NS;
	struct tk_guest *guest;

	while ((guest = find_again(kind, name, which)) && !force &&
	       !kind->is_closed(guest, which)) {
		if (!cli_wait_until(deadline))
			return call_fail("%s: %s: the guest does not let go of "
					 "it; use --force",
					 name, which);
	}
	if (guest)
		kind->detach(guest, which);
	return COMMAND_DONE;
}

#define OPTION_FORCE OPTION_LONG(0)

static const struct command_option detach_options[] = {
	{ OPTION_FORCE, "force", NULL },
	{ 0 },
};

static int detach(struct command_call *call, const struct kind *kind)
{
	struct tk_guest *guest = call_guest(call->words[0]);
	const char *which = call->words[1];
	struct tk_error err;
	char name[128];

	if (!guest)
		return COMMAND_FAILED;
	if (!kind->find(guest, which))
		return call_fail("%s: no %s %s", call->words[0], kind->what,
				 which);
	snprintf(name, sizeof(name), "%s", guest->config.name);
	if (kind->close(guest, which, &err))
		return call_fail_error(&err);
	return wait_and_detach(kind, name, which, call_has(call, OPTION_FORCE));
}

static int run_block_detach(struct command_call *call)
{
	return detach(call, &disk_kind);
}

static int run_network_detach(struct command_call *call)
{
	return detach(call, &vif_kind);
}

const struct command device_commands[] = {
	{ .name = "block-list",
	  .arguments = "NAME",
	  .help = "the disks of a guest",
	  .example = "block-list debian",
	  .min_words = 1,
	  .max_words = 1,
	  .words = WORDS_GUESTS,
	  .reads = true,
	  .run = run_block_list },
	{ .name = "block-attach",
	  .arguments = "NAME DISK",
	  .help = "give a running guest one more disk",
	  .example = "block-attach debian ram:64M,xvdb,w",
	  .min_words = 2,
	  .max_words = 5,
	  .words = WORDS_GUESTS,
	  .run = run_block_attach },
	{ .name = "block-detach",
	  .arguments = "[--force] NAME VDEV",
	  .help = "take a disk away from a guest",
	  .example = "block-detach debian xvdb",
	  .options = detach_options,
	  .min_words = 2,
	  .max_words = 2,
	  .words = WORDS_GUESTS,
	  .run = run_block_detach },
	{ .name = "network-list",
	  .arguments = "NAME",
	  .help = "the network cards of a guest",
	  .example = "network-list debian",
	  .min_words = 1,
	  .max_words = 1,
	  .words = WORDS_GUESTS,
	  .reads = true,
	  .run = run_network_list },
	{ .name = "network-attach",
	  .arguments = "NAME [CARD]",
	  .help = "give a running guest one more network card",
	  .example = "network-attach debian bridge=xenbr0",
	  .min_words = 1,
	  .max_words = 8,
	  .words = WORDS_GUESTS,
	  .run = run_network_attach },
	{ .name = "network-detach",
	  .arguments = "[--force] NAME CARD",
	  .help = "take a network card away from a guest",
	  .example = "network-detach debian 1",
	  .options = detach_options,
	  .min_words = 2,
	  .max_words = 2,
	  .words = WORDS_GUESTS,
	  .run = run_network_detach },
	{ 0 },
};
