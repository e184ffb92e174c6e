/* SPDX-License-Identifier: MIT */
/*
 * The text of metrics. A family is a row of the table below; names end with
 * the unit, and what only grows ends with _total, as both formats ask for.
 * They differ in which name the lines above a family's samples have: in
 * OpenMetrics it is that of the family, in the older format the sample's.
 *
 * Owns nothing; a pure function.
 */
#include "metrics/metrics.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "tenon_"

enum kind {
	GAUGE,
	COUNTER, /* its samples end with _total */
	INFO,    /* with _info */
};

static const struct family {
	enum metrics_set set;
	unsigned int value; /* index in its rows */
	enum kind kind;
	const char *name, *unit, *help;
	bool is_ns; /* to be shown in seconds */
} families[] = {
	/* clang-format off */
	{ METRICS_HYPERVISOR, HYPERVISOR_ONE, INFO, "hypervisor", "",
	  "The hypervisor that runs.", false },
	{ METRICS_HOST, HOST_UPTIME_NS, GAUGE, "host_uptime_seconds",
	  "seconds", "Time since the machine's start.", true },
	{ METRICS_HOST, HOST_CPUS, GAUGE, "host_cpus", "",
	  "CPUs in use.", false },
	{ METRICS_CPUS, CPU_IDLE_NS, COUNTER, "host_cpu_idle_seconds",
	  "seconds", "Time that the CPU had nothing to do.", true },
	{ METRICS_HYPERCALLS, HYPERCALL_COUNT, COUNTER, "hypercalls", "",
	  "Hypercalls made by all domains, those of multicalls too.", false },
	{ METRICS_HOST, HOST_MEMORY, GAUGE, "host_memory_bytes", "bytes",
	  "Memory of the machine.", false },
	{ METRICS_HOST, HOST_FREE, GAUGE, "host_memory_free_bytes", "bytes",
	  "Memory that no domain has.", false },
	{ METRICS_HOST, HOST_CLAIMED, GAUGE, "host_memory_claimed_bytes",
	  "bytes", "Free memory that a domain was promised.", false },
	{ METRICS_CARDS, CARD_UP, GAUGE, "host_network_up", "",
	  "1 while the card has a link.", false },
	{ METRICS_CARDS, CARD_RECEIVED_BYTES, COUNTER,
	  "host_network_received_bytes", "bytes",
	  "What came in by the card.", false },
	{ METRICS_CARDS, CARD_RECEIVED, COUNTER,
	  "host_network_received_packets", "packets",
	  "Packets that came in by the card.", false },
	{ METRICS_CARDS, CARD_SENT_BYTES, COUNTER, "host_network_sent_bytes",
	  "bytes", "What left by the card.", false },
	{ METRICS_CARDS, CARD_SENT, COUNTER, "host_network_sent_packets",
	  "packets", "Packets that left by the card.", false },
	{ METRICS_CARDS, CARD_DROPPED, COUNTER,
	  "host_network_dropped_packets", "packets",
	  "Packets that the card had no room for.", false },
	{ METRICS_HOST, HOST_HEAP, GAUGE, "control_heap_bytes", "bytes",
	  "What the control domain has allocated.", false },
	{ METRICS_HOST, HOST_PAGES, GAUGE, "control_pages", "",
	  "Pages beside that.", false },
	{ METRICS_HOST, HOST_GRANTS, GAUGE, "control_grants", "",
	  "Pages of guests that the control domain has mapped.", false },
	{ METRICS_HOST, HOST_PORTS, GAUGE, "control_event_channels", "",
	  "Event channels of the control domain.", false },
	{ METRICS_DOMAINS, DOMAIN_UPTIME_NS, GAUGE, "domain_uptime_seconds",
	  "seconds", "Time since the domain's start.", true },
	{ METRICS_DOMAINS, DOMAIN_CPU_NS, COUNTER, "domain_cpu_seconds",
	  "seconds", "Time that the domain's vCPUs ran.", true },
	{ METRICS_DOMAINS, DOMAIN_STEAL_NS, COUNTER, "domain_steal_seconds",
	  "seconds", "Time that its vCPUs waited for a CPU.", true },
	{ METRICS_DOMAINS, DOMAIN_VCPUS, GAUGE, "domain_vcpus", "",
	  "The domain's vCPUs that are up.", false },
	{ METRICS_DOMAINS, DOMAIN_MEMORY, GAUGE, "domain_memory_bytes",
	  "bytes", "Memory that the domain has.", false },
	{ METRICS_DOMAINS, DOMAIN_MEMORY_MAX, GAUGE,
	  "domain_memory_max_bytes", "bytes",
	  "Memory that it may have, if that is limited.", false },
	{ METRICS_DOMAINS, DOMAIN_PAUSED, GAUGE, "domain_paused", "",
	  "1 while the domain is paused.", false },
	{ METRICS_DOMAINS, DOMAIN_ENDED, GAUGE, "domain_ended", "",
	  "1 when the domain has shut down or crashed, and is kept.", false },
	{ METRICS_DOMAINS, DOMAIN_CRASHED, GAUGE, "domain_crashed", "",
	  "1 when the domain has crashed, and is kept.", false },
	{ METRICS_GUEST_CARDS, CARD_RECEIVED_BYTES, COUNTER,
	  "domain_network_received_bytes", "bytes",
	  "What the guest has received by the card.", false },
	{ METRICS_GUEST_CARDS, CARD_RECEIVED, COUNTER,
	  "domain_network_received_packets", "packets",
	  "Packets that the guest has received.", false },
	{ METRICS_GUEST_CARDS, CARD_SENT_BYTES, COUNTER,
	  "domain_network_sent_bytes", "bytes",
	  "What the guest has sent by the card.", false },
	{ METRICS_GUEST_CARDS, CARD_SENT, COUNTER,
	  "domain_network_sent_packets", "packets",
	  "Packets that the guest has sent.", false },
	{ METRICS_GUEST_CARDS, CARD_DROPPED, COUNTER,
	  "domain_network_dropped_packets", "packets",
	  "Packets to the guest that it had no room for.", false },
	{ METRICS_GUEST_CARDS, CARD_REFUSED, COUNTER,
	  "domain_network_refused_packets", "packets",
	  "Packets of the guest that were broken or not allowed.", false },
	{ METRICS_DISKS, DISK_READ_BYTES, COUNTER, "domain_disk_read_bytes",
	  "bytes", "What the guest has read.", false },
	{ METRICS_DISKS, DISK_READS, COUNTER, "domain_disk_reads", "",
	  "Requests to read that succeeded.", false },
	{ METRICS_DISKS, DISK_WRITTEN_BYTES, COUNTER,
	  "domain_disk_written_bytes", "bytes",
	  "What the guest has written.", false },
	{ METRICS_DISKS, DISK_WRITES, COUNTER, "domain_disk_writes", "",
	  "Requests to write that succeeded.", false },
	{ METRICS_DISKS, DISK_FLUSHES, COUNTER, "domain_disk_flushes", "",
	  "Requests to flush that succeeded.", false },
	{ METRICS_DISKS, DISK_DISCARDS, COUNTER, "domain_disk_discards", "",
	  "Requests to discard that succeeded.", false },
	{ METRICS_DISKS, DISK_ERRORS, COUNTER, "domain_disk_errors", "",
	  "Requests that failed.", false },
	/* clang-format on */
};

