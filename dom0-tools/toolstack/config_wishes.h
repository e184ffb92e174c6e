/* SPDX-License-Identifier: MIT */
/*
 * Between the three files that read a guest's configuration: what its keys
 * say (struct wishes), before domain_config.c judges the combination.
 * config_keys.c has the table of keys, config_values.c reads their values.
 */
#ifndef TOOLSTACK_CONFIG_WISHES_H
#define TOOLSTACK_CONFIG_WISHES_H

#include "config.h"
#include "domain_config.h"
#include "error.h"

/* What the keys say, before their combination is judged. */
struct wishes {
	const struct tk_config *config;
	struct tk_error *err;
	struct tk_domain_config *domain;
	const char *name;
	const char *kernel;
	const char *ramdisk;
	const char *cmdline;
	const char *root;
	const char *extra;
	uint64_t memory;
	uint64_t maxmem;
	uint64_t vcpus;
	uint64_t maxvcpus;
	uint64_t cpu_weight;
	uint64_t cap;
	const struct tk_config_setting *cpus;
	const struct tk_config_setting *cpus_soft;
};

/* Reads every setting with the reader of its key; -1 after the first error. */
tk_must_check int tk_wishes_read(struct wishes *wishes);

/* Complaints that begin with the place of a value, or of a key; always -1. */
int tk_wishes_value_fail(struct wishes *wishes,
			 const struct tk_config_value *value,
			 const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int tk_wishes_key_fail(struct wishes *wishes,
		       const struct tk_config_setting *setting,
		       const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* One line for the user about something that is not as asked; -1: no memory. */
tk_must_check int tk_wishes_note(struct wishes *wishes, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Without an address: the guest's name may not be known yet. */
tk_must_check int tk_wishes_add_vif(struct tk_domain_config *domain,
				    const struct tk_vif *vif,
				    struct tk_error *err);

/* Readers of values: each for a kind of key, with its place in `target`. */
typedef int tk_wishes_reader(struct wishes *wishes,
			     const struct tk_config_setting *setting,
			     void *target);
tk_wishes_reader tk_read_text;
tk_wishes_reader tk_read_number;
tk_wishes_reader tk_read_memory;
tk_wishes_reader tk_read_vcpus;
tk_wishes_reader tk_read_weight;
tk_wishes_reader tk_read_cpus;
tk_wishes_reader tk_read_name;
tk_wishes_reader tk_read_type;
tk_wishes_reader tk_read_builder;
tk_wishes_reader tk_read_action;
tk_wishes_reader tk_read_uuid;
tk_wishes_reader tk_read_disks;
tk_wishes_reader tk_read_vifs;
tk_wishes_reader tk_read_names;
tk_wishes_reader tk_read_limit;
tk_wishes_reader tk_read_seconds;
tk_wishes_reader tk_read_grant_version;
tk_wishes_reader tk_read_tsc_mode;
tk_wishes_reader tk_read_pool;
tk_wishes_reader tk_read_passthrough;

#endif /* TOOLSTACK_CONFIG_WISHES_H */
