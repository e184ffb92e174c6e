/* SPDX-License-Identifier: MIT */
/*
 * Keeps the list of guests and acts when one ends; see guests.h.
 */
#include "guests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <public/sched.h>
#include <public/xen.h>

#include "build_domain.h"
#include "device.h"
#include "guest_disks.h"
#include "guest_events.h"
#include "guest_vifs.h"
#include "hypercalls.h"
#include "primitives.h"

static const struct tk_guests_host *host;
static struct tk_guest *guests;
static unsigned long last_serial;

/* The list ---------------------------------------------------------------- */

struct tk_guest *tk_guests_next(const struct tk_guest *guest)
{
	return guest ? guest->next : guests;
}

struct tk_guest *tk_guests_find_domid(uint16_t domid)
{
	struct tk_guest *guest;

	for (guest = guests; guest; guest = guest->next) {
		if (guest->has_domain && guest->domid == domid)
			return guest;
	}
	return NULL;
}

static struct tk_guest *find_name(const char *name)
{
	struct tk_guest *guest;

	for (guest = guests; guest; guest = guest->next) {
		if (!strcmp(guest->config.name, name))
			return guest;
	}
	return NULL;
}

struct tk_guest *tk_guests_find(const char *name)
{
	struct tk_guest *guest = find_name(name);
	char *end;
	unsigned long number;

	if (guest || !*name)
		return guest;
	number = strtoul(name, &end, 10);
	if (*end || number >= TK_DOMID_FIRST_RESERVED)
		return NULL;
	return tk_guests_find_domid((uint16_t)number);
}

static void append(struct tk_guest *guest)
{
	struct tk_guest **place = &guests;

	while (*place)
		place = &(*place)->next;
	guest->next = NULL;
	*place = guest;
}

static void forget(struct tk_guest *guest)
{
	struct tk_guest **place = &guests;

	while (*place && *place != guest)
		place = &(*place)->next;
	if (*place)
		*place = guest->next;
	tk_console_free(&guest->console);
	tk_domain_config_free(&guest->config);
	free(guest);
}

/* The list is in the order of creation, so the first ones are the oldest. */
static void forget_oldest_ended(void)
{
	struct tk_guest *guest, *oldest = NULL;
	unsigned int ended = 0;

	for (guest = guests; guest; guest = guest->next) {
		if (guest->has_domain)
			continue;
		if (!oldest)
			oldest = guest;
		ended++;
	}
	if (ended > TK_GUESTS_ENDED_MAX)
		forget(oldest);
}

static void notice(const char *about, const char *text)
{
	if (host->notice)
		host->notice(about, text);
}

void tk_guests_notice(const char *about, const char *text)
{
	notice(about, text);
}

void tk_guests_forget_contents(const char *contents)
{
	if (host->forget_contents)
		host->forget_contents(contents);
}

/* Begin and end of a domain ----------------------------------------------- */

static int read_file(const char *path, const char *what, const void **data,
		     size_t *size, struct tk_error *err)
{
	if (host->read_file(path, data, size))
		return tk_fail(err, "%s %s: no such file", what, path);
	return 0;
}

static void let_go(struct tk_guest *guest)
{
	tk_console_detach(&guest->console);
	tk_devices_remove(guest->domid);
	tk_xenstore_release(guest->domid);
	if (!guest->is_restarting)
		tk_guest_disks_forget(guest);
}

/* What a domain needs of us before it runs. */
static int attach(struct tk_guest *guest, const struct tk_built_domain *built,
		  struct tk_error *err)
{
	guest->domid = built->domid;
	if (tk_console_attach(&guest->console, built->domid,
			      built->console_ring_mfn, built->console_port,
			      err))
		return tk_fail_within(err, guest->config.name);
	if (tk_guest_disks_attach(guest, err))
		return -1;
	return tk_guest_vifs_attach(guest, err);
}

static void note(const struct tk_guest *guest, const char *what,
		 const char *detail)
{
	tk_event_note(guest->config.name, guest->domid, what, detail);
}

static int read_files(struct tk_build_request *request, struct tk_error *err)
{
	const struct tk_domain_config *config = request->config;

	if (read_file(config->kernel, "kernel", &request->kernel,
		      &request->kernel_size, err))
		return -1;
	if (!config->ramdisk)
		return 0;
	return read_file(config->ramdisk, "ramdisk", &request->ramdisk,
			 &request->ramdisk_size, err);
}

