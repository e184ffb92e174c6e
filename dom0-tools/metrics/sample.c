/* SPDX-License-Identifier: MIT */
/*
 * Takes the numbers from where the command line has them: the hypervisor, the
 * list of guests, the back ends.
 *
 * Owns: the rows of the last sample. What is beyond their number is left out.
 */
#include "metrics/metrics.h"

#include <stdio.h>
#include <string.h>

#include "backends/blkback.h"
#include "cli/commands.h"
#include "cli/platform.h"
#include "drivers/net_device.h"
#include "toolstack/guest_vifs.h"
#include "toolstack/guests.h"
#include "toolstack/hypercalls.h"
#include "toolstack/perf_counters.h"
#include "toolstack/primitives.h"

#define ROWS_MAX  256u
#define PAGE_SIZE 4096u
#define NO_LIMIT  UINT32_MAX
#define CRASHED   3u /* SHUTDOWN_crash */

static struct metrics_row rows[METRICS_SETS][ROWS_MAX];
static struct metrics sample;

/* One that is not shown, when there is no room. */
static struct metrics_row *add(enum metrics_set set, const char *label,
			       const char *item)
{
	static struct metrics_row left_out;
	size_t count = sample.sets[set].count;
	struct metrics_row *row = &left_out;

	if (count < ROWS_MAX) {
		row = &rows[set][count];
		sample.sets[set].rows = rows[set];
		sample.sets[set].count = count + 1;
	}
	memset(row, 0, sizeof(*row));
	row->label = label;
	snprintf(row->item, sizeof(row->item), "%s", item);
	return row;
}

static struct metrics_row *add_of(enum metrics_set set, uint16_t domid,
				  const char *label, const char *item)
{
	struct metrics_row *row = add(set, label, item);

	row->domain = command_domain_name(domid);
	row->domid = domid;
	return row;
}

/* The machine ------------------------------------------------------------- */

static void add_version(const struct tk_host_info *info)
{
	char text[32];

	snprintf(text, sizeof(text), "%u.%u%.15s", info->version_major,
		 info->version_minor, info->version_extra);
	add(METRICS_HYPERVISOR, "version", text)->values[HYPERVISOR_ONE] = 1;
}

static void add_host(const struct tk_host_info *info)
{
	const struct platform_holds holds = platform_holds();
	uint64_t *values = add(METRICS_HOST, NULL, "")->values;

	values[HOST_UPTIME_NS] = tk_clock_ns();
	values[HOST_CPUS] = info->cpus;
	values[HOST_MEMORY] = info->total_pages * PAGE_SIZE;
	values[HOST_FREE] = info->free_pages * PAGE_SIZE;
	values[HOST_CLAIMED] = info->claimed_pages * PAGE_SIZE;
	values[HOST_HEAP] = holds.heap_bytes;
	values[HOST_PAGES] = holds.pages;
	values[HOST_GRANTS] = holds.mapped_grants;
	values[HOST_PORTS] = holds.ports;
}

static void add_cpus(void)
{
	static uint64_t idle[ROWS_MAX];
	int i, count = tk_host_cpu_idle(idle, ROWS_MAX);

	for (i = 0; i < count; i++) {
		char number[16];

		snprintf(number, sizeof(number), "%d", i);
		add(METRICS_CPUS, "cpu", number)->values[CPU_IDLE_NS] = idle[i];
	}
}

/* Those that never were made come too: a rate of them is 0. */
static void add_hypercalls(void)
{
	uint64_t counts[TK_HYPERCALLS];
	unsigned int i;

	if (tk_host_hypercalls(counts))
		return;
	for (i = 0; i < TK_HYPERCALLS; i++) {
		const char *name = metrics_hypercall_name(i);
		char number[16];

		snprintf(number, sizeof(number), "%u", i);
		if (name || counts[i])
			add(METRICS_HYPERCALLS, "hypercall",
			    name ? name : number)
				->values[HYPERCALL_COUNT] = counts[i];
	}
}

static void put_port(struct metrics_row *row, const struct net_port *port)
{
	const struct net_port_counters *counters = &port->counters;
	uint64_t *values = row->values;

	values[CARD_RECEIVED_BYTES] = counters->received_bytes;
	values[CARD_RECEIVED] = counters->received_packets;
	values[CARD_SENT_BYTES] = counters->sent_bytes;
	values[CARD_SENT] = counters->sent_packets;
	values[CARD_DROPPED] = counters->dropped;
	values[CARD_REFUSED] = counters->refused;
	values[CARD_UP] = port->link_up;
}

static void add_cards(void)
{
	const struct net_port *port = NULL;

	while ((port = net_port_next(port))) {
		if (port->is_card)
			put_port(add(METRICS_CARDS, "card", port->name), port);
	}
}