struct text {
	char *buffer;
	size_t size;
	size_t at; /* goes on past the size */
};

static void __attribute__((format(printf, 2, 3)))
put(struct text *text, const char *format, ...)
{
	size_t room = text->at < text->size ? text->size - text->at : 0;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(room ? text->buffer + text->at : NULL, room, format,
			   args);
	va_end(args);
	text->at += length > 0 ? (size_t)length : 0;
}

/* A label's value: these three, and no others, are escaped. */
static void put_quoted(struct text *text, const char *value)
{
	put(text, "\"");
	for (; *value; value++) {
		if (*value == '\n')
			put(text, "\\n");
		else if (*value == '"' || *value == '\\')
			put(text, "\\%c", *value);
		else
			put(text, "%c", *value);
	}
	put(text, "\"");
}

static void put_labels(struct text *text, const struct metrics_row *row)
{
	if (!row->domain && !row->label)
		return;
	put(text, "{");
	if (row->domain) {
		put(text, "domain=");
		put_quoted(text, row->domain);
		put(text, ",domid=\"%u\"", row->domid);
	}
	if (row->label) {
		put(text, "%s%s=", row->domain ? "," : "", row->label);
		put_quoted(text, row->item);
	}
	put(text, "}");
}

static const char *suffix_of(const struct family *family)
{
	static const char *const suffixes[] = { "", "_total", "_info" };

	return suffixes[family->kind];
}

static void put_head(struct text *text, const struct family *family,
		     enum metrics_format format)
{
	static const char *const types[][3] = {
		[METRICS_TEXT] = { "gauge", "counter", "gauge" },
		[METRICS_OPEN] = { "gauge", "counter", "info" },
	};
	const char *suffix = format == METRICS_TEXT ? suffix_of(family) : "";

	put(text, "# HELP " PREFIX "%s%s %s\n", family->name, suffix,
	    family->help);
	put(text, "# TYPE " PREFIX "%s%s %s\n", family->name, suffix,
	    types[format][family->kind]);
	if (format == METRICS_OPEN && *family->unit)
		put(text, "# UNIT " PREFIX "%s %s\n", family->name,
		    family->unit);
}

static void put_sample(struct text *text, const struct family *family,
		       const struct metrics_row *row)
{
	uint64_t value = row->values[family->value];

	if (value == METRICS_NONE)
		return;
	put(text, PREFIX "%s%s", family->name, suffix_of(family));
	put_labels(text, row);
	if (family->is_ns)
		put(text, " %" PRIu64 ".%09" PRIu64 "\n", value / 1000000000,
		    value % 1000000000);
	else
		put(text, " %" PRIu64 "\n", value);
}

size_t metrics_write(char *buffer, size_t size, const struct metrics *metrics,
		     enum metrics_format format)
{
	struct text text = { buffer, size, 0 };
	size_t i, row;

	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		const struct family *family = &families[i];

		if (!metrics->sets[family->set].count)
			continue;
		put_head(&text, family, format);
		for (row = 0; row < metrics->sets[family->set].count; row++)
			put_sample(&text, family,
				   &metrics->sets[family->set].rows[row]);
	}
	put(&text, "# EOF\n");
	return text.at;
}