/* The last moment at which the user can have it no more. */
static int attach_unless(struct tk_guest *guest,
			 const struct tk_built_domain *built,
			 tk_interrupted *interrupted, struct tk_error *err)
{
	int rc = attach(guest, built, err);

	return rc ? rc : tk_go_on(interrupted, guest->config.name, err);
}

static int build(struct tk_guest *guest, tk_interrupted *interrupted,
		 struct tk_error *err)
{
	struct tk_build_request request = { .config = &guest->config,
					    .interrupted = interrupted };
	struct tk_built_domain built;

	if (read_files(&request, err))
		return -1;
	if (tk_build_domain(&built, &request, err))
		return -1;
	if (attach_unless(guest, &built, interrupted, err)) {
		let_go(guest);
		tk_domain_destroy(built.domid);
		return -1;
	}
	guest->has_domain = true;
	guest->has_ended = false;
	guest->end_reason = NULL;
	guest->started_ns = tk_clock_ns();
	note(guest, "created", "");
	return 0;
}

/*
 * Lets go of the domain's pages first: one that somebody still maps would
 * stay behind as a zombie.
 */
static int tear_down(struct tk_guest *guest, struct tk_error *err)
{
	int rc;

	tk_domain_pause(guest->domid);
	let_go(guest);
	rc = tk_domain_destroy(guest->domid);
	if (rc)
		return tk_fail(err, "%s: destroying domain %u: %s (%d)",
			       guest->config.name, guest->domid,
			       tk_errno_text(rc), rc);
	guest->has_domain = false;
	return 0;
}

static int start(struct tk_guest *guest, struct tk_error *err)
{
	struct tk_error ignored;
	int rc = tk_domain_unpause(guest->domid);

	if (!rc)
		return 0;
	tk_fail(err, "%s: starting it: %s (%d)", guest->config.name,
		tk_errno_text(rc), rc);
	if (tear_down(guest, &ignored))
		notice("destroy", ignored.text);
	return -1;
}

static void mark_ended(struct tk_guest *guest, const char *reason)
{
	guest->has_ended = true;
	guest->end_reason = reason;
	note(guest, "ended", reason);
}

/* What to do when a guest ends -------------------------------------------- */

static const struct {
	unsigned int reason;
	const char *text;
} reasons[] = {
	{ SHUTDOWN_poweroff, "poweroff" },
	{ SHUTDOWN_reboot, "reboot" },
	{ SHUTDOWN_suspend, "suspend" },
	{ SHUTDOWN_crash, "crash" },
	{ SHUTDOWN_watchdog, "watchdog" },
	{ SHUTDOWN_soft_reset, "soft reset" },
};

static const char *reason_text(unsigned int reason)
{
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].reason == reason)
			return reasons[i].text;
	}
	return "unknown reason";
}

static enum tk_action action_for(const struct tk_guest *guest,
				 unsigned int reason)
{
	if (reason == SHUTDOWN_poweroff || reason == SHUTDOWN_suspend)
		return guest->config.on_poweroff;
	if (reason == SHUTDOWN_reboot)
		return guest->config.on_reboot;
	if (reason == SHUTDOWN_watchdog)
		return guest->config.on_watchdog;
	return guest->config.on_crash;
}

static void end_domain(struct tk_guest *guest, const char *reason)
{
	struct tk_error err;

	mark_ended(guest, reason);
	if (tear_down(guest, &err))
		notice("destroy", err.text);
}

static void restart(struct tk_guest *guest, const char *reason)
{
	struct tk_error err;

	guest->is_restarting = true;
	end_domain(guest, reason);
	if (!guest->has_domain &&
	    (build(guest, NULL, &err) || start(guest, &err))) {
		mark_ended(guest, reason);
		notice("restart failed", err.text);
	}
	guest->is_restarting = false;
	if (!guest->has_domain)
		tk_guest_disks_forget(guest);
}

/* NAME-1, NAME-2, ...: the first that nobody has. NULL without memory. */
static char *free_name(const char *name)
{
	size_t size = strlen(name) + sizeof("-4294967295");
	char *text = malloc(size);
	unsigned int number = 0;

	if (!text)
		return NULL;
	do {
		snprintf(text, size, "%s-%u", name, ++number);
	} while (find_name(text));
	return text;
}

