/* SPDX-License-Identifier: MIT */
/*
 * What is measured, and its text: for programs that collect such numbers, in
 * OpenMetrics 1.0 or in the older text format that it came from, which other
 * tools still want. sample.c fills a struct metrics in, families.c writes it
 * out, server.c sends it.
 *
 * Owns: nothing here. Rows belong to whoever fills them in.
 */
#ifndef METRICS_METRICS_H
#define METRICS_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A value that is not known: its line is left out. */
#define METRICS_NONE UINT64_MAX

/* The rows of a set all have the same values. */
enum metrics_set {
	METRICS_HYPERVISOR, /* one row, labelled with the version */
	METRICS_HOST,       /* one row */
	METRICS_CPUS,
	METRICS_HYPERCALLS, /* labelled with the name, or else the number */
	METRICS_CARDS,
	METRICS_DOMAINS,
	METRICS_GUEST_CARDS,
	METRICS_DISKS,
	METRICS_SETS
};

/* Indices into struct metrics_row.values. */
enum {
	HYPERVISOR_ONE,
};
enum {
	HOST_UPTIME_NS,
	HOST_CPUS,
	HOST_MEMORY,
	HOST_FREE,
	HOST_CLAIMED,
	HOST_HEAP,
	HOST_PAGES,
	HOST_GRANTS,
	HOST_PORTS,
};
enum {
	CPU_IDLE_NS,
};
enum {
	HYPERCALL_COUNT,
};
enum {
	DOMAIN_CPU_NS,
	DOMAIN_STEAL_NS,
	DOMAIN_MEMORY,
	DOMAIN_MEMORY_MAX,
	DOMAIN_VCPUS,
	DOMAIN_UPTIME_NS,
	DOMAIN_PAUSED,
	DOMAIN_ENDED,
	DOMAIN_CRASHED,
};
/* Of cards: as the machine sees it; of guests' cards: as the guest does. */
enum {
	CARD_RECEIVED_BYTES,
	CARD_RECEIVED,
	CARD_SENT_BYTES,
	CARD_SENT,
	CARD_DROPPED,
	CARD_REFUSED,
	CARD_UP,
};
enum {
	DISK_READ_BYTES,
	DISK_READS,
	DISK_WRITTEN_BYTES,
	DISK_WRITES,
	DISK_FLUSHES,
	DISK_DISCARDS,
	DISK_ERRORS,
};

#define METRICS_VALUES 9

struct metrics_row {
	const char *domain; /* its name; NULL: not of a domain */
	unsigned int domid; /* when there is a name */
	const char *label;  /* one more: "disk"; NULL: none */
	char item[32];      /* what that says: "xvda" */
	uint64_t values[METRICS_VALUES];
};

struct metrics {
	struct {
		const struct metrics_row *rows;
		size_t count;
	} sets[METRICS_SETS];
};

enum metrics_format {
	METRICS_TEXT, /* text format 0.0.4 */
	METRICS_OPEN, /* OpenMetrics 1.0.0 */
};

/*
 * Writes all of it, cut at `size` with a terminator, and returns how many
 * bytes it has without that; `buffer` may be NULL when `size` is 0.
 */
size_t metrics_write(char *buffer, size_t size, const struct metrics *metrics,
		     enum metrics_format format);

/* As the ABI calls it; NULL: nothing that a PV guest calls. */
const char *metrics_hypercall_name(unsigned int number);

/* As it is now; valid until the next call. */
const struct metrics *metrics_sample(void);

#endif /* METRICS_METRICS_H */