/* Domains ----------------------------------------------------------------- */

/* Only some hypervisors tell it. */
static uint64_t steal_of(const struct tk_domain_info *info)
{
	struct tk_vcpu_info vcpu;
	uint64_t all = 0;
	unsigned int i;

	for (i = 0; i < info->max_vcpus; i++) {
		if (tk_vcpu_info(info->domid, i, &vcpu) ||
		    vcpu.waited_ns == UINT64_MAX)
			return METRICS_NONE;
		all += vcpu.waited_ns;
	}
	return all;
}

static int add_domain(const struct tk_domain_info *info, void *context)
{
	const struct tk_guest *guest = tk_guests_find_domid(info->domid);
	struct metrics_row *row =
		add_of(METRICS_DOMAINS, info->domid, NULL, "");
	uint64_t *values = row->values;

	(void)context;
	values[DOMAIN_UPTIME_NS] =
		tk_clock_ns() - (guest ? guest->started_ns : 0);
	values[DOMAIN_CPU_NS] = info->cpu_time_ns;
	values[DOMAIN_STEAL_NS] = steal_of(info);
	values[DOMAIN_VCPUS] = info->vcpus;
	values[DOMAIN_MEMORY] = info->pages * PAGE_SIZE;
	values[DOMAIN_MEMORY_MAX] = info->max_pages < NO_LIMIT
					    ? info->max_pages * PAGE_SIZE
					    : METRICS_NONE;
	values[DOMAIN_PAUSED] = info->is_paused;
	values[DOMAIN_ENDED] = info->is_shutdown;
	values[DOMAIN_CRASHED] =
		info->is_shutdown && info->shutdown_reason == CRASHED;
	return 0;
}

/* The bridge receives what the guest sends. */
static void put_guest_port(struct metrics_row *row, const struct net_port *port)
{
	const struct net_port_counters *counters = &port->counters;
	uint64_t *values = row->values;

	put_port(row, port);
	values[CARD_RECEIVED_BYTES] = counters->sent_bytes;
	values[CARD_RECEIVED] = counters->sent_packets;
	values[CARD_SENT_BYTES] = counters->received_bytes;
	values[CARD_SENT] = counters->received_packets;
}

static void add_guest_cards(const struct tk_guest *guest)
{
	size_t i;

	for (i = 0; i < guest->config.n_vifs; i++) {
		const struct net_port *port;
		char name[TK_VIF_NAME_SIZE];

		tk_guest_vif_name(guest, &guest->config.vifs[i], name);
		port = net_port_find(name);
		if (port)
			put_guest_port(add_of(METRICS_GUEST_CARDS, guest->domid,
					      "card", port->name),
				       port);
	}
}

/* As the configuration calls it; its number, if it is not there. */
static const char *disk_name(const struct blk_device *device, char number[16])
{
	const struct tk_guest *guest =
		tk_guests_find_domid(device->common.domid);
	size_t i;

	for (i = 0; guest && i < guest->config.n_disks; i++) {
		const struct tk_disk *disk = &guest->config.disks[i];

		if (disk->number == device->common.handle)
			return disk->vdev;
	}
	snprintf(number, 16, "%u", device->common.handle);
	return number;
}

static void add_disk(const struct blk_device *device)
{
	const struct blk_counters *counters = &device->counters;
	char number[16];
	struct metrics_row *row = add_of(METRICS_DISKS, device->common.domid,
					 "disk", disk_name(device, number));
	uint64_t *values = row->values;

	values[DISK_READ_BYTES] = counters->read_sectors * BLOCK_SECTOR;
	values[DISK_READS] = counters->reads;
	values[DISK_WRITTEN_BYTES] = counters->written_sectors * BLOCK_SECTOR;
	values[DISK_WRITES] = counters->writes;
	values[DISK_FLUSHES] = counters->flushes;
	values[DISK_DISCARDS] = counters->discards;
	values[DISK_ERRORS] = counters->errors;
}

static void add_disks(void)
{
	const struct backend_device *device = NULL;

	while ((device = backend_next(device))) {
		if (device->type == &blkback_type)
			add_disk((const struct blk_device *)device);
	}
}

const struct metrics *metrics_sample(void)
{
	static struct tk_host_info info;
	const struct tk_guest *guest = NULL;

	memset(&sample, 0, sizeof(sample));
	if (!tk_host_info(&info)) {
		add_version(&info);
		add_host(&info);
	}
	add_cpus();
	add_hypercalls();
	add_cards();
	command_each_domain(add_domain, NULL);
	while ((guest = tk_guests_next(guest))) {
		if (guest->has_domain)
			add_guest_cards(guest);
	}
	add_disks();
	return &sample;
}