/* The old domain stays for inspection under another name. */
static void rename_and_restart(struct tk_guest *guest, const char *reason)
{
	struct tk_domain_config config;
	struct tk_guest *successor;
	struct tk_error err;
	char *name;

	mark_ended(guest, reason);
	name = free_name(guest->config.name);
	if (!name || tk_domain_config_copy(&config, &guest->config)) {
		free(name);
		notice(guest->config.name, "not enough memory to restart it");
		return;
	}
	free(guest->config.name);
	guest->config.name = name;
	/* A bridge takes an address once, and now the new one needs it. */
	tk_guest_vifs_remove(guest);
	successor = tk_guests_create(&config, false, &err);
	if (!successor) {
		notice("restart failed", err.text);
		return;
	}
	successor->is_auto = guest->is_auto;
	successor->n_restarts = guest->n_restarts;
	memcpy(successor->restarts_ns, guest->restarts_ns,
	       sizeof(successor->restarts_ns));
}

/* Notes one more restart; false when there were too many of late. */
static bool may_restart(struct tk_guest *guest)
{
	uint64_t *oldest =
		&guest->restarts_ns[guest->n_restarts % TK_RESTARTS_MAX];
	uint64_t now = tk_clock_ns();

	if (guest->n_restarts >= TK_RESTARTS_MAX &&
	    now - *oldest < TK_RESTARTS_WITHIN_NS) {
		notice(guest->config.name,
		       "it restarts again and again: it is left as it is");
		return false;
	}
	*oldest = now;
	guest->n_restarts++;
	return true;
}

/* The action that is left when dumps and too many restarts are not. */
static enum tk_action possible_action(struct tk_guest *guest,
				      enum tk_action action)
{
	bool dump = action == TK_ACTION_COREDUMP_DESTROY ||
		    action == TK_ACTION_COREDUMP_RESTART;

	if (dump)
		notice(guest->config.name,
		       "no core is written by itself: on_crash=\"preserve\" "
		       "keeps the guest for dump-core");
	if (action == TK_ACTION_COREDUMP_DESTROY)
		return TK_ACTION_DESTROY;
	if (action == TK_ACTION_COREDUMP_RESTART)
		action = TK_ACTION_RESTART;
	if ((action == TK_ACTION_RESTART ||
	     action == TK_ACTION_RENAME_RESTART) &&
	    !may_restart(guest))
		return TK_ACTION_DESTROY;
	return action;
}

/* What restarts is called as it was last, also if another process said so. */
static void read_name(struct tk_guest *guest)
{
	char path[64], name[64], *copy;

	snprintf(path, sizeof(path), "/local/domain/%u/name", guest->domid);
	if (tk_store_read(path, name, sizeof(name)))
		return;
	copy = tk_text_copy(name);
	if (!copy)
		return;
	free(guest->config.name);
	guest->config.name = copy;
}

static void guest_ended(struct tk_guest *guest, unsigned int reason)
{
	const char *text = reason_text(reason);
	enum tk_action action =
		possible_action(guest, action_for(guest, reason));

	tk_console_serve(&guest->console);
	read_name(guest);
	if (action == TK_ACTION_RESTART)
		restart(guest, text);
	else if (action == TK_ACTION_RENAME_RESTART)
		rename_and_restart(guest, text);
	else if (action == TK_ACTION_PRESERVE)
		mark_ended(guest, text);
	else
		end_domain(guest, text);
}

/* A domain that somebody else destroyed. */
static void guest_vanished(struct tk_guest *guest)
{
	let_go(guest);
	guest->has_domain = false;
	mark_ended(guest, "destroyed");
}

static void mark_ended_elsewhere(struct tk_guest *guest, const char *reason)
{
	guest->has_ended = true;
	guest->end_reason = reason;
	tk_event_seen(guest->config.name, guest->domid, "ended", reason);
}

/* Only to be known here: others act. */
static void check_elsewhere(struct tk_guest *guest)
{
	struct tk_domain_info info;
	bool is_there = !tk_domain_info(guest->domid, &info) && !info.is_dying;

	if (!is_there || info.is_shutdown)
		tk_console_serve(&guest->console);
	if (!guest->has_ended && is_there && info.is_shutdown)
		mark_ended_elsewhere(guest, reason_text(info.shutdown_reason));
	else if (!guest->has_ended && !is_there)
		mark_ended_elsewhere(guest, "destroyed");
	guest->has_domain = is_there;
}

