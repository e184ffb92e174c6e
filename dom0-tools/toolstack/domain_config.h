/* SPDX-License-Identifier: MIT */
/*
 * What a guest configuration file asks for: the typed form of an xl.cfg file
 * with every key checked. Keys of xl that are not supported yet are refused
 * by name, unless they are set to a value that asks for nothing (0, "" or
 * []); keys that nobody knows are refused with the nearest known one.
 *
 * Owns: the strings, the lists and the CPU maps, until
 * tk_domain_config_free(); no string is NULL except `ramdisk` and `notices`.
 * Next to read: config.h for the syntax.
 */
#ifndef TOOLSTACK_DOMAIN_CONFIG_H
#define TOOLSTACK_DOMAIN_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "cpu_map.h"
#include "disk.h"
#include "error.h"
#include "vif.h"

/* What to do with a guest that has ended. */
enum tk_action {
	TK_ACTION_DESTROY,
	TK_ACTION_RESTART,
	TK_ACTION_RENAME_RESTART,
	TK_ACTION_PRESERVE,
	TK_ACTION_COREDUMP_DESTROY, /* nobody writes the dump, see guests.h */
	TK_ACTION_COREDUMP_RESTART,
};

/* start_info has room for so much, with the NUL. */
#define TK_CMDLINE_SIZE 1024

/* More than this a domain cannot have. */
#define TK_VCPUS_MAX 128u

struct tk_domain_config {
	char *name;
	char *kernel;
	char *ramdisk; /* NULL without one */
	char *cmdline; /* from cmdline, or root and extra; may be "" */
	uint64_t memory_mib;
	uint64_t maxmem_mib;     /* >= memory_mib */
	uint64_t min_memory_mib; /* that others may take it down to, or 0 */
	unsigned int vcpus;      /* that it starts with */
	unsigned int max_vcpus;  /* that it may have, >= vcpus */
	uint16_t weight;         /* 0: the hypervisor's default */
	uint16_t cap;            /* per cent of one CPU, 0: no limit */
	struct tk_cpu_map *hard; /* for each of max_vcpus, or NULL: all */
	struct tk_cpu_map *soft; /* the same */
	enum tk_action on_poweroff;
	enum tk_action on_reboot;
	enum tk_action on_crash;
	enum tk_action on_watchdog;
	bool has_native_tsc;          /* else whatever the hypervisor chooses */
	int32_t rtc_timeoffset;       /* seconds that its clock is ahead */
	uint32_t max_grant_frames;    /* 0: the hypervisor's default */
	uint32_t max_maptrack_frames; /* the same */
	uint32_t max_event_channels;  /* the highest port */
	bool has_uuid;
	uint8_t uuid[16]; /* all zero without one */
	struct tk_disk *disks;
	size_t n_disks;
	struct tk_vif *vifs;
	size_t n_vifs;
	char **start_after; /* names of guests that have to be there */
	size_t n_start_after;
	char *notices; /* lines about what is not as asked; or NULL */
};

/*
 * Checks and converts a parsed file. On failure nothing is left to free and
 * the error reads "FILE:LINE:COLUMN: KEY ...".
 */
tk_must_check int tk_domain_config_from(struct tk_domain_config *domain,
					const struct tk_config *config,
					struct tk_error *err);

/* tk_config_parse() and tk_domain_config_from() in one step. */
tk_must_check int tk_domain_config_parse(struct tk_domain_config *domain,
					 const char *file_name,
					 const char *text, size_t size,
					 struct tk_error *err);

/* The same with settings of a command line (tk_config_override()). */
tk_must_check int tk_domain_config_parse_with(struct tk_domain_config *domain,
					      const char *file_name,
					      const char *text, size_t size,
					      char *const *overrides,
					      size_t n_overrides,
					      struct tk_error *err);

void tk_domain_config_free(struct tk_domain_config *domain);

/* A copy of all that it owns; negative without memory, and nothing is left. */
tk_must_check int tk_domain_config_copy(struct tk_domain_config *to,
					const struct tk_domain_config *from);

/*
 * One more disk, which the configuration then owns. The error says that the
 * device is there already, or that memory is.
 */
tk_must_check int tk_domain_config_add_disk(struct tk_domain_config *domain,
					    struct tk_disk *disk,
					    struct tk_error *err);
void tk_domain_config_drop_disk(struct tk_domain_config *domain, size_t index);

/*
 * A copy of `vif` with its number and address if it came without. The error
 * says what is there already, or that memory is out.
 */
tk_must_check int tk_domain_config_add_vif(struct tk_domain_config *domain,
					   const struct tk_vif *vif,
					   struct tk_error *err);
void tk_domain_config_drop_vif(struct tk_domain_config *domain, size_t index);

/* The rules of the key `name`; the error says which is broken. */
tk_must_check int tk_domain_name_check(const char *name, struct tk_error *err);

/* For strings that a configuration owns: NULL of NULL, and without memory. */
char *tk_text_copy(const char *text);

/* "destroy", "restart", ... */
const char *tk_action_name(enum tk_action action);

#endif /* TOOLSTACK_DOMAIN_CONFIG_H */
