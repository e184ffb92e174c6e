/* SPDX-License-Identifier: MIT */
/*
 * The guests of this machine: their names, configurations and consoles, and
 * what happens to each when it ends by itself. Names live here and not in
 * xenstore.
 *
 * Owns: every struct tk_guest, in one list in the order of creation. A guest
 * is in the list from its creation on and stays after its end, so that its
 * console output can still be read; a new guest of the same name replaces it,
 * and of those that ended only the newest TK_GUESTS_ENDED_MAX stay.
 * Invariant: has_domain means that `domid` is a domain that we made and have
 * not destroyed, and that its console is being served.
 * Context: one thread; guests change state inside tk_wait() and inside the
 * functions below, so no pointer to an ended guest may be kept across
 * tk_guests_create().
 */
#ifndef TOOLSTACK_GUESTS_H
#define TOOLSTACK_GUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "console_ring.h"
#include "domain_config.h"
#include "error.h"

#define TK_GUESTS_ENDED_MAX 16

/* One that restarts so often within this time is not restarted any more. */
#define TK_RESTARTS_MAX       5u
#define TK_RESTARTS_WITHIN_NS 60000000000ull

struct tk_guest {
	struct tk_guest *next;
	struct tk_domain_config config; /* config.name is the guest's name */
	struct tk_console console;
	unsigned long serial; /* no other guest ever has the same */
	uint16_t domid;       /* the last one when !has_domain */
	bool has_domain;
	bool has_ended;         /* by itself or by tk_guest_destroy() */
	const char *end_reason; /* when has_ended: "poweroff", "crash", ... */
	bool is_restarting;     /* what it has on disks in memory stays */
	bool is_elsewhere;      /* another process acts when it ends */
	bool is_auto;           /* of /guests/auto: to be stopped with care */
	/* When it was last restarted, each TK_RESTARTS_MAX ago the oldest. */
	uint64_t restarts_ns[TK_RESTARTS_MAX];
	unsigned long n_restarts;
	uint64_t started_ns; /* on tk_clock_ns(), its domain's start */
};

static inline bool tk_guest_is_alive(const struct tk_guest *guest)
{
	return guest->has_domain && !guest->has_ended;
}

/* What the list needs from the program that holds it. */
struct tk_guests_host {
	/*
	 * Finds the whole of a file; the bytes stay where they are. Negative
	 * when there is no such file.
	 */
	int (*read_file)(const char *path, const void **data, size_t *size);
	/* Tells the user something that was not asked for: one line. */
	void (*notice)(const char *about, const char *text);
	/* A disk in memory that nobody needs any more; may be NULL. */
	void (*forget_contents)(const char *contents);
};

/* Begins to listen for guests that end. Once, before anything else here. */
tk_must_check int tk_guests_start(const struct tk_guests_host *host,
				  struct tk_error *err);

/*
 * Builds and starts a guest, paused if asked. Takes over the strings of
 * `config` in any case. NULL on failure.
 */
struct tk_guest *tk_guests_create(struct tk_domain_config *config, bool paused,
				  struct tk_error *err);

/* The same, but fails, and leaves nothing, once interrupted() says so. */
struct tk_guest *tk_guests_create_unless(struct tk_domain_config *config,
					 bool paused,
					 tk_interrupted *interrupted,
					 struct tk_error *err);

/*
 * Puts a domain into the list that was built before, by another process: what
 * becomes of it when it ends is that one's affair (is_elsewhere). Takes over
 * the strings of `config` in any case. NULL on failure.
 */
struct tk_built_domain;
struct tk_guest *tk_guests_adopt(struct tk_domain_config *config,
				 const struct tk_built_domain *domain,
				 uint64_t started_ns, struct tk_error *err);

tk_must_check int tk_guest_destroy(struct tk_guest *guest,
				   struct tk_error *err);
tk_must_check int tk_guest_pause(struct tk_guest *guest, struct tk_error *err);
tk_must_check int tk_guest_unpause(struct tk_guest *guest,
				   struct tk_error *err);

/* A name that no other guest has, by the rules of the key `name`. */
tk_must_check int tk_guest_rename(struct tk_guest *guest, const char *name,
				  struct tk_error *err);

/* As if the key had been typed with Alt and SysRq at the guest's console. */
tk_must_check int tk_guest_sysrq(struct tk_guest *guest, char key,
				 struct tk_error *err);
tk_must_check int tk_guest_nmi(struct tk_guest *guest, unsigned int vcpu,
			       struct tk_error *err);

/*
 * Whether a guest could be built now: kernel and ramdisk are there and can be
 * read, and the machine has so many pages. When only those are not there,
 * *pages still says how many; after other failures it is 0.
 */
tk_must_check int tk_guests_check(const struct tk_domain_config *config,
				  uint64_t *pages, struct tk_error *err);

/*
 * Asks the guest's kernel to shut down or to restart; what then happens is in
 * on_poweroff and on_reboot. It is the guest's affair when, and whether.
 */
tk_must_check int tk_guest_shutdown(struct tk_guest *guest,
				    struct tk_error *err);
tk_must_check int tk_guest_reboot(struct tk_guest *guest, struct tk_error *err);

/* An error when it has no domain any more. */
tk_must_check int tk_guest_need_domain(const struct tk_guest *guest,
				       struct tk_error *err);

/* For guest_disks.c and guest_vifs.c: tell the host. */
void tk_guests_notice(const char *about, const char *text);
void tk_guests_forget_contents(const char *contents);

/* By name, or by the number of a domain that exists; NULL when unknown. */
struct tk_guest *tk_guests_find(const char *name);
/* NULL: no such domain of ours. */
struct tk_guest *tk_guests_find_domid(uint16_t domid);
/* All guests, ended ones too: begin with NULL, ends with NULL. */
struct tk_guest *tk_guests_next(const struct tk_guest *guest);

#endif /* TOOLSTACK_GUESTS_H */