static void check_guest(struct tk_guest *guest)
{
	struct tk_domain_info info;

	if (!guest->has_domain)
		return;
	if (guest->is_elsewhere) {
		check_elsewhere(guest);
		return;
	}
	if (tk_domain_info(guest->domid, &info) || info.is_dying)
		guest_vanished(guest);
	else if (info.is_shutdown && !guest->has_ended)
		guest_ended(guest, info.shutdown_reason);
}

#define DOMIDS_MAX 1024

/*
 * VIRQ_DOM_EXC tells that some domain ended, not which. Actions
 * change the list, so go by the numbers of the domains that were there.
 */
static void some_domain_ended(uint32_t port, void *context)
{
	uint16_t domids[DOMIDS_MAX];
	size_t count = 0, i;
	struct tk_guest *guest;

	(void)port;
	(void)context;
	for (guest = guests; guest && count < DOMIDS_MAX; guest = guest->next) {
		if (guest->has_domain)
			domids[count++] = guest->domid;
	}
	for (i = 0; i < count; i++) {
		guest = tk_guests_find_domid(domids[i]);
		if (guest)
			check_guest(guest);
	}
}

int tk_guests_start(const struct tk_guests_host *new_host, struct tk_error *err)
{
	int port;

	host = new_host;
	port = tk_evtchn_bind_virq(VIRQ_DOM_EXC, some_domain_ended, NULL);
	if (port < 0)
		return tk_fail(err, "binding VIRQ_DOM_EXC: %s (%d)",
			       tk_errno_text(port), port);
	return 0;
}

/* Commands ---------------------------------------------------------------- */

static struct tk_guest *new_guest(struct tk_domain_config *config,
				  struct tk_error *err)
{
	struct tk_guest *guest = calloc(1, sizeof(*guest));

	if (!guest) {
		tk_fail(err, "%s: not enough memory in the control domain",
			config->name);
		return NULL;
	}
	if (tk_console_init(&guest->console, err)) {
		free(guest);
		return NULL;
	}
	guest->config = *config;
	guest->serial = ++last_serial;
	return guest;
}

static int refuse_name_in_use(const struct tk_domain_config *config,
			      struct tk_error *err)
{
	const struct tk_guest *guest = find_name(config->name);

	if (guest && guest->has_domain)
		return tk_fail(err, "%s: the name is in use by domain %u",
			       config->name, guest->domid);
	return 0;
}

struct tk_guest *tk_guests_create_unless(struct tk_domain_config *config,
					 bool paused,
					 tk_interrupted *interrupted,
					 struct tk_error *err)
{
	struct tk_guest *guest = NULL, *old;

	if (!refuse_name_in_use(config, err))
		guest = new_guest(config, err);
	if (!guest) {
		tk_domain_config_free(config);
		return NULL;
	}
	if (build(guest, interrupted, err) || (!paused && start(guest, err))) {
		forget(guest);
		return NULL;
	}
	old = find_name(guest->config.name);
	if (old)
		forget(old);
	append(guest);
	forget_oldest_ended();
	return guest;
}

struct tk_guest *tk_guests_create(struct tk_domain_config *config, bool paused,
				  struct tk_error *err)
{
	return tk_guests_create_unless(config, paused, NULL, err);
}

struct tk_guest *tk_guests_adopt(struct tk_domain_config *config,
				 const struct tk_built_domain *domain,
				 uint64_t started_ns, struct tk_error *err)
{
	struct tk_guest *guest = new_guest(config, err);

	if (!guest) {
		tk_domain_config_free(config);
		return NULL;
	}
	if (tk_console_attach(&guest->console, domain->domid,
			      domain->console_ring_mfn, domain->console_port,
			      err)) {
		forget(guest);
		return NULL;
	}
	guest->domid = domain->domid;
	guest->has_domain = true;
	guest->is_elsewhere = true;
	guest->started_ns = started_ns;
	append(guest);
	check_guest(guest);
	return guest;
}

int tk_guest_need_domain(const struct tk_guest *guest, struct tk_error *err)
{
	if (!guest->has_domain)
		return tk_fail(err, "%s: it is not running",
			       guest->config.name);
	return 0;
}

int tk_guest_destroy(struct tk_guest *guest, struct tk_error *err)
{
	if (tk_guest_need_domain(guest, err) || tear_down(guest, err))
		return -1;
	if (!guest->has_ended)
		mark_ended(guest, "destroyed");
	forget_oldest_ended();
	return 0;
}

static int fail_guest(const struct tk_guest *guest, const char *what, int rc,
		      struct tk_error *err)
{
	return tk_fail(err, "%s: %s: %s (%d)", guest->config.name, what,
		       tk_errno_text(rc), rc);
}

int tk_guest_pause(struct tk_guest *guest, struct tk_error *err)
{
	int rc;

	if (tk_guest_need_domain(guest, err))
		return -1;
	rc = tk_domain_pause(guest->domid);
	if (rc)
		return fail_guest(guest, "pausing it", rc, err);
	note(guest, "paused", "");
	return 0;
}

int tk_guest_unpause(struct tk_guest *guest, struct tk_error *err)
{
	int rc;

	if (tk_guest_need_domain(guest, err))
		return -1;
	rc = tk_domain_unpause(guest->domid);
	if (rc)
		return fail_guest(guest, "unpausing it", rc, err);
	note(guest, "unpaused", "");
	return 0;
}

/* Writes a node of the guest's own folder. */
static int write_node(struct tk_guest *guest, const char *name,
		      const char *value, const char *doing,
		      struct tk_error *err)
{
	char path[64];
	int rc;

	if (tk_guest_need_domain(guest, err))
		return -1;
	snprintf(path, sizeof(path), "/local/domain/%u/%s", guest->domid, name);
	rc = tk_store_write(path, value);
	return rc ? fail_guest(guest, doing, rc, err) : 0;
}

static int ask(struct tk_guest *guest, const char *what, struct tk_error *err)
{
	if (write_node(guest, "control/shutdown", what, "asking it", err))
		return -1;
	note(guest, "asked", what);
	return 0;
}

int tk_guest_shutdown(struct tk_guest *guest, struct tk_error *err)
{
	return ask(guest, "poweroff", err);
}

int tk_guest_reboot(struct tk_guest *guest, struct tk_error *err)
{
	return ask(guest, "reboot", err);
}

int tk_guest_sysrq(struct tk_guest *guest, char key, struct tk_error *err)
{
	const char text[2] = { key, '\0' };

	return write_node(guest, "control/sysrq", text, "sending it a key",
			  err);
}

int tk_guest_nmi(struct tk_guest *guest, unsigned int vcpu,
		 struct tk_error *err)
{
	int rc;

	if (tk_guest_need_domain(guest, err))
		return -1;
	rc = tk_domain_send_nmi(guest->domid, vcpu);
	return rc ? fail_guest(guest, "sending it an NMI", rc, err) : 0;
}

/* Names -------------------------------------------------------------------- */

/* The machine description that the guest's "vm" node names has one too. */
static int tell_name(struct tk_guest *guest, const char *name,
		     struct tk_error *err)
{
	char path[64], vm[64], vm_name[80];

	if (write_node(guest, "name", name, "renaming it", err))
		return -1;
	snprintf(path, sizeof(path), "/local/domain/%u/vm", guest->domid);
	if (tk_store_read(path, vm, sizeof(vm)))
		return 0;
	snprintf(vm_name, sizeof(vm_name), "%s/name", vm);
	return tk_store_write(vm_name, name)
		       ? tk_fail(err, "%s: renaming it", guest->config.name)
		       : 0;
}

int tk_guest_rename(struct tk_guest *guest, const char *name,
		    struct tk_error *err)
{
	char *copy;

	if (tk_domain_name_check(name, err))
		return -1;
	if (find_name(name) || !strcmp(name, "Domain-0"))
		return tk_fail(err, "name \"%s\": another domain has it", name);
	copy = tk_text_copy(name);
	if (!copy)
		return tk_fail(err, "not enough memory in the control domain");
	if (guest->has_domain && tell_name(guest, name, err)) {
		free(copy);
		return -1;
	}
	note(guest, "renamed", name);
	free(guest->config.name);
	guest->config.name = copy;
	return 0;
}

/* A dry run --------------------------------------------------------------- */

int tk_guests_check(const struct tk_domain_config *config, uint64_t *pages,
		    struct tk_error *err)
{
	struct tk_build_request request = { .config = config };

	*pages = 0;
	if (refuse_name_in_use(config, err) || read_files(&request, err))
		return -1;
	return tk_build_check(&request, pages, err);
}
